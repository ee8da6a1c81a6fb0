package smb_test

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestUnseenUsers: sessions whose user cannot be seen are no null sessions and
// have lines of their own.
func TestUnseenUsers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 5, nil)
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
		a, b := lab.client1("10.0.0.1"), lab.client1("10.0.0.1")
		null := lab.session("10.0.0.1", "")
		time.Sleep(time.Second)
		a.do(setup, 13, 0xff, 0, 0, 0)
		b.do(setup, 13, 0xff, 0, 0, 0)
		time.Sleep(time.Second)
		null2 := lab.session("10.0.0.1", "")
		out, err := lab.host.Console("net session")
		require.NoError(t, err)
		assert.Equal(t, 3, strings.Count(out, `\\10.0.0.1`), out)
		assert.Len(t, lab.proxy.Sessions(), 4)
		for _, c := range []net.Conn{a, b, null, null2} {
			c.Close()
		}
	})
}

const netConfig10 = `Server Name                           \\OFFICE
Server Comment

Software version                      Windows 10 Pro
Server is active on
        NetbiosSmb (OFFICE)
        NetBT_Tcpip_{00000000-0000-0000-0000-000000000000} (OFFICE)


Server hidden                         No
Maximum Logged On Users               20
Maximum open files per session        16384

Idle session time (min)               15
The command completed successfully.
`

const netConfig2008R2 = `Server Name                           \\WINLIMITS
Server Comment

Software version                      Windows Server 2008 R2 Standard

Server is active on
NetbiosSmb (WINLIMITS)
NetBT_Tcpip_{00000000-0000-0000-0000-000000000000} (WINLIMITS)

Server hidden                         No
Maximum Logged On Users               16777216
Maximum open files per session        16384

Idle session time (min)               15
The command completed successfully.
`

// newConsole returns a host with a file server that has no clients.
func newConsole(t testing.TB, e limits.Edition, name string) *simulate.Host {
	t.Helper()
	h, err := simulate.New(limits.Windows{Edition: e}, nil)
	require.NoError(t, err)
	_, err = smb.NewProxy(h, smb.Backend("127.0.0.1:1"), &smb.Settings{ServerName: name})
	require.NoError(t, err)
	return h
}

func TestNetConfigServer(t *testing.T) {
	out, err := newConsole(t, limits.Windows10Pro, "OFFICE").Console("net config server")
	require.NoError(t, err)
	assert.Equal(t, netConfig10, out)
	out, err = newConsole(t, limits.Server2008R2Standard, "").Console("NET Config  Server")
	require.NoError(t, err)
	assert.Equal(t, netConfig2008R2, out)
}

func TestNetConfigServerOfEditions(t *testing.T) {
	for _, tt := range []struct {
		edition      limits.Edition
		users, files string
	}{
		{limits.NT40Workstation, "10", "2048"},
		{limits.Windows2000Professional, "10", "16384"},
		{limits.Windows2000Server, "Unlimited", "16384"},
		{limits.XPHome, "5", "16384"},
		{limits.XPProfessional, "10", "16384"},
		{limits.VistaStarter, "0", "16384"},
		{limits.VistaHomeBasic, "5", "16384"},
		{limits.Windows7Professional, "20", "16384"},
		{limits.Windows10Pro, "20", "16384"},
	} {
		out, err := newConsole(t, tt.edition, "").Console("net config server")
		require.NoError(t, err)
		assert.Contains(t, out, "Maximum Logged On Users               "+tt.users+"\n", "%v", tt.edition)
		assert.Contains(t, out, "Maximum open files per session        "+tt.files+"\n", "%v", tt.edition)
	}
}

func TestNetErrors(t *testing.T) {
	h := newConsole(t, limits.XPProfessional, "")
	const known = "not a command of this machine; known are"
	for command, want := range map[string]string{
		"y":                                         "not a command of this machine",
		"net":                                       known,
		"net frobnicate":                            known,
		"net config server /hidden:yes":             known,
		"net config workstation":                    known,
		"net session /delete":                       known,
		"net session 10.0.0.1 /delete":              known,
		`net session \\10.0.0.1`:                    known,
		`net session \\10.0.0.1 /delete`:            `smb: net session \\10.0.0.1: A session does not exist with that computer name`,
		"net config server /autodisconnect:":        "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:-2":      "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:65536":   "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:fifteen": "not from -1 (never) to 65535 minutes",
	} {
		out, err := h.Console(command)
		assert.ErrorContains(t, err, want, "%q", command)
		assert.Empty(t, out)
		assert.Equal(t, strings.HasPrefix(want, "not a command"), errors.Is(err, simulate.ErrCommand), "%q", command)
	}
	for _, long := range []string{"", "y", "net ", "net session /", `net session \\x`, "net config server /autodisconnect:"} {
		for _, end := range []string{"", " /delete"} {
			_, err := h.Console(long + strings.Repeat("x", 1e6) + end)
			require.Error(t, err)
			assert.Less(t, len(err.Error()), 300)
		}
	}
	for _, command := range []string{
		"\x1b[2J", "net \x1b[2J", "net session \\\\\x1b[2J /delete", "net config server /autodisconnect:\x1b[2J", "net session \\\\\u202e /delete",
	} {
		_, err := h.Console(command)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "\x1b")
		assert.NotContains(t, err.Error(), "\u202e")
	}
	out, err := h.Console("")
	require.NoError(t, err)
	assert.Empty(t, out)
}

func TestNetAutoDisconnect(t *testing.T) {
	h := newConsole(t, limits.XPProfessional, "")
	for _, n := range []string{"-1", "0", "30", "65535"} {
		out, err := h.Console("net config server /autodisconnect:" + n)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		out, err = h.Console("net config server")
		require.NoError(t, err)
		assert.Contains(t, out, "Idle session time (min)               "+n+"\n")
	}
}

func TestNetSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, nil)
		p := lab.host
		out, err := p.Console("net session")
		require.NoError(t, err)
		assert.Equal(t, "There are no entries in the list.\n", out)

		old := lab.session("10.10.75.2", "user2")
		defer lab.session("[2001:db8:28:4206:5eb9:1ff:fe9c:605c]", "user2").Close()
		defer lab.session("[2001:db8::1:2:3:4]", "a-name-of-a-user-that-is-too-long-for-its-column").Close()
		null := lab.session("10.10.75.3", "")
		time.Sleep(5*24*time.Hour + 22*time.Hour + 2*time.Minute)
		c := lab.session("10.10.75.1", "user1")
		for range 5 {
			c.command(smbwire.Command2Create)
		}
		null2 := lab.session("10.10.75.3", "")
		six := lab.session("[fe80::1]", "user1")
		time.Sleep(117 * time.Second)
		out, err = p.Console("net sessions")
		require.NoError(t, err)
		assert.Equal(t, `Computer               User name            Client Type       Opens Idle time

-------------------------------------------------------------------------------
\\10.10.75.1           user1                                      5 00:01:57
\\10.10.75.2           user2                                      0 05D 22H 03M
\\10.10.75.3                                                      0 00:01:57
\\[2001:db8:28:4206:5eb9:1ff:fe9c:605c]
                       user2                                      0 05D 22H 03M
\\[2001:db8::1:2:3:4]  a-name-of-a-user-that-is-too-long-for-its-column
                                                                  0 05D 22H 03M
\\[fe80::1]            user1                                      0 00:01:57
The command completed successfully.
`, out)
		assert.Len(t, lab.proxy.Sessions(), 7, "null sessions share a line, not a slot")

		// Without open files there is no question.
		out, err = p.Console(`net session \\FE80:0::0001 /delete`)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, six.isClosed())

		const question = "The session from 10.10.75.1 has open files.\n\nDo you want to continue this operation? (Y/N) [N]: "
		for _, no := range []string{"", "N", "no"} {
			out, err = p.Console(`net session \\10.10.75.1 /delete`)
			require.NoError(t, err)
			assert.Equal(t, question, out)
			out, err = p.Console(no)
			require.NoError(t, err)
			assert.Empty(t, out)
			assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		}
		_, err = p.Console(`net session \\10.10.75.1 /delete`)
		require.NoError(t, err)
		out, err = p.Console("net session") // another command is no answer
		require.NoError(t, err)
		assert.Contains(t, out, "user1")
		_, err = p.Console("Y")
		require.Error(t, err)

		_, err = p.Console(`net session \\10.10.75.1 /delete`)
		require.NoError(t, err)
		out, err = p.Console("Y")
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, c.isClosed())
		assert.Equal(t, 5, lab.held())

		out, err = p.Console(`net session \\10.10.75.3 /DELETE /y`)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, null.isClosed())
		assert.True(t, null2.isClosed())
		assert.Equal(t, 3, lab.held())
		old.Close()
	})
}

func TestSessionJSON(t *testing.T) {
	s := smb.Session{Computer: "10.0.0.1", User: "alice", Opens: 2, Idle: 90 * time.Second}
	b, err := json.Marshal(s)
	require.NoError(t, err)
	assert.JSONEq(t, `{"computer":"10.0.0.1","user":"alice","opens":2,"idle":"1m30s"}`, string(b))
	var got smb.Session
	require.NoError(t, json.Unmarshal(b, &got))
	assert.Equal(t, s, got)
	assert.ErrorContains(t, json.Unmarshal([]byte(`{"idle": "x"}`), &got), `smb: session: time "x": want`)
}

func FuzzNet(f *testing.F) {
	for _, s := range []string{"net config server", "net config server /autodisconnect:5", "net session", `net session \\x /delete`, "y"} {
		f.Add(s)
	}
	h := newConsole(f, limits.XPProfessional, "")
	f.Fuzz(func(t *testing.T, line string) {
		out, err := h.Console(line)
		switch {
		case strings.TrimSpace(line) == "":
			require.NoError(t, err)
			require.Empty(t, out)
		default:
			require.True(t, (out == "") == (err != nil), "%q, %v", out, err)
		}
	})
}
