package smb

import (
	"container/list"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Dial connects to the file server behind a Proxy. The proxy calls it once for each
// client, as soon as the client has begun to speak SMB. ctx ends when the client's
// connection does. An error closes the client's connection.
//
// Backend returns the Dial for an address. The servers of the packages fileserver and
// samba have one as a method.
type Dial func(ctx context.Context) (net.Conn, error)

// Backend returns the Dial for a file server at a TCP address, such as
// "192.0.2.1:445". The address is not tried before a client comes. If it cannot be
// reached then, the client's connection is closed, and Settings.Logger tells why.
func Backend(address string) Dial {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
}

// Proxy stands in front of a real file server and gives it the session limit of an
// edition. A session that finds no slot at the gate of limits.SMB is refused, and no
// message of it reaches the file server. Apart from that, SMB of every dialect passes
// through unchanged.
//
// A session takes its slot when the file server consents to its setup. It ends, and its
// slot is free, when its logoff is answered, when the last connection that carries it
// ends, when Settings.AutoDisconnect or the administrator ends it, or when the client
// sets up another in its place. To bind a session to a further connection, or to
// authenticate again on it, is no new session.
//
// A Proxy comes from NewProxy; the zero Proxy is not usable. Serve is the method that
// most callers want, once for each listener, and Close ends everything. Sessions lists
// what is in force. A Proxy may be used by many goroutines.
//
// A program between client and server has limits of its own:
//
//   - It cannot see what is encrypted. After an encrypted logoff the slot is free when
//     the connection ends. A file server that served a second session under the
//     encryption of the first would escape the count; smbd does not.
//   - It cannot look into a message whose header is compressed too, and closes the
//     connection. The clients of Windows and Linux leave the header in the clear.
//   - A message that needs a session passes only on one that was admitted. So a file
//     server that works without sessions (share-level security) serves nothing.
//   - It cannot sign. Every client tried accepts an unsigned refusal of a session
//     setup. On a signed SMB1 connection a client may report the refusal of its second
//     user as a bad signature.
//   - It notices a pulled cable when TCP does, which takes about two and a quarter
//     minutes with Go's keep-alive.
//   - The file server sees all clients at the proxy's address.
type Proxy struct {
	machine  *machine
	gate     *simulate.Gate
	dial     Dial
	settings Settings

	done chan struct{} // closed by Close

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	pending   list.List // of *conn without a session, the oldest first
	sessions  map[uint64]*session
	live      map[*session]struct{}

	serving sync.WaitGroup
}

// NewProxy returns a proxy of the host in front of the file server that backend
// connects to. It serves no client before Serve is called. settings may be nil.
// Closing the host closes the proxy.
//
// NewProxy fails if the edition has no file server (the Server service), if backend is
// nil, if a setting makes no sense, or if the host is closed.
func NewProxy(host *simulate.Host, backend Dial, settings *Settings) (*Proxy, error) {
	gate, err := host.Gate(limits.SMB)
	if err != nil {
		return nil, err
	}
	if backend == nil {
		return nil, errors.New(`smb: backend is nil; want smb.Backend("host:445") or another Dial, a function that connects to a file server`)
	}
	var s Settings
	if settings != nil {
		s = *settings
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	s.setDefaults()
	m, err := simulate.Part(host, func() *machine { return newMachine(host, gate) })
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		machine: m, gate: gate, dial: backend, settings: s, done: make(chan struct{}),
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[*conn]struct{}),
		sessions:  make(map[uint64]*session),
		live:      make(map[*session]struct{}),
	}
	if err := m.add(p); err != nil {
		return nil, err
	}
	return p, nil
}

// Serve accepts connections from l until l or p is closed, and closes l. Call it once
// for each address that the machine listens on: port 445 and port 139 are two
// listeners of one Proxy. The error is never nil. After Close it matches
// net.ErrClosed, otherwise it is that of l.Accept.
func (p *Proxy) Serve(l net.Listener) error {
	defer l.Close()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return net.ErrClosed
	}
	p.listeners[l] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.listeners, l)
		p.mu.Unlock()
	}()

	var pause time.Duration
	for {
		client, err := l.Accept()
		if err != nil {
			// A temporary error, such as too many open files, does not end the
			// server, as in net/http.
			if t, ok := err.(interface{ Temporary() bool }); ok && t.Temporary() {
				pause = min(max(2*pause, 5*time.Millisecond), time.Second)
				p.settings.Logger.Debug("SMB accept", "error", err, "retry", pause)
				select {
				case <-time.After(pause):
					continue
				case <-p.done:
				}
			}
			select {
			case <-p.done:
				return net.ErrClosed
			default:
				return err
			}
		}
		pause = 0
		p.start(client)
	}
}

// start serves one connection in goroutines of its own. It calls no method of the
// connection, which may take its time to return while the next connection waits to be
// accepted.
func (p *Proxy) start(client net.Conn) {
	c := &conn{
		proxy:    p,
		client:   client,
		since:    time.Now(),
		sessions: make(map[sessionKey]*session),
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		client.Close()
		return
	}
	p.conns[c] = struct{}{}
	p.serving.Add(1)
	c.timer = time.AfterFunc(p.settings.NegotiateTimeout, c.expire)
	p.park(c)
	go func() {
		defer p.serving.Done()
		c.serve()
	}()
}

// park counts c among the connections without a session, and closes the oldest of them
// if they are too many. The proxy is locked.
func (p *Proxy) park(c *conn) {
	c.parked = p.pending.PushBack(c)
	if p.pending.Len() > p.settings.MaxPending {
		oldest := p.pending.Front().Value.(*conn)
		p.unpark(oldest)
		oldest.close("too many connections without a session")
	}
}

// unpark takes c from the connections without a session. The proxy is locked.
func (p *Proxy) unpark(c *conn) {
	if c.parked != nil {
		p.pending.Remove(c.parked)
		c.parked = nil
	}
}

// Close closes the listeners and connections, frees the slots, and returns when nothing
// of p runs any more. It may be called more than once, and the error is always nil.
func (p *Proxy) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.done)
	}
	for l := range p.listeners {
		l.Close()
	}
	p.mu.Unlock()
	p.disconnect("proxy closed")
	p.serving.Wait()
	p.machine.remove(p)
	return nil
}

// disconnect closes the connections.
func (p *Proxy) disconnect(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.close(why)
	}
}
