package simtest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"sync"
	"syscall"
)

// The machine of a fixture and the computer of its clients, which are addresses
// for documentation (RFC 5737).
var (
	machineIP = net.IPv4(192, 0, 2, 1)
	clientIP  = net.IPv4(192, 0, 2, 2)
)

// firstPort is the first of the ports that clients connect from.
const firstPort = 49152

// listener hands connections in memory to a server, and those of loopback
// listeners once there are any. It knows which of them the server has not
// closed.
type listener struct {
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
}

func newListener(port int) *listener {
	return &listener{
		addr:     &net.TCPAddr{IP: machineIP, Port: port},
		accepted: make(chan net.Conn),
		done:     make(chan struct{}),
		open:     make(map[net.Conn]struct{}),
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.done:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Addr: l.addr, Err: net.ErrClosed}
	}
}

func (l *listener) Addr() net.Addr { return l.addr }

// Close ends Accept and dial. Connections live on.
func (l *listener) Close() error {
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

// dial connects in memory, wherever the address may point to.
func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	l.mu.Lock()
	from := &net.TCPAddr{IP: clientIP, Port: firstPort + l.ports%(1<<16-firstPort)}
	l.ports++
	client, server := newConns(from, l.addr)
	server.onClose = func() { l.forget(server) }
	l.open[server] = struct{}{}
	l.mu.Unlock()

	var err error
	select {
	case l.accepted <- server:
		return client, nil
	case <-l.done:
		err = refused()
	case <-ctx.Done():
		err = ctx.Err()
	}
	server.Close()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Source: from, Addr: l.addr, Err: err}
}

// listen accepts on loopback as well, and returns the address.
func (l *listener) listen() (string, error) {
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
func (l *listener) pass(inner net.Listener) {
	for {
		accepted, err := inner.Accept()
		if err != nil {
			return // closed, or of no use to a test
		}
		c := &tcpConn{Conn: accepted, l: l}
		l.mu.Lock()
		l.open[c] = struct{}{}
		l.mu.Unlock()
		select {
		case l.accepted <- c:
		case <-l.done:
			c.Close()
			return
		}
	}
}

// tcpConn is a connection on loopback.
type tcpConn struct {
	net.Conn
	l *listener
}

func (c *tcpConn) Close() error {
	defer c.l.forget(c)
	return c.Conn.Close()
}

// CloseWrite ends what this end sends.
func (c *tcpConn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// forget takes a closed connection from the list.
func (l *listener) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
	if len(l.open) == 0 && l.empty != nil {
		close(l.empty)
		l.empty = nil
	}
}

// drain waits until the server has closed all connections or ctx is done. It
// closes the others and returns the addresses they came from.
func (l *listener) drain(ctx context.Context) (left []string) {
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

// refused is the error of a port that nobody listens on.
func refused() error { return fmt.Errorf("connect: %w", syscall.ECONNREFUSED) }
