package tcp_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func TestEvent4226(t *testing.T) {
	const s = time.Second
	for _, tt := range []struct {
		name     string
		windows  limits.Windows
		settings simulate.HalfOpenSettings
		dials    int
		want     []time.Duration // after the first dial
	}{
		{"XP SP2, ten", xpSP2, simulate.HalfOpenSettings{}, 10, nil},
		{"XP SP2, eleven", xpSP2, simulate.HalfOpenSettings{}, 11, []time.Duration{0, 60 * s, 120 * s}},
		{"XP SP2, hundred", xpSP2, simulate.HalfOpenSettings{}, 100, []time.Duration{0, 240 * s, 480 * s}},
		{"XP SP2, hundred, each minute", xpSP2, simulate.HalfOpenSettings{EventInterval: 60 * s}, 100,
			[]time.Duration{0, 60 * s, 120 * s, 180 * s, 240 * s, 300 * s, 360 * s, 420 * s, 480 * s, 540 * s, 600 * s, 660 * s}},
		{"XP SP2, eleven, each five minutes", xpSP2, simulate.HalfOpenSettings{EventInterval: 300 * s}, 11, []time.Duration{0}},
		{"XP SP2, eleven, each 70 s", xpSP2, simulate.HalfOpenSettings{EventInterval: 70 * s}, 11, []time.Duration{0, 70 * s, 140 * s}},
		{"Vista SP1", vistaSP1, simulate.HalfOpenSettings{}, 11, []time.Duration{0, 60 * s, 120 * s}},
		{"Vista SP2, switched on", vistaSP2, simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}, 11, []time.Duration{0, 60 * s, 120 * s}},
		{"Vista SP2", vistaSP2, simulate.HalfOpenSettings{}, 100, nil},
		{"XP SP1", xpSP1, simulate.HalfOpenSettings{}, 100, nil},
		{"Windows 7", windows7, simulate.HalfOpenSettings{}, 100, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialer(t, tt.windows, &simulate.Settings{HalfOpen: tt.settings}, new(network), tcp.DialerSettings{})
				start := time.Now()
				var mu sync.Mutex
				var logged []time.Duration
				stop := d.host.Observe(func(e simulate.Event) {
					if e.Kind != simulate.Logged {
						return
					}
					mu.Lock()
					defer mu.Unlock()
					logged = append(logged, time.Since(start))
					assert.Equal(t, e.Time, e.Log.Time)
					assert.Equal(t, limits.TCPHalfOpen, e.Service)
					assert.Equal(t, tt.windows, e.Windows)
					assert.Equal(t, limits.TextEvent4226, e.Log.Text)
				})
				defer stop()
				for range 3 { // three times the dials: once a minute, or when they are through
					at := time.Since(start)
					dialAll(t.Context(), d, dead(tt.dials)...)
					next := (at/(60*s) + 1) * 60 * s
					if tt.dials == 100 {
						next = at + 240*s
					}
					time.Sleep(next - time.Since(start))
				}
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				assert.Equal(t, tt.want, logged)
			})
		})
	}
}

// A limit that no Windows had logs nothing where Windows had no such event.
func TestNoEventWhereWindowsHadNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP1, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 2}}, new(network), tcp.DialerSettings{})
		stop := d.host.Observe(func(e simulate.Event) { assert.NotEqual(t, simulate.Logged, e.Kind) })
		defer stop()
		dialAll(t.Context(), d, dead(5)...)
		assert.EqualValues(t, 3, d.gate.Stats().Waited)
	})
}

// An observer may ask the gate, and even dial.
func TestObserverMayDial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1), EventInterval: time.Minute}}, new(network), tcp.DialerSettings{})
		stop := d.host.Observe(func(e simulate.Event) {
			if e.Kind == simulate.Logged {
				assert.False(t, d.gate.TryAcquire(new(simulate.Slot)))
				go d.Dial("tcp", "192.0.2.9:80")
			}
		})
		defer stop()
		dialAll(t.Context(), d, dead(3)...)
		require.NoError(t, d.gate.WaitHeld(t.Context(), 0))
	})
}
