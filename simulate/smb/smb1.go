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
	// A command that needs a session passes only on one that was admitted, and
	// nothing passes on one that was refused. So a client gains nothing if it makes
	// the file server set up a session in another way, or chooses the bytes of a
	// reply, which it can by READ_RAW.
	s := c.session(sessionKey{smb1: true, id: uint64(h.UID)})
	switch {
	case s == nil && h.Command.NeedsSession(), s != nil && s.dead.Load():
		return c.stop1(p, h)
	case s != nil:
		s.touch()
	}
	// The next frame of a raw write is data without a header. A server looks for a
	// command only in a frame that begins with the name of a protocol. So request looks
	// at such a frame as at any other message, and lets other data pass.
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

// chain1 passes on an SMB1 message, which may be a chain of several commands (AndX). A
// session setup may be the first of them. One behind another command, such as a logoff,
// ends the connection: its answer would be in the middle of a reply whose beginning the
// client has already. The commands behind a setup are on the new session, and a refusal
// takes the place of the reply to the whole chain. setupStatus1 says which reply is a
// success.
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
			return malformed("chain of commands runs backwards")
		}
		if err := p.pass(step); err != nil {
			return err
		}
		at, command = next.Offset, next.Next
	}
	return p.finish()
}

// stop1 keeps an SMB1 message on a session that is not in force from the file server.
// The file server gets an echo request in its place, and reply1 turns the echo reply
// into the answer of the message. So client and file server count the same messages.
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

// requestKey1 returns what an SMB1 request and its reply have in common.
func requestKey1(h smbwire.Header1) uint32 { return uint32(h.PID)<<16 | uint32(h.MID) }

// reply1 moves an SMB1 message from the file server. What looks like a message may be
// data of a READ_RAW, which the client may have written before. So nothing in a reply
// may give a client more than it has. By such data a client can make a session of its
// own connection look new, which takes a slot, or look ended, after which nothing
// passes on it.
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

// setupStatus1 returns the status of the session setup that the reply msg with the
// header h begins with. The status in the header is that of the last command in the
// chain. If that has failed, a tree connect say, the session is set up all the same:
// then the setup's part of the reply has words. A setup that failed has none.
func setupStatus1(h smbwire.Header1, msg []byte) smbwire.Status {
	switch {
	case h.IsMoreProcessing():
		return smbwire.StatusMoreProcessingRequired
	case msg[smbwire.Header1Size] != 0:
		return smbwire.StatusSuccess
	}
	return h.Status
}

// results1 passes on a reply on a session and applies each command in it that has
// succeeded. Only the last command of a chain can have failed, and the status in the
// header is its status. If its part of the reply has words, it has succeeded all the
// same, with a warning.
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
