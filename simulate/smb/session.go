package simulate

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// smbKey names a session on a connection: the SessionId of SMB2 and later, or
// the UID of SMB1.
type smbKey struct {
	smb1 bool
	id   uint64
}

// smbSession is a session that was admitted or refused.
type smbSession struct {
	key      smbKey
	computer string
	user     string
	named    bool // user is known; the empty user is anonymous
	created  time.Time
	last     atomic.Int64 // time of the last request, in ns since created
	dead     atomic.Bool  // refused or ended while the file server still has it

	// Guarded by the proxy.
	place *smbPlace // nil unless the session holds a slot
	conns map[*smbConn]struct{}
	ready atomic.Bool // set up completely
	idle  *time.Timer

	mu    sync.Mutex
	opens map[uint32]int // open files by tree
}

// smbPlace is a slot and the number of sessions that share it.
type smbPlace struct {
	slot Slot
	refs int
	key  string // in SMBProxy.places, or empty
}

// smbPeer is how events name the holder of a slot.
type smbPeer struct{ computer, user string }

func (smbPeer) Network() string { return "smb" }

func (p smbPeer) String() string {
	if p.user == "" {
		return `\\` + p.computer
	}
	return `\\` + p.computer + " " + p.user
}

var _ net.Addr = smbPeer{}

// smbReason is why a session ended.
type smbReason string

const (
	smbLoggedOff    smbReason = "logged off"
	smbDisconnected smbReason = "last connection ended"
	smbDeleted      smbReason = "the file server ended it"
	smbFailed       smbReason = "setup failed"
	smbReplaced     smbReason = "replaced by the client"
	smbIdle         smbReason = "idle"
	smbByAdmin      smbReason = "deleted by the administrator"
)

// touch notes that a request of the session has come.
func (s *smbSession) touch() { s.last.Store(int64(time.Since(s.created))) }

// idleTime returns the time since the last request.
func (s *smbSession) idleTime() time.Duration {
	return time.Since(s.created) - time.Duration(s.last.Load())
}

// opened notes n files more or fewer on a tree.
func (s *smbSession) opened(tree uint32, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opens == nil {
		s.opens = make(map[uint32]int)
	}
	if s.opens[tree] += n; s.opens[tree] <= 0 {
		delete(s.opens, tree)
	}
}

// disconnected notes the end of a tree.
func (s *smbSession) disconnected(tree uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opens, tree)
}

// openFiles returns the number of open files, as far as they can be seen.
func (s *smbSession) openFiles() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, opens := range s.opens {
		n += opens
	}
	return n
}

// admit decides on the session that c is setting up with the file server's
// consent, and returns it admitted or dead. Unless it is complete, an admitted
// session only holds its slot until complete or drop.
func (p *SMBProxy) admit(c *smbConn, key smbKey, setup *smbSetup, complete bool) *smbSession {
	s := &smbSession{
		key: key, computer: c.computer, user: setup.user, named: setup.named,
		created: time.Now(), conns: make(map[*smbConn]struct{}),
	}
	if complete {
		p.replace(s, setup.previous)
	}
	place := p.acquire(s)
	s.dead.Store(place == nil)
	p.mu.Lock()
	s.place = place
	p.attach(c, s)
	p.mu.Unlock()
	switch {
	case place == nil:
		p.settings.Logger.Debug("SMB session refused", "computer", s.computer, "user", s.user)
	case complete:
		p.complete(c, s, setup)
	}
	return s
}

// complete makes s, which holds a slot, a session that is in use.
func (p *SMBProxy) complete(c *smbConn, s *smbSession, setup *smbSetup) {
	p.mu.Lock()
	s.ready.Store(true)
	s.user, s.named = setup.user, setup.named
	s.touch()
	p.live[s] = struct{}{}
	p.armIdle(s)
	c.settle()
	p.mu.Unlock()
	p.settings.Logger.Debug("SMB session admitted", "computer", s.computer, "user", s.user)
}

// join makes s, a session of other connections, one of c as well. It reports
// false if s is dead.
func (p *SMBProxy) join(c *smbConn, s *smbSession) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.place == nil {
		s.dead.Store(true) // it ended while the file server consented
	}
	p.attach(c, s)
	if s.dead.Load() {
		return false
	}
	s.touch()
	c.settle()
	return true
}

// acquire returns a place for s, or nil.
func (p *SMBProxy) acquire(s *smbSession) *smbPlace {
	key := ""
	switch {
	case p.settings.Count == CountComputers:
		key = s.computer
	case p.settings.Count == CountComputerUsers && s.named && s.user != "":
		key = s.computer + "\x00" + strings.ToLower(s.user)
	}
	p.admitMu.Lock()
	defer p.admitMu.Unlock()
	p.mu.Lock()
	if place := p.places[key]; place != nil {
		place.refs++
		p.mu.Unlock()
		return place
	}
	p.mu.Unlock()
	// Not under p.mu: observers may look at the proxy.
	place := &smbPlace{refs: 1, key: key}
	place.slot.peer = smbPeer{s.computer, s.user}
	if !p.gate.TryAcquire(&place.slot) {
		return nil
	}
	if key != "" {
		p.mu.Lock()
		p.places[key] = place
		p.mu.Unlock()
	}
	return place
}

// leave gives up the share of s in its place. The proxy is locked; the caller
// releases what is returned when it no longer is.
func (p *SMBProxy) leave(s *smbSession) *Slot {
	place := s.place
	s.place = nil
	delete(p.live, s)
	if s.idle != nil {
		s.idle.Stop()
	}
	if place == nil {
		return nil
	}
	if place.refs--; place.refs > 0 {
		return nil
	}
	if place.key != "" {
		delete(p.places, place.key)
	}
	return &place.slot
}

// attach makes s a session of c. The proxy is locked.
func (p *SMBProxy) attach(c *smbConn, s *smbSession) {
	s.conns[c] = struct{}{}
	if !s.key.smb1 {
		p.sessions[s.key.id] = s
	}
	c.mu.Lock()
	c.sessions[s.key] = s
	c.mu.Unlock()
}

// detach takes s from c. The proxy is locked. It reports whether c was the
// last connection of s.
func (p *SMBProxy) detach(c *smbConn, s *smbSession) bool {
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
func (p *SMBProxy) drop(c *smbConn, s *smbSession, why smbReason) {
	p.mu.Lock()
	var slot *Slot
	ended := p.detach(c, s) && s.place != nil
	if ended {
		slot = p.leave(s)
	}
	c.unsettle()
	p.mu.Unlock()
	if slot != nil {
		slot.Release()
	}
	if ended {
		p.logEnd(s, why)
	}
}

// logoff ends s on all its connections: the file server has.
func (p *SMBProxy) logoff(s *smbSession, why smbReason) {
	p.mu.Lock()
	wasLive := s.place != nil
	for c := range s.conns {
		p.detach(c, s)
		c.unsettle()
	}
	slot := p.leave(s)
	p.mu.Unlock()
	if slot != nil {
		slot.Release()
	}
	if wasLive {
		p.logEnd(s, why)
	}
}

// logEnd tells that s, which held a slot, is over. Nobody has heard of one that
// was not complete.
func (p *SMBProxy) logEnd(s *smbSession, why smbReason) {
	message := "SMB session ended"
	if !s.ready.Load() {
		message = "SMB session not set up"
	}
	p.settings.Logger.Debug(message, "computer", s.computer, "user", s.user, "reason", string(why))
}

// kill ends s although the file server may still have it: it frees the slot
// and keeps s as a dead session, whose messages go no further.
func (p *SMBProxy) kill(s *smbSession, why smbReason) {
	p.mu.Lock()
	if s.dead.Swap(true) {
		p.mu.Unlock()
		return
	}
	slot := p.leave(s)
	for c := range s.conns {
		c.unsettle()
		// Windows ends the connection as well, if nothing else needs it. A
		// client that has replaced the session gets to hear that it is gone.
		if why != smbReplaced && !c.hasSession() {
			c.close("session ended: " + string(why))
		}
	}
	p.mu.Unlock()
	if slot != nil {
		slot.Release()
	}
	p.logEnd(s, why)
}

// replace ends the session that the client of s says s replaces, if it is one
// of the same user, as MS-SMB2 3.3.5.5.3 has the file server do.
func (p *SMBProxy) replace(s *smbSession, previous uint64) {
	if previous == 0 || s.key.smb1 || previous == s.key.id || !s.named {
		return
	}
	p.mu.Lock()
	old := p.sessions[previous]
	same := old != nil && old.named && strings.EqualFold(s.user, old.user)
	p.mu.Unlock()
	if same {
		p.kill(old, smbReplaced)
	}
}

// lookup returns the session with the SMB2 id on any connection, or nil.
func (p *SMBProxy) lookup(id uint64) *smbSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions[id]
}

// Idle time before AutoDisconnect, in minutes: the default, the value for
// never, and what a value of 0 amounts to. The sources say "a few seconds" for
// the last (kb138365); five is a choice.
const (
	smbIdleMinutes  = 15
	smbIdleNever    = -1
	smbIdleMax      = 65535
	smbIdleShortest = 5 * time.Second
)

// idleLimit returns after which idle time sessions end, or 0 for never.
func (p *SMBProxy) idleLimit() time.Duration {
	minutes := p.idleMinutes.Load()
	if !p.idleEnforce.Load() || minutes == smbIdleNever {
		return 0
	}
	return max(time.Duration(minutes)*time.Minute, smbIdleShortest)
}

// setIdle changes the idle time for present and future sessions.
func (p *SMBProxy) setIdle(minutes int) {
	p.idleMinutes.Store(int64(minutes))
	p.idleEnforce.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.live {
		p.armIdle(s)
	}
}

// armIdle sets the timer of s to the earliest moment at which it can be idle
// for too long. The proxy is locked.
func (p *SMBProxy) armIdle(s *smbSession) {
	if s.idle != nil {
		s.idle.Stop()
	}
	limit := p.idleLimit()
	if limit == 0 {
		return
	}
	wait := limit - s.idleTime()
	if s.openFiles() > 0 {
		// The close of its last file will be a request, so that it cannot be
		// due before this.
		wait = limit
	}
	s.idle = time.AfterFunc(max(wait, 0), func() { p.checkIdle(s) })
}

// checkIdle ends s if it has been idle for too long.
func (p *SMBProxy) checkIdle(s *smbSession) {
	p.mu.Lock()
	if _, live := p.live[s]; !live {
		p.mu.Unlock()
		return
	}
	limit := p.idleLimit()
	if limit == 0 || s.openFiles() > 0 || s.idleTime() < limit {
		p.armIdle(s)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.kill(s, smbIdle)
}
