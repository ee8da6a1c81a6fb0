package smb_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestSetupHoldsBack: a request that a client sends on a session without
// waiting for the answer to its setup is not passed on before the decision.
func TestSetupHoldsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 0, nil)
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

func TestEleventhComputer(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		limit   int
	}{
		{limits.Windows{Edition: limits.XPHome}, 5},
		{xpPro, 10},
		{limits.Windows{Edition: limits.Windows10Pro}, 20},
	} {
		t.Run(tt.windows.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, tt.windows, -1, nil)
				var holders []*fakeClient
				for range tt.limit {
					holders = append(holders, lab.session("c1", "alice"))
				}
				late := lab.client("c2")
				reply := late.logon("bob")
				assert.Equal(t, smbwire.StatusRequestNotAccepted, reply.Status)
				assert.Equal(t, uint16(7), reply.Credits, "as the file server granted")
				assert.Zero(t, reply.Signature)
				assert.Zero(t, reply.Flags&smbwire.Flags2Sign)
				assert.EqualValues(t, 1, lab.gate.Stats().Refused)

				// A session that ends frees a slot, and the refused connection can use it.
				assert.Equal(t, smbwire.StatusSuccess, holders[0].command(smbwire.Command2Logoff).Status)
				assert.Equal(t, tt.limit-1, lab.held())
				assert.Equal(t, smbwire.StatusSuccess, late.logon("bob").Status)
				for _, c := range append(holders, late) {
					c.Close()
				}
				assert.Equal(t, 0, lab.held())
			})
		})
	}
}

func TestWrongPasswordIsToldAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 0, nil)
		c := lab.client("c1")
		assert.Equal(t, smbwire.Status(0xC000006D), c.logon("wrong").Status)
		assert.Zero(t, lab.gate.Stats().Refused)
		c.Close()
	})
}

func TestReauthenticationAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.session("c1", "alice")
		for range 3 {
			assert.Equal(t, smbwire.StatusSuccess, c.setup(c.id, setupBody("alice", false, 0)).Status)
		}
		assert.EqualValues(t, 1, lab.gate.Stats().Admitted)
		c.Close()
	})
}

func TestMultichannelAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		a := lab.session("c1", "alice")
		b := lab.client("c1")
		assert.Equal(t, smbwire.StatusMoreProcessingRequired, b.setup(a.id, setupBody("", true, 0)).Status)
		assert.Equal(t, smbwire.StatusSuccess, b.setup(a.id, setupBody("alice", true, 0)).Status)
		b.id = a.id
		assert.Equal(t, 1, lab.held())

		a.Close()
		assert.Equal(t, 1, lab.held(), "one connection is left")
		assert.Equal(t, smbwire.StatusSuccess, b.command(smbwire.Command2Read).Status)
		b.Close()
		assert.Equal(t, 0, lab.held())
	})
}

func TestRefuseFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, &smb.Settings{RefuseFirst: true})
		a := lab.client("c1")
		h := a.setup(0, setupBody("", false, 0))
		require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
		assert.Equal(t, 1, lab.held(), "held from the first leg")
		assert.Empty(t, lab.proxy.Sessions())

		b := lab.client("c2")
		refused := b.setup(0, setupBody("", false, 0))
		assert.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		assert.Equal(t, smbwire.StatusUserSessionDeleted, b.setup(refused.SessionID, setupBody("bob", false, 0)).Status)

		assert.Equal(t, smbwire.Status(0xC000006D), a.setup(h.SessionID, setupBody("wrong", false, 0)).Status)
		assert.Equal(t, 0, lab.held(), "freed by the failure")

		assert.Equal(t, smbwire.StatusSuccess, a.logon("alice").Status)
		sessions := lab.proxy.Sessions()
		require.Len(t, sessions, 1)
		assert.Equal(t, "alice", sessions[0].User)
		a.Close()
		b.Close()
	})
}

// TestDeadWhileJoining: a session that is refused while a second connection
// joins it is dead on both.
func TestDeadWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		holder := lab.session("c0", "holder")
		a := lab.client("c1")
		h := a.setup(0, setupBody("", false, 0))
		id := h.SessionID
		a.send(smbwire.Header2{Command: smbwire.Command2Echo}, []byte{4, 0, 0, 0}) // not read
		a.send(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id}, setupBody("bob", false, 0))
		synctest.Wait()
		b := lab.client("c1")
		bh := b.setup(id, setupBody("bob", true, 0))
		assert.Equal(t, smbwire.StatusRequestNotAccepted, bh.Status)
		echo, _ := a.receive()
		require.Equal(t, smbwire.Command2Echo, echo.Command)
		refused, _ := a.receive()
		assert.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		a.id = id
		got := a.command(smbwire.Command2TreeConnect)
		assert.Equal(t, smbwire.StatusUserSessionDeleted, got.Status)
		assert.False(t, lab.server.sawSession(id))
		a.Close()
		b.Close()
		holder.Close()
	})
}

// TestEndsWhileJoining: a session that ends while a second connection joins it
// is dead there.
func TestEndsWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 2, nil)
		a := lab.session("c1", "alice")
		id := a.id
		require.Equal(t, smbwire.StatusSuccess, a.logon("carol").Status) // keeps a's connection
		b := lab.client("c1")
		b.send(smbwire.Header2{Command: smbwire.Command2Echo}, []byte{4, 0, 0, 0}) // unread
		b.send(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id}, setupBody("alice", true, 0))
		synctest.Wait()
		lab.proxy.End(id)
		b.receive()
		h, _ := b.receive()
		require.Equal(t, smbwire.StatusRequestNotAccepted, h.Status)
		b.id = id
		assert.NotEqual(t, smbwire.StatusSuccess, b.command(smbwire.Command2TreeConnect).Status)
		assert.False(t, lab.server.sawSession(id))
		a.Close()
		b.Close()
	})
}

// TestRefuseFirstReplaces: a session that is replaced frees its slot, whichever leg refuses
// sessions.
func TestRefuseFirstReplaces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 2, &smb.Settings{RefuseFirst: true})
		lost := lab.session("c1", "alice")
		again := lab.client("c1")
		assert.Equal(t, smbwire.StatusSuccess, again.logonReplacing("alice", lost.id).Status)
		assert.Equal(t, 1, lab.held())
		lost.Close()
		again.Close()
	})
}

// TestIDGivenAgain: if the file server gives an id to another session, as after a restart,
// that is a new session, and the old one has ended.
func TestIDGivenAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		a := lab.session("c1", "alice")
		lab.server.mu.Lock()
		lab.server.next--
		lab.server.mu.Unlock()
		b := lab.client("c2")
		require.Equal(t, smbwire.StatusSuccess, b.logon("bob").Status)
		require.Equal(t, a.id, b.id)
		sessions := lab.proxy.Sessions()
		require.Len(t, sessions, 1)
		assert.Equal(t, "bob", sessions[0].User)
		assert.Equal(t, 1, lab.held())
		a.Close()
		b.Close()
	})
}

// TestRefuseFirstGivesUp: a session whose setup is not completed gives its slot
// back, although another session keeps its connection.
func TestRefuseFirstGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 2, &smb.Settings{RefuseFirst: true})
		c := lab.session("c1", "alice")
		h := c.setup(0, setupBody("", false, 0))
		require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
		require.Equal(t, 2, lab.held())
		time.Sleep(2*time.Minute + 1)
		assert.Equal(t, 1, lab.held())
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.setup(h.SessionID, setupBody("bob", false, 0)).Status)
		assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		assert.Equal(t, smbwire.StatusSuccess, c.logon("bob").Status)
		time.Sleep(time.Hour)
		assert.Equal(t, 2, lab.held(), "one that is complete is not given up")
		c.Close()
	})
}

// TestSessionsOfAConnection: the sessions of a connection are bounded, also the refused and
// the replaced ones.
func TestSessionsOfAConnection(t *testing.T) {
	for name, tt := range map[string]struct {
		limit    int
		previous bool
	}{"refused": {1, false}, "replaced": {2, true}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, tt.limit, nil)
				c := lab.session("c1", "alice")
				for n := 1; ; n++ {
					require.LessOrEqual(t, n, 2049)
					previous := c.id
					if !tt.previous {
						previous = 0
					}
					if !c.tryLogon("alice", previous) {
						assert.InDelta(t, 2048, n, 1)
						return
					}
				}
			})
		})
	}
}
