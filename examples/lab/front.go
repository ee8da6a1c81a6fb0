package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// front is where real traffic reaches a machine.
type front struct {
	machine *machine
	config  frontConfig
	address string // the address on which it listens
	ln      *net.TCPListener
	server  server
	extra   frontExtra
	ctx     context.Context // ends with the front
	cancel  context.CancelFunc
	serving sync.WaitGroup
	room    chan struct{} // has one element for each connection

	mu        sync.Mutex
	backlog   *tcp.Backlog
	conns     map[*conn]struct{}
	closed    bool
	inherited bool // another front has the socket too
}

// server is what a kind of front does.
type server interface {
	// serve serves the listener until it is closed.
	serve(ln net.Listener) error
	// close ends what serve does not, such as a child process.
	close() error
}

// frontExtra is what a front has beyond its configuration.
type frontExtra struct {
	Certificate string `json:"certificate,omitempty"`
}

// frontAnswer is a front as the API answers it.
type frontAnswer struct {
	frontConfig
	frontExtra
}

// newFront makes a front that does not serve yet.
func newFront(ctx context.Context, m *machine, index int, ending []*machine) (*front, error) {
	f := &front{
		machine: m, config: m.config.Fronts[index],
		room: make(chan struct{}, maxConnections), conns: map[*conn]struct{}{},
	}
	f.ctx, f.cancel = context.WithCancel(m.lab.ctx)
	var err error
	if f.ln, err = m.lab.listen(m.config.Name, index, f.config.Listen, ending); err != nil {
		return nil, err
	}
	f.address = f.ln.Addr().String()
	switch f.config.Kind {
	case "iis":
		f.server, err = newWeb(f)
	case "smb":
		f.server, err = newFiles(ctx, f)
	case "tcp":
		f.server, err = newForwarder(f)
	default:
		f.server, err = newDialing(f)
	}
	if err != nil {
		f.ln.Close()
		f.cancel()
		return nil, err
	}
	return f, nil
}

func (f *front) answer() frontAnswer {
	a := frontAnswer{f.config, f.extra}
	a.Listen = f.address
	return a
}

// listensOn reports whether an address is the one that the front was to listen on, or
// the one on which it does.
func (f *front) listensOn(address string) bool {
	return address == f.config.Listen || address == f.address
}

// inherit returns a second listener for the socket of the front. It stays open when
// the front closes its own.
func (f *front) inherit() (*net.TCPListener, error) {
	file, err := f.ln.File()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	ln, err := net.FileListener(file)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	f.inherited = true
	f.mu.Unlock()
	return ln.(*net.TCPListener), nil
}

func (f *front) isInherited() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inherited
}

// start serves.
func (f *front) start() {
	var ln net.Listener = f.ln
	if f.config.Backlog != nil {
		backlog, err := tcp.NewBacklog(f.machine.host, f.ln, &tcp.BacklogSettings{Listen: *f.config.Backlog})
		if err != nil {
			f.ln.Close()
			f.machine.logger().Error("backlog", "front", f.address, "error", err)
			return
		}
		f.mu.Lock()
		f.backlog = backlog
		f.mu.Unlock()
		ln = backlog
	} else if err := listenAgain(f.ln); err != nil {
		f.machine.logger().Error("listen", "front", f.address, "error", err)
	}
	f.serving.Go(func() {
		if err := f.server.serve(&listener{ln, f}); f.ctx.Err() == nil && !isClosed(err) {
			f.machine.logger().Error("the front ends", "front", f.address, "error", err)
		}
	})
}

// stop ends the listener and begins to end the connections.
func (f *front) stop() {
	f.cancel()
	f.mu.Lock()
	f.closed = true
	backlog := f.backlog
	f.mu.Unlock()
	if backlog != nil {
		backlog.Close()
	}
	f.ln.Close()
	f.disconnect()
}

// close returns when nothing of the front runs any more.
func (f *front) close() {
	f.serving.Wait()
	if err := f.server.close(); err != nil && !isClosed(err) {
		f.machine.logger().Warn("the front ends", "front", f.address, "error", err)
	}
	f.disconnect()
}

// disconnect ends the connections.
func (f *front) disconnect() {
	f.mu.Lock()
	conns := make([]*conn, 0, len(f.conns))
	for c := range f.conns {
		conns = append(conns, c)
	}
	f.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
}

// connections returns how many connections are open.
func (f *front) connections() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// gate returns the gate of the backlog, or nil if the front has none.
func (f *front) gate() *simulate.Gate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.backlog == nil {
		return nil
	}
	return f.backlog.Gate()
}

// listener counts the connections of a front and bounds them. While there are too
// many, the next one waits in the kernel.
type listener struct {
	net.Listener
	front *front
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case l.front.room <- struct{}{}:
	case <-l.front.ctx.Done():
		return nil, net.ErrClosed
	}
	inner, err := l.Listener.Accept()
	if err != nil {
		<-l.front.room
		return nil, err
	}
	c := &conn{TCPConn: inner.(*net.TCPConn), front: l.front}
	l.front.mu.Lock()
	defer l.front.mu.Unlock()
	l.front.conns[c] = struct{}{}
	if l.front.closed {
		go c.Close()
	}
	return c, nil
}

// conn is a connection of a front. It keeps the abilities of a *net.TCPConn.
type conn struct {
	*net.TCPConn
	front *front
	once  sync.Once
}

// FixedAddrs says that the addresses of the connection are known at once. So even its
// first event names the peer.
func (*conn) FixedAddrs() {}

func (c *conn) Close() error {
	err := c.TCPConn.Close()
	c.once.Do(func() {
		c.front.mu.Lock()
		delete(c.front.conns, c)
		c.front.mu.Unlock()
		<-c.front.room
	})
	return err
}

func isClosed(err error) bool {
	return err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, simulate.ErrClosed) || errors.Is(err, os.ErrClosed) ||
		err.Error() == "http: Server closed"
}

// handleEach accepts connections until the listener is closed, and handles each in a
// goroutine of its own. If every is not 0, it waits that long before each accept. It
// returns when all goroutines have ended.
func (f *front) handleEach(ln net.Listener, every time.Duration, handle func(c net.Conn)) error {
	var handling sync.WaitGroup
	defer handling.Wait()
	defer ln.Close()
	pause := 5 * time.Millisecond
	for {
		if !f.sleep(every) {
			return net.ErrClosed
		}
		c, err := ln.Accept()
		var temporary interface{ Temporary() bool }
		switch {
		case err == nil:
			pause = 5 * time.Millisecond
			handling.Go(func() {
				defer c.Close()
				handle(c)
			})
		case errors.As(err, &temporary) && temporary.Temporary():
			// Such as that no file descriptor is left.
			if !f.sleep(pause) {
				return net.ErrClosed
			}
			pause = min(2*pause, time.Second)
		default:
			return err
		}
	}
}

// sleep waits, and reports false if the front has ended before.
func (f *front) sleep(d time.Duration) bool {
	if d == 0 {
		return f.ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-f.ctx.Done():
		return false
	}
}

// needs returns an error if the machine lacks the service.
func (f *front) needs(s limits.Service) error {
	if _, err := f.machine.gate(s); err != nil {
		return fmt.Errorf("kind %s: %w", f.config.Kind, err)
	}
	return nil
}
