package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Gate admits the peers of one service of a Host. It holds the limit, the
// queue if the rule has one, and the counters. All fronts that speak the
// service share the gate, and so does whoever asks it directly.
//
// Acquire is what most callers want: it applies the discipline of the rule.
// TryAcquire never waits. Both fill a Slot to Release. SetLimit moves the
// limit while slots are held, and Wait waits for a state of the gate, which
// saves a test from sleeping.
//
// A Gate comes from Host.Gate. It may be used by many goroutines.
type Gate struct {
	host       *Host
	rule       limits.Rule
	discipline limits.Discipline
	ceiling    int64
	bound      int64     // waiters at most; 0 where the discipline is not to queue
	halfOpen   *halfOpen // what TCPHalfOpen does besides; nil for other services

	admission admission

	tally     atomic.Uint64 // see hold
	peak      atomic.Int64
	waited    atomic.Int64
	refused   atomic.Int64
	timedOut  atomic.Int64
	abandoned atomic.Int64

	watchers  atomic.Int64
	watchMu   sync.Mutex
	watchChan chan struct{}
}

// Stats are the counters of a gate, exact whenever nothing is in motion.
type Stats struct {
	// Held is the number of slots held now, Peak the highest it was, Waiting
	// the number of attempts in the queue now.
	Held, Peak, Waiting int
	// Admitted counts all who got in, and Waited those of them who had to wait
	// first. Refused, TimedOut and Abandoned count those who did not get in.
	Admitted, Waited, Refused, TimedOut, Abandoned int64
}

// Slot is the place of one admitted peer. Its zero value is ready for Acquire
// and TryAcquire, and it may be used again once released. It is meant to be a
// field of whatever stands for the peer and must not be copied.
type Slot struct {
	gate *Gate
	// held is 1 while the slot is held. Only Release, which anybody may call at
	// any time, needs the atomic: whoever fills a Slot has it to himself, and a
	// plain store saves a fifth of the cost of the gate.
	held uint32
	peer net.Addr
}

// Release gives the slot back. It does nothing if s holds none, be it that it
// was refused or has been released, so that "defer slot.Release()" is always
// right.
func (s *Slot) Release() {
	if atomic.CompareAndSwapUint32(&s.held, 1, 0) {
		s.gate.leave(s)
	}
}

// LimitError reports that a gate did not let a peer in. It matches ErrLimit,
// and the context's error if waiting ended with one. It is a net.Error.
type LimitError struct {
	Windows limits.Windows
	Rule    limits.Rule
	// Outcome is Refused, TimedOut or Abandoned.
	Outcome Outcome
	// Limit, Held and Waiting are the state that the peer met.
	Limit         limits.Limit
	Held, Waiting int
	// Err is the error of the context that ended the wait, or nil.
	Err error
}

// ErrLimit matches every LimitError.
var ErrLimit = errors.New("simulate: connection limit")

// Error names the service, the Windows, the limit and how many held it.
func (e *LimitError) Error() string {
	text := fmt.Sprintf("simulate: %v of %v: %v by the limit of %v %v (%d held",
		e.Rule.Service, e.Windows, e.Outcome, e.Limit, e.Rule.Unit, e.Held)
	if e.Waiting > 0 {
		text += fmt.Sprintf(", %d waiting", e.Waiting)
	}
	text += ")"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is makes the error match ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Unwrap returns the context's error, if any.
func (e *LimitError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed while waiting.
func (e *LimitError) Timeout() bool { return e.Outcome == TimedOut }

// Temporary is true: the limit may admit the next attempt.
func (e *LimitError) Temporary() bool { return true }

// Rule returns the rule behind the gate.
func (g *Gate) Rule() limits.Rule { return g.rule }

// Limit returns the limit in force: a number, or unlimited.
func (g *Gate) Limit() limits.Limit { return toLimit(g.admission.inForce()) }

// Ceiling returns the highest limit that SetLimit accepts.
func (g *Gate) Ceiling() limits.Limit { return toLimit(g.ceiling) }

func toLimit(n int64) limits.Limit {
	if n == unlimited {
		return limits.Unlimited()
	}
	return limits.Number(int(n))
}

// SetLimit puts another limit in force, from 0 up to the ceiling. It throws
// nobody out: a limit below the number of slots held lets nobody in until
// enough of them have been released. A limit above the ceiling is an error that
// says why, and changes nothing.
func (g *Gate) SetLimit(n int) error {
	if n < 0 || int64(n) > g.ceiling {
		return fmt.Errorf("simulate: %v of %v: limit %d is not from 0 to %v: %v",
			g.rule.Service, g.host.windows, n, g.Ceiling(), g.rule)
	}
	g.admission.move(int64(n))
	g.changed(Event{Kind: LimitChanged})
	return nil
}

// Stats returns the counters.
func (g *Gate) Stats() Stats {
	tally := g.tally.Load()
	return Stats{
		Held:      int(tally & tallyHeldMask),
		Peak:      int(g.peak.Load()),
		Waiting:   int(g.admission.waiting.Load()),
		Admitted:  int64(tally / tallyAdmitted),
		Waited:    g.waited.Load(),
		Refused:   g.refused.Load(),
		TimedOut:  g.timedOut.Load(),
		Abandoned: g.abandoned.Load(),
	}
}

// Acquire puts a slot into s as the rule says: at once if one is free; else it
// waits in the queue, if the rule has one, until a slot is free or ctx is done;
// else it is refused. The error is a *LimitError, and s holds nothing then.
//
// Where the rule is to displace (Remote Desktop on client editions), the
// newcomer is refused; a front that lets him displace the present user releases
// that user's slot first.
func (g *Gate) Acquire(ctx context.Context, s *Slot) error {
	return g.acquireFor(ctx, s, "")
}

// TryAcquire puts a slot into s if one is free and nobody waits for it, and
// reports whether it did. If not, that counts as a refusal.
func (g *Gate) TryAcquire(s *Slot) bool {
	if g.enter(s) {
		return true
	}
	g.refuse(s)
	return false
}

// enter is TryAcquire without the count of refusals.
func (g *Gate) enter(s *Slot) bool {
	if s.held != 0 {
		panic("simulate: the Slot holds a slot already")
	}
	if !g.admission.try() {
		return false
	}
	g.seat(s)
	return true
}

// seat puts a slot that was free into s.
func (g *Gate) seat(s *Slot) {
	g.hold()
	s.gate = g
	s.held = 1
	if g.isWatched() {
		g.changed(Event{Kind: Decided, Outcome: Admitted, Peer: s.name()})
	}
}

// The tally has the number of slots held in its lower bits and the number of
// peers admitted above them, so that one atomic addition keeps both exact.
const (
	tallyHeld     = 1
	tallyAdmitted = 1 << 28
	tallyHeldMask = tallyAdmitted - 1
)

// hold counts a slot that has been taken.
func (g *Gate) hold() {
	held := int64(g.tally.Add(tallyAdmitted+tallyHeld) & tallyHeldMask)
	for peak := g.peak.Load(); held > peak; peak = g.peak.Load() {
		if g.peak.CompareAndSwap(peak, held) {
			return
		}
	}
}

// held returns the number of slots held.
func (g *Gate) held() int { return int(g.tally.Load() & tallyHeldMask) }

// acquireFor is Acquire for a named process.
func (g *Gate) acquireFor(ctx context.Context, s *Slot, process string) error {
	if err := ctx.Err(); err != nil {
		return g.giveUp(s, err, 0)
	}
	if g.enter(s) {
		return nil
	}
	if g.bound == 0 {
		g.refuse(s)
		return g.limitError(Refused, nil)
	}
	granted := make(chan struct{})
	w := waiter{granted: func(*waiter) {
		g.hold()
		close(granted)
	}}
	var since time.Time
	if g.host.isObserved() {
		since = time.Now()
	}
	if !g.admission.enqueue(&w, process, g.bound) {
		g.refuse(s)
		return g.limitError(Refused, nil)
	}
	if g.isWatched() {
		g.changed(Event{Kind: Queued, Peer: s.name()})
	}
	if g.halfOpen != nil {
		g.halfOpen.queued()
	}
	select {
	case <-granted:
	case <-ctx.Done():
	}
	var waited time.Duration
	if !since.IsZero() {
		waited = time.Since(since)
	}
	// A context that is over wins against a slot granted at the same time, or
	// callers with nothing left to do would go on with it. The clock is asked
	// too: many waiters may have the same deadline, and the first whose timer
	// fires may give its slot to one whose timer has yet to.
	err := ctx.Err()
	if deadline, ok := ctx.Deadline(); err == nil && ok && !time.Now().Before(deadline) {
		err = context.DeadlineExceeded
	}
	if err != nil {
		if !g.admission.leave(&w) {
			g.tally.Add(^uint64(tallyAdmitted + tallyHeld - 1))
			g.admission.release(1)
		}
		return g.giveUp(s, err, waited)
	}
	g.waited.Add(1)
	s.gate = g
	s.held = 1
	if g.isWatched() {
		g.changed(Event{Kind: Decided, Outcome: Waited, Waited: waited, Peer: s.name()})
	}
	return nil
}

// refuse counts a refusal.
func (g *Gate) refuse(s *Slot) {
	g.refused.Add(1)
	if g.isWatched() {
		g.changed(Event{Kind: Decided, Outcome: Refused, Peer: s.name()})
	}
}

// giveUp counts somebody who stopped waiting because of err.
func (g *Gate) giveUp(s *Slot, err error, waited time.Duration) error {
	o, counter := Abandoned, &g.abandoned
	if errors.Is(err, context.DeadlineExceeded) {
		o, counter = TimedOut, &g.timedOut
	}
	counter.Add(1)
	if g.isWatched() {
		g.changed(Event{Kind: Decided, Outcome: o, Waited: waited, Peer: s.name()})
	}
	return g.limitError(o, err)
}

func (g *Gate) limitError(o Outcome, err error) error {
	return &LimitError{
		Windows: g.host.windows, Rule: g.rule, Outcome: o, Err: err,
		Limit: g.Limit(), Held: g.held(), Waiting: int(g.admission.waiting.Load()),
	}
}

// leave gives back the slot of s.
func (g *Gate) leave(s *Slot) {
	g.tally.Add(^uint64(tallyHeld - 1))
	g.admission.release(1)
	if g.isWatched() {
		g.changed(Event{Kind: Left, Peer: s.name()})
	}
}

func (s *Slot) name() string {
	if s.peer == nil {
		return ""
	}
	return s.peer.String()
}

// Wait returns when cond holds, or with the context's error. It asks cond each
// time the gate has changed, never by the clock, and may miss a state that
// passes at once.
func (g *Gate) Wait(ctx context.Context, cond func(Stats) bool) error {
	g.watchers.Add(1)
	defer g.watchers.Add(-1)
	for {
		g.watchMu.Lock()
		if g.watchChan == nil {
			g.watchChan = make(chan struct{})
		}
		change := g.watchChan
		g.watchMu.Unlock()
		if cond(g.Stats()) {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("simulate: waiting for a state of %v of %v, now %+v: %w",
				g.rule.Service, g.host.windows, g.Stats(), ctx.Err())
		}
	}
}

// WaitHeld waits until exactly n slots are held.
func (g *Gate) WaitHeld(ctx context.Context, n int) error {
	return g.Wait(ctx, func(s Stats) bool { return s.Held == n })
}

// isWatched reports whether anybody wants to hear of a change.
func (g *Gate) isWatched() bool { return g.watchers.Load() > 0 || g.host.isObserved() }

// changed tells those who wait and those who observe.
func (g *Gate) changed(e Event) {
	if g.watchers.Load() > 0 {
		g.watchMu.Lock()
		if g.watchChan != nil {
			close(g.watchChan)
			g.watchChan = nil
		}
		g.watchMu.Unlock()
	}
	if g.host.isObserved() {
		e.Service, e.Limit = g.rule.Service, g.Limit()
		e.Held, e.Waiting = g.held(), int(g.admission.waiting.Load())
		g.host.emit(e)
	}
}
