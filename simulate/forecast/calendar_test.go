package forecast

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCalendar holds the calendar against a sorted slice, with few events and
// many, and with ties.
func TestCalendar(t *testing.T) {
	for _, size := range []int{3, nearEvents, 3 * nearEvents, 1000} {
		for seed := range uint64(20) {
			r := rand.New(rand.NewPCG(seed, 1))
			var c calendar
			var want []event
			now, seq := int64(0), uint64(0)
			for range 5000 {
				switch n := r.IntN(100); {
				case n == 0:
					keep := func(e event) bool { return e.id%3 != 0 }
					c.keep(keep)
					want = slices.DeleteFunc(want, func(e event) bool { return !keep(e) })
				case len(want) == 0 || n < 50 && len(want) < size || n < 10:
					seq++
					e := event{at: now + r.Int64N(50), seq: seq, id: int32(r.IntN(1000))}
					c.push(e)
					i, _ := slices.BinarySearchFunc(want, e, func(a, b event) int {
						if a.before(&b) {
							return -1
						}
						return 1
					})
					want = slices.Insert(want, i, e)
				default:
					require.Equal(t, want[0], *c.first())
					now = want[0].at
					c.pop()
					want = want[1:]
				}
				require.Equal(t, len(want), c.len())
			}
			for _, e := range want {
				require.Equal(t, e, *c.first())
				c.pop()
			}
			require.Nil(t, c.first())
		}
	}
}
