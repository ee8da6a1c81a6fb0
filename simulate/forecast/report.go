package forecast

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Report is what happened in a run: a plain value that survives JSON, where
// times are text. It counts what the limit counts (see Unit): connections,
// sessions, requests or dials. What was asked for before Scenario.Warmup is not
// counted, with its retries; Clients, Visits, Served and the Timeline are of the
// whole run.
type Report struct {
	Name    string         `json:"name,omitempty"`
	Windows limits.Windows `json:"windows"`
	Service limits.Service `json:"service"`
	// Unit is what the rule counts, Limit the one in force, Discipline what met
	// the attempt over the limit. limits.Lookup has the rest of the rule.
	Unit       limits.Unit       `json:"unit"`
	Limit      limits.Limit      `json:"limit"`
	Discipline limits.Discipline `json:"discipline"`
	Seed       uint64            `json:"seed"`
	// Length is the virtual time that passed, which is Until if that is given.
	Length time.Duration `json:"length"`

	// Clients is how many came, of the Planned that the scenario has: a run that
	// is cut short may end before all have come. Visits is how many visits they
	// finished, and Served in how many of those nothing was turned away and every
	// dial connected.
	Clients int64 `json:"clients"`
	Planned int64 `json:"planned"`
	Visits  int64 `json:"visits"`
	Served  int64 `json:"served"`

	// Asked is how many connections, sessions, requests or dials wanted a slot.
	// Each of them ended in one of the next lines, Unfinished being those that
	// a run cut short left undecided. Admitted counts all that got in, and
	// Waited those of them that waited first, as simulate.Stats does. Retrying
	// counts those of Unfinished whose last try got its slot: dials that do not
	// connect and will be tried again.
	Asked      int64 `json:"asked"`
	Admitted   int64 `json:"admitted"`
	Waited     int64 `json:"waited"`
	Refused    int64 `json:"refused"`
	TimedOut   int64 `json:"timedOut"`
	Abandoned  int64 `json:"abandoned"`
	Unfinished int64 `json:"unfinished"`
	Retrying   int64 `json:"retrying,omitempty"`
	// Attempts counts every try, retries included.
	Attempts int64 `json:"attempts"`

	// Wait is how long those that were admitted had been in the queue.
	Wait Waits `json:"wait"`
	// Held and Queued are the slots held and the attempts in the queue;
	// FullShare is the share of the time in which no slot was free.
	Held      Level   `json:"held"`
	Queued    Level   `json:"queued"`
	FullShare float64 `json:"fullShare"`

	// Backlog is about connections that the program had not accepted. They are
	// in none of the numbers above but Asked, Attempts and, if they were refused
	// there, Refused.
	Backlog Backlog `json:"backlog,omitzero"`

	// Assumed is what the scenario left open and the report depends on.
	Assumed []Assumption `json:"assumed,omitempty"`
	// Seen is what the clients saw and what Windows logged, what did not happen
	// being left out.
	Seen []Seen `json:"seen,omitempty"`
	// Timeline is the run from its start to its end, warm-up included, in at
	// most 64 steps of equal length.
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

// Level is the mean over time, and the peak, of a number.
type Level struct {
	Mean float64 `json:"mean"`
	Peak int64   `json:"peak"`
}

// Seen is one thing that clients saw or Windows logged, and how often. It is
// one of three: a Symptom of the limit in force; the Answer of a destination
// that was dialled; or, where it is not known how the limit looks, the bare
// Outcome of what got no slot. Each try counts, when its wait is over or its
// answer is there. A request that waits and gets no slot has the symptom of
// waiting.
type Seen struct {
	Symptom limits.Symptom   `json:"symptom,omitzero"`
	Answer  Answer           `json:"answer,omitzero"`
	Outcome simulate.Outcome `json:"outcome,omitzero"`
	Count   int64            `json:"count"`
}

// String returns what was seen, for people, without the count.
func (s Seen) String() string {
	switch {
	case s.Symptom != limits.UnknownSymptom:
		return s.Symptom.String()
	case s.Answer == Reset:
		return "connection reset by the destination"
	case s.Answer == Unanswered:
		return "no answer from the destination"
	case s.Answer != NotDialled:
		return s.Answer.String()
	case s.Outcome == simulate.TimedOut:
		return "timed out waiting for a slot"
	}
	return s.Outcome.String()
}

// Timeline is a run in steps of equal length. What happens where a step ends
// belongs to the next.
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

// Step is one step of a Timeline: what was held, queued and in the backlog, how
// many attempts the limit let in, and how many it or the backlog refused.
type Step struct {
	Held     Level `json:"held"`
	Queued   Level `json:"queued"`
	Backlog  Level `json:"backlog,omitzero"`
	Admitted int64 `json:"admitted"`
	Refused  int64 `json:"refused"`
}

// Lost is the share of what was asked for whose last try got no slot: refused,
// timed out, abandoned, or, when the run was cut short, still in the queue or
// between two tries. That a dial has its slot and does not connect is not the
// limit's doing, so that Retrying is left out. Lost is 0 if nothing was asked for.
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
	// Merging rounds the areas, so that a difference of nothing may be a little.
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
		add(Seen{Outcome: simulate.TimedOut}, r.TimedOut)
	case k.plan.bound > 0:
		add(Seen{Symptom: rule.Symptom()}, r.Waited+r.TimedOut+r.Abandoned)
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

// rule returns the rule for what it looks like from outside. A setting may have
// brought a limit to an edition whose rule has none; it looks as it does elsewhere.
func (p *plan) rule() limits.Rule {
	rule := p.policy.Rule
	rule.Discipline = p.policy.Discipline
	return rule
}
