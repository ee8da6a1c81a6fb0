package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// A printer prints what entries are, as text or as JSON lines.
type printer struct {
	out     io.Writer
	json    bool
	refused bool          // an entry was not recognised
	seen    []limits.Rule // the rules of all candidates, each once
}

// A finding is the JSON line of an entry that is an edition of Windows.
type finding struct {
	Revision   string                    `json:"revision"`
	Input      string                    `json:"input"`
	Form       identify.Form             `json:"form"`
	Candidates []string                  `json:"candidates"`
	Unlisted   []string                  `json:"unlisted"`
	Conflicts  []string                  `json:"conflicts"`
	Notes      []string                  `json:"notes,omitempty"`
	Nearest    []string                  `json:"nearest,omitempty"` // editions near the unlisted one, whose limits may differ
	Limits     map[limits.Service]spread `json:"limits,omitempty"`
}

// A refusal is the JSON line of any other entry.
type refusal struct {
	Input string `json:"input"`
	Error string `json:"error"`
}

func (p *printer) print(input string, id identify.Identification, err error) error {
	if err != nil && !errors.Is(err, identify.ErrUnlisted) {
		p.refused = true
		return p.line(refusal{input, err.Error()}, func() error {
			_, werr := fmt.Fprintf(p.out, "%s\n  not recognised: %s\n", input, plain(err))
			return werr
		})
	}
	f := finding{
		Revision: limits.Revision, Input: input, Form: id.Form,
		Candidates: []string{}, Unlisted: append([]string{}, id.Unlisted...), Conflicts: append([]string{}, id.Conflicts...), Notes: id.Notes,
	}
	for _, w := range id.Candidates {
		f.Candidates = append(f.Candidates, w.String())
	}
	var unlisted *identify.UnlistedError
	if errors.As(err, &unlisted) {
		for _, e := range unlisted.Nearest {
			f.Nearest = append(f.Nearest, e.String())
		}
	} else {
		f.Limits = map[limits.Service]spread{}
		for _, s := range limits.Services() {
			spread, rules := spreadOf(id, s)
			f.Limits[s] = spread
			p.see(rules)
		}
	}
	return p.line(f, func() error { return p.text(f, id, err) })
}

// line prints one line of JSON, or text.
func (p *printer) line(v any, text func() error) error {
	if !p.json {
		return text()
	}
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// text prints a finding for people.
func (p *printer) text(f finding, id identify.Identification, err error) error {
	fmt.Fprintln(p.out, f.Input)
	if err != nil {
		_, err := fmt.Fprintf(p.out, "  %s\n", plain(err))
		return err
	}
	fmt.Fprintf(p.out, "  %v\n", id)
	for _, c := range f.Conflicts {
		fmt.Fprintf(p.out, "  but %s\n", c)
	}
	for _, n := range f.Notes {
		fmt.Fprintf(p.out, "  %s\n", n)
	}
	table := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	for _, s := range []limits.Service{limits.SMB, limits.IIS, limits.RDP, limits.TCPBacklog, limits.TCPHalfOpen, limits.TCPOutbound, limits.TCPOther} {
		spread := f.Limits[s]
		fmt.Fprintf(table, "  %v\t%v", s, spread.Default)
		if spread.Ceiling != spread.Default {
			fmt.Fprintf(table, " (raised: %v)", spread.Ceiling)
		}
		for i, w := range spread.WithoutRule {
			fmt.Fprintf(table, "%s%v", [...]string{"\tnot known for ", ", "}[min(i, 1)], w)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// plain returns the text of an error without the name of the package that it is
// from.
func plain(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "limits: "), "identify: ")
}

// see keeps the rules that it has not seen before.
func (p *printer) see(rules []limits.Rule) {
	for _, r := range rules {
		same := func(seen limits.Rule) bool { return compareRules(seen, r) == 0 }
		if !slices.ContainsFunc(p.seen, same) {
			p.seen = append(p.seen, r)
		}
	}
}

// compareRules orders rules by edition, service and service pack, as the table
// does.
func compareRules(a, b limits.Rule) int {
	return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.Service, b.Service), cmp.Compare(a.ServicePackMin, b.ServicePackMin))
}

// rules prints the rules of all candidates.
func (p *printer) rules() error {
	slices.SortFunc(p.seen, compareRules)
	if p.json {
		return p.line(struct {
			Revision string        `json:"revision"`
			Rules    []limits.Rule `json:"rules"`
		}{limits.Revision, append([]limits.Rule{}, p.seen...)}, nil)
	}
	for _, r := range p.seen {
		if _, err := fmt.Fprintf(p.out, "%v (%s)\n", r, r.Evidence()); err != nil {
			return err
		}
	}
	return nil
}
