package forecast

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// The seed alone decides.
func TestSameBytes(t *testing.T) {
	s := Traffic(QueueScenario(0), 10, 9.5, 1500)
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

// The number of runs has a bound, since each keeps its report: a number beyond it
// is an error, and no allocation that ends the process.
func TestReplicateBounds(t *testing.T) {
	for _, n := range []int{math.MinInt, -1, 0, 10_001, 1_000_000_000, math.MaxInt32, math.MaxInt} {
		_, err := Replicate(t.Context(), LossScenario(1), n)
		var bad *ScenarioError
		require.ErrorAs(t, err, &bad)
		assert.Equal(t, "replications", bad.Field)
		require.EqualError(t, err, fmt.Sprintf("forecast: scenario: replications: %d: want 1 to 10000", n))
	}
	r, err := Replicate(t.Context(), LossScenario(1), 10_000)
	require.NoError(t, err)
	assert.Len(t, r.Reports, 10_000)
}

// The context ends replications as it ends a run.
func TestReplicateStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Replicate(ctx, LossScenario(1), 10_000)
	require.ErrorIs(t, err, context.Canceled)
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

// Refused, TimedOut and Abandoned are parts of Lost.
func TestPartsOfLost(t *testing.T) {
	r, err := Replicate(t.Context(), Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 16}},
		Clients:  300, Arrive: Every(time.Second), Until: 5 * time.Minute, Patience: Uniform(time.Second, 30*time.Second),
		Destinations: Destinations{Dead: 0.84}, Retry: Retry{Max: 1, Backoff: Exponential(380 * time.Second)},
	}, 2)
	require.NoError(t, err)
	assert.NotZero(t, r.TimedOut.Mean)
	assert.LessOrEqual(t, r.Refused.Mean+r.TimedOut.Mean+r.Abandoned.Mean, r.Lost.Mean)
}
