package tcp

import (
	"net"
	"time"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// Conn is a connection from Listener.Accept, or from a Dialer that counts ports.
// Close releases its slot, once. NetConn returns the wrapped connection.
//
// If that is a *net.TCPConn, the Conn has its abilities: CloseRead, CloseWrite,
// SyscallConn, ReadFrom (and with it sendfile and splice), WriteTo, File and the
// socket options.
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

// Refusal is a connection over the limit that Accept has returned because of
// HandOn. RefusalOf returns it. The program ends it with Answer, or with Answering
// if a server does the rest.
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

// GateOf returns the gate that counts a connection of a Listener, and nil for any
// other. c may be a wrapper that has a NetConn method, such as a *tls.Conn.
func GateOf(c net.Conn) *simulate.Gate {
	if n := countedConn(c); n != nil {
		return n.gate
	}
	return nil
}

// RefusalOf returns the Refusal of a connection over the limit, and nil for any
// other. c may be a wrapper, as for GateOf.
func RefusalOf(c net.Conn) *Refusal {
	if n := countedConn(c); n != nil {
		return n.refusal
	}
	return nil
}
