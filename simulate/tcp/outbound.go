package tcp

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
)

// An outbound connection holds a port. It holds it through TIME_WAIT if this side
// closes first.
type outbound struct {
	port   *port
	closed atomic.Bool
	first  atomic.Bool // this side has ended what it sends before the peer has
	ended  atomic.Bool // the peer has ended what it sends
	reset  atomic.Bool
	linger atomic.Bool // Close resets
}

// tcpOutbound is one over a *net.TCPConn.
type tcpOutbound struct {
	*net.TCPConn
	o outbound
}

// otherOutbound is one over what a Connect function returns.
type otherOutbound struct {
	net.Conn
	o outbound
}

func newOutbound(c net.Conn, p *port) net.Conn {
	if tcp, ok := c.(*net.TCPConn); ok {
		return &tcpOutbound{TCPConn: tcp, o: outbound{port: p}}
	}
	return &otherOutbound{Conn: c, o: outbound{port: p}}
}

// read notes what a read says of the peer.
func (o *outbound) read(err error) {
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		o.ended.Store(true)
	case isReset(err):
		o.reset.Store(true)
	}
}

// ends notes that this side ends what it sends.
func (o *outbound) ends(peer peerState) {
	if !o.ended.Load() && peer != peerEnded {
		o.first.Store(true)
	}
}

// close frees the port, at once or after TIME_WAIT. peer is the state before.
func (o *outbound) close(peer peerState) {
	if !o.closed.CompareAndSwap(false, true) {
		return
	}
	switch {
	case o.linger.Load() || o.reset.Load():
		o.port.giveBack()
	case o.first.Load():
		o.port.wait()
	case o.ended.Load() || peer == peerEnded || peer == peerReset:
		o.port.giveBack()
	default:
		o.port.wait()
	}
}

// peerState is what the kernel knows of the peer.
type peerState uint8

const (
	peerUnknown peerState = iota
	peerOpen
	peerEnded
	peerReset
)

func (c *tcpOutbound) NetConn() net.Conn   { return c.TCPConn }
func (c *otherOutbound) NetConn() net.Conn { return c.Conn }

func (c *tcpOutbound) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.o.read(err)
	return n, err
}

func (c *otherOutbound) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.o.read(err)
	return n, err
}

// WriteTo reads until the end, if it returns no error.
func (c *tcpOutbound) WriteTo(w io.Writer) (int64, error) {
	n, err := c.TCPConn.WriteTo(w)
	if err == nil {
		c.o.ended.Store(true)
	}
	return n, err
}

func (c *tcpOutbound) CloseWrite() error {
	peer := stateOf(c.TCPConn)
	err := c.TCPConn.CloseWrite()
	if err == nil {
		c.o.ends(peer)
	}
	return err
}

// CloseWrite shuts down the writing side where the wrapped connection can.
func (c *otherOutbound) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	err := half.CloseWrite()
	if err == nil {
		c.o.ends(peerUnknown)
	}
	return err
}

func (c *tcpOutbound) SetLinger(sec int) error {
	err := c.TCPConn.SetLinger(sec)
	if err == nil {
		c.o.linger.Store(sec == 0)
	}
	return err
}

// SetLinger sets what Close does where the wrapped connection can.
func (c *otherOutbound) SetLinger(sec int) error {
	l, ok := c.Conn.(interface{ SetLinger(int) error })
	if !ok {
		return errors.ErrUnsupported
	}
	err := l.SetLinger(sec)
	if err == nil {
		c.o.linger.Store(sec == 0)
	}
	return err
}

func (c *tcpOutbound) Close() error {
	peer := stateOf(c.TCPConn)
	err := c.TCPConn.Close()
	c.o.close(peer)
	return err
}

func (c *otherOutbound) Close() error {
	err := c.Conn.Close()
	c.o.close(peerUnknown)
	return err
}
