package page

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// MaxQuery is how long a search may be, in bytes.
const MaxQuery = 32 << 10

// Result is what a search finds.
type Result struct {
	Query string
	// Claims are the claims that the text makes or denies, the likeliest first.
	Claims []Claim
	// Symptoms are the symptoms that the text names, the surest first.
	Symptoms []limits.SymptomMatch
	// Machine is what the text says about a machine.
	Machine *Machine
	// Services has the answers for the services that the text names, or for those
	// that have the symptom.
	Services []Service
	// TCP has the four limits of TCP, if there is a machine.
	TCP []Service
	// Others has the answers for the other services of the machine.
	Others []Service
	// Problem says why the search finds nothing.
	Problem string
	// Nearest are editions that the text may mean.
	Nearest []limits.Edition
	// Products is the whole table, if the search is empty.
	Products []Product
}

// Claim is a claim with the verdict on the text.
type Claim struct{ limits.ClaimMatch }

// Level is the verdict, for its colour on the page.
func (c Claim) Level() string { return c.Verdict.String() }

// Note says how the verdict on the text follows from the verdict on the claim. It is
// empty if they are the same.
func (c Claim) Note() string {
	switch {
	case c.Negated && c.Verdict == limits.UnknownVerdict:
		return fmt.Sprintf("The claim is %v. Whether the text affirms or denies it is not clear.", c.Claim.Verdict)
	case c.Negated:
		return fmt.Sprintf("The text denies the claim, which is %v.", c.Claim.Verdict)
	}
	return ""
}

// Answers are the rules that decide the claim, each once.
func (c Claim) Answers() []Answer {
	var list []Answer
	for _, r := range c.Claim.Rules() {
		list = append(list, Answer{Rule: r})
	}
	return list
}

// Machine is what a text says about a machine.
type Machine struct {
	identify.Identification
	// Title names the candidates, or their product if there are many.
	Title string
	// One says that there is only one edition.
	One bool
}

// isNamed reports whether a word is part of the name of the edition, such as "web" in
// Windows Server 2003 Web.
func (m *Machine) isNamed(word string) bool {
	return m.One && strings.Contains(strings.ToLower(m.Editions()[0].Name()), word)
}

// Search finds what a text is about.
func Search(text string) Result {
	r := Result{Query: text}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		r.Products = products()
		return r
	case len(text) > MaxQuery:
		r.Problem = fmt.Sprintf("%d bytes: want at most %d.", len(text), MaxQuery)
		return r
	}
	for _, m := range limits.FindClaims(text) {
		r.Claims = append(r.Claims, Claim{m})
	}
	r.Claims = r.Claims[:min(len(r.Claims), 4)]
	if found, err := limits.FindSymptoms(text); err == nil {
		r.Symptoms = found[:min(len(found), 4)]
	}
	found, err := recognize(text)
	if err == nil {
		r.Machine = &Machine{found, title(found), len(found.Editions()) == 1}
	} else if len(r.Claims) == 0 && len(r.Symptoms) == 0 {
		r.Nearest = nearest(err)
		r.Problem = problem(err)
	}
	r.find(text)
	if len(r.Services) > 0 {
		r.Problem, r.Nearest = "", nil
	}
	return r
}

// recognize calls identify.Recognize. A name that is that of an edition and of its
// product, such as "Windows NT 3.1", here means the edition.
func recognize(text string) (identify.Identification, error) {
	found, err := identify.Recognize(text)
	if err != nil || found.Form != identify.FormName && found.Form != identify.FormCaption || len(found.Conflicts) > 0 || len(found.Editions()) == 1 {
		return found, err
	}
	if w, err := limits.ParseWindows(text); err == nil {
		found.Candidates = slices.DeleteFunc(found.Candidates, func(c limits.Windows) bool { return c.Edition != w.Edition })
	}
	return found, nil
}

// find fills in the answers of the services.
func (r *Result) find(text string) {
	var asked []limits.Service
	if len(r.Symptoms) > 0 {
		asked = r.Symptoms[0].Symptom.Services()
	} else if matches, err := limits.FindServices(text[:min(len(text), 1000)]); err == nil {
		for _, m := range matches {
			if r.Machine != nil && r.Machine.isNamed(m.Word) {
				continue
			}
			for _, s := range m.Services {
				if !slices.Contains(asked, s) {
					asked = append(asked, s)
				}
			}
		}
	}
	if r.Machine == nil {
		if len(r.Claims) == 0 {
			r.Services = answersOf(asked, func(limits.Rule) bool { return true })
		}
		return
	}
	covers := func(rule limits.Rule) bool { return slices.ContainsFunc(r.Machine.Candidates, rule.Covers) }
	if len(asked) == 0 && len(r.Claims) == 0 {
		asked = []limits.Service{limits.SMB, limits.IIS}
	}
	lead := slices.DeleteFunc(slices.Clone(asked), func(s limits.Service) bool { return slices.Contains(tcp[:], s) })
	if len(lead) == 0 { // the limits of TCP have a part of their own
		lead = asked[:min(len(asked), 1)]
	}
	r.Services = answersOf(lead, covers)
	for i := range r.Services {
		for j := range r.Services[i].Answers {
			r.Services[i].Answers[j].Open = i == 0 && j == 0
		}
	}
	r.TCP = answersOf(tcp[:], covers)
	for _, s := range answersOf(limits.Services(), covers) {
		if !slices.Contains(tcp[:], s.Service) && !slices.ContainsFunc(r.Services, func(o Service) bool { return o.Service == s.Service }) {
			r.Others = append(r.Others, s)
		}
	}
}

// Unseen says that no limit, or no limit of the machine, has the symptom. It is empty
// if one has.
func (r Result) Unseen() string {
	s := r.Symptoms[0].Symptom
	if len(s.Services()) == 0 {
		return "No limit of Windows has this symptom."
	}
	if r.Machine == nil {
		return ""
	}
	for rule := range s.Rules() {
		if slices.ContainsFunc(r.Machine.Candidates, rule.Covers) {
			return ""
		}
	}
	return "No limit of this machine has this symptom."
}

// answersOf returns the answers for services. It leaves out those that have none.
func answersOf(services []limits.Service, takes func(limits.Rule) bool) (list []Service) {
	for _, s := range services {
		if a := answers(s, takes); len(a) > 0 {
			list = append(list, Service{s, a})
		}
	}
	return list
}

// title names the candidates of an identification in a line.
func title(found identify.Identification) string {
	editions := found.Editions()
	if len(editions) <= 3 {
		return found.String()
	}
	var names []string
	for _, e := range editions {
		if !slices.Contains(names, e.Product()) {
			names = append(names, e.Product())
		}
	}
	return strings.Join(names, " or ") + fmt.Sprintf(", one of %d editions", len(editions))
}

func nearest(err error) []limits.Edition {
	var name *limits.NameError
	if errors.As(err, &name) {
		return name.Candidates[:min(len(name.Candidates), 8)]
	}
	return nil
}

// problem says why a search finds nothing.
func problem(err error) string {
	var packs *limits.ServicePackError
	switch {
	case errors.As(err, &packs):
		return fullStop(strings.TrimPrefix(packs.Error(), "limits: "))
	case errors.Is(err, identify.ErrUnlisted):
		return "The table has no rows for this edition, which does not mean that it has no limits."
	}
	return "This text names no edition, service, symptom or claim of the table."
}

// Product is the editions of a product in the table.
type Product struct {
	Name     string
	Editions []Row
}

// Row is an edition in the table.
type Row struct {
	limits.Edition
	Cells []Cell
}

// Cell is a limit in the table.
type Cell struct {
	Service limits.Service
	limits.Rule
	// Known says that there is a rule. From names its service packs, if others have
	// another rule.
	Known bool
	From  string
}

// Columns are the services that the table shows.
func Columns() []limits.Service {
	return []limits.Service{limits.SMB, limits.IIS, limits.RDP, limits.TCPBacklog, limits.TCPHalfOpen, limits.TCPOther, limits.Licence}
}

// Heads are the names of the columns.
func (r Result) Heads() []string {
	return []string{"File sharing", "Web server", "Remote Desktop", "Backlog", "Half-open", "Other TCP", "Licence"}
}

func products() (list []Product) {
	for e := range limits.Editions() {
		if len(list) == 0 || list[len(list)-1].Name != e.Product() {
			list = append(list, Product{Name: e.Product()})
		}
		row := Row{Edition: e}
		for _, s := range Columns() {
			row.Cells = append(row.Cells, cell(e, s))
		}
		p := &list[len(list)-1]
		p.Editions = append(p.Editions, row)
	}
	return list
}

// cell returns the limit that an edition has at its latest service pack.
func cell(e limits.Edition, s limits.Service) Cell {
	packs := e.ServicePacks()
	rule, err := limits.Lookup(limits.Windows{Edition: e, ServicePack: packs[len(packs)-1]}, s)
	if err != nil {
		return Cell{Service: s}
	}
	c := Cell{Service: s, Rule: rule, Known: true}
	if _, err := limits.Lookup(limits.Windows{Edition: e}, s); err != nil {
		c.From = packsOf(rule)
	}
	return c
}

// Examples are searches to begin with.
func (r Result) Examples() []string {
	return []string{
		"xp pro", "Windows 11 Pro", "is XP limited to 10 inbound TCP connections", "event 4226",
		"System error 71 has occurred", "Microsoft Windows [Version 10.0.19045.3803]", "apache on windows 10 pro",
	}
}

// SearchView is the page of a search.
func SearchView(r Result) View {
	v := View{Name: "search", Title: "winlimits: how many clients does Windows let in?", Data: r, Scripts: []string{"ask.js"}}
	if text := strings.Join(strings.Fields(r.Query), " "); text != "" {
		v.Title = fmt.Sprintf("%.60s – winlimits", text)
	}
	return v
}
