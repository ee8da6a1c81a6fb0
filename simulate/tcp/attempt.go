package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// ConnectError reports that an attempt that had its slot ended without an
// answer. It matches ErrConnecting. It is a net.Error.
type ConnectError struct {
	Windows limits.Windows
	// After is how long the attempt was in progress, not counting the queue.
	After time.Duration
	// GivenUp says that the system gave the attempt up; if not, the caller did.
	GivenUp bool
	// Err is the error of the caller's context, or ETIMEDOUT if GivenUp.
	Err error
}

// ErrConnecting matches every ConnectError.
var ErrConnecting = errors.New("simulate: no answer to the connection attempt")

// Error says who ended the attempt, and after how long.
func (e *ConnectError) Error() string {
	if e.GivenUp {
		return fmt.Sprintf("simulate: %v gave up connecting after %v: %v", e.Windows, e.After, e.Err)
	}
	return fmt.Sprintf("simulate: connecting for %v: %v", e.After, e.Err)
}

// Is makes the error match ErrConnecting.
func (e *ConnectError) Is(target error) bool { return target == ErrConnecting }

// Unwrap returns Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// Timeout reports whether the time of the caller or of the system was over.
func (e *ConnectError) Timeout() bool {
	return e.GivenUp || errors.Is(e.Err, context.DeadlineExceeded)
}

// Temporary is what Timeout is.
func (e *ConnectError) Temporary() bool { return e.Timeout() }

// dialAddr makes one attempt at one address, with one slot.
func (d *Dialer) dialAddr(ctx context.Context, network, address string, dst netip.AddrPort) (conn net.Conn, err error) {
	var slot Slot
	if d.gate.isWatched() {
		slot.peer = net.TCPAddrFromAddrPort(dst)
	}
	if err := d.admit(ctx, &slot, dst.Addr()); err != nil {
		return nil, d.opError(network, dst, err)
	}
	defer slot.Release()
	if h := d.gate.halfOpen; h.destinations != nil {
		counted := slot.held == 1
		err = ErrConnecting // what it stays if a hook of the caller panics
		defer func() { h.ended(dst.Addr(), counted, err) }()
	}
	conn, err = d.connect(ctx, network, address)
	if err != nil {
		return nil, d.opErrorOnce(network, dst, err)
	}
	return conn, nil
}

// admit puts a slot into s, or none if the attempt need not be counted.
func (d *Dialer) admit(ctx context.Context, s *Slot, dst netip.Addr) error {
	h := d.gate.halfOpen
	if ctx.Err() == nil {
		if h.destinations == nil && d.gate.enter(s) || h.destinations != nil && h.enter(s, dst) {
			return nil
		}
		if request, ok := ctx.Value(requestKey{}).(context.Context); ok {
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			defer context.AfterFunc(request, cancel)()
			ctx = inner
		}
	}
	err := d.gate.acquireFor(ctx, s, d.caller.Process)
	if err == nil && h.destinations != nil {
		h.counted(dst)
	}
	return err
}

// opErrorOnce is opError, unless the error is one.
func (d *Dialer) opErrorOnce(network string, dst netip.AddrPort, err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return err
	}
	return d.opError(network, dst, err)
}

func (d *Dialer) opError(network string, dst netip.AddrPort, err error) error {
	return &net.OpError{Op: "dial", Net: network, Source: d.caller.Net.LocalAddr, Addr: net.TCPAddrFromAddrPort(dst), Err: err}
}

// connect makes an attempt that has its slot, under the clock of the system.
func (d *Dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	sent := time.Now()
	giveUp := sent.Add(d.giveUp)
	conn, err := d.connectUntil(ctx, giveUp, network, address)
	if err == nil {
		return conn, nil
	}
	var timeout net.Error
	if !errors.Is(err, context.Canceled) && !(errors.As(err, &timeout) && timeout.Timeout()) {
		return nil, err
	}
	noAnswer := &ConnectError{Windows: d.host.windows, After: time.Since(sent), Err: ctx.Err()}
	if deadline, ok := ctx.Deadline(); noAnswer.Err == nil && ok && deadline.Before(giveUp) {
		// The timer of the socket was quicker than that of the context.
		noAnswer.Err = context.DeadlineExceeded
	}
	if noAnswer.Err == nil {
		noAnswer.GivenUp, noAnswer.Err = true, os.NewSyscallError("connect", syscall.ETIMEDOUT)
	}
	return nil, noAnswer
}

// connectUntil connects, until giveUp at the latest.
func (d *Dialer) connectUntil(ctx context.Context, giveUp time.Time, network, address string) (net.Conn, error) {
	if d.caller.Connect != nil {
		ctx, cancel := context.WithDeadline(ctx, giveUp)
		defer cancel()
		return d.caller.Connect(ctx, network, address)
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(giveUp) {
		return d.attempt.DialContext(ctx, network, address)
	}
	if ctx.Done() != nil {
		return d.attempt.DialContext(&synClock{Context: ctx, giveUp: giveUp}, network, address)
	}
	clock, _ := d.clocks.Get().(*synClock)
	clock.Context, clock.giveUp = ctx, giveUp
	conn, err := d.attempt.DialContext(clock, network, address)
	if d.attempt.ControlContext == nil { // which might keep it
		clock.Context = nil
		d.clocks.Put(clock)
	}
	return conn, err
}

// A synClock is a context with the deadline of the system. The deadline is all
// it adds: the net package puts it on the socket, so that no timer, goroutine or
// cancellation of our own is needed, as context.WithDeadline would bring. Since
// the net package looks at no deadline of a context that cannot end, such a one
// is made to look as if it could.
type synClock struct {
	context.Context
	giveUp time.Time
	never  context.Context // in place of one that cannot end
}

func (c *synClock) Deadline() (time.Time, bool) { return c.giveUp, true }

func (c *synClock) Done() <-chan struct{} {
	if c.never != nil {
		return c.never.Done()
	}
	return c.Context.Done()
}

func (c *synClock) Value(key any) any {
	if c.never != nil {
		if v := c.never.Value(key); v != nil {
			return v
		}
	}
	return c.Context.Value(key)
}
