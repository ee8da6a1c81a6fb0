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

// grace is how long the clean-up of a fixture waits for what is about to end, before
// it reports it as left behind. Only a test that fails takes that long.
const grace = 5 * time.Second

// patience is how long a wait goes on while nothing happens, and bubblePatience
// how long it does in a bubble, whose clock is not that of the test's deadline.
const (
	patience       = time.Minute
	bubblePatience = 24 * time.Hour
)

// NewHost returns the machine of a test: one that runs windows, with the settings, or
// out of the box if settings is nil. The fixtures of one machine take the same host.
// The test fails if windows names no edition or a setting makes no sense.
//
// At its end the test fails if slots are still held at one of the machine's gates, or
// attempts are still queued there. Outbound ports (limits.TCPOutbound) do not count:
// Windows holds one for minutes after its connection has been closed.
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

// gateOf returns the gate of a service that a fixture needs.
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

// counted returns the number of things in plain English: "1 slot", "2 slots".
func counted(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// holder is the Peer of the slots that Hold takes.
type holder struct{}

func (holder) String() string { return "simtest.Hold" }

// Hold takes n slots of a gate and keeps them, as n clients would that came before. So a
// test reaches a limit without that many clients. release gives the slots back. It may
// be called more than once, and is called when the test ends. If fewer than n slots are
// free, the test fails at once and says what holds the others.
func Hold(t testing.TB, g *simulate.Gate, n int) (release func()) {
	t.Helper()
	if n < 0 {
		t.Fatalf("simtest: cannot hold %d slots; want 0 or more", n)
	}
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
			t.Fatalf("simtest: cannot hold %d slots; only %d are free: %s", n, i, state(g))
		}
	}
	return release
}

// WaitHeld waits until exactly n slots are held. Call it instead of sleeping: after a
// client has closed its connection, say, and before another needs the slot.
//
// WaitHeld, WaitRefused and WaitQueued look at the gate after each change, and
// return as soon as the count is right. A count that is right for an instant only may
// be missed. They fail the test when nothing has changed at the gate for a minute (in
// a testing/synctest bubble: for a day of its virtual time), shortly before the
// test's deadline, or when the test is over. The failure says what holds the slots,
// and since when. They must be called from the goroutine of the test.
func WaitHeld(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "held", func(s simulate.Stats) int { return s.Held }, false)
}

// WaitRefused waits as WaitHeld does, until exactly n attempts have been refused since the
// gate was made. If more have been refused, the test fails at once.
func WaitRefused(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "refused", func(s simulate.Stats) int { return int(s.Refused) }, true)
}

// WaitQueued waits as WaitHeld does, until exactly n attempts are in the queue for a slot.
func WaitQueued(t testing.TB, g *simulate.Gate, n int) {
	t.Helper()
	wait(t, g, n, "queued", func(s simulate.Stats) int { return s.Queued }, false)
}

// wait waits until count is n. A total never goes down: once above n, it never is n.
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

// deadline returns when a wait has to end, so that the test can still report it: a
// little before the deadline of the test, if it has one. The test is in no bubble.
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
