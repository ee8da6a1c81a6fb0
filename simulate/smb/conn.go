package smb

import (
	"container/list"
	"context"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// What a client can make a connection remember or carry. Windows bounds the
// sessions of a connection, and the requests under way by the credits it grants,
// which are at most 8192.
const (
	maxSessions       = limits.SessionsPerConnection
	maxRequests       = 8192
	maxPreSession     = 128 << 10 // length of a message before there is a session
	maxSessionRequest = 1024      // length of a NetBIOS session request
	maxSetup          = bufferSize - smbwire.FrameHeaderSize
)

// conn is one client connection, its connection to the file server, and
// what has to be known about the messages that pass. One goroutine moves the
// requests and owns the connection, another moves the replies.
type conn struct {
	proxy    *Proxy
	client   net.Conn
	raw      bool // the next frame may be data of an SMB1 WRITE_RAW
	computer string
	since    time.Time
	ctx      context.Context // done when the connection is closed
	cancel   context.CancelFunc
	replied  chan struct{} // closed when the replies have ended; nil before they begin

	// Guarded by the proxy.
	parked *list.Element // in Proxy.pending, unless there is a session
	timer  *time.Timer

	mu       sync.Mutex
	server   net.Conn
	closed   bool
	why      string
	agreed   smbwire.Protocol // SMB1 or SMB2, when the file server has agreed to it
	sessions map[sessionKey]*session
	setup    *sessionSetup              // the session setup under way
	files    map[uint64]fileRequest     // by MessageId
	stopped2 map[uint64]smbwire.Header2 // requests of dead sessions, by MessageId
	stopped1 map[uint32]smbwire.Header1 // the same for SMB1, by PID and MID
}

// serve moves requests and replies until the connection ends.
func (c *conn) serve() {
	err := c.askComputer()
	if err == nil {
		err = c.requests()
	}
	if err == io.EOF {
		c.close("closed by the client")
	} else {
		c.close(err.Error())
	}
	if c.replied != nil {
		<-c.replied
	}
	p := c.proxy
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	for _, s := range c.allSessions() {
		p.drop(c, s, disconnected)
	}
	p.mu.Lock()
	p.unpark(c)
	c.timer.Stop()
	p.mu.Unlock()
	p.settings.Logger.Debug("SMB connection ended", "computer", c.computer, "reason", c.why)
}

// askComputer asks for the client's address. A connection may take its time over
// the answer, as one does that reads it from its peer, and may not even end that
// when it is closed.
func (c *conn) askComputer() error {
	if _, isTCP := c.client.(*net.TCPConn); isTCP {
		c.computer = computerOf(c.client.RemoteAddr())
		return nil
	}
	computer := make(chan string, 1)
	go func() { computer <- computerOf(c.client.RemoteAddr()) }()
	select {
	case c.computer = <-computer:
		return nil
	case <-c.ctx.Done():
		return net.ErrClosed
	}
}

// close ends the connection; the first reason counts.
func (c *conn) close(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.closed, c.why = true, why
	c.cancel()
	c.client.Close()
	if c.server != nil {
		c.server.Close()
	}
}

// expire closes the connection if it still has no session.
func (c *conn) expire() {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.parked == nil {
		return
	}
	c.mu.Lock()
	agreed := c.agreed
	c.mu.Unlock()
	if agreed != smbwire.ProtocolUnknown {
		c.close("no session")
	} else {
		c.close("no dialect agreed")
	}
}

// settle lifts the time limit: there is a session. The proxy is locked.
func (c *conn) settle() {
	c.proxy.unpark(c)
	c.timer.Stop()
}

// unsettle puts the time limit back if the connection stays and has no session
// any more. The proxy is locked.
func (c *conn) unsettle() {
	if c.parked == nil && c.ctx.Err() == nil && !c.hasSession() {
		c.timer.Reset(c.proxy.settings.SessionTimeout)
		c.proxy.park(c)
	}
}

// agree notes that there is a dialect. The first agreement counts: a client that
// chooses what a reply looks like cannot make another.
func (c *conn) agree(protocol smbwire.Protocol) {
	c.mu.Lock()
	first := c.agreed == smbwire.ProtocolUnknown
	if first {
		c.agreed = protocol
	}
	c.mu.Unlock()
	if !first {
		return
	}
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.parked != nil {
		c.timer.Reset(time.Until(c.since.Add(c.proxy.settings.SessionTimeout)))
	}
}

// speaks reports whether messages of the protocol are to be expected. Those of
// SMB1 are not on a connection that has agreed to SMB2, and the other way round.
func (c *conn) speaks(protocol smbwire.Protocol) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed == smbwire.ProtocolUnknown || (c.agreed == smbwire.ProtocolSMB1) == (protocol == smbwire.ProtocolSMB1)
}

// session returns the session of the connection with the key, or nil.
func (c *conn) session(key sessionKey) *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[key]
}

// session2 returns the session of the connection that an SMB2 message names, or
// nil, and whether the message has to be stopped: what needs a session passes on
// one that was let in on this connection, whatever else stands at the file server.
// A session setup may name one of another connection to join it, unless that is
// dead.
func (c *conn) session2(command smbwire.Command2, id uint64) (s *session, stop bool) {
	s = c.session(sessionKey{id: id})
	switch {
	case s != nil:
		return s, s.dead.Load()
	case id == 0, id == math.MaxUint64: // names none
		return nil, false
	case command == smbwire.Command2SessionSetup:
		other := c.proxy.lookup(id)
		return nil, other != nil && other.dead.Load()
	}
	return nil, command.NeedsSession()
}

func (c *conn) allSessions() []*session {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*session
	for _, s := range c.sessions {
		all = append(all, s)
	}
	return all
}

// hasSession reports whether a session is in use on the connection.
func (c *conn) hasSession() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sessions {
		if !s.dead.Load() && s.ready.Load() {
			return true
		}
	}
	return false
}

// requests moves what the client sends.
func (c *conn) requests() error {
	p := newPipe(c.client, nil, c.proxy.settings.NegotiateTimeout)
	for {
		h, err := p.next()
		if err != nil {
			return err
		}
		if err := c.request(p, h); err != nil {
			return err
		}
	}
}

// request moves one frame from the client.
func (c *conn) request(p *pipe, h smbwire.FrameHeader) error {
	switch h.Type {
	case smbwire.FrameKeepAlive:
		if h.Length != 0 {
			return malformed("keep-alive of %d bytes", h.Length)
		}
		if p.dst == nil {
			return p.replace(nil)
		}
		return p.finish()
	case smbwire.FrameSessionRequest:
		if p.dst != nil || h.Length > maxSessionRequest {
			return malformed("unexpected session request of %d bytes", h.Length)
		}
		if err := c.connect(p); err != nil {
			return err
		}
		return p.finish()
	case smbwire.FrameMessage:
	default:
		return malformed("type 0x%02x from a client", byte(h.Type))
	}
	if h.Length > maxPreSession && !c.hasSession() {
		return malformed("message of %d bytes without a session", h.Length)
	}
	b, err := p.need(min(h.Length, 4))
	if err != nil {
		return err
	}
	raw := c.raw
	c.raw = false
	protocol := smbwire.ProtocolOf(b)
	if p.dst == nil {
		if err := c.first(p, protocol); err != nil {
			return err
		}
	}
	if protocol != smbwire.ProtocolUnknown && !c.speaks(protocol) {
		return malformed("message begins with %q in the other version of the protocol", b[:4])
	}
	switch protocol {
	case smbwire.ProtocolSMB1:
		return c.request1(p)
	case smbwire.ProtocolSMB2:
		return c.request2(p)
	case smbwire.ProtocolTransform:
		return c.requestEncrypted(p)
	case smbwire.ProtocolCompressed:
		return c.requestCompressed(p)
	}
	if raw {
		// A server takes nothing without the protocol's name for a command.
		return p.finish()
	}
	return malformed("message begins with %q", b[:min(len(b), 4)])
}

// first looks at the first message: it negotiates, or the peer is no client.
// Only then is the file server troubled.
func (c *conn) first(p *pipe, protocol smbwire.Protocol) error {
	negotiates := false
	switch protocol {
	case smbwire.ProtocolSMB1:
		b, err := p.need(smbwire.MinMessage1Size)
		if err != nil {
			return err
		}
		h, err := smbwire.ParseHeader1(b)
		negotiates = err == nil && h.Command == smbwire.Command1Negotiate
	case smbwire.ProtocolSMB2:
		b, err := p.need(smbwire.Header2Size)
		if err != nil {
			return err
		}
		h, err := smbwire.ParseHeader2(b)
		negotiates = err == nil && h.Command == smbwire.Command2Negotiate
	}
	if !negotiates {
		return malformed("first message does not negotiate")
	}
	return c.connect(p)
}

// connect reaches the file server and lets its replies flow.
func (c *conn) connect(p *pipe) error {
	server, err := c.proxy.dial(c.ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		server.Close()
		return net.ErrClosed
	}
	keepShallow(c.client)
	keepShallow(server)
	c.server = server
	p.dst = server
	c.replied = make(chan struct{})
	go func() {
		defer close(c.replied)
		err := c.replies(newPipe(server, c.client, c.proxy.settings.SessionTimeout))
		if err == io.EOF {
			c.close("closed by the file server")
		} else {
			c.close(err.Error())
		}
	}()
	return nil
}

// replies moves what the file server sends.
func (c *conn) replies(p *pipe) error {
	for {
		h, err := p.next()
		if err != nil {
			return err
		}
		if h.Type != smbwire.FrameMessage || h.Length < 4 {
			err = p.finish()
		} else {
			err = c.reply(p)
		}
		if err != nil {
			return err
		}
	}
}

// reply moves one message from the file server.
func (c *conn) reply(p *pipe) error {
	b, err := p.need(4)
	if err != nil {
		return err
	}
	protocol := smbwire.ProtocolOf(b)
	switch {
	case !c.speaks(protocol): // data that READ_RAW has read
	case protocol == smbwire.ProtocolSMB1:
		return c.reply1(p)
	case protocol == smbwire.ProtocolSMB2:
		return c.reply2(p)
	}
	return p.finish()
}
