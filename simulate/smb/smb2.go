package smb

import (
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// request2 moves an SMB2 message, or a compound of several, from the client.
func (c *conn) request2(p *pipe) error {
	var id uint64
	var tree uint32
	for i := 0; ; i++ {
		b, err := p.need(smbwire.Header2Size)
		if err != nil {
			return err
		}
		h, err := smbwire.ParseHeader2(b)
		if err != nil {
			return err
		}
		n, err := h.NextOffset(p.left)
		if err != nil {
			return err
		}
		if h.IsReply() {
			return malformed("reply from a client")
		}
		if i == 0 || !h.IsRelated() {
			id, tree = h.SessionID, h.TreeID
		}
		alone := i == 0 && n == p.left
		s := c.session2(id)
		switch {
		case s == nil:
		case s.dead.Load():
			if !alone {
				return malformed("compound on dead session %#x", id)
			}
			return c.stop2(p, h)
		default:
			s.touch()
			c.noteFile(h, s, tree)
		}
		if h.Command == smbwire.Command2SessionSetup {
			if !alone {
				return malformed("session setup in a compound")
			}
			return c.setup2(p, h)
		}
		if err := p.pass(n); err != nil {
			return err
		}
		if p.left == 0 {
			return p.flush()
		}
	}
}

// setup2 moves an SMB2 session setup and waits for its answer.
func (c *conn) setup2(p *pipe, h smbwire.Header2) error {
	b, err := p.need(min(p.left, maxSetup))
	if err != nil {
		return err
	}
	body, err := smbwire.ParseSessionSetup2(b)
	if err != nil {
		return err
	}
	setup := &sessionSetup{
		key: sessionKey{id: h.SessionID}, message: h.MessageID, previous: body.PreviousSession,
	}
	setup.user, setup.named = userOf(b)
	c.begin(setup)
	if err := p.finish(); err != nil {
		return err
	}
	return c.await(setup)
}

// stop2 is stop1 for SMB2.
func (c *conn) stop2(p *pipe, h smbwire.Header2) error {
	if h.Command == smbwire.Command2Cancel { // has no reply
		return p.replace(nil)
	}
	c.mu.Lock()
	full := len(c.stopped2) >= maxRequests
	if !full {
		if c.stopped2 == nil {
			c.stopped2 = make(map[uint64]smbwire.Header2)
		}
		c.stopped2[h.MessageID] = h
	}
	c.mu.Unlock()
	if full {
		return malformed("too many messages on dead sessions")
	}
	return p.replace(smbwire.AppendEcho2(nil, h))
}

// requestEncrypted moves an encrypted message from the client.
func (c *conn) requestEncrypted(p *pipe) error {
	b, err := p.need(smbwire.TransformHeaderSize)
	if err != nil {
		return err
	}
	id, err := smbwire.ParseTransform(b, p.left)
	if err != nil {
		return err
	}
	if s := c.session2(id); s != nil {
		if s.dead.Load() {
			// The message number is not to be seen. MS-SMB2 3.3.5.2.1.1 has a
			// server disconnect when the session is unknown.
			return malformed("encrypted message on dead session %#x", id)
		}
		s.touch()
	}
	return p.finish()
}

// requestCompressed moves a compressed message from the client. On a
// connection with a dead session it has to show which sessions it is for.
func (c *conn) requestCompressed(p *pipe) error {
	b, err := p.need(smbwire.CompressionHeaderSize)
	if err != nil {
		return err
	}
	inClear, err := smbwire.ParseCompression(b)
	if err != nil {
		return err
	}
	if !inClear {
		if c.hasDead() {
			return malformed("compressed message beside a dead session")
		}
		for _, s := range c.allSessions() { // it is for one of them
			s.touch()
		}
		return p.finish()
	}
	if b, err = p.need(smbwire.CompressionHeaderSize + smbwire.Header2Size); err != nil {
		return err
	}
	h, err := smbwire.ParseHeader2(b[smbwire.CompressionHeaderSize:])
	if err != nil {
		return err
	}
	s := c.session2(h.SessionID)
	switch {
	case h.Command == smbwire.Command2SessionSetup:
		return malformed("compressed session setup")
	case s != nil && s.dead.Load(), h.NextCommand != 0 && c.hasDead():
		return malformed("compressed message beside a dead session")
	case s != nil:
		s.touch()
	}
	return p.finish()
}

// reply2 moves an SMB2 message, or a compound of several, from the file server.
func (c *conn) reply2(p *pipe) error {
	var id uint64
	for i := 0; ; i++ {
		b, err := p.need(smbwire.Header2Size)
		if err != nil {
			return err
		}
		h, err := smbwire.ParseHeader2(b)
		if err != nil {
			return err
		}
		n, err := h.NextOffset(p.left)
		if err != nil {
			return err
		}
		if i == 0 || !h.IsRelated() {
			id = h.SessionID
		}
		replacement, err := c.done2(h, id)
		if err != nil {
			return err
		}
		if replacement != nil {
			if i > 0 || n != p.left {
				return malformed("answer to a single message in a compound")
			}
			return p.replace(replacement)
		}
		if err := p.pass(n); err != nil {
			return err
		}
		if p.left == 0 {
			return p.flush()
		}
	}
}

// done2 applies a reply of the file server, and returns what the client gets
// in its place if not the reply itself.
func (c *conn) done2(h smbwire.Header2, id uint64) (replacement []byte, err error) {
	switch h.Command {
	case smbwire.Command2SessionSetup:
		setup, err := c.answered(h.IsReply(), h.MessageID)
		if err != nil {
			return nil, err
		}
		if c.decide(setup, sessionKey{id: h.SessionID}, h.Status) {
			return smbwire.AppendError2(nil, h, smbwire.StatusRequestNotAccepted), nil
		}
		return nil, nil
	case smbwire.Command2Echo:
		c.mu.Lock()
		request, stopped := c.stopped2[h.MessageID]
		delete(c.stopped2, h.MessageID)
		c.mu.Unlock()
		if stopped {
			h.Command, h.SessionID, h.TreeID = request.Command, request.SessionID, request.TreeID
			return smbwire.AppendError2(nil, h, smbwire.StatusUserSessionDeleted), nil
		}
		return nil, nil
	case smbwire.Command2Negotiate:
		if h.Status == smbwire.StatusSuccess {
			c.agreed()
		}
	case smbwire.Command2Create, smbwire.Command2Close, smbwire.Command2TreeDisconnect:
		c.fileDone(h)
	}
	s := c.session(sessionKey{id: id})
	switch {
	case s == nil || s.dead.Load():
	case h.Status == smbwire.StatusUserSessionDeleted:
		c.proxy.drop(c, s, deletedByServer)
	case h.Command == smbwire.Command2Logoff && h.Status == smbwire.StatusSuccess:
		c.proxy.logoff(s, loggedOff)
	}
	return nil, nil
}
