package forecast_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestCapacity(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     forecast.Scenario
		share float64
		want  int
	}{
		{"all of ten", fortyAtOnce(), 0, 10},
		{"half of twenty", fortyAtOnce(), 0.5, 20},
		{"ten executing, a thousand waiting", func() forecast.Scenario { s := fortyAtOnce(); s.Windows = queue.Windows; return s }(), 0, 1010},
		{"two connections each", func() forecast.Scenario { s := fortyAtOnce(); s.Connections = 2; return s }(), 0, 5},
		{"one a second for ten seconds", forecast.Scenario{
			Windows: loss.Windows, Service: limits.IIS, Clients: 10, Arrive: forecast.Every(time.Second), ServiceTime: forecast.Constant(5*time.Second + 1), Idle: forecast.Constant(0),
		}, 0, 19},
		{"ten in the backlog of a program without a limit", func() forecast.Scenario {
			s := fortyAtOnce()
			s.Service, s.AcceptTime = limits.TCPOther, forecast.Constant(time.Second)
			return s
		}(), 0, 10},
		{"none", func() forecast.Scenario {
			s := fortyAtOnce()
			s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
			return s
		}(), 0.5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			capacity, err := forecast.Capacity(t.Context(), c.s, c.share)
			require.NoError(t, err)
			assert.Equal(t, c.want, capacity.Clients)
			assert.True(t, capacity.Limited)
			assert.LessOrEqual(t, capacity.Lost.Mean, c.share)
		})
	}
	s := fortyAtOnce()
	s.Windows = limits.Windows{Edition: limits.Server2022Standard}
	capacity, err := forecast.Capacity(t.Context(), s, 0)
	require.NoError(t, err)
	assert.Equal(t, forecast.ClientCapacity{Clients: 65_536}, capacity)

	s.Windows, s.Clients, s.Arrive = loss.Windows, 1, forecast.Trace(0)
	_, err = forecast.Capacity(t.Context(), s, 0)
	require.ErrorContains(t, err, "Arrive: a trace cannot be stretched")
	_, err = forecast.Capacity(t.Context(), s, -1)
	require.ErrorIs(t, err, forecast.ErrScenario)
	_, err = forecast.Capacity(t.Context(), forecast.Scenario{}, 0)
	require.ErrorIs(t, err, forecast.ErrScenario)
}

func TestSweep(t *testing.T) {
	curves, err := forecast.Sweep(t.Context(), fortyAtOnce(), []int{5, 10, 20, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.XPHome})
	require.NoError(t, err)
	assert.Contains(t, curves[1].Problem, "no such service")
	assert.Empty(t, curves[1].Points)
	var lost []float64
	for _, p := range curves[0].Points {
		lost = append(lost, p.Lost.Mean)
	}
	assert.Equal(t, []float64{0, 0, 0.5, 0.75}, lost)
	_, err = forecast.Sweep(t.Context(), fortyAtOnce(), []int{0}, limits.Windows{Edition: limits.XPProfessional})
	require.ErrorIs(t, err, forecast.ErrScenario)
	_, err = forecast.Sweep(t.Context(), fortyAtOnce(), []int{1}, limits.Windows{})
	require.ErrorIs(t, err, forecast.ErrScenario)
}

// A request in the queue at the end is not served, and clients do not fit in a queue
// that only grows.
func TestOverloadedQueue(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS, Clients: 1000,
		ServiceTime: forecast.Constant(time.Hour), Until: 2 * time.Hour,
	}
	suitable, err := forecast.Suitable(t.Context(), s, 0.01)
	require.NoError(t, err)
	for _, c := range suitable {
		require.True(t, c.Report.Limit.Holds(s.Clients), "%v", c.Windows)
	}
	capacity, err := forecast.Capacity(t.Context(), s, 0)
	require.NoError(t, err)
	require.Equal(t, 30, capacity.Clients) // ten each at 0, 1 and 2 h
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	capacity, err = forecast.Capacity(t.Context(), s, 0)
	require.NoError(t, err)
	require.Zero(t, capacity.Clients)
}

// Requests that execute and dials that are not answered yet are not lost when the run
// is cut short. Dials in the queue are.
func TestCutShort(t *testing.T) {
	s := fortyAtOnce()
	s.Clients, s.ServiceTime, s.Until = 10, forecast.Constant(time.Hour), time.Minute
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Lost())

	s = forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen, Clients: 10,
		Destinations: forecast.Destinations{Dead: 1}, Retry: forecast.Retry{Max: 9, Backoff: forecast.Constant(time.Second)}, Until: time.Minute,
	}
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Unfinished)
	assert.Zero(t, r.Lost())
	capacity, err := forecast.Capacity(t.Context(), s, 0)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, capacity.Clients, 10)

	s.Clients, s.Retry = 100, forecast.Retry{}
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 70, r.Unfinished) // ten each at 0, 21 and 42 s
	assert.InDelta(t, 0.7, r.Lost(), 1e-9)
}

// Around the number of clients that fit, an
// edition is among those that serve if and only if they capacity.
func TestSuitableAgreesWithCapacity(t *testing.T) {
	const share = 0.05
	s := forecast.Traffic(loss, 10, 7, 500)
	s.Settings, s.Windows = simulate.Settings{}, limits.Windows{Edition: limits.XPProfessional}
	for clients := 300; clients <= 600; clients += 50 {
		scaled := s
		scaled.Clients = clients
		scaled.Arrive = forecast.Poisson(time.Duration(math.Round(float64(time.Second/7) * 500 / float64(clients))))
		all, err := forecast.Replicate(t.Context(), scaled, 8)
		require.NoError(t, err)
		suitable, err := forecast.Suitable(t.Context(), scaled, share)
		require.NoError(t, err)
		found := slices.ContainsFunc(suitable, func(c forecast.Comparison) bool { return c.Windows.Edition == limits.XPProfessional })
		require.Equal(t, all.Lost.Mean <= share, found, "%d clients lose %v", clients, all.Lost)
	}
}
