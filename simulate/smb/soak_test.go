package smb_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/internal/soak"
	"github.com/winlimits/winlimits/simulate/smb"
)

// soakClient is a client of SMB2 and SMB1 that expects anything.
type soakClient struct {
	net.Conn
	message uint64
	tally   *soakTally
}

// soakTally is what the clients and OnSession have seen.
type soakTally struct {
	granted, denied             atomic.Int64 // by the replies
	admitted, refused, released atomic.Int64 // by OnSession
}

func (s *soakTally) onSession(e smb.SessionEvent) {
	switch {
	case e.Kind == simulate.Released:
		s.released.Add(1)
	case e.Outcome == simulate.Admitted:
		s.admitted.Add(1)
	case e.Outcome == simulate.Refused:
		s.refused.Add(1)
	}
}

// do2 sends an SMB2 request. It reports false if the connection has ended.
func (c *soakClient) do2(h smbwire.Header2, body []byte) (smbwire.Header2, bool) {
	h.MessageID, h.CreditCharge, h.Credits = c.message, 1, 1
	c.message++
	if _, err := c.Write(frame(append(h.Append(nil), body...))); err != nil {
		return h, false
	}
	msg, err := readFrame(c)
	if err != nil {
		return h, false
	}
	h, err = smbwire.ParseHeader2(msg)
	return h, err == nil
}

// logOn2 sets up an SMB2 session, in two legs or only the first of them, and
// returns its id, or 0 if it has none.
func (c *soakClient) logOn2(user string, previous uint64, legs int) (id uint64, ok bool) {
	var h smbwire.Header2
	for leg := range legs {
		name := ""
		if leg == 1 {
			name = user
		}
		h, ok = c.do2(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: h.SessionID}, setupBody(name, false, previous))
		if !ok || h.Status != smbwire.StatusMoreProcessingRequired {
			break
		}
	}
	switch {
	case !ok:
		return 0, false
	case h.Status == smbwire.StatusSuccess:
		c.tally.granted.Add(1)
		return h.SessionID, true
	case h.Status == smbwire.StatusRequestNotAccepted:
		c.tally.denied.Add(1)
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
	return 0, true
}

// run2 does up to n things over SMB2. sessions are those of all clients, by which
// one joins or replaces that of another.
func (c *soakClient) run2(n int, sessions *sync.Map) {
	if _, ok := c.do2(smbwire.Header2{Command: smbwire.Command2Negotiate}, make([]byte, 36)); !ok {
		return
	}
	var own []uint64
	other := func() (id uint64) {
		sessions.Range(func(key, _ any) bool {
			id = key.(uint64)
			return rand.IntN(4) > 0
		})
		return id
	}
	for range n {
		user := [...]string{"alice", "Bob", "carol", ""}[rand.IntN(4)]
		var id uint64
		ok := true
		switch rand.IntN(12) {
		case 0:
			_, ok = c.logOn2("wrong", 0, 2)
		case 1:
			_, ok = c.logOn2(user, 0, 1)
		case 2: // as a client that has lost its connection
			id, ok = c.logOn2(user, other(), 2)
		case 3: // a further connection of a session
			_, ok = c.do2(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: other()}, setupBody(user, true, 0))
		case 4, 5, 6:
			if len(own) == 0 {
				continue
			}
			_, ok = c.do2(smbwire.Header2{Command: smbwire.Command2Logoff, SessionID: own[0]}, []byte{4, 0, 0, 0})
			sessions.Delete(own[0])
			own = own[1:]
		case 7:
			_, ok = c.do2(smbwire.Header2{Command: smbwire.Command2Read, SessionID: other()}, []byte{4, 0, 0, 0})
			time.Sleep(time.Millisecond)
		default:
			id, ok = c.logOn2(user, 0, 2)
		}
		if !ok {
			break
		}
		if id != 0 {
			own = append(own, id)
			sessions.Store(id, nil)
		} else if rand.IntN(2) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	for _, id := range own {
		sessions.Delete(id)
	}
}

// run1 does up to n things over SMB1.
func (c *soakClient) run1(n int) {
	do := func(h smbwire.Header1, words ...byte) (smbwire.Header1, bool) {
		c.message++
		h.PID, h.MID, h.Flags2 = 77, uint16(c.message), h.Flags2|smbwire.Flags2NTStatus
		if _, err := c.Write(message1(h, words...)); err != nil {
			return h, false
		}
		msg, err := readFrame(c)
		if err != nil {
			return h, false
		}
		h, err = smbwire.ParseHeader1(msg)
		return h, err == nil
	}
	if _, ok := do(smbwire.Header1{Command: smbwire.Command1Negotiate}, 0); !ok {
		return
	}
	var own []uint16
	for range n {
		var h smbwire.Header1
		ok := true
		switch rand.IntN(6) {
		case 0, 1:
			if len(own) == 0 {
				continue
			}
			_, ok = do(smbwire.Header1{Command: smbwire.Command1Logoff, UID: own[0]}, 2, 0xff, 0, 0, 0)
			own = own[1:]
		case 2: // in two legs
			if h, ok = do(smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2Extended}, 12, 0xff, 0, 0, 0); ok {
				h, ok = do(smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2Extended, UID: h.UID}, 12, 0xff, 0, 0, 0)
			}
		default:
			h, ok = do(smbwire.Header1{Command: smbwire.Command1SessionSetup}, 13, 0xff, 0, 0, 0)
		}
		switch {
		case !ok:
			return
		case h.Command != smbwire.Command1SessionSetup:
		case h.Status == smbwire.StatusSuccess:
			c.tally.granted.Add(1)
			own = append(own, h.UID)
		case h.Status == smbwire.StatusRequestNotAccepted:
			c.tally.denied.Add(1)
			time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
		}
	}
}

// TestSoakProxy: each session is let in or refused, and each slot is released once,
// however a session ends: by its logoff, its connection, another session in its
// place, being idle, the administrator, the file server or the machine.
func TestSoakProxy(t *testing.T) {
	n, err := soak.Admissions()
	require.NoError(t, err)
	cases := []struct {
		name     string
		settings smb.Settings
		moves    bool
	}{
		{"sessions", smb.Settings{}, false},
		{"sessions-moved", smb.Settings{}, true},
		{"idle", smb.Settings{AutoDisconnect: true}, false},
		{"first", smb.Settings{RefuseFirst: true, SessionTimeout: 20 * time.Millisecond}, true},
		{"computer-users", smb.Settings{Count: smb.CountComputerUsers}, true},
		{"computers", smb.Settings{Count: smb.CountComputers}, true},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			var ledger soak.Ledger
			for _, n := range soak.Rounds(n / len(cases)) {
				bubble(t, func(t *testing.T) { soakProxy(t, &ledger, n, tt.settings, tt.moves) })
			}
			t.Log(&ledger)
		})
	}
}

func soakProxy(t *testing.T, ledger *soak.Ledger, n int64, settings smb.Settings, moves bool) {
	var tally soakTally
	settings.OnSession = tally.onSession
	lab := newLab(t, xpPro, -1, &settings)
	lab.server.forgetful = true
	account := ledger.Open(lab.gate)
	ctx, cancel := context.WithCancel(t.Context())
	var background, clients sync.WaitGroup
	if moves {
		background.Go(func() { assert.NoError(t, account.Move(ctx)) })
	}
	if settings.AutoDisconnect {
		lab.console("net config server /autodisconnect:0") // a few seconds
	}
	// The administrator deletes the sessions of a computer now and then.
	background.Go(func() {
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
				_, _ = lab.host.Console(fmt.Sprintf(`net session \\10.0.0.%d /delete /y`, rand.IntN(8)))
				_, err := lab.host.Console("net session")
				assert.NoError(t, err)
				lab.proxy.Sessions()
			}
		}
	})
	var sessions sync.Map
	for worker := range 20 {
		clients.Go(func() {
			for lab.gate.Stats().Admitted < n {
				client, server := net.Pipe()
				c := &soakClient{Conn: client, tally: &tally}
				select {
				case lab.ln.conns <- pipeConn{server, pipeAddr(fmt.Sprintf("10.0.0.%d:49152", worker%8))}:
				case <-lab.ln.done:
					return
				}
				if rand.IntN(4) == 0 {
					c.run1(rand.IntN(12))
				} else {
					c.run2(rand.IntN(20), &sessions)
				}
				if settings.AutoDisconnect && rand.IntN(8) == 0 {
					_, _ = c.Read(make([]byte, 1)) // until the session has been idle for too long
				}
				c.Close()
				time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			}
			assert.NoError(t, lab.host.Close()) // with all that is open
		})
	}
	clients.Wait()
	cancel()
	background.Wait()
	s := lab.gate.Stats()
	require.NoError(t, account.Settle())
	assert.Empty(t, lab.proxy.Left())
	assert.Equal(t, tally.admitted.Load(), tally.released.Load())
	// One that ends at once, because another replaces it, was admitted and is denied.
	assert.LessOrEqual(t, tally.granted.Load(), tally.admitted.Load())
	assert.LessOrEqual(t, tally.granted.Load()+tally.denied.Load(), tally.admitted.Load()+tally.refused.Load())
	assert.Equal(t, tally.refused.Load(), s.Refused)
	if settings.Count == smb.CountSessions && !settings.RefuseFirst {
		assert.Equal(t, tally.admitted.Load(), s.Admitted)
	}
}
