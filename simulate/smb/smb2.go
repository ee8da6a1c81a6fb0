package smb

import (
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// request2 moves an SMB2 message, or a compound of several, from the client. It looks
// at each part of a compound before that passes. A related part is on the session of the
// part before it, whatever its own header says (MS-SMB2 3.3.5.2.7.2).
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
			// The decision on the session would come in the middle of a reply, and
			// after the file server has what follows in the compound.
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

// stop2 keeps an SMB2 message on a session that is not in force from the file server.
// The file server gets an echo request in its place, and done2 turns the echo reply
// into the answer of the message. So no message number and no credit is missing.
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

// requestEncrypted moves an encrypted message from the client. The proxy cannot see
// what is in it. It may be the setup of another session. If the server answers that in
// the clear, as smbd does, the answer has no request that the proxy knows, which ends
// the connection. If it answers encrypted, the proxy does not know the new session, and
// passes nothing that names it. Only what the client sends on it under the encryption
// of its first session would pass; smbd refuses to serve that.
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
		// The proxy cannot answer, as it cannot see the message number. A server
		// disconnects here too when it does not know the session (MS-SMB2
		// 3.3.5.2.1.1).
		return malformed("encrypted message on session %#x, which is not in force here", id)
	}
	s.touch()
	return p.finish()
}

// requestCompressed moves a compressed message from the client. Its header has to be in
// the clear, and it may be no compound: what the proxy cannot see may be a session
// setup. The clients of Windows and Linux compress the data of a write and leave the
// header in the clear.
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

// reply2 moves an SMB2 message, or a compound of several, from the file server, and
// applies each part. A reply that has to be replaced must stand alone, as its request
// did; otherwise the connection ends.
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

// done2 applies a reply of the file server. It returns the frame that the client gets in
// place of the reply, or nil if it gets the reply.
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
