package smb

import (
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// request1 moves an SMB1 message from the client.
func (c *conn) request1(p *pipe) error {
	b, err := p.need(smbwire.MinMessage1Size)
	if err != nil {
		return err
	}
	h, err := smbwire.ParseHeader1(b)
	if err != nil {
		return err
	}
	if h.IsReply() {
		return malformed("reply from a client")
	}
	// What needs a session passes on one that was let in, and nothing passes on
	// one that was not. So it does not matter what else can make a session stand
	// at the file server, or what a client can have a reply look like: with
	// READ_RAW it chooses the bytes of one.
	s := c.session(sessionKey{smb1: true, id: uint64(h.UID)})
	switch {
	case s == nil && h.Command.NeedsSession(), s != nil && s.dead.Load():
		return c.stop1(p, h)
	case s != nil:
		s.touch()
	}
	// The data of a raw write are the next frame, without a header. A server looks
	// for a command in a frame that has the name of a protocol, so that request
	// looks at such a frame too, and lets the others pass: whether they are data or
	// not, no server takes them for a command.
	c.raw = h.Command == smbwire.Command1WriteRaw && s != nil
	if h.Command != smbwire.Command1SessionSetup {
		return c.chain1(p, h.Command)
	}
	if b, err = p.need(min(p.left, maxSetup)); err != nil {
		return err
	}
	setup := &sessionSetup{key: sessionKey{smb1: true, id: uint64(h.UID)}, message: uint64(h.MID)}
	if token, err := smbwire.SetupToken1(b); err == nil {
		setup.user, setup.named = userOf(token)
	}
	c.begin(setup)
	if err := c.chain1(p, h.Command); err != nil {
		return err
	}
	return c.await(setup)
}

// chain1 passes on an SMB1 message, which may be a chain of several commands
// (AndX). A session setup can be the first of them. One behind another command,
// such as the logoff of the session before it, ends the connection: it would be
// decided in the middle of a reply whose beginning has passed. What follows a
// setup is on the new session, and a refusal takes the place of the reply to all
// of the chain (see setupStatus1 for which reply is a success).
func (c *conn) chain1(p *pipe, command smbwire.Command1) error {
	at := smbwire.Header1Size
	if err := p.pass(at); err != nil {
		return err
	}
	for command.AndX() {
		b, err := p.need(min(p.left, smbwire.AndXBlockSize))
		if err != nil {
			return err
		}
		next, err := smbwire.ParseAndX(command, b)
		if err != nil {
			return err
		}
		if next.Next == smbwire.Command1SessionSetup {
			return malformed("session setup chained to command 0x%02x", byte(command))
		}
		step := next.Offset - at
		if next.Next == smbwire.Command1None || step >= p.left {
			break
		}
		if step <= 0 {
			return malformed("chain runs backwards")
		}
		if err := p.pass(step); err != nil {
			return err
		}
		at, command = next.Offset, next.Next
	}
	return p.finish()
}

// stop1 keeps a message of a session that is not in force from the file server,
// which gets an echo request instead. The reply to that becomes the answer, and so
// everything that counts messages goes on counting.
func (c *conn) stop1(p *pipe, h smbwire.Header1) error {
	if h.Flags2&smbwire.Flags2Signed != 0 {
		return malformed("signed message on UID %d, which has no session", h.UID)
	}
	if h.Command == smbwire.Command1NTCancel { // has no reply
		return p.replace(nil)
	}
	c.mu.Lock()
	full := len(c.stopped1) >= maxRequests
	if !full {
		if c.stopped1 == nil {
			c.stopped1 = make(map[uint32]smbwire.Header1)
		}
		c.stopped1[requestKey1(h)] = h
	}
	c.mu.Unlock()
	if full {
		return malformed("too many messages on sessions that are not in force")
	}
	return p.replace(smbwire.AppendEcho1(nil, h))
}

// requestKey1 is what the reply to an SMB1 request is known by.
func requestKey1(h smbwire.Header1) uint32 { return uint32(h.PID)<<16 | uint32(h.MID) }

// reply1 moves an SMB1 message from the file server. What looks like one may be
// data that READ_RAW has read; as the client may have chosen them, nothing in a
// reply may give it more than it has: it can have a session of its own connection
// look new, which takes a slot, or look over, after which nothing passes on it.
func (c *conn) reply1(p *pipe) error {
	b, err := p.need(smbwire.MinMessage1Size)
	if err != nil {
		return err
	}
	h, err := smbwire.ParseHeader1(b)
	if err != nil {
		return err
	}
	key := sessionKey{smb1: true, id: uint64(h.UID)}
	switch h.Command {
	case smbwire.Command1Negotiate:
		if h.Status == smbwire.StatusSuccess {
			c.agree(smbwire.ProtocolSMB1)
		}
	case smbwire.Command1SessionSetup:
		setup, err := c.answered(h.IsReply(), true, uint64(h.MID))
		if err != nil {
			return err
		}
		if c.decide(setup, key, setupStatus1(h, b)) {
			return p.replace(smbwire.AppendError1(nil, h, smbwire.StatusRequestNotAccepted))
		}
	case smbwire.Command1Echo:
		c.mu.Lock()
		request, stopped := c.stopped1[requestKey1(h)]
		delete(c.stopped1, requestKey1(h))
		c.mu.Unlock()
		if stopped {
			return p.replace(smbwire.AppendError1(nil, request, smbwire.StatusUserSessionDeleted))
		}
	}
	if s := c.session(key); s != nil && h.IsReply() {
		return c.results1(p, h, s)
	}
	return p.finish()
}

// setupStatus1 returns what became of the session setup that the reply msg with
// the header h begins with. The status in the header is that of the chain's last
// command: where a command fails that was chained to the setup, such as a tree
// connect, the session stands all the same, and its part of the reply has words.
// A setup that failed has none.
func setupStatus1(h smbwire.Header1, msg []byte) smbwire.Status {
	switch {
	case h.IsMoreProcessing():
		return smbwire.StatusMoreProcessingRequired
	case msg[smbwire.Header1Size] != 0:
		return smbwire.StatusSuccess
	}
	return h.Status
}

// results1 passes on a reply on a session and applies the success of each
// command in it. Only the last one of a chain can have failed, and the header's
// status is about that one; it has succeeded whatever the status is, a warning
// say, if its part has words.
func (c *conn) results1(p *pipe, h smbwire.Header1, s *session) error {
	at, command := smbwire.Header1Size, h.Command
	if err := p.pass(at); err != nil {
		return err
	}
	for {
		b, err := p.need(min(p.left, smbwire.AndXBlockSize))
		if err != nil {
			return err
		}
		if h.Status == smbwire.StatusSuccess || b[0] != 0 && !h.IsMoreProcessing() {
			c.done1(command, uint32(h.TID), s)
		}
		next, err := smbwire.ParseAndX(command, b)
		step := next.Offset - at
		if err != nil || next.Next == smbwire.Command1None || step <= 0 || step >= p.left {
			return p.finish()
		}
		if err := p.pass(step); err != nil {
			return err
		}
		at, command = next.Offset, next.Next
	}
}

// done1 applies the success of an SMB1 command.
func (c *conn) done1(command smbwire.Command1, tree uint32, s *session) {
	switch command {
	case smbwire.Command1Logoff:
		c.proxy.logoff(s, loggedOff)
	case smbwire.Command1Open, smbwire.Command1Create, smbwire.Command1CreateNew,
		smbwire.Command1OpenAndX, smbwire.Command1NTCreate:
		s.opened(tree, 1)
	case smbwire.Command1Close:
		s.opened(tree, -1)
	case smbwire.Command1TreeDisconnect:
		s.disconnected(tree)
	}
}
