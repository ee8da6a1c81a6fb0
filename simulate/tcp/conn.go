package tcp

import (
	"net"
	"time"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// Conn is a connection that a Listener accepted. It behaves as the connection it
// wraps; closing it gives its slot back, once. NetConn returns the wrapped
// connection, as crypto/tls does.
//
// A connection that was a *net.TCPConn keeps its abilities: CloseRead,
// CloseWrite, SyscallConn, ReadFrom (and with it sendfile and splice), WriteTo,
// File and the socket options.
type Conn interface {
	net.Conn
	NetConn() net.Conn
}

// counted is what a listener knows of a connection.
type counted struct {
	gate *simulate.Gate
	slot simulate.Slot
	pool simulate.Slot // of the pool of all sockets, where there is one
	// refusal is set if the connection is over the limit. It then holds no slot.
	refusal *Refusal
}

// end is called once, when the connection has been closed.
func (n *counted) end() {
	n.slot.Release()
	n.pool.Release()
	if n.refusal != nil {
		n.refusal.end()
	}
}

// countedConn returns what a listener knows of c, or nil if none has accepted it.
func countedConn(c net.Conn) *counted {
	if e := conns.Of(c); e != nil {
		n, _ := e.Data.(*counted)
		return n
	}
	return nil
}

// A Refusal is a connection over the limit that a Listener has handed on, until
// the connection is closed.
type Refusal struct {
	l     *Listener
	conn  net.Conn
	timer *time.Timer
	state refusalState // under l.mu
}

type refusalState uint8

const (
	silent   refusalState = iota // it has not been answered
	answered                     // by a server, which also ends it
	draining                     // it has been answered, and what it sends is dropped
)

// GateOf returns the gate at which a Listener has counted a connection, under
// whatever has been put around it that has a NetConn method, as a *tls.Conn has. It
// returns nil if none has.
func GateOf(c net.Conn) *simulate.Gate {
	if n := countedConn(c); n != nil {
		return n.gate
	}
	return nil
}

// RefusalOf returns the refusal of a connection, found as GateOf finds it. It
// returns nil if the connection was let in, or is that of no Listener.
func RefusalOf(c net.Conn) *Refusal {
	if n := countedConn(c); n != nil {
		return n.refusal
	}
	return nil
}
