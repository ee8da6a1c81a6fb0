package simulate

import (
	"fmt"
	"sync"

	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// Hold takes n slots without a peer, to fill a limit. They count in Stats.Held and
// not in Stats.Admitted. Hold takes all n or none: if fewer are free or an attempt
// is queued, the error says how many are free. release gives the slots back, once.
func (g *Gate) Hold(n int) (release func(), err error) {
	if err := g.takeHolds(n); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() { g.giveHolds(n) }), nil
}

// SetHolds makes n the number of slots that SetHolds holds. It takes what is
// missing, as Hold does, or gives back the surplus. Slots of Hold stay. It is for a
// program that is told a number, such as an HTTP API.
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

// Holds returns the number of slots that Hold and SetHolds hold now.
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
	g.hold(uint64(n) * tallyHeld)
	g.changed(nil, Event{Kind: Held})
	return nil
}

func (g *Gate) giveHolds(n int) {
	g.refusing.Store(false)
	g.holds.Add(int64(-n))
	g.giveBack(int64(n))
	g.changed(nil, Event{Kind: Released})
}
