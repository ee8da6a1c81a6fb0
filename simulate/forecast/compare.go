package forecast

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Comparison is the report of a scenario on one edition.
type Comparison struct {
	Windows limits.Windows `json:"windows"`
	// Problem says why there is no report: the edition does not have the
	// service, or does not accept a setting, or its limit is not known. It is
	// empty if there is a report.
	Problem string `json:"problem,omitempty"`
	Report  Report `json:"report,omitzero"`
}

// Compare runs the scenario on each of windows, in place of its own. All of them meet
// the same clients, with the same random choices (see Scenario.Seed). An edition that
// cannot run the scenario has a Problem, which is not an error. The error is that of
// Run, and there are no comparisons then.
func Compare(ctx context.Context, s Scenario, windows ...limits.Windows) ([]Comparison, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	out := make([]Comparison, len(windows))
	// Many editions have the same limit. The run of one is the run of all of them.
	var mu sync.Mutex
	runs := map[planKey]func() (Report, error){}
	err := each(len(windows), func(i int) error {
		one := s
		one.Windows = windows[i]
		out[i].Windows = windows[i]
		p, err := one.compile()
		if err != nil {
			out[i].Problem, err = problem(err, s.Service)
			return err
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
		r.Assumed = p.assume(&r)
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

// problem returns the text of an error that is about what an edition cannot run. It
// returns any other error as it is.
func problem(err error, service limits.Service) (string, error) {
	var bad *ScenarioError
	if service != limits.UnknownService && errors.As(err, &bad) && (bad.Field == "Service" || bad.Field == "Settings" || bad.Field == "Backlog") {
		return strings.TrimPrefix(strings.TrimPrefix(bad.Err.Error(), "simulate: "), "limits: "), nil
	}
	return "", err
}

// planKey is the part of an edition on which the run of a given scenario, and its
// report, depend.
type planKey struct {
	limit, bound                  int64
	discipline                    limits.Discipline
	unit                          limits.Unit
	perRequest, logs              bool
	idleLimit, queueLimit, giveUp int64
	timeWait                      int64
	perDestination                bool
	refusalEvent                  int
	idle                          time.Duration // if it is assumed
	backlog                       limits.Limit
	over, refusal                 limits.Symptom
}

func (p *plan) identity() planKey {
	rule := p.rule()
	return planKey{
		limit: p.limit, bound: p.bound, discipline: p.policy.Discipline, unit: p.policy.Rule.Unit,
		perRequest: p.perRequest, logs: p.policy.LogsQueue,
		idleLimit: p.idleLimit, queueLimit: p.queueLimit, giveUp: p.giveUp,
		timeWait: p.timeWait, perDestination: p.policy.PerDestination, refusalEvent: p.policy.RefusalEvent,
		idle: p.assumedIdleTime, backlog: p.backlog, over: rule.Symptom(), refusal: rule.Refusal(),
	}
}

// Suitable returns the editions that serve the clients of the scenario: at most the
// share, from 0 to 1, of their demands is lost. What counts is Report.Lost, averaged
// over 8 replications. Each edition comes with its report of the first replication.
// The scenario's own Windows does not matter.
//
// Suitable tries all editions that have the service, in order of release, at each
// service pack that changed the limit. A service or a setting that no edition has is
// an error.
//
// Demands that are in the queue when Until ends the run are lost, so that an edition
// whose queue only grows is not suitable. Apart from that a queue loses nothing until
// it is full. Set Patience if clients do not wait without end.
func Suitable(ctx context.Context, s Scenario, share float64) ([]Comparison, error) {
	if err := checkShare(share); err != nil {
		return nil, err
	}
	windows := s.machines()
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
	var suitable []Comparison
	for j, c := range first {
		if c.Problem == "" && estimateOf(lost[j][:]).Mean <= share {
			suitable = append(suitable, c)
		}
	}
	return suitable, nil
}

// machines returns all editions that have a rule for the service, at each service
// pack that changed one of the limits.
func (s *Scenario) machines() []limits.Windows {
	var list []limits.Windows
	for rule := range limits.ByService(s.Service) {
		n := len(list)
		if s.AcceptTime.sampler() != nil {
			for backlog := range limits.ByEdition(rule.Edition) {
				if w := backlog.Windows(); backlog.Service == limits.TCPBacklog && w.ServicePack != limits.UnknownServicePack && rule.Covers(w) {
					list = append(list, w)
				}
			}
		}
		if len(list) == n {
			list = append(list, rule.Windows())
		}
	}
	return list
}

func checkShare(share float64) error {
	if !(share >= 0 && share <= 1) {
		return &ScenarioError{"share", fmt.Errorf("%v: want 0 to 1", share)}
	}
	return nil
}
