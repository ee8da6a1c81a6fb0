// Package smb puts the session limit of an edition in front of a real file
// server.
//
// A Proxy passes SMB of every dialect from clients to the file server and
// answers in its place when the limit is reached. All proxies of a host share
// its gate and are one machine.
//
// # The administrator's commands
//
// Host.Console answers what the net program of the machine would:
//
//	net config server
//	net config server /autodisconnect:N
//	net session
//	net session \\COMPUTER /delete
//
// The output is laid out as on Windows 10 from Windows 8 on and as on Server
// 2008 R2 before that (win10-net-config, ws2008r2-net-config,
// net-session-output); what older releases printed is not known. The transport
// names contain a GUID that stands for one. Another command of net, and a value
// that Windows would not take, is an error that says what is accepted.
//
// N is the idle time in minutes after which a session ends, from 0 to 65535, or
// -1 for never; 0 does not mean never, but a few seconds (kb138365), here five.
// A session is idle since its last request, and ends only if it has no file
// open. For an encrypted session open files cannot be seen, so that it ends for
// being idle alone. A session that is ended takes its connection with it,
// unless that carries another session.
//
// "net session \\COMPUTER /delete" asks for confirmation if files are open; the
// answer, "Y" or "N", is the next command. With /y it does not ask.
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

// Dial connects to the real file server, once for each client that has begun to
// speak SMB. The context ends with the client's connection. Backend makes one for
// an address, and package fileserver has one for a server in memory.
type Dial func(ctx context.Context) (net.Conn, error)

// Backend returns the Dial for a file server at an address, such as
// "192.0.2.1:445".
func Backend(address string) Dial {
	return func(ctx context.Context) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
}

// Proxy stands in front of a real file server and gives it the session limit of
// an edition. Everything passes through unchanged but one answer: when the limit
// is reached, the file server's consent to the next session reaches the client
// as STATUS_REQUEST_NOT_ACCEPTED (0xC00000D0; error class 1 code 71 for clients
// that know no NT statuses). The connection stays open, and the refused session
// stays dead: nothing that names it reaches the file server. A wrong password is
// still told as such, by the file server itself.
//
// A session ends, and its slot is free, when its logoff is answered, when the
// last connection that carries it ends, when AutoDisconnect or the administrator
// ends it, or when the client sets up another that replaces it. Joining a session from a further connection and
// authenticating again are not new sessions.
//
// What a program between client and server cannot do:
//
//   - see a logoff that is encrypted: the slot is free when the connection ends;
//   - look into a message that is compressed as a whole, header included. It ends
//     the connection; the clients of Windows and Linux leave the header in the
//     clear;
//   - serve without sessions: what needs one passes on a session that was let in,
//     so that a file server with share-level security serves nothing;
//   - sign its answers: a refusal is unsigned, which every client tried accepts
//     at session setup. On a signed SMB1 connection a refused second user may be
//     reported as a bad signature;
//   - notice a pulled cable before TCP does, which takes about two minutes and a
//     quarter with Go's keep-alive.
//
// The file server sees all clients at the proxy's address.
//
// A Proxy comes from NewProxy and may be used by many goroutines.
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
// reaches. The slots come from the gate of limits.SMB, which all proxies of the
// host share. settings may be nil. NewProxy fails if the edition has no Server
// service, a setting makes no sense or the host is closed.
func NewProxy(host *simulate.Host, backend Dial, settings *Settings) (*Proxy, error) {
	gate, err := host.Gate(limits.SMB)
	if err != nil {
		return nil, err
	}
	if backend == nil {
		return nil, errors.New(`smb: no backend; want smb.Backend("host:445") or a function that connects to a file server`)
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

// Serve accepts connections from l until l or p is closed, and closes l. Call
// it once for each address the host listens on; port 445 and port 139 of one
// machine are two listeners of one Proxy. The error is never nil; it matches
// net.ErrClosed after Close.
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
			// As net/http does: running out of descriptors is not the end.
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

// start serves one connection in goroutines of its own. It asks the connection
// nothing: a connection may take its time over an answer, and the next one is
// waiting to be accepted.
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

// park counts c among the connections without a session. The proxy is locked.
func (p *Proxy) park(c *conn) {
	c.parked = p.pending.PushBack(c)
	if p.pending.Len() > p.settings.MaxPending {
		oldest := p.pending.Front().Value.(*conn)
		p.unpark(oldest)
		oldest.close("too many connections without a session")
	}
}

// unpark is the reverse of park.
func (p *Proxy) unpark(c *conn) {
	if c.parked != nil {
		p.pending.Remove(c.parked)
		c.parked = nil
	}
}

// Close closes the listeners and connections, frees the slots and returns when
// nothing of p runs any more.
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
