package soak_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/soak"
)

func TestAdmissions(t *testing.T) {
	t.Setenv(soak.Variable, "")
	n, err := soak.Admissions()
	require.NoError(t, err)
	assert.Equal(t, 2000, n)
	t.Setenv(soak.Variable, "1000000")
	n, err = soak.Admissions()
	require.NoError(t, err)
	assert.Equal(t, 1_000_000, n)
	for _, bad := range []string{"0", "-1", "1e6", "many"} {
		t.Setenv(soak.Variable, bad)
		_, err = soak.Admissions()
		require.ErrorContains(t, err, "WINLIMITS_SOAK: \""+bad+"\": want a number of admissions")
	}
}

func TestRounds(t *testing.T) {
	assert.Empty(t, soak.Rounds(0))
	assert.Equal(t, []int64{1}, soak.Rounds(1))
	assert.Equal(t, []int64{4000}, soak.Rounds(4000))
	assert.Equal(t, []int64{4000, 4000, 1}, soak.Rounds(8001))
}

// An account that does not balance says which sum is wrong.
func TestSettle(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, g *simulate.Gate)
		want string // nothing for an account that balances
	}{
		{"all is released", func(t *testing.T, g *simulate.Gate) {
			var s simulate.Slot
			require.True(t, g.TryAcquire(&s))
			s.Release()
			require.NoError(t, g.SetLimit(limits.Number(0)))
			assert.False(t, g.TryAcquire(&s))
			require.NoError(t, g.SetLimit(limits.Number(10)))
			release, err := g.Hold(3)
			require.NoError(t, err)
			release()
		}, ""},
		{"a slot is held", func(t *testing.T, g *simulate.Gate) {
			require.True(t, g.TryAcquire(new(simulate.Slot)))
		}, "held: 1, want 0\nevents of the released: 0, want 1\nsimulate: hold 10 slots"},
		{"a slot is no peer's", func(t *testing.T, g *simulate.Gate) {
			_, err := g.Hold(1)
			require.NoError(t, err)
		}, "held and no peer's: 1, want 0"},
		{"counters were set back", func(t *testing.T, g *simulate.Gate) {
			var s simulate.Slot
			require.True(t, g.TryAcquire(&s))
			s.Release()
			g.ResetStats()
		}, "events of the admitted: 1, want 0"},
		{"the limit is higher", func(t *testing.T, g *simulate.Gate) {
			require.NoError(t, g.SetLimit(limits.Number(11)))
			for range 11 {
				require.True(t, g.TryAcquire(new(simulate.Slot)))
			}
		}, "peak: 11, above the limit of 10\niis decided admitted (11 held, 0 queued, limit 11), where the limit was 10 at most"},
		{"a slot too many", func(t *testing.T, g *simulate.Gate) {
			require.NoError(t, g.SetLimit(limits.Number(11)))
		}, "a slot is free beside the 10 of the limit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			host, err := simulate.New(limits.MustParseWindows("Windows XP Professional SP3"), nil)
			require.NoError(t, err)
			gate, err := host.Gate(limits.IIS)
			require.NoError(t, err)
			var ledger soak.Ledger
			account := ledger.Open(gate)
			tt.run(t, gate)
			if tt.want == "" {
				require.NoError(t, account.Settle())
				assert.Equal(t, "1 machines: 0 held, 0 queued, peak 3; 1 admitted, 0 waited, 1 refused, 0 timed out, 0 abandoned; 2 released, 0 queued, limit moved 2 times", ledger.String())
				return
			}
			require.ErrorContains(t, account.Settle(), tt.want)
		})
	}
}
