package page

import (
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// Answer is a rule as a page shows it, with the editions that have the same rule.
type Answer struct {
	limits.Rule
	// Editions are those that have it.
	Editions []Name
	// Moment says when a connection meets the limit, if it is one of TCP.
	Moment string
	// Open says that the evidence is shown at once.
	Open bool
}

// Service has the answers for one service, each number once.
type Service struct {
	limits.Service
	Answers []Answer
}

// Next says what happens to the client over the limit.
func (a Answer) Next() string {
	n, limited := a.Default.Number()
	switch {
	case a.Default.IsAbsent():
		return "The edition has no such service."
	case a.Basis == limits.ByLicence:
		return "Nothing in Windows counts them. The number is a licence term."
	case a.Default.IsUnlimited():
		return "There is no limit, so the next one gets in too."
	case !limited:
		return "The limit is not known."
	}
	which := ordinal(n + 1)
	symptom, refusal := a.Symptom(), a.Refusal()
	var text string
	switch a.Discipline {
	case limits.Queue:
		text = fmt.Sprintf("The %s waits, without an error.", which)
		if q, ok := a.Queue.Number(); ok {
			text = fmt.Sprintf("The %s waits in a queue of %s, without an error.", which, grouped(fmt.Sprint(q)))
		}
		if symptom != limits.UnknownSymptom {
			text += " What is seen: " + fullStop(symptom.String())
		}
		if refusal != symptom && refusal != limits.UnknownSymptom {
			text += " When the queue is full: " + fullStop(refusal.String())
		}
		return text
	case limits.Displace:
		text = fmt.Sprintf("The %s may displace one that is there.", which)
	case limits.Refuse:
		text = fmt.Sprintf("The %s is refused.", which)
	default:
		return fmt.Sprintf("What happens to the %s is not known.", which)
	}
	if symptom == limits.UnknownSymptom {
		return text + " What it sees is not known."
	}
	return text + " It sees: " + fullStop(symptom.String())
}

// Otherwise says what else looks like the limit, or nothing.
func (a Answer) Otherwise() string {
	if _, limited := a.Default.Number(); !limited || a.Basis != limits.ByCode {
		return ""
	}
	return a.Symptom().Otherwise()
}

// Raised reports whether the number can be raised to one that the page shows.
func (a Answer) Raised() bool { return a.Movable() && a.Ceiling.IsKnown() }

// Level is the grade as the page colours it.
func (a Answer) Level() string { return a.Grade.String() }

// Names is the editions as one text, each product named once.
func (a Answer) Names() string { return join(a.Editions, "") }

// Others is the editions without that of the rule.
func (a Answer) Others() string { return join(a.Editions, nameOf(a.Rule)) }

func join(names []Name, without string) string {
	var b strings.Builder
	product := ""
	for _, n := range names {
		switch {
		case n.String() == without:
		case n.Product() == product:
			b.WriteString(", " + strings.TrimPrefix(n.String(), product+" "))
		default:
			if product != "" {
				b.WriteString("; ")
			}
			b.WriteString(n.String())
			product = n.Product()
		}
	}
	return b.String()
}

// Name is an edition, and its service packs unless all of them are meant.
type Name struct {
	limits.Edition
	Packs string
}

func (n Name) String() string { return strings.TrimSpace(n.Edition.String() + " " + n.Packs) }

// Todo says how the number can be changed, as a sentence.
func (a Answer) Todo() string { return upper(a.Change()) }

func upper(text string) string {
	for i := range text {
		if i > 0 {
			return strings.ToUpper(text[:i]) + text[i:]
		}
	}
	return strings.ToUpper(text)
}

// answers returns the rules for a service that takes selects. Of rules with the same
// answer it returns the one that is known best.
func answers(s limits.Service, takes func(limits.Rule) bool) []Answer {
	var list []Answer
	for r := range limits.ByService(s) {
		if !takes(r) {
			continue
		}
		i := slices.IndexFunc(list, func(a Answer) bool {
			if r.Default.IsAbsent() || r.Default.IsUnlimited() { // nothing else can differ
				return a.Default == r.Default && a.Basis == r.Basis
			}
			return a.Default == r.Default && a.Ceiling == r.Ceiling && a.Discipline == r.Discipline && a.Unit == r.Unit && a.Queue == r.Queue
		})
		if i < 0 {
			list = append(list, Answer{Rule: r, Moment: moments[s]})
			i = len(list) - 1
		} else if r.Grade < list[i].Grade {
			list[i].Rule = r
		}
		list[i].Editions = append(list[i].Editions, Name{r.Edition, packsOf(r)})
	}
	return list
}

// moments says when a connection meets each of the limits of TCP.
var moments = map[limits.Service]string{
	limits.TCPBacklog:  "Coming in, not accepted yet",
	limits.TCPOther:    "Coming in, accepted",
	limits.TCPHalfOpen: "Going out, not answered yet",
	limits.TCPOutbound: "Going out, all together",
}

// tcp is the four limits of TCP, in the order in which a connection meets them.
var tcp = [...]limits.Service{limits.TCPBacklog, limits.TCPOther, limits.TCPHalfOpen, limits.TCPOutbound}

// nameOf returns the edition of a rule, and its service packs unless the rule holds at
// all of them.
func nameOf(r limits.Rule) string { return Name{r.Edition, packsOf(r)}.String() }

// packsOf names the service packs of a rule, or none if it holds at all of them.
func packsOf(r limits.Rule) string {
	levels := r.Edition.ServicePacks()
	var held []limits.ServicePack
	for _, p := range levels {
		if r.Covers(limits.Windows{Edition: r.Edition, ServicePack: p}) {
			held = append(held, p)
		}
	}
	switch {
	case len(held) == 0 || len(held) == len(levels):
		return ""
	case len(held) == 1 && held[0] == limits.AsReleased:
		return "as released"
	case len(held) == 1:
		return held[0].String()
	case held[len(held)-1] == levels[len(levels)-1]:
		return held[0].String() + " and later"
	case held[0] == levels[0]:
		return "up to " + held[len(held)-1].String()
	}
	return held[0].String() + " to " + held[len(held)-1].String()
}

func fullStop(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") {
		return text
	}
	return text + "."
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
	return grouped(fmt.Sprint(n)) + suffix
}
