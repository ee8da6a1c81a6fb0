package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// The guess at the length of a run takes into account that Windows ends an idle
// connection.
func TestExpectedLength(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB, Clients: 1,
		ServiceTime: Constant(time.Second), Idle: Constant(24 * time.Hour), AutoDisconnect: time.Minute,
	}
	p, err := s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(61*time.Second), p.expected)
	s.AutoDisconnect = 0
	p, err = s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(24*time.Hour+time.Second), p.expected)
}

// A run ends with an error before it needs more memory than there may be, and
// reports what happened up to then.
func TestCrowd(t *testing.T) {
	crowd := func(s Scenario) Scenario {
		s.Clients, s.Arrive, s.ServiceTime = maxClients, AtOnce(), Constant(time.Hour)
		return s
	}
	tries, plain, comes := LossScenario(0), LossScenario(0), QueueScenario(0)
	tries.Retry = Retry{Max: 1, Backoff: Constant(time.Minute)}
	plain.Windows.Edition = limits.Server2022Standard // where each has its slot
	comes.Visits, comes.Away, comes.Until, comes.Patience = Forever, Constant(time.Hour), time.Hour, Constant(time.Minute)
	for name, s := range map[string]Scenario{"that try again": crowd(tries), "that hold a slot": crowd(plain), "that come again": crowd(comes)} {
		t.Run(name, func(t *testing.T) {
			p, err := s.compile()
			require.NoError(t, err)
			require.Equal(t, maxPresent, p.maxPresent)
			p.maxPresent = 1000
			var r Report
			err = p.run(t.Context(), &r, nil)
			require.ErrorIs(t, err, ErrCrowd)
			require.ErrorContains(t, err, " clients had come")
			require.GreaterOrEqual(t, r.Clients, int64(1000))
			require.LessOrEqual(t, r.Clients, int64(2000))
		})
	}
	// Those that have left take no room.
	s := Traffic(LossScenario(0), 10, 7, 50_000)
	p, err := s.compile()
	require.NoError(t, err)
	p.maxPresent = 1000
	require.NoError(t, p.run(t.Context(), new(Report), nil))
}
