package identify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// Identification is the editions that a machine may run, by its description. If the
// description does not tell, there are several candidates. The zero value has none.
type Identification struct {
	// Candidates are all editions and service packs that fit, in order of release.
	// Each has a service pack, unless the edition never had one.
	Candidates []limits.Windows `json:"candidates"`
	// Unlisted are the editions that fit as well and that the table has no rules
	// for, in the words of the description or of Microsoft, such as "Windows Embedded
	// Standard 2009".
	Unlisted []string `json:"unlisted,omitempty"`
	// Form is the form in which the description was read.
	Form Form `json:"form,omitempty"`
	// Conflicts are the points in which the description contradicts itself, in words
	// for people, such as "the name says Windows 10, build 22631 is Windows 11". The
	// candidates follow the part that decides, here the build.
	Conflicts []string `json:"conflicts,omitempty"`
	// Notes are other things to know about the answer, in words for people.
	Notes []string `json:"notes,omitempty"`
}

// One returns the edition and its service pack if there is only one candidate and
// nothing is Unlisted.
func (id Identification) One() (w limits.Windows, ok bool) {
	if len(id.Candidates) != 1 || len(id.Unlisted) > 0 {
		return limits.Windows{}, false
	}
	return id.Candidates[0], true
}

// Editions returns the editions among the candidates.
func (id Identification) Editions() []limits.Edition {
	var list []limits.Edition
	for _, w := range id.Candidates {
		if n := len(list); n == 0 || list[n-1] != w.Edition {
			list = append(list, w.Edition)
		}
	}
	return list
}

// Range returns the lowest and the highest limit of the candidates for a service,
// out of the box, and the lowest and the highest ceiling. It leaves out the
// candidates without a rule for the service, which WithoutRule returns. Both ranges
// are unknown if no candidate is left or an edition is Unlisted.
func (id Identification) Range(s limits.Service) (byDefault, ceiling Range) {
	if len(id.Unlisted) > 0 {
		return Range{}, Range{}
	}
	first := true
	for _, w := range id.Candidates {
		r, err := limits.Lookup(w, s)
		if err != nil {
			continue
		}
		if first {
			byDefault, ceiling = Range{r.Default, r.Default}, Range{r.Ceiling, r.Ceiling}
			first = false
		}
		byDefault, ceiling = byDefault.with(r.Default), ceiling.with(r.Ceiling)
	}
	return byDefault, ceiling
}

// WithoutRule returns the candidates for which the table has no rule for the
// service, such as Enterprise multi-session for limits.SMB.
func (id Identification) WithoutRule(s limits.Service) (list []limits.Windows) {
	for _, w := range id.Candidates {
		if _, err := limits.Lookup(w, s); err != nil {
			list = append(list, w)
		}
	}
	return list
}

// Narrow returns what two identifications of one machine have in common, such as
// that of a scanner and that of an inventory. It leaves out the candidates and the
// Unlisted that only one of them has; Conflicts and Notes are those of both. It
// reports false if no candidate is left: then they are about two machines, or one of
// them is wrong.
func (id Identification) Narrow(other Identification) (both Identification, ok bool) {
	for _, w := range id.Candidates {
		if slices.Contains(other.Candidates, w) {
			both.Candidates = append(both.Candidates, w)
		}
	}
	for _, name := range id.Unlisted {
		if slices.Contains(other.Unlisted, name) {
			both.Unlisted = append(both.Unlisted, name)
		}
	}
	if len(both.Candidates) == 0 {
		return Identification{}, false
	}
	both.Form = id.Form
	both.Conflicts = union(id.Conflicts, other.Conflicts)
	both.Notes = union(id.Notes, other.Notes)
	return both, true
}

// or returns what one of two identifications allows.
func (id Identification) or(other Identification) Identification {
	id.Candidates = union(id.Candidates, other.Candidates)
	slices.SortFunc(id.Candidates, func(a, b limits.Windows) int {
		return cmp.Or(cmp.Compare(a.Edition, b.Edition), cmp.Compare(a.ServicePack, b.ServicePack))
	})
	id.Unlisted = union(id.Unlisted, other.Unlisted)
	id.Conflicts = union(id.Conflicts, other.Conflicts)
	id.Notes = union(id.Notes, other.Notes)
	return id
}

// union returns a list with what another has besides.
func union[E comparable](list, other []E) []E {
	list = slices.Clone(list)
	for _, e := range other {
		if !slices.Contains(list, e) {
			list = append(list, e)
		}
	}
	return list
}

// String returns the candidates, such as "Windows XP Home SP2/SP3 or Windows XP
// Professional SP2/SP3". An edition at all its service packs is named without them.
func (id Identification) String() string {
	var names []string
	for rest := id.Candidates; len(rest) > 0; {
		e, n := rest[0].Edition, 1
		for n < len(rest) && rest[n].Edition == e {
			n++
		}
		name := e.String()
		if n < len(e.ServicePacks()) {
			for i, w := range rest[:n] {
				name += fmt.Sprintf("%c%v", " /"[min(i, 1)], w.ServicePack)
			}
		}
		names, rest = append(names, name), rest[n:]
	}
	for _, name := range id.Unlisted {
		names = append(names, name+" (not in the table)")
	}
	if len(names) == 0 {
		return "unknown"
	}
	return strings.Join(names, " or ")
}

// Range is the lowest and the highest of several limits. An absent service is lower
// than a limit of 0, and unlimited is the highest. If one of the limits is unknown,
// or an edition is Unlisted, both ends are unknown.
//
// Min.Holds(n) reports whether n peers fit in any case, Max.Holds(n) whether they may
// fit.
type Range struct {
	Min limits.Limit `json:"min"`
	Max limits.Limit `json:"max"`
}

// String returns the limit if both ends are the same, otherwise both: "10", "5 to
// 10", "absent to 10".
func (r Range) String() string {
	if r.Min == r.Max {
		return r.Min.String()
	}
	return fmt.Sprintf("%v to %v", r.Min, r.Max)
}

// with returns the range widened to hold the limit.
func (r Range) with(l limits.Limit) Range {
	if !r.Min.IsKnown() || !l.IsKnown() {
		return Range{}
	}
	if less(l, r.Min) {
		r.Min = l
	}
	if less(r.Max, l) {
		r.Max = l
	}
	return r
}

// less orders known limits by how much they let in.
func less(l, m limits.Limit) bool {
	switch {
	case l.IsAbsent():
		return !m.IsAbsent()
	case m.IsAbsent() || l.IsUnlimited():
		return false
	case m.IsUnlimited():
		return true
	}
	a, _ := l.Number()
	b, _ := m.Number()
	return a < b
}
