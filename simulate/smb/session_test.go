package simulate

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

func TestSMBEleventhComputer(t *testing.T) {
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
				lab := newSMBLab(t, tt.windows, -1, SMBSettings{})
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

				// A leaver makes room, and the refused connection is still good.
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

func TestSMBWrongPasswordIsToldAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 0, SMBSettings{})
		c := lab.client("c1")
		assert.Equal(t, smbwire.Status(0xC000006D), c.logon("wrong").Status)
		assert.Zero(t, lab.gate.Stats().Refused)
		c.Close()
	})
}

// TestSMBRefusedStaysDead: what a client sends on a session it was refused
// never reaches the file server, is answered all the same, and leaves no hole
// in the message numbers (the fake server checks them).
func TestSMBRefusedStaysDead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		first := lab.session("c1", "alice")
		refused := first.setup(0, setupBody("", false, 0))
		refused = first.setup(refused.SessionID, setupBody("bob", false, 0))
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)

		second := &fakeClient{t: t, Conn: first.Conn, message: first.message, id: refused.SessionID}
		for _, command := range []smbwire.Command2{
			smbwire.Command2TreeConnect, smbwire.Command2Create, smbwire.Command2Logoff, smbwire.Command2SessionSetup,
		} {
			h := second.command(command)
			assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
			assert.Equal(t, command, h.Command)
			assert.Equal(t, refused.SessionID, h.SessionID)
			assert.Equal(t, uint32(1), h.TreeID)
			assert.Equal(t, uint16(7), h.Credits)
		}
		second.send(smbwire.Header2{Command: smbwire.Command2Cancel, SessionID: second.id}, nil)
		second.message--

		first.message = second.message
		for range 10_000 {
			require.Equal(t, smbwire.StatusSuccess, first.command(smbwire.Command2Read).Status)
		}
		assert.False(t, lab.server.sawSession(refused.SessionID))

		// Nor does it join another connection.
		c := lab.client("c2")
		h := c.setup(refused.SessionID, setupBody("bob", true, 0))
		assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
		c.Close()

		// Encrypted, it ends the connection: no message number is to be seen.
		b := append([]byte("\xfdSMB"), make([]byte, 60)...)
		b[36] = 12
		b[44] = byte(refused.SessionID)
		_, err := first.Write(frame(b))
		require.NoError(t, err)
		assert.True(t, first.isClosed())
	})
}

func TestSMBReauthenticationAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.session("c1", "alice")
		for range 3 {
			assert.Equal(t, smbwire.StatusSuccess, c.setup(c.id, setupBody("alice", false, 0)).Status)
		}
		assert.EqualValues(t, 1, lab.gate.Stats().Admitted)
		c.Close()
	})
}

func TestSMBMultichannelAtTheLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
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

// TestSMBLogoffEndsAllChannels: the other connections are without a session
// then, and their time runs.
func TestSMBLogoffEndsAllChannels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		a := lab.session("c1", "alice")
		b := lab.client("c1")
		require.Equal(t, smbwire.StatusSuccess, b.setup(a.id, setupBody("alice", true, 0)).Status)
		b.id = a.id
		b.command(smbwire.Command2Logoff)
		assert.Equal(t, 0, lab.held())
		assert.Equal(t, smbwire.StatusUserSessionDeleted, a.command(smbwire.Command2Read).Status)
		start := time.Now()
		assert.True(t, a.isClosed())
		assert.True(t, b.isClosed())
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

func TestSMBFileServerEndsSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.session("c1", "alice")
		lab.server.mu.Lock()
		delete(lab.server.sessions, c.id)
		lab.server.mu.Unlock()
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.command(smbwire.Command2Read).Status)
		assert.Equal(t, 0, lab.held())
		c.Close()
	})
}

// TestSMBPreviousSession: a client that lost its connection names the session
// it had, which gives up its slot to the new one.
func TestSMBPreviousSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		lost := lab.session("c1", "alice")

		thief := lab.client("c2")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, thief.logonReplacing("bob", lost.id).Status)
		assert.Equal(t, smbwire.StatusSuccess, lost.command(smbwire.Command2Read).Status)

		again := lab.client("c1")
		assert.Equal(t, smbwire.StatusSuccess, again.logonReplacing("Alice", lost.id).Status)
		assert.Equal(t, 1, lab.held())
		assert.Equal(t, smbwire.StatusUserSessionDeleted, lost.command(smbwire.Command2Read).Status)
		for _, c := range []*fakeClient{lost, thief, again} {
			c.Close()
		}
	})
}

func TestSMBRefuseFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{RefuseFirst: true})
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

func TestSMBCount(t *testing.T) {
	type logon struct{ computer, user string }
	for _, tt := range []struct {
		count  SMBCount
		fit    []logon
		refuse logon
	}{
		{CountSessions, []logon{{"c1", "alice"}, {"c1", "alice"}}, logon{"c1", "alice"}},
		{CountComputerUsers, []logon{{"c1", "alice"}, {"c1", "ALICE"}, {"c1", "bob"}, {"c1", "alice"}}, logon{"c2", "alice"}},
		{CountComputerUsers, []logon{{"c1", ""}, {"c1", ""}}, logon{"c1", ""}},
		{CountComputers, []logon{{"c1", "alice"}, {"c1", "bob"}, {"c2", "carol"}, {"c1", ""}}, logon{"c3", "alice"}},
	} {
		t.Run(tt.count.String()+" "+tt.refuse.computer+tt.refuse.user, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newSMBLab(t, xpPro, 2, SMBSettings{Count: tt.count})
				var holders []*fakeClient
				for _, l := range tt.fit {
					holders = append(holders, lab.session(l.computer, l.user))
				}
				assert.Equal(t, 2, lab.held())
				late := lab.client(tt.refuse.computer)
				assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logon(tt.refuse.user).Status)
				for _, c := range holders {
					assert.Positive(t, lab.held())
					c.Close()
				}
				assert.Equal(t, 0, lab.held())
				assert.Equal(t, smbwire.StatusSuccess, late.logon(tt.refuse.user).Status)
				late.Close()
			})
		})
	}
}

func TestSMBAutoDisconnect(t *testing.T) {
	type step struct {
		after   time.Duration
		command smbwire.Command2
	}
	for _, tt := range []struct {
		name    string
		off     bool
		minutes string // typed by the administrator
		steps   []step
		ends    time.Duration // 0: never
	}{
		{name: "default", ends: 15 * time.Minute},
		{name: "off", off: true},
		{name: "a request starts the time again",
			steps: []step{{14 * time.Minute, smbwire.Command2Read}}, ends: 29 * time.Minute},
		{name: "an open file holds the session",
			steps: []step{{0, smbwire.Command2Create}}},
		{name: "until it is closed",
			steps: []step{{0, smbwire.Command2Create}, {16 * time.Minute, smbwire.Command2Close}}, ends: 31 * time.Minute},
		{name: "or its tree is",
			steps: []step{{0, smbwire.Command2Create}, {40 * time.Minute, smbwire.Command2TreeDisconnect}}, ends: 55 * time.Minute},
		{name: "never", minutes: "-1"},
		{name: "0 is a few seconds", minutes: "0", ends: 5 * time.Second},
		{name: "60", minutes: "60", ends: time.Hour},
		{name: "the administrator turns it on", off: true, minutes: "2", ends: 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newSMBLab(t, xpPro, 1, SMBSettings{AutoDisconnect: !tt.off})
				start := time.Now()
				c := lab.session("c1", "alice")
				if tt.minutes != "" {
					_, err := lab.proxy.Net("net config server /autodisconnect:" + tt.minutes)
					require.NoError(t, err)
				}
				for _, s := range tt.steps {
					time.Sleep(s.after)
					assert.Equal(t, smbwire.StatusSuccess, c.command(s.command).Status)
				}
				if tt.ends == 0 {
					time.Sleep(1000 * time.Hour)
					assert.Equal(t, 1, lab.held())
					c.Close()
					return
				}
				assert.True(t, c.isClosed())
				assert.Equal(t, tt.ends, time.Since(start))
				assert.Equal(t, 0, lab.held())
			})
		})
	}
}

// TestSMBAutoDisconnectLeavesOthers: an idle session goes, another one on its
// connection stays.
func TestSMBAutoDisconnectLeavesOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 2, SMBSettings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		idle := c.id
		require.Equal(t, smbwire.StatusSuccess, c.logon("bob").Status)
		for range 10 {
			time.Sleep(5 * time.Minute)
			assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		}
		assert.Equal(t, 1, lab.held())
		c.id = idle
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.command(smbwire.Command2Read).Status)
		c.Close()
	})
}

// TestSMBEncryptedIdle: what is open cannot be seen, so idleness decides.
func TestSMBEncryptedIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		start := time.Now()
		msg := append([]byte("\xfdSMB"), make([]byte, 60)...)
		msg[36] = 12
		msg[44] = byte(c.id)
		time.Sleep(10 * time.Minute)
		_, err := c.Write(frame(msg))
		require.NoError(t, err)
		_, err = readFrame(c)
		require.NoError(t, err)
		assert.True(t, c.isClosed())
		assert.Equal(t, 25*time.Minute, time.Since(start))
	})
}

func TestSMBEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		var got []string
		defer lab.proxy.host.Observe(func(e Event) {
			lab.proxy.Sessions() // observers may look
			got = append(got, e.Kind.String()+" "+e.Outcome.String()+" "+e.Peer)
		})()
		a := lab.session("10.0.0.1", "alice")
		b := lab.client("10.0.0.2")
		b.logon("")
		a.Close()
		lab.held()
		assert.Equal(t, []string{
			`decided admitted \\10.0.0.1 alice`, `decided refused \\10.0.0.2`, `left unknown \\10.0.0.1 alice`,
		}, got)
		b.Close()
	})
}

// TestSMBLog: there is one message for each thing that happens to a session,
// whatever it shares its slot with and however many connections it has.
func TestSMBLog(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings SMBSettings
		n        int
		run      func(lab *smbLab)
		want     string
	}{
		{"shared slot", SMBSettings{Count: CountComputers}, 1, func(lab *smbLab) {
			a, b := lab.session("c1", "alice"), lab.session("c1", "bob")
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, admitted bob, ended alice, ended bob"},
		{"refused", SMBSettings{}, 0, func(lab *smbLab) {
			c := lab.client("c1")
			c.logon("bob")
			c.Close()
		}, "refused bob"},
		{"two connections", SMBSettings{}, 1, func(lab *smbLab) {
			a, b := lab.session("c1", "alice"), lab.client("c1")
			b.setup(a.id, setupBody("alice", true, 0))
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, ended alice"},
		{"id given again after the session was ended", SMBSettings{}, 2, func(lab *smbLab) {
			a := lab.session("c1", "alice")
			id := a.id
			a.logon("carol")
			lab.proxy.kill(lab.proxy.lookup(id), smbByAdmin)
			lab.server.mu.Lock()
			lab.server.next = id - 1
			lab.server.mu.Unlock()
			b := lab.session("c2", "bob")
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, admitted carol, ended alice, admitted bob, ended carol, ended bob"},
		{"wrong password", SMBSettings{RefuseFirst: true}, 1, func(lab *smbLab) {
			c := lab.client("c1")
			c.logon("wrong")
			c.Close()
		}, "not set up "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var b bytes.Buffer
				tt.settings.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
				lab := newSMBLab(t, xpPro, tt.n, tt.settings)
				tt.run(lab)
				synctest.Wait()
				var got []string
				for _, m := range regexp.MustCompile(`msg="SMB session (.*?)" computer=\S+ user="?(\w*)`).FindAllStringSubmatch(b.String(), -1) {
					got = append(got, m[1]+" "+m[2])
				}
				assert.Equal(t, tt.want, strings.Join(got, ", "))
			})
		})
	}
}

// TestSMBDeadWhileJoining: a session that is refused while a second connection
// joins it is dead on both.
func TestSMBDeadWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
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

// TestSMBEndsWhileJoining: a session that ends while a second connection joins it
// is dead there.
func TestSMBEndsWhileJoining(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 2, SMBSettings{})
		a := lab.session("c1", "alice")
		id := a.id
		require.Equal(t, smbwire.StatusSuccess, a.logon("carol").Status) // keeps a's connection
		b := lab.client("c1")
		b.send(smbwire.Header2{Command: smbwire.Command2Echo}, []byte{4, 0, 0, 0}) // unread
		b.send(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id}, setupBody("alice", true, 0))
		synctest.Wait()
		lab.proxy.kill(lab.proxy.lookup(id), smbIdle)
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

// TestSMBDeadElsewhere: a refused session does not come alive on another
// connection.
func TestSMBDeadElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 0, SMBSettings{})
		a := lab.client("c1")
		refused := a.logon("bob")
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		b := lab.client("c1")
		b.id = refused.SessionID
		got := b.command(smbwire.Command2TreeConnect)
		assert.NotEqual(t, smbwire.StatusSuccess, got.Status)
		assert.False(t, lab.server.sawSession(refused.SessionID))
		a.Close()
		b.Close()
	})
}

// TestSMBTransformTail: nothing passes behind an encrypted message, where the
// file server would look for a further one.
func TestSMBTransformTail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		c := lab.session("c1", "alice")
		live := c.id
		refused := c.logon("bob")
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		fd := append([]byte("\xfdSMB"), make([]byte, 48+66)...)
		fd[36] = 66
		fd[44] = byte(live)
		tail := append(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: refused.SessionID, MessageID: c.message}.Append(nil), make([]byte, 8)...)
		msg := append(fd, tail...)
		_, err := c.Write(frame(msg))
		require.NoError(t, err)
		got, err := readFrame(c) // the fake returns what it was sent
		assert.Error(t, err)
		assert.False(t, bytes.Contains(got, tail))
		c.Close()
	})
}

// TestSMBRefuseFirstReplaces: a session that is replaced frees its slot, wherever
// sessions are refused.
func TestSMBRefuseFirstReplaces(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 2, SMBSettings{RefuseFirst: true})
		lost := lab.session("c1", "alice")
		again := lab.client("c1")
		assert.Equal(t, smbwire.StatusSuccess, again.logonReplacing("alice", lost.id).Status)
		assert.Equal(t, 1, lab.held())
		lost.Close()
		again.Close()
	})
}

// TestSMBCompressedIsNotIdle: a message that cannot be read keeps a session in use.
func TestSMBCompressedIsNotIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		opaque := frame([]byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00compressed"))
		for range 6 {
			time.Sleep(5 * time.Minute)
			if _, err := c.Write(opaque); !assert.NoError(t, err) {
				return
			}
			if _, err := readFrame(c); !assert.NoError(t, err) {
				return
			}
		}
		c.Close()
	})
}

// TestSMBNoDialect: a client whose dialects the file server has refused is
// held to the time limit of those who have none.
func TestSMBNoDialect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
		lab.proxy.settings.Dial = func(context.Context) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				for {
					msg, err := readFrame(far)
					if err != nil {
						return
					}
					h, _ := smbwire.ParseHeader2(msg)
					far.Write(smbwire.AppendError2(nil, h, smbwire.StatusNotSupported))
				}
			}()
			return near, nil
		}
		start := time.Now()
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		h, _ := c.do(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
		require.Equal(t, smbwire.StatusNotSupported, h.Status)
		assert.True(t, c.isClosed())
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

// TestSMBUnseenUsers: sessions whose user cannot be seen are no null sessions and
// have lines of their own.
func TestSMBUnseenUsers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 5, SMBSettings{})
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
		a, b := lab.client1("10.0.0.1"), lab.client1("10.0.0.1")
		null := lab.session("10.0.0.1", "")
		time.Sleep(time.Second)
		a.do(setup, 13, 0xff, 0, 0, 0)
		b.do(setup, 13, 0xff, 0, 0, 0)
		time.Sleep(time.Second)
		null2 := lab.session("10.0.0.1", "")
		out, err := lab.proxy.Net("net session")
		require.NoError(t, err)
		assert.Equal(t, 3, strings.Count(out, `\\10.0.0.1`), out)
		assert.Len(t, lab.proxy.Sessions(), 4)
		for _, c := range []net.Conn{a, b, null, null2} {
			c.Close()
		}
	})
}

// TestSMBUserNames: a client cannot forge a line of the console by its name.
func TestSMBUserNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 5, SMBSettings{})
		a := lab.session("10.0.0.1", "x\n\\\\10.9.9.9             root\x1b[2J")
		out, err := lab.proxy.Net("net session")
		require.NoError(t, err)
		assert.NotContains(t, out, "\n\\\\10.9.9.9")
		assert.NotContains(t, out, "\x1b")
		a.Close()
	})
}

// TestSMBWriteRaw: the data of an SMB1 raw write, which have no header, pass.
func TestSMBWriteRaw(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 5, SMBSettings{})
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
		a := lab.client1("10.0.0.1")
		s := a.do(setup, 13, 0xff, 0, 0, 0)
		a.do(smbwire.Header1{Command: 0x1d, Flags2: smbwire.Flags2NTStatus, UID: s.UID}, 12)
		_, err := a.Write(frame([]byte("raw data of a file")))
		require.NoError(t, err)
		got, err := readFrame(a)
		assert.NoError(t, err)
		assert.Equal(t, "raw data of a file", string(got))

		_, err = a.Write(frame([]byte("more of it")))
		require.NoError(t, err)
		_, err = readFrame(a)
		assert.ErrorIs(t, err, io.EOF, "one frame passes")
	})
}

// TestSMBIDGivenAgain: an id that the file server gives to another session, as
// after a restart, is a new session, and the old one is over.
func TestSMBIDGivenAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, 1, SMBSettings{})
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
