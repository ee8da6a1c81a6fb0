package forecast_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func fortyAtOnce() forecast.Scenario {
	s := loss
	s.Clients, s.ServiceTime = 40, forecast.Constant(time.Second)
	return s
}

func TestCompare(t *testing.T) {
	editions := []limits.Windows{
		{Edition: limits.XPHome}, {Edition: limits.XPProfessional}, {Edition: limits.Windows7Professional}, {Edition: limits.Windows11Pro},
		{Edition: limits.Server2022Standard}, {Edition: limits.VistaHomeBasic},
	}
	all, err := forecast.Compare(t.Context(), fortyAtOnce(), editions...)
	require.NoError(t, err)
	require.Len(t, all, len(editions))
	for i, w := range editions {
		assert.Equal(t, w, all[i].Windows)
		s := fortyAtOnce()
		s.Windows = w
		alone, err := forecast.Run(t.Context(), s)
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
	all, err = forecast.Compare(t.Context(), s, editions...)
	require.NoError(t, err)
	assert.Zero(t, all[1].Report.Refused)
	assert.Contains(t, all[2].Problem, "MaxConnections")

	s.Clients = 0
	_, err = forecast.Compare(t.Context(), s, editions...)
	require.ErrorIs(t, err, forecast.ErrScenario)
	_, err = forecast.Compare(t.Context(), fortyAtOnce(), limits.Windows{})
	require.ErrorIs(t, err, limits.ErrUnknownEdition)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s = forecast.Traffic(queue, 10, 7, 100_000)
	_, err = forecast.Compare(ctx, s, limits.Windows{Edition: limits.Windows7Professional})
	require.ErrorIs(t, err, context.Canceled)
}

// Compare runs a scenario once for several editions. Each of them alone has the same
// report.
func TestSharedRuns(t *testing.T) {
	for _, service := range []limits.Service{limits.IIS, limits.SMB, limits.TCPHalfOpen} {
		s := forecast.Scenario{
			Service: service, Clients: 60, ServiceTime: forecast.Constant(time.Second), Idle: forecast.Constant(30 * time.Minute),
			Destinations: forecast.Destinations{Dead: 0.5}, Retry: forecast.Retry{Max: 1, Backoff: forecast.Constant(time.Minute)},
		}
		var windows []limits.Windows
		for rule := range limits.ByService(service) {
			windows = append(windows, rule.Windows())
		}
		all, err := forecast.Compare(t.Context(), s, windows...)
		require.NoError(t, err)
		for _, c := range all {
			s.Windows = c.Windows
			r, err := forecast.Run(t.Context(), s)
			if c.Problem != "" {
				require.Error(t, err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, r, c.Report, "%v", c.Windows)
		}
	}
}

func TestSuitable(t *testing.T) {
	suitable, err := forecast.Suitable(t.Context(), fortyAtOnce(), 0)
	require.NoError(t, err)
	var editions []limits.Edition
	for _, c := range suitable {
		editions = append(editions, c.Windows.Edition)
	}
	assert.Contains(t, editions, limits.Windows7Professional, "they wait there")
	assert.Contains(t, editions, limits.Server2022Standard)
	assert.NotContains(t, editions, limits.XPProfessional)
	assert.NotContains(t, editions, limits.XPHome)

	tolerant, err := forecast.Suitable(t.Context(), fortyAtOnce(), 0.75)
	require.NoError(t, err)
	assert.True(t, slices.ContainsFunc(tolerant, func(c forecast.Comparison) bool { return c.Windows.Edition == limits.XPProfessional }))
	_, err = forecast.Suitable(t.Context(), fortyAtOnce(), 1.5)
	require.ErrorContains(t, err, "share: 1.5: want 0 to 1")
}

// Runs that all lose the share and no more are suitable, however its mean rounds.
func TestSuitableExactly(t *testing.T) {
	s := fortyAtOnce()
	for s.Clients = 11; s.Clients <= 60; s.Clients++ {
		suitable, err := forecast.Suitable(t.Context(), s, float64(s.Clients-10)/float64(s.Clients))
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(suitable, func(c forecast.Comparison) bool { return c.Windows.Edition == limits.XPProfessional }), "%d clients", s.Clients)
	}
}

func TestSuitableBadQuestion(t *testing.T) {
	_, err := forecast.Suitable(t.Context(), forecast.Scenario{Clients: 1}, 0)
	require.ErrorIs(t, err, forecast.ErrScenario)
	s := forecast.Scenario{Service: limits.IIS, Clients: 1, Settings: simulate.Settings{QueueTimeout: -1}}
	_, err = forecast.Suitable(t.Context(), s, 0)
	require.ErrorContains(t, err, "QueueTimeout")
	_, err = forecast.Sweep(t.Context(), forecast.Scenario{Clients: 1}, []int{1}, limits.Windows{Edition: limits.XPHome})
	require.ErrorIs(t, err, forecast.ErrScenario)
}
