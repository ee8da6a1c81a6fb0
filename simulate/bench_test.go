package simulate_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// BenchmarkGate sets the gate beside the bare semaphore. The goals: admit and
// release at most twice the semaphore's, a refusal at most twice its failing
// TryAcquire, and no allocation.
func BenchmarkGate(b *testing.B) {
	h, err := simulate.New(limits.Windows{Edition: limits.XPProfessional}, nil)
	require.NoError(b, err)
	g, err := h.Gate(limits.IIS)
	require.NoError(b, err)

	b.Run("admit/semaphore", func(b *testing.B) {
		s := semaphore.NewWeighted(10)
		for b.Loop() {
			if s.TryAcquire(1) {
				s.Release(1)
			}
		}
	})
	b.Run("admit/gate", func(b *testing.B) {
		b.ReportAllocs()
		var slot simulate.Slot
		for b.Loop() {
			if g.TryAcquire(&slot) {
				slot.Release()
			}
		}
	})
	b.Run("refuse/semaphore", func(b *testing.B) {
		s := semaphore.NewWeighted(0)
		for b.Loop() {
			if s.TryAcquire(1) {
				b.Fatal("admitted")
			}
		}
	})
	b.Run("refuse/gate", func(b *testing.B) {
		b.ReportAllocs()
		require.NoError(b, g.SetLimit(limits.Number(0)))
		var slot simulate.Slot
		for b.Loop() {
			if g.TryAcquire(&slot) {
				b.Fatal("admitted")
			}
		}
	})
}
