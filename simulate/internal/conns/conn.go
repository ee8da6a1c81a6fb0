// Package conns keeps track of the connections of a machine: which are open, what ends
// with each, and which of them is inside the wrappers that other code has put around it.
package conns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn is a connection that a Set keeps track of. It behaves like the one that it wraps.
// Set.New says what Close does besides. One around a *net.TCPConn has the methods of
// that too.
type Conn interface {
	net.Conn
	// NetConn returns the wrapped connection, as the NetConn of a *tls.Conn does.
	NetConn() net.Conn
	entry() *Entry
}

// Entry is what is known of a Conn.
type Entry struct {
	// Data is what the caller of New has given.
	Data any

	conn    Conn
	onClose func()
	closed  atomic.Bool
	set     *Set
	fixed   bool                     // the addresses are known without asking the peer
	own     net.Addr                 // the local address; guarded by set.mu unless fixed
	remote  atomic.Pointer[net.Addr] // of a connection that is not fixed, once it is known
	around  atomic.Bool              // see IsAround
	// undeadlined is set once the deadline has been removed. net/http does that when a
	// handler hijacks the connection, and at no other time.
	undeadlined atomic.Bool
	request     request
	ahead       ahead
	removed     bool   // guarded by set.mu
	then        func() // of AfterClose; guarded by set.mu
}

// Conn returns the connection of the entry.
func (e *Entry) Conn() Conn { return e.conn }

// IsAround reports whether the connection is known to be around another one of the same
// Set, with a wrapper between them that Of cannot look into. It becomes known when
// something asks for the local address.
func (e *Entry) IsAround() bool { return e.around.Load() }

// Peer returns the name of the peer, which is its address. With some connections, as in
// the PROXY protocol, the peer sends the address first. It is then known when something
// else has asked for it, and is empty before. String never waits.
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

// request is the request that a connection is busy with.
type request struct {
	mu    sync.Mutex
	ctx   context.Context // nil without a request
	turns int             // how many requests there have been
}

// Begin marks the connection as busy with a request that has the context ctx, until End
// is called with its turn. It reports false if the connection is busy with one already,
// as it is for a handler in a handler. A request whose context has ended does not count: it has been
// answered, as by http.TimeoutHandler, although its handler is at work still.
func (e *Entry) Begin(ctx context.Context) (turn int, ok bool) {
	r := &e.request
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ctx != nil && r.ctx.Err() == nil {
		return 0, false
	}
	r.ctx = ctx
	r.turns++
	return r.turns, true
}

// End says that the request of a turn is over. It does nothing if a later one has begun.
func (e *Entry) End(turn int) {
	r := &e.request
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turns == turn {
		r.ctx = nil
	}
}

func (e *Entry) end() {
	if !e.closed.CompareAndSwap(false, true) {
		return
	}
	e.ahead.end()
	then := e.set.remove(e)
	if e.onClose != nil {
		e.onClose()
	}
	if then != nil {
		then()
	}
}

// AfterClose calls f once when the connection has been closed: at once if it has been. It
// must not be called twice for a connection.
func (e *Entry) AfterClose(f func()) {
	if !e.set.onRemove(e, f) {
		f()
	}
}

// tcpConn is a Conn around a *net.TCPConn. LocalAddr of such a connection returns the same
// pointer each time, which no other connection returns.
type tcpConn struct {
	*net.TCPConn
	e Entry
}

// otherConn is a Conn around any other connection.
type otherConn struct {
	net.Conn
	e Entry
}

// Fixed marks a connection whose addresses are known from the beginning, so that
// LocalAddr and RemoteAddr return at once.
type Fixed interface {
	FixedAddrs()
}

// New wraps c and returns its entry. onClose, unless nil, is called once, when the
// connection is closed for the first time. The connection is in the set only after Add,
// and must not be closed before that.
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
	e.ahead.changed.L = &e.ahead.mu
	return e
}

func newOther(c net.Conn) *Entry {
	conn := &otherConn{Conn: c}
	conn.e.conn = conn
	return &conn.e
}

// ownAddr returns a copy of a, which no other connection has. An address of an unknown
// type is returned as it is.
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

// isOwn reports whether a is of a type that ownAddr can copy.
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

func (e *Entry) noteDeadline(t time.Time) {
	if t.IsZero() {
		e.undeadlined.Store(true)
	}
}

// MayBeHijacked reports whether a handler of net/http may have hijacked the connection:
// net/http then removes the deadline.
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

// Of returns the entry of the Conn inside c, which may be wrapped, by a *tls.Conn for
// example. It returns nil if there is none, or if it is inside a wrapper that does not
// show it. Of asks for no address.
func Of(c net.Conn) *Entry {
	for range maxWrappers {
		switch outer := c.(type) {
		case interface{ entry() *Entry }:
			return outer.entry()
		case interface{ NetConn() net.Conn }: // crypto/tls and others
			c = outer.NetConn()
		case interface{ Raw() net.Conn }: // github.com/pires/go-proxyproto
			c = outer.Raw()
		default:
			return nil
		}
	}
	return nil
}

// maxWrappers bounds the wrappers that Of looks into, so that a connection that wraps
// itself does not stop a program.
const maxWrappers = 32
