package smb

import (
	"github.com/winlimits/winlimits/simulate"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"
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
	named    bool // user is known; the empty user is anonymous
	created  time.Time
	last     atomic.Int64 // time of the last request, in ns since created
	dead     atomic.Bool  // refused or ended while the file server still has it

	// Guarded by the proxy.
	slot  *sharedSlot // nil unless the session holds a slot
	conns map[*conn]struct{}
	ready atomic.Bool // set up completely
	idle  *time.Timer

	mu    sync.Mutex
	opens map[uint32]int // open files by tree
}

// peer is how events name the holder of a slot.
type peer struct{ computer, user string }

// String returns the peer as the console would, with the user if it is known.
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

// touch notes that a request of the session has come.
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

// leave gives up the share of s in its slot. The proxy is locked; the caller
// calls release when it no longer is: observers may look at the proxy.
func (p *Proxy) leave(s *session) (release func()) {
	shared := s.slot
	s.slot = nil
	delete(p.live, s)
	if s.idle != nil {
		s.idle.Stop()
	}
	if shared == nil || !p.machine.slots.leave(shared) {
		return func() {}
	}
	return shared.slot.Release
}

// detach takes s from c. The proxy is locked. It reports whether c was the
// last connection of s.
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
		release = p.leave(s)
	}
	c.unsettle()
	p.mu.Unlock()
	release()
	if ended {
		p.logEnd(s, why)
	}
}

// logoff ends s on all its connections: the file server has.
func (p *Proxy) logoff(s *session, why reason) {
	p.mu.Lock()
	wasLive := s.slot != nil
	for c := range s.conns {
		p.detach(c, s)
		c.unsettle()
	}
	release := p.leave(s)
	p.mu.Unlock()
	release()
	if wasLive {
		p.logEnd(s, why)
	}
}

// logEnd tells that s, which held a slot, is over. One that was not complete has
// not been told of as admitted.
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

// kill ends s although the file server may still have it: it frees the slot
// and keeps s as a dead session, whose messages go no further.
func (p *Proxy) kill(s *session, why reason) {
	p.mu.Lock()
	if s.dead.Load() || why == setupFailed && s.ready.Load() {
		p.mu.Unlock()
		return
	}
	s.dead.Store(true)
	release := p.leave(s)
	for c := range s.conns {
		c.unsettle()
		c.boundSessions()
		// Windows ends the connection as well, if nothing else needs it. A
		// client that has replaced the session gets to hear that it is gone.
		if why != replaced && !c.hasSession() {
			c.close("session ended: " + string(why))
		}
	}
	p.mu.Unlock()
	release()
	p.logEnd(s, why)
}

// replace ends the session that the client of s says s replaces, if it is one
// of the same user, as MS-SMB2 3.3.5.5.3 has the file server do.
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

// computerOf returns what stands for the client computer: its address without
// the port. The address of a connection can come from the peer, as behind a
// proxy that announces it.
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

// printable returns what a peer has sent so that it can be shown to people and
// programs: with nothing in it that moves a cursor or begins a line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
