package smb

import (
	"bytes"
	"errors"
	"net"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// sessionSetup is a SESSION_SETUP request that the file server has not answered. No
// further request is passed on before the answer: a request on the session that is
// being set up must not reach the file server before the session is admitted.
type sessionSetup struct {
	key      sessionKey    // the session that the request names; id 0 for none
	message  uint64        // MessageId or MID
	previous uint64        // the session that the new one replaces; 0 for none
	user     string        // see userOf
	named    bool          // user is known
	answered chan struct{} // closed when the answer has been decided on
}

// begin remembers the session setup that is about to be passed on.
func (c *conn) begin(s *sessionSetup) {
	s.answered = make(chan struct{})
	c.mu.Lock()
	c.setup = s
	c.mu.Unlock()
}

// await waits for the answer to a session setup.
func (c *conn) await(s *sessionSetup) error {
	timeout := time.NewTimer(c.proxy.settings.SessionTimeout)
	defer timeout.Stop()
	select {
	case <-s.answered:
		return nil
	case <-c.ctx.Done():
		return net.ErrClosed
	case <-timeout.C:
		return errors.New("smb: the file server has not answered a session setup in time")
	}
}

// answered returns the session setup that a reply of the file server answers.
func (c *conn) answered(isReply, smb1 bool, message uint64) (*sessionSetup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setup == nil || !isReply || c.setup.key.smb1 != smb1 || c.setup.message != message {
		return nil, malformed("session setup reply without a request")
	}
	return c.setup, nil
}

// decide applies the file server's answer to a session setup. It admits or refuses the
// session if it is new and its setup is far enough, and lets the client's next request
// go. It reports whether the client gets the refusal in place of the answer. An
// interim reply (STATUS_PENDING) decides nothing.
func (c *conn) decide(setup *sessionSetup, key sessionKey, status smbwire.Status) (refuse bool) {
	if status == smbwire.StatusPending {
		return false
	}
	defer func() {
		c.mu.Lock()
		c.setup = nil
		c.mu.Unlock()
		close(setup.answered)
	}()
	p := c.proxy
	consents := status == smbwire.StatusSuccess || status == smbwire.StatusMoreProcessingRequired
	isNew := key.id != setup.key.id
	s := c.session(key)
	if s == nil && !key.smb1 {
		s = p.lookup(key.id)
	}
	if consents && isNew && s != nil {
		// The id is that of a new session, so the file server has ended the session
		// that had it before.
		p.logoff(s, deletedByServer)
		s = nil
	}
	switch {
	case status == smbwire.StatusMoreProcessingRequired:
		if !p.settings.RefuseFirst || s != nil || !isNew {
			return false
		}
		return c.isRefused(p.admit(c, key, setup, false))
	case status != smbwire.StatusSuccess:
		if s != nil && !s.ready.Load() && !s.dead.Load() {
			p.drop(c, s, setupFailed)
		}
		return false
	case s == nil:
		return c.isRefused(p.admit(c, key, setup, true))
	case !s.dead.Load() && !s.ready.Load():
		if p.complete(c, s, setup) {
			p.replace(s, setup.previous)
			return false
		}
		return c.isRefused(s)
	}
	return !p.join(c, s) && c.isRefused(s)
}

// isRefused reports whether s was refused, and then bounds the sessions of c.
func (c *conn) isRefused(s *session) bool {
	if !s.dead.Load() {
		return false
	}
	c.boundSessions()
	return true
}

// boundSessions closes the connection if it has too many sessions. Dead ones count too,
// as the file server still has them.
func (c *conn) boundSessions() {
	c.mu.Lock()
	full := len(c.sessions) > limits.SessionsPerConnection().Value
	c.mu.Unlock()
	if full {
		c.close("too many sessions")
	}
}

// admit decides on the session that c is setting up with the file server's consent. It
// returns the session, which is dead if it was refused. If the setup is not complete,
// an admitted session holds its slot, and is in use only after complete.
func (p *Proxy) admit(c *conn, key sessionKey, setup *sessionSetup, complete bool) *session {
	s := &session{
		key: key, computer: c.computer, user: setup.user, named: setup.named,
		created: time.Now(), conns: make(map[*conn]struct{}),
	}
	if complete {
		p.replace(s, setup.previous)
	}
	slot := p.machine.slots.acquire(p.gate, p.settings.Count.slotKey(s), peer{s.computer, s.user})
	s.dead.Store(slot == nil)
	p.mu.Lock()
	s.slot = slot
	p.attach(c, s)
	switch {
	case slot == nil:
	case complete:
		// In the same breath, as others can name the session once it is attached.
		p.use(c, s, setup)
	default:
		s.idle = time.AfterFunc(p.settings.SessionTimeout, func() { p.giveUp(s) })
	}
	p.mu.Unlock()
	switch {
	case slot == nil:
		p.settings.Logger.Debug("SMB session refused", "computer", s.computer, "user", s.user)
		p.tell(s, SessionEvent{Kind: simulate.Decided, Outcome: simulate.Refused})
	case complete:
		p.tellAdmitted(s)
	}
	return s
}

// giveUp ends s, which holds a slot, if its setup has not been completed in time. Its
// connection may stay open for another session.
func (p *Proxy) giveUp(s *session) { p.kill(s, setupFailed) }

// complete puts s, which holds a slot, in use. It reports false if giveUp has ended s
// before.
func (p *Proxy) complete(c *conn, s *session, setup *sessionSetup) bool {
	p.mu.Lock()
	if s.slot == nil {
		p.mu.Unlock()
		return false
	}
	first := !s.ready.Load()
	p.use(c, s, setup)
	p.mu.Unlock()
	if first {
		p.tellAdmitted(s)
	}
	return true
}

// use notes that s is set up completely. The proxy is locked.
func (p *Proxy) use(c *conn, s *session, setup *sessionSetup) {
	s.ready.Store(true)
	s.user, s.named = setup.user, setup.named
	s.touch()
	p.live[s] = struct{}{}
	p.armIdle(s)
	c.settle()
}

func (p *Proxy) tellAdmitted(s *session) {
	p.settings.Logger.Debug("SMB session admitted", "computer", s.computer, "user", s.user)
	p.tell(s, SessionEvent{Kind: simulate.Decided, Outcome: simulate.Admitted})
}

// join binds s, a session of other connections, to c as well. It reports false if s is
// dead.
func (p *Proxy) join(c *conn, s *session) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.slot == nil {
		s.dead.Store(true) // s has ended since the file server consented
	}
	p.attach(c, s)
	if s.dead.Load() {
		return false
	}
	s.touch()
	c.settle()
	return true
}

// userOf returns the user name in the security token of a session setup. The token is
// an NTLMSSP message, or carries one in SPNEGO. A token with more than one NTLMSSP
// message names no user: a client could add one to be taken for another user.
func userOf(token []byte) (user string, known bool) {
	const signature, authenticate = "NTLMSSP\x00", "NTLMSSP\x00\x03\x00\x00\x00"
	if bytes.Count(token, []byte(signature)) != 1 {
		return "", false
	}
	if !bytes.HasPrefix(token, []byte(signature)) {
		wrapped, err := smbwire.ParseSPNEGO(token)
		if err != nil || wrapped.Init {
			return "", false
		}
		token = wrapped.Token
	}
	if !bytes.HasPrefix(token, []byte(authenticate)) {
		return "", false
	}
	user, known = smbwire.NTLMUser(token)
	return printable(user), known
}

// tell calls OnSession with an event about s.
func (p *Proxy) tell(s *session, e SessionEvent) {
	if p.settings.OnSession != nil {
		e.Computer, e.User = s.computer, s.user
		p.settings.OnSession(e)
	}
}
