package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/queueing"
)

func TestFiniteQueue(t *testing.T) {
	s := Traffic(QueueScenario(0), 10, 10, 6_000)
	exact, err := queueing.MMcK(10, 20, 10)
	require.NoError(t, err)
	var refused, waiting, wait, queued [Seeds]float64
	for i := range Seeds {
		// The queue of Windows is longer, and cannot be set.
		s.Seed = uint64(i)
		p, err := compileWith(&s, 10)
		require.NoError(t, err)
		var r Report
		require.NoError(t, p.run(t.Context(), &r, nil))
		refused[i], waiting[i] = ratio(r.Refused, r.Asked-r.Unfinished), ratio(r.Waited, r.Admitted)
		wait[i], queued[i] = r.Wait.Mean.Seconds(), r.Queued.Mean
	}
	Within4(t, exact.Blocking, estimateOf(refused[:]), "refused")
	Within4(t, exact.Waiting, estimateOf(waiting[:]), "waiting")
	Within4(t, exact.MeanWait, estimateOf(wait[:]), "mean wait")
	Within4(t, exact.MeanQueue, estimateOf(queued[:]), "queued")
}

// The memory of a run does not grow with clients that have left, with give-up times
// that no longer count, or with queues that begin long before the next event 4226.
func TestMemoryStaysFlat(t *testing.T) {
	patient := Traffic(QueueScenario(0), 10, 7, 50_000)
	patient.Patience = Constant(24 * time.Hour)
	queues := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Settings: simulate.Settings{
			Limits:   map[limits.Service]int{limits.TCPHalfOpen: 30},
			HalfOpen: simulate.HalfOpenSettings{ReleaseRate: 1000, EventInterval: 365 * 24 * time.Hour},
		},
		Clients: 50_000, Arrive: Poisson(time.Second / 25), Destinations: Destinations{RoundTrip: Exponential(time.Second)},
	}
	for _, s := range []Scenario{patient, queues} {
		p, err := s.compile()
		require.NoError(t, err)
		k := kernel{plan: *p}
		k.init()
		require.NoError(t, k.run(t.Context()))
		assert.Less(t, len(k.conns), 200)
		assert.Less(t, cap(k.calendar.far), 1000)
		assert.Less(t, cap(*k.queue.granted), 100)
	}
}
