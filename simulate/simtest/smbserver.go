package simtest

import (
	"bufio"
	"context"
	"crypto/rand"
	"io"
	"maps"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// What a client of an smbServer may make it remember or hold.
const (
	smbMaxSize     = 64 << 10           // of a read, a write and a transaction
	smbMaxMessage  = smbMaxSize + 4<<10 // longer ones end the connection
	smbMaxLook     = 16 << 10           // what is kept of a message; all that is served is shorter
	smbMaxSessions = 4096               // on a connection; more than the front allows
	smbMaxTrees    = 4096               // on a connection
	smbMaxCredits  = 512
)

// smbName is the name that an smbServer gives itself.
const smbName = "WINLIMITS"

// smbServer is a file server without files, which admits every account as a
// guest. A guest's session has no key, so that nothing has to be signed,
// encrypted or verified.
type smbServer struct {
	guid     [16]byte
	sessions atomic.Uint64 // the last SessionId given out
	serving  sync.WaitGroup
}

func newSMBServer() *smbServer {
	s := new(smbServer)
	_, _ = rand.Read(s.guid[:])
	return s
}

// dial returns a connection in memory that the server serves.
func (s *smbServer) dial(context.Context) (net.Conn, error) {
	client, server := memnet.Pipe(&net.TCPAddr{IP: memnet.MachineIP()}, &net.TCPAddr{IP: memnet.MachineIP(), Port: 445})
	s.serving.Go(func() {
		defer server.Close()
		_ = (&smbClient{server: s}).serve(server)
	})
	return client, nil
}

// serve answers the client until it hangs up or sends what is no SMB.
func (c *smbClient) serve(conn io.ReadWriter) error {
	r := bufio.NewReader(conn)
	look := make([]byte, smbMaxLook)
	for {
		msg, err := readMessage(r, look)
		if err != nil {
			return err
		}
		reply, err := c.answer(msg)
		if err != nil {
			return err
		}
		if _, err := conn.Write(reply); err != nil {
			return err
		}
	}
}

// readMessage returns the beginning of the next message, as much as look holds
// of it. The message is empty for what the session service says for itself.
func readMessage(r *bufio.Reader, look []byte) ([]byte, error) {
	if _, err := io.ReadFull(r, look[:smbwire.FrameHeaderSize]); err != nil {
		return nil, err
	}
	h, err := smbwire.ParseFrameHeader(look)
	if err != nil {
		return nil, err
	}
	if h.Length > smbMaxMessage {
		return nil, smbwire.ErrMalformed
	}
	n, err := io.ReadFull(r, look[:min(h.Length, len(look))])
	if err != nil {
		return nil, err
	}
	if _, err := r.Discard(h.Length - n); err != nil {
		return nil, err
	}
	if h.Type != smbwire.FrameMessage {
		return nil, nil
	}
	return look[:n], nil
}

// smbClient is what the server remembers of one connection.
type smbClient struct {
	server   *smbServer
	dialect  smbwire.Dialect   // 0 before there is one
	sessions map[uint64]bool   // by SessionId; true once it has been admitted
	trees    map[uint32]uint64 // the session of each TreeId
	lastTree uint32
}

// answer returns the reply to a message, or several to a compound, as frames. It
// is empty for what has no reply. An error ends the connection.
func (c *smbClient) answer(msg []byte) ([]byte, error) {
	switch {
	case len(msg) == 0:
		return nil, nil
	case smbwire.ProtocolOf(msg) == smbwire.ProtocolSMB1:
		return c.answer1(msg)
	}
	var replies []byte
	var previous smbwire.Header2
	for {
		h, err := smbwire.ParseHeader2(msg)
		if err != nil {
			return nil, err
		}
		n, err := h.NextOffset(len(msg))
		if err != nil || h.IsReply() {
			return nil, smbwire.ErrMalformed
		}
		if h.IsRelated() {
			h.SessionID, h.TreeID = previous.SessionID, previous.TreeID
		}
		if replies, err = c.answer2(replies, h, msg[:n]); err != nil {
			return nil, err
		}
		if msg = msg[n:]; len(msg) == 0 {
			return replies, nil
		}
		previous = h
	}
}

// answer1 answers the one SMB1 message there is a reply to: the NEGOTIATE of a
// client that may know SMB2 as well.
func (c *smbClient) answer1(msg []byte) ([]byte, error) {
	h, err := smbwire.ParseHeader1(msg)
	if err != nil {
		return nil, err
	}
	if h.Command != smbwire.Command1Negotiate || h.IsReply() || c.dialect != 0 {
		return nil, smbwire.ErrMalformed
	}
	offered, err := smbwire.ParseNegotiate1(msg, smbwire.Dialect1SMB2)
	if err != nil {
		return nil, err
	}
	if !offered {
		return smbwire.AppendNoDialect1(nil, h), nil
	}
	c.dialect = smbwire.DialectWildcard
	return c.negotiated(nil, smbwire.Header2{Credits: 1}), nil
}

func (c *smbClient) negotiated(b []byte, h smbwire.Header2) []byte {
	return smbwire.AppendNegotiate2(b, h, smbwire.Negotiate2{
		Dialect: c.dialect, GUID: c.server.guid, MaxSize: smbMaxSize, Time: time.Now(),
	})
}

// answer2 appends the reply to one SMB2 request.
func (c *smbClient) answer2(b []byte, h smbwire.Header2, msg []byte) ([]byte, error) {
	h.Credits = min(max(h.Credits, 1), smbMaxCredits)
	switch {
	case h.Command == smbwire.Command2Cancel: // has no reply
		return b, nil
	case h.Command == smbwire.Command2Negotiate:
		return c.negotiate(b, h, msg)
	case !c.agreed():
		return nil, smbwire.ErrMalformed
	case h.Command == smbwire.Command2SessionSetup:
		return c.setUp(b, h, msg)
	case h.Command == smbwire.Command2Echo:
		return smbwire.AppendDone2(b, h), nil
	}
	if !c.sessions[h.SessionID] {
		return smbwire.AppendError2(b, h, smbwire.StatusUserSessionDeleted), nil
	}
	switch h.Command {
	case smbwire.Command2Logoff:
		delete(c.sessions, h.SessionID)
		maps.DeleteFunc(c.trees, func(_ uint32, session uint64) bool { return session == h.SessionID })
		return smbwire.AppendDone2(b, h), nil
	case smbwire.Command2TreeConnect:
		return c.connect(b, h, msg)
	case smbwire.Command2TreeDisconnect:
		if session, ok := c.trees[h.TreeID]; !ok || session != h.SessionID {
			return smbwire.AppendError2(b, h, smbwire.StatusNetworkNameDeleted), nil
		}
		delete(c.trees, h.TreeID)
		return smbwire.AppendDone2(b, h), nil
	}
	return smbwire.AppendError2(b, h, smbwire.StatusNotSupported), nil
}

// agreed reports whether there is a dialect.
func (c *smbClient) agreed() bool { return c.dialect != 0 && c.dialect != smbwire.DialectWildcard }

func (c *smbClient) negotiate(b []byte, h smbwire.Header2, msg []byte) ([]byte, error) {
	if c.agreed() {
		return nil, smbwire.ErrMalformed // MS-SMB2 3.3.5.4
	}
	d, err := smbwire.ParseNegotiate2(msg, smbwire.Dialect21, smbwire.Dialect30)
	if err != nil {
		return nil, err
	}
	if d == 0 {
		return smbwire.AppendError2(b, h, smbwire.StatusNotSupported), nil
	}
	c.dialect = d
	return c.negotiated(b, h), nil
}

// setUp answers one leg of a session setup.
func (c *smbClient) setUp(b []byte, h smbwire.Header2, msg []byte) ([]byte, error) {
	fail := func(status smbwire.Status) ([]byte, error) { return smbwire.AppendError2(b, h, status), nil }
	body, err := smbwire.ParseSessionSetup2(msg)
	if err != nil {
		return nil, err
	}
	token, err := smbwire.SetupToken2(msg)
	if err != nil {
		return nil, err
	}
	if body.Binding {
		return fail(smbwire.StatusNotSupported)
	}
	_, known := c.sessions[h.SessionID]
	switch {
	case h.SessionID != 0 && !known:
		return fail(smbwire.StatusUserSessionDeleted)
	case h.SessionID == 0 && len(c.sessions) >= smbMaxSessions:
		return fail(smbwire.StatusInsufficientResources)
	}
	ntlm, kind, ok := smbwire.NTLMFind(token)
	switch {
	case ok && kind == smbwire.NTLMNegotiate:
		if !known {
			if c.sessions == nil {
				c.sessions = make(map[uint64]bool)
			}
			h.SessionID = c.server.sessions.Add(1)
			c.sessions[h.SessionID] = false
		}
		var challenge [8]byte
		_, _ = rand.Read(challenge[:])
		reply := smbwire.AppendNTLMChallenge(nil, ntlm, challenge, smbName)
		if len(ntlm) < len(token) {
			reply = smbwire.SPNEGOChallenge(reply)
		}
		return smbwire.AppendSessionSetup2(b, h, smbwire.StatusMoreProcessingRequired, 0, reply), nil
	case ok && kind == smbwire.NTLMAuthenticate && known:
		c.sessions[h.SessionID] = true
		flags := smbwire.SessionGuest
		if user, _ := smbwire.NTLMUser(token); user == "" {
			flags = smbwire.SessionAnonymous
		}
		var reply []byte
		if len(ntlm) < len(token) {
			reply = smbwire.SPNEGODone()
		}
		return smbwire.AppendSessionSetup2(b, h, smbwire.StatusSuccess, flags, reply), nil
	}
	return fail(smbwire.StatusInvalidParameter)
}

// connect answers a tree connect, which every share gets.
func (c *smbClient) connect(b []byte, h smbwire.Header2, msg []byte) ([]byte, error) {
	pipe, err := smbwire.IsPipeTree2(msg)
	if err != nil {
		return nil, err
	}
	if len(c.trees) >= smbMaxTrees {
		return smbwire.AppendError2(b, h, smbwire.StatusInsufficientResources), nil
	}
	if c.trees == nil {
		c.trees = make(map[uint32]uint64)
	}
	c.lastTree++
	h.TreeID = c.lastTree
	c.trees[h.TreeID] = h.SessionID
	return smbwire.AppendTreeConnect2(b, h, pipe), nil
}
