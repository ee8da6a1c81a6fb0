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

// Listener is a listening socket of the machine, in memory, for a server of the
// test's own: a net.Listener that holds as many connections as the edition does until
// Accept returns them. The dial of the next one fails with ECONNREFUSED. It comes
// from NewListener; clients reach it by Dial or DialFrom. Its Gate method returns the
// gate that counts the connections it holds (limits.TCPBacklog).
type Listener struct {
	*tcp.Backlog
	t        testing.TB
	listener *memnet.Listener
}

// NewListener returns a listening socket of the host. settings may be nil: the program
// then asks for as long a backlog as it can get.
//
// When the test ends, the listener is closed, which resets the connections that are
// not accepted yet. The test fails if an accepted one has not been closed.
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
		_ = backlog.Close() // the program may have closed it before
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		if left := inner.Drain(ctx); len(left) > 0 {
			t.Errorf("simtest: %s still open %v after the test:\n\t%s", counted(len(left), "connection"), grace, strings.Join(left, "\n\t"))
		}
	})
	return l
}

// Dial connects to the socket in memory. It ignores the network and the address.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := l.listener.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialFrom returns a function like Dial that connects from the client computer with the
// number. Each number has an IP address of its own, the same each time. number is 1 to
// 65534; any other fails the test.
func (l *Listener) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	l.t.Helper()
	return dialFrom(l.listener, computer(l.t, number))
}
