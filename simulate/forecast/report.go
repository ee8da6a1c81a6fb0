package forecast

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Report is what happened in a run. Summary puts it into sentences, Lost is the
// number that most callers want, and package chart draws it. A Report is a plain
// value, and its JSON has times as text.
//
// It counts demands: the connections, sessions, requests or dials that need a slot.
// Demands whose first attempt is before Scenario.Warmup are left out, with their
// retries. Clients, Visits, Served and the Timeline are of the whole run.
type Report struct {
	// Name, Windows, Service and Seed are those of the scenario.
	Name    string         `json:"name,omitempty"`
	Windows limits.Windows `json:"windows"`
	Service limits.Service `json:"service"`
	// Unit is what the rule counts, Limit is the limit in force, and Discipline
	// says what happens to the attempt over it. limits.Lookup has the rest of the
	// rule.
	Unit       limits.Unit       `json:"unit"`
	Limit      limits.Limit      `json:"limit"`
	Discipline limits.Discipline `json:"discipline"`
	Seed       uint64            `json:"seed"`
	// Length is the virtual time that passed: Scenario.Until, if that is given.
	Length time.Duration `json:"length"`

	// Planned is the number of clients in the scenario, and Clients the number of
	// those that came before the run ended. Visits is the number of visits that
	// they finished. Served is the number of visits in which each demand got its
	// slot and each dial connected.
	Clients int64 `json:"clients"`
	Planned int64 `json:"planned"`
	Visits  int64 `json:"visits"`
	Served  int64 `json:"served"`

	// Asked is the number of demands. It is the sum of Admitted, Refused,
	// TimedOut, Abandoned and Unfinished. Admitted counts the demands that got a
	// slot, and Waited those of them that waited first, as simulate.Stats does.
	// Refused, TimedOut and Abandoned are as in simulate.Outcome. Unfinished counts the demands that were undecided when the run ended, and
	// Retrying those of them that had a slot: dials that did not connect and
	// would be retried.
	Asked      int64 `json:"asked"`
	Admitted   int64 `json:"admitted"`
	Waited     int64 `json:"waited"`
	Refused    int64 `json:"refused"`
	TimedOut   int64 `json:"timedOut"`
	Abandoned  int64 `json:"abandoned"`
	Unfinished int64 `json:"unfinished"`
	Retrying   int64 `json:"retrying,omitempty"`
	// Attempts is the number of attempts, retries included.
	Attempts int64 `json:"attempts"`

	// Wait is how long the admitted demands had been in the queue.
	Wait Waits `json:"wait"`
	// Held is the number of slots held, and Queued the number of attempts in the
	// queue. FullShare is the share of the time, from 0 to 1, in which no slot
	// was free.
	Held      Level   `json:"held"`
	Queued    Level   `json:"queued"`
	FullShare float64 `json:"fullShare"`

	// Backlog is about connections that the program has not accepted yet. They
	// hold no slot and are not in the queue. Asked and Attempts count them, and
	// Refused counts those that the backlog refuses.
	Backlog Backlog `json:"backlog,omitzero"`

	// Assumed is what the scenario left open and the report depends on.
	Assumed []Assumption `json:"assumed,omitempty"`
	// Seen is what the clients saw and what Windows logged.
	Seen []Seen `json:"seen,omitempty"`
	// Timeline is the whole run, warm-up included, in at most 64 steps.
	Timeline Timeline `json:"timeline"`
}

// reportJSON is Report with its time as text.
type reportJSON struct {
	*reportFields
	Length jsontime.Duration `json:"length"`
}

type reportFields Report

// MarshalJSON writes times as text, such as "1m30s".
func (r Report) MarshalJSON() ([]byte, error) {
	return json.Marshal(reportJSON{(*reportFields)(&r), jsontime.Duration(r.Length)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Report) UnmarshalJSON(data []byte) error {
	t := reportJSON{(*reportFields)(r), jsontime.Duration(r.Length)}
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("forecast: report: %w", err)
	}
	r.Length = time.Duration(t.Length)
	return nil
}

// Level is how a number went up and down: its mean over time, and its peak.
type Level struct {
	Mean float64 `json:"mean"`
	Peak int64   `json:"peak"`
}

// Seen is one thing that clients saw or Windows logged, and how often. One of three
// fields says what: Symptom is how the limit looks, Answer is what a dial met, and
// Outcome is all that is known where no source says how the limit looks. Each attempt
// counts, when its wait is over or its answer is there. A request that waits and gets
// no slot has the symptom of waiting.
type Seen struct {
	Symptom limits.Symptom   `json:"symptom,omitzero"`
	Answer  Answer           `json:"answer,omitzero"`
	Outcome simulate.Outcome `json:"outcome,omitzero"`
	Count   int64            `json:"count"`
}

// String returns what was seen, in words and without the count.
func (s Seen) String() string {
	switch {
	case s.Symptom != limits.UnknownSymptom:
		return s.Symptom.String()
	case s.Answer == Reset:
		return "connection reset by the destination"
	case s.Answer == Unanswered:
		return "no answer from the destination"
	case s.Answer == Connected:
		return "connected to the destination"
	case s.Outcome == simulate.TimedOut:
		return "timed out waiting for a slot"
	}
	return s.Outcome.String()
}

// Timeline is a run in steps of the same length, Step. The last step ends with the
// run. What happens where a step ends belongs to the next.
type Timeline struct {
	Step  time.Duration `json:"step"`
	Steps []Step        `json:"steps"`
}

// timelineJSON is Timeline with its time as text.
type timelineJSON struct {
	Step  jsontime.Duration `json:"step"`
	Steps []Step            `json:"steps"`
}

// MarshalJSON writes the time as text, such as "1m30s".
func (t Timeline) MarshalJSON() ([]byte, error) {
	return json.Marshal(timelineJSON{jsontime.Duration(t.Step), t.Steps})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Timeline) UnmarshalJSON(data []byte) error {
	var v timelineJSON
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("forecast: timeline: %w", err)
	}
	*t = Timeline{time.Duration(v.Step), v.Steps}
	return nil
}

// Step is one step of a Timeline.
type Step struct {
	// Held, Queued and Backlog are the number of slots held, of attempts in the
	// queue, and of connections in the listen backlog.
	Held    Level `json:"held"`
	Queued  Level `json:"queued"`
	Backlog Level `json:"backlog,omitzero"`
	// Admitted is the number of attempts that got a slot, and Refused the number
	// of those that the limit or the backlog refused.
	Admitted int64 `json:"admitted"`
	Refused  int64 `json:"refused"`
}

// Lost returns the share of the demands that got no slot, from 0 to 1: those that
// were refused, timed out or abandoned, and those that were in the queue or between
// two attempts when the run ended. Retrying is left out: that a dial with a slot does
// not connect is not the limit's doing. Lost is 0 if there were no demands.
func (r *Report) Lost() float64 {
	return ratio(r.Refused+r.TimedOut+r.Abandoned+r.Unfinished-r.Retrying, r.Asked)
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// report fills in the report.
func (k *kernel) report(r *Report) {
	t := &k.tally
	if !t.measuring {
		t.heldPeak, t.queuedPeak, t.full = 0, 0, 0
		t.heldBefore, t.queuedBefore = t.areas()
	}
	held, queued := t.areas()
	// Merging rounds the areas, so that a difference of 0 may come out a little off.
	if t.heldPeak == 0 {
		held = t.heldBefore
	}
	if t.queuedPeak == 0 {
		queued = t.queuedBefore
	}
	p, policy := &k.plan, &k.plan.policy
	measured := float64(max(0, k.now-t.warmup))
	*r = Report{
		Name: p.name, Windows: p.windows, Service: policy.Rule.Service, Seed: p.seed,
		Unit: policy.Rule.Unit, Limit: policy.Limit, Discipline: policy.Discipline,
		Length:  time.Duration(k.now),
		Clients: t.came, Planned: p.clients, Visits: t.visits, Served: t.served,
		Asked:    t.demands,
		Admitted: t.outcomes[simulate.Admitted] + t.outcomes[simulate.Waited], Waited: t.outcomes[simulate.Waited],
		Refused: t.outcomes[simulate.Refused], TimedOut: t.outcomes[simulate.TimedOut], Abandoned: t.outcomes[simulate.Abandoned],
		Attempts: t.attempts,
		Held:     Level{mean(held-t.heldBefore, measured), t.heldPeak},
		Queued:   Level{mean(queued-t.queuedBefore, measured), t.queuedPeak},
	}
	r.FullShare = mean(float64(t.full), measured)
	r.Unfinished = r.Asked - r.Admitted - r.Refused - r.TimedOut - r.Abandoned
	r.Retrying = t.retrying
	r.Wait = t.waits.sum(r.Admitted)
	if b := t.backlog; b != nil {
		area := t.backlogArea()
		if !t.measuring {
			b.peak = 0
		}
		if b.peak == 0 {
			b.before = area
		}
		r.Backlog = Backlog{
			Limit: p.backlog, Held: Level{mean(area-b.before, measured), b.peak},
			Refused: b.refused, Repeated: b.repeated, Wait: b.waits.sum(b.waits.n),
		}
	}
	r.Assumed = p.assume(r)
	r.Seen = k.seen(r)
	r.Timeline.Step = time.Duration(t.step)
	r.Timeline.Steps = append(t.steps, t.current)
	for i := range r.Timeline.Steps {
		// The last step ends with the run.
		length := float64(min(t.step, k.now-int64(i)*t.step))
		s := &r.Timeline.Steps[i]
		s.Held.Mean = mean(s.Held.Mean, length)
		s.Queued.Mean = mean(s.Queued.Mean, length)
		s.Backlog.Mean = mean(s.Backlog.Mean, length)
	}
}

func mean(area, length float64) float64 {
	if length <= 0 {
		return 0
	}
	return area / length
}

// seen returns what clients saw and Windows logged.
func (k *kernel) seen(r *Report) []Seen {
	var list []Seen
	add := func(s Seen, n int64) {
		if s.Count = n; n > 0 {
			list = append(list, s)
		}
	}
	if b := k.backlog; b != nil {
		add(Seen{Symptom: limits.SymptomConnectionRefused}, b.refusals)
		add(Seen{Symptom: limits.SymptomSlowConnect}, b.repeated)
	}
	rule := k.plan.rule()
	if k.refusals > 0 {
		refused := Seen{Symptom: rule.Refusal()}
		if k.plan.policy.PerDestination {
			refused.Symptom = limits.SymptomAddressInUse
		}
		if refused.Symptom == limits.UnknownSymptom {
			refused.Outcome = simulate.Refused
		}
		add(refused, k.refusals)
	}
	switch {
	case k.plan.dials:
		add(Seen{Symptom: k.plan.logged()}, k.logEntries)
		add(Seen{Answer: Connected}, k.answers[Connected])
		add(Seen{Answer: Reset}, k.answers[Reset])
		add(Seen{Answer: Unanswered}, k.answers[Unanswered])
		add(Seen{Outcome: simulate.TimedOut}, k.inVain)
	case k.plan.bound > 0:
		add(Seen{Symptom: rule.Symptom()}, r.Waited+k.inVain)
	}
	return list
}

// logged returns what is in the event log about dials.
func (p *plan) logged() limits.Symptom {
	switch p.policy.RefusalEvent {
	case limits.Event4231:
		return limits.SymptomEvent4231
	case limits.Event4227:
		return limits.SymptomEvent4227
	}
	return p.rule().Symptom()
}

// rule returns the rule with the symptoms of the limit in force. A setting can bring
// a limit to an edition whose rule has none. It then looks as it does elsewhere.
func (p *plan) rule() limits.Rule {
	rule := p.policy.Rule
	rule.Discipline = p.policy.Discipline
	return rule
}
