package tcp

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
	"github.com/winlimits/winlimits/simulate"
)

// ConnectError is the error of an attempt that was in progress and had no answer.
// It matches ErrConnecting (errors.Is), wraps Err, and is a net.Error.
type ConnectError struct {
	Windows limits.Windows
	// After is how long the attempt was in progress, without its time in the queue.
	After time.Duration
	// GivenUp says that the clock of the system ended the attempt.
	GivenUp bool
	// Err is ETIMEDOUT if GivenUp, else the error of the caller's context, or
	// simulate.ErrClosed if Host.Close ended the attempt.
	Err error
}

// ErrConnecting matches every ConnectError (errors.Is).
var ErrConnecting = errors.New("tcp: no answer to the connection attempt")

// Error says what ended the attempt, and after how long.
func (e *ConnectError) Error() string {
	if e.GivenUp {
		return fmt.Sprintf("tcp: %v gave up connecting after %v: %v", e.Windows, e.After, e.Err)
	}
	return fmt.Sprintf("tcp: no answer after %v: %v", e.After, e.Err)
}

// Is reports whether target is ErrConnecting.
func (e *ConnectError) Is(target error) bool { return target == ErrConnecting }

// Unwrap returns Err.
func (e *ConnectError) Unwrap() error { return e.Err }

// Timeout reports whether the clock of the caller or of the system ended the
// attempt.
func (e *ConnectError) Timeout() bool {
	return e.GivenUp || errors.Is(e.Err, context.DeadlineExceeded)
}

// Temporary returns what Timeout does.
func (e *ConnectError) Temporary() bool { return e.Timeout() }

// dialAddr makes one attempt at one address, with one slot. with has the settings
// of the socket.
func (d *Dialer) dialAddr(ctx context.Context, with *net.Dialer, network, address string, dst netip.AddrPort) (net.Conn, error) {
	opError := func(err error) error {
		return &net.OpError{Op: "dial", Net: network, Source: with.LocalAddr, Addr: net.TCPAddrFromAddrPort(dst), Err: err}
	}
	a, err := d.begin(ctx, d.caller.Connect == nil && with.ControlContext == nil)
	if err != nil {
		return nil, opError(err)
	}
	defer d.end(a)
	a.slot.Process = d.caller.Process
	if d.gate.Host().IsObserved() {
		a.slot.Peer = net.TCPAddrFromAddrPort(dst)
	}
	var port *port
	if d.ports != nil && ctx.Err() == nil {
		if port, err = d.ports.take(dst, with.LocalAddr, a.slot.Process); err != nil {
			return nil, opError(err)
		}
		defer port.free() // unless it is kept
	}
	switch err := d.admit(a); {
	case err == nil:
	case errors.Is(err, simulate.ErrLimit):
		return nil, opError(err)
	case ctx.Err() == nil:
		return nil, opError(simulate.ErrClosed)
	default:
		// The context was done while a slot was free. The error is that of
		// net.Dialer, which makes no attempt then.
		return with.DialContext(ctx, network, address)
	}
	conn, err := d.connect(a, with, network, address)
	if err != nil {
		if op := (*net.OpError)(nil); !errors.As(err, &op) {
			err = opError(err)
		}
		return nil, err
	}
	if port != nil {
		conn = port.keep(conn)
	}
	return conn, nil
}

// admit gives the attempt its slot, in time.
func (d *Dialer) admit(a *attempt) error {
	var err error
	if until, ok := a.Value(queueKey{}).(context.Context); ok {
		waiting := queueContext{attempt: a, until: until}
		err = d.gate.Acquire(&waiting, &a.slot)
		waiting.end()
	} else {
		err = d.gate.Acquire(a, &a.slot)
	}
	if err != nil && a.isClosed() {
		var limit *simulate.LimitError
		if errors.As(err, &limit) {
			limit.Err = simulate.ErrClosed
		}
	}
	return err
}

// connect makes an attempt that has its slot, under the clock of the system. A
// net.Dialer that has connected to itself tries again in the same slot.
func (d *Dialer) connect(a *attempt, with *net.Dialer, network, address string) (net.Conn, error) {
	sent := time.Now()
	a.giveUp = sent.Add(d.giveUp)
	connect := with.DialContext
	var ctx context.Context = a
	if d.caller.Connect != nil {
		connect = d.caller.Connect
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(a, a.giveUp)
		defer cancel()
	}
	conn, err := connect(ctx, network, address)
	if err == nil {
		return conn, nil
	}
	var timeout net.Error
	if !errors.Is(err, context.Canceled) && !(errors.As(err, &timeout) && timeout.Timeout()) {
		return nil, err
	}
	noAnswer := &ConnectError{Windows: d.gate.Host().Windows(), After: time.Since(sent), Err: a.caller.Err()}
	deadline, ok := a.caller.Deadline()
	switch {
	case noAnswer.Err != nil:
	case a.isClosed():
		noAnswer.Err = simulate.ErrClosed
	case ok && deadline.Before(a.giveUp):
		// The timer of the socket fired before that of the context.
		noAnswer.Err = context.DeadlineExceeded
	default:
		noAnswer.GivenUp, noAnswer.Err = true, os.NewSyscallError("connect", syscall.ETIMEDOUT)
	}
	return nil, noAnswer
}
