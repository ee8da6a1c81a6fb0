package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestSetHolds(t *testing.T) {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, nil)
	require.NoError(t, err)
	gate, err := host.Gate(limits.SMB)
	require.NoError(t, err)
	release, err := gate.Hold(2)
	require.NoError(t, err)
	for _, n := range []int{5, 8, 3} {
		require.NoError(t, gate.SetHolds(n))
		assert.Equal(t, n+2, gate.Holds())
		assert.Equal(t, n+2, gate.Stats().Held)
	}
	require.ErrorContains(t, gate.SetHolds(9), "only 5 of 10 are free")
	require.ErrorContains(t, gate.SetHolds(-1), "want 0 to")
	assert.Equal(t, 5, gate.Holds(), "all or nothing")
	release()
	require.NoError(t, gate.SetHolds(0))
	stats := gate.Stats()
	assert.Zero(t, stats.Held)
	assert.Zero(t, stats.Admitted)
	assert.Equal(t, 10, stats.Peak)
}

func TestResetStats(t *testing.T) {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, nil)
	require.NoError(t, err)
	gate, err := host.Gate(limits.SMB)
	require.NoError(t, err)
	var slots [12]simulate.Slot
	for i := range slots {
		gate.TryAcquire(&slots[i])
	}
	for i := range slots[:7] {
		slots[i].Release()
	}
	gate.ResetStats()
	assert.Equal(t, simulate.Stats{Held: 3, Peak: 3}, gate.Stats())
	slots[9].Release()
	assert.Equal(t, 2, gate.Stats().Held)
}
