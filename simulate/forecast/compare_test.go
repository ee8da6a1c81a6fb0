package simulate

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func fortyAtOnce() Scenario {
	s := loss
	s.Clients, s.ServiceTime = 40, Constant(time.Second)
	return s
}

func TestCompare(t *testing.T) {
	editions := []limits.Windows{
		{Edition: limits.XPHome}, {Edition: limits.XPProfessional}, {Edition: limits.Windows7Professional}, {Edition: limits.Windows11Pro},
		{Edition: limits.Server2022Standard}, {Edition: limits.VistaHomeBasic},
	}
	all, err := Compare(t.Context(), fortyAtOnce(), editions...)
	require.NoError(t, err)
	require.Len(t, all, len(editions))
	for i, w := range editions {
		assert.Equal(t, w, all[i].Windows)
		s := fortyAtOnce()
		s.Windows = w
		alone, err := Run(t.Context(), s)
		if err != nil {
			assert.NotEmpty(t, all[i].Problem)
			continue
		}
		assert.Empty(t, all[i].Problem)
		assert.Equal(t, alone, all[i].Report, "a shared run is that of each")
	}
	assert.Contains(t, all[0].Problem, "no such service")
	assert.EqualValues(t, 30, all[1].Report.Refused)
	assert.EqualValues(t, 30, all[2].Report.Waited)
	assert.EqualValues(t, 40, all[4].Report.Held.Peak)

	s := fortyAtOnce()
	s.Settings.MaxConnections = 40
	all, err = Compare(t.Context(), s, editions...)
	require.NoError(t, err)
	assert.Zero(t, all[1].Report.Refused)
	assert.Contains(t, all[2].Problem, "MaxConnections")

	s.Clients = 0
	_, err = Compare(t.Context(), s, editions...)
	require.ErrorIs(t, err, ErrScenario)
	_, err = Compare(t.Context(), fortyAtOnce(), limits.Windows{})
	require.ErrorIs(t, err, limits.ErrUnknownEdition)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s = traffic(queue, 10, 7, 100_000)
	_, err = Compare(ctx, s, limits.Windows{Edition: limits.Windows7Professional})
	require.ErrorIs(t, err, context.Canceled)
}

// TestSharedRuns: what Compare runs once for several editions is what each of
// them would give.
func TestSharedRuns(t *testing.T) {
	for _, service := range []limits.Service{limits.IIS, limits.SMB, limits.TCPHalfOpen} {
		s := Scenario{
			Service: service, Clients: 60, ServiceTime: Constant(time.Second), Idle: Constant(30 * time.Minute),
			Destinations: Destinations{Dead: 0.5}, Retry: Retry{Max: 1, Backoff: Constant(time.Minute)},
		}
		var windows []limits.Windows
		for rule := range limits.ByService(service) {
			windows = append(windows, rule.Windows())
		}
		all, err := Compare(t.Context(), s, windows...)
		require.NoError(t, err)
		for _, c := range all {
			s.Windows = c.Windows
			r, err := Run(t.Context(), s)
			if c.Problem != "" {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, r, c.Report, "%v", c.Windows)
		}
	}
}

func TestServing(t *testing.T) {
	serving, err := Serving(t.Context(), fortyAtOnce(), 0)
	require.NoError(t, err)
	var editions []limits.Edition
	for _, c := range serving {
		editions = append(editions, c.Windows.Edition)
	}
	assert.Contains(t, editions, limits.Windows7Professional, "they wait there")
	assert.Contains(t, editions, limits.Server2022Standard)
	assert.NotContains(t, editions, limits.XPProfessional)
	assert.NotContains(t, editions, limits.XPHome)

	tolerant, err := Serving(t.Context(), fortyAtOnce(), 0.75)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(tolerant, func(c Comparison) bool { return c.Windows.Edition == limits.XPProfessional }))
	_, err = Serving(t.Context(), fortyAtOnce(), 1.5)
	require.ErrorContains(t, err, "share: 1.5: want 0 to 1")
}

func TestFitting(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     Scenario
		share float64
		want  int
	}{
		{"all of ten", fortyAtOnce(), 0, 10},
		{"half of twenty", fortyAtOnce(), 0.5, 20},
		{"ten executing, a thousand waiting", func() Scenario { s := fortyAtOnce(); s.Windows = queue.Windows; return s }(), 0, 1010},
		{"two connections each", func() Scenario { s := fortyAtOnce(); s.Connections = 2; return s }(), 0, 5},
		{"one a second for ten seconds", Scenario{
			Windows: loss.Windows, Service: limits.IIS, Clients: 10, Arrive: Every(time.Second), ServiceTime: Constant(5*time.Second + 1),
		}, 0, 19},
		{"none", func() Scenario {
			s := fortyAtOnce()
			s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
			return s
		}(), 0.5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			fit, err := Fitting(t.Context(), c.s, c.share)
			require.NoError(t, err)
			assert.Equal(t, c.want, fit.Clients)
			assert.True(t, fit.Limited)
			assert.LessOrEqual(t, fit.Lost.Mean, c.share)
		})
	}
	s := fortyAtOnce()
	s.Windows = limits.Windows{Edition: limits.Server2022Standard}
	fit, err := Fitting(t.Context(), s, 0)
	require.NoError(t, err)
	assert.Equal(t, Fit{Clients: MostFitting}, fit)

	s.Windows, s.Clients, s.Arrive = loss.Windows, 1, Trace(0)
	_, err = Fitting(t.Context(), s, 0)
	require.ErrorContains(t, err, "Arrive: a trace cannot be stretched")
	_, err = Fitting(t.Context(), s, -1)
	require.ErrorIs(t, err, ErrScenario)
	_, err = Fitting(t.Context(), Scenario{}, 0)
	require.ErrorIs(t, err, ErrScenario)
}

func TestSweep(t *testing.T) {
	curves, err := Sweep(t.Context(), fortyAtOnce(), []int{5, 10, 20, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.XPHome})
	require.NoError(t, err)
	assert.Contains(t, curves[1].Problem, "no such service")
	assert.Empty(t, curves[1].Points)
	var lost []float64
	for _, p := range curves[0].Points {
		lost = append(lost, p.Lost.Mean)
	}
	assert.Equal(t, []float64{0, 0, 0.5, 0.75}, lost)
	_, err = Sweep(t.Context(), fortyAtOnce(), []int{0}, limits.Windows{Edition: limits.XPProfessional})
	require.ErrorIs(t, err, ErrScenario)
	_, err = Sweep(t.Context(), fortyAtOnce(), []int{1}, limits.Windows{})
	require.ErrorIs(t, err, ErrScenario)
}

// TestOverloadedQueue: who still waits at the end is not served, and a queue
// that only grows is no fit.
func TestOverloadedQueue(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.Windows7Professional}, Service: limits.IIS, Clients: 1000,
		ServiceTime: Constant(time.Hour), Until: Duration(2 * time.Hour),
	}
	serving, err := Serving(t.Context(), s, 0.01)
	require.NoError(t, err)
	for _, c := range serving {
		require.True(t, c.Report.Limit.Holds(s.Clients), "%v", c.Windows)
	}
	fit, err := Fitting(t.Context(), s, 0)
	require.NoError(t, err)
	require.Equal(t, 30, fit.Clients) // ten each at 0, 1 and 2 h
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	fit, err = Fitting(t.Context(), s, 0)
	require.NoError(t, err)
	require.Zero(t, fit.Clients)
}

// TestCutShort: what is in progress when the run is cut short is not lost, be it
// a request that executes or a dial that nobody has answered yet; dials that wait
// are.
func TestCutShort(t *testing.T) {
	s := fortyAtOnce()
	s.Clients, s.ServiceTime, s.Until = 10, Constant(time.Hour), Duration(time.Minute)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Zero(t, r.Lost())

	s = Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen, Clients: 10,
		Destinations: Destinations{Dead: 1}, Retry: Retry{Max: 9, Backoff: Constant(time.Second)}, Until: Duration(time.Minute),
	}
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Unfinished)
	assert.Zero(t, r.Lost())
	fit, err := Fitting(t.Context(), s, 0)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, fit.Clients, 10)

	s.Clients, s.Retry = 100, Retry{}
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 70, r.Unfinished) // ten each at 0, 21 and 42 s
	assert.InDelta(t, 0.7, r.Lost(), 1e-9)
}

// TestServingAgreesWithFitting: around the number of clients that fit, an
// edition is among those that serve if and only if they fit.
func TestServingAgreesWithFitting(t *testing.T) {
	const share = 0.05
	s := traffic(loss, 10, 7, 500)
	s.Settings, s.Windows = Settings{}, limits.Windows{Edition: limits.XPProfessional}
	for clients := 300; clients <= 600; clients += 50 {
		scaled, err := s.withClients(clients)
		require.NoError(t, err)
		all, err := Replicate(t.Context(), scaled, runsPerPoint)
		require.NoError(t, err)
		serving, err := Serving(t.Context(), scaled, share)
		require.NoError(t, err)
		found := slices.ContainsFunc(serving, func(c Comparison) bool { return c.Windows.Edition == limits.XPProfessional })
		require.Equal(t, all.Lost.Mean <= share, found, "%d clients lose %v", clients, all.Lost)
	}
}

// TestServingExactly: runs that all lose the share and no more do serve, however
// its mean rounds.
func TestServingExactly(t *testing.T) {
	s := fortyAtOnce()
	for s.Clients = 11; s.Clients <= 60; s.Clients++ {
		serving, err := Serving(t.Context(), s, float64(s.Clients-10)/float64(s.Clients))
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(serving, func(c Comparison) bool { return c.Windows.Edition == limits.XPProfessional }), "%d clients", s.Clients)
	}
}

func TestServingBadQuestion(t *testing.T) {
	_, err := Serving(t.Context(), Scenario{Clients: 1}, 0)
	require.ErrorIs(t, err, ErrScenario)
	s := Scenario{Service: limits.IIS, Clients: 1, Settings: Settings{QueueTimeout: -1}}
	_, err = Serving(t.Context(), s, 0)
	require.ErrorContains(t, err, "QueueTimeout")
	_, err = Sweep(t.Context(), Scenario{Clients: 1}, []int{1}, limits.Windows{Edition: limits.XPHome})
	require.ErrorIs(t, err, ErrScenario)
}
