package smb

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/simulate"
)

// sessionKey names a session on a connection: the SessionId of SMB2 and later, or
// the UID of SMB1.
type sessionKey struct {
	smb1 bool
	id   uint64
}

// session is a session that was admitted or refused.
type session struct {
	key      sessionKey
	computer string
	user     string
	named    bool // the user is known; the empty user is anonymous
	created  time.Time
	last     atomic.Int64 // time of the last request, in ns since created
	dead     atomic.Bool  // refused, or ended here while the file server still has it

	// Guarded by the lock of the proxy.
	slot  *sharedSlot // nil unless the session holds a slot
	conns map[*conn]struct{}
	ready atomic.Bool // set up completely
	idle  *time.Timer // ends the session when it is idle, or when its setup takes too long

	mu    sync.Mutex
	opens map[uint32]int // the number of open files by tree
}

// peer names the session that holds a slot in events.
type peer struct{ computer, user string }

// String returns the computer as the console writes it, with the user if it is known.
func (p peer) String() string {
	if p.user == "" {
		return `\\` + p.computer
	}
	return `\\` + p.computer + " " + p.user
}

// reason is why a session ended.
type reason string

const (
	loggedOff       reason = "logged off"
	disconnected    reason = "last connection ended"
	deletedByServer reason = "the file server ended it"
	setupFailed     reason = "setup failed"
	replaced        reason = "replaced by the client"
	wasIdle         reason = "idle"
	deletedByAdmin  reason = "deleted by the administrator"
)

// touch notes the time of a request.
func (s *session) touch() { s.last.Store(int64(time.Since(s.created))) }

// idleTime returns the time since the last request.
func (s *session) idleTime() time.Duration {
	return time.Since(s.created) - time.Duration(s.last.Load())
}

// attach makes s a session of c. The proxy is locked.
func (p *Proxy) attach(c *conn, s *session) {
	s.conns[c] = struct{}{}
	if !s.key.smb1 {
		p.sessions[s.key.id] = s
	}
	c.mu.Lock()
	c.sessions[s.key] = s
	c.mu.Unlock()
}

// end takes s out of force and gives back its share of its slot. The proxy is locked.
// The caller calls release once it has unlocked the proxy: observers of the host may
// call the proxy.
func (p *Proxy) end(s *session) (release func()) {
	shared := s.slot
	s.slot = nil
	delete(p.live, s)
	if s.idle != nil {
		s.idle.Stop()
	}
	if shared == nil || !p.machine.slots.giveBack(shared) {
		return func() {}
	}
	return shared.slot.Release
}

// detach takes s from c, and reports whether c was its last connection. The proxy is
// locked.
func (p *Proxy) detach(c *conn, s *session) bool {
	c.mu.Lock()
	if c.sessions[s.key] == s {
		delete(c.sessions, s.key)
	}
	c.mu.Unlock()
	delete(s.conns, c)
	if len(s.conns) > 0 {
		return false
	}
	if !s.key.smb1 && p.sessions[s.key.id] == s {
		delete(p.sessions, s.key.id)
	}
	return true
}

// drop takes s from c, and ends it if that was its last connection.
func (p *Proxy) drop(c *conn, s *session, why reason) {
	p.mu.Lock()
	release := func() {}
	ended := p.detach(c, s) && s.slot != nil
	if ended {
		release = p.end(s)
	}
	c.unsettle()
	p.mu.Unlock()
	release()
	if ended {
		p.logEnd(s, why)
	}
}

// logoff ends s on all its connections, after the file server has done so.
func (p *Proxy) logoff(s *session, why reason) {
	p.mu.Lock()
	wasLive := s.slot != nil
	for c := range s.conns {
		p.detach(c, s)
		c.unsettle()
	}
	release := p.end(s)
	p.mu.Unlock()
	release()
	if wasLive {
		p.logEnd(s, why)
	}
}

// logEnd logs that s, which held a slot, has ended. It tells OnSession if OnSession has
// heard that s was admitted, which it hears when the setup is complete.
func (p *Proxy) logEnd(s *session, why reason) {
	message := "SMB session ended"
	if !s.ready.Load() {
		message = "SMB session not set up"
	}
	p.settings.Logger.Debug(message, "computer", s.computer, "user", s.user, "reason", string(why))
	if s.ready.Load() {
		p.tell(s, SessionEvent{Kind: simulate.Released})
	}
}

// kill ends s although the file server may still have it. The slot is free, and s stays
// as a dead session: no message of it reaches the file server any more.
func (p *Proxy) kill(s *session, why reason) {
	p.mu.Lock()
	if s.slot == nil || why == setupFailed && s.ready.Load() {
		p.mu.Unlock() // it has ended since it was looked up
		return
	}
	s.dead.Store(true)
	release := p.end(s)
	for c := range s.conns {
		c.unsettle()
		c.boundSessions()
		// Windows ends the connection as well if it carries no other session. A
		// client that has replaced the session keeps it, and is told that the
		// session does not exist.
		if why != replaced && !c.hasSession() {
			c.close("session ended: " + string(why))
		}
	}
	p.mu.Unlock()
	release()
	p.logEnd(s, why)
}

// replace ends the session that, as the client of s says, s replaces. It does so only
// if both are of one user, as the file server does (MS-SMB2 3.3.5.5.3).
func (p *Proxy) replace(s *session, previous uint64) {
	if previous == 0 || s.key.smb1 || previous == s.key.id || !s.named {
		return
	}
	p.mu.Lock()
	old := p.sessions[previous]
	same := old != nil && old.named && strings.EqualFold(s.user, old.user)
	p.mu.Unlock()
	if same {
		p.kill(old, replaced)
	}
}

// lookup returns the session with the SMB2 id on any connection, or nil.
func (p *Proxy) lookup(id uint64) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions[id]
}

// computerOf returns the name of the client computer: its address without the port.
// The address may be one that a peer has sent, as it is behind a proxy that announces
// the client's, so it is bounded and made printable.
func computerOf(addr net.Addr) string {
	if addr == nil {
		return "unknown"
	}
	text := addr.String()
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().Unmap().String()
	}
	if len(text) > maxComputer {
		text = text[:maxComputer]
	}
	return printable(text)
}

// maxComputer bounds the name of a computer in bytes, where it is no IP address.
const maxComputer = 255

// printable returns a text that a peer has sent without control characters, which could
// move a cursor or begin a line where the text is shown.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
