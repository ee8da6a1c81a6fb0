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
	// Clients is the largest number for which no more is lost than allowed, 0
	// if there is none.
	Clients int `json:"clients"`
	// Limited is false if the search ended at 65,536 clients without meeting a
	// limit.
	Limited bool `json:"limited"`
	// Lost is the share that those clients lose.
	Lost Estimate `json:"lost"`
}

// mostClients is where Capacity gives up looking for a limit.
const mostClients = 1 << 16

// runsPerPoint is how many replications decide about a number of clients.
const runsPerPoint = 8

// enoughClients is how many clients, over all replications, decide for Capacity. So
// many give a sure mean, and a search that meets no limit takes half the time.
const enoughClients = 1 << 15

// Capacity answers how many clients fit on the edition of the scenario, if at
// most the share, from 0 to 1, of what they ask for may be lost (Report.Lost,
// the mean of 8 replications, of 2 to 7 for more than 4,096 clients). The workload is that of the scenario with another
// number of clients. All of them come in the time in which those of the scenario
// come: gaps between arrivals become shorter as clients become more. A trace
// cannot be stretched and is an error.
//
// What is still in the queue when Until ends the run is lost, as with Suitable:
// clients fit in a queue as long as it comes to its end.
//
// It looks for the number by doubling and halving, which supposes that more
// clients lose more; where that is not so, it finds one of the borders.
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

// Curve is what is lost as clients become more, on one edition.
type Curve struct {
	Windows limits.Windows `json:"windows"`
	Problem string         `json:"problem,omitempty"`
	Points  []CurvePoint   `json:"points"`
}

// CurvePoint is the share lost by a number of clients.
type CurvePoint struct {
	Clients int      `json:"clients"`
	Lost    Estimate `json:"lost"`
}

// Sweep runs the scenario with each number of clients on each of windows, 8
// replications each, and tells what share they lose. The clients come in the
// same time, as with Capacity.
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
