// Package conns keeps account of the connections of a machine: which are open,
// what ends with each, and which of them is under the wrappers of others.
package conns

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// Conn is a connection that is accounted for. It behaves as the one it wraps, and
// New says what closing it does. One over a *net.TCPConn keeps its abilities.
type Conn interface {
	net.Conn
	// NetConn returns the wrapped connection, as that of crypto/tls does.
	NetConn() net.Conn
	entry() *Entry
}

// Entry is what is known of a Conn.
type Entry struct {
	// Data is what the maker of the connection knows.
	Data any

	conn    Conn
	onClose func()
	closed  atomic.Bool
	set     *Set
	fixed   bool                     // the addresses are known without asking the peer
	own     net.Addr                 // the local address; guarded by set.mu unless fixed
	remote  atomic.Pointer[net.Addr] // of a connection that is not fixed, once it is known
	around  atomic.Bool
	// undeadlined is set once something has taken the deadline off, as net/http
	// does when a handler takes the connection over, and at no other time.
	undeadlined atomic.Bool
	busy        atomic.Bool
	removed     bool   // guarded by set.mu
	then        func() // of AfterClose; guarded by set.mu
}

// Conn returns the connection of the entry.
func (e *Entry) Conn() Conn { return e.conn }

// IsAround reports whether the connection has turned out to be around another
// one of the same Set, with a wrapper between them that Of cannot look into. It
// turns out when something asks for the local address.
func (e *Entry) IsAround() bool { return e.around.Load() }

// Peer names the peer by its address, as far as that is known: the address of
// some connections has to be read from the peer first, as in the PROXY protocol,
// and is known when something else has asked for it. Its String never waits.
func (e *Entry) Peer() fmt.Stringer { return (*peer)(e) }

type peer Entry

func (p *peer) String() string {
	if p.fixed {
		return text(p.conn.NetConn().RemoteAddr())
	}
	if a := p.remote.Load(); a != nil {
		return text(*a)
	}
	return ""
}

func text(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// Begin marks the connection as busy with a request of its server, and reports
// whether it was not.
func (e *Entry) Begin() bool { return e.busy.CompareAndSwap(false, true) }

// End says that the request is over.
func (e *Entry) End() { e.busy.Store(false) }

func (e *Entry) end() {
	if !e.closed.CompareAndSwap(false, true) {
		return
	}
	then := e.set.remove(e)
	if e.onClose != nil {
		e.onClose()
	}
	if then != nil {
		then()
	}
}

// AfterClose calls f, once, when the connection has been closed, which may be at
// once. It may be called once for a connection.
func (e *Entry) AfterClose(f func()) {
	if !e.set.onRemove(e, f) {
		f()
	}
}

// tcpConn is a Conn over a *net.TCPConn. The local address of such a connection
// is the same pointer each time, and no other connection has it.
type tcpConn struct {
	*net.TCPConn
	e Entry
}

// otherConn is a Conn over anything else.
type otherConn struct {
	net.Conn
	e Entry
}

// Fixed is what a connection has whose addresses are known from the beginning,
// so that LocalAddr and RemoteAddr return at once.
type Fixed interface {
	FixedAddrs()
}

// New wraps c. onClose, unless nil, is called once, when the connection is closed
// for the first time. The connection is not in the set before Add, and must not be closed
// before.
func (s *Set) New(c net.Conn, data any, onClose func()) *Entry {
	var e *Entry
	switch c := c.(type) {
	case *net.TCPConn:
		conn := &tcpConn{TCPConn: c}
		e = &conn.e
		e.conn, e.fixed, e.own = conn, true, c.LocalAddr()
	case *net.UnixConn, Fixed:
		e = newOther(c)
		e.fixed, e.own = true, ownAddr(c.LocalAddr())
	default:
		// Its addresses may have to be read from the peer.
		e = newOther(c)
	}
	e.set, e.Data, e.onClose = s, data, onClose
	return e
}

func newOther(c net.Conn) *Entry {
	conn := &otherConn{Conn: c}
	conn.e.conn = conn
	return &conn.e
}

// ownAddr returns an address that equals a and that nothing else has. One whose
// type is not known is returned as it is.
func ownAddr(a net.Addr) net.Addr {
	if !isOwn(a) {
		return a
	}
	if tcp, ok := a.(*net.TCPAddr); ok {
		own := *tcp
		return &own
	}
	own := *a.(*net.UnixAddr)
	return &own
}

// isOwn reports whether a is of a type of which each connection can have its own.
func isOwn(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a != nil
	case *net.UnixAddr:
		return a != nil
	}
	return false
}

func (c *tcpConn) entry() *Entry       { return &c.e }
func (c *otherConn) entry() *Entry     { return &c.e }
func (c *tcpConn) NetConn() net.Conn   { return c.TCPConn }
func (c *otherConn) NetConn() net.Conn { return c.Conn }

func (c *tcpConn) SetDeadline(t time.Time) error {
	c.e.noteDeadline(t)
	return c.TCPConn.SetDeadline(t)
}

func (c *otherConn) SetDeadline(t time.Time) error {
	c.e.noteDeadline(t)
	return c.Conn.SetDeadline(t)
}

func (e *Entry) noteDeadline(t time.Time) {
	if t.IsZero() {
		e.undeadlined.Store(true)
	}
}

// MayBeHijacked reports whether net/http may have handed the connection to a
// handler: it takes the deadline off when it does.
func (e *Entry) MayBeHijacked() bool { return e.undeadlined.Load() }

func (c *tcpConn) Close() error {
	err := c.TCPConn.Close()
	c.e.end()
	return err
}

func (c *otherConn) Close() error {
	err := c.Conn.Close()
	c.e.end()
	return err
}

// CloseWrite shuts down the writing side where the wrapped connection can.
func (c *otherConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// RemoteAddr remembers the answer for Peer.
func (c *otherConn) RemoteAddr() net.Addr {
	a := c.Conn.RemoteAddr()
	if !c.e.fixed && a != nil && c.e.remote.Load() == nil {
		c.e.remote.Store(&a)
	}
	return a
}

// LocalAddr returns an address that is this connection's own, and the same each
// time, by which Set.Find knows the connection.
func (c *otherConn) LocalAddr() net.Addr {
	if c.e.fixed {
		return c.e.own
	}
	return c.e.set.locate(&c.e, c.Conn.LocalAddr())
}

// Of returns the entry of a connection under whatever has been put around it,
// such as a *tls.Conn, or nil if there is none or it cannot be seen. It asks
// for no address.
func Of(c net.Conn) *Entry {
	for range maxWrappers {
		switch outer := c.(type) {
		case interface{ entry() *Entry }:
			return outer.entry()
		case interface{ NetConn() net.Conn }: // crypto/tls and its kin
			c = outer.NetConn()
		case interface{ Raw() net.Conn }: // github.com/pires/go-proxyproto
			c = outer.Raw()
		default:
			return nil
		}
	}
	return nil
}

// maxWrappers is how many connections can be around one another; a connection
// that wraps itself must not stop a program.
const maxWrappers = 32
