package simtest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/simtest"
)

var (
	xpPro  = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	xpHome = limits.Windows{Edition: limits.XPHome, ServicePack: 3}
	win7   = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
	win11  = limits.Windows{Edition: limits.Windows11Pro}
)

// testT is a test that is run by hand, for the tests of how fixtures fail and
// for the examples.
type testT struct {
	testing.TB
	ctx      context.Context
	mu       sync.Mutex
	cleanups []func()
	failures []string
}

// try runs f as a test and returns what it failed with.
func try(f func(t testing.TB)) (failures []string) {
	ctx, cancel := context.WithCancel(context.Background())
	t := &testT{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(t)
	}()
	<-done
	cancel()
	for len(t.cleanups) > 0 {
		last := t.cleanups[len(t.cleanups)-1]
		t.cleanups = t.cleanups[:len(t.cleanups)-1]
		last()
	}
	return t.failures
}

func (t *testT) Helper()                  {}
func (t *testT) Context() context.Context { return t.ctx }
func (t *testT) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }

func (t *testT) Errorf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

func (t *testT) Fatalf(format string, args ...any) {
	t.Errorf(format, args...)
	runtime.Goexit()
}

func (t *testT) Skipf(format string, args ...any) {
	t.Errorf("skipped: "+format, args...)
	runtime.Goexit()
}

// failure runs f as a test in a bubble and returns how it failed.
func failure(t *testing.T, f func(t testing.TB)) (text string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		failures := try(f)
		time.Sleep(time.Hour) // a bubble has to outlive its goroutines
		text = strings.Join(failures, "\n")
	})
	return text
}

func TestNewHostNeedsAWindows(t *testing.T) {
	text := failure(t, func(t testing.TB) { simtest.NewHost(t, limits.Windows{}, nil) })
	assert.Contains(t, text, "simtest: limits: unknown edition")
}

func TestFixturesNeedTheirService(t *testing.T) {
	assert.Contains(t, failure(t, func(t testing.TB) {
		simtest.NewServer(t, simtest.NewHost(t, xpHome, nil), nil)
	}), "no such service in this edition")
}

func TestSlotsLeft(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		gate, err := simtest.NewHost(t, xpPro, nil).Gate(limits.SMB)
		if err == nil {
			gate.TryAcquire(new(simulate.Slot))
		}
	})
	assert.Equal(t, "simtest: slots left: smb of Windows XP Professional: 1 of 10 sessions held, 0 queued; so far 1 admitted, 0 refused", text)
}

func TestHold(t *testing.T) {
	t.Parallel()
	gate, err := simtest.NewHost(t, xpHome, nil).Gate(limits.SMB)
	require.NoError(t, err)
	release := simtest.Hold(t, gate, 5)
	simtest.WaitHeld(t, gate, 5)
	release()
	release()
	simtest.WaitHeld(t, gate, 0)
	simtest.Hold(t, gate, 5)() // and the test ends
	simtest.Hold(t, gate, 5)   // without a release

	assert.Equal(t, "simtest: cannot hold 6 slots; only 5 are free: smb of Windows XP Home: 5 of 5 sessions held, 0 queued; so far 5 admitted, 1 refused\n\theld by simtest.Hold for 0s (5 slots)",
		failure(t, func(t testing.TB) {
			gate, err := simtest.NewHost(t, xpHome, nil).Gate(limits.SMB)
			if err == nil {
				simtest.Hold(t, gate, 6)
			}
		}))
	assert.Equal(t, []string{"simtest: cannot hold -1 slots; want 0 or more"},
		try(func(t testing.TB) { simtest.Hold(t, gate, -1) }))
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, err := simtest.NewHost(t, win7, nil).Gate(limits.IIS)
		require.NoError(t, err)
		simtest.WaitHeld(t, gate, 0)
		simtest.WaitQueued(t, gate, 0)
		simtest.WaitRefused(t, gate, 0)
		release := simtest.Hold(t, gate, 10)
		var wg sync.WaitGroup
		for range 15 {
			wg.Go(func() {
				var slot simulate.Slot
				defer slot.Release()
				time.Sleep(time.Second)
				assert.NoError(t, gate.Acquire(t.Context(), &slot))
				time.Sleep(time.Second)
			})
		}
		simtest.WaitQueued(t, gate, 15)
		release()
		simtest.WaitQueued(t, gate, 5)
		simtest.WaitHeld(t, gate, 5)
		simtest.WaitHeld(t, gate, 0)
		wg.Wait()
	})
}

// TestWaitInVain: a wait fails when the count has passed what it waits for, in a bubble after
// a day, and shortly before the deadline of the test.
func TestWaitInVain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, err := simtest.NewHost(t, xpPro, nil).Gate(limits.SMB)
		require.NoError(t, err)
		release := simtest.Hold(t, gate, 10)
		defer release()
		for range 2 {
			assert.False(t, gate.TryAcquire(new(simulate.Slot)))
		}
		start := time.Now()
		assert.Equal(t, []string{"simtest: waited for 1 refused: smb of Windows XP Professional: 10 of 10 sessions held, 0 queued; so far 10 admitted, 2 refused\n\theld by simtest.Hold for 0s (10 slots)"},
			try(func(t testing.TB) { simtest.WaitRefused(t, gate, 1) }))
		assert.Zero(t, time.Since(start))

		failures := try(func(inner testing.TB) { simtest.WaitHeld(bubbleT{inner, t}, gate, 9) })
		assert.Contains(t, strings.Join(failures, "\n"), "waited for 9 held")
		assert.Equal(t, 24*time.Hour, time.Since(start))
	})
	// Not in a bubble, shortly before the deadline.
	assert.Contains(t, strings.Join(try(func(inner testing.TB) {
		gate, err := simtest.NewHost(inner, xpPro, nil).Gate(limits.SMB)
		if err == nil {
			simtest.WaitQueued(deadlineT{inner}, gate, 1)
		}
	}), "\n"), "waited for 1 queued: smb of Windows XP Professional: 0 of 10 sessions held")
}

// bubbleT has the deadline of a test in a bubble, which is to panic.
type bubbleT struct {
	testing.TB
	inBubble *testing.T
}

func (t bubbleT) Deadline() (time.Time, bool) { return t.inBubble.Deadline() }

// deadlineT has a deadline that is near.
type deadlineT struct{ testing.TB }

func (deadlineT) Deadline() (time.Time, bool) { return time.Now().Add(10 * time.Millisecond), true }
