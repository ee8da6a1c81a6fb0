package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// why says of each service that the flags ask for whether its limit explains what
// the clients meet. It names the rule, what the client over the limit sees, and what
// else to check.
func (q *question) why(w *wrapper) error {
	took := q.took()
	for _, line := range took {
		w.line(line)
	}
	services := q.symptom.Services()
	for _, m := range q.services {
		services = append(services, m.Services...)
	}
	if len(services) == 0 { // no limit has the symptom
		w.line("Is it a limit of Windows? No.")
		w.line(q.symptom.Otherwise())
		return w.err
	}
	for i, s := range services {
		if i > 0 || len(took) > 0 {
			w.line("")
		}
		q.whyService(w, s)
	}
	head := "\nOther limits that the same clients can meet:\n"
	for _, s := range neighbours(services) {
		for _, a := range q.answers(s) {
			w.lines(head + "- " + a.sentence())
			head = ""
		}
	}
	return w.err
}

// An answer is a rule, and the other editions that have the same one.
type answer struct {
	limits.Rule
	others []string
}

// sentence returns the rule with its evidence.
func (a answer) sentence() string {
	sentence := fmt.Sprintf("%v [%s]", a.Rule, a.Evidence())
	if len(a.others) > 0 {
		sentence += " The same holds for " + strings.Join(a.others, ", ") + "."
	}
	return sentence
}

// answers returns the rules of the candidates for a service. Of rules that say the
// same it returns the one that is known best.
func (q *question) answers(s limits.Service) []answer {
	var answers []answer
	for r := range limits.ByService(s) {
		if !q.covers(r) {
			continue
		}
		i := slices.IndexFunc(answers, func(a answer) bool {
			return a.Default == r.Default && a.Ceiling == r.Ceiling && a.Discipline == r.Discipline && a.Unit == r.Unit && a.Edition != r.Edition
		})
		if i < 0 {
			answers = append(answers, answer{Rule: r})
			continue
		}
		if r.Grade < answers[i].Grade {
			r, answers[i].Rule = answers[i].Rule, r
		}
		answers[i].others = append(answers[i].others, r.Edition.String())
	}
	return answers
}

func (q *question) whyService(w *wrapper, s limits.Service) {
	asked := fmt.Sprintf("Is it the limit of %v, %s?", s, s.Description())
	answers := q.answers(s)
	switch len(answers) {
	case 0:
		w.line(asked + " That is not known. The table has no row for it, which does not mean that there is no limit.")
	case 1:
		w.line(asked + " " + verdict(answers[0].Rule, q.clients))
		q.whyAnswer(w, answers[0])
	default:
		byDefault, _ := q.windows.Range(s)
		w.line(fmt.Sprintf("%s It depends on %s: %v.", asked, q.open(answers), byDefault))
		for _, a := range answers {
			w.line("")
			w.line(verdict(a.Rule, q.clients))
			q.whyAnswer(w, a)
		}
	}
}

// open names what would decide between the answers.
func (q *question) open(answers []answer) string {
	for _, a := range answers {
		if a.Edition != answers[0].Edition {
			return "the edition"
		}
	}
	return "the service pack"
}

// whyAnswer prints the rule, what a client sees at the limit, how to change it, and
// what else has the same symptom.
func (q *question) whyAnswer(w *wrapper, a answer) {
	w.line(a.sentence())
	n, limited := a.Default.Number()
	if !limited || a.Basis != limits.ByCode {
		return
	}
	symptom, refusal := a.Symptom(), a.Refusal()
	if symptom == limits.UnknownSymptom {
		w.line(fmt.Sprintf("What the %s client sees is not known.", ordinal(n+1)))
	} else {
		w.line(fmt.Sprintf("The %s client sees: %s", ordinal(n+1), fullStop(symptom.String())))
	}
	if refusal != symptom && refusal != limits.UnknownSymptom {
		w.line("When the queue is full: " + fullStop(refusal.String()))
	}
	w.line("Changing it: " + a.Change())
	if symptom != limits.UnknownSymptom {
		w.line("What else to check: " + symptom.Otherwise())
	}
}

// verdict says whether the clients meet the limit.
func verdict(r limits.Rule, clients int) string {
	n, limited := r.Default.Number()
	switch {
	case r.Default.IsAbsent():
		return "No, there is no such service."
	case r.Basis == limits.ByLicence:
		return "No, nothing enforces it."
	case !limited:
		return "No, there is no limit."
	case clients == 1 && n > 0:
		return "No, 1 client fits."
	case clients <= n:
		return fmt.Sprintf("No, %d clients fit.", clients)
	}
	switch {
	case r.Service == limits.TCPBacklog:
		return fmt.Sprintf("Yes, if all %d come before the program accepts one.", clients)
	case r.Discipline == limits.Queue:
		return fmt.Sprintf("Yes: %s in at a time, and the others wait.", counted(n, "gets", "get"))
	case r.Discipline == limits.Displace:
		return fmt.Sprintf("Yes: %s in at a time, and a new one may displace an old one.", counted(n, "gets", "get"))
	case n == 0:
		return "Yes: none gets in."
	}
	return fmt.Sprintf("Yes: %s in, %s not.", counted(n, "gets", "get"), counted(clients-n, "does", "do"))
}

// counted returns a number with its verb.
func counted(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// neighbours returns the limits that people mistake for these, and those that the
// same clients meet at another moment.
func neighbours(services []limits.Service) []limits.Service {
	near := map[limits.Service][]limits.Service{
		limits.IIS:         {limits.TCPBacklog, limits.Licence},
		limits.SMB:         {limits.Licence},
		limits.FTP:         {limits.TCPBacklog},
		limits.SMTP:        {limits.TCPBacklog},
		limits.TCPOther:    {limits.TCPBacklog},
		limits.TCPHalfOpen: {limits.TCPOutbound},
		limits.TCPOutbound: {limits.TCPHalfOpen},
	}
	var list []limits.Service
	for _, s := range services {
		for _, n := range near[s] {
			if !slices.Contains(services, n) && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	return list
}

// ordinal returns "1st", "2nd", "11th".
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
