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

// MachineIP is the address of the machine, which is one for documentation (RFC
// 5737), as that of ClientIP.
func MachineIP() net.IP { return net.IPv4(192, 0, 2, 1) }

// ClientIP is the address of the computer of the clients.
func ClientIP() net.IP { return net.IPv4(192, 0, 2, 2) }

// FirstPort is the first of the ports that clients connect from.
const FirstPort = 49152

// Listener hands connections in memory to a server, and those of loopback
// listeners once there are any. It knows which of them the server has not
// closed.
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
	take   func(net.Conn) bool // in place of accepted, or nil
}

// NewListener returns a listener on a port of the machine.
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

// Deliver hands connections to take instead of Accept, in the dial. If take
// returns false, the dial is refused. It is for before the first dial.
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

// Close ends Accept and Dial. Connections live on.
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

// DialFrom connects in memory from an address.
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

// Loopback accepts on loopback as well, and returns the address.
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

// pass hands on what inner accepts.
func (l *Listener) pass(inner net.Listener) {
	for {
		accepted, err := inner.Accept()
		if err != nil {
			return // closed, or of no use to a test
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

// FixedAddrs says that the addresses are known without asking the peer.
func (c *tcpConn) FixedAddrs() {}

// CloseWrite ends what this end sends.
func (c *tcpConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// forget takes a closed connection from the list.
func (l *Listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
	if len(l.open) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// Sending is what a server still has to do with a client.
type Sending struct {
	Unread int  // bytes that the client has not read; 0 on loopback, where it is not known
	Ended  bool // the server sends no more, or has closed the connection
}

// Sending looks at the connection of the client at an address.
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

// Drain waits until the server has closed all connections or ctx is done. It
// closes the others and returns the addresses they came from.
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

// Refused is the error of a port where nothing listens.
func Refused() error { return fmt.Errorf("connect: %w", syscall.ECONNREFUSED) }
