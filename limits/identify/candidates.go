package identify

import (
	"math/bits"
	"slices"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// candidates is a set of editions with service packs, a bit for each level.
type candidates [names.Count]uint16

// levelMask returns the levels an edition had.
func levelMask(e names.Edition) uint16 {
	first, last := e.Levels()
	return 2<<last - 1<<first
}

// levelOf returns the bit of a service pack, which is not unknown, and false for
// a number that none has.
func levelOf(pack limits.ServicePack) (bit uint16, ok bool) {
	for level := range 16 {
		if limits.ServicePackAt(level) == pack {
			return 1 << level, true
		}
	}
	return 0, false
}

// add adds an edition at the levels, or at all it had if there are none.
// Level 0 is the edition as it was released.
func (c *candidates) add(e names.Edition, packs uint16) {
	had := levelMask(e)
	switch {
	case packs == 0:
		packs = had
	case packs&1 != 0:
		packs |= had & -had
	}
	c[e] |= packs & had
}

// keep removes the editions for which fits is false.
func (c *candidates) keep(fits func(names.Edition) bool) {
	for e := range c {
		if c[e] != 0 && !fits(names.Edition(e)) {
			c[e] = 0
		}
	}
}

// keepOnly keeps the editions of the list.
func (c *candidates) keepOnly(list []names.Edition) {
	c.keep(func(e names.Edition) bool { return slices.Contains(list, e) })
}

// has reports whether the edition is in the set.
func (c *candidates) has(e names.Edition) bool { return c[e] != 0 }

func (c *candidates) empty() bool { return *c == candidates{} }

// editions returns the editions of the set.
func (c *candidates) editions() (list []names.Edition) {
	for e := range c {
		if c[e] != 0 {
			list = append(list, names.Edition(e))
		}
	}
	return list
}

// windows returns the set as a list. An edition that never had a service pack
// stands there without one.
func (c *candidates) windows() (list []limits.Windows) {
	for e, packs := range c {
		if _, last := names.Edition(e).Levels(); packs != 0 && last == 0 {
			list = append(list, limits.Windows{Edition: limits.Edition(e)})
			continue
		}
		for ; packs != 0; packs &= packs - 1 {
			list = append(list, limits.Windows{
				Edition: limits.Edition(e), ServicePack: limits.ServicePackAt(bits.TrailingZeros16(packs)),
			})
		}
	}
	return list
}

// nearest returns the error for something that is none of the table, with the
// editions that come near.
func nearest(input string, near *candidates) error {
	return &limits.NameError{Input: input, Candidates: names.As[limits.Edition](near.editions())}
}
