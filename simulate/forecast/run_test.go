package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/queueing"
)

var (
	loss  = Scenario{Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS}
	queue = Scenario{Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS}
)

// traffic offers load erlangs to c slots.
func traffic(s Scenario, c int, load float64, clients int) Scenario {
	s.Settings.Limits = map[limits.Service]int{s.Service: c}
	s.Clients = clients
	s.Arrive = Poisson(time.Duration(float64(time.Second) / load))
	s.ServiceTime = Exponential(time.Second)
	// Neither the start, when nobody is there, nor the end, when nobody comes,
	// counts.
	s.Warmup = Duration(20 * time.Second)
	s.Until = Duration(0.97 * float64(clients) / load * float64(time.Second))
	return s
}

// within4 checks an estimate against the exact value.
func within4(t *testing.T, exact float64, e Estimate, what string) {
	t.Helper()
	assert.InDelta(t, exact, e.Mean, 4*e.StandardError, "%s: %v", what, e)
	assert.Less(t, e.StandardError, 0.1*exact, "%s: too few clients to tell", what)
}

const seeds = 30

func TestErlangB(t *testing.T) {
	for _, c := range []struct {
		servers int
		load    float64
	}{{10, 7}, {20, 18}} {
		r, err := Replicate(t.Context(), traffic(loss, c.servers, c.load, 6_000), seeds)
		require.NoError(t, err)
		blocking, err := queueing.ErlangB(c.servers, c.load)
		require.NoError(t, err)
		within4(t, blocking, r.Refused, "refused")
		within4(t, blocking, r.FullShare, "time without a free slot")
		within4(t, c.load*(1-blocking), r.Held, "held")
	}
}

func TestErlangC(t *testing.T) {
	r, err := Replicate(t.Context(), traffic(queue, 10, 7, 8_000), seeds)
	require.NoError(t, err)
	exact, err := queueing.ErlangC(10, 7)
	require.NoError(t, err)
	within4(t, exact.Waiting, r.Waiting, "waiting")
	within4(t, exact.MeanWait, r.MeanWait, "mean wait")
	within4(t, exact.MeanQueue, r.Queued, "queued")
	for _, one := range r.Reports {
		assert.Zero(t, one.Refused)
	}
}

func TestFiniteQueue(t *testing.T) {
	s := traffic(queue, 10, 10, 6_000)
	exact, err := queueing.MMcK(10, 20, 10)
	require.NoError(t, err)
	var refused, waiting, wait, queued [seeds]float64
	for i := range seeds {
		// The queue of Windows is longer, and cannot be set.
		s.Seed = uint64(i)
		p, err := s.compile()
		require.NoError(t, err)
		p.gate.bound = 10
		var r Report
		require.NoError(t, p.run(t.Context(), &r, nil))
		refused[i], waiting[i] = ratio(r.Refused, r.Asked-r.Unfinished), ratio(r.Waited, r.Admitted)
		wait[i], queued[i] = r.Wait.Mean.seconds(), r.Queued.Mean
	}
	within4(t, exact.Blocking, estimateOf(refused[:]), "refused")
	within4(t, exact.Waiting, estimateOf(waiting[:]), "waiting")
	within4(t, exact.MeanWait, estimateOf(wait[:]), "mean wait")
	within4(t, exact.MeanQueue, estimateOf(queued[:]), "queued")
}

// few is a finite population: n clients who think and come again.
func few(n, servers int, load float64, until time.Duration) Scenario {
	s := loss
	s.Settings.Limits = map[limits.Service]int{s.Service: servers}
	s.Clients = n
	s.ServiceTime = Exponential(time.Second)
	s.Away = Exponential(time.Duration(float64(time.Second) / load))
	s.Visits = Forever
	s.Until = Duration(until)
	s.Warmup = Duration(30 * time.Second)
	return s
}

func TestEngset(t *testing.T) {
	r, err := Replicate(t.Context(), few(20, 10, 0.5, 1000*time.Second), seeds)
	require.NoError(t, err)
	exact, err := queueing.Engset(20, 10, 0.5)
	require.NoError(t, err)
	within4(t, exact.CallCongestion, r.Refused, "refused")
	within4(t, exact.TimeCongestion, r.FullShare, "time without a free slot")
	within4(t, exact.Carried, r.Held, "held")
}

// TestEngsetTendsToErlangB: many clients who seldom come are a Poisson process.
func TestEngsetTendsToErlangB(t *testing.T) {
	erlang, err := queueing.ErlangB(10, 7)
	require.NoError(t, err)
	previous := 1.0
	for _, n := range []int{14, 40, 200} {
		// The load that the idle ones offer is 7 erlangs.
		load := 7 / (float64(n) - 7*(1-erlang))
		exact, err := queueing.Engset(n, 10, load)
		require.NoError(t, err)
		r, err := Replicate(t.Context(), few(n, 10, load, 600*time.Second), seeds)
		require.NoError(t, err)
		within4(t, exact.CallCongestion, r.Refused, "refused")
		distance := math.Abs(erlang - r.Refused.Mean)
		assert.Less(t, distance, previous, "%d clients", n)
		previous = distance
	}
	assert.Less(t, previous, 0.008)
}

// TestInsensitivity: in a loss system only the mean of the service time counts.
func TestInsensitivity(t *testing.T) {
	blocking, err := queueing.ErlangB(10, 7)
	require.NoError(t, err)
	for _, d := range []Dist{
		Constant(time.Second), Uniform(0, 2*time.Second), Lognormal(time.Second, 2.5), Hyperexponential(time.Second, 6),
		Empirical(time.Second/2, time.Second/2, 2*time.Second),
	} {
		s := traffic(loss, 10, 7, 4_000)
		s.ServiceTime = d
		r, err := Replicate(t.Context(), s, seeds)
		require.NoError(t, err)
		within4(t, blocking, r.Refused, d.String())
	}
}

func TestFortyAtOnce(t *testing.T) {
	const hold = 7 * time.Second
	s := loss
	s.Clients, s.ServiceTime = 40, Constant(hold)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Admitted)
	assert.EqualValues(t, 30, r.Refused)
	assert.EqualValues(t, 10, r.Served)
	assert.Equal(t, Duration(hold), r.Length)
	assert.Equal(t, Level{10, 10}, r.Held)
	assert.InDelta(t, 0.75, r.Lost(), 0)
	assert.InDelta(t, 1, r.FullShare, 0)
	assert.Equal(t, []Sight{{limits.SymptomHTTP4039.String(), 30}}, r.Seen)

	s.Windows = queue.Windows
	var last ClientOutcome
	for o, err := range Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		last = o
	}
	assert.EqualValues(t, 40, r.Admitted)
	assert.EqualValues(t, 30, r.Waited)
	assert.Equal(t, Duration(4*hold), r.Length)
	assert.Equal(t, ClientOutcome{Client: 39, Outcome: Waited, Attempts: 1, Decided: Duration(3 * hold), Left: Duration(4 * hold)}, last)
	assert.Equal(t, Waits{Mean: Duration(hold * 3 / 2), P50: Duration(hold), P90: Duration(3 * hold), P95: Duration(3 * hold), P99: Duration(3 * hold), Max: Duration(3 * hold)}, r.Wait)
	assert.EqualValues(t, 30, r.Queued.Peak)

	// Raised to 40, as adsutil does, XP serves them all.
	s.Windows, s.Settings.MaxConnections = loss.Windows, 40
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 40, r.Served)
	assert.Equal(t, limits.Number(40), r.Limit)
}

func TestRunHundredDeadDestinations(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 100, Destinations: Destinations{Dead: 1},
	}
	var r Report
	i := 0
	for o, err := range Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		require.Equal(t, Duration(i/10)*Duration(21*time.Second), o.Decided, "dial %d", i)
		require.Equal(t, Unanswered, o.Answer)
		i++
	}
	assert.Equal(t, Duration(210*time.Second), r.Length)
	assert.Equal(t, []Sight{{limits.SymptomEvent4226.String(), 1}, {"no answer from the destination", 100}}, r.Seen)

	s.Windows.ServicePack = 1
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, Duration(21*time.Second), r.Length)
	assert.Equal(t, 100, int(r.Held.Peak))
	assert.Equal(t, limits.Unlimited(), r.Limit)
	assert.Zero(t, r.FullShare)
}

func TestRunReleasesAtAFixedRate(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: Settings{HalfOpen: HalfOpenSettings{ReleaseRate: 2}},
		Clients:  15, Destinations: Destinations{RoundTrip: Constant(100 * time.Millisecond)},
	}
	var times []Duration
	for o, err := range Outcomes(t.Context(), s, nil) {
		require.NoError(t, err)
		if o.Outcome == Waited {
			times = append(times, o.Decided)
		}
	}
	half := Duration(time.Second / 2)
	assert.Equal(t, []Duration{half, 2 * half, 3 * half, 4 * half, 5 * half}, times)
}

func TestRunLogsOncePerInterval(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		want     int64
	}{{0, 1}, {time.Minute, 4}, {time.Hour, 1}} {
		s := Scenario{
			Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
			Settings: Settings{HalfOpen: HalfOpenSettings{EventInterval: c.interval}},
			Clients:  100, Destinations: Destinations{Dead: 1},
		}
		r, err := Run(t.Context(), s)
		require.NoError(t, err)
		// The queue lasts from 0 to 189 s.
		assert.Equal(t, Sight{limits.SymptomEvent4226.String(), c.want}, r.Seen[0], "%v", c.interval)
		assert.Equal(t, Duration(210*time.Second), r.Length)
	}
}

func TestPatienceRunsWhileDialling(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 20, Destinations: Destinations{Dead: 1}, Patience: Constant(30 * time.Second),
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 20, r.Admitted, "the second ten get their slots at 21 s")
	assert.Equal(t, Duration(30*time.Second), r.Length, "and give up 9 s later")

	s.Patience = Constant(20 * time.Second)
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Admitted)
	assert.EqualValues(t, 10, r.TimedOut)
	assert.Equal(t, Duration(20*time.Second), r.Length)
}

func TestSessionsStayIdle(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPHome}, Service: limits.SMB,
		Clients: 6, Arrive: Every(time.Minute), ServiceTime: Constant(time.Minute), Idle: Constant(8 * time.Hour),
	}
	for _, c := range []struct {
		name       string
		disconnect Duration
		length     time.Duration
		refused    int64
	}{
		{"15 minutes", Duration(15 * time.Minute), 4*time.Minute + 16*time.Minute, 1},
		{"two minutes", Duration(2 * time.Minute), 5*time.Minute + 3*time.Minute, 0},
		{"never", 0, 4*time.Minute + time.Minute + 8*time.Hour, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s
			s.AutoDisconnect = c.disconnect
			r, err := Run(t.Context(), s)
			require.NoError(t, err)
			assert.Equal(t, c.refused, r.Refused)
			assert.Equal(t, Duration(c.length), r.Length)
		})
	}
}

func TestConnectionTimeoutEndsIdleConnections(t *testing.T) {
	for _, c := range []struct {
		edition limits.Edition
		setting time.Duration
		want    time.Duration
	}{
		{limits.Windows2000Professional, 0, 900 * time.Second},
		{limits.XPProfessional, 0, 300 * time.Second},
		{limits.XPProfessional, time.Minute, time.Minute},
		{limits.XPProfessionalX64, 0, 120 * time.Second},
		{limits.Windows7Professional, 0, 0}, // at rest it holds nothing
	} {
		s := Scenario{
			Windows: limits.Windows{Edition: c.edition}, Service: limits.IIS,
			Settings: Settings{ConnectionTimeout: c.setting},
			Clients:  1, ServiceTime: Constant(time.Second), Idle: Constant(time.Hour),
		}
		r, err := Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, Duration(c.want+time.Second), r.Length, "%v", c.edition)
	}
}

func TestBrowsersShareTheCap(t *testing.T) {
	// Five IE 6 fill ten connections (kb183110); the sixth gets none.
	s := loss
	s.Clients, s.Connections = 6, 2
	s.Requests, s.ServiceTime, s.ThinkTime, s.Idle = 3, Constant(time.Second), Constant(10*time.Second), Constant(time.Minute)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 12, r.Asked)
	assert.EqualValues(t, 2, r.Refused)
	assert.EqualValues(t, 5, r.Served)
	assert.EqualValues(t, 6, r.Visits)
	assert.Equal(t, Duration(3*time.Second+2*10*time.Second+time.Minute), r.Length)

	off := false
	s.Settings.AllowKeepAlive = &off
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10*3+2, r.Asked, "each request is a connection then")
	assert.Equal(t, Duration(3*time.Second+2*10*time.Second), r.Length)
}

func TestRetriesBackOff(t *testing.T) {
	s := loss
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	s.Clients = 1
	s.Retry = Retry{Max: 4, Backoff: Constant(time.Second), Factor: 2, Limit: Duration(5 * time.Second)}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 5, r.Attempts)
	assert.EqualValues(t, 1, r.Refused)
	assert.Equal(t, Duration((1+2+4+5)*time.Second), r.Length)
	assert.EqualValues(t, 5, r.Seen[0].Count)
}

func TestUntilLeavesTheRestUnfinished(t *testing.T) {
	s := queue
	s.Clients, s.ServiceTime = 40, Constant(10*time.Second)
	s.Until = Duration(15 * time.Second)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 20, r.Admitted)
	assert.EqualValues(t, 20, r.Unfinished)
	assert.Equal(t, s.Until, r.Length)
	assert.EqualValues(t, 10, r.Visits)
}

func TestSlotsThatNeverComeLeaveWaitersUnfinished(t *testing.T) {
	s := queue
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	s.Clients = 3
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 3, r.Unfinished)
	assert.EqualValues(t, 3, r.Queued.Peak)
}

func TestHorizon(t *testing.T) {
	s := loss
	s.Clients, s.Arrive = 300, Every(longest)
	r, err := Run(t.Context(), s)
	require.ErrorIs(t, err, ErrHorizon)
	assert.EqualValues(t, 293, r.Admitted)
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := traffic(queue, 10, 7, 1_000_000)
	n := 0
	for _, err := range Outcomes(ctx, s, nil) {
		if n++; n == 10 {
			cancel()
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	assert.Less(t, n, 2*contextEvery)

	_, err := Run(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Replicate(ctx, s, 3)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOutcomesBreak(t *testing.T) {
	var r Report
	for o, err := range Outcomes(t.Context(), traffic(loss, 10, 7, 1000), &r) {
		require.NoError(t, err)
		if o.Client == 99 {
			break
		}
	}
	assert.EqualValues(t, 100, r.Clients)
}

func TestOutcomesReportWhatIsWrong(t *testing.T) {
	for _, err := range Outcomes(t.Context(), Scenario{}, nil) {
		require.ErrorIs(t, err, ErrScenario)
	}
}

// TestSameBytes: the seed alone decides.
func TestSameBytes(t *testing.T) {
	s := traffic(queue, 10, 9.5, 1500)
	s.Seed = 42
	s.Patience = Lognormal(2*time.Second, 1)
	s.Retry = Retry{Max: 2, Backoff: Exponential(time.Second)}
	run := func() string {
		r, err := Replicate(t.Context(), s, 5)
		require.NoError(t, err)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		return string(text)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	first := run()
	for _, procs := range []int{1, 2, 5} {
		runtime.GOMAXPROCS(procs)
		require.Equal(t, first, run(), "GOMAXPROCS=%d", procs)
	}
	s.Seed = 43
	require.NotEqual(t, first, run())
}

// TestReportAddsUp: the report is the sum of the outcomes.
func TestReportAddsUp(t *testing.T) {
	s := traffic(queue, 3, 3.5, 4000)
	s.Warmup = 0
	s.Settings.QueueTimeout = 3 * time.Second
	s.Patience = Exponential(4 * time.Second)
	var r Report
	counts := map[Outcome]int64{}
	var waits []time.Duration
	for o, err := range Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		counts[o.Outcome]++
		if o.Outcome == Admitted || o.Outcome == Waited {
			waits = append(waits, time.Duration(o.Decided-o.Asked))
		}
	}
	assert.Equal(t, counts[Admitted]+counts[Waited], r.Admitted)
	assert.Equal(t, counts[Waited], r.Waited)
	assert.Equal(t, counts[TimedOut], r.TimedOut)
	assert.Equal(t, counts[Abandoned], r.Abandoned)
	assert.Positive(t, r.TimedOut)
	assert.Positive(t, r.Abandoned)
	slices.Sort(waits)
	at := func(share float64) time.Duration { return waits[int(math.Ceil(share*float64(len(waits))))-1] }
	for _, p := range []struct {
		share float64
		got   Duration
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
	assert.LessOrEqual(t, len(r.Timeline.Steps), timelineSteps)
}

func TestReportSurvivesJSON(t *testing.T) {
	r, err := Run(t.Context(), traffic(queue, 3, 2, 500))
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, r, back)

	o := ClientOutcome{Outcome: Waited, Answer: Reset, Asked: 1, Decided: 2, Left: 3}
	text, err = json.Marshal(o)
	require.NoError(t, err)
	var outcome ClientOutcome
	require.NoError(t, json.Unmarshal(text, &outcome))
	assert.Equal(t, o, outcome)
	require.Error(t, new(Answer).UnmarshalText([]byte("none")))
	_, err = Answer(99).MarshalText()
	require.Error(t, err)
	assert.Equal(t, "Answer(99)", Answer(99).String())
}

// TestMemoryStaysFlat: what a run keeps does not grow with those who have left,
// nor with the give-up times of those who need none any more.
func TestMemoryStaysFlat(t *testing.T) {
	s := traffic(queue, 10, 7, 50_000)
	s.Patience = Constant(24 * time.Hour)
	p, err := s.compile()
	require.NoError(t, err)
	k := kernel{plan: *p}
	k.init()
	require.NoError(t, k.run(t.Context()))
	assert.Less(t, len(k.conns), 200)
	assert.Less(t, cap(k.calendar.far), 1000)
	assert.Less(t, cap(*k.granted), 100)
}

func TestReplicateNeedsOne(t *testing.T) {
	_, err := Replicate(t.Context(), loss, 0)
	require.ErrorIs(t, err, ErrScenario)
	var bad *ScenarioError
	require.True(t, errors.As(err, &bad))
}

func TestStudentT(t *testing.T) {
	for _, c := range []struct {
		n    int
		want float64
	}{{1, 12.7062}, {20, 2.0860}, {21, 2.0796}, {29, 2.0452}, {60, 2.0003}, {1000, 1.9623}} {
		assert.InDelta(t, c.want, studentT(c.n), 1e-4, "%d", c.n)
	}
	assert.Equal(t, Estimate{Mean: 2, StandardError: 1, HalfWidth: 12.7062}, estimateOf([]float64{1, 3}))
	assert.Equal(t, Estimate{Mean: 4}, estimateOf([]float64{4}))
	assert.Equal(t, "2 ± 13", estimateOf([]float64{1, 3}).String())
	assert.Equal(t, "0.1 ± 0", estimateOf([]float64{0.1, 0.1, 0.1}).String())
	assert.Equal(t, "1234570 ± 0.0000012", Estimate{Mean: 1234567.8, HalfWidth: 1.234e-6}.String())
}

// TestNoTimeToDial: who has no time left does not take a slot, here as at the
// dialer.
func TestNoTimeToDial(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 20, Arrive: Every(time.Second), Patience: Empirical(0, 5*time.Second), Seed: 1,
		Destinations: Destinations{RoundTrip: Constant(time.Second / 2)},
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.NotZero(t, r.TimedOut)
	assert.Equal(t, int64(20), r.TimedOut+r.Admitted)
	p, err := s.compile()
	require.NoError(t, err)
	timedOut := int64(0)
	synctest.Test(t, func(*testing.T) {
		for _, o := range emulate(p) {
			if o.Outcome == TimedOut {
				timedOut++
			}
		}
	})
	assert.Equal(t, timedOut, r.TimedOut)
}

// TestNobodyEverGetsIn: the events of a gate that lets nobody in do not keep
// the run going.
func TestNobodyEverGetsIn(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients:  1,
		Settings: Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 0}},
	}
	for _, half := range []HalfOpenSettings{{ReleaseRate: 1000}, {EventInterval: time.Second}, {}} {
		s.Settings.HalfOpen = half
		r, err := Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, int64(1), r.Unfinished)
		assert.Zero(t, r.Length)
	}
	s.Settings.HalfOpen = HalfOpenSettings{ReleaseRate: 1000}
	s.Patience = Constant(longest)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, int64(1), r.TimedOut)
	assert.Equal(t, Duration(longest), r.Length, "in no time")
}

// TestWarmupRetries: what was asked for in the warm-up is not counted, whenever
// it was tried again.
func TestWarmupRetries(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 3,
		Settings: Settings{Limits: map[limits.Service]int{limits.IIS: 0}},
		Retry:    Retry{Max: 1, Backoff: Constant(20 * time.Second)},
		Warmup:   Duration(10 * time.Second),
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Asked)
	assert.Zero(t, r.Attempts)
	assert.Empty(t, r.Seen)

	s.Settings.Limits, s.Warmup = nil, Duration(time.Hour)
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Held)
}

// TestRetryAtOnce: no time grows by no factor.
func TestRetryAtOnce(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 1,
		Settings: Settings{Limits: map[limits.Service]int{limits.IIS: 0}},
		Retry:    Retry{Max: 5, Factor: 1e300},
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, int64(6), r.Attempts)
}

// TestExpectedLength: what ends an idle connection bounds the guess at the
// length of a run.
func TestExpectedLength(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB, Clients: 1,
		ServiceTime: Constant(time.Second), Idle: Constant(24 * time.Hour), AutoDisconnect: Duration(time.Minute),
	}
	p, err := s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(61*time.Second), p.expected)
	s.AutoDisconnect = 0
	p, err = s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(24*time.Hour+time.Second), p.expected)
}

// TestDialsGoOn: the next destination is another one, whatever became of the
// last dial.
func TestDialsGoOn(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 1, Requests: 5, ThinkTime: Constant(time.Second), ServiceTime: Constant(time.Minute),
		Destinations: Destinations{Refusing: 1, RoundTrip: Constant(100 * time.Millisecond)},
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 5, r.Admitted)
	assert.Equal(t, []Sight{{"connection reset by the destination", 5}}, r.Seen)
	assert.Equal(t, Duration(5*100*time.Millisecond+4*time.Second), r.Length, "nobody is served")
	assert.EqualValues(t, 1, r.Visits)
	assert.Zero(t, r.Served)

	// One that times out in the queue is not the last either.
	s.Clients, s.Destinations, s.Patience = 2, Destinations{Dead: 1}, Constant(10*time.Second)
	s.Settings.Limits = map[limits.Service]int{limits.TCPHalfOpen: 1}
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Asked)
	assert.EqualValues(t, 10, r.Admitted+r.TimedOut)
	assert.NotZero(t, r.TimedOut)
}

// TestRetryingIsNotLost: a dial that nobody answers has had its slot.
func TestRetryingIsNotLost(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 1}},
		Clients:  2, Destinations: Destinations{Dead: 1}, Retry: Retry{Max: 5, Backoff: Constant(10 * time.Second)},
	}
	for _, c := range []struct {
		until    time.Duration
		retrying int64
		lost     float64
	}{
		{20 * time.Second, 1, 0.5}, // one dials, the other waits
		{25 * time.Second, 2, 0},   // one is to dial again, the other dials
		{35 * time.Second, 1, 0.5}, // one waits to dial again
		{43 * time.Second, 2, 0},   // it dials
	} {
		s.Until = Duration(c.until)
		r, err := Run(t.Context(), s)
		require.NoError(t, err)
		assert.EqualValues(t, 2, r.Unfinished)
		assert.Equal(t, c.retrying, r.Retrying, "%v", c.until)
		assert.InDelta(t, c.lost, r.Lost(), 0, "%v", c.until)
		assert.Contains(t, strings.ReplaceAll(r.Summary(), "\n  ", " "), fmt.Sprintf("2 undecided at the end (%d of them to be dialled again)", c.retrying))
		seen := slices.ContainsFunc(r.Seen, func(s Sight) bool { return s.What == "no answer from the destination" })
		assert.Equal(t, c.until > 21*time.Second, seen, "what a client sees only later")
	}
}

// TestPartsOfLost: what is lost has no part larger than itself.
func TestPartsOfLost(t *testing.T) {
	r, err := Replicate(t.Context(), Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 16}},
		Clients:  300, Arrive: Every(time.Second), Until: Duration(5 * time.Minute), Patience: Uniform(time.Second, 30*time.Second),
		Destinations: Destinations{Dead: 0.84}, Retry: Retry{Max: 1, Backoff: Exponential(380 * time.Second)},
	}, 2)
	require.NoError(t, err)
	assert.NotZero(t, r.TimedOut.Mean)
	assert.LessOrEqual(t, r.Refused.Mean+r.TimedOut.Mean+r.Abandoned.Mean, r.Lost.Mean)
}

// TestThinkingTooLong: Windows closes a connection at rest between two requests
// as well as after the last, and the next request takes another one.
func TestThinkingTooLong(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS,
		Settings: Settings{ConnectionTimeout: time.Minute, Limits: map[limits.Service]int{limits.IIS: 1}},
		Clients:  2, Arrive: Trace(0, 62*time.Second), Requests: 3,
		ServiceTime: Constant(time.Second), ThinkTime: Empirical(90 * time.Second),
	}
	var outcomes []ClientOutcome
	var r Report
	for o, err := range Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		outcomes = append(outcomes, o)
	}
	at := func(seconds int) Duration { return Duration(seconds) * Duration(time.Second) }
	assert.Equal(t, []ClientOutcome{
		{Client: 0, Outcome: Admitted, Attempts: 1, Left: at(61)},
		{Client: 1, Outcome: Admitted, Attempts: 1, Asked: at(62), Decided: at(62), Left: at(123)},
		{Client: 0, Request: 1, Outcome: Refused, Attempts: 1, Asked: at(91), Decided: at(91), Left: at(91)},
		{Client: 1, Request: 1, Outcome: Admitted, Attempts: 1, Asked: at(153), Decided: at(153), Left: at(214)},
		{Client: 1, Request: 2, Outcome: Admitted, Attempts: 1, Asked: at(244), Decided: at(244), Left: at(245)},
	}, outcomes)
	assert.EqualValues(t, 1, r.Served)
	assert.Equal(t, at(245), r.Length)

	s.Settings.ConnectionTimeout = 2 * time.Minute
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Asked)
	assert.EqualValues(t, 1, r.Refused)
	assert.Equal(t, at(183), r.Length)
}

// cutScenario is a randomScenario that is cut short, warms up, or whose clients
// come for ever.
func cutScenario(r *rand.Rand) (s Scenario, queue int64) {
	s, queue, tied := randomScenario(r)
	if r.IntN(3) > 0 {
		s.Until = Duration(1 + r.Int64N(int64(2*time.Minute)))
	}
	if s.Until > 0 && !tied && r.IntN(2) == 0 {
		s.Visits, s.Away = Forever, Exponential(time.Duration(1+r.Int64N(int64(20*time.Second))))
	}
	switch r.IntN(4) {
	case 0:
		s.Warmup = Duration(r.Int64N(int64(max(s.Until, 1))))
	case 1:
		s.Arrive = Poisson(time.Duration(1 + r.Int64N(int64(1000*time.Hour)))) // gaps of many steps
	}
	return s, queue
}

// TestNothingIsLost: whatever the scenario, the sums of the timeline are the
// totals, each outcome is counted, and every slot, connection and group is
// accounted for.
func TestNothingIsLost(t *testing.T) {
	for i := range uint64(4000) {
		r := rand.New(rand.NewPCG(i, 8))
		s, queue := cutScenario(r)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		p, err := s.compile()
		require.NoError(t, err)
		p.gate.bound = queue
		p.expected >>= r.IntN(20) // a bad guess makes more merging
		var outcomes [Abandoned + 1]int64
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

		// The gate knows as many slots as the run.
		free := int64(0)
		for k.adm.sem.TryAcquire(1) {
			free++
		}
		require.Equal(t, k.limit, free+k.spare+k.held, "%d: %s", i, text)
		require.Equal(t, k.queued, k.adm.waiting.Load(), "%d: %s", i, text)
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
		var held, queued float64
		var admitted, refused, heldPeak, queuedPeak int64
		for j, st := range steps {
			length := float64(min(step, report.Length-Duration(j)*step))
			require.GreaterOrEqual(t, length, 0.0, "%d: %s", i, text)
			held += st.Held.Mean * length
			queued += st.Queued.Mean * length
			admitted += st.Admitted
			refused += st.Refused
			heldPeak, queuedPeak = max(heldPeak, st.Held.Peak), max(queuedPeak, st.Queued.Peak)
		}
		require.InEpsilon(t, 1+report.Held.Mean*float64(report.Length), 1+held, 1e-9, "%d: %s", i, text)
		require.InEpsilon(t, 1+report.Queued.Mean*float64(report.Length), 1+queued, 1e-9, "%d: %s", i, text)
		require.Equal(t, []int64{report.Held.Peak, report.Queued.Peak, k.refusals}, []int64{heldPeak, queuedPeak, refused}, "%d: %s", i, text)
		if k.plan.dials {
			require.Equal(t, k.answers[Connected]+k.answers[Reset]+k.answers[Unanswered]+k.held, admitted, "%d: %s", i, text)
		} else {
			require.Equal(t, report.Admitted, admitted, "%d: %s", i, text)
		}
	}
}

// TestBrokenOff: a run cut short has told of each dial what the whole run tells
// up to then.
func TestBrokenOff(t *testing.T) {
	for i := range uint64(1000) {
		r := rand.New(rand.NewPCG(i, 9))
		s, queue, _ := randomScenario(r)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		run := func(until Duration) (report Report, outcomes []ClientOutcome) {
			s.Until = until
			p, err := s.compile()
			require.NoError(t, err)
			p.gate.bound = queue
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
		until := 1 + Duration(r.Int64N(int64(whole.Length)))
		cut, told := run(until)
		var want []ClientOutcome
		var held float64
		for _, o := range all {
			if o.Decided <= until {
				want = append(want, o)
				held += float64(min(o.Left, until) - o.Decided)
			}
		}
		require.Equal(t, want, told, "%d: %s", i, text)
		require.EqualValues(t, len(want), cut.Asked-cut.Unfinished, "%d: %s", i, text)
		if s.Retry.Max == 0 || s.Service != limits.TCPHalfOpen {
			require.InEpsilon(t, 1+held, 1+cut.Held.Mean*float64(cut.Length), 1e-9, "%d: %s", i, text)
		}
	}
}

// TestNobodyAfterTheWarmup: what was before leaves no trace behind, not even one
// of rounding.
func TestNobodyAfterTheWarmup(t *testing.T) {
	for seed := range uint64(20) {
		r, err := Run(t.Context(), Scenario{
			Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS, Seed: seed,
			Clients: 200, ServiceTime: Exponential(24 * time.Hour), Warmup: Duration(60 * 24 * time.Hour),
			Visits: 2, Away: Uniform(100*24*time.Hour, 360*24*time.Hour),
		})
		require.NoError(t, err)
		require.Zero(t, r.Queued, "seed %d", seed)
	}
}

// TestWaits: percentiles are exact while there are few waiting times, and near
// enough when there are more.
func TestWaits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 200 {
		var w waits
		all := make([]int64, n/3, n) // who did not wait
		for range n - n/3 {
			v := r.Int64N(1 << r.IntN(62))
			w.add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		got := w.sum(int64(n))
		if n == 0 {
			require.Zero(t, got)
			continue
		}
		for _, p := range []struct {
			share float64
			got   Duration
		}{{0.5, got.P50}, {0.9, got.P90}, {0.95, got.P95}, {0.99, got.P99}} {
			exact := all[int(math.Ceil(p.share*float64(n)))-1]
			if n-n/3 <= len(w.few) {
				require.EqualValues(t, exact, p.got, "%d, %v", n, p.share)
			} else {
				require.InDelta(t, float64(exact), float64(p.got), 1+0.016*float64(exact), "%d, %v", n, p.share)
			}
		}
		require.EqualValues(t, all[n-1], got.Max)
	}
}

// TestRunAllocates: clients cost no allocation each, and a small run next to
// none, because its kernel does not escape.
func TestRunAllocates(t *testing.T) {
	allocations := func(s Scenario) float64 {
		return testing.AllocsPerRun(5, func() {
			_, err := Run(t.Context(), s)
			require.NoError(t, err)
		})
	}
	assert.LessOrEqual(t, allocations(lossScenario(100)), 9.0)
	for _, scenario := range []func(int) Scenario{lossScenario, queueScenario} {
		assert.InDelta(t, allocations(scenario(10_000)), allocations(scenario(40_000)), 12)
	}
}

// TestPlainRun: the short way for plain clients gives the report that the long
// one gives.
func TestPlainRun(t *testing.T) {
	short := 0
	for i := range uint64(3000) {
		s, queue := cutScenario(rand.New(rand.NewPCG(i, 10)))
		if i%2 == 0 {
			s.Connections, s.Requests, s.Visits, s.Retry, s.Idle = 0, 0, 0, Retry{}, Dist{}
		}
		p, err := s.compile()
		require.NoError(t, err)
		p.gate.bound = queue
		k := kernel{plan: *p}
		k.init()
		if k.plain != nil {
			short++
		}
		require.NoError(t, k.run(t.Context()))
		var got, want Report
		k.report(&got)

		p, err = s.compile()
		require.NoError(t, err)
		p.gate.bound = queue
		require.NoError(t, p.run(t.Context(), &want, func(ClientOutcome) bool { return true }))
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, want, got, "%d: %s", i, text)
	}
	require.Greater(t, short, 500)
}
