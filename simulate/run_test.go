package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"runtime"
	"slices"
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
	}
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
