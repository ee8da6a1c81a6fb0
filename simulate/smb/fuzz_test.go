package simulate

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// A script of FuzzSMBConnection is a byte of settings and then steps: what
// happens, on which of two connections (bit 4), the length of an argument (two
// bytes) and the argument.
const (
	scriptClient  = 0 // the client sends the argument
	scriptServer  = 1 // the file server sends it
	scriptTime    = 2 // as many seconds pass as the argument is long
	scriptConsole = 3 // the administrator types it
)

func scriptStep(what, conn byte, argument []byte) []byte {
	b := binary.LittleEndian.AppendUint16([]byte{what | conn<<4}, uint16(len(argument)))
	return append(b, argument...)
}

// FuzzSMBConnection lets two clients and the file server send anything in any
// order. Whatever they do, nothing panics or hangs, no message of a dead
// session reaches the file server, and at the end nothing is held.
//
// The corpus in testdata holds conversations of real clients with smbd, as
// recorded by TestSMBRecord in examples/interop.
func FuzzSMBConnection(f *testing.F) {
	setup := smbwire.Header2{Command: smbwire.Command2SessionSetup, MessageID: 1}
	reply := setup
	reply.Flags, reply.SessionID = smbwire.Flags2Reply, 5
	negotiated := append(scriptStep(scriptClient, 0, negotiate2()),
		scriptStep(scriptServer, 0, frame(smbwire.Header2{Flags: smbwire.Flags2Reply}.Append(nil)))...)
	session := append(negotiated, scriptStep(scriptClient, 0, frame(append(setup.Append(nil), setupBody("alice", false, 0)...)))...)
	session = append(session, scriptStep(scriptServer, 0, frame(append(reply.Append(nil), make([]byte, 8)...)))...)
	tree := smbwire.Header2{Command: smbwire.Command2TreeConnect, MessageID: 2, SessionID: 5}
	session = slices.Clip(append(session, scriptStep(scriptClient, 0, frame(append(tree.Append(nil), make([]byte, 8)...)))...))
	for settings := range byte(32) {
		f.Add(append([]byte{settings}, session...))
	}
	// Without a slot the session is dead; the other connection tries its id too.
	other := append(session, scriptStep(scriptClient, 1, negotiate2())...)
	other = append(other, scriptStep(scriptServer, 1, frame(smbwire.Header2{Flags: smbwire.Flags2Reply}.Append(nil)))...)
	other = append(other, scriptStep(scriptClient, 1, frame(append(tree.Append(nil), make([]byte, 8)...)))...)
	f.Add(append([]byte{0}, other...))
	tail := append([]byte("\xfdSMB"), make([]byte, smbwire.TransformHeaderSize-4)...)
	f.Add(append(append([]byte{0}, session...), scriptStep(scriptClient, 0, frame(append(tree.Append(tail), make([]byte, 8)...)))...))
	f.Add(append([]byte{1}, scriptStep(scriptTime, 0, make([]byte, 60))...))
	f.Add(append(append([]byte{33}, session...), scriptStep(scriptConsole, 0, []byte(`net session \\c0 /delete`))...))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 0 {
			synctest.Test(t, func(t *testing.T) { runSMBScript(t, script) })
		}
	})
}

// scriptPeer is a peer of the proxy that sends when told to, and whose reading
// side collects what arrives.
type scriptPeer struct {
	conn net.Conn
	send chan []byte

	mu       sync.Mutex
	received []byte
	closed   bool
}

func newScriptPeer(conn net.Conn, steps int) *scriptPeer {
	p := &scriptPeer{conn: conn, send: make(chan []byte, steps)}
	go func() {
		for b := range p.send {
			if _, err := conn.Write(b); err != nil {
				break
			}
		}
	}()
	go func() {
		b := make([]byte, 4096)
		for {
			n, err := conn.Read(b)
			p.mu.Lock()
			p.received = append(p.received, b[:n]...)
			p.closed = err != nil
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func runSMBScript(t *testing.T, script []byte) {
	settings, script := script[0], script[1:]
	s := SMBSettings{Count: SMBCount(settings >> 3 & 3), RefuseFirst: settings&4 != 0, AutoDisconnect: settings&32 != 0}
	if s.Count > CountComputers || s.Count == CountComputerUsers && s.RefuseFirst {
		return
	}
	h, err := New(limits.Windows{Edition: limits.XPHome}, &Settings{Limits: map[limits.Service]int{limits.SMB: int(settings & 3)}})
	require.NoError(t, err)
	steps := len(script)/3 + 1
	var mu sync.Mutex
	var servers []*scriptPeer
	s.Dial = func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		mu.Lock()
		defer mu.Unlock()
		servers = append(servers, newScriptPeer(far, steps))
		return near, nil
	}
	p, err := h.SMBProxy(s)
	require.NoError(t, err)
	gate, err := h.Gate(limits.SMB)
	require.NoError(t, err)
	ln := newPipeListener()
	served := make(chan error, 1)
	go func() { served <- p.Serve(ln) }()

	var clients [2]*scriptPeer
	passed := make(map[*scriptPeer]int) // bytes at each server that have been checked
	for len(script) >= 3 {
		what, conn := script[0]&3, script[0]>>4&1
		n := min(int(binary.LittleEndian.Uint16(script[1:])), len(script)-3)
		argument := script[3:][:n]
		script = script[3+n:]

		dead := deadSMB(p)
		switch what {
		case scriptClient:
			if clients[conn] == nil {
				clients[conn] = newScriptPeer(ln.connect("c"+string('0'+rune(conn))), steps)
			}
			clients[conn].send <- argument
		case scriptServer:
			if int(conn) < len(servers) {
				servers[conn].send <- argument
			}
		case scriptTime:
			time.Sleep(time.Duration(n) * time.Second)
		case scriptConsole:
			p.Net(string(argument))
		}
		synctest.Wait()
		for _, server := range servers {
			passed[server] = checkNothingDead(t, server.received, passed[server], dead)
		}
		require.LessOrEqual(t, gate.Stats().Held, int(settings&3))
		if s.Count == CountSessions {
			require.LessOrEqual(t, len(p.Sessions()), int(settings&3))
		}
	}

	require.NoError(t, p.Close())
	require.ErrorIs(t, <-served, net.ErrClosed)
	for _, peer := range append(servers, clients[:]...) {
		if peer != nil {
			peer.conn.Close()
			close(peer.send)
			synctest.Wait()
			require.True(t, peer.closed)
		}
	}
	require.Zero(t, gate.Stats().Held)
	require.Zero(t, p.pending.Len())
	require.Empty(t, p.sessions)
	require.Empty(t, p.live)
	require.Empty(t, p.places)
	require.Empty(t, p.conns)
}

// deadSMB returns the SMB2 sessions that are dead, and the UIDs that are so if
// there is one connection only: a UID has no meaning on another.
func deadSMB(p *SMBProxy) map[smbKey]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	dead := make(map[smbKey]bool)
	for _, s := range p.sessions {
		if s.key.id != 0 && s.dead.Load() {
			dead[s.key] = true
		}
	}
	for c := range p.conns {
		for _, s := range c.allSessions() {
			if len(p.conns) == 1 && s.key.smb1 && s.key.id != 0 && s.dead.Load() {
				dead[s.key] = true
			}
		}
	}
	return dead
}

// checkNothingDead looks at the whole frames in b from the offset on, and
// returns how far it came.
func checkNothingDead(t *testing.T, b []byte, from int, dead map[smbKey]bool) int {
	for {
		rest := b[from:]
		h, err := smbwire.ParseFrameHeader(rest)
		if len(rest) < smbwire.FrameHeaderSize || len(rest) < smbwire.FrameHeaderSize+h.Length {
			return from
		}
		require.NoError(t, err)
		msg := rest[smbwire.FrameHeaderSize:][:h.Length]
		from += smbwire.FrameHeaderSize + h.Length
		if h.Type != smbwire.FrameMessage {
			continue
		}
		if smbwire.ProtocolOf(msg) == smbwire.ProtocolTransform {
			id, err := smbwire.ParseTransform(msg, len(msg))
			require.NoError(t, err, "something follows an encrypted message")
			require.False(t, dead[smbKey{id: id}])
		}
		if h, err := smbwire.ParseHeader1(msg); err == nil {
			require.False(t, dead[smbKey{true, uint64(h.UID)}], "%+v", h)
		}
		for {
			h, err := smbwire.ParseHeader2(msg)
			if err != nil {
				break
			}
			require.False(t, dead[smbKey{id: h.SessionID}] && !h.IsRelated(), "%+v", h)
			n, err := h.NextOffset(len(msg))
			if err != nil || n == len(msg) {
				break
			}
			msg = msg[n:]
		}
	}
}
