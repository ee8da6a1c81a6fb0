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

// Gate admits the peers of one service of a Host. It holds the limit, the
// queue if the rule has one, and the counters. All adapters that speak the
// service share the gate, and so does whatever asks it directly.
//
// Acquire is what most callers want: it applies the discipline of the policy.
// TryAcquire never waits. Both fill a Slot to Release. Hold takes slots that are
// no peer's. SetLimit moves the limit while slots are held, and Wait waits for a
// state of the gate, which saves a test from sleeping.
//
// A Gate comes from Host.Gate, or from NewGate where not the machine but each of
// several things on it has the limit. The zero Gate panics and says so. A Gate may
// be used by many goroutines.
type Gate struct {
	host   *Host
	policy Policy
	bound  int64 // waiters at most; 0 where the discipline is not to queue

	admission admission.Admission
	pacer     *pacer // nil if nothing is paced or logged

	tally      atomic.Uint64 // see hold
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

// NewGate returns a gate of its own with a policy of the host, such as that of
// one listening socket. Its events are events of the host. Host.Gate is what most
// callers want.
func NewGate(h *Host, p Policy) *Gate {
	g := &Gate{host: h, policy: p, bound: admission.Slots(p.Queue)}
	p.admission(&g.admission)
	g.pacer = newPacer(g)
	return g
}

// Stats are the counters of a gate, exact whenever nothing is in motion.
type Stats struct {
	// Held is the number of slots held now, those of Gate.Hold included, Peak
	// the highest it was, and Queued the number of attempts in the queue now.
	Held   int `json:"held"`
	Peak   int `json:"peak"`
	Queued int `json:"queued"`
	// Admitted counts all attempts that got in, whether at once or after a wait,
	// and Waited those of them that waited first. (The Outcome called Admitted is
	// that of an attempt let in at once.) Refused, TimedOut and Abandoned count
	// those that did not get in. So does Superseded, of which nothing is lost: a
	// metric of what clients lose leaves it out.
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

// Slot is one unit of a limit, for one peer. Its zero value is ready for
// Acquire and TryAcquire, and it may be used again once released. It is meant to
// be a field of whatever stands for the peer and must not be copied.
type Slot struct {
	// Peer names the peer in events; nil has no name. It is asked for its String
	// in the goroutine that causes an event, and only while the host is observed,
	// so it must not block: an address that is not known yet is no Peer.
	Peer fmt.Stringer
	// Process names the program on the machine that the slot is for. Attempts of
	// different processes wait in lines of their own, which are served in turn.
	Process string
	// OnQueue, unless nil, is called when the attempt has begun to wait, in the
	// goroutine that waits. It must not block.
	OnQueue func()

	gate *Gate
	// held is 1 while the slot is held. Only Release, which may be called at any
	// time from anywhere, needs the atomic: what fills a Slot has it to itself,
	// and a plain store saves a fifth of the cost of the gate.
	held uint32
}

// Release gives the slot back. It does nothing if s holds none, because it was
// refused or has been released, so that "defer slot.Release()" is always right.
func (s *Slot) Release() {
	if atomic.CompareAndSwapUint32(&s.held, 1, 0) {
		s.gate.release(s)
	}
}

// LimitError reports that a gate did not let a peer in. It matches ErrLimit, and
// Err if there is one. It is a net.Error.
type LimitError struct {
	Windows limits.Windows
	Rule    limits.Rule
	// Outcome is Refused, TimedOut, Abandoned or Superseded.
	Outcome Outcome
	// Limit, Held and Queued are the state that the peer met.
	Limit        limits.Limit
	Held, Queued int
	// Err is the error of the context that ended the wait, what the program sees in
	// its place where an adapter knows it (ENOBUFS at a connect), or nil.
	Err error
}

// ErrSuperseded matches the error of a context that ends an attempt because it is
// needed no longer; see Superseded. It may be the cause of a context that package
// tcp is given.
var ErrSuperseded = errors.New("simulate: no longer needed")

// ErrLimit matches every LimitError.
var ErrLimit = errors.New("simulate: connection limit")

// Error names the service, the Windows, the limit and how many held it.
func (e *LimitError) Error() string {
	text := fmt.Sprintf("simulate: %v of %v: %v by the limit of %v %v (%d held",
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

// Is makes the error match ErrLimit.
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// Unwrap returns Err.
func (e *LimitError) Unwrap() error { return e.Err }

// Timeout reports whether a deadline passed while waiting.
func (e *LimitError) Timeout() bool { return e.Outcome == TimedOut }

// Temporary is true: the limit may admit the next attempt.
func (e *LimitError) Temporary() bool { return true }

// Host returns the host of the gate.
func (g *Gate) Host() *Host { return g.host }

// Policy returns what was in force for the service when the host was made; its
// Rule is the rule behind the gate.
func (g *Gate) Policy() Policy { return g.policy }

// Limit returns the limit in force now: a number, or unlimited.
func (g *Gate) Limit() limits.Limit {
	if n := g.admission.InForce(); n != admission.Unlimited {
		return limits.Number(int(n))
	}
	return limits.Unlimited()
}

// SetLimit puts another limit in force, a number from 0 up to the ceiling of the
// policy, or unlimited if that is the ceiling. It throws nothing out: a limit
// below the number of slots held lets nothing in until enough of them have been
// released. Another limit is an error that says why, and changes nothing.
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

// Stats returns the counters.
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

// ResetStats sets the counters back to those of a gate that nothing has asked yet,
// but for the slots held and the attempts queued now: Peak is what is held, and the
// others are 0. An attempt that is decided meanwhile may be counted or not.
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

// Acquire puts a slot into s as the policy says: at once if one is free; else it
// waits in the queue, if there is one, until a slot is free, ctx is done or the
// QueueTimeout of the policy is over; else it is refused. The error is a
// *LimitError, and s holds nothing then. A ctx that is done before, while a slot
// is free, has not met the limit: the error is that of ctx, and is not counted.
//
// Where the rule is to displace (Remote Desktop), the newcomer is refused; an
// adapter that lets it displace the present user releases that user's slot first.
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

// TryAcquire puts a slot into s if one is free and nobody waits for it, and
// reports whether it did. If not, that counts as a refusal.
func (g *Gate) TryAcquire(s *Slot) bool {
	if g.enter(s) {
		return true
	}
	g.countRefusal(s)
	return false
}

// LogEvent writes an event to the event log of the machine, if its edition logs it
// (limits.Edition.Event).
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
	g.hold()
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

// hold counts a slot that has been taken.
func (g *Gate) hold() {
	g.raisePeak(int64(g.tally.Add(tallyAdmitted+tallyHeld) & tallyHeldMask))
}

func (g *Gate) raisePeak(held int64) {
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
		g.hold()
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
	// A context that is over wins against a slot granted at the same time, or
	// callers with nothing left to do would go on with it. The clock is asked
	// too: many waiters may have the same deadline, and the first whose timer
	// fires may give its slot to one whose timer has yet to.
	err := ctx.Err()
	if deadline, ok := ctx.Deadline(); err == nil && ok && !time.Now().Before(deadline) {
		err = context.DeadlineExceeded
	}
	if err != nil {
		if !g.admission.Leave(&w) {
			g.tally.Add(^uint64(tallyAdmitted + tallyHeld - 1))
			g.admission.Release(1)
		}
		return g.giveUp(s, err, waited)
	}
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
	g.tally.Add(^uint64(tallyHeld - 1))
	g.admission.Release(1)
	if g.isWatched() {
		g.changed(s, Event{Kind: Released})
	}
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
			return fmt.Errorf("simulate: waiting for a state of %v of %v, now %v: %w",
				g.policy.Rule.Service, g.host.windows, g.Stats(), ctx.Err())
		}
	}
}

// WaitHeld waits until exactly n slots are held.
func (g *Gate) WaitHeld(ctx context.Context, n int) error {
	return g.Wait(ctx, func(s Stats) bool { return s.Held == n })
}

// isWatched reports whether something wants to hear of a change.
func (g *Gate) isWatched() bool { return g.watchers.Load() > 0 || g.host.IsObserved() }

// changed tells what waits and what observes. s is the slot that the event is
// about, or nil.
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
