package simulate

import (
	"fmt"
	"sync"

	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// Hold takes n slots that are no peer's admission: they are in Stats.Held, and
// not in Admitted. It takes all of them or, if fewer are free or something waits
// for one, none, which is an error that says how many are free. release gives
// them back; it may be called more than once.
func (g *Gate) Hold(n int) (release func(), err error) {
	if err := g.takeHolds(n); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { g.giveHolds(n) }), nil
}

// SetHolds makes the slots that SetHolds itself holds n in all: it takes what is
// missing as Hold does, all or nothing, or gives back what is too much. It is for
// a program that is told a number, and not for how long; what Hold has taken
// stays.
func (g *Gate) SetHolds(n int) error {
	g.keptMu.Lock()
	defer g.keptMu.Unlock()
	switch {
	case n < 0:
		return g.takeHolds(n) // says what is accepted
	case n > g.kept:
		if err := g.takeHolds(n - g.kept); err != nil {
			return err
		}
	case n < g.kept:
		g.giveHolds(g.kept - n)
	}
	g.kept = n
	return nil
}

// Holds returns the number of slots that Hold and SetHolds have taken and not
// given back.
func (g *Gate) Holds() int { return int(g.holds.Load()) }

func (g *Gate) takeHolds(n int) error {
	if n < 0 || n > tallyHeldMask/2 {
		return fmt.Errorf("simulate: hold %d slots of %v of %v: want 0 to %d", n, g.policy.Rule.Service, g.host.windows, tallyHeldMask/2)
	}
	if !g.admission.Take(int64(n)) {
		s := g.Stats()
		return fmt.Errorf("simulate: hold %d slots of %v of %v: only %d of %v are free, with %d queued",
			n, g.policy.Rule.Service, g.host.windows, max(0, int(admission.Slots(g.Limit()))-s.Held), g.Limit(), s.Queued)
	}
	g.holds.Add(int64(n))
	g.raisePeak(int64(g.tally.Add(uint64(n)*tallyHeld) & tallyHeldMask))
	g.changed(nil, Event{Kind: Held})
	return nil
}

func (g *Gate) giveHolds(n int) {
	g.refusing.Store(false)
	g.holds.Add(int64(-n))
	g.tally.Add(^uint64(n*tallyHeld - 1))
	g.admission.Release(int64(n))
	g.changed(nil, Event{Kind: Released})
}
