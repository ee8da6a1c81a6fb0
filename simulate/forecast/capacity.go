package forecast

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// ClientCapacity is how many clients an edition can take.
type ClientCapacity struct {
	// Clients is the largest number of clients that lose no more than allowed.
	// It is 0 if one client loses more.
	Clients int `json:"clients"`
	// Limited is false if 65,536 clients lose no more than allowed. The search
	// ends there.
	Limited bool `json:"limited"`
	// Lost is the share that so many clients lose.
	Lost Estimate `json:"lost"`
}

// mostClients is the number at which Capacity ends its search.
const mostClients = 1 << 16

// runsPerPoint is the number of replications that decide about a number of clients.
const runsPerPoint = 8

// enoughClients is the number of clients, over all replications, that decide for
// Capacity. So many give a sure mean. More would double the time of a search that
// meets no limit.
const enoughClients = 1 << 15

// Capacity returns how many clients fit on the edition of the scenario: the largest
// number that loses at most the share, from 0 to 1, of its demands. What counts is
// Report.Lost, averaged over 8 replications (2 to 7 for more than 4,096 clients).
//
// The load is that of the scenario, with another number of clients. They come in the
// same time as the clients of the scenario: for twice as many, the gaps between
// arrivals are half as long. A Trace has no gaps and is an error.
//
// Demands that are in the queue when Until ends the run are lost.
//
// The search supposes that more clients lose a larger share. Where that is not so,
// it finds one of the numbers at which the answer changes. The error is that of
// Replicate.
func Capacity(ctx context.Context, s Scenario, share float64) (ClientCapacity, error) {
	if err := checkShare(share); err != nil {
		return ClientCapacity{}, err
	}
	p, err := s.compile()
	if err != nil {
		return ClientCapacity{}, err
	}
	lost := func(n int) (Estimate, error) {
		scaled, err := s.withClients(n)
		if err != nil {
			return Estimate{}, err
		}
		r, err := Replicate(ctx, scaled, max(2, min(runsPerPoint, enoughClients/n)))
		return r.Lost, err
	}
	if p.policy.Limit.IsUnlimited() && !p.dials && p.accept == nil {
		at, err := lost(1)
		return ClientCapacity{Clients: mostClients, Lost: at}, err
	}
	best := ClientCapacity{Limited: true}
	low, high := 0, 1
	for {
		at, err := lost(high)
		if err != nil {
			return ClientCapacity{}, err
		}
		if at.Mean > share {
			break
		}
		low, best.Clients, best.Lost = high, high, at
		if high == mostClients {
			best.Limited = false
			return best, nil
		}
		high *= 2
	}
	for high-low > 1 {
		mid := (low + high) / 2
		at, err := lost(mid)
		if err != nil {
			return ClientCapacity{}, err
		}
		if at.Mean > share {
			high = mid
		} else {
			low, best.Clients, best.Lost = mid, mid, at
		}
	}
	return best, nil
}

// withClients returns the scenario with n clients, which come in the same time.
func (s Scenario) withClients(n int) (Scenario, error) {
	switch s.Arrive.kind {
	case trace:
		return s, &ScenarioError{"Arrive", errors.New("a trace cannot be stretched to another number of clients: want at-once, every or poisson")}
	case evenly, poisson:
		gap := float64(s.Arrive.gap) * float64(s.Clients) / float64(max(1, n))
		s.Arrive.gap = time.Duration(max(1, min(float64(longest), math.Round(gap))))
	}
	s.Clients = n
	return s, nil
}

// Curve is the share that is lost on one edition, for several numbers of clients.
type Curve struct {
	Windows limits.Windows `json:"windows"`
	// Problem says why there are no points, as in Comparison.
	Problem string       `json:"problem,omitempty"`
	Points  []CurvePoint `json:"points"`
}

// CurvePoint is the share that a number of clients loses: Report.Lost, from 0 to 1.
type CurvePoint struct {
	Clients int      `json:"clients"`
	Lost    Estimate `json:"lost"`
}

// Sweep runs the scenario with each number of clients on each of windows, in place of
// its own, and returns a Curve for each of windows. A point is 8 replications. The
// clients come in the same time, whatever their number: see Capacity. The error is
// that of Replicate, and there are no curves then.
func Sweep(ctx context.Context, s Scenario, clients []int, windows ...limits.Windows) ([]Curve, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	out := make([]Curve, len(windows))
	for i, w := range windows {
		out[i].Windows = w
		one := s
		one.Windows = w
		if _, err := one.compile(); err != nil {
			if out[i].Problem, err = problem(err, s.Service); err != nil {
				return nil, err
			}
			continue
		}
		for _, n := range clients {
			scaled, err := one.withClients(n)
			if err != nil {
				return nil, err
			}
			r, err := Replicate(ctx, scaled, runsPerPoint)
			if err != nil {
				return nil, err
			}
			out[i].Points = append(out[i].Points, CurvePoint{n, r.Lost})
		}
	}
	return out, nil
}
