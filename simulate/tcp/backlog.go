package tcp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// Backlog is the listen backlog of one listening socket: the connections that
// TCP/IP holds for a program until Accept returns them. While it holds as many as
// the edition allows, the next client is refused, as at a port where nothing
// listens.
//
// A Backlog is a net.Listener around that of the network, and takes connections from
// it before the program calls Accept. It has a gate of its own. Other limits, of
// NewListener and package iis, go around the Backlog and not under it.
//
// A slot is released when Accept returns its connection, or when the client resets
// it. A client that closes keeps its slot, since what it has sent can still be
// read. Which of these Windows does is unknown, and this is the library's choice. A
// reset is noticed in memory, and on a Unix system on a *net.TCPConn.
//
// Close and Host.Close reset the connections held. So does Host.Disconnect, and the
// backlog goes on. A function that observes the host must not call the Backlog.
//
// A Backlog comes from NewBacklog. It may be used by many goroutines.
type Backlog struct {
	inner   net.Listener
	gate    *simulate.Gate
	pool    *simulate.Gate // of all sockets, or nil
	set     *conns.Set
	refusal BacklogRefusal
	kernel  *kernelListener // if the kernel refuses

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing is accepted any more

	mu      sync.Mutex
	changed sync.Cond
	waiting []*held // in order of arrival
	callers int     // of Accept that wait for a connection
	err     error   // that Accept returns; for good, once it matches net.ErrClosed
	stopped bool    // the kernel refuses
}

// A held connection waits for Accept.
type held struct {
	slot  simulate.Slot
	pool  simulate.Slot // of the pool of all sockets, where there is one
	conn  net.Conn
	watch *resetWatch // or nil
	reset bool        // by its client; under Backlog.mu
}

func (h *held) release() {
	h.slot.Release()
	h.pool.Release()
}

// BacklogSettings are what a program chooses about its Backlog. The zero value is a
// program that asks for all it can get.
type BacklogSettings struct {
	// Listen is the number that the program passes to listen(): 50 in Java, 40 in
	// IIS 5 and 6. 0 is SOMAXCONN, as in Go: all that the edition grants. A higher
	// number is cut to that without an error. From Windows 8 and Server 2012 on, -n
	// is SOMAXCONN_HINT(n), granted from 200 to 65535 (ms-listen).
	Listen int `json:"listen,omitzero"`
}

// BacklogRefusal is the way in which a Backlog refuses. The zero value is
// UnknownRefusal.
type BacklogRefusal uint8

// The ways to refuse.
const (
	UnknownRefusal BacklogRefusal = iota
	// RefusesSYN: the kernel answers the SYN with a reset, as Windows does, and the
	// dial fails with ECONNREFUSED. Only the kernel knows of it, so the gate does
	// not count it. A client that the kernel has already answered when the backlog
	// fills is reset after its dial.
	RefusesSYN
	// ResetsConnection: the connection is accepted and reset. The client sees
	// ECONNRESET, most often when it reads.
	ResetsConnection
	// RefusesDial: in memory, the dial fails with ECONNREFUSED.
	RefusesDial
)

var backlogRefusalNames = [...]string{"unknown", "refuses-syn", "resets-connection", "refuses-dial"}

// String returns the name, such as "refuses-syn".
func (r BacklogRefusal) String() string {
	if int(r) < len(backlogRefusalNames) {
		return backlogRefusalNames[r]
	}
	return fmt.Sprintf("BacklogRefusal(%d)", uint8(r))
}

// MarshalText returns what String does; an undeclared value is an error.
func (r BacklogRefusal) MarshalText() ([]byte, error) {
	if int(r) >= len(backlogRefusalNames) {
		return nil, fmt.Errorf("tcp: %d is no way to refuse; want 0 to %d", uint8(r), len(backlogRefusalNames)-1)
	}
	return []byte(backlogRefusalNames[r]), nil
}

// UnmarshalText accepts what String returns for declared values.
func (r *BacklogRefusal) UnmarshalText(text []byte) error {
	for i, name := range backlogRefusalNames {
		if name == string(text) {
			*r = BacklogRefusal(i)
			return nil
		}
	}
	return fmt.Errorf("tcp: unknown way to refuse %.100q; want one of %q", text, backlogRefusalNames[1:])
}

// A deliverer is a listener in memory that hands a connection over in the dial,
// which fails if the function does not take it.
type deliverer interface {
	Deliver(take func(net.Conn) bool)
}

// NewBacklog returns the listen backlog of the edition around inner. settings may
// be nil. inner decides the way of refusal:
//
//   - RefusesSYN for a *net.TCPListener on Linux. Its socket leaves LISTEN while
//     the backlog is full, and once now, which resets clients that have connected
//     already. The kernel's own backlog is set to its maximum. All this holds for
//     every process that shares the socket.
//   - RefusesDial for a listener in memory, such as that of simtest.NewListener
//   - ResetsConnection for any other
//
// NewBacklog fails if the edition would not take the settings. If the host is
// closed, the error wraps simulate.ErrClosed. After an error inner is still open.
func NewBacklog(host *simulate.Host, inner net.Listener, settings *BacklogSettings) (*Backlog, error) {
	policy, err := host.Policy(limits.TCPBacklog)
	if err != nil {
		return nil, err
	}
	if settings == nil {
		settings = new(BacklogSettings)
	}
	if policy.Limit, err = policy.Listen(settings.Listen); err != nil {
		return nil, fmt.Errorf("tcp: %w", err)
	}
	switch inner.(type) {
	case nil:
		return nil, errors.New("tcp: NewBacklog needs a listener, not nil")
	case *Listener, *Backlog:
		return nil, fmt.Errorf("tcp: a backlog around a %T: want the backlog first, around the listener of the network", inner)
	}
	b := &Backlog{
		inner: inner, gate: simulate.NewGate(host, policy), pool: host.Pool(),
		refusal: ResetsConnection, done: make(chan struct{}),
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.changed.L = &b.mu
	if b.set, err = simulate.Part(host, conns.NewSet); err != nil {
		return nil, err
	}
	memory, inMemory := inner.(deliverer)
	if b.kernel, err = newKernelListener(inner); err != nil {
		return nil, fmt.Errorf("tcp: backlog of %v: %w", inner.Addr(), err)
	}
	switch {
	case inMemory:
		b.refusal = RefusesDial
	case b.kernel != nil:
		b.refusal = RefusesSYN
	}
	if !b.set.Listen(b) {
		return nil, fmt.Errorf("tcp: backlog of %v: %w", inner.Addr(), simulate.ErrClosed)
	}
	b.set.Track((*waiting)(b))
	if inMemory {
		close(b.done)
		memory.Deliver(b.take)
	} else {
		go b.serve()
	}
	return b, nil
}

// Gate returns the gate of the backlog. The slots held are the connections held.
func (b *Backlog) Gate() *simulate.Gate { return b.gate }

// Refusal returns the way in which the backlog refuses.
func (b *Backlog) Refusal() BacklogRefusal { return b.refusal }

// Addr returns the address of the inner listener.
func (b *Backlog) Addr() net.Addr { return b.inner.Addr() }

// serve accepts from the inner listener until it is closed.
func (b *Backlog) serve() {
	defer close(b.done)
	for {
		if !b.awaitRoom() {
			return
		}
		c, err := b.inner.Accept()
		if err != nil {
			if !b.fail(err) {
				return
			}
			continue
		}
		if !b.take(c) {
			abort(c)
		}
	}
}

// awaitRoom waits until the backlog has room if the kernel refuses, and has the
// kernel listen then. It reports false if the backlog has ended.
func (b *Backlog) awaitRoom() bool {
	for b.ctx.Err() == nil {
		b.mu.Lock()
		err := b.adjust(0)
		stopped := b.stopped
		b.mu.Unlock()
		switch {
		case err != nil:
			if !b.fail(err) {
				return false
			}
		case !stopped:
			return true
		default:
			// The limit may be moved, and slots held and given back, by others.
			_ = b.gate.Wait(b.ctx, func(s simulate.Stats) bool { return b.room(s) > 0 })
		}
	}
	return false
}

// room returns how many connections more the backlog takes.
func (b *Backlog) room(s simulate.Stats) int {
	if n, ok := b.gate.Limit().Number(); ok {
		return n - s.Held
	}
	return 1 << 30
}

// adjust has the kernel refuse if the backlog is full with n more connections than
// now, and listen if not. b is locked. It runs before the gate changes, so that a
// test that waits for a state of the gate finds the kernel in the same state.
func (b *Backlog) adjust(n int) error {
	if b.kernel == nil || b.ctx.Err() != nil {
		return nil
	}
	full := b.room(b.gate.Stats())-n <= 0
	if full == b.stopped {
		return nil
	}
	if err := b.kernel.refuse(full); err != nil {
		return err
	}
	b.stopped = full
	return nil
}

// take puts a connection into the backlog. It reports false, and leaves the
// connection alone, if the backlog is full or closed.
func (b *Backlog) take(c net.Conn) bool {
	h := &held{conn: c}
	h.slot.Peer = peerOf(c)
	h.pool.Peer = h.slot.Peer
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return false
	}
	_ = b.adjust(1) // an error comes again in awaitRoom
	if b.pool != nil && !b.pool.TryAcquire(&h.pool) {
		return false
	}
	if !b.gate.TryAcquire(&h.slot) {
		h.pool.Release()
		return false
	}
	b.waiting = append(b.waiting, h)
	if len(b.waiting) > b.callers {
		h.watch = watchReset(c, func() { b.forget(h) })
	}
	b.changed.Broadcast()
	return true
}

// forget takes a connection out that its client has reset.
func (b *Backlog) forget(h *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h.reset = true
	i := slices.Index(b.waiting, h)
	if i < 0 {
		return // Accept has it, or Close
	}
	b.waiting = slices.Delete(b.waiting, i, i+1)
	h.conn.Close()
	_ = b.adjust(-1)
	h.release()
}

// fail has Accept return an error of the inner listener once, after the connections
// that came before it. It reports false if the backlog has ended.
func (b *Backlog) fail(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return false
	}
	b.err = err
	b.changed.Broadcast()
	if errors.Is(err, net.ErrClosed) {
		return false
	}
	for b.err != nil && b.ctx.Err() == nil {
		b.changed.Wait()
	}
	return b.ctx.Err() == nil
}

// Accept returns the oldest connection of the backlog, and waits while there is
// none. Its errors are those of the inner listener.
func (b *Backlog) Accept() (net.Conn, error) {
	for {
		h, err := b.next()
		if err != nil {
			return nil, err
		}
		h.watch.stop()
		b.mu.Lock()
		reset := h.reset
		b.mu.Unlock()
		if !reset {
			return h.conn, nil
		}
		h.conn.Close()
	}
}

func (b *Backlog) next() (*held, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.callers++
	defer func() { b.callers-- }()
	for len(b.waiting) == 0 && b.err == nil {
		b.changed.Wait()
	}
	if len(b.waiting) == 0 {
		err := b.err
		if !errors.Is(err, net.ErrClosed) {
			b.err = nil
			b.changed.Broadcast()
		}
		return nil, err
	}
	h := b.waiting[0]
	b.waiting[0] = nil
	b.waiting = b.waiting[1:]
	_ = b.adjust(-1)
	h.release()
	return h, nil
}

// Close closes the inner listener and resets the connections held. Accept then
// fails with an error that wraps net.ErrClosed.
func (b *Backlog) Close() error {
	b.set.Unlisten(b)
	b.set.Untrack((*waiting)(b))
	b.mu.Lock()
	b.cancel()
	list := b.waiting
	b.waiting = nil
	b.err = &net.OpError{Op: "accept", Net: b.inner.Addr().Network(), Addr: b.inner.Addr(), Err: net.ErrClosed}
	b.changed.Broadcast()
	b.mu.Unlock()
	err := b.inner.Close()
	reset(list)
	<-b.done
	return err
}

// waiting is the connections that wait, which Host.Disconnect ends.
type waiting Backlog

// Close resets the connections that wait.
func (w *waiting) Close() error {
	b := (*Backlog)(w)
	b.mu.Lock()
	list := b.waiting
	b.waiting = nil
	_ = b.adjust(-len(list)) // an error comes again in awaitRoom
	b.mu.Unlock()
	reset(list)
	return nil
}

func reset(list []*held) {
	for _, h := range list {
		h.watch.stop()
		abort(h.conn)
		h.release()
	}
}

// peerOf names the peer of a connection whose address is known without asking it.
func peerOf(c net.Conn) fmt.Stringer {
	switch c.(type) {
	case *net.TCPConn, conns.Fixed:
		return c.RemoteAddr()
	}
	return nil
}

// abort closes a connection with a reset where that can be done.
func abort(c net.Conn) {
	inner := c
	for range 8 {
		if wrapped, ok := inner.(interface{ NetConn() net.Conn }); ok {
			inner = wrapped.NetConn()
		}
	}
	if l, ok := inner.(interface{ SetLinger(int) error }); ok {
		_ = l.SetLinger(0)
	}
	if inner != c {
		inner.Close() // before c, whose Close may send something first
	}
	c.Close()
}
