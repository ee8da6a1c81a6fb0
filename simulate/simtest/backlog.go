package simtest

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Listener is a listening socket of a machine, in memory, for a program of one's
// own: a net.Listener that holds as many connections as the edition does until
// Accept returns them. The dial of the next one fails with ECONNREFUSED.
type Listener struct {
	*tcp.Backlog
	t        testing.TB
	listener *memnet.Listener
}

// NewListener returns a listening socket of the host. settings may be nil.
//
// When the test ends the listener is closed, which resets the connections that
// still wait, and fails the test if one that was accepted has not been closed.
func NewListener(t testing.TB, host *simulate.Host, settings *tcp.BacklogSettings) *Listener {
	t.Helper()
	inner := memnet.NewListener(8080)
	backlog, err := tcp.NewBacklog(host, inner, settings)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	l := &Listener{Backlog: backlog, t: t, listener: inner}
	t.Cleanup(func() {
		t.Helper()
		_ = backlog.Close() // which the program may have done
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if left := inner.Drain(ctx); len(left) > 0 {
			t.Errorf("simtest: %d connections still open %v after the test:\n\t%s", len(left), grace, strings.Join(left, "\n\t"))
		}
	})
	return l
}

// Dial connects to the socket, whatever the address is.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := l.listener.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialFrom returns a Dial from a computer with an address of its own, which is the
// same for the same number, from 1 to 65534. Other numbers fail the test.
func (l *Listener) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	l.t.Helper()
	return dialFrom(l.listener, computer(l.t, number))
}
