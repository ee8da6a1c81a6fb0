package simulate_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/soak"
)

// A soakTally is what the attempts of a soak say of themselves.
type soakTally struct {
	attempts, admitted, waited, refused, timedOut, abandoned, superseded, over atomic.Int64
}

// TestSoakGate: many attempts of every kind at the same time, and each of them in
// the sums once.
func TestSoakGate(t *testing.T) {
	n, err := soak.Admissions()
	require.NoError(t, err)
	cases := []struct {
		name     string
		windows  limits.Windows
		service  limits.Service
		settings *simulate.Settings
		queue    int // in place of that of the rule
		moves    bool
		real     bool // no bubble: time passes, and nothing pauses
	}{
		{name: "refuses", windows: xpPro, service: limits.IIS},
		{name: "refuses-moved", windows: xpPro, service: limits.IIS, moves: true},
		{name: "refuses-real", windows: xpPro, service: limits.IIS, real: true, moves: true},
		{name: "queues", windows: win7, service: limits.IIS},
		{name: "queues-moved", windows: win7, service: limits.IIS, moves: true},
		{name: "queues-real", windows: win7, service: limits.IIS, real: true, moves: true},
		{name: "short-queue", windows: win7, service: limits.IIS, queue: 7, moves: true},
		{name: "timeout", windows: win7, service: limits.IIS, settings: &simulate.Settings{QueueTimeout: 5 * time.Millisecond}, moves: true},
		{name: "lines", windows: xpSP2, service: limits.TCPHalfOpen, moves: true},
		{name: "paced", windows: xpSP2, service: limits.TCPHalfOpen, settings: &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{ReleaseRate: 2000}}, moves: true},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			var ledger soak.Ledger
			for _, n := range soak.Rounds(n / len(cases)) {
				run := func(t *testing.T) {
					host, err := simulate.New(tt.windows, tt.settings)
					require.NoError(t, err)
					policy, err := host.Policy(tt.service)
					require.NoError(t, err)
					if tt.queue > 0 {
						policy.Queue = limits.Number(tt.queue)
					}
					soakGate(t, simulate.NewGate(host, policy), &ledger, n, tt.moves, tt.real)
				}
				if tt.real {
					run(t)
				} else {
					synctest.Test(t, run)
				}
			}
			t.Log(&ledger)
		})
	}
}

func soakGate(t *testing.T, gate *simulate.Gate, ledger *soak.Ledger, n int64, moves, real bool) {
	account := ledger.Open(gate)
	var tally soakTally
	var workers, movers sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if moves {
		movers.Go(func() { assert.NoError(t, account.Move(ctx)) })
	}
	for range 64 {
		workers.Go(func() {
			for gate.Stats().Admitted < n {
				if !soakAttempt(t, gate, &tally, real) && !real {
					time.Sleep(time.Millisecond) // or time stands still
				}
			}
		})
	}
	workers.Wait()
	cancel()
	movers.Wait()
	s := gate.Stats()
	require.NoError(t, account.Settle())
	assert.GreaterOrEqual(t, s.Admitted, n)
	assert.Equal(t, s, simulate.Stats{
		Peak: s.Peak, Admitted: tally.admitted.Load(), Waited: tally.waited.Load(), Refused: tally.refused.Load(),
		TimedOut: tally.timedOut.Load(), Abandoned: tally.abandoned.Load(), Superseded: tally.superseded.Load(),
	})
	assert.Equal(t, tally.attempts.Load(), s.Admitted+s.Refused+s.TimedOut+s.Abandoned+s.Superseded+tally.over.Load())
}

// supersedable is a context that ends because it is needed no longer.
type supersedable struct{ context.Context }

func (c supersedable) Err() error {
	if c.Context.Err() != nil {
		return simulate.ErrSuperseded
	}
	return nil
}

// soakAttempt makes an attempt of any kind, and holds its slot for a while. It
// reports whether it got one.
func soakAttempt(t *testing.T, gate *simulate.Gate, tally *soakTally, real bool) bool {
	pause := func(most int) {
		if real {
			runtime.Gosched()
		} else if ms := rand.IntN(most + 1); ms > 0 {
			time.Sleep(time.Duration(ms) * time.Millisecond)
		}
	}
	if rand.IntN(100) == 0 { // slots that are no peer's
		if release, err := gate.Hold(1 + rand.IntN(3)); err == nil {
			pause(2)
			release()
			release()
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var slot simulate.Slot
	queued := false
	slot.OnQueue = func() { queued = true }
	slot.Process = string('a' + rune(rand.IntN(5)))
	tally.attempts.Add(1)
	var err error
	switch rand.IntN(8) {
	case 0:
		if !gate.TryAcquire(&slot) {
			tally.refused.Add(1)
			return false
		}
	case 1:
		cancel()
		err = gate.Acquire(ctx, &slot)
	case 2:
		go cancel()
		err = gate.Acquire(ctx, &slot)
	case 3:
		slot.OnQueue = func() {
			queued = true
			if rand.IntN(2) == 0 {
				cancel() // it is queued, and nothing else
			}
		}
		err = gate.Acquire(supersedable{ctx}, &slot)
	case 4, 5:
		limited, stop := context.WithTimeout(ctx, time.Duration(rand.IntN(6))*time.Millisecond)
		defer stop()
		err = gate.Acquire(limited, &slot)
	default:
		err = gate.Acquire(ctx, &slot)
	}
	var limit *simulate.LimitError
	switch {
	case err == nil && queued:
		tally.waited.Add(1)
		tally.admitted.Add(1)
	case err == nil:
		tally.admitted.Add(1)
	case !errors.As(err, &limit):
		tally.over.Add(1)
		return false
	default:
		switch limit.Outcome {
		case simulate.Refused:
			assert.False(t, queued)
			tally.refused.Add(1)
		case simulate.TimedOut:
			tally.timedOut.Add(1)
		case simulate.Abandoned:
			tally.abandoned.Add(1)
		case simulate.Superseded:
			tally.superseded.Add(1)
		default:
			assert.Fail(t, "outcome", "%v", limit.Outcome)
		}
		slot.Release() // of nothing
		return false
	}
	switch rand.IntN(4) {
	case 0:
		pause(3)
		slot.Release()
		slot.Release()
	case 1: // twice at once
		done := make(chan struct{})
		go func() {
			slot.Release()
			close(done)
		}()
		slot.Release()
		<-done
	case 2: // while it panics
		assert.Panics(t, func() {
			defer slot.Release()
			pause(1)
			panic("a program's")
		})
	default:
		pause(1)
		slot.Release()
	}
	return true
}
