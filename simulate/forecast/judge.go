package forecast

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Verdict says whether a machine takes a load, and if not, what would. The zero value
// is UnknownVerdict.
type Verdict uint8

// The verdicts.
const (
	// UnknownVerdict: the limit is not known, or the candidates have different
	// verdicts.
	UnknownVerdict Verdict = iota
	// Fits: the machine takes the load as it is.
	Fits
	// Raise: the machine takes the load once its limit is raised as far as the
	// edition accepts.
	Raise
	// Server: the machine does not take the load. The editions in
	// Judgement.Suitable do.
	Server
)

var verdictNames = [...]string{"unknown", "fits", "raise", "server"}

// String returns "fits", "raise", "server" or "unknown".
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// MarshalText returns the text of String. A value that is not declared is an error.
func (v Verdict) MarshalText() ([]byte, error) {
	if int(v) >= len(verdictNames) {
		return nil, fmt.Errorf("forecast: %d is no verdict; there are %d", uint8(v), len(verdictNames))
	}
	return []byte(verdictNames[v]), nil
}

// UnmarshalText accepts the texts of String.
func (v *Verdict) UnmarshalText(text []byte) error {
	for i, name := range verdictNames {
		if name == string(text) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("forecast: unknown verdict %.100q; want one of %q", text, verdictNames)
}

// LimitRange is the lowest and the highest limit of the editions that a machine can
// be. In JSON it is {"least":5,"most":10}, or one limit if they are the same.
type LimitRange struct{ Least, Most limits.Limit }

// String returns one limit, or "5 to 10".
func (r LimitRange) String() string {
	if r.Least == r.Most {
		return r.Least.String()
	}
	return fmt.Sprintf("%v to %v", r.Least, r.Most)
}

type limitRangeJSON struct {
	Least limits.Limit `json:"least"`
	Most  limits.Limit `json:"most"`
}

// MarshalJSON writes one limit, or both.
func (r LimitRange) MarshalJSON() ([]byte, error) {
	if r.Least == r.Most {
		return json.Marshal(r.Least)
	}
	return json.Marshal(limitRangeJSON(r))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *LimitRange) UnmarshalJSON(data []byte) error {
	var both limitRangeJSON
	if len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &both); err != nil {
			return fmt.Errorf("forecast: range of limits: %w", err)
		}
		*r = LimitRange(both)
		return nil
	}
	var one limits.Limit
	if err := json.Unmarshal(data, &one); err != nil {
		return fmt.Errorf("forecast: range of limits: %w", err)
	}
	*r = LimitRange{one, one}
	return nil
}

// Judgement is what Judge finds about a load on one machine.
type Judgement struct {
	Verdict Verdict
	// Limit is the limit in force on the machine. Grade says how well it is
	// known: it is the weakest grade of the rules behind it.
	Limit LimitRange
	Grade limits.Grade
	// Lost is the share that is lost (Report.Lost), on the candidate that loses
	// most.
	Lost Estimate
	// Suitable has the editions on which no more is lost than allowed, in order
	// of release. It is empty unless the verdict is Server.
	Suitable []limits.Windows
	// Why gives the reason in words.
	Why string
}

// Judge says whether a machine takes the load of the scenario: at most the share
// allowed, from 0 to 1, of its demands is lost. What counts is Report.Lost, averaged
// over so many runs.
//
// The candidates are the editions that the machine can be; the scenario's own Windows
// does not matter. They are often more than one, because an inventory seldom tells
// everything. The machine has a verdict if all candidates have it. A candidate without
// a rule for the service is left out if others have one.
//
// The verdict is UnknownVerdict, and Why says what is missing, if there are no
// candidates, if the table has no rule for any of them, or if the service pack of one
// matters and is not known. That is not an error. The error is a *ScenarioError for a
// scenario that cannot be run, or the error of ctx.
func Judge(ctx context.Context, s Scenario, candidates []limits.Windows, allowed float64, runs int) (Judgement, error) {
	if err := checkShare(allowed); err != nil {
		return Judgement{}, err
	}
	if runs < 1 || runs > maxReplications {
		return Judgement{}, &ScenarioError{"replications", fmt.Errorf("%d: want 1 to %d", runs, maxReplications)}
	}
	if err := s.check(); err != nil {
		return Judgement{}, err
	}
	j := judge{ctx: ctx, scenario: s, allowed: allowed, runs: runs, lost: map[planKey]Estimate{}}
	return j.judge(candidates)
}

// A judge keeps what it has run, since many editions have the same limit.
type judge struct {
	ctx      context.Context
	scenario Scenario
	allowed  float64
	runs     int
	lost     map[planKey]Estimate
}

func (j *judge) judge(candidates []limits.Windows) (Judgement, error) {
	out := Judgement{Why: "It is not known what the machine runs."}
	var noRule, noLevel string // why a candidate has no answer
	agree, decided := true, 0
	for _, w := range candidates {
		one, err := j.candidate(w)
		switch {
		case errors.Is(err, limits.ErrNoRule):
			noRule = ruleProblem(err)
			continue
		case errors.Is(err, limits.ErrServicePack):
			noLevel = ruleProblem(err)
			continue
		case err != nil:
			return Judgement{}, err
		}
		if decided++; decided == 1 {
			out = one
			continue
		}
		agree = agree && one.Verdict == out.Verdict
		out.Limit = LimitRange{lesser(out.Limit.Least, one.Limit.Least), greater(out.Limit.Most, one.Limit.Most)}
		out.Grade = max(out.Grade, one.Grade)
		if one.Lost.Mean > out.Lost.Mean {
			out.Lost, out.Why = one.Lost, one.Why
		}
	}
	switch {
	case noLevel != "":
		return Judgement{Why: noLevel}, nil
	case decided == 0 && noRule != "":
		return Judgement{Why: noRule}, nil
	case decided == 0:
	case !agree:
		out.Verdict = UnknownVerdict
		out.Why = "The editions that the machine can be differ in the answer. The worst of them: " + out.Why
	case out.Verdict == Server:
		var err error
		if out.Suitable, err = j.suitable(); err != nil {
			return Judgement{}, err
		}
	}
	return out, nil
}

// ruleProblem returns why there is no rule, as a sentence.
func ruleProblem(err error) string {
	var bad *ScenarioError
	if errors.As(err, &bad) {
		err = bad.Err
	}
	return "The table cannot tell: " + err.Error()
}

// candidate judges the workload on one edition.
func (j *judge) candidate(w limits.Windows) (Judgement, error) {
	s := j.scenario
	s.Windows = w
	rule, err := limits.Lookup(w, s.Service)
	if err != nil {
		return Judgement{}, err
	}
	if rule.Default.IsAbsent() {
		return Judgement{
			Verdict: Server, Limit: LimitRange{limits.Absent(), limits.Absent()}, Grade: rule.DefaultGrade(),
			Lost: Estimate{Mean: 1}, Why: rule.String(),
		}, nil
	}
	p, err := s.compile()
	if err != nil {
		return Judgement{}, err
	}
	limit := p.policy.Limit
	out := Judgement{Limit: LimitRange{limit, limit}, Grade: rule.DefaultGrade()}
	if out.Lost, err = j.run(&s, p); err != nil {
		return Judgement{}, err
	}
	ask := "ask"
	if s.Clients == 1 {
		ask = "asks"
	}
	out.Why = fmt.Sprintf("%v Of what %s %s for, %.1f%% is lost.", rule, counted(int64(s.Clients), "clients"), ask, 100*out.Lost.Mean)
	if out.Lost.Mean <= j.allowed {
		out.Verdict = Fits
		return out, nil
	}
	out.Verdict = Server
	if ceiling := p.policy.Ceiling; ceiling != limit {
		raised := s
		raised.Settings.Limits = map[limits.Service]int{}
		for service, n := range s.Settings.Limits {
			raised.Settings.Limits[service] = n
		}
		raised.Settings.Limits[s.Service] = math.MaxInt32
		if n, ok := ceiling.Number(); ok {
			raised.Settings.Limits[s.Service] = n
		}
		if p, err = raised.compile(); err != nil {
			return Judgement{}, err
		}
		lost, err := j.run(&raised, p)
		if err != nil {
			return Judgement{}, err
		}
		if lost.Mean <= j.allowed {
			out.Verdict, out.Grade = Raise, max(out.Grade, rule.CeilingGrade())
			out.Why += fmt.Sprintf(" With the limit raised to %v it is %.1f%%.", ceiling, 100*lost.Mean)
		}
	}
	return out, nil
}

// run returns the share that is lost on an edition.
func (j *judge) run(s *Scenario, p *plan) (Estimate, error) {
	key := p.identity()
	if e, ok := j.lost[key]; ok {
		return e, nil
	}
	values := make([]float64, j.runs)
	for i := range values {
		one := *s
		one.Seed = replicationSeed(s.Seed, i)
		r, err := Run(j.ctx, one)
		if err != nil {
			return Estimate{}, err
		}
		values[i] = r.Lost()
	}
	e := estimateOf(values)
	j.lost[key] = e
	return e, nil
}

// suitable returns the editions that take the load. An edition that lets in all
// clients at the same time needs no run. Of editions that differ in their limit only,
// suitable supposes that the one with the higher limit loses no more.
func (j *judge) suitable() ([]limits.Windows, error) {
	all := int64(j.scenario.Clients) * int64(max(1, j.scenario.Connections))
	var list []limits.Windows
	fits := map[limits.Windows]bool{} // of the first of each group
	// most has the highest limit that does not suffice, of editions that differ in
	// their limit only.
	most := map[planKey]int64{}
	alike := func(p *plan) planKey {
		key := p.identity()
		key.limit = 0
		return key
	}
	for key, lost := range j.lost {
		if lost.Mean > j.allowed {
			limit := key.limit
			key.limit = 0
			most[key] = max(most[key], limit)
		}
	}
	for w, first := range j.machines() {
		fit, known := fits[first]
		if !known {
			s := j.scenario
			s.Windows = first
			p, err := s.compile()
			switch {
			case err != nil:
				if _, err := problem(err, s.Service); err != nil {
					return nil, err
				}
			case p.limit >= all && p.accept == nil && !p.dials:
				fit = true
			case p.limit <= most[alike(p)]:
			default:
				lost, err := j.run(&s, p)
				if err != nil {
					return nil, err
				}
				if fit = lost.Mean <= j.allowed; !fit {
					most[alike(p)] = p.limit
				}
			}
			fits[first] = fit
		}
		if fit {
			list = append(list, w)
		}
	}
	return list, nil
}

// machines returns all editions that have the service, at each service pack that
// changed the limit. With each comes the first edition that has the same policy.
func (j *judge) machines() iter.Seq2[limits.Windows, limits.Windows] {
	return func(yield func(w, first limits.Windows) bool) {
		s := &j.scenario
		if s.AcceptTime.sampler() == nil && reflect.ValueOf(s.Settings).IsZero() && s.Service < limits.Licence {
			for _, m := range plainMachines()[s.Service] {
				if !yield(m.windows, m.first) {
					return
				}
			}
			return
		}
		for _, w := range s.machines() {
			if !yield(w, w) {
				return
			}
		}
	}
}

// A machine is an edition, with the first edition that has the same policy.
type machine struct{ windows, first limits.Windows }

// policyKey is the part of a policy on which the share that is lost can depend.
type policyKey struct {
	unit                                        limits.Unit
	discipline                                  limits.Discipline
	limit, ceiling, queue                       limits.Limit
	queueTimeout, idleTimeout                   time.Duration
	closesAfterRequest, closesHTTP10, logsQueue bool
	syn                                         limits.SYNSchedule
	releaseInterval, eventInterval              time.Duration
	timeWait                                    limits.TimeWait
	perDestination                              bool
}

// plainMachines has the machines without settings, by service.
var plainMachines = sync.OnceValue(func() *[limits.Licence][]machine {
	list := new([limits.Licence][]machine)
	for service := range list {
		s := Scenario{Service: limits.Service(service)}
		firsts := map[policyKey]limits.Windows{}
		for _, w := range s.machines() {
			host, err := simulate.New(w, nil)
			if err != nil {
				continue
			}
			p, err := host.Policy(s.Service)
			if err != nil {
				continue // absent, or unknown
			}
			key := policyKey{
				unit: p.Rule.Unit, discipline: p.Discipline, limit: p.Limit, ceiling: p.Ceiling, queue: p.Queue,
				queueTimeout: p.QueueTimeout, idleTimeout: p.IdleTimeout,
				closesAfterRequest: p.ClosesAfterRequest, closesHTTP10: p.ClosesHTTP10, logsQueue: p.LogsQueue,
				syn: p.SYN, releaseInterval: p.ReleaseInterval, eventInterval: p.EventInterval,
				timeWait: p.TimeWait, perDestination: p.PerDestination,
			}
			first, ok := firsts[key]
			if !ok {
				firsts[key], first = w, w
			}
			list[service] = append(list[service], machine{w, first})
		}
	}
	return list
})

// SuitableNames returns the names of the editions in Suitable. If all editions of a
// product are suitable, at all their service packs, it returns the name of the product
// in place of theirs.
func (j *Judgement) SuitableNames() []string {
	suits := map[limits.Edition]bool{}
	for _, w := range j.Suitable {
		suits[w.Edition] = true
	}
	var names []string
	for at, w := range j.Suitable {
		product := w.Edition.Product()
		whole := !slices.ContainsFunc(j.Suitable, func(w limits.Windows) bool {
			return w.Edition.Product() == product && w.ServicePack != limits.UnknownServicePack
		})
		for e := range limits.Editions() {
			whole = whole && (e.Product() != product || suits[e])
		}
		switch name := w.String(); {
		case !whole:
			names = append(names, name)
		case at == 0 || j.Suitable[at-1].Edition.Product() != product:
			names = append(names, product)
		}
	}
	return names
}

// rank orders limits: absent, the numbers, unlimited.
func rank(l limits.Limit) int64 {
	n, isNumber := l.Number()
	switch {
	case isNumber:
		return int64(n)
	case l.IsUnlimited():
		return math.MaxInt64
	}
	return -1
}

func lesser(a, b limits.Limit) limits.Limit {
	return slices.MinFunc([]limits.Limit{a, b}, func(a, b limits.Limit) int { return cmp.Compare(rank(a), rank(b)) })
}

func greater(a, b limits.Limit) limits.Limit {
	return slices.MaxFunc([]limits.Limit{a, b}, func(a, b limits.Limit) int { return cmp.Compare(rank(a), rank(b)) })
}
