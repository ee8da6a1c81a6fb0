package memnet

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
)

// MachineIP is the address of the machine. Like ClientIP, it is from a range for
// documentation (RFC 5737).
func MachineIP() net.IP { return net.IPv4(192, 0, 2, 1) }

// ClientIP is the address of the computer that Dial connects from.
func ClientIP() net.IP { return net.IPv4(192, 0, 2, 2) }

// FirstPort is the first of the ports that clients connect from.
const FirstPort = 49152

// Listener is a net.Listener of connections in memory, and of those on loopback once
// Loopback has been called. It knows which of them the server has not closed. It comes
// from NewListener.
type Listener struct {
	addr *net.TCPAddr

	accepted chan net.Conn
	done     chan struct{}
	serving  sync.WaitGroup

	mu     sync.Mutex
	closed bool
	ports  int
	open   map[net.Conn]struct{}
	empty  chan struct{} // closed when open becomes empty
	inners []net.Listener
	take   func(net.Conn) bool // gets connections in place of accepted, or is nil
}

// NewListener returns a listener on a port of MachineIP.
func NewListener(port int) *Listener {
	return &Listener{
		addr:     &net.TCPAddr{IP: MachineIP(), Port: port},
		accepted: make(chan net.Conn),
		done:     make(chan struct{}),
		open:     make(map[net.Conn]struct{}),
	}
}

func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Deliver gives each connection to take, during the dial, in place of Accept. If take
// returns false, the dial is refused. Deliver must be called before the first dial.
func (l *Listener) Deliver(take func(net.Conn) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take = take
}

// hand gives a connection to the server.
func (l *Listener) hand(ctx context.Context, c net.Conn) error {
	l.mu.Lock()
	take, closed := l.take, l.closed
	l.mu.Unlock()
	if take != nil {
		if closed || !take(c) {
			return Refused()
		}
		return nil
	}
	select {
	case l.accepted <- c:
		return nil
	case <-l.done:
		return Refused()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *Listener) Addr() net.Addr { return l.addr }

// Close makes Accept and Dial fail. Connections stay open.
func (l *Listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	close(l.done)
	for _, inner := range l.inners {
		inner.Close()
	}
	l.mu.Unlock()
	l.serving.Wait()
	return nil
}

// Dial connects in memory, from ClientIP.
func (l *Listener) Dial(ctx context.Context) (net.Conn, error) {
	c, err := l.DialFrom(ctx, ClientIP())
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialFrom connects in memory, from an address.
func (l *Listener) DialFrom(ctx context.Context, ip net.IP) (*Conn, error) {
	l.mu.Lock()
	from := &net.TCPAddr{IP: ip, Port: FirstPort + l.ports%(1<<16-FirstPort)}
	l.ports++
	client, server := Pipe(from, l.addr)
	server.OnClose = func() { l.forget(server) }
	l.open[server] = struct{}{}
	l.mu.Unlock()

	err := ctx.Err()
	if err == nil {
		err = l.hand(ctx, server)
	}
	if err == nil {
		return client, nil
	}
	server.Close()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Source: from, Addr: l.addr, Err: err}
}

// Loopback listens on a port of loopback as well, and returns the address. Each call adds
// one.
func (l *Listener) Loopback() (string, error) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		if inner, err = net.Listen("tcp", "[::1]:0"); err != nil {
			return "", err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		inner.Close()
		return "", net.ErrClosed
	}
	l.inners = append(l.inners, inner)
	l.serving.Go(func() { l.pass(inner) })
	return inner.Addr().String(), nil
}

// pass hands the connections that inner accepts to the server.
func (l *Listener) pass(inner net.Listener) {
	for {
		accepted, err := inner.Accept()
		if err != nil {
			return // the listener is closed
		}
		c := &tcpConn{Conn: accepted, l: l}
		l.mu.Lock()
		l.open[c] = struct{}{}
		l.mu.Unlock()
		if l.hand(context.Background(), c) != nil {
			_ = accepted.(*net.TCPConn).SetLinger(0) // too late to refuse
			c.Close()
		}
	}
}

// tcpConn is a connection on loopback.
type tcpConn struct {
	net.Conn
	l *Listener
}

func (c *tcpConn) Close() error {
	defer c.l.forget(c)
	return c.Conn.Close()
}

// FixedAddrs marks a connection whose addresses are known without asking the peer; see
// conns.Fixed.
func (c *tcpConn) FixedAddrs() {}

// CloseWrite shuts down the writing side.
func (c *tcpConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// forget takes a closed connection from the list of open ones.
func (l *Listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
	if len(l.open) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// Sending says how far a server is with what it sends to a client.
type Sending struct {
	Unread int  // bytes that the client has not read; 0 on loopback, where that is not known
	Ended  bool // the server sends no more, or has closed the connection
}

// Sending returns the state of the connection from a client address.
func (l *Listener) Sending(client string) Sending {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		if c.RemoteAddr().String() != client {
			continue
		}
		if c, ok := c.(*Conn); ok {
			return c.out.sending()
		}
		return Sending{}
	}
	return Sending{Ended: true}
}

// Drain waits until the server has closed all connections. When ctx is done before, it
// closes those that are left and returns the client addresses of them.
func (l *Listener) Drain(ctx context.Context) (left []string) {
	l.mu.Lock()
	if len(l.open) == 0 {
		l.mu.Unlock()
		return nil
	}
	empty := make(chan struct{})
	l.empty = empty
	l.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	open := slices.Collect(maps.Keys(l.open))
	l.mu.Unlock()
	for _, c := range open {
		c.Close()
		left = append(left, c.RemoteAddr().String())
	}
	slices.Sort(left)
	return left
}

// Refused returns the error of a connect to a port where nothing listens.
func Refused() error { return fmt.Errorf("connect: %w", syscall.ECONNREFUSED) }
