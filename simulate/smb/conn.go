package smb

import (
	"container/list"
	"context"
	"io"
	"math"
	"net"
	"sync"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// Bounds on what a client can make a connection remember or carry.
const (
	maxRequests       = 8192                                 // under way; smbd takes no more message numbers at a time
	maxPreSession     = 128 << 10                            // bytes of a message before there is a session
	maxSessionRequest = 1024                                 // bytes of a NetBIOS session request
	maxSetup          = bufferSize - smbwire.FrameHeaderSize // bytes of a session setup that are looked at
)

// conn is one client connection, its connection to the file server, and what the proxy
// has to know about the messages that pass. One goroutine moves the requests and owns
// the connection, another moves the replies.
type conn struct {
	proxy    *Proxy
	client   net.Conn
	raw      bool // the next frame may be data of an SMB1 WRITE_RAW
	computer string
	since    time.Time
	ctx      context.Context // done when the connection is closed
	cancel   context.CancelFunc
	replied  chan struct{} // closed when the replies have ended; nil before they begin

	// Guarded by the lock of the proxy.
	parked *list.Element // in Proxy.pending, unless there is a session
	timer  *time.Timer   // closes the connection if it has no session in time

	mu       sync.Mutex
	server   net.Conn
	closed   bool
	why      string           // the reason, once closed
	agreed   smbwire.Protocol // SMB1 or SMB2, once the file server has agreed to it
	sessions map[sessionKey]*session
	setup    *sessionSetup              // the session setup under way, or nil
	files    map[uint64]fileRequest     // by MessageId
	stopped2 map[uint64]smbwire.Header2 // SMB2 requests that stop2 has stopped, by MessageId
	stopped1 map[uint32]smbwire.Header1 // SMB1 requests that stop1 has stopped, by PID and MID
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

// askComputer asks the connection for the client's address. A connection that reads the
// address from its peer may take its time, and may not return even when it is closed.
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

// close ends the connection. Of several reasons the first is kept.
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

// settle lifts the time limit of a connection that now has a session. The proxy is
// locked.
func (c *conn) settle() {
	c.proxy.unpark(c)
	c.timer.Stop()
}

// unsettle sets the time limit again if the connection is open and has no session any
// more. The proxy is locked.
func (c *conn) unsettle() {
	if c.parked == nil && c.ctx.Err() == nil && !c.hasSession() {
		c.timer.Reset(c.proxy.settings.SessionTimeout)
		c.proxy.park(c)
	}
}

// agree notes the protocol that the file server has agreed to. Only the first time
// counts: a client can have the file server send data that looks like a second
// agreement (see reply1).
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

// speaks reports whether the connection may have messages of the protocol. Once the
// file server has agreed to one of SMB1 and SMB2, messages of the other are not
// expected.
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

// session2 returns the session of the connection that an SMB2 message names, or nil,
// and whether the message has to be stopped. A command that needs a session passes only
// if this connection has that session and it is not dead. A session setup may name a
// session of another connection, which it then joins, unless that is dead.
func (c *conn) session2(command smbwire.Command2, id uint64) (s *session, stop bool) {
	s = c.session(sessionKey{id: id})
	switch {
	case s != nil:
		return s, s.dead.Load()
	case id == 0, id == math.MaxUint64: // the message names no session
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

// requests moves the frames that the client sends.
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
		return malformed("frame type 0x%02x, which a client does not send", byte(h.Type))
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
		return malformed("message begins with %q, but the connection speaks the other version of SMB", b[:4])
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
		// Data that does not begin with the name of a protocol, which no server takes
		// for a command.
		return p.finish()
	}
	return malformed("message begins with %q", b[:min(len(b), 4)])
}

// first checks that the first message is a NEGOTIATE, and connects to the file server.
// So a peer that does not speak SMB causes no connection there.
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
		return malformed("first message is no NEGOTIATE")
	}
	return c.connect(p)
}

// connect connects to the file server and starts to move its replies.
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

// replies moves the frames that the file server sends.
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
	case !c.speaks(protocol): // data of a READ_RAW, which look like a message
	case protocol == smbwire.ProtocolSMB1:
		return c.reply1(p)
	case protocol == smbwire.ProtocolSMB2:
		return c.reply2(p)
	}
	return p.finish()
}
