package smb_test

import (
	"context"
	"encoding/binary"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// A script of FuzzConnection is a byte of settings and then steps: what
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

// FuzzConnection lets two clients and the file server send anything in any
// order. Whatever they do, nothing panics or hangs, a message that needs a session reaches
// the file server only on one that was admitted, and at the end nothing is held.
//
// The corpus in testdata holds conversations of real clients with smbd, as
// recorded by TestSMBRecord in examples/interop.
func FuzzConnection(f *testing.F) {
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
	// A session that was never set up, a reply of the client's choice, a message in
	// the encryption of a session, and compressed ones.
	tree.SessionID = 9
	f.Add(append(append([]byte{1}, session...), scriptStep(scriptClient, 0, frame(append(tree.Append(nil), make([]byte, 8)...)))...))
	f.Add(append(append([]byte{1}, session...), scriptStep(scriptClient, 0, encrypted(9, "x"))...))
	f.Add(append(append([]byte{1}, session...), scriptStep(scriptClient, 0, encrypted(5, "x"))...))
	f.Add(append(append([]byte{1}, session...), scriptStep(scriptClient, 0, compressed(tree))...))
	setup1 := smbwire.Header1{Command: smbwire.Command1SessionSetup}
	reply1 := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags: smbwire.Flags1Reply, UID: 5}
	session1 := slices.Concat([]byte{1}, scriptStep(scriptClient, 0, message1(smbwire.Header1{Command: smbwire.Command1Negotiate}, 0)),
		scriptStep(scriptClient, 0, chain1(setup1, 13, smbwire.Command1TreeConnect)),
		scriptStep(scriptServer, 0, frame(append(reply1.Append(nil), 3, 0x75, 0, 41, 0, 0, 0, 0, 0, 0, 0, 0))))
	f.Add(session1)
	raw := smbwire.Header1{Command: 0x1a, UID: 5}
	reply1.Command = smbwire.Command1Logoff
	f.Add(slices.Concat(session1, scriptStep(scriptClient, 0, message1(raw, 8)),
		scriptStep(scriptServer, 0, frame(append(reply1.Append(nil), 2, 0xff, 0, 0, 0, 0, 0))), scriptStep(scriptClient, 0, message1(raw, 8))))
	f.Add(append([]byte{1}, scriptStep(scriptTime, 0, make([]byte, 60))...))
	f.Add(append(append([]byte{33}, session...), scriptStep(scriptConsole, 0, []byte(`net session \\c0 /delete`))...))
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 0 {
			synctest.Test(t, func(t *testing.T) { runScript(t, script) })
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

func runScript(t *testing.T, script []byte) {
	settings, script := script[0], script[1:]
	s := smb.Settings{Count: smb.Count(settings >> 3 & 3), RefuseFirst: settings&4 != 0, AutoDisconnect: settings&32 != 0}
	if s.Count > smb.CountComputers || s.Count == smb.CountComputerUsers && s.RefuseFirst {
		return
	}
	h, err := simulate.New(limits.Windows{Edition: limits.XPHome}, &simulate.Settings{Limits: map[limits.Service]int{limits.SMB: int(settings & 3)}})
	require.NoError(t, err)
	steps := len(script)/3 + 1
	var mu sync.Mutex
	var servers []*scriptPeer
	p, err := smb.NewProxy(h, func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		mu.Lock()
		defer mu.Unlock()
		servers = append(servers, newScriptPeer(far, steps))
		return near, nil
	}, &s)
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

		ids, uids := make(map[uint64]bool), make(map[uint16]bool)
		p.InForce(ids, uids)
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
			h.Console(string(argument))
		}
		synctest.Wait()
		p.InForce(ids, uids)
		for _, server := range servers {
			passed[server] = checkInForce(t, server.received, passed[server], ids, uids)
		}
		require.LessOrEqual(t, gate.Stats().Held, int(settings&3))
		if s.Count == smb.CountSessions {
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
	require.Empty(t, p.Left())
}

// checkInForce looks at the whole frames in b from the offset on, and returns how
// far it came. What needs a session is on one of ids or uids.
func checkInForce(t *testing.T, b []byte, from int, ids map[uint64]bool, uids map[uint16]bool) int {
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
		switch smbwire.ProtocolOf(msg) {
		case smbwire.ProtocolTransform:
			id, err := smbwire.ParseTransform(msg, len(msg))
			require.NoError(t, err, "something follows an encrypted message")
			require.True(t, ids[id], "encrypted message on session %#x", id)
		case smbwire.ProtocolCompressed:
			inClear, err := smbwire.ParseCompression(msg)
			require.NoError(t, err)
			require.True(t, inClear)
			h, err := smbwire.ParseHeader2(msg[smbwire.CompressionHeaderSize:])
			require.NoError(t, err)
			require.Zero(t, h.NextCommand)
			requireInForce(t, h, h.SessionID, ids)
		case smbwire.ProtocolSMB1:
			h, err := smbwire.ParseHeader1(msg)
			require.NoError(t, err)
			require.True(t, uids[h.UID] || !h.Command.NeedsSession(), "%+v", h)
		case smbwire.ProtocolSMB2:
			var id uint64
			for first := true; ; first = false {
				h, err := smbwire.ParseHeader2(msg)
				require.NoError(t, err)
				if first || !h.IsRelated() {
					id = h.SessionID
				}
				requireInForce(t, h, id, ids)
				n, err := h.NextOffset(len(msg))
				require.NoError(t, err)
				if n == len(msg) {
					break
				}
				msg = msg[n:]
			}
		}
	}
}

func requireInForce(t *testing.T, h smbwire.Header2, id uint64, ids map[uint64]bool) {
	require.True(t, ids[id] || id == 0 || id == math.MaxUint64 || !h.Command.NeedsSession(), "%+v on session %#x", h, id)
}
