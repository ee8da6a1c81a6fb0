package identify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// Identification is what a machine can be. What its description does not tell
// stays open: then there are several candidates, never a guess among them.
type Identification struct {
	// Candidates is every edition and service pack that fits, in order of
	// release. Only an edition that never had a service pack is there without
	// one.
	Candidates []limits.Windows `json:"candidates"`
	// Unlisted is what it can be besides, in the words of the description or of
	// Microsoft, but the table has no rows for, such as "Windows Embedded
	// Standard 2009".
	Unlisted []string `json:"unlisted,omitempty"`
	// Form is what was read.
	Form Form `json:"form,omitempty"`
	// Conflicts says, for people, what the description contradicts itself in, as
	// "the name says Windows 10, build 22631 is Windows 11", and the candidates
	// are what goes before.
	Conflicts []string `json:"conflicts,omitempty"`
	// Notes says, for people, what else there is to know of the answer.
	Notes []string `json:"notes,omitempty"`
}

// One returns the Windows if it can be only one.
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

// Range returns how far the candidates' limits for a service lie apart: what is
// in force out of the box, and the ceilings. Candidates without a rule for the
// service, which WithoutRule returns, are left out. Both ranges are unknown if
// there is no other, or something Unlisted besides.
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

// WithoutRule returns the candidates that the table has no rule of for a
// service, such as Enterprise multi-session for limits.SMB.
func (id Identification) WithoutRule(s limits.Service) (list []limits.Windows) {
	for _, w := range id.Candidates {
		if _, err := limits.Lookup(w, s); err != nil {
			list = append(list, w)
		}
	}
	return list
}

// Narrow returns what both identifications of one machine allow, such as that of
// a scanner and that of an inventory. It is false if they have no candidate in
// common; then they are of two machines, or one of them is wrong. What only one
// of them has is left out, Unlisted too; Conflicts and Notes are those of both.
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

// String returns the candidates, with their service packs unless all fit, as
// in "Windows XP Home SP2/SP3 or Windows XP Professional SP2/SP3".
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

// Range is the least and the greatest of several limits. In it an absent
// service is less than one that takes 0, and unlimited is the greatest. One
// unknown limit makes both ends unknown, for it could lie anywhere; so does
// every Windows that the table has no rows for.
//
// Min.Holds(n) is true if n peers fit whichever it is, Max.Holds(n) if they may
// fit.
type Range struct {
	Min limits.Limit `json:"min"`
	Max limits.Limit `json:"max"`
}

// String returns the limit if both ends are the same, else both: "10", "5 to
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
