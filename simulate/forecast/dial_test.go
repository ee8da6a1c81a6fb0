package forecast_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestRunHundredDeadDestinations(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 100, Destinations: forecast.Destinations{Dead: 1},
	}
	var r forecast.Report
	i := 0
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		require.Equal(t, time.Duration(i/10)*21*time.Second, o.Decided, "dial %d", i)
		require.Equal(t, forecast.Unanswered, o.Answer)
		i++
	}
	assert.Equal(t, 210*time.Second, r.Length)
	assert.Equal(t, []forecast.Seen{{Symptom: limits.SymptomEvent4226, Count: 1}, {Answer: forecast.Unanswered, Count: 100}}, r.Seen)

	s.Windows.ServicePack = 1
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 21*time.Second, r.Length)
	assert.Equal(t, 100, int(r.Held.Peak))
	assert.Equal(t, limits.Unlimited(), r.Limit)
	assert.Zero(t, r.FullShare)
}

// The shares of many destinations that are dead and refusing are those of the scenario,
// and the others are live.
func TestSharesOfDestinations(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 1}, Service: limits.TCPHalfOpen,
		Clients: 10_000, Destinations: forecast.Destinations{Dead: 0.3, Refusing: 0.2},
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	answers := map[forecast.Answer]int64{}
	for _, seen := range r.Seen {
		answers[seen.Answer] += seen.Count
	}
	for answer, share := range map[forecast.Answer]float64{forecast.Connected: 0.5, forecast.Reset: 0.2, forecast.Unanswered: 0.3} {
		assert.InDelta(t, 10_000*share, answers[answer], 200, "%v, four standard deviations", answer)
	}
}

func TestRunReleasesAtAFixedRate(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: simulate.Settings{HalfOpen: simulate.HalfOpenSettings{ReleaseRate: 2}},
		Clients:  15, Destinations: forecast.Destinations{RoundTrip: forecast.Constant(100 * time.Millisecond)},
	}
	var times []time.Duration
	for o, err := range forecast.Outcomes(t.Context(), s, nil) {
		require.NoError(t, err)
		if o.Outcome == simulate.Waited {
			times = append(times, o.Decided)
		}
	}
	half := time.Second / 2
	assert.Equal(t, []time.Duration{half, 2 * half, 3 * half, 4 * half, 5 * half}, times)
}

// The turns of a queue follow from its begin, however long the next event 4226 is away.
func TestReleaseRateDoesNotWaitForTheEvent(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 1}},
		Clients:  3, Arrive: forecast.Trace(0, 100*time.Millisecond, 1200*time.Millisecond),
		Destinations: forecast.Destinations{RoundTrip: forecast.Constant(time.Second / 2)},
	}
	for _, interval := range []time.Duration{0, 500 * time.Millisecond, time.Second, 10 * time.Second} {
		s.Settings.HalfOpen = simulate.HalfOpenSettings{ReleaseRate: 1, EventInterval: interval}
		var decided []time.Duration
		for o, err := range forecast.Outcomes(t.Context(), s, nil) {
			require.NoError(t, err)
			decided = append(decided, o.Decided)
		}
		assert.Equal(t, []time.Duration{0, 1100 * time.Millisecond, 2200 * time.Millisecond}, decided, "event interval %v", interval)
	}
}

func TestRunLogsOncePerInterval(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		want     int64
	}{{0, 1}, {time.Minute, 4}, {time.Hour, 1}} {
		s := forecast.Scenario{
			Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
			Settings: simulate.Settings{HalfOpen: simulate.HalfOpenSettings{EventInterval: c.interval}},
			Clients:  100, Destinations: forecast.Destinations{Dead: 1},
		}
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		// The queue lasts from 0 to 189 s.
		assert.Equal(t, forecast.Seen{Symptom: limits.SymptomEvent4226, Count: c.want}, r.Seen[0], "%v", c.interval)
		assert.Equal(t, 210*time.Second, r.Length)
	}
}

func TestPatienceRunsWhileDialling(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 20, Destinations: forecast.Destinations{Dead: 1}, Patience: forecast.Constant(30 * time.Second),
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 20, r.Admitted, "the second ten get their slots at 21 s")
	assert.Equal(t, 30*time.Second, r.Length, "and give up 9 s later")

	s.Patience = forecast.Constant(20 * time.Second)
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Admitted)
	assert.EqualValues(t, 10, r.TimedOut)
	assert.Equal(t, 20*time.Second, r.Length)
}

// The next destination is another one, whatever became of the
// last dial.
func TestDialsGoOn(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 1, Requests: 5, ThinkTime: forecast.Constant(time.Second), ServiceTime: forecast.Constant(time.Minute),
		Destinations: forecast.Destinations{Refusing: 1, RoundTrip: forecast.Constant(100 * time.Millisecond)},
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 5, r.Admitted)
	assert.Equal(t, []forecast.Seen{{Answer: forecast.Reset, Count: 5}}, r.Seen)
	assert.Equal(t, 5*100*time.Millisecond+4*time.Second, r.Length, "none is served")
	assert.EqualValues(t, 1, r.Visits)
	assert.Zero(t, r.Served)

	// One that times out in the queue is not the last either.
	s.Clients, s.Destinations, s.Patience = 2, forecast.Destinations{Dead: 1}, forecast.Constant(10*time.Second)
	s.Settings.Limits = map[limits.Service]int{limits.TCPHalfOpen: 1}
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Asked)
	assert.EqualValues(t, 10, r.Admitted+r.TimedOut)
	assert.NotZero(t, r.TimedOut)
}

// A client that has connected leaves when it has used the connection.
func TestDialsAreUsed(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen, Clients: 1,
		ServiceTime: forecast.Constant(10 * time.Second), Destinations: forecast.Destinations{RoundTrip: forecast.Constant(time.Second)},
	}
	for _, c := range []struct {
		change         func(*forecast.Scenario)
		length         time.Duration
		visits, served int64
		held           float64
	}{
		{func(*forecast.Scenario) {}, 11 * time.Second, 1, 1, 1. / 11},
		{func(s *forecast.Scenario) { s.Connections = 2 }, 11 * time.Second, 1, 1, 2. / 11},
		{func(s *forecast.Scenario) { s.Requests = 2 }, 22 * time.Second, 1, 1, 2. / 22},
		{func(s *forecast.Scenario) { s.Visits, s.Away = 2, forecast.Constant(5*time.Second) }, 27 * time.Second, 2, 2, 2. / 27},
		{func(s *forecast.Scenario) { s.Until = 3 * time.Second }, 3 * time.Second, 0, 0, 1. / 3},
		{func(s *forecast.Scenario) { s.Until = 11 * time.Second }, 11 * time.Second, 1, 1, 1. / 11},
		{func(s *forecast.Scenario) { s.Destinations.Refusing = 1 }, time.Second, 1, 0, 1},
	} {
		s := s
		c.change(&s)
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, c.length, r.Length, "%v", s)
		assert.Equal(t, []int64{c.visits, c.served}, []int64{r.Visits, r.Served}, "%v", s)
		assert.InDelta(t, c.held, r.Held.Mean, 1e-12, "%v", s)
	}
}

// A dial that is not answered has had its slot.
func TestRetryingIsNotLost(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 1}},
		Clients:  2, Destinations: forecast.Destinations{Dead: 1}, Retry: forecast.Retry{Max: 5, Backoff: forecast.Constant(10 * time.Second)},
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
		s.Until = c.until
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.EqualValues(t, 2, r.Unfinished)
		assert.Equal(t, c.retrying, r.Retrying, "%v", c.until)
		assert.InDelta(t, c.lost, r.Lost(), 0, "%v", c.until)
		assert.Contains(t, strings.ReplaceAll(r.Summary(), "\n  ", " "), fmt.Sprintf("2 undecided at the end (%d of them would be dialled again)", c.retrying))
		seen := slices.ContainsFunc(r.Seen, func(s forecast.Seen) bool { return s.Answer == forecast.Unanswered })
		assert.Equal(t, c.until > 21*time.Second, seen, "what a client sees only later")
	}
}

// outbound dials from XP, at live destinations that close nothing.
func outbound(n int, every time.Duration) forecast.Scenario {
	s := forecast.Scenario{Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.TCPOutbound, Clients: n}
	if every > 0 {
		s.Arrive = forecast.Every(every)
	}
	return s
}

func TestRunKeepsPortsInTimeWait(t *testing.T) {
	s := outbound(3980, 0)
	s.ServiceTime = forecast.Constant(time.Second)
	s.Destinations.RoundTrip = forecast.Constant(time.Second / 2)
	var r forecast.Report
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		require.Zero(t, o.Decided)
		if o.Client < 3976 {
			require.Equal(t, simulate.Admitted, o.Outcome)
			require.Equal(t, 121*time.Second+500*time.Millisecond, o.Released)
		} else {
			require.Equal(t, simulate.Refused, o.Outcome)
			require.Zero(t, o.Released)
		}
	}
	assert.Equal(t, 121*time.Second+500*time.Millisecond, r.Length)
	assert.Equal(t, []forecast.Seen{{Symptom: limits.SymptomNoBufferSpace, Count: 4}, {Answer: forecast.Connected, Count: 3976}}, r.Seen)
	assert.Equal(t, limits.UnitConnections, r.Unit)
	assert.EqualValues(t, 3976, r.Served)

	s.Destinations.PeerCloses = 1
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 1500*time.Millisecond, r.Length)

	// The client goes on when the connection is closed, not when its port is free.
	s = outbound(1, 0)
	s.Requests, s.ThinkTime, s.ServiceTime = 3, forecast.Constant(time.Second), forecast.Constant(time.Second)
	s.Settings.Limits = map[limits.Service]int{limits.TCPOutbound: 2}
	var asked []time.Duration
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		asked = append(asked, o.Asked)
	}
	assert.Equal(t, []time.Duration{0, 2 * time.Second, 4 * time.Second}, asked)
	assert.EqualValues(t, 1, r.Refused)
	assert.Equal(t, 123*time.Second, r.Length)
}

// A connection is seen when it is made, and not when it is closed.
func TestRunSeesAConnectionWhenItIsMade(t *testing.T) {
	s := outbound(1, 0)
	s.Windows = limits.Windows{Edition: limits.Windows10Pro}
	s.ServiceTime, s.Destinations.RoundTrip = forecast.Constant(20*time.Second), forecast.Constant(6*time.Second)
	connected := []forecast.Seen{{Answer: forecast.Connected, Count: 1}}
	for _, c := range []struct {
		until time.Duration
		want  []forecast.Seen
	}{
		{6*time.Second - 1, nil}, {6 * time.Second, connected}, {7 * time.Second, connected},
		{26 * time.Second, connected}, {27 * time.Second, connected}, {0, connected},
	} {
		for _, s.Destinations.PeerCloses = range []float64{0, 1} {
			s.Until = c.until
			r, err := forecast.Run(t.Context(), s)
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Seen, "until %v", c.until)
			s.Warmup = 1 // the dial is before it
			if r, err = forecast.Run(t.Context(), s); assert.NoError(t, err) {
				assert.Empty(t, r.Seen, "until %v", c.until)
			}
			s.Warmup = 0
		}
	}
}

// A dial that fails has no port any longer.
func TestRunFreesThePortOfADialThatFails(t *testing.T) {
	for _, c := range []struct {
		to    forecast.Destinations
		every time.Duration
		lost  int64
	}{
		{forecast.Destinations{Refusing: 1}, time.Second, 0},
		{forecast.Destinations{Refusing: 1, RoundTrip: forecast.Constant(1500 * time.Millisecond)}, time.Second, 5},
		{forecast.Destinations{Dead: 1}, 21001 * time.Millisecond, 0},
		{forecast.Destinations{Dead: 1}, 20 * time.Second, 5},
	} {
		s := outbound(10, c.every)
		s.Settings.Limits = map[limits.Service]int{limits.TCPOutbound: 1}
		s.Destinations = c.to
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, c.lost, r.Refused, "%+v", c.to)
	}
	s := outbound(1, 0)
	s.Destinations.Dead, s.Patience = 1, forecast.Constant(time.Second)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, time.Second, r.Length, "a connect timeout ends the dial")
	assert.Equal(t, []forecast.Seen{{Answer: forecast.Unanswered, Count: 1}}, r.Seen)
}

// The rates that go on for ever, and those that do not.
func TestRunAtARateOfDials(t *testing.T) {
	windows2000 := limits.Windows{Edition: limits.Windows2000Professional}
	xp := limits.Windows{Edition: limits.XPProfessional}
	for _, c := range []struct {
		windows limits.Windows
		rate    float64
		peer    float64
		fails   bool
	}{
		{xp, 33.1, 0, false}, {xp, 34, 0, true}, {windows2000, 16.5, 0, false}, {windows2000, 16.6, 0, true},
		{xp, 60, 0.5, false}, {xp, 70, 0.5, true}, {xp, 34, 0.1, false}, {xp, 1000, 1, false},
	} {
		s := outbound(int(c.rate*3600), time.Duration(float64(time.Second)/c.rate))
		s.Windows, s.Destinations.PeerCloses, s.Seed = c.windows, c.peer, 1
		if c.rate == 1000 {
			s.Clients = 100_000
		}
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, c.fails, r.Refused > 0, "%v at %v a second, %v closed by the peer: %d refused", c.windows, c.rate, c.peer, r.Refused)
	}
}

func TestRunLogsThatNoPortIsFree(t *testing.T) {
	s := outbound(4, 0)
	s.Windows = limits.Windows{Edition: limits.Windows11Pro}
	s.Settings.Limits = map[limits.Service]int{limits.TCPOutbound: 1}
	s.Requests, s.ThinkTime = 3, forecast.Constant(time.Second)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, []forecast.Seen{
		{Symptom: limits.SymptomNoBufferSpace, Count: 11}, {Symptom: limits.SymptomEvent4231, Count: 1}, {Answer: forecast.Connected, Count: 1},
	}, r.Seen)
	s.ThinkTime = forecast.Constant(time.Minute + time.Second) // the third requests find a free port
	s.Settings.Outbound.PerDestination = true
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, []forecast.Seen{
		{Symptom: limits.SymptomAddressInUse, Count: 10}, {Symptom: limits.SymptomEvent4227, Count: 2}, {Answer: forecast.Connected, Count: 2},
	}, r.Seen)
}

// Editions with the same number of ports differ in TIME_WAIT, and in what they
// can take.
func TestSuitableForOutboundConnections(t *testing.T) {
	s := outbound(10_000, time.Second/20)
	all, err := forecast.Suitable(t.Context(), s, 0)
	require.NoError(t, err)
	var editions []limits.Edition
	for _, c := range all {
		editions = append(editions, c.Windows.Edition)
	}
	assert.NotContains(t, editions, limits.Windows2000Professional)
	assert.Contains(t, editions, limits.XPProfessional)
	j, err := forecast.Judge(t.Context(), s, []limits.Windows{{Edition: limits.NT31}}, 0, 1)
	require.NoError(t, err)
	var suitable []limits.Edition
	for _, w := range j.Suitable {
		suitable = append(suitable, w.Edition)
	}
	assert.NotContains(t, suitable, limits.Windows2000Professional)
	assert.Contains(t, suitable, limits.XPProfessional)
}
