package tcp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/simulate"
)

// inProgress has the attempts of a host that are in the queue or in progress. It
// is the part of the host that its dialers share.
type inProgress struct {
	closed atomic.Bool
	mu     sync.Mutex
	first  *attempt
	ended  sync.Cond // the last attempt has ended, and the host is closed
}

func newInProgress() *inProgress {
	p := new(inProgress)
	p.ended.L = &p.mu
	return p
}

// Close ends all attempts and lets none begin. It returns when they have ended.
func (p *inProgress) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed.Store(true)
	for a := p.first; a != nil; a = a.next {
		a.cancel()
	}
	for p.first != nil {
		p.ended.Wait()
	}
	return nil
}

// An attempt is the context of one attempt, and its slot. As a context it is its
// caller's, and ends with the host too. In addition it has the deadline of the
// system once that is known: the net package puts it on the socket, so that no
// timer of our own is needed.
//
// Err asks the caller's context and the host, which know at once that they have
// ended. If many attempts end together, one that learned of it later would be given
// the slot of another.
type attempt struct {
	slot   simulate.Slot
	caller context.Context
	giveUp time.Time // or zero

	on         *inProgress
	prev, next *attempt // on it

	ctx    context.Context // ends with the host, and with the caller's
	cancel context.CancelFunc

	// An attempt whose context nothing keeps is used again, which saves an
	// uncontended dial some allocations. Its ctx does not derive from the
	// caller's, whose end calls cancel, until stop.
	reuse bool
	stop  func() bool // nil if the caller's context cannot end
}

// begin enters an attempt, which must end. reuse says that nothing keeps its
// context when it has ended.
func (d *Dialer) begin(ctx context.Context, reuse bool) (*attempt, error) {
	var a *attempt
	if reuse {
		a, _ = d.attempts.Get().(*attempt)
	} else {
		a = new(attempt)
		a.ctx, a.cancel = context.WithCancel(ctx)
	}
	p := d.inProgress
	a.on, a.caller = p, ctx
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed.Load() {
		a.cancel()
		return nil, simulate.ErrClosed
	}
	if a.next = p.first; a.next != nil {
		a.next.prev = a
	}
	p.first = a
	if reuse && ctx.Done() != nil {
		a.stop = context.AfterFunc(ctx, a.cancel)
	}
	return a, nil
}

func newReusable() any {
	a := &attempt{reuse: true}
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a
}

// end takes an attempt out, and gives back the slot that it may hold.
func (d *Dialer) end(a *attempt) {
	a.slot.Release()
	p := d.inProgress
	p.mu.Lock()
	if a.next != nil {
		a.next.prev = a.prev
	}
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		p.first = a.next
	}
	a.prev, a.next = nil, nil
	if p.first == nil && p.closed.Load() {
		p.ended.Broadcast()
	}
	p.mu.Unlock()
	if !a.reuse {
		a.cancel()
		return
	}
	if stopped := a.stop == nil || a.stop(); stopped && a.ctx.Err() == nil {
		a.caller, a.giveUp, a.stop = nil, time.Time{}, nil
		a.slot.Peer = nil
		d.attempts.Put(a)
	}
}

// isClosed reports whether Host.Close ends the attempt.
func (a *attempt) isClosed() bool { return a.on.closed.Load() }

func (a *attempt) Deadline() (time.Time, bool) {
	deadline, ok := a.caller.Deadline()
	if !a.giveUp.IsZero() && (!ok || a.giveUp.Before(deadline)) {
		return a.giveUp, true
	}
	return deadline, ok
}

func (a *attempt) Done() <-chan struct{} { return a.ctx.Done() }

func (a *attempt) Err() error {
	// In this order, since ctx may have ended because the caller's context has.
	err := a.ctx.Err()
	if err := a.caller.Err(); err != nil {
		return supersededOr(a.caller, err)
	}
	if a.isClosed() {
		return context.Canceled
	}
	return err
}

// supersededOr returns the error of a context that has ended, which says so if it
// has ended because it is needed no longer.
func supersededOr(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && errors.Is(context.Cause(ctx), simulate.ErrSuperseded) {
		return errSuperseded
	}
	return err
}

var errSuperseded = fmt.Errorf("%w: %w", simulate.ErrSuperseded, context.Canceled)

func (a *attempt) Value(key any) any {
	// ctx is asked first: package context looks for the one that it has to do
	// with, which is the one that has our Done.
	if v := a.ctx.Value(key); v != nil {
		return v
	}
	return a.caller.Value(key)
}

// queueKey finds the context of WithQueueContext among the values of another.
type queueKey struct{}

// WithQueueContext returns a copy of ctx whose dials leave the queue when until is
// done. A dial that has its slot goes on.
//
// It is for clients such as http.Transport, which dial for a request and may let
// the dial outlive it (context.WithoutCancel); package tcphttp uses it. If the
// cause of until (context.Cause) is simulate.ErrSuperseded, because the request has
// been answered over another connection, the dial counts as simulate.Superseded.
func WithQueueContext(ctx, until context.Context) context.Context {
	return context.WithValue(ctx, queueKey{}, until)
}

// A queueContext is the context of an attempt in the queue, with that of
// WithQueueContext. The gate that it is made for uses it in one goroutine, and
// asks for Done only if the attempt has to wait.
type queueContext struct {
	*attempt
	until context.Context
	both  context.Context // nil before Done
	leave context.CancelFunc
	stop  func() bool
}

func (q *queueContext) Done() <-chan struct{} {
	if q.both == nil {
		q.both, q.leave = context.WithCancel(q.attempt)
		q.stop = context.AfterFunc(q.until, q.leave)
	}
	return q.both.Done()
}

func (q *queueContext) Err() error {
	var both error
	if q.both != nil {
		both = q.both.Err() // first, as in attempt.Err
	}
	if err := q.attempt.Err(); err != nil || both == nil {
		return err
	}
	return supersededOr(q.until, both)
}

func (q *queueContext) end() {
	if q.both != nil {
		q.stop()
		q.leave()
	}
}
