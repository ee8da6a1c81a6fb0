package simtest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// grace is how long the cleanup of a fixture waits for what is ending by
// itself, before it calls it left. It passes only in a test that fails.
const grace = 5 * time.Second

// patience is how long a wait goes on while nothing happens, and bubblePatience
// how long it does in a bubble, whose clock is not that of the test's deadline.
const (
	patience       = time.Minute
	bubblePatience = 24 * time.Hour
)

// NewHost returns a machine that runs windows with the settings, or out of the box if
// settings is nil. When the test ends it fails the test if slots are still held
// or waited for at any of its gates, but for outbound ports, which are held for
// minutes after their connections have been closed.
func NewHost(t testing.TB, windows limits.Windows, settings *simulate.Settings) *simulate.Host {
	t.Helper()
	host, err := simulate.New(windows, settings)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	if _, err := watchOf(host); err != nil {
		t.Fatalf("simtest: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		for _, s := range limits.Services() {
			gate, err := host.Gate(s)
			if err != nil || s == limits.TCPOutbound {
				continue
			}
			if gate.Wait(ctx, func(s simulate.Stats) bool { return s.Held == 0 && s.Queued == 0 }) != nil {
				t.Errorf("simtest: slots left: %s", state(gate))
			}
		}
	})
	return host
}

// gateOf returns a gate that a fixture cannot do without.
func gateOf(t testing.TB, host *simulate.Host, s limits.Service) *simulate.Gate {
	t.Helper()
	gate, err := host.Gate(s)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	return gate
}

// state describes a gate, and who holds its slots as far as that is known.
func state(g *simulate.Gate) string {
	rule, s := g.Policy().Rule, g.Stats()
	var b strings.Builder
	fmt.Fprintf(&b, "%v of %v: %d of %v %v held, %d queued; so far %d admitted, %d refused",
		rule.Service, rule.Edition, s.Held, g.Limit(), rule.Unit, s.Queued, s.Admitted, s.Refused)
	if n := s.TimedOut + s.Abandoned; n > 0 {
		fmt.Fprintf(&b, ", %d gave up", n)
	}
	if w, err := watchOf(g.Host()); err == nil {
		b.WriteString(w.account(rule.Service))
	}
	return b.String()
}

// holder is the Peer of what Hold takes.
type holder struct{}

func (holder) String() string { return "simtest.Hold" }

// Hold takes n slots of a gate, as n peers would who are there already and stay.
// release gives them back; it may be called more than once, and is when the test
// ends. If the gate does not have n slots free, the test fails at once.
func Hold(t testing.TB, g *simulate.Gate, n int) (release func()) {
	t.Helper()
	slots := make([]simulate.Slot, n)
	release = sync.OnceFunc(func() {
		for i := range slots {
			slots[i].Release()
		}
	})
	t.Cleanup(release)
	for i := range slots {
		slots[i].Peer = holder{}
		if !g.TryAcquire(&slots[i]) {
			t.Fatalf("simtest: cannot hold %d slots, only %d: %s", n, i, state(g))
		}
	}
	return release
}

// WaitHeld waits until exactly n slots are held. Like WaitRefused and
// WaitQueued it fails the test, with the state of the gate and who holds its
// slots, when nothing has happened at the gate for a minute, shortly before the
// deadline of the test, or when the test is over; in a synctest bubble, after a
// day of its virtual time. It must be called from the goroutine of the test.
//
// All three are told of each change; the clock ends only what has come to a
// standstill. A state that passes at once may be missed.
func WaitHeld(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "held", func(s simulate.Stats) int { return s.Held }, false)
}

// WaitRefused waits until exactly n peers have been refused since the gate was
// made. It fails at once if there are more.
func WaitRefused(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "refused", func(s simulate.Stats) int { return int(s.Refused) }, true)
}

// WaitQueued waits until exactly n peers are waiting for a slot.
func WaitQueued(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "queued", func(s simulate.Stats) int { return s.Queued }, false)
}

// wait waits until count is n. A total never goes down.
func wait(t testing.TB, g *simulate.Gate, n int, what string, count func(simulate.Stats) int, total bool) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	bubble, pause := inBubble(t), patience
	if bubble {
		pause = bubblePatience
	} else if end, ok := deadline(t); ok {
		defer time.AfterFunc(time.Until(end), cancel).Stop()
	}
	standstill := time.AfterFunc(pause, cancel)
	defer standstill.Stop()
	var got int
	err := g.Wait(ctx, func(s simulate.Stats) bool {
		if !bubble {
			standstill.Reset(pause)
		}
		got = count(s)
		return got == n || total && got > n
	})
	if err != nil || got != n {
		t.Fatalf("simtest: waited for %d %s: %s", n, what, state(g))
	}
}

// deadline returns when a wait has to end for its account to be read: a little
// before the deadline of the test, if it has one. The test is in no bubble.
func deadline(t testing.TB) (end time.Time, ok bool) {
	has, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return time.Time{}, false
	}
	if end, ok = has.Deadline(); !ok {
		return time.Time{}, false
	}
	return end.Add(-min(time.Until(end)/10, grace)), true
}
