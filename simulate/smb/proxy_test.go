package simulate

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// smbLab is a proxy between in-memory clients and an in-memory file server.
type smbLab struct {
	t      testing.TB
	proxy  *SMBProxy
	gate   *Gate
	server *fakeSMB
	ln     *pipeListener
}

// newSMBLab starts a lab whose limit is n sessions, or that of w if n < 0. It
// checks at the end that no slot is left.
func newSMBLab(t testing.TB, w limits.Windows, n int, settings SMBSettings) *smbLab {
	t.Helper()
	var hostSettings Settings
	if n >= 0 {
		hostSettings.Limits = map[limits.Service]int{limits.SMB: n}
	}
	h, err := New(w, &hostSettings)
	require.NoError(t, err)
	lab := &smbLab{t: t, server: &fakeSMB{t: t, sessions: make(map[uint64]bool)}, ln: newPipeListener()}
	settings.Dial = lab.server.dial
	lab.proxy, err = h.SMBProxy(settings)
	require.NoError(t, err)
	lab.gate, err = h.Gate(limits.SMB)
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- lab.proxy.Serve(lab.ln) }()
	t.Cleanup(func() {
		lab.proxy.Close()
		assert.ErrorIs(t, <-served, net.ErrClosed)
		lab.server.wait()
		assert.Zero(t, lab.gate.Stats().Held, "slots left")
		assert.Zero(t, lab.proxy.pending.Len())
		assert.Empty(t, lab.proxy.sessions)
		assert.Empty(t, lab.proxy.live)
		assert.Empty(t, lab.proxy.places)
		assert.Empty(t, lab.proxy.conns)
	})
	return lab
}

// client connects from a computer and negotiates.
func (lab *smbLab) client(computer string) *fakeClient {
	c := &fakeClient{t: lab.t, Conn: lab.ln.connect(computer)}
	reply, _ := c.do(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
	require.Equal(lab.t, smbwire.StatusSuccess, reply.Status)
	return c
}

// session connects from a computer and sets up a session, which must succeed.
func (lab *smbLab) session(computer, user string) *fakeClient {
	c := lab.client(computer)
	require.Equal(lab.t, smbwire.StatusSuccess, c.logon(user).Status)
	return c
}

// held waits until nothing moves and returns the slots held.
func (lab *smbLab) held() int {
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

func (pipeAddr) Network() string  { return "pipe" }
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

// isClosed waits for the end of the connection.
func (c *fakeClient) isClosed() bool {
	_, err := c.Read(make([]byte, 1))
	return errors.Is(err, io.EOF)
}

// fakeSMB is a file server that consents to everything but the users "wrong",
// and notes what it is sent.
type fakeSMB struct {
	t  testing.TB
	wg sync.WaitGroup

	mu       sync.Mutex
	next     uint64
	sessions map[uint64]bool // true when set up
	dials    int
	seen     []smbwire.Header2
	seen1    []smbwire.Header1
}

func (f *fakeSMB) dial(ctx context.Context) (net.Conn, error) {
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
				reply = f.answer1(h)
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

func (f *fakeSMB) wait() { f.wg.Wait() }

func (f *fakeSMB) answer2(h smbwire.Header2, msg []byte) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, h)
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

func (f *fakeSMB) answer1(h smbwire.Header1) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen1 = append(f.seen1, h)
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
			}
		}
	}
	return append(h.Append(nil), 1, 0xff, 0, 0, 0)
}

// sawSession reports whether a message with the id reached the server, other
// than its setup.
func (f *fakeSMB) sawSession(id uint64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.seen {
		if h.SessionID == id && h.Command != smbwire.Command2SessionSetup {
			return true
		}
	}
	return false
}

func TestSMBProxySettings(t *testing.T) {
	h, err := New(xpPro, nil)
	require.NoError(t, err)
	for want, bad := range map[string]SMBSettings{
		"neither Backend nor Dial is set":                              {},
		`SMBSettings.Count: SMBCount(9): want one of ["session" `:      {Backend: "x", Count: 9},
		"RefuseFirst does not go with CountComputerUsers":              {Backend: "x", Count: CountComputerUsers, RefuseFirst: true},
		"SMBSettings.MaxPending: -1: want 0, which is 1024, or more":   {Backend: "x", MaxPending: -1},
		"SMBSettings.NegotiateTimeout: -1ns: want 0, which is 30s, or": {Backend: "x", NegotiateTimeout: -1},
		"SMBSettings.SessionTimeout: -1ns: want 0, which is 2m0s, or":  {Backend: "x", SessionTimeout: -1},
	} {
		_, err := h.SMBProxy(bad)
		assert.ErrorContains(t, err, want)
	}
	p, err := h.SMBProxy(SMBSettings{Backend: "127.0.0.1:1"})
	require.NoError(t, err)
	assert.Equal(t, 30*time.Second, p.settings.NegotiateTimeout)
	assert.Equal(t, 2*time.Minute, p.settings.SessionTimeout)
	assert.Equal(t, 1024, p.settings.MaxPending)
	require.NoError(t, p.Close())
	assert.ErrorIs(t, p.Serve(newPipeListener()), net.ErrClosed)
}

func TestSMBCountText(t *testing.T) {
	for c, name := range smbCountNames {
		var got SMBCount
		require.NoError(t, got.UnmarshalText([]byte(name)))
		assert.Equal(t, SMBCount(c), got)
		text, err := got.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, name, string(text))
		assert.Equal(t, name, got.String())
	}
	var c SMBCount
	assert.Error(t, c.UnmarshalText([]byte("share")))
	_, err := SMBCount(9).MarshalText()
	assert.Error(t, err)
	assert.Equal(t, "SMBCount(9)", SMBCount(9).String())
}

func TestSMBComputer(t *testing.T) {
	for addr, want := range map[string]string{
		"10.0.0.1:445": "10.0.0.1", "[::ffff:10.0.0.1]:445": "10.0.0.1", "[fe80::1]:445": "fe80::1", "pipe": "pipe",
	} {
		assert.Equal(t, want, smbComputer(pipeAddr(addr)))
	}
}

// TestSMBStarter: the edition has the service and takes nobody.
func TestSMBStarter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, limits.Windows{Edition: limits.VistaStarter}, -1, SMBSettings{})
		c := lab.client("c1")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, c.logon("alice").Status)
		c.Close()
	})
}

// TestSMBPendingTime: 30 s without a dialect, 2 minutes without a session.
func TestSMBPendingTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, -1, SMBSettings{})
		start := time.Now()
		silent := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		assert.True(t, silent.isClosed())
		assert.Equal(t, 30*time.Second, time.Since(start))

		start = time.Now()
		c := lab.client("c1")
		assert.True(t, c.isClosed())
		assert.Equal(t, 2*time.Minute, time.Since(start))

		start = time.Now()
		c = lab.session("c1", "alice")
		time.Sleep(10 * time.Minute)
		c.command(smbwire.Command2Logoff)
		assert.Equal(t, 0, lab.held())
		assert.True(t, c.isClosed())
		assert.Equal(t, 12*time.Minute, time.Since(start))
	})
}

// TestSMBPendingNumber: one connection too many without a session costs the
// oldest its place, and no session.
func TestSMBPendingNumber(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, -1, SMBSettings{MaxPending: 2})
		user := lab.session("c1", "alice")
		first := lab.client("c2")
		second := lab.client("c2")
		third := lab.client("c2")
		assert.True(t, first.isClosed())
		assert.Equal(t, smbwire.StatusSuccess, second.logon("bob").Status)
		assert.Equal(t, smbwire.StatusSuccess, third.logon("bob").Status)
		assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2TreeConnect).Status)
		for _, c := range []*fakeClient{user, second, third} {
			c.Close()
		}
	})
}

// TestSMBBackendGone: clients of a dead file server lose the connection only.
func TestSMBBackendGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, -1, SMBSettings{})
		lab.proxy.settings.Dial = func(context.Context) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		c.send(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
		assert.True(t, c.isClosed())
		assert.Equal(t, 0, lab.held())
	})
}

// failingListener fails now and then, as one does without descriptors.
type failingListener struct {
	*pipeListener
	errs chan error
}

type temporaryError struct{ error }

func (temporaryError) Temporary() bool { return true }

func (l failingListener) Accept() (net.Conn, error) {
	select {
	case err := <-l.errs:
		return nil, err
	default:
		return l.pipeListener.Accept()
	}
}

func TestSMBServeSurvivesTemporaryErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, -1, SMBSettings{})
		l := failingListener{newPipeListener(), make(chan error, 3)}
		l.errs <- temporaryError{io.ErrNoProgress}
		l.errs <- temporaryError{io.ErrNoProgress}
		served := make(chan error)
		go func() { served <- lab.proxy.Serve(l) }()
		c := l.connect("c9")
		synctest.Wait() // until Serve accepts again, so that it takes one more
		l.errs <- io.ErrClosedPipe
		c.Close()
		l.connect("c9").Close()
		assert.ErrorIs(t, <-served, io.ErrClosedPipe)
	})
}
