package smb_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

var xpPro = limits.Windows{Edition: limits.XPProfessional}

// lab is a proxy between in-memory clients and an in-memory file server.
type lab struct {
	t      testing.TB
	host   *simulate.Host
	proxy  *smb.Proxy
	gate   *simulate.Gate
	server *fakeServer
	dial   smb.Dial // reaches the server
	ln     *pipeListener
}

// newLab starts a lab whose limit is n sessions, or that of w if n < 0. It
// checks at the end that no slot is left.
func newLab(t testing.TB, w limits.Windows, n int, settings *smb.Settings) *lab {
	t.Helper()
	var hostSettings simulate.Settings
	if n >= 0 {
		hostSettings.Limits = map[limits.Service]int{limits.SMB: n}
	}
	h, err := simulate.New(w, &hostSettings)
	require.NoError(t, err)
	l := &lab{t: t, host: h, server: &fakeServer{t: t, sessions: make(map[uint64]bool)}, ln: newPipeListener()}
	l.dial = l.server.dial
	l.proxy, err = smb.NewProxy(h, func(ctx context.Context) (net.Conn, error) { return l.dial(ctx) }, settings)
	require.NoError(t, err)
	l.gate, err = h.Gate(limits.SMB)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- l.proxy.Serve(l.ln) }()
	t.Cleanup(func() {
		assert.NoError(t, h.Close())
		assert.ErrorIs(t, <-served, net.ErrClosed)
		l.server.wait()
		assert.Zero(t, l.gate.Stats().Held, "slots left")
		assert.Empty(t, l.proxy.Left())
	})
	return l
}

// console types a line at the machine's console.
func (lab *lab) console(line string) string {
	lab.t.Helper()
	out, err := lab.host.Console(line)
	require.NoError(lab.t, err)
	return out
}

// client connects from a computer and negotiates.
func (lab *lab) client(computer string) *fakeClient { return lab.negotiate(lab.ln.connect(computer)) }

// negotiate makes a connection to the proxy a client.
func (lab *lab) negotiate(conn net.Conn) *fakeClient {
	c := &fakeClient{t: lab.t, Conn: conn}
	reply, _ := c.do(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
	require.Equal(lab.t, smbwire.StatusSuccess, reply.Status)
	return c
}

// session connects from a computer and sets up a session, which must succeed.
func (lab *lab) session(computer, user string) *fakeClient {
	c := lab.client(computer)
	require.Equal(lab.t, smbwire.StatusSuccess, c.logon(user).Status)
	return c
}

// held waits until nothing moves and returns the slots held.
func (lab *lab) held() int {
	synctest.Wait()
	return lab.gate.Stats().Held
}

// bubble runs f in a synctest bubble.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// pipeListener is a listener for in-memory connections.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr("server:445") }

func (l *pipeListener) connect(computer string) net.Conn {
	client, server := net.Pipe()
	l.conns <- pipeConn{server, pipeAddr(computer + ":49152")}
	return client
}

type pipeAddr string

func (pipeAddr) Network() string { return "pipe" }

func (a pipeAddr) String() string { return string(a) }

type pipeConn struct {
	net.Conn
	remote net.Addr
}

func (c pipeConn) RemoteAddr() net.Addr { return c.remote }

// readFrame reads one message and returns it without its frame header.
func readFrame(r io.Reader) ([]byte, error) {
	var b [smbwire.FrameHeaderSize]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return nil, err
	}
	h, err := smbwire.ParseFrameHeader(b[:])
	if err != nil {
		return nil, err
	}
	msg := make([]byte, h.Length)
	_, err = io.ReadFull(r, msg)
	return msg, err
}

func frame(msg []byte) []byte {
	return append(smbwire.FrameHeader{Length: len(msg)}.Append(nil), msg...)
}

// setupBody is the body of a SESSION_SETUP request for user.
func setupBody(user string, binding bool, previous uint64) []byte {
	le := binary.LittleEndian
	body := make([]byte, 24)
	body[0] = 25
	if binding {
		body[2] = 1
	}
	le.PutUint64(body[16:], previous)
	le.PutUint16(body[12:], smbwire.SessionSetup2Size)
	le.PutUint16(body[14:], uint16(64+2*len(user)))
	ntlm := make([]byte, 64)
	copy(ntlm, "NTLMSSP\x00\x03")
	le.PutUint16(ntlm[36:], uint16(2*len(user)))
	le.PutUint32(ntlm[40:], 64)
	ntlm[60] = 1
	for i := range len(user) {
		ntlm = append(ntlm, user[i], 0)
	}
	return append(body, ntlm...)
}

// fakeClient is an SMB2 client of the lab.
type fakeClient struct {
	net.Conn
	t       testing.TB
	message uint64
	id      uint64 // of its session
}

func (c *fakeClient) send(h smbwire.Header2, body []byte) {
	h.MessageID = c.message
	h.CreditCharge, h.Credits = 1, 1
	c.message++
	_, err := c.Write(frame(append(h.Append(nil), body...)))
	require.NoError(c.t, err)
}

func (c *fakeClient) receive() (smbwire.Header2, []byte) {
	msg, err := readFrame(c)
	require.NoError(c.t, err)
	h, err := smbwire.ParseHeader2(msg)
	require.NoError(c.t, err)
	return h, msg[smbwire.Header2Size:]
}

func (c *fakeClient) do(h smbwire.Header2, body []byte) (smbwire.Header2, []byte) {
	c.send(h, body)
	return c.receive()
}

// command sends a command on the client's session.
func (c *fakeClient) command(command smbwire.Command2) smbwire.Header2 {
	h, _ := c.do(smbwire.Header2{Command: command, SessionID: c.id, TreeID: 1}, []byte{4, 0, 0, 0})
	return h
}

// setup sends one leg of a session setup.
func (c *fakeClient) setup(id uint64, body []byte) smbwire.Header2 {
	h, _ := c.do(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id}, body)
	return h
}

// logon sets up a session in two legs and returns the last reply.
func (c *fakeClient) logon(user string) smbwire.Header2 { return c.logonReplacing(user, 0) }

func (c *fakeClient) logonReplacing(user string, previous uint64) smbwire.Header2 {
	h := c.setup(0, setupBody("", false, previous))
	if h.Status != smbwire.StatusMoreProcessingRequired {
		return h
	}
	h = c.setup(h.SessionID, setupBody(user, false, previous))
	if h.Status == smbwire.StatusSuccess {
		c.id = h.SessionID
	}
	return h
}

// tryLogon sets up a session, whatever becomes of it, and reports whether the
// connection is still there.
func (c *fakeClient) tryLogon(user string, previous uint64) bool {
	id := uint64(0)
	for _, name := range []string{"", user} {
		h := smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id, MessageID: c.message, CreditCharge: 1, Credits: 1}
		c.message++
		if _, err := c.Write(frame(append(h.Append(nil), setupBody(name, false, previous)...))); err != nil {
			return false
		}
		msg, err := readFrame(c)
		if err != nil {
			return false
		}
		if h, err = smbwire.ParseHeader2(msg); err != nil {
			return false
		}
		id = h.SessionID
	}
	c.id = id
	return true
}

// isClosed waits for the end of the connection.
func (c *fakeClient) isClosed() bool {
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// fakeServer is a file server that consents to everything but the users "wrong",
// and notes what it is sent.
type fakeServer struct {
	t  testing.TB
	wg sync.WaitGroup

	mu       sync.Mutex
	next     uint64
	sessions map[uint64]bool // true when set up
	dials    int
	seen     []smbwire.Header2
	seen1    []smbwire.Header1
	all      [][]byte // every message, whatever it is

	// script answers in the place of the server if it returns messages.
	script func(msg []byte) [][]byte

	forgetful bool // it notes nothing, and may be sent anything
}

// answering has script answer in the place of the server from then on.
func (f *fakeServer) answering(script func(msg []byte) [][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = script
}

// saw reports whether a message with the bytes reached the server.
func (f *fakeServer) saw(b []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.all, func(msg []byte) bool { return bytes.Contains(msg, b) })
}

// scripted notes a message and returns the script's answer to it.
func (f *fakeServer) scripted(msg []byte) [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.forgetful {
		return nil
	}
	f.all = append(f.all, msg)
	if f.script == nil {
		return nil
	}
	return f.script(msg)
}

func (f *fakeServer) dial(ctx context.Context) (net.Conn, error) {
	client, server := net.Pipe()
	f.mu.Lock()
	f.dials++
	f.mu.Unlock()
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		defer server.Close()
		message := uint64(0)
		for {
			msg, err := readFrame(server)
			if err != nil {
				return
			}
			var reply []byte
			if replies := f.scripted(msg); replies != nil {
				if smbwire.ProtocolOf(msg) == smbwire.ProtocolSMB2 {
					message++
				}
				for _, r := range replies {
					if _, err := server.Write(frame(r)); err != nil {
						return
					}
				}
				continue
			}
			switch smbwire.ProtocolOf(msg) {
			case smbwire.ProtocolSMB2:
				h, err := smbwire.ParseHeader2(msg)
				if !assert.NoError(f.t, err) {
					return
				}
				if h.Command != smbwire.Command2Cancel {
					assert.Equal(f.t, message, h.MessageID, "hole in the message numbers")
					message++
				}
				if h.NextCommand != 0 {
					message++ // compounds of the tests have two parts
				}
				reply = f.answer2(h, msg)
			case smbwire.ProtocolSMB1:
				h, err := smbwire.ParseHeader1(msg)
				if !assert.NoError(f.t, err) {
					return
				}
				reply = f.answer1(h, msg)
			default:
				reply = msg
			}
			if reply == nil {
				continue
			}
			if _, err := server.Write(frame(reply)); err != nil {
				return
			}
		}
	}()
	return client, nil
}

func (f *fakeServer) wait() { f.wg.Wait() }

func (f *fakeServer) answer2(h smbwire.Header2, msg []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answer2Locked(h, msg)
}

// answer2Locked is answer2 for a script.
func (f *fakeServer) answer2Locked(h smbwire.Header2, msg []byte) []byte {
	if !f.forgetful {
		f.seen = append(f.seen, h)
	}
	h.Flags |= smbwire.Flags2Reply
	h.Credits = 7
	switch h.Command {
	case smbwire.Command2Cancel:
		return nil
	case smbwire.Command2SessionSetup:
		user, _ := smbwire.NTLMUser(msg)
		binding := msg[smbwire.Header2Size+2] == 1
		switch {
		case user == "wrong":
			h.Status = 0xC000006D
			return append(h.Append(nil), make([]byte, 9)...)
		case h.SessionID == 0:
			f.next++
			h.SessionID = f.next
			f.sessions[h.SessionID] = false
			h.Status = smbwire.StatusMoreProcessingRequired
		case binding && user == "":
			h.Status = smbwire.StatusMoreProcessingRequired
		default:
			f.sessions[h.SessionID] = true
			h.Flags |= smbwire.Flags2Sign
			h.Signature[0] = 0xaa
		}
	case smbwire.Command2Logoff:
		delete(f.sessions, h.SessionID)
	case smbwire.Command2Negotiate, smbwire.Command2Echo:
	default:
		if !f.sessions[h.SessionID] {
			h.Status = smbwire.StatusUserSessionDeleted
		}
	}
	return append(h.Append(nil), msg[smbwire.Header2Size:]...)
}

func (f *fakeServer) answer1(h smbwire.Header1, msg []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.forgetful {
		f.seen1 = append(f.seen1, h)
	}
	h.Flags |= smbwire.Flags1Reply
	switch h.Command {
	case smbwire.Command1NTCancel:
		return nil
	case smbwire.Command1SessionSetup:
		if h.UID == 0 {
			f.next++
			h.UID = uint16(f.next)
			if h.Flags2&smbwire.Flags2Extended != 0 {
				h.Status = smbwire.StatusMoreProcessingRequired
				if h.Flags2&smbwire.Flags2NTStatus == 0 {
					h.Status = 0x00EA0001
				}
			}
		}
	}
	if bytes.Contains(msg, []byte("nosuch")) {
		// The last command of the chain fails. Those before it have words, and
		// name it.
		h.Status = 0xC00000CC
		if h.Flags2&smbwire.Flags2NTStatus == 0 {
			h.Status = 0x00430001
		}
		return append(h.Append(nil), 3, msg[smbwire.Header1Size+1], 0, 41, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return append(h.Append(nil), 1, 0xff, 0, 0, 0)
}

// sawSession reports whether a message with the id reached the server, other
// than its setup.
func (f *fakeServer) sawSession(id uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.seen {
		if h.SessionID == id && h.Command != smbwire.Command2SessionSetup {
			return true
		}
	}
	return false
}

func negotiate2() []byte {
	return frame(append(smbwire.Header2{Command: smbwire.Command2Negotiate}.Append(nil), make([]byte, 36)...))
}

// message1 is an SMB1 message with a block of words that can be chained.
func message1(h smbwire.Header1, words ...byte) []byte {
	b := append(h.Append(nil), words...)
	return frame(append(b, make([]byte, 40)...))
}

// client1 is an SMB1 client of the lab.
type client1 struct {
	net.Conn
	t   testing.TB
	mid uint16
}

func (c *client1) do(h smbwire.Header1, words ...byte) smbwire.Header1 {
	c.mid++
	h.PID, h.MID = 77, c.mid
	reply := c.exchange(message1(h, words...))
	require.Equal(c.t, c.mid, reply.MID)
	return reply
}

// exchange sends a message of PID 77 and returns the header of the reply.
func (c *client1) exchange(b []byte) smbwire.Header1 {
	_, err := c.Write(b)
	require.NoError(c.t, err)
	msg, err := readFrame(c)
	require.NoError(c.t, err)
	reply, err := smbwire.ParseHeader1(msg)
	require.NoError(c.t, err)
	require.Equal(c.t, uint16(77), reply.PID)
	if reply.Status == smbwire.StatusRequestNotAccepted || reply.Status == 0x00470001 {
		require.Len(c.t, msg, smbwire.MinMessage1Size)
	}
	return reply
}

func (lab *lab) client1(computer string) *client1 {
	c := &client1{t: lab.t, Conn: lab.ln.connect(computer)}
	c.do(smbwire.Header1{Command: smbwire.Command1Negotiate}, 0)
	return c
}

// loopback has the proxy serve on loopback as well, and returns the address.
func (lab *lab) loopback() string {
	lab.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(lab.t, err)
	served := make(chan error, 1)
	go func() { served <- lab.proxy.Serve(ln) }()
	lab.t.Cleanup(func() {
		ln.Close()
		assert.ErrorIs(lab.t, <-served, net.ErrClosed)
	})
	return ln.Addr().String()
}

// dialTCP connects to an address of the proxy and negotiates.
func (lab *lab) dialTCP(addr string) *fakeClient {
	lab.t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(lab.t, err)
	return lab.negotiate(conn)
}
