package identify

import (
	"fmt"
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
// in force out of the box, and the ceilings.
func (id Identification) Range(s limits.Service) (byDefault, ceiling Range) {
	if len(id.Candidates) == 0 || len(id.Unlisted) > 0 {
		return Range{}, Range{}
	}
	for i, w := range id.Candidates {
		r, err := limits.Lookup(w, s)
		if err != nil {
			return Range{}, Range{}
		}
		if i == 0 {
			byDefault, ceiling = Range{r.Default, r.Default}, Range{r.Ceiling, r.Ceiling}
		}
		byDefault, ceiling = byDefault.with(r.Default), ceiling.with(r.Ceiling)
	}
	return byDefault, ceiling
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
