package simulate

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// SMBCount is what an SMBProxy counts against the limit.
type SMBCount uint8

// What can be counted. Microsoft's articles speak of sessions from other
// computers, and null sessions count one by one (kb122920, kb328459).
const (
	// CountSessions counts every session: a log-on over SMB2 or later that has
	// a SessionId of its own, over SMB1 a UID on its connection. Programs that
	// open one session for each thread use up one slot for each
	// (smbprotocol-231).
	CountSessions SMBCount = iota
	// CountComputerUsers counts the pairs of client address and user, as
	// Windows clients look from outside, which share one session for all that a
	// user does. Sessions whose user name cannot be seen count one by one: null
	// sessions, Kerberos, and SMB1 without extended security.
	CountComputerUsers
	// CountComputers counts client addresses.
	CountComputers
)

var smbCountNames = [...]string{"session", "computer-user", "computer"}

// String returns "session", "computer-user" or "computer".
func (c SMBCount) String() string {
	if int(c) < len(smbCountNames) {
		return smbCountNames[c]
	}
	return fmt.Sprintf("SMBCount(%d)", uint8(c))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (c SMBCount) MarshalText() ([]byte, error) {
	if int(c) >= len(smbCountNames) {
		return nil, fmt.Errorf("simulate: %d is no SMBCount", uint8(c))
	}
	return []byte(smbCountNames[c]), nil
}

// UnmarshalText accepts the String forms.
func (c *SMBCount) UnmarshalText(text []byte) error {
	for i, name := range smbCountNames {
		if name == string(text) {
			*c = SMBCount(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: cannot count SMB by %q; want one of %q", text, smbCountNames)
}

// SMBSettings are the settings of an SMBProxy. All fields but the first two
// have a useful zero value.
type SMBSettings struct {
	// Backend is the address of the real file server, such as
	// "192.0.2.1:445". It is not used if Dial is set.
	Backend string
	// Dial connects to the real file server, once for each client that has
	// begun to speak SMB. The context ends with the client's connection.
	Dial func(ctx context.Context) (net.Conn, error)

	// Count is what takes a slot; the default is every session.
	Count SMBCount
	// RefuseFirst refuses in the first reply of a session setup, before the
	// client has sent its password. The default is the final one, after the
	// file server has accepted the password, which is where Windows 11 was seen
	// to refuse; for older releases it is an assumption. A session that is
	// being set up then holds its slot already. RefuseFirst cannot be combined
	// with CountComputerUsers: the user is not known so early.
	RefuseFirst bool

	// AutoDisconnect ends sessions that have been idle for the time that
	// "net config server" shows, 15 minutes unless changed (kb122920, ms-srvs).
	// It is off by default, as Windows 11 keeps idle sessions for hours. The
	// administrator's "net config server /autodisconnect:N" turns it on as
	// well. See Net for what counts as idle.
	AutoDisconnect bool

	// ServerName is the name that "net config server" shows, without
	// backslashes. The default is WINLIMITS.
	ServerName string

	// MaxPending bounds the connections that have no session, because they
	// have not set one up yet or it has ended. When one more comes, the one
	// that has been so for the longest time is closed. The default is 1024. Not
	// to be set is the number of refused sessions that a connection may collect:
	// one with 2048 is closed, and the sessions in use on it end.
	MaxPending int
	// NegotiateTimeout is how long a connection may take to agree on a dialect,
	// and how long the beginning of a message may stay incomplete. The default
	// is 30 s (ms-cifs).
	NegotiateTimeout time.Duration
	// SessionTimeout is how long a connection may be without a session. The
	// default is 2 minutes (ms-cifs).
	SessionTimeout time.Duration

	// Logger, if set, is told at debug level why connections end and sessions
	// come and go. "SMB session admitted", "SMB session refused" and "SMB session
	// ended" are the messages for each session, also where several share a slot;
	// they carry "computer" and "user".
	Logger *slog.Logger
}

// Defaults of SMBSettings.
const (
	smbServerName       = "WINLIMITS"
	smbMaxPending       = 1024
	smbNegotiateTimeout = 30 * time.Second
	smbSessionTimeout   = 2 * time.Minute
)

// SMBProxy stands in front of a real file server and gives it the session
// limit of a Windows. Everything passes through unchanged but one answer: when
// the limit is reached, the file server's consent to the next session reaches
// the client as STATUS_REQUEST_NOT_ACCEPTED (0xC00000D0; error class 1 code 71
// for clients that know no NT statuses). The connection stays open, and the
// refused session stays dead: nothing that names it reaches the file server.
// A wrong password is still told as such, by the file server itself.
//
// A session ends, and its slot is free, when its logoff is answered, when the
// last connection that carries it ends, when AutoDisconnect or the
// administrator (see Net) ends it, or when the client sets up another that
// replaces it. Joining a session from a further connection and authenticating
// again are not new sessions.
//
// What a program between client and server cannot do:
//
//   - see a logoff that is encrypted: the slot is free when the connection ends;
//   - sign its answers: a refusal is unsigned, which every client tried accepts
//     at session setup. On a signed SMB1 connection a refused second user may be
//     reported as a bad signature;
//   - notice a pulled cable before TCP does, which takes about two minutes and a
//     quarter with Go's keep-alive.
//
// The file server sees all clients at the proxy's address.
//
// An SMBProxy comes from Host.SMBProxy and may be used by many goroutines.
type SMBProxy struct {
	host     *Host
	gate     *Gate
	settings SMBSettings

	idleMinutes atomic.Int64 // as "net config server" shows it
	idleEnforce atomic.Bool

	admitMu sync.Mutex // one admission at a time

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[*smbConn]struct{}
	pending   list.List // of *smbConn without a session, the oldest first
	sessions  map[uint64]*smbSession
	live      map[*smbSession]struct{}
	places    map[string]*smbPlace
	asked     string // computer whose deletion waits for a Y

	serving sync.WaitGroup
}

// SMBProxy returns a new SMB front of the host. The slots come from the gate
// of limits.SMB, which all fronts of the host share. It fails if the edition
// has no Server service or a setting makes no sense.
func (h *Host) SMBProxy(settings SMBSettings) (*SMBProxy, error) {
	gate, err := h.Gate(limits.SMB)
	if err != nil {
		return nil, err
	}
	s := settings
	switch {
	case s.Backend == "" && s.Dial == nil:
		return nil, errors.New("simulate: SMBSettings: neither Backend nor Dial is set")
	case int(s.Count) >= len(smbCountNames):
		return nil, fmt.Errorf("simulate: SMBSettings.Count: %v: want one of %q", s.Count, smbCountNames)
	case s.RefuseFirst && s.Count == CountComputerUsers:
		return nil, errors.New("simulate: SMBSettings: RefuseFirst does not go with CountComputerUsers, as the first leg of a session setup names no user")
	case s.MaxPending < 0:
		return nil, fmt.Errorf("simulate: SMBSettings.MaxPending: %d: want 0, which is %d, or more", s.MaxPending, smbMaxPending)
	case s.NegotiateTimeout < 0:
		return nil, fmt.Errorf("simulate: SMBSettings.NegotiateTimeout: %v: want 0, which is %v, or more", s.NegotiateTimeout, smbNegotiateTimeout)
	case s.SessionTimeout < 0:
		return nil, fmt.Errorf("simulate: SMBSettings.SessionTimeout: %v: want 0, which is %v, or more", s.SessionTimeout, smbSessionTimeout)
	}
	if s.Dial == nil {
		address := s.Backend
		s.Dial = func(ctx context.Context) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", address)
		}
	}
	if s.ServerName == "" {
		s.ServerName = smbServerName
	}
	if s.MaxPending == 0 {
		s.MaxPending = smbMaxPending
	}
	if s.NegotiateTimeout == 0 {
		s.NegotiateTimeout = smbNegotiateTimeout
	}
	if s.SessionTimeout == 0 {
		s.SessionTimeout = smbSessionTimeout
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	p := &SMBProxy{
		host: h, gate: gate, settings: s,
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[*smbConn]struct{}),
		sessions:  make(map[uint64]*smbSession),
		live:      make(map[*smbSession]struct{}),
		places:    make(map[string]*smbPlace),
	}
	p.idleMinutes.Store(smbIdleMinutes)
	p.idleEnforce.Store(s.AutoDisconnect)
	return p, nil
}

// Serve accepts connections from l until l or p is closed, and closes l. Call
// it once for each address the host listens on; port 445 and port 139 of one
// machine are two listeners of one SMBProxy. The error is never nil; it matches
// net.ErrClosed after Close.
func (p *SMBProxy) Serve(l net.Listener) error {
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
				time.Sleep(pause)
				continue
			}
			return err
		}
		pause = 0
		p.start(client)
	}
}

// start serves one connection in goroutines of its own.
func (p *SMBProxy) start(client net.Conn) {
	c := &smbConn{
		proxy:    p,
		client:   client,
		computer: smbComputer(client.RemoteAddr()),
		since:    time.Now(),
		sessions: make(map[smbKey]*smbSession),
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
func (p *SMBProxy) park(c *smbConn) {
	c.parked = p.pending.PushBack(c)
	if p.pending.Len() > p.settings.MaxPending {
		oldest := p.pending.Front().Value.(*smbConn)
		p.unpark(oldest)
		oldest.close("too many connections without a session")
	}
}

// unpark is the reverse of park.
func (p *SMBProxy) unpark(c *smbConn) {
	if c.parked != nil {
		p.pending.Remove(c.parked)
		c.parked = nil
	}
}

// Close closes the listeners and connections, frees the slots and returns when
// nothing of p runs any more.
func (p *SMBProxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for l := range p.listeners {
		l.Close()
	}
	for c := range p.conns {
		c.close("proxy closed")
	}
	p.mu.Unlock()
	p.serving.Wait()
	return nil
}

// smbComputer returns what stands for the client computer: its address without
// the port.
func smbComputer(addr net.Addr) string {
	if ap, err := netip.ParseAddrPort(addr.String()); err == nil {
		return ap.Addr().Unmap().String()
	}
	return addr.String()
}
