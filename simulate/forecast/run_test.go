package forecast_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/queueing"
)

var (
	loss  = forecast.Scenario{Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Idle: forecast.Constant(0)}
	queue = forecast.Scenario{Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS}
)

// year is the longest time that a scenario may name.
const year = 365 * 24 * time.Hour

func TestErlangB(t *testing.T) {
	for _, c := range []struct {
		servers int
		load    float64
	}{{10, 7}, {20, 18}} {
		r, err := forecast.Replicate(t.Context(), forecast.Traffic(loss, c.servers, c.load, 6_000), forecast.Seeds)
		require.NoError(t, err)
		blocking, err := queueing.ErlangB(c.servers, c.load)
		require.NoError(t, err)
		forecast.Within4(t, blocking, r.Refused, "refused")
		forecast.Within4(t, blocking, r.FullShare, "time without a free slot")
		forecast.Within4(t, c.load*(1-blocking), r.Held, "held")
	}
}

func TestErlangC(t *testing.T) {
	r, err := forecast.Replicate(t.Context(), forecast.Traffic(queue, 10, 7, 8_000), forecast.Seeds)
	require.NoError(t, err)
	exact, err := queueing.ErlangC(10, 7)
	require.NoError(t, err)
	forecast.Within4(t, exact.Waiting, r.Waited, "waiting")
	forecast.Within4(t, exact.MeanWait, r.MeanWait, "mean wait")
	forecast.Within4(t, exact.MeanQueue, r.Queued, "queued")
	for _, one := range r.Reports {
		assert.Zero(t, one.Refused)
	}
}

// few is a finite population: n clients that think and come again.
func few(n, servers int, load float64, until time.Duration) forecast.Scenario {
	s := loss
	s.Settings.Limits = map[limits.Service]int{s.Service: servers}
	s.Clients = n
	s.ServiceTime = forecast.Exponential(time.Second)
	s.Away = forecast.Exponential(time.Duration(float64(time.Second) / load))
	s.Visits = forecast.Forever
	s.Until = time.Duration(until)
	s.Warmup = 30 * time.Second
	return s
}

func TestEngset(t *testing.T) {
	r, err := forecast.Replicate(t.Context(), few(20, 10, 0.5, 1000*time.Second), forecast.Seeds)
	require.NoError(t, err)
	exact, err := queueing.Engset(20, 10, 0.5)
	require.NoError(t, err)
	forecast.Within4(t, exact.CallCongestion, r.Refused, "refused")
	forecast.Within4(t, exact.TimeCongestion, r.FullShare, "time without a free slot")
	forecast.Within4(t, exact.Carried, r.Held, "held")
}

// Many clients that seldom come are a Poisson process.
func TestEngsetTendsToErlangB(t *testing.T) {
	erlang, err := queueing.ErlangB(10, 7)
	require.NoError(t, err)
	previous := 1.0
	for _, n := range []int{14, 40, 200} {
		// The load that the idle ones offer is 7 erlangs.
		load := 7 / (float64(n) - 7*(1-erlang))
		exact, err := queueing.Engset(n, 10, load)
		require.NoError(t, err)
		r, err := forecast.Replicate(t.Context(), few(n, 10, load, 600*time.Second), forecast.Seeds)
		require.NoError(t, err)
		forecast.Within4(t, exact.CallCongestion, r.Refused, "refused")
		distance := math.Abs(erlang - r.Refused.Mean)
		assert.Less(t, distance, previous, "%d clients", n)
		previous = distance
	}
	assert.Less(t, previous, 0.008)
}

// In a loss system only the mean of the service time counts.
func TestInsensitivity(t *testing.T) {
	blocking, err := queueing.ErlangB(10, 7)
	require.NoError(t, err)
	for _, d := range []forecast.Dist{
		forecast.Constant(time.Second), forecast.Uniform(0, 2*time.Second), forecast.Lognormal(time.Second, 2.5), forecast.Hyperexponential(time.Second, 6),
		forecast.Empirical(time.Second/2, time.Second/2, 2*time.Second),
	} {
		s := forecast.Traffic(loss, 10, 7, 4_000)
		s.ServiceTime = d
		r, err := forecast.Replicate(t.Context(), s, forecast.Seeds)
		require.NoError(t, err)
		forecast.Within4(t, blocking, r.Refused, d.String())
	}
}

func TestFortyAtOnce(t *testing.T) {
	const hold = 7 * time.Second
	s := loss
	s.Clients, s.ServiceTime = 40, forecast.Constant(hold)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Admitted)
	assert.EqualValues(t, 30, r.Refused)
	assert.EqualValues(t, 10, r.Served)
	assert.Equal(t, time.Duration(hold), r.Length)
	assert.Equal(t, forecast.Level{10, 10}, r.Held)
	assert.InDelta(t, 0.75, r.Lost(), 0)
	assert.InDelta(t, 1, r.FullShare, 0)
	assert.Equal(t, []forecast.Seen{{Symptom: limits.SymptomHTTP4039, Count: 30}}, r.Seen)

	s.Windows = queue.Windows
	var last forecast.ClientOutcome
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		last = o
	}
	assert.EqualValues(t, 40, r.Admitted)
	assert.EqualValues(t, 30, r.Waited)
	assert.Equal(t, 4*hold, r.Length)
	assert.Equal(t, forecast.ClientOutcome{Client: 39, Outcome: simulate.Waited, Attempts: 1, Decided: 3 * hold, Released: 4 * hold}, last)
	assert.Equal(t, forecast.Waits{Mean: hold * 3 / 2, P50: time.Duration(hold), P90: 3 * hold, P95: 3 * hold, P99: 3 * hold, Max: 3 * hold}, r.Wait)
	assert.EqualValues(t, 30, r.Queued.Peak)

	// Raised to 40, as adsutil does, XP serves them all.
	s.Windows, s.Settings.MaxConnections = loss.Windows, 40
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 40, r.Served)
	assert.Equal(t, limits.Number(40), r.Limit)
}

func TestSessionsStayIdle(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPHome}, Service: limits.SMB,
		Clients: 6, Arrive: forecast.Every(time.Minute), ServiceTime: forecast.Constant(time.Minute), Idle: forecast.Constant(8 * time.Hour),
	}
	for _, c := range []struct {
		name       string
		disconnect time.Duration
		length     time.Duration
		refused    int64
	}{
		{"15 minutes", 15 * time.Minute, 4*time.Minute + 16*time.Minute, 1},
		{"two minutes", 2 * time.Minute, 5*time.Minute + 3*time.Minute, 0},
		{"never", 0, 4*time.Minute + time.Minute + 8*time.Hour, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s
			s.AutoDisconnect = c.disconnect
			r, err := forecast.Run(t.Context(), s)
			require.NoError(t, err)
			assert.Equal(t, c.refused, r.Refused)
			assert.Equal(t, c.length, r.Length)
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
		s := forecast.Scenario{
			Windows: limits.Windows{Edition: c.edition}, Service: limits.IIS,
			Settings: simulate.Settings{ConnectionTimeout: c.setting},
			Clients:  1, ServiceTime: forecast.Constant(time.Second), Idle: forecast.Constant(time.Hour),
		}
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, c.want+time.Second, r.Length, "%v", c.edition)
	}
}

func TestBrowsersShareTheCap(t *testing.T) {
	// Five IE 6 fill ten connections (kb183110); the sixth gets none.
	s := loss
	s.Clients, s.Connections = 6, 2
	s.Requests, s.ServiceTime, s.ThinkTime, s.Idle = 3, forecast.Constant(time.Second), forecast.Constant(10*time.Second), forecast.Constant(time.Minute)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 12, r.Asked)
	assert.EqualValues(t, 2, r.Refused)
	assert.EqualValues(t, 5, r.Served)
	assert.EqualValues(t, 6, r.Visits)
	assert.Equal(t, 3*time.Second+2*10*time.Second+time.Minute, r.Length)

	off := false
	s.Settings.AllowKeepAlive = &off
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10*3+2, r.Asked, "each request is a connection then")
	assert.Equal(t, 3*time.Second+2*10*time.Second, r.Length)
}

func TestRetriesBackOff(t *testing.T) {
	s := loss
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	s.Clients = 1
	s.Retry = forecast.Retry{Max: 4, Backoff: forecast.Constant(time.Second), Factor: 2, Limit: 5 * time.Second}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 5, r.Attempts)
	assert.EqualValues(t, 1, r.Refused)
	assert.Equal(t, (1+2+4+5)*time.Second, r.Length)
	assert.EqualValues(t, 5, r.Seen[0].Count)
}

func TestUntilLeavesTheRestUnfinished(t *testing.T) {
	s := queue
	s.Clients, s.ServiceTime = 40, forecast.Constant(10*time.Second)
	s.Until = 15 * time.Second
	r, err := forecast.Run(t.Context(), s)
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
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 3, r.Unfinished)
	assert.EqualValues(t, 3, r.Queued.Peak)
}

func TestHorizon(t *testing.T) {
	s := loss
	s.Clients, s.Arrive = 300, forecast.Every(year)
	r, err := forecast.Run(t.Context(), s)
	require.ErrorIs(t, err, forecast.ErrHorizon)
	assert.EqualValues(t, 293, r.Admitted)
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := forecast.Traffic(queue, 10, 7, 1_000_000)
	n := 0
	for _, err := range forecast.Outcomes(ctx, s, nil) {
		if n++; n == 10 {
			cancel()
		}
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	assert.Less(t, n, 2*(1<<13))

	_, err := forecast.Run(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
	_, err = forecast.Replicate(ctx, s, 3)
	require.ErrorIs(t, err, context.Canceled)
}

func TestOutcomesBreak(t *testing.T) {
	var r forecast.Report
	for o, err := range forecast.Outcomes(t.Context(), forecast.Traffic(loss, 10, 7, 1000), &r) {
		require.NoError(t, err)
		if o.Client == 99 {
			break
		}
	}
	assert.EqualValues(t, 100, r.Clients)
}

func TestOutcomesReportWhatIsWrong(t *testing.T) {
	for _, err := range forecast.Outcomes(t.Context(), forecast.Scenario{}, nil) {
		require.ErrorIs(t, err, forecast.ErrScenario)
	}
}

// The events of a gate that lets nothing in do not keep
// the run going.
func TestNothingEverGetsIn(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients:  1,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 0}},
	}
	for _, half := range []simulate.HalfOpenSettings{{ReleaseRate: 1000}, {EventInterval: time.Second}, {}} {
		s.Settings.HalfOpen = half
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, int64(1), r.Unfinished)
		assert.Zero(t, r.Length)
	}
	s.Settings.HalfOpen = simulate.HalfOpenSettings{ReleaseRate: 1000}
	s.Patience = forecast.Constant(year)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, int64(1), r.TimedOut)
	assert.Equal(t, time.Duration(year), r.Length, "in no time")
}

// No time grows by no factor.
func TestRetryAtOnce(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 1,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.IIS: 0}},
		Retry:    forecast.Retry{Max: 5, Factor: 1e300},
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, int64(6), r.Attempts)
}

// Windows closes a connection at rest between two requests
// as well as after the last, and the next request takes another one.
func TestThinkingTooLong(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS,
		Settings: simulate.Settings{ConnectionTimeout: time.Minute, Limits: map[limits.Service]int{limits.IIS: 1}},
		Clients:  2, Arrive: forecast.Trace(0, 62*time.Second), Requests: 3,
		ServiceTime: forecast.Constant(time.Second), ThinkTime: forecast.Empirical(90 * time.Second), Idle: forecast.Constant(0),
	}
	var outcomes []forecast.ClientOutcome
	var r forecast.Report
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		outcomes = append(outcomes, o)
	}
	at := func(seconds int) time.Duration { return time.Duration(seconds) * time.Second }
	assert.Equal(t, []forecast.ClientOutcome{
		{Client: 0, Outcome: simulate.Admitted, Attempts: 1, Released: at(61)},
		{Client: 1, Outcome: simulate.Admitted, Attempts: 1, Asked: at(62), Decided: at(62), Released: at(123)},
		{Client: 0, Request: 1, Outcome: simulate.Refused, Attempts: 1, Asked: at(91), Decided: at(91), Released: at(91)},
		{Client: 1, Request: 1, Outcome: simulate.Admitted, Attempts: 1, Asked: at(153), Decided: at(153), Released: at(214)},
		{Client: 1, Request: 2, Outcome: simulate.Admitted, Attempts: 1, Asked: at(244), Decided: at(244), Released: at(245)},
	}, outcomes)
	assert.EqualValues(t, 1, r.Served)
	assert.Equal(t, at(245), r.Length)

	s.Settings.ConnectionTimeout = 2 * time.Minute
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 2, r.Asked)
	assert.EqualValues(t, 1, r.Refused)
	assert.Equal(t, at(183), r.Length)
}

// Windows ends it between two requests also where the client itself closes at once
// after the second: the web server a connection, the file server a session.
func TestThinkingTooLongBetweenTwoRequests(t *testing.T) {
	web := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 1,
		Settings: simulate.Settings{ConnectionTimeout: time.Minute}, Requests: 2,
		ServiceTime: forecast.Constant(time.Second), ThinkTime: forecast.Constant(90 * time.Second), Idle: forecast.Constant(0),
	}
	files := web
	files.Windows.Edition, files.Service, files.AutoDisconnect = limits.XPHome, limits.SMB, time.Minute
	files.Settings = simulate.Settings{}
	for _, s := range []forecast.Scenario{web, files} {
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.EqualValues(t, 2, r.Asked, "%v", s.Service)
		assert.Equal(t, 92*time.Second, r.Length)
		assert.InDelta(t, 62.0/92, r.Held.Mean, 1e-9)
	}
}

// The connections of a visit have random numbers of their own.
func TestConnectionsDrawForThemselves(t *testing.T) {
	s := loss
	s.Clients, s.Connections, s.ServiceTime = 1, 3, forecast.Exponential(time.Minute)
	released := map[time.Duration]bool{}
	for o, err := range forecast.Outcomes(t.Context(), s, nil) {
		require.NoError(t, err)
		released[o.Released] = true
	}
	assert.Len(t, released, 3)
}

// Clients cost no allocation each, and a small run next to
// none, because its kernel does not escape.
func TestRunAllocates(t *testing.T) {
	allocations := func(s forecast.Scenario) float64 {
		return testing.AllocsPerRun(5, func() {
			_, err := forecast.Run(t.Context(), s)
			require.NoError(t, err)
		})
	}
	assert.LessOrEqual(t, allocations(forecast.LossScenario(100)), 9.0)
	for _, scenario := range []func(int) forecast.Scenario{forecast.LossScenario, forecast.QueueScenario} {
		assert.InDelta(t, allocations(scenario(10_000)), allocations(scenario(40_000)), 12)
	}
}
