package simulate

import (
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// What a client can make a connection remember or carry. Windows bounds the
// sessions of a connection by 2048 (ms-srvs, sessusers), and the requests under
// way by the credits it grants, which are at most 8192.
const (
	smbMaxDead         = 2048
	smbMaxRequests     = 8192
	smbMaxPreSession   = 128 << 10 // length of a message before there is a session
	smbMaxSessionReq   = 1024      // length of a NetBIOS session request
	smbMaxSetupPayload = smbBuffer - smbwire.FrameHeaderSize
)

// smbConn is one client connection, its connection to the file server, and
// what has to be known about the messages that pass. One goroutine moves the
// requests and owns the connection, another moves the replies.
type smbConn struct {
	proxy    *SMBProxy
	client   net.Conn
	raw      bool // the next frame may be data of an SMB1 WRITE_RAW
	computer string
	since    time.Time
	ctx      context.Context // done when the connection is closed
	cancel   context.CancelFunc
	replied  chan struct{} // closed when the replies have ended; nil before they begin

	// Guarded by the proxy.
	parked *list.Element // in SMBProxy.pending, unless there is a session
	timer  *time.Timer

	mu         sync.Mutex
	server     net.Conn
	closed     bool
	why        string
	negotiated bool // the file server has answered a NEGOTIATE
	sessions   map[smbKey]*smbSession
	setup      *smbSetup                  // the session setup under way
	files      map[uint64]smbFileRequest  // by MessageId
	stopped2   map[uint64]smbwire.Header2 // requests of dead sessions, by MessageId
	stopped1   map[uint32]smbwire.Header1 // the same for SMB1, by PID and MID
}

// smbSetup is a SESSION_SETUP request that the file server has not answered.
// No further request is passed on before the answer: what the client sends on
// the session it is setting up must not be there before the decision.
type smbSetup struct {
	key      smbKey // the session that the request names; id 0 for none
	message  uint64 // MessageId or MID
	previous uint64
	user     string
	named    bool
	answered chan struct{}
}

// smbFileRequest is a request that opens or closes files.
type smbFileRequest struct {
	session *smbSession
	tree    uint32
}

// serve moves requests and replies until the connection ends.
func (c *smbConn) serve() {
	err := c.requests()
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
		p.drop(c, s, smbDisconnected)
	}
	p.mu.Lock()
	p.unpark(c)
	c.timer.Stop()
	p.mu.Unlock()
	p.settings.Logger.Debug("SMB connection ended", "computer", c.computer, "reason", c.why)
}

// close ends the connection; the first reason counts.
func (c *smbConn) close(why string) {
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
func (c *smbConn) expire() {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.parked == nil {
		return
	}
	c.mu.Lock()
	negotiated := c.negotiated
	c.mu.Unlock()
	if negotiated {
		c.close("no session")
	} else {
		c.close("no dialect agreed")
	}
}

// settle lifts the time limit: there is a session. The proxy is locked.
func (c *smbConn) settle() {
	c.proxy.unpark(c)
	c.timer.Stop()
}

// unsettle puts the time limit back if the connection stays and has no session
// any more. The proxy is locked.
func (c *smbConn) unsettle() {
	if c.parked == nil && c.ctx.Err() == nil && !c.hasSession() {
		c.timer.Reset(c.proxy.settings.SessionTimeout)
		c.proxy.park(c)
	}
}

// agreed notes that there is a dialect.
func (c *smbConn) agreed() {
	c.mu.Lock()
	first := !c.negotiated
	c.negotiated = true
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

// session returns the session of the connection with the key, or nil.
func (c *smbConn) session(key smbKey) *smbSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sessions[key]
}

// session2 returns the session that an SMB2 message names: one of the
// connection, or one that is dead on another, since nothing that names it may
// pass anywhere.
func (c *smbConn) session2(id uint64) *smbSession {
	s := c.session(smbKey{id: id})
	if s == nil && id != 0 {
		if other := c.proxy.lookup(id); other != nil && other.dead.Load() {
			return other
		}
	}
	return s
}

func (c *smbConn) allSessions() []*smbSession {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*smbSession
	for _, s := range c.sessions {
		all = append(all, s)
	}
	return all
}

// hasSession reports whether a session is in use on the connection.
func (c *smbConn) hasSession() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sessions {
		if !s.dead.Load() && s.ready.Load() {
			return true
		}
	}
	return false
}

// hasDead reports whether a session of the connection is dead.
func (c *smbConn) hasDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.sessions {
		if s.dead.Load() {
			return true
		}
	}
	return false
}

// requests moves what the client sends.
func (c *smbConn) requests() error {
	p := newSMBPipe(c.client, nil, c.proxy.settings.NegotiateTimeout)
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
func (c *smbConn) request(p *smbPipe, h smbwire.FrameHeader) error {
	switch h.Type {
	case smbwire.FrameKeepAlive:
		if h.Length != 0 {
			return badSMB("keep-alive of %d bytes", h.Length)
		}
		if p.dst == nil {
			return p.replace(nil)
		}
		return p.finish()
	case smbwire.FrameSessionRequest:
		if p.dst != nil || h.Length > smbMaxSessionReq {
			return badSMB("unexpected session request of %d bytes", h.Length)
		}
		if err := c.connect(p); err != nil {
			return err
		}
		return p.finish()
	case smbwire.FrameMessage:
	default:
		return badSMB("type 0x%02x from a client", byte(h.Type))
	}
	if h.Length > smbMaxPreSession && !c.hasSession() {
		return badSMB("message of %d bytes without a session", h.Length)
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
	return badSMB("message begins with %q", b)
}

// first looks at the first message: it negotiates, or the peer is no client.
// Only then is the file server troubled.
func (c *smbConn) first(p *smbPipe, protocol smbwire.Protocol) error {
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
		return badSMB("first message does not negotiate")
	}
	return c.connect(p)
}

// connect reaches the file server and lets its replies flow.
func (c *smbConn) connect(p *smbPipe) error {
	server, err := c.proxy.settings.Dial(c.ctx)
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
		err := c.replies(newSMBPipe(server, c.client, c.proxy.settings.SessionTimeout))
		if err == io.EOF {
			c.close("closed by the file server")
		} else {
			c.close(err.Error())
		}
	}()
	return nil
}

// request1 moves an SMB1 message from the client.
func (c *smbConn) request1(p *smbPipe) error {
	b, err := p.need(smbwire.MinMessage1Size)
	if err != nil {
		return err
	}
	h, err := smbwire.ParseHeader1(b)
	if err != nil {
		return err
	}
	if h.IsReply() {
		return badSMB("reply from a client")
	}
	s := c.session(smbKey{smb1: true, id: uint64(h.UID)})
	switch {
	case s == nil:
	case s.dead.Load():
		return c.stop1(p, h)
	default:
		s.touch()
	}
	c.raw = h.Command == smbwire.Command1WriteRaw && s != nil
	if h.Command != smbwire.Command1SessionSetup {
		return c.chain1(p, h.Command)
	}
	if b, err = p.need(min(p.left, smbMaxSetupPayload)); err != nil {
		return err
	}
	setup := &smbSetup{key: smbKey{smb1: true, id: uint64(h.UID)}, message: uint64(h.MID)}
	setup.user, setup.named = smbUser(b)
	c.begin(setup)
	if err := c.chain1(p, h.Command); err != nil {
		return err
	}
	return c.await(setup)
}

// chain1 passes on an SMB1 message. Commands chained to it are followed far
// enough to know that none of them is a session setup, whose reply would not
// be seen.
func (c *smbConn) chain1(p *smbPipe, command smbwire.Command1) error {
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
			return badSMB("session setup chained to command 0x%02x", byte(command))
		}
		step := next.Offset - at
		if next.Next == smbwire.Command1None || step >= p.left {
			break
		}
		if step <= 0 {
			return badSMB("chain runs backwards")
		}
		if err := p.pass(step); err != nil {
			return err
		}
		at, command = next.Offset, next.Next
	}
	return p.finish()
}

// stop1 keeps a message of a dead session from the file server, which gets an
// echo request in its place. Its reply becomes the answer, and so everything
// that counts messages goes on counting.
func (c *smbConn) stop1(p *smbPipe, h smbwire.Header1) error {
	if h.Flags2&smbwire.Flags2Signed != 0 {
		return badSMB("signed message on dead UID %d", h.UID)
	}
	if h.Command == smbwire.Command1NTCancel { // has no reply
		return p.replace(nil)
	}
	c.mu.Lock()
	full := len(c.stopped1) >= smbMaxRequests
	if !full {
		if c.stopped1 == nil {
			c.stopped1 = make(map[uint32]smbwire.Header1)
		}
		c.stopped1[smbRequest1(h)] = h
	}
	c.mu.Unlock()
	if full {
		return badSMB("too many messages on dead sessions")
	}
	return p.replace(smbwire.AppendEcho1(nil, h))
}

// smbRequest1 is what the reply to an SMB1 request is known by.
func smbRequest1(h smbwire.Header1) uint32 { return uint32(h.PID)<<16 | uint32(h.MID) }

// request2 moves an SMB2 message, or a compound of several, from the client.
func (c *smbConn) request2(p *smbPipe) error {
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
			return badSMB("reply from a client")
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
				return badSMB("compound on dead session %#x", id)
			}
			return c.stop2(p, h)
		default:
			s.touch()
			c.noteFile(h, s, tree)
		}
		if h.Command == smbwire.Command2SessionSetup {
			if !alone {
				return badSMB("session setup in a compound")
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

// smbUser returns the user name of a session setup. It is shown to people and
// programs, and so has nothing in it that moves a cursor or begins a line.
func smbUser(msg []byte) (user string, known bool) {
	user, known = smbwire.NTLMUser(msg)
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, user), known
}

// setup2 moves an SMB2 session setup and waits for its answer.
func (c *smbConn) setup2(p *smbPipe, h smbwire.Header2) error {
	b, err := p.need(min(p.left, smbMaxSetupPayload))
	if err != nil {
		return err
	}
	body, err := smbwire.ParseSessionSetup2(b)
	if err != nil {
		return err
	}
	setup := &smbSetup{
		key: smbKey{id: h.SessionID}, message: h.MessageID, previous: body.PreviousSession,
	}
	setup.user, setup.named = smbUser(b)
	c.begin(setup)
	if err := p.finish(); err != nil {
		return err
	}
	return c.await(setup)
}

// stop2 is stop1 for SMB2.
func (c *smbConn) stop2(p *smbPipe, h smbwire.Header2) error {
	if h.Command == smbwire.Command2Cancel { // has no reply
		return p.replace(nil)
	}
	c.mu.Lock()
	full := len(c.stopped2) >= smbMaxRequests
	if !full {
		if c.stopped2 == nil {
			c.stopped2 = make(map[uint64]smbwire.Header2)
		}
		c.stopped2[h.MessageID] = h
	}
	c.mu.Unlock()
	if full {
		return badSMB("too many messages on dead sessions")
	}
	return p.replace(smbwire.AppendEcho2(nil, h))
}

// requestEncrypted moves an encrypted message from the client.
func (c *smbConn) requestEncrypted(p *smbPipe) error {
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
			return badSMB("encrypted message on dead session %#x", id)
		}
		s.touch()
	}
	return p.finish()
}

// requestCompressed moves a compressed message from the client. On a
// connection with a dead session it has to show which sessions it is for.
func (c *smbConn) requestCompressed(p *smbPipe) error {
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
			return badSMB("compressed message beside a dead session")
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
		return badSMB("compressed session setup")
	case s != nil && s.dead.Load(), h.NextCommand != 0 && c.hasDead():
		return badSMB("compressed message beside a dead session")
	case s != nil:
		s.touch()
	}
	return p.finish()
}

// begin notes the session setup that is about to be passed on.
func (c *smbConn) begin(s *smbSetup) {
	s.answered = make(chan struct{})
	c.mu.Lock()
	c.setup = s
	c.mu.Unlock()
}

// await waits for the answer to a session setup.
func (c *smbConn) await(s *smbSetup) error {
	timeout := time.NewTimer(c.proxy.settings.SessionTimeout)
	defer timeout.Stop()
	select {
	case <-s.answered:
		return nil
	case <-c.ctx.Done():
		return net.ErrClosed
	case <-timeout.C:
		return errors.New("simulate: session setup not answered by the file server")
	}
}

// noteFile notes a request whose success changes what is open.
func (c *smbConn) noteFile(h smbwire.Header2, s *smbSession, tree uint32) {
	switch h.Command {
	case smbwire.Command2Create, smbwire.Command2Close, smbwire.Command2TreeDisconnect:
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = make(map[uint64]smbFileRequest)
	}
	if len(c.files) < smbMaxRequests {
		c.files[h.MessageID] = smbFileRequest{s, tree}
	}
}

// fileDone applies the reply to a request that noteFile has noted.
func (c *smbConn) fileDone(h smbwire.Header2) {
	c.mu.Lock()
	r, ok := c.files[h.MessageID]
	if ok && h.Status != smbwire.StatusPending {
		delete(c.files, h.MessageID)
	}
	c.mu.Unlock()
	if !ok || h.Status != smbwire.StatusSuccess {
		return
	}
	switch h.Command {
	case smbwire.Command2Create:
		r.session.opened(r.tree, 1)
	case smbwire.Command2Close:
		r.session.opened(r.tree, -1)
	case smbwire.Command2TreeDisconnect:
		r.session.disconnected(r.tree)
	}
}

// replies moves what the file server sends.
func (c *smbConn) replies(p *smbPipe) error {
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
func (c *smbConn) reply(p *smbPipe) error {
	b, err := p.need(4)
	if err != nil {
		return err
	}
	switch smbwire.ProtocolOf(b) {
	case smbwire.ProtocolSMB1:
		return c.reply1(p)
	case smbwire.ProtocolSMB2:
		return c.reply2(p)
	}
	return p.finish()
}

// reply1 moves an SMB1 message from the file server.
func (c *smbConn) reply1(p *smbPipe) error {
	b, err := p.need(smbwire.MinMessage1Size)
	if err != nil {
		return err
	}
	h, err := smbwire.ParseHeader1(b)
	if err != nil {
		return err
	}
	key := smbKey{smb1: true, id: uint64(h.UID)}
	switch h.Command {
	case smbwire.Command1Negotiate:
		if h.Status == smbwire.StatusSuccess {
			c.agreed()
		}
	case smbwire.Command1SessionSetup:
		setup, err := c.answered(h.IsReply(), uint64(h.MID))
		if err != nil {
			return err
		}
		if c.decide(setup, key, h.Status) {
			return p.replace(smbwire.AppendError1(nil, h, smbwire.StatusRequestNotAccepted))
		}
	case smbwire.Command1Echo:
		c.mu.Lock()
		request, stopped := c.stopped1[smbRequest1(h)]
		delete(c.stopped1, smbRequest1(h))
		c.mu.Unlock()
		if stopped {
			return p.replace(smbwire.AppendError1(nil, request, smbwire.StatusUserSessionDeleted))
		}
	default:
		if s := c.session(key); s != nil && h.Status == smbwire.StatusSuccess && h.IsReply() {
			c.done1(h, s)
		}
	}
	return p.finish()
}

// done1 applies the success of an SMB1 command.
func (c *smbConn) done1(h smbwire.Header1, s *smbSession) {
	switch h.Command {
	case smbwire.Command1Logoff:
		c.proxy.logoff(s, smbLoggedOff)
	case smbwire.Command1Open, smbwire.Command1Create, smbwire.Command1CreateNew,
		smbwire.Command1OpenAndX, smbwire.Command1NTCreate:
		s.opened(uint32(h.TID), 1)
	case smbwire.Command1Close:
		s.opened(uint32(h.TID), -1)
	case smbwire.Command1TreeDisconnect:
		s.disconnected(uint32(h.TID))
	}
}

// reply2 moves an SMB2 message, or a compound of several, from the file server.
func (c *smbConn) reply2(p *smbPipe) error {
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
				return badSMB("answer to a single message in a compound")
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
func (c *smbConn) done2(h smbwire.Header2, id uint64) (replacement []byte, err error) {
	switch h.Command {
	case smbwire.Command2SessionSetup:
		setup, err := c.answered(h.IsReply(), h.MessageID)
		if err != nil {
			return nil, err
		}
		if c.decide(setup, smbKey{id: h.SessionID}, h.Status) {
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
	s := c.session(smbKey{id: id})
	switch {
	case s == nil || s.dead.Load():
	case h.Status == smbwire.StatusUserSessionDeleted:
		c.proxy.drop(c, s, smbDeleted)
	case h.Command == smbwire.Command2Logoff && h.Status == smbwire.StatusSuccess:
		c.proxy.logoff(s, smbLoggedOff)
	}
	return nil, nil
}

// answered returns the session setup that a message of the file server
// answers.
func (c *smbConn) answered(isReply bool, message uint64) (*smbSetup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setup == nil || !isReply || c.setup.message != message {
		return nil, badSMB("session setup reply without a request")
	}
	return c.setup, nil
}

// decide looks at the file server's answer to a session setup, admits or
// refuses the session if it is new and ready for that, and lets the client's
// next request go. It reports whether the client gets the refusal instead.
func (c *smbConn) decide(setup *smbSetup, key smbKey, status smbwire.Status) (refuse bool) {
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
	if consents && !key.smb1 && setup.key.id == 0 {
		// The file server would not give a new session the id of one that it
		// still has.
		if old := p.lookup(key.id); old != nil {
			p.logoff(old, smbDeleted)
		}
	}
	s := c.session(key)
	if s == nil && !key.smb1 {
		s = p.lookup(key.id)
	}
	switch {
	case status == smbwire.StatusMoreProcessingRequired:
		if !p.settings.RefuseFirst || s != nil || setup.key.id != 0 {
			return false
		}
		return c.isRefused(p.admit(c, key, setup, false))
	case status != smbwire.StatusSuccess:
		if s != nil && !s.ready.Load() && !s.dead.Load() {
			p.drop(c, s, smbFailed)
		}
		return false
	case s == nil:
		return c.isRefused(p.admit(c, key, setup, true))
	case !s.dead.Load() && !s.ready.Load():
		p.complete(c, s, setup)
		p.replace(s, setup.previous)
		return false
	}
	return !p.join(c, s) && c.isRefused(s)
}

// isRefused reports whether s was refused, and closes the connection if it has
// collected too many refused sessions.
func (c *smbConn) isRefused(s *smbSession) bool {
	if !s.dead.Load() {
		return false
	}
	c.mu.Lock()
	full := len(c.sessions) > smbMaxDead
	c.mu.Unlock()
	if full {
		c.close("too many refused sessions")
	}
	return true
}
