package simulate

import (
	"errors"
	"net"
	"sync/atomic"
)

// Conn is a connection that a listener of a Host accepted. It behaves as the
// connection it wraps; closing it gives its slot back, once. NetConn returns
// the wrapped connection, as crypto/tls does.
//
// A connection that was a *net.TCPConn keeps its abilities: CloseRead,
// CloseWrite, SyscallConn, ReadFrom (and with it sendfile and splice), WriteTo,
// File and the socket options.
type Conn interface {
	net.Conn
	NetConn() net.Conn
}

// tcpConn is a Conn over a *net.TCPConn.
type tcpConn struct {
	*net.TCPConn
	place
}

// otherConn is a Conn over anything else.
type otherConn struct {
	net.Conn
	place
}

// place is the part of a connection that the gate knows.
type place struct {
	slot Slot
	// refusal is set if the connection is over the limit and was accepted only
	// to be told so. It then holds no slot.
	refusal *refusal
	closed  atomic.Bool
}

// newConn wraps c and returns the wrapped connection and its place.
func newConn(c net.Conn) (Conn, *place) {
	if tcp, ok := c.(*net.TCPConn); ok {
		conn := &tcpConn{TCPConn: tcp}
		return conn, &conn.place
	}
	conn := &otherConn{Conn: c}
	return conn, &conn.place
}

func (c *tcpConn) NetConn() net.Conn   { return c.TCPConn }
func (c *otherConn) NetConn() net.Conn { return c.Conn }

func (c *tcpConn) Close() error {
	err := c.TCPConn.Close()
	c.giveBack()
	return err
}

func (c *otherConn) Close() error {
	err := c.Conn.Close()
	c.giveBack()
	return err
}

// CloseWrite shuts down the writing side where the wrapped connection can.
func (c *otherConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

func (p *place) giveBack() {
	if p.closed.CompareAndSwap(false, true) {
		p.slot.Release()
		if p.refusal != nil {
			p.refusal.end()
		}
	}
}

func (p *place) self() *place { return p }

// placeOf finds the place of a connection under whatever wraps it, such as a
// *tls.Conn. It returns nil if no listener of a Host accepted the connection.
func placeOf(c net.Conn) *place {
	for c != nil {
		if p, ok := c.(interface{ self() *place }); ok {
			return p.self()
		}
		inner, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = inner.NetConn()
	}
	return nil
}
