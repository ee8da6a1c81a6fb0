package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Comparison is what one Windows makes of a workload.
type Comparison struct {
	Windows limits.Windows `json:"windows"`
	// Problem says why there is no report: the edition does not have the
	// service, or does not accept a setting, or nobody knows its limit.
	Problem string `json:"problem,omitempty"`
	Report  Report `json:"report,omitzero"`
}

// Compare runs the scenario on each Windows in turn, in place of its own. All
// of them meet the same clients, with the same random choices. What a Windows
// cannot run is a Problem and not an error.
func Compare(ctx context.Context, s Scenario, windows ...limits.Windows) ([]Comparison, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	out := make([]Comparison, len(windows))
	// Many editions have the same limit. They differ in nothing else that a
	// run could tell, so one run does for all of them.
	var mu sync.Mutex
	runs := map[planKey]func() (Report, error){}
	err := each(len(windows), func(i int) error {
		one := s
		one.Windows = windows[i]
		out[i].Windows = windows[i]
		p, err := one.compile()
		if err != nil {
			var bad *ScenarioError
			if errors.As(err, &bad) && (bad.Field == "Windows" || s.Service == limits.UnknownService) {
				return err
			}
			out[i].Problem = errors.Unwrap(err).Error()
			return nil
		}
		mu.Lock()
		run := runs[p.identity()]
		if run == nil {
			run = sync.OnceValues(func() (r Report, err error) {
				err = p.run(ctx, &r, nil)
				return r, err
			})
			runs[p.identity()] = run
		}
		mu.Unlock()
		r, err := run()
		r.Windows = windows[i]
		r.Seen = slices.Clone(r.Seen)
		r.Timeline.Steps = slices.Clone(r.Timeline.Steps)
		out[i].Report = r
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// planKey is all of a Windows that the run of a given workload, and its report,
// depend on.
type planKey struct {
	limit, bound                  int64
	discipline                    limits.Discipline
	unit                          limits.Unit
	perRequest, logs              bool
	idleLimit, queueLimit, giveUp int64
	sight                         string
}

func (p *plan) identity() planKey {
	return planKey{
		limit: p.gate.admission.inForce(), bound: p.gate.bound, discipline: p.gate.discipline, unit: p.gate.rule.Unit,
		perRequest: p.perRequest, logs: p.gate.halfOpen != nil && p.gate.halfOpen.logs,
		idleLimit: p.idleLimit, queueLimit: p.queueLimit, giveUp: p.giveUp,
		sight: refusalSight(&p.gate.rule),
	}
}

// Serving answers which editions serve the workload so that at most the share,
// from 0 to 1, of what it asks for is lost (Report.Lost, the mean of 8
// replications, as with Fitting). It compares all editions that have the
// service, in order of release, at each service pack that changed the limit, and
// returns the first run of those that serve. A service or a setting that no
// edition has is an error.
//
// Who still waits when Until ends the run has lost, so that a queue that only
// grows does not serve; who has its slot has not. A queue loses nobody else until
// it is full: set Patience if clients do not wait for ever.
func Serving(ctx context.Context, s Scenario, share float64) ([]Comparison, error) {
	if err := checkShare(share); err != nil {
		return nil, err
	}
	var windows []limits.Windows
	for rule := range limits.ByService(s.Service) {
		windows = append(windows, rule.Windows())
	}
	var first []Comparison
	lost := make([][runsPerPoint]float64, len(windows))
	for i := range runsPerPoint {
		one := s
		one.Seed = replicationSeed(s.Seed, i)
		all, err := Compare(ctx, one, windows...)
		if err != nil {
			return nil, err
		}
		for j := range all {
			lost[j][i] = all[j].Report.Lost()
		}
		if i == 0 {
			first = all
		}
	}
	if !slices.ContainsFunc(first, func(c Comparison) bool { return c.Problem == "" }) {
		reason := fmt.Sprintf("no edition has the service %v", s.Service)
		if len(first) > 0 {
			reason = first[0].Problem
		}
		return nil, &ScenarioError{"Service or Settings", errors.New(reason)}
	}
	var serving []Comparison
	for j, c := range first {
		if c.Problem == "" && estimateOf(lost[j][:]).Mean <= share {
			serving = append(serving, c)
		}
	}
	return serving, nil
}

func checkShare(share float64) error {
	if !(share >= 0 && share <= 1) {
		return &ScenarioError{"share", fmt.Errorf("%v: want 0 to 1", share)}
	}
	return nil
}

// Fit is how many clients a Windows can take.
type Fit struct {
	// Clients is the largest number for which no more is lost than allowed, 0
	// if there is none.
	Clients int `json:"clients"`
	// Limited is false if the search ended at MostFitting without meeting a
	// limit.
	Limited bool `json:"limited"`
	// Lost is the share that those clients lose.
	Lost Estimate `json:"lost"`
}

// MostFitting is where Fitting gives up looking for a limit.
const MostFitting = 1 << 16

// runsPerPoint is how many replications decide about a number of clients.
const runsPerPoint = 8

// Fitting answers how many clients fit on the Windows of the scenario, if at
// most the share, from 0 to 1, of what they ask for may be lost (Report.Lost,
// the mean of 8 replications). The workload is that of the scenario with another
// number of clients. All of them come in the time in which those of the scenario
// come: gaps between arrivals become shorter as clients become more. A trace
// cannot be stretched and is an error.
//
// Who still waits when Until ends the run has lost, as with Serving: clients fit
// in a queue as long as it comes to its end.
//
// It looks for the number by doubling and halving, which supposes that more
// clients lose more; where that is not so, it finds one of the borders.
func Fitting(ctx context.Context, s Scenario, share float64) (Fit, error) {
	if err := checkShare(share); err != nil {
		return Fit{}, err
	}
	p, err := s.compile()
	if err != nil {
		return Fit{}, err
	}
	lost := func(n int) (Estimate, error) {
		scaled, err := s.withClients(n)
		if err != nil {
			return Estimate{}, err
		}
		r, err := Replicate(ctx, scaled, runsPerPoint)
		return r.Lost, err
	}
	if p.gate.admission.inForce() == unlimited && !p.dials {
		at, err := lost(1)
		return Fit{Clients: MostFitting, Lost: at}, err
	}
	best := Fit{Limited: true}
	low, high := 0, 1
	for {
		at, err := lost(high)
		if err != nil {
			return Fit{}, err
		}
		if at.Mean > share {
			break
		}
		low, best.Clients, best.Lost = high, high, at
		if high == MostFitting {
			best.Limited = false
			return best, nil
		}
		high *= 2
	}
	for high-low > 1 {
		mid := (low + high) / 2
		at, err := lost(mid)
		if err != nil {
			return Fit{}, err
		}
		if at.Mean > share {
			high = mid
		} else {
			low, best.Clients, best.Lost = mid, mid, at
		}
	}
	return best, nil
}

// withClients returns the scenario with n clients, who come in the same time.
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

// Curve is what is lost as clients become more, on one Windows.
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

// Curves are several of them, for the same numbers of clients.
type Curves []Curve

// Sweep runs the scenario with each number of clients on each Windows, 8
// replications each, and tells what share they lose. The clients come in the
// same time, as with Fitting.
func Sweep(ctx context.Context, s Scenario, clients []int, windows ...limits.Windows) (Curves, error) {
	out := make(Curves, len(windows))
	for i, w := range windows {
		out[i].Windows = w
		one := s
		one.Windows = w
		if _, err := one.compile(); err != nil {
			var bad *ScenarioError
			if !errors.As(err, &bad) || bad.Field != "Service" && bad.Field != "Settings" || s.Service == limits.UnknownService {
				return nil, err
			}
			out[i].Problem = errors.Unwrap(err).Error()
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
