package simulate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// Gate is the limit on one service of a Host. It has as many slots as the limit,
// and gives one to each peer that gets in: a session, connection, request or
// attempt (Policy.Rule.Unit). It gives out no slot while as many are held as the
// limit in force.
//
// The two main methods are Acquire and TryAcquire. Most callers should use Acquire.
// They differ when no slot is free: Acquire refuses or waits in the queue, as the
// policy says, and TryAcquire never waits. Slot.Release gives the slot back.
//
// Hold takes slots without a peer, so that a test can fill the limit. Wait waits
// for a state of the counters, so that it need not sleep. SetLimit moves the limit.
//
// A Gate comes from Host.Gate or NewGate; Acquire and TryAcquire of the zero Gate
// panic. A Gate may be used by many goroutines.
type Gate struct {
	host   *Host
	policy Policy
	bound  int64 // most attempts in the queue; 0 where the discipline is not to queue

	admission admission.Admission
	pacer     *pacer // nil if nothing is paced or logged

	tally      atomic.Uint64 // see hold
	leaving    atomic.Int64  // see giveBack
	peak       atomic.Int64
	holds      atomic.Int64
	waited     atomic.Int64
	refused    atomic.Int64
	timedOut   atomic.Int64
	abandoned  atomic.Int64
	superseded atomic.Int64

	keptMu   sync.Mutex
	kept     int         // of the holds, those of SetHolds
	refusing atomic.Bool // a refusal has been logged, and no slot given back since

	watchers  atomic.Int64
	watchMu   sync.Mutex
	watchChan chan struct{}
}

// NewGate returns a gate of its own for one of several things that have a limit
// each, such as a listening socket. Its events are events of the host. Most callers
// want Host.Gate.
func NewGate(h *Host, p Policy) *Gate {
	g := &Gate{host: h, policy: p, bound: admission.Slots(p.Queue)}
	p.admission(&g.admission)
	g.pacer = newPacer(g)
	return g
}

// Stats are the counters of a gate. They are exact when no attempt is being
// decided.
type Stats struct {
	// Held is the number of slots held now, those of Gate.Hold included. Peak is
	// the highest number so far, and Queued the number of attempts in the queue
	// now.
	Held   int `json:"held"`
	Peak   int `json:"peak"`
	Queued int `json:"queued"`
	// Admitted counts the attempts that got in, Waited those of them that were
	// queued first. (The Outcome Admitted is narrower: let in at once.) Refused,
	// TimedOut, Abandoned and Superseded count those that did not get in. A
	// superseded attempt is no loss to its client.
	Admitted   int64 `json:"admitted"`
	Waited     int64 `json:"waited"`
	Refused    int64 `json:"refused"`
	TimedOut   int64 `json:"timedOut"`
	Abandoned  int64 `json:"abandoned"`
	Superseded int64 `json:"superseded,omitzero"`
}

// String returns the counters as a line, such as "5 held, 0 queued, peak 5; 6
// admitted, 0 waited, 1 refused, 0 timed out, 0 abandoned".
func (s Stats) String() string {
	text := fmt.Sprintf("%d held, %d queued, peak %d; %d admitted, %d waited, %d refused, %d timed out, %d abandoned",
		s.Held, s.Queued, s.Peak, s.Admitted, s.Waited, s.Refused, s.TimedOut, s.Abandoned)
	if s.Superseded > 0 {
		text += fmt.Sprintf(", %d superseded", s.Superseded)
	}
	return text
}

// Slot is one unit of a limit, for one peer. The zero value is ready for Acquire
// and TryAcquire, and a Slot can be used again once released. It must not be
// copied. Make it a field of what stands for the peer.
type Slot struct {
	// Peer names the peer in events; nil gives it no name. Its String method is
	// called only while the host is observed, and must not block.
	Peer fmt.Stringer
	// Process names the program on the machine that the slot is for. Each process
	// has its own queue, and the queues are served in turn.
	Process string
	// OnQueue, unless nil, is called in the goroutine of Acquire when the attempt
	// is queued. It must not block.
	OnQueue func()

	gate *Gate
	// held is 1 while the slot is held. Only Release needs the atomic, since it may
	// be called at any time from anywhere. Acquire has the Slot to itself, and a
	// plain store saves a fifth of the cost of the gate.
	held uint32
}

// Release gives the slot back. It does nothing if s holds none, because it was
// refused or has been released, so that "defer slot.Release()" is always right.
func (s *Slot) Release() {
	if atomic.CompareAndSwapUint32(&s.held, 1, 0) {
		s.gate.release(s)
	}
}

// LimitError is the error of a gate that did not let a peer in. It matches ErrLimit
// (errors.Is), wraps Err, and is a net.Error.
type LimitError struct {
	Windows limits.Windows
	Rule    limits.Rule
	// Outcome is Refused, TimedOut, Abandoned or Superseded.
	Outcome Outcome
	// Limit, Held and Queued are the state of the gate when the attempt failed.
	Limit        limits.Limit
	Held, Queued int
	// Err is the error of the context that ended the wait, or what a program on
	// Windows sees if an adapter knows it, such as ENOBUFS. It is nil otherwise.
	Err error
}

// ErrSuperseded says that an attempt is no longer needed. A dial of package tcp
// whose context is cancelled with this cause (context.WithCancelCause) counts as
// Superseded, and its LimitError wraps ErrSuperseded.
var ErrSuperseded = errors.New("simulate: no longer needed")

// ErrLimit matches every LimitError (errors.Is).
var ErrLimit = errors.New("simulate: connection limit")

// Error names the service, the edition, the limit and the number of slots held.
func (e *LimitError) Error() string {
	text := fmt.Sprintf("simulate: %v of %v: %v at the limit of %v %v (%d held",
		e.Rule.Service, e.Windows, e.Outcome, e.Limit, e.Rule.Unit, e.Held)
	if e.Queued > 0 {
		text += fmt.Sprintf(", %d queued", e.Queued)
	}
	text += ")"
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Is reports whether target is ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline ended the attempt.
func (e *LimitError) Timeout() bool { return e.Outcome == TimedOut }

// Temporary returns true: the next attempt may get in.
func (e *LimitError) Temporary() bool { return true }

// Host returns the host of the gate.
func (g *Gate) Host() *Host { return g.host }

// Policy returns the policy that the gate was made with. SetLimit does not change
// it.
func (g *Gate) Policy() Policy { return g.policy }

// Limit returns the limit in force now: a number, or unlimited.
func (g *Gate) Limit() limits.Limit {
	if n := g.admission.InForce(); n != admission.Unlimited {
		return limits.Number(int(n))
	}
	return limits.Unlimited()
}

// SetLimit puts another limit in force: a number from 0 to Policy.Ceiling, or
// unlimited if the ceiling is unlimited. Another value is an error and changes
// nothing. No slot is taken away: if more are held than the new limit, none is
// given out until enough have been released.
func (g *Gate) SetLimit(l limits.Limit) error {
	n, isNumber := l.Number()
	if !(isNumber && g.policy.Ceiling.Holds(n) || l.IsUnlimited() && g.policy.Ceiling.IsUnlimited()) {
		return fmt.Errorf("simulate: %v of %v: limit %v is not from 0 to %v: %v",
			g.policy.Rule.Service, g.host.windows, l, g.policy.Ceiling, g.policy.Rule)
	}
	g.admission.Move(admission.Slots(l))
	g.changed(nil, Event{Kind: LimitChanged})
	return nil
}

// Stats returns the counters as they are now.
func (g *Gate) Stats() Stats {
	tally := g.tally.Load()
	return Stats{
		Held:       int(tally & tallyHeldMask),
		Peak:       int(g.peak.Load()),
		Queued:     int(g.admission.Queued()),
		Admitted:   int64(tally / tallyAdmitted),
		Waited:     g.waited.Load(),
		Refused:    g.refused.Load(),
		TimedOut:   g.timedOut.Load(),
		Abandoned:  g.abandoned.Load(),
		Superseded: g.superseded.Load(),
	}
}

// ResetStats sets the counters to 0, and Peak to the number of slots held now. Held
// and Queued stay. An attempt that is decided during the call may be counted or
// not.
func (g *Gate) ResetStats() {
	for {
		tally := g.tally.Load()
		if g.tally.CompareAndSwap(tally, tally&tallyHeldMask) {
			g.peak.Store(int64(tally & tallyHeldMask))
			break
		}
	}
	for _, n := range []*atomic.Int64{&g.waited, &g.refused, &g.timedOut, &g.abandoned, &g.superseded} {
		n.Store(0)
	}
}

// Acquire puts a slot into s. If none is free, it does what the policy says: it
// waits in the queue until one is free, or fails at once if there is no queue or
// the queue is full. The wait also ends when ctx is done or Policy.QueueTimeout is
// over.
//
// The error is a *LimitError, and s then holds nothing. If ctx is done before the
// call and a slot is free, the error is that of ctx, and nothing is counted.
// Acquire panics if s holds a slot already.
//
// Where the discipline is to displace (Remote Desktop), the newcomer is refused. An
// adapter that lets it in releases the slot of the present session first.
func (g *Gate) Acquire(ctx context.Context, s *Slot) error {
	if err := ctx.Err(); err != nil {
		if now := g.Stats(); now.Queued == 0 && int64(now.Held) < admission.Slots(g.Limit()) {
			return err
		}
		return g.giveUp(s, err, 0)
	}
	if g.enter(s) {
		return nil
	}
	if g.bound == 0 {
		return g.refuse(s)
	}
	if d := g.policy.QueueTimeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	return g.wait(ctx, s)
}

// TryAcquire puts a slot into s if one is free and no attempt is queued. Otherwise
// it reports false, which counts as a refusal. It panics if s holds a slot already.
func (g *Gate) TryAcquire(s *Slot) bool {
	if g.enter(s) {
		return true
	}
	g.countRefusal(s)
	return false
}

// LogEvent is for adapters. It writes the event with the ID to the event log of the
// machine, if its edition logs that event (limits.Edition.Event).
func (g *Gate) LogEvent(id int) {
	if _, logs := g.policy.Rule.Edition.Event(id); logs {
		g.log(entryOf(g.policy.Rule.Edition, id))
	}
}

// enter is TryAcquire without the count of refusals.
func (g *Gate) enter(s *Slot) bool {
	if s.held != 0 {
		panic("simulate: the Slot holds a slot already")
	}
	if g.host == nil {
		panic("simulate: the zero Gate has no limit; Host.Gate returns one that has")
	}
	if !g.admission.Try() {
		return false
	}
	g.hold(tallyAdmitted + tallyHeld)
	s.gate = g
	s.held = 1
	if g.isWatched() {
		g.changed(s, Event{Kind: Decided, Outcome: Admitted})
	}
	return true
}

// The tally has the number of slots held in its lower bits and the number of
// peers admitted above them, so that one atomic addition keeps both exact.
const (
	tallyHeld     = 1
	tallyAdmitted = 1 << 28
	tallyHeldMask = tallyAdmitted - 1
)

// hold counts slots that have been taken.
func (g *Gate) hold(tally uint64) {
	held := int64(g.tally.Add(tally) & tallyHeldMask)
	for peak := g.peak.Load(); held > peak; peak = g.peak.Load() {
		if g.peak.CompareAndSwap(peak, held) {
			return
		}
	}
}

// held returns the number of slots held.
func (g *Gate) held() int { return int(g.tally.Load() & tallyHeldMask) }

// wait waits in the queue.
func (g *Gate) wait(ctx context.Context, s *Slot) error {
	granted := make(chan struct{})
	w := admission.Waiter{Granted: func(*admission.Waiter) {
		g.hold(tallyHeld) // it is admitted when it takes the slot
		close(granted)
	}}
	var since time.Time
	if g.host.IsObserved() {
		since = time.Now()
	}
	if !g.admission.Enqueue(&w, s.Process, g.bound) {
		return g.refuse(s)
	}
	if g.isWatched() {
		g.changed(s, Event{Kind: Queued})
	}
	if s.OnQueue != nil {
		s.OnQueue()
	}
	if g.pacer != nil {
		g.pacer.queued()
	}
	select {
	case <-granted:
	case <-ctx.Done():
	}
	var waited time.Duration
	if !since.IsZero() {
		waited = time.Since(since)
	}
	// A context that is done wins against a slot granted at the same time: its
	// caller has no use for the slot. The clock is asked too. Of several waiters
	// with one deadline, the first whose timer fires may pass its slot to another
	// whose timer has not fired yet.
	err := ctx.Err()
	if deadline, ok := ctx.Deadline(); err == nil && ok && !time.Now().Before(deadline) {
		err = context.DeadlineExceeded
	}
	if err != nil {
		if !g.admission.Leave(&w) {
			g.giveBack(1)
		}
		return g.giveUp(s, err, waited)
	}
	g.tally.Add(tallyAdmitted)
	g.waited.Add(1)
	s.gate = g
	s.held = 1
	if g.isWatched() {
		g.changed(s, Event{Kind: Decided, Outcome: Waited, Waited: waited})
	}
	return nil
}

// refuse counts a refusal and returns its error.
func (g *Gate) refuse(s *Slot) error {
	g.countRefusal(s)
	return g.limitError(Refused, nil)
}

func (g *Gate) countRefusal(s *Slot) {
	g.refused.Add(1)
	if g.isWatched() {
		g.changed(s, Event{Kind: Decided, Outcome: Refused})
	}
	if id := g.policy.RefusalEvent; id != 0 && g.refusing.CompareAndSwap(false, true) {
		g.log(entryOf(g.policy.Rule.Edition, id))
	}
}

// giveUp counts an attempt that stopped waiting because of err.
func (g *Gate) giveUp(s *Slot, err error, waited time.Duration) error {
	o, counter := Abandoned, &g.abandoned
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		o, counter = TimedOut, &g.timedOut
	case errors.Is(err, ErrSuperseded):
		o, counter = Superseded, &g.superseded
	}
	counter.Add(1)
	if g.isWatched() {
		g.changed(s, Event{Kind: Decided, Outcome: o, Waited: waited})
	}
	return g.limitError(o, err)
}

func (g *Gate) limitError(o Outcome, err error) error {
	return &LimitError{
		Windows: g.host.windows, Rule: g.policy.Rule, Outcome: o, Err: err,
		Limit: g.Limit(), Held: g.held(), Queued: int(g.admission.Queued()),
	}
}

// release gives back the slot of s.
func (g *Gate) release(s *Slot) {
	if g.policy.RefusalEvent != 0 {
		g.refusing.Store(false)
	}
	g.giveBack(1)
	if g.isWatched() {
		g.changed(s, Event{Kind: Released})
	}
}

// giveBack takes slots out of the tally, then makes them free, so that the number
// held is never above the limit. Wait does not return between the two: the caller
// could not have the slot yet.
func (g *Gate) giveBack(slots int64) {
	g.leaving.Add(1)
	g.tally.Add(-uint64(slots) * tallyHeld)
	g.admission.Release(slots)
	g.leaving.Add(-1)
}

// Wait returns nil when cond reports true, or an error that wraps that of ctx. It
// calls cond at once and after each change of the gate, never by the clock. It may
// miss a state that lasts only a moment. A slot that cond has seen come free can be
// taken when Wait returns.
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
		if cond(g.Stats()) && g.leaving.Load() == 0 {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("simulate: waiting for a state of %v of %v, now %v: %w",
				g.policy.Rule.Service, g.host.windows, g.Stats(), ctx.Err())
		}
	}
}

// WaitHeld waits, as Wait does, until exactly n slots are held.
func (g *Gate) WaitHeld(ctx context.Context, n int) error {
	return g.Wait(ctx, func(s Stats) bool { return s.Held == n })
}

// isWatched reports whether something wants to hear of a change.
func (g *Gate) isWatched() bool { return g.watchers.Load() > 0 || g.host.IsObserved() }

// changed wakes the callers of Wait and tells the observers. s is the slot that the
// event is about, or nil.
func (g *Gate) changed(s *Slot, e Event) {
	if g.watchers.Load() > 0 {
		g.watchMu.Lock()
		if g.watchChan != nil {
			close(g.watchChan)
			g.watchChan = nil
		}
		g.watchMu.Unlock()
	}
	if g.host.IsObserved() {
		if s != nil && s.Peer != nil {
			e.Peer = s.Peer.String()
		}
		e.Service, e.Limit = g.policy.Rule.Service, g.Limit()
		e.Held, e.Queued = g.held(), int(g.admission.Queued())
		g.host.emit(e)
	}
}
