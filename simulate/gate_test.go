package simulate_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

var (
	xpPro  = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	xpHome = limits.Windows{Edition: limits.XPHome, ServicePack: 3}
	win7   = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
)

func newGate(t testing.TB, w limits.Windows, s limits.Service, settings *simulate.Settings) *simulate.Gate {
	t.Helper()
	h, err := simulate.New(w, settings)
	require.NoError(t, err)
	g, err := h.Gate(s)
	require.NoError(t, err)
	return g
}

func fill(t testing.TB, g *simulate.Gate, n int) []*simulate.Slot {
	t.Helper()
	slots := make([]*simulate.Slot, n)
	for i := range slots {
		slots[i] = new(simulate.Slot)
		require.True(t, g.TryAcquire(slots[i]), "slot %d of %d", i+1, n)
	}
	return slots
}

func TestGateRefuses(t *testing.T) {
	g := newGate(t, xpPro, limits.SMB, nil)
	slots := fill(t, g, 10)

	var eleventh simulate.Slot
	assert.False(t, g.TryAcquire(&eleventh))
	err := g.Acquire(t.Context(), &eleventh)
	require.ErrorIs(t, err, simulate.ErrLimit)
	var limitErr *simulate.LimitError
	require.ErrorAs(t, err, &limitErr)
	assert.Equal(t, simulate.Refused, limitErr.Outcome)
	assert.Equal(t, limits.Number(10), limitErr.Limit)
	assert.Equal(t, 10, limitErr.Held)
	assert.Equal(t, "simulate: smb of Windows XP Professional SP3: refused at the limit of 10 sessions (10 held)", err.Error())
	var netErr net.Error
	require.ErrorAs(t, err, &netErr)
	assert.False(t, netErr.Timeout())

	eleventh.Release() // holds nothing
	slots[0].Release()
	slots[0].Release() // once is all
	assert.True(t, g.TryAcquire(&eleventh))
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	assert.Equal(t, simulate.Stats{Held: 10, Peak: 10, Admitted: 11, Refused: 3}, g.Stats())
}

func TestGateQueuesFirstInFirstOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, nil)
		slots := fill(t, g, 10)
		var order []int
		for i := range 5 {
			go func() {
				var s simulate.Slot
				assert.NoError(t, g.Acquire(t.Context(), &s))
				order = append(order, i)
				time.Sleep(time.Second)
				s.Release()
			}()
			synctest.Wait()
		}
		assert.Equal(t, 5, g.Stats().Queued)
		assert.False(t, g.TryAcquire(new(simulate.Slot)), "TryAcquire never waits")
		start := time.Now()
		slots[0].Release()
		require.NoError(t, g.Wait(t.Context(), func(s simulate.Stats) bool { return s.Waited == 5 && s.Held == 9 }))
		assert.Equal(t, []int{0, 1, 2, 3, 4}, order)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, simulate.Stats{Held: 9, Peak: 10, Admitted: 15, Waited: 5, Refused: 1}, g.Stats())
	})
}

func TestGateQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, nil)
		fill(t, g, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 1000 {
			go func() { assert.ErrorIs(t, g.Acquire(ctx, new(simulate.Slot)), context.DeadlineExceeded) }()
		}
		synctest.Wait()
		err := g.Acquire(ctx, new(simulate.Slot))
		var limitErr *simulate.LimitError
		require.ErrorAs(t, err, &limitErr)
		assert.Equal(t, simulate.Refused, limitErr.Outcome)
		assert.Equal(t, 1000, limitErr.Queued)
		require.NoError(t, g.Wait(t.Context(), func(s simulate.Stats) bool { return s.TimedOut == 1000 }))
		assert.Equal(t, simulate.Stats{Held: 10, Peak: 10, Admitted: 10, Refused: 1, TimedOut: 1000}, g.Stats())
	})
}

func TestGateLeavesQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, nil)
		slots := fill(t, g, 10)
		results := make(chan error, 2)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- g.Acquire(ctx, new(simulate.Slot)) }()
		synctest.Wait()
		second := new(simulate.Slot)
		go func() { results <- g.Acquire(t.Context(), second) }()
		synctest.Wait()

		cancel()
		err := <-results
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, simulate.ErrLimit)
		slots[3].Release()
		require.NoError(t, <-results)
		assert.Equal(t, simulate.Stats{Held: 10, Peak: 10, Admitted: 11, Waited: 1, Abandoned: 1}, g.Stats())
	})
}

// A context that was over before has met the limit only if there was one to meet.
func TestContextThatWasOver(t *testing.T) {
	g := newGate(t, win7, limits.IIS, nil)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.Acquire(over, new(simulate.Slot))
	require.Equal(t, context.Canceled, err)
	assert.Zero(t, g.Stats())
	fill(t, g, 10)
	err = g.Acquire(over, new(simulate.Slot))
	require.ErrorIs(t, err, simulate.ErrLimit)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 1, g.Stats().Abandoned)
}

// endedAs is a context that has ended with an error of its own.
type endedAs struct {
	context.Context
	err error
}

func (c endedAs) Err() error { return c.err }

func TestSuperseded(t *testing.T) {
	g := newGate(t, win7, limits.IIS, nil)
	fill(t, g, 10)
	err := g.Acquire(endedAs{t.Context(), simulate.ErrSuperseded}, new(simulate.Slot))
	require.ErrorIs(t, err, simulate.ErrSuperseded)
	var limit *simulate.LimitError
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, simulate.Superseded, limit.Outcome)
	assert.Equal(t, simulate.Stats{Held: 10, Peak: 10, Admitted: 10, Superseded: 1}, g.Stats())
	assert.Equal(t, "10 held, 0 queued, peak 10; 10 admitted, 0 waited, 0 refused, 0 timed out, 0 abandoned, 1 superseded", g.Stats().String())
}

// A context that ends at the moment a slot is granted must not keep the slot.
func TestGateDeadContextGivesSlotBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, nil)
		slots := fill(t, g, 10)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		result := make(chan error, 1)
		go func() { result <- g.Acquire(ctx, new(simulate.Slot)) }()
		<-ctx.Done() // not a sleep: whose timer comes first is not fixed
		slots[0].Release()
		require.ErrorIs(t, <-result, context.DeadlineExceeded)
		assert.Equal(t, 9, g.Stats().Held)
		assert.EqualValues(t, 10, g.Stats().Admitted)

		synctest.Wait()
		require.ErrorIs(t, g.Acquire(ctx, new(simulate.Slot)), context.DeadlineExceeded, "it is over already")
		assert.True(t, g.TryAcquire(new(simulate.Slot)))
	})
}

// An attempt that gives back the slot it was granted is not admitted, also if
// the counters are set to 0 between the two.
func TestResetStatsBeforeSlotIsGivenBack(t *testing.T) {
	g := newGate(t, win7, limits.IIS, nil)
	slots := fill(t, g, 10)
	ctx, cancel := context.WithCancel(t.Context())
	s := simulate.Slot{OnQueue: func() {
		slots[0].Release() // which grants the slot to s
		g.ResetStats()
		cancel()
	}}
	require.ErrorIs(t, g.Acquire(ctx, &s), context.Canceled)
	assert.Equal(t, simulate.Stats{Held: 9, Peak: 10, Abandoned: 1}, g.Stats())
}

func TestSetLimitThrowsNobodyOut(t *testing.T) {
	g := newGate(t, xpPro, limits.IIS, nil)
	slots := fill(t, g, 10)
	for _, bad := range []limits.Limit{limits.Number(41), limits.Unlimited(), limits.Absent(), {}} {
		err := g.SetLimit(bad)
		require.ErrorContains(t, err, "is not from 0 to 40")
	}
	require.NoError(t, g.SetLimit(limits.Number(3)))
	assert.Equal(t, limits.Number(3), g.Limit())
	assert.Equal(t, 10, g.Stats().Held)
	for i, s := range slots[:8] {
		s.Release()
		assert.Equal(t, i == 7, g.TryAcquire(s), "after %d left", i+1)
	}
	require.NoError(t, g.SetLimit(limits.Number(40)))
	fill(t, g, 37)
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	require.NoError(t, g.SetLimit(limits.Number(0)))
	require.NoError(t, g.SetLimit(limits.Number(40)))
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	assert.Equal(t, 40, g.Stats().Held)
}

func TestRaisingTheLimitServesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, &simulate.Settings{WorkerProcesses: 2})
		require.NoError(t, g.SetLimit(limits.Number(1)))
		fill(t, g, 1)
		for range 5 {
			go func() { assert.NoError(t, g.Acquire(t.Context(), new(simulate.Slot))) }()
		}
		synctest.Wait()
		require.NoError(t, g.SetLimit(limits.Number(4)))
		require.NoError(t, g.WaitHeld(t.Context(), 4))
		require.NoError(t, g.SetLimit(limits.Number(20)))
		require.NoError(t, g.Wait(t.Context(), func(s simulate.Stats) bool { return s.Waited == 5 }))
		assert.Equal(t, 6, g.Stats().Held)
	})
}

// The invariants, under everything at once: never more held than the ceiling,
// nothing leaked, every attempt counted once.
func TestGateUnderLoad(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		t.Run(w.String(), func(t *testing.T) {
			g := newGate(t, w, limits.IIS, nil)
			ceiling, _ := g.Policy().Ceiling.Number()
			const workers, rounds = 32, 200
			var wg sync.WaitGroup
			var over atomic.Int64
			for i := range workers {
				wg.Go(func() {
					for j := range rounds {
						ctx, cancel := context.WithCancel(t.Context())
						if (i+j)%3 == 0 {
							go cancel()
						}
						var s simulate.Slot
						if err := g.Acquire(ctx, &s); err == nil {
							assert.LessOrEqual(t, g.Stats().Held, ceiling)
							s.Release()
						} else if !errors.Is(err, simulate.ErrLimit) {
							// It was over before it asked, and a slot was free.
							assert.ErrorIs(t, err, context.Canceled)
							over.Add(1)
						}
						cancel()
						if i == 0 {
							assert.NoError(t, g.SetLimit(limits.Number((j*7)%ceiling+1)))
						}
					}
				})
			}
			wg.Wait()
			s := g.Stats()
			assert.Zero(t, s.Held)
			assert.Zero(t, s.Queued)
			assert.LessOrEqual(t, s.Peak, ceiling)
			assert.EqualValues(t, workers*rounds, s.Admitted+s.Refused+s.TimedOut+s.Abandoned+over.Load())
			require.NoError(t, g.SetLimit(limits.Number(ceiling)))
			fill(t, g, ceiling)
			assert.False(t, g.TryAcquire(new(simulate.Slot)))
		})
	}
}

func TestWaitReturnsContextError(t *testing.T) {
	g := newGate(t, xpPro, limits.SMB, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := g.WaitHeld(ctx, 1)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "smb of Windows XP Professional SP3")
}

func TestSlotCannotHoldTwice(t *testing.T) {
	g := newGate(t, xpPro, limits.SMB, nil)
	var s simulate.Slot
	require.True(t, g.TryAcquire(&s))
	assert.Panics(t, func() { g.TryAcquire(&s) })
	s.Release()
	assert.True(t, g.TryAcquire(&s), "a released simulate.Slot may be used again")
}

func TestUnlimitedGateCounts(t *testing.T) {
	g := newGate(t, xpPro, limits.TCPOther, nil)
	assert.True(t, g.Limit().IsUnlimited())
	slots := fill(t, g, 1000)
	assert.Equal(t, simulate.Stats{Held: 1000, Peak: 1000, Admitted: 1000}, g.Stats())
	for _, s := range slots {
		s.Release()
	}
	assert.Zero(t, g.Stats().Held)
}

func TestLimitErrorUnwraps(t *testing.T) {
	err := error(&simulate.LimitError{Outcome: simulate.TimedOut, Err: context.DeadlineExceeded})
	var netErr net.Error
	require.True(t, errors.As(err, &netErr))
	assert.True(t, netErr.Timeout())
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestHold(t *testing.T) {
	g := newGate(t, xpPro, limits.SMB, nil)
	fill(t, g, 3)
	release, err := g.Hold(7)
	require.NoError(t, err)
	assert.Equal(t, 7, g.Holds())
	assert.Equal(t, simulate.Stats{Held: 10, Peak: 10, Admitted: 3}, g.Stats())
	assert.False(t, g.TryAcquire(new(simulate.Slot)))
	_, err = g.Hold(1)
	require.ErrorContains(t, err, "only 0 of 10 are free")
	release()
	release()
	assert.Equal(t, 0, g.Holds())
	assert.Equal(t, 3, g.Stats().Held)
	_, err = g.Hold(8)
	require.ErrorContains(t, err, "only 7 of 10 are free")
	_, err = g.Hold(-1)
	require.ErrorContains(t, err, "hold -1 slots")
	fill(t, g, 7)
}

// Slots that are held wait in no queue, and do not pass the attempts in it.
func TestHoldPassesNoQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, nil)
		release, err := g.Hold(10)
		require.NoError(t, err)
		go func() { assert.NoError(t, g.Acquire(t.Context(), new(simulate.Slot))) }()
		synctest.Wait()
		require.NoError(t, g.SetLimit(limits.Number(5)))
		_, err = g.Hold(1)
		require.ErrorContains(t, err, "only 0 of 5 are free, with 1 queued")
		release()
		synctest.Wait()
		assert.Equal(t, 1, g.Stats().Held)
		assert.EqualValues(t, 1, g.Stats().Admitted)
	})
}

func TestZeroGateSaysWhatItLacks(t *testing.T) {
	var g simulate.Gate
	assert.PanicsWithValue(t, "simulate: the zero Gate has no limit; Host.Gate returns one that has", func() { g.TryAcquire(new(simulate.Slot)) })
	assert.PanicsWithValue(t, "simulate: the zero Gate has no limit; Host.Gate returns one that has", func() { _ = g.Acquire(t.Context(), new(simulate.Slot)) })
}

// The settings of the machine end the wait, and name themselves as the clock.
func TestQueueTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, win7, limits.IIS, &simulate.Settings{QueueTimeout: time.Minute})
		fill(t, g, 10)
		start := time.Now()
		err := g.Acquire(t.Context(), new(simulate.Slot))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, simulate.ErrLimit)
		assert.Equal(t, time.Minute, time.Since(start))
		assert.EqualValues(t, 1, g.Stats().TimedOut)
	})
}

// Peer and Process are the caller's to set: events name the one, and the other
// is the line that the slot waits in.
func TestSlotNamesItsPeerAndProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, xpSP2, limits.TCPHalfOpen, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}})
		release, err := g.Hold(1)
		require.NoError(t, err)
		var mu sync.Mutex
		var order []string
		stop := g.Host().Observe(func(e simulate.Event) {
			mu.Lock()
			defer mu.Unlock()
			if e.Outcome == simulate.Waited {
				order = append(order, e.Peer)
			}
		})
		defer stop()
		var all sync.WaitGroup
		for _, who := range []string{"a1", "a2", "a3", "b1", "b2"} {
			all.Go(func() {
				s := simulate.Slot{Peer: peer(who), Process: who[:1]}
				assert.NoError(t, g.Acquire(t.Context(), &s))
				s.Release()
			})
			synctest.Wait()
		}
		release()
		all.Wait()
		assert.Equal(t, []string{"a1", "b1", "a2", "b2", "a3"}, order, "in turn")
	})
}

type peer string

func (p peer) String() string { return string(p) }

// A slot that Wait has seen come free can be taken. (Without the wait for what is on
// its way out, one of a million tries or so fails on a busy machine.)
func TestWaitReturnsWhenTheSlotIsFree(t *testing.T) {
	g := newGate(t, xpPro, limits.SMB, &simulate.Settings{Limits: map[limits.Service]int{limits.SMB: 1}})
	for range 50_000 {
		var first, second simulate.Slot
		require.True(t, g.TryAcquire(&first))
		go first.Release()
		require.NoError(t, g.WaitHeld(t.Context(), 0))
		require.True(t, g.TryAcquire(&second), "no slot was held")
		second.Release()
	}
}
