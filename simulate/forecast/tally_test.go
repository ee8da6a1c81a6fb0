package forecast

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// cutScenario is a randomScenario that is cut short, warms up, or whose clients
// come for ever.
func cutScenario(r *rand.Rand) (s Scenario, queue int64) {
	s, queue, tied := randomScenario(r)
	if r.IntN(3) > 0 {
		s.Until = time.Duration(1 + r.Int64N(int64(2*time.Minute)))
	}
	if s.Until > 0 && !tied && r.IntN(2) == 0 {
		s.Visits, s.Away = Forever, Exponential(time.Duration(1+r.Int64N(int64(20*time.Second))))
	}
	if s.Service != limits.TCPHalfOpen && r.IntN(2) == 0 {
		s.AcceptTime, s.Backlog = Exponential(time.Duration(1+r.Int64N(int64(2*time.Second)))), r.IntN(5)
		s.WindowsClients = r.IntN(2) == 0
	}
	switch r.IntN(4) {
	case 0:
		s.Warmup = time.Duration(r.Int64N(int64(max(s.Until, 1))))
	case 1:
		s.Arrive = Poisson(time.Duration(1 + r.Int64N(int64(1000*time.Hour)))) // gaps of many steps
	}
	return s, queue
}

// For any scenario the sums of the timeline are the totals, each outcome is counted, and
// every slot, connection and group is accounted for.
func TestNothingIsLost(t *testing.T) {
	for i := range uint64(4000) {
		r := rand.New(rand.NewPCG(i, 8))
		s, queue := cutScenario(r)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		p, err := compileWith(&s, queue)
		require.NoError(t, err)
		p.expected >>= r.IntN(20) // a bad guess makes more merging
		var outcomes [simulate.Abandoned + 1]int64
		k := kernel{plan: *p, yield: func(o ClientOutcome) bool {
			if o.Asked >= s.Warmup {
				outcomes[o.Outcome]++
			}
			return true
		}}
		k.init()
		require.NoError(t, k.run(t.Context()))
		var report Report
		k.report(&report)
		require.Equal(t, outcomes, k.outcomes, "%d: %s", i, text)
		require.LessOrEqual(t, report.Retrying, report.Unfinished, "%d: %s", i, text)

		// The admission knows as many slots and waiters as the run.
		free := int64(0)
		waiting := int64(0)
		for _, w := range k.queue.tickets {
			if w != nil && k.adm.Leave(&w.waiter) {
				waiting++
			}
		}
		for k.adm.Try() {
			free++
		}
		require.Equal(t, k.limit, free+k.held, "%d: %s", i, text)
		require.Equal(t, k.queued, waiting, "%d: %s", i, text)
		if s.Until == 0 {
			ids := 0
			for id := k.firstFree; id >= 0; id = k.conns[id].group {
				ids++
			}
			require.Len(t, k.conns, ids, "%d: %s", i, text)
			require.Len(t, k.freeGroups, len(k.groups), "%d: %s", i, text)
			require.Zero(t, report.Unfinished, "%d: %s", i, text)
		}

		steps, step := report.Timeline.Steps, report.Timeline.Step
		require.LessOrEqual(t, len(steps), timelineSteps)
		if s.Warmup > 0 {
			continue
		}
		var held, queued, backlog float64
		var admitted, refused, heldPeak, queuedPeak, backlogPeak, backlogRefusals int64
		for j, st := range steps {
			length := float64(min(step, report.Length-time.Duration(j)*step))
			require.GreaterOrEqual(t, length, 0.0, "%d: %s", i, text)
			held += st.Held.Mean * length
			queued += st.Queued.Mean * length
			admitted += st.Admitted
			refused += st.Refused
			heldPeak, queuedPeak = max(heldPeak, st.Held.Peak), max(queuedPeak, st.Queued.Peak)
			backlog += st.Backlog.Mean * length
			backlogPeak = max(backlogPeak, st.Backlog.Peak)
		}
		if b := k.backlog; b != nil {
			backlogRefusals = b.refusals
			require.LessOrEqual(t, b.peak, b.limit)
			require.LessOrEqual(t, report.Backlog.Refused, min(report.Refused, b.refusals), "%d: %s", i, text)
		}
		require.InEpsilon(t, 1+report.Backlog.Held.Mean*float64(report.Length), 1+backlog, 1e-9, "%d: %s", i, text)
		require.InEpsilon(t, 1+report.Held.Mean*float64(report.Length), 1+held, 1e-9, "%d: %s", i, text)
		require.InEpsilon(t, 1+report.Queued.Mean*float64(report.Length), 1+queued, 1e-9, "%d: %s", i, text)
		require.Equal(t, []int64{report.Held.Peak, report.Queued.Peak, report.Backlog.Held.Peak, k.refusals + backlogRefusals},
			[]int64{heldPeak, queuedPeak, backlogPeak, refused}, "%d: %s", i, text)
		if k.plan.dials {
			require.Equal(t, k.answers[Connected]+k.answers[Reset]+k.answers[Unanswered]+k.held, admitted, "%d: %s", i, text)
		} else {
			require.Equal(t, report.Admitted, admitted, "%d: %s", i, text)
		}
	}
}

// A run cut short has told of each dial what the whole run tells up to then.
func TestBrokenOff(t *testing.T) {
	for i := range uint64(1000) {
		r := rand.New(rand.NewPCG(i, 9))
		s, queue, _ := randomScenario(r)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		run := func(until time.Duration) (report Report, outcomes []ClientOutcome) {
			s.Until = until
			p, err := compileWith(&s, queue)
			require.NoError(t, err)
			require.NoError(t, p.run(t.Context(), &report, func(o ClientOutcome) bool {
				outcomes = append(outcomes, o)
				return true
			}))
			return report, outcomes
		}
		whole, all := run(0)
		if whole.Length < 2 {
			continue
		}
		until := 1 + time.Duration(r.Int64N(int64(whole.Length)))
		cut, told := run(until)
		var want []ClientOutcome
		var held float64
		for _, o := range all {
			if o.Decided <= until {
				want = append(want, o)
				held += float64(min(o.Released, until) - o.Decided)
			}
		}
		require.Equal(t, want, told, "%d: %s", i, text)
		require.EqualValues(t, len(want), cut.Asked-cut.Unfinished, "%d: %s", i, text)
		if s.Retry.Max == 0 || s.Service != limits.TCPHalfOpen {
			require.InEpsilon(t, 1+held, 1+cut.Held.Mean*float64(cut.Length), 1e-9, "%d: %s", i, text)
		}
	}
}
