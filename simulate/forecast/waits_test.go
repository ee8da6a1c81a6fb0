package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Percentiles are exact while there are few waiting times, and near
// enough when there are more.
func TestWaits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 200 {
		var w waits
		all := make([]int64, n/3, n) // those that did not wait
		for range n - n/3 {
			v := r.Int64N(1 << r.IntN(62))
			w.add(v)
			all = append(all, v)
		}
		slices.Sort(all)
		got := w.sum(int64(n))
		if n == 0 {
			require.Zero(t, got)
			continue
		}
		for _, p := range []struct {
			share float64
			got   time.Duration
		}{{0.5, got.P50}, {0.9, got.P90}, {0.95, got.P95}, {0.99, got.P99}} {
			exact := all[int(math.Ceil(p.share*float64(n)))-1]
			if n-n/3 <= len(w.few) {
				require.EqualValues(t, exact, p.got, "%d, %v", n, p.share)
			} else {
				require.InDelta(t, float64(exact), float64(p.got), 1+0.016*float64(exact), "%d, %v", n, p.share)
			}
		}
		require.EqualValues(t, all[n-1], got.Max)
	}
}
