package smb

import (
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// request2 moves an SMB2 message, or a compound of several, from the client. Each
// part of a compound is looked at before it passes; a related one is on the
// session of the part before it, whatever its own header says (MS-SMB2
// 3.3.5.2.7.2).
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
		s, stop := c.session2(h.Command, id)
		switch {
		case stop && !alone:
			return malformed("compound on session %#x, which is not in force here", id)
		case stop:
			return c.stop2(p, h)
		case h.Command == smbwire.Command2SessionSetup && !alone:
			// It would be decided in the middle of a message, and what follows
			// it would be there before the decision.
			return malformed("session setup in a compound")
		case h.Command == smbwire.Command2SessionSetup:
			return c.setup2(p, h)
		case s != nil:
			s.touch()
			c.noteFile(h, s, tree)
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
	if token, err := smbwire.SetupToken2(b); err == nil {
		setup.user, setup.named = userOf(token)
	}
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
		return malformed("too many messages on sessions that are not in force")
	}
	return p.replace(smbwire.AppendEcho2(nil, h))
}

// requestEncrypted moves an encrypted message from the client. What is in it
// cannot be seen. If it is the setup of another session, a server that answers in
// the clear, as smbd does, gives an answer without a request, which ends the
// connection. If it answers encrypted, the proxy knows of no session: nothing
// passes on it, neither in the clear nor encrypted for itself. What such a client
// sends in the encryption of its first session, and a server serves there, is
// beyond a program between them; smbd denies it.
func (c *conn) requestEncrypted(p *pipe) error {
	b, err := p.need(smbwire.TransformHeaderSize)
	if err != nil {
		return err
	}
	id, err := smbwire.ParseTransform(b, p.left)
	if err != nil {
		return err
	}
	s := c.session(sessionKey{id: id})
	if s == nil || s.dead.Load() {
		// The message number is not to be seen. MS-SMB2 3.3.5.2.1.1 has a server
		// disconnect when the session is unknown.
		return malformed("encrypted message on session %#x, which is not in force here", id)
	}
	s.touch()
	return p.finish()
}

// requestCompressed moves a compressed message from the client. It has to show
// which session it is for, and must not hide a further message: what cannot be
// seen may be a session setup. The clients of Windows and Linux compress the data
// of a write and leave the header in the clear.
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
		return malformed("compressed message without its header in the clear")
	}
	if b, err = p.need(smbwire.CompressionHeaderSize + smbwire.Header2Size); err != nil {
		return err
	}
	h, err := smbwire.ParseHeader2(b[smbwire.CompressionHeaderSize:])
	if err != nil {
		return err
	}
	s, stop := c.session2(h.Command, h.SessionID)
	switch {
	case h.Command == smbwire.Command2SessionSetup:
		return malformed("compressed session setup")
	case h.NextCommand != 0:
		return malformed("compressed compound")
	case stop:
		return malformed("compressed message on session %#x, which is not in force here", h.SessionID)
	case s != nil:
		s.touch()
	}
	return p.finish()
}

// reply2 moves an SMB2 message, or a compound of several, from the file server.
// Each part is applied. One that has to be replaced stands alone, as its request
// did; where it does not, the connection ends.
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
		setup, err := c.answered(h.IsReply(), false, h.MessageID)
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
			return smbwire.AppendSessionDeleted2(nil, request, h), nil
		}
		return nil, nil
	case smbwire.Command2Negotiate:
		if h.Status == smbwire.StatusSuccess {
			c.agree(smbwire.ProtocolSMB2)
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
