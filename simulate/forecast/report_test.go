package forecast_test

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// The report is the sum of the outcomes.
func TestReportAddsUp(t *testing.T) {
	s := forecast.Traffic(queue, 3, 3.5, 4000)
	s.Warmup = 0
	s.Settings.QueueTimeout = 3 * time.Second
	s.Patience = forecast.Exponential(4 * time.Second)
	var r forecast.Report
	counts := map[simulate.Outcome]int64{}
	var waits []time.Duration
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		counts[o.Outcome]++
		if o.Outcome == simulate.Admitted || o.Outcome == simulate.Waited {
			waits = append(waits, time.Duration(o.Decided-o.Asked))
		}
	}
	assert.Equal(t, counts[simulate.Admitted]+counts[simulate.Waited], r.Admitted)
	assert.Equal(t, counts[simulate.Waited], r.Waited)
	assert.Equal(t, counts[simulate.TimedOut], r.TimedOut)
	assert.Equal(t, counts[simulate.Abandoned], r.Abandoned)
	assert.Positive(t, r.TimedOut)
	assert.Positive(t, r.Abandoned)
	slices.Sort(waits)
	at := func(share float64) time.Duration { return waits[int(math.Ceil(share*float64(len(waits))))-1] }
	for _, p := range []struct {
		share float64
		got   time.Duration
	}{{0.5, r.Wait.P50}, {0.9, r.Wait.P90}, {0.95, r.Wait.P95}, {0.99, r.Wait.P99}} {
		assert.InEpsilon(t, at(p.share), time.Duration(p.got), 0.01, "percentile %v", p.share)
	}
	assert.Equal(t, waits[len(waits)-1], time.Duration(r.Wait.Max))

	var held, queued float64
	var admitted int64
	for i, step := range r.Timeline.Steps {
		length := min(float64(r.Timeline.Step), float64(r.Length)-float64(i)*float64(r.Timeline.Step))
		held += step.Held.Mean * length
		queued += step.Queued.Mean * length
		admitted += step.Admitted
	}
	assert.InEpsilon(t, r.Held.Mean*float64(r.Length), held, 1e-9)
	assert.InEpsilon(t, r.Queued.Mean*float64(r.Length), queued, 1e-9)
	assert.Equal(t, r.Admitted, admitted)
	assert.LessOrEqual(t, len(r.Timeline.Steps), 64)
}

func TestReportSurvivesJSON(t *testing.T) {
	r, err := forecast.Run(t.Context(), forecast.Traffic(queue, 3, 2, 500))
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back forecast.Report
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, r, back)

	s := fortyAtOnce()
	refused, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	text, err = json.Marshal(refused)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"seen":[{"symptom":"http-403.9","count":30}]`)
	assert.Contains(t, string(text), `"assumed":["accepted-at-once"]`)
	assert.Contains(t, string(text), `"length":"1s"`)

	o := forecast.ClientOutcome{Outcome: simulate.Waited, Answer: forecast.Reset, Asked: 1, Decided: 2, Released: 3}
	text, err = json.Marshal(o)
	require.NoError(t, err)
	var outcome forecast.ClientOutcome
	require.NoError(t, json.Unmarshal(text, &outcome))
	assert.Equal(t, o, outcome)
	require.Error(t, new(forecast.Answer).UnmarshalText([]byte("none")))
	_, err = forecast.Answer(99).MarshalText()
	require.Error(t, err)
	assert.Equal(t, "Answer(99)", forecast.Answer(99).String())
}

// A warm-up in which all happens leaves no trace in the report, not even by rounding.
func TestNothingAfterTheWarmup(t *testing.T) {
	for seed := range uint64(20) {
		r, err := forecast.Run(t.Context(), forecast.Scenario{
			Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS, Seed: seed,
			Clients: 200, ServiceTime: forecast.Exponential(24 * time.Hour), Warmup: 60 * 24 * time.Hour,
			Visits: 2, Away: forecast.Uniform(100*24*time.Hour, 360*24*time.Hour),
		})
		require.NoError(t, err)
		require.Zero(t, r.Queued, "seed %d", seed)
	}
}

// A demand whose first attempt is in the warm-up is not counted, whenever it is
// retried.
func TestWarmupRetries(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 3,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.IIS: 0}},
		Retry:    forecast.Retry{Max: 1, Backoff: forecast.Constant(20 * time.Second)},
		Warmup:   10 * time.Second,
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Asked)
	assert.Zero(t, r.Attempts)
	assert.Empty(t, r.Seen)

	s.Settings.Limits, s.Warmup = nil, time.Hour
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Held)
}

// A client that tries again has seen that its wait was in vain.
func TestEveryTryIsSeen(t *testing.T) {
	dials := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows10Pro}, Service: limits.TCPHalfOpen, Clients: 3,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 1}},
		Patience: forecast.Constant(5 * time.Second), Retry: forecast.Retry{Max: 1},
		Destinations: forecast.Destinations{RoundTrip: forecast.Constant(6 * time.Second)},
	}
	requests := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows10Pro}, Service: limits.IIS, Clients: 3,
		Settings:    simulate.Settings{Limits: map[limits.Service]int{limits.IIS: 1}, QueueTimeout: 5 * time.Second},
		ServiceTime: forecast.Constant(20 * time.Second), Retry: forecast.Retry{Max: 2},
	}
	abandoned := requests
	abandoned.Settings.QueueTimeout, abandoned.Patience = 0, forecast.Constant(5*time.Second)
	late := requests
	late.Arrive, late.Warmup = forecast.Trace(0, time.Second, 3*time.Second), 2*time.Second
	for _, c := range []struct {
		scenario          forecast.Scenario
		timeouts, abandon int64
		want              []forecast.Seen
	}{
		{dials, 2, 0, []forecast.Seen{{Answer: forecast.Unanswered, Count: 2}, {Outcome: simulate.TimedOut, Count: 4}}},
		{requests, 2, 0, []forecast.Seen{{Symptom: limits.SymptomHTTPNoAnswer, Count: 6}}},
		{abandoned, 0, 2, []forecast.Seen{{Symptom: limits.SymptomHTTPNoAnswer, Count: 6}}},
		{late, 1, 0, []forecast.Seen{{Symptom: limits.SymptomHTTPNoAnswer, Count: 3}}},
	} {
		r, err := forecast.Run(t.Context(), c.scenario)
		require.NoError(t, err)
		seen := slices.DeleteFunc(r.Seen, func(s forecast.Seen) bool { return s.Symptom == limits.SymptomEvent4226 })
		assert.Equal(t, c.want, seen, "%v", c.scenario)
		assert.Equal(t, []int64{c.timeouts, c.abandon}, []int64{r.TimedOut, r.Abandoned}, "%v", c.scenario)
	}
}

// The steps of a timeline are as long as a person would make them, and none is
// left over for the last instant.
func TestStepsAreRound(t *testing.T) {
	for until, step := range map[time.Duration]time.Duration{
		8 * time.Hour: 450 * time.Second, 64 * time.Second: time.Second, 64*time.Second - 1: time.Second,
		time.Minute: 937500 * time.Microsecond, 1: 1, 100: 2,
	} {
		s := fortyAtOnce()
		s.ServiceTime, s.Until = forecast.Constant(24*time.Hour), until
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, step, r.Timeline.Step)
		assert.Len(t, r.Timeline.Steps, int((until+step-1)/step), "%v", until)
		assert.InDelta(t, 10, r.Timeline.Steps[len(r.Timeline.Steps)-1].Held.Mean, 1e-9, "%v", until)
	}
	// What happens at the last instant is in the last step.
	s := fortyAtOnce()
	s.Arrive, s.Clients, s.Until = forecast.Trace(0, 64*time.Second), 2, 64*time.Second
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	require.Len(t, r.Timeline.Steps, 64)
	assert.EqualValues(t, 1, r.Timeline.Steps[63].Admitted)
	assert.EqualValues(t, 2, r.Admitted)

	for seed := range uint64(50) {
		s := forecast.QueueScenario(1000)
		s.Seed = seed
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		digits := strings.TrimRight(strconv.FormatInt(int64(r.Timeline.Step), 10), "0")
		assert.LessOrEqual(t, len(digits), 3, "%v", r.Timeline.Step) // two, or three when two steps became one
	}
}
