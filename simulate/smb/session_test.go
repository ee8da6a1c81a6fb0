package smb_test

import (
	"bytes"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestLogoffEndsAllChannels: after a logoff the other connections of the session have none,
// and their time limit begins.
func TestLogoffEndsAllChannels(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
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

func TestFileServerEndsSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.session("c1", "alice")
		lab.server.mu.Lock()
		delete(lab.server.sessions, c.id)
		lab.server.mu.Unlock()
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.command(smbwire.Command2Read).Status)
		assert.Equal(t, 0, lab.held())
		c.Close()
	})
}

// TestPreviousSession: a client that lost its connection names the session
// it had, which gives up its slot to the new one.
func TestPreviousSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
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

func TestEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		var got []string
		defer lab.host.Observe(func(e simulate.Event) {
			lab.proxy.Sessions() // observers may look
			got = append(got, e.Kind.String()+" "+e.Outcome.String()+" "+e.Peer)
		})()
		a := lab.session("10.0.0.1", "alice")
		b := lab.client("10.0.0.2")
		b.logon("")
		a.Close()
		lab.held()
		assert.Equal(t, []string{
			`decided admitted \\10.0.0.1 alice`, `decided refused \\10.0.0.2`, `released unknown \\10.0.0.1 alice`,
		}, got)
		b.Close()
	})
}

// TestLog: there is one message for each thing that happens to a session,
// whatever it shares its slot with and however many connections it has.
func TestLog(t *testing.T) {
	for _, tt := range []struct {
		name     string
		settings *smb.Settings
		n        int
		run      func(lab *lab)
		want     string
	}{
		{"shared slot", &smb.Settings{Count: smb.CountComputers}, 1, func(lab *lab) {
			a, b := lab.session("c1", "alice"), lab.session("c1", "bob")
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, admitted bob, ended alice, ended bob"},
		{"refused", nil, 0, func(lab *lab) {
			c := lab.client("c1")
			c.logon("bob")
			c.Close()
		}, "refused bob"},
		{"two connections", nil, 1, func(lab *lab) {
			a, b := lab.session("c1", "alice"), lab.client("c1")
			b.setup(a.id, setupBody("alice", true, 0))
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, ended alice"},
		{"id given again after the session was ended", nil, 2, func(lab *lab) {
			a := lab.session("c1", "alice")
			id := a.id
			a.logon("carol")
			lab.proxy.End(id)
			lab.server.mu.Lock()
			lab.server.next = id - 1
			lab.server.mu.Unlock()
			b := lab.session("c2", "bob")
			a.Close()
			synctest.Wait()
			b.Close()
		}, "admitted alice, admitted carol, ended alice, admitted bob, ended carol, ended bob"},
		{"ended by two at the same time", nil, 1, func(lab *lab) {
			c := lab.session("c1", "alice")
			end := lab.proxy.Ending(c.id)
			c.command(smbwire.Command2Logoff)
			end()
			end()
			c.Close()
		}, "admitted alice, ended alice"},
		{"wrong password", &smb.Settings{RefuseFirst: true}, 1, func(lab *lab) {
			c := lab.client("c1")
			c.logon("wrong")
			c.Close()
		}, "not set up "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var b bytes.Buffer
				if tt.settings == nil {
					tt.settings = new(smb.Settings)
				}
				tt.settings.Logger = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
				var mu sync.Mutex
				var told []string
				tt.settings.OnSession = func(e smb.SessionEvent) {
					mu.Lock()
					defer mu.Unlock()
					what := "ended"
					if e.Kind == simulate.Decided {
						what = e.Outcome.String()
					}
					told = append(told, what+" "+e.User)
				}
				lab := newLab(t, xpPro, tt.n, tt.settings)
				tt.run(lab)
				synctest.Wait()
				mu.Lock()
				defer mu.Unlock()
				var got []string
				for _, m := range regexp.MustCompile(`msg="SMB session (.*?)" computer=\S+ user="?(\w*)`).FindAllStringSubmatch(b.String(), -1) {
					got = append(got, m[1]+" "+m[2])
				}
				assert.Equal(t, tt.want, strings.Join(got, ", "))
				if tt.want != "not set up " { // which held a slot, and was never admitted
					assert.Equal(t, tt.want, strings.Join(told, ", "))
				} else {
					assert.Empty(t, told)
				}
			})
		})
	}
}

// TestUserNames: a client cannot forge a line of the console by its name.
func TestUserNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 5, nil)
		a := lab.session("10.0.0.1", "x\n\\\\10.9.9.9             root\x1b[2J")
		out, err := lab.host.Console("net session")
		require.NoError(t, err)
		assert.NotContains(t, out, "\n\\\\10.9.9.9")
		assert.NotContains(t, out, "\x1b")
		a.Close()
	})
}

// TestComputer: the name of a computer is the client's address without the port and without
// control characters.
func TestComputer(t *testing.T) {
	for addr, want := range map[net.Addr]string{
		pipeAddr("10.0.0.1:445"): "10.0.0.1", pipeAddr("[::ffff:10.0.0.1]:445"): "10.0.0.1", pipeAddr("[fe80::1]:445"): "fe80::1",
		pipeAddr("pipe"): "pipe", pipeAddr("x\n\x1b[2J"): "x\ufffd\ufffd[2J", nil: "unknown",
	} {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, -1, nil)
			client, server := net.Pipe()
			lab.ln.conns <- pipeConn{server, addr}
			c := lab.negotiate(client)
			require.Equal(t, smbwire.StatusSuccess, c.logon("alice").Status)
			assert.Equal(t, want, lab.proxy.Sessions()[0].Computer)
			c.Close()
		})
	}
}
