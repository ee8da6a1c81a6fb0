package page

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// MaxQuery is how much of what is searched for is read, in bytes.
const MaxQuery = 32 << 10

// Result is what a search finds.
type Result struct {
	Query string
	// Claims are those that the text makes or denies, the likeliest first.
	Claims []Claim
	// Symptoms are what the text says is seen, the surest first.
	Symptoms []limits.SymptomMatch
	// Machine is what the text says that the machine is.
	Machine *Machine
	// Services are the answers of the services that the text names, or of those
	// that have the symptom.
	Services []Service
	// TCP is the four limits of TCP, if there is a machine.
	TCP []Service
	// Others are the answers of the other services of the machine.
	Others []Service
	// Problem says why nothing is found, for people.
	Problem string
	// Nearest are names that the text may mean.
	Nearest []limits.Edition
	// Products is the whole table, if nothing is asked.
	Products []Product
}

// Claim is a claim with the verdict on the text.
type Claim struct{ limits.ClaimMatch }

// Level is the verdict as the page colours it.
func (c Claim) Level() string { return c.Verdict.String() }

// Note says how the verdict on the text comes from that on the claim, or nothing.
func (c Claim) Note() string {
	switch {
	case c.Negated && c.Verdict == limits.UnknownVerdict:
		return fmt.Sprintf("The claim is %v. Whether the text affirms or denies it cannot be told.", c.Claim.Verdict)
	case c.Negated:
		return fmt.Sprintf("The text denies the claim, which is %v.", c.Claim.Verdict)
	}
	return ""
}

// Answers is the rules that decide the claim, each once.
func (c Claim) Answers() []Answer {
	var list []Answer
	for _, r := range c.Claim.Rules() {
		list = append(list, Answer{Rule: r})
	}
	return list
}

// Machine is what a text says that a machine is.
type Machine struct {
	identify.Identification
	// Title names the candidates, or their product if they are many.
	Title string
	// One says that it can be only one edition.
	One bool
}

// isNamed reports whether a word is one of the name of the machine, as the "web" of
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

// recognize is identify.Recognize, but that the name of an edition that is the name
// of its product as well, such as "Windows NT 3.1", is the edition.
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
	if len(lead) == 0 { // the others of TCP have a place of their own
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

// Unseen says that no limit looks like the symptom, or none of the machine; it is
// empty if one does.
func (r Result) Unseen() string {
	s := r.Symptoms[0].Symptom
	if len(s.Services()) == 0 {
		return "No limit of Windows looks so."
	}
	if r.Machine == nil {
		return ""
	}
	for rule := range s.Rules() {
		if slices.ContainsFunc(r.Machine.Candidates, rule.Covers) {
			return ""
		}
	}
	return "No limit of this machine looks so."
}

// answersOf returns the answers of services, but for those that have none.
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

// problem says for people why a text says nothing.
func problem(err error) string {
	var packs *limits.ServicePackError
	switch {
	case errors.As(err, &packs):
		return fullStop(strings.TrimPrefix(packs.Error(), "limits: "))
	case errors.Is(err, identify.ErrUnlisted):
		return "The table has no rows for this Windows, which does not mean that it has no limits."
	}
	return "No edition, service, symptom or claim of the table is recognized in this text."
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
	// Known says that there is a rule. From names the service packs that it holds
	// at, if others have another.
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
	v := View{Name: "search", Title: "winlimits: how many does this Windows let in?", Data: r, Scripts: []string{"ask.js"}}
	if text := strings.Join(strings.Fields(r.Query), " "); text != "" {
		v.Title = fmt.Sprintf("%.60s – winlimits", text)
	}
	return v
}
