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
		assert.Contains(t, strings.ReplaceAll(r.Summary(), "\n  ", " "), fmt.Sprintf("2 undecided at the end (%d of them to be dialled again)", c.retrying))
		seen := slices.ContainsFunc(r.Seen, func(s forecast.Seen) bool { return s.Answer == forecast.Unanswered })
		assert.Equal(t, c.until > 21*time.Second, seen, "what a client sees only later")
	}
}
