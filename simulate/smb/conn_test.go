package simulate

import (
	"bytes"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

func negotiate2() []byte {
	return frame(append(smbwire.Header2{Command: smbwire.Command2Negotiate}.Append(nil), make([]byte, 36)...))
}

// message1 is an SMB1 message with a block of words that can be chained.
func message1(h smbwire.Header1, words ...byte) []byte {
	b := append(h.Append(nil), words...)
	return frame(append(b, make([]byte, 40)...))
}

// TestSMBGarbage: what is no SMB ends its own connection, without a word to the
// file server if it has not negotiated, and disturbs nobody.
func TestSMBGarbage(t *testing.T) {
	setup2 := smbwire.Header2{Command: smbwire.Command2SessionSetup, MessageID: 1}
	compound := setup2
	compound.Command, compound.NextCommand = smbwire.Command2Echo, 72
	reply := smbwire.Header2{Command: smbwire.Command2Echo, Flags: smbwire.Flags2Reply, MessageID: 1}
	bad := smbwire.Header2{Command: smbwire.Command2Echo, NextCommand: 8, MessageID: 1}
	for _, tt := range []struct {
		name  string
		bytes []byte
		first bool // before NEGOTIATE
	}{
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), true},
		{"TLS", []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"), true},
		{"zeros", make([]byte, 100), true},
		{"other magic", frame([]byte("\xfbSMB" + string(make([]byte, 100)))), true},
		{"session setup first", frame(append(setup2.Append(nil), make([]byte, 24)...)), true},
		{"encrypted first", frame([]byte("\xfdSMB" + string(make([]byte, 100)))), true},
		{"SMB1 without a negotiate", message1(smbwire.Header1{Command: smbwire.Command1Echo}, 1), true},
		{"long session request", append([]byte{0x81, 0, 8, 0}, make([]byte, 2048)...), true},
		{"keep-alive with data", []byte{0x85, 0, 0, 1, 0}, true},
		{"a reply's frame type", []byte{0x82, 0, 0, 0}, true},
		{"16 MiB without a session", []byte{0, 0xff, 0xff, 0xff}, false},
		{"short SMB2", frame([]byte("\xfeSMB@\x00")), false},
		{"short SMB1", frame([]byte("\xffSMB\x72\x00")), false},
		{"short transform", frame([]byte("\xfdSMB\x72\x00")), false},
		{"short compression", frame([]byte("\xfcSMB\x72\x00")), false},
		{"session setup in a compound", frame(append(append(append(compound.Append(nil), make([]byte, 8)...), setup2.Append(nil)...), make([]byte, 24)...)), false},
		{"session setup cut short", frame(setup2.Append(nil)), false},
		{"reply from a client", frame(reply.Append(nil)), false},
		{"chain into its own header", frame(bad.Append(nil)), false},
		{"SMB1 reply from a client", message1(smbwire.Header1{Command: smbwire.Command1Echo, Flags: smbwire.Flags1Reply}, 1), false},
		{"SMB1 session setup at the end of a chain", message1(smbwire.Header1{Command: smbwire.Command1Logoff}, 2, 0x73, 0, 40, 0), false},
		{"SMB1 chain backwards", message1(smbwire.Header1{Command: smbwire.Command1Logoff}, 2, 0x75, 0, 31, 0), false},
		{"session request after negotiation", []byte{0x81, 0, 0, 0}, false},
		{"compressed session setup", frame(append([]byte("\xfcSMB\x00\x00\x00\x00\x01\x00\x00\x00\x40\x00\x00\x00"), setup2.Append(nil)...)), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newSMBLab(t, xpPro, -1, SMBSettings{})
				user := lab.session("c1", "alice")
				dials := lab.server.dials
				start := time.Now()
				var c *fakeClient
				if tt.first {
					c = &fakeClient{t: t, Conn: lab.ln.connect("c2")}
				} else {
					c = lab.client("c2")
				}
				go c.Write(tt.bytes)
				assert.True(t, c.isClosed())
				assert.Zero(t, time.Since(start), "at once")
				if tt.first {
					assert.Equal(t, dials, lab.server.dials, "the file server was not troubled")
				}
				assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2Read).Status)
				user.Close()
			})
		})
	}
}

// TestSMBStall: a message that does not go on ends its connection, even where
// there is a session.
func TestSMBStall(t *testing.T) {
	whole := frame(append(smbwire.Header2{Command: smbwire.Command2Read}.Append(nil), make([]byte, 50)...))
	for _, n := range []int{1, 3, 4, 5, 8, 67, 68, 100} {
		bubble(t, func(t *testing.T) {
			lab := newSMBLab(t, xpPro, -1, SMBSettings{})
			c := lab.session("c1", "alice")
			time.Sleep(time.Hour)
			start := time.Now()
			_, err := c.Write(whole[:n])
			require.NoError(t, err)
			assert.True(t, c.isClosed())
			assert.Equal(t, 30*time.Second, time.Since(start))
			assert.Equal(t, 0, lab.held())
		})
	}
}

// TestSMBByteByByte: TCP may deliver anything in pieces.
func TestSMBByteByByte(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.client("c1")
		c.Conn = slowConn{c.Conn}
		assert.Equal(t, smbwire.StatusSuccess, c.logon("alice").Status)
		assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		late := lab.client("c2")
		late.Conn = slowConn{late.Conn}
		assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logon("bob").Status)
		c.Close()
		late.Close()
	})
}

type slowConn struct{ net.Conn }

func (c slowConn) Write(b []byte) (int, error) {
	for i := range b {
		if _, err := c.Conn.Write(b[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(b), nil
}

// TestSMBSetupHoldsBack: a request that a client sends on a session without
// waiting for the answer to its setup is not passed on before the decision.
func TestSMBSetupHoldsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 0, SMBSettings{})
		c := lab.client("c1")
		h := c.setup(0, setupBody("", false, 0))
		go func() {
			c.send(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: h.SessionID}, setupBody("alice", false, 0))
			c.send(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: h.SessionID}, make([]byte, 8))
		}()
		refused, _ := c.receive()
		assert.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		stopped, _ := c.receive()
		assert.Equal(t, smbwire.StatusUserSessionDeleted, stopped.Status)
		assert.False(t, lab.server.sawSession(h.SessionID))
		c.Close()
	})
}

// TestSMBCompound: a compound passes whole, on a dead session it ends the
// connection.
func TestSMBCompound(t *testing.T) {
	compound := func(id uint64, message uint64) []byte {
		first := smbwire.Header2{Command: smbwire.Command2Create, NextCommand: 72, MessageID: message, SessionID: id, TreeID: 3}
		second := smbwire.Header2{
			Command: smbwire.Command2Close, Flags: smbwire.Flags2Related, MessageID: message + 1,
			SessionID: 0xffffffffffffffff, TreeID: 0xffffffff,
		}
		b := append(first.Append(nil), make([]byte, 8)...)
		return frame(append(second.Append(b), make([]byte, 8)...))
	}
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.session("c1", "alice")
		sent := compound(c.id, c.message)
		c.message += 2
		_, err := c.Write(sent)
		require.NoError(t, err)
		got := make([]byte, len(sent))
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		assert.Equal(t, smbwire.Flags2Reply, uint32(got[4+16]))
		got[4+16], got[4+14] = sent[4+16], sent[4+14] // flag and credits of the reply
		assert.Equal(t, sent, got)

		h := c.setup(0, setupBody("", false, 0))
		require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
		refused := c.setup(h.SessionID, setupBody("bob", false, 0))
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		go c.Write(compound(refused.SessionID, c.message))
		assert.True(t, c.isClosed())
		assert.False(t, lab.server.sawSession(refused.SessionID))
	})
}

// TestSMBCompressed: compressed messages pass, unless they may belong to a
// dead session.
func TestSMBCompressed(t *testing.T) {
	clear := func(id uint64) []byte {
		b := []byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x40\x00\x00\x00")
		return frame(append(smbwire.Header2{Command: smbwire.Command2Write, SessionID: id}.Append(b), "compressed"...))
	}
	opaque := frame([]byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00compressed"))
	for _, tt := range []struct {
		name   string
		dead   bool
		bytes  func(id, dead uint64) []byte
		passes bool
	}{
		{"opaque", false, func(_, _ uint64) []byte { return opaque }, true},
		{"clear", false, func(id, _ uint64) []byte { return clear(id) }, true},
		{"opaque beside a dead session", true, func(_, _ uint64) []byte { return opaque }, false},
		{"clear beside a dead session", true, func(id, _ uint64) []byte { return clear(id) }, true},
		{"clear on a dead session", true, func(_, dead uint64) []byte { return clear(dead) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newSMBLab(t, xpPro, 1, SMBSettings{})
				c := lab.session("c1", "alice")
				var dead uint64
				if tt.dead {
					id := c.id
					dead = c.logon("bob").SessionID
					c.id = id
				}
				b := tt.bytes(c.id, dead)
				_, err := c.Write(b)
				require.NoError(t, err)
				if !tt.passes {
					assert.True(t, c.isClosed())
					return
				}
				got, err := readFrame(c)
				require.NoError(t, err)
				assert.Equal(t, b[4:], got)
				c.Close()
			})
		})
	}
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
	_, err := c.Write(message1(h, words...))
	require.NoError(c.t, err)
	msg, err := readFrame(c)
	require.NoError(c.t, err)
	reply, err := smbwire.ParseHeader1(msg)
	require.NoError(c.t, err)
	require.Equal(c.t, uint16(77), reply.PID)
	require.Equal(c.t, c.mid, reply.MID)
	if reply.Status == smbwire.StatusRequestNotAccepted || reply.Status == 0x00470001 {
		require.Len(c.t, msg, smbwire.MinMessage1Size)
	}
	return reply
}

func (lab *smbLab) client1(computer string) *client1 {
	c := &client1{t: lab.t, Conn: lab.ln.connect(computer)}
	c.do(smbwire.Header1{Command: smbwire.Command1Negotiate}, 0)
	return c
}

func TestSMB1(t *testing.T) {
	const nt = smbwire.Flags2NTStatus
	setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: nt}
	chained := []byte{13, 0x75, 0, 60, 0} // followed by a tree connect
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.client1("c1")

		// Two legs with extended security.
		extended := setup
		extended.Flags2 |= smbwire.Flags2Extended
		leg := c.do(extended, 12, 0xff, 0, 0, 0)
		require.Equal(t, smbwire.StatusMoreProcessingRequired, leg.Status)
		assert.Equal(t, 0, lab.held())
		extended.UID = leg.UID
		first := c.do(extended, 12, 0xff, 0, 0, 0)
		require.Equal(t, smbwire.StatusSuccess, first.Status)
		assert.Equal(t, 1, lab.held())
		assert.Equal(t, smbwire.StatusSuccess, c.do(extended, 12, 0xff, 0, 0, 0).Status, "again, on its own UID")

		// One leg, chained, refused with one short answer, in both forms.
		refused := c.do(setup, chained...)
		assert.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		dos := setup
		dos.Flags2 = 0
		assert.Equal(t, smbwire.Status(0x00470001), c.do(dos, chained...).Status)

		// The refused UID is dead, the first one is not.
		dead := smbwire.Header1{Command: smbwire.Command1TreeConnect, Flags2: nt, UID: refused.UID}
		stopped := c.do(dead, 4, 0xff, 0, 0, 0)
		assert.Equal(t, smbwire.StatusUserSessionDeleted, stopped.Status)
		assert.Equal(t, smbwire.Command1TreeConnect, stopped.Command)
		assert.Equal(t, refused.UID, stopped.UID)
		dead.Command = smbwire.Command1NTCancel
		_, err := c.Write(message1(dead, 0))
		require.NoError(t, err)
		live := smbwire.Header1{Command: smbwire.Command1NTCreate, Flags2: nt, UID: first.UID, TID: 5}
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 24, 0xff, 0, 0, 0).Status)
		assert.Equal(t, 1, lab.proxy.Sessions()[0].Opens)
		live.Command = smbwire.Command1Close
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 3).Status)
		assert.Equal(t, 0, lab.proxy.Sessions()[0].Opens)
		for _, h := range lab.server.seen1 {
			assert.True(t, h.UID != refused.UID || h.Command == smbwire.Command1SessionSetup, "%+v", h)
		}

		// The same UID on another connection is another session.
		other := lab.client1("c2")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, other.do(setup, 13, 0xff, 0, 0, 0).Status)
		live.Command = smbwire.Command1Logoff
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 2, 0xff, 0, 0, 0).Status)
		assert.Equal(t, 0, lab.held())
		assert.Equal(t, smbwire.StatusSuccess, other.do(setup, 13, 0xff, 0, 0, 0).Status)

		// A signature cannot be made up for an answer.
		dead.Command, dead.Flags2 = smbwire.Command1TreeConnect, nt|smbwire.Flags2Signed
		go c.Write(message1(dead, 4, 0xff, 0, 0, 0))
		_, err = c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
		other.Close()
	})
}

// TestSMBOverNetBIOS: a session request passes, and so do keep-alives.
func TestSMBOverNetBIOS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		request := append([]byte{0x81, 0, 0, 68}, make([]byte, 68)...)
		keepAlive := []byte{0x85, 0, 0, 0}
		for _, b := range [][]byte{keepAlive, request, negotiate2(), keepAlive} {
			_, err := c.Write(b)
			require.NoError(t, err)
			if bytes.Equal(b, keepAlive) {
				synctest.Wait()
				continue
			}
			_, err = readFrame(c)
			require.NoError(t, err)
		}
		c.Close()
	})
}

// TestSMBLargeFramesOverTCP: with real sockets, payloads pass from socket to
// socket and stay what they are.
func TestSMBLargeFramesOverTCP(t *testing.T) {
	server := &fakeSMB{t: t, sessions: make(map[uint64]bool)}
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer backend.Close()
	go func() {
		for {
			c, err := backend.Accept()
			if err != nil {
				return
			}
			inner, _ := server.dial(t.Context())
			go func() { io.Copy(c, inner); c.Close() }()
			go func() { io.Copy(inner, c); inner.Close() }()
		}
	}()
	p, addr := serveSMB(t, xpPro, SMBSettings{Backend: backend.Addr().String()})
	c := dialSMB(t, addr)
	require.Equal(t, smbwire.StatusSuccess, c.logon("alice").Status)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	for range 4 {
		h, got := c.do(smbwire.Header2{Command: smbwire.Command2Write, SessionID: c.id}, body)
		require.Equal(t, smbwire.StatusSuccess, h.Status)
		require.True(t, bytes.Equal(body, got))
	}
	c.Close()
	require.NoError(t, p.gate.WaitHeld(t.Context(), 0))
	require.NoError(t, p.Close())
	server.wait()
}

// serveSMB starts a proxy on loopback.
func serveSMB(t testing.TB, w limits.Windows, settings SMBSettings) (*SMBProxy, string) {
	t.Helper()
	h, err := New(w, nil)
	require.NoError(t, err)
	p, err := h.SMBProxy(settings)
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- p.Serve(ln) }()
	t.Cleanup(func() {
		p.Close()
		assert.ErrorIs(t, <-served, net.ErrClosed)
	})
	return p, ln.Addr().String()
}

func dialSMB(t testing.TB, addr string) *fakeClient {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	c := &fakeClient{t: t, Conn: conn}
	h, _ := c.do(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
	require.Equal(t, smbwire.StatusSuccess, h.Status)
	return c
}

// TestSMBHostileConnections: ten thousand connections that are no clients, a
// few hundred at a time, leave a session in peace and nothing behind.
func TestSMBHostileConnections(t *testing.T) {
	server := &fakeSMB{t: t, sessions: make(map[uint64]bool)}
	p, addr := serveSMB(t, xpPro, SMBSettings{Dial: server.dial, MaxPending: 64})
	user := dialSMB(t, addr)
	require.Equal(t, smbwire.StatusSuccess, user.logon("alice").Status)

	attacks := [][]byte{
		nil,
		{0},
		{0, 0xff, 0xff, 0xff},
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		negotiate2(),
		negotiate2()[:30],
		append(negotiate2(), 0, 0xff, 0xff, 0xff),
		bytes.Repeat([]byte{0xff}, 4096),
	}
	attack := func(n int) {
		var wg sync.WaitGroup
		work := make(chan []byte)
		for range 50 {
			wg.Go(func() {
				var held []net.Conn // stalled until there are several
				for b := range work {
					c, err := net.Dial("tcp", addr)
					if !assert.NoError(t, err) {
						continue
					}
					c.(*net.TCPConn).SetLinger(0)
					c.Write(b)
					if held = append(held, c); len(held) == 8 {
						for _, c := range held {
							c.Close()
						}
						held = nil
					}
				}
				for _, c := range held {
					c.Close()
				}
			})
		}
		for i := range n {
			work <- attacks[i%len(attacks)]
		}
		close(work)
		wg.Wait()
	}
	goroutines, files, heap := footprint()
	attack(10_000)
	giveUp := time.Now().Add(time.Minute)
	for {
		goroutines2, files2, heap2 := footprint()
		if goroutines2 <= goroutines+4 && files2 <= files+4 && heap2 < heap+4<<20 {
			break
		}
		require.True(t, time.Now().Before(giveUp), "%d goroutines, %d descriptors, %d bytes; before it were %d, %d, %d",
			goroutines2, files2, heap2, goroutines, files, heap)
	}
	assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2Read).Status)
	user.Close()
	require.NoError(t, p.gate.WaitHeld(t.Context(), 0))
}

// footprint returns the goroutines, descriptors and bytes in use.
func footprint() (goroutines, files int, heap uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	fds, _ := os.ReadDir("/proc/self/fd")
	return runtime.NumGoroutine(), len(fds), m.HeapAlloc
}
