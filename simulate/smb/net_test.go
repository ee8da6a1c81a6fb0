package simulate

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

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

// newNetProxy returns a proxy that serves nobody.
func newNetProxy(t *testing.T, e limits.Edition, name string) *SMBProxy {
	t.Helper()
	h, err := New(limits.Windows{Edition: e}, nil)
	require.NoError(t, err)
	p, err := h.SMBProxy(SMBSettings{Backend: "127.0.0.1:1", ServerName: name})
	require.NoError(t, err)
	return p
}

func TestNetConfigServer(t *testing.T) {
	out, err := newNetProxy(t, limits.Windows10Pro, "OFFICE").Net("net config server")
	require.NoError(t, err)
	assert.Equal(t, netConfig10, out)
	out, err = newNetProxy(t, limits.Server2008R2Standard, "").Net("NET Config  Server")
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
		out, err := newNetProxy(t, tt.edition, "").Net("net config server")
		require.NoError(t, err)
		assert.Contains(t, out, "Maximum Logged On Users               "+tt.users+"\n", "%v", tt.edition)
		assert.Contains(t, out, "Maximum open files per session        "+tt.files+"\n", "%v", tt.edition)
	}
}

func TestNetErrors(t *testing.T) {
	p := newNetProxy(t, limits.XPProfessional, "")
	for command, want := range map[string]string{
		"":                                     "known are",
		"net":                                  "known are",
		"y":                                    "known are",
		"net frobnicate":                       "known are",
		"net config server /hidden:yes":        "known are",
		"net config workstation":               "known are",
		"net session /delete":                  "known are",
		"net session 10.0.0.1 /delete":         "known are",
		`net session \\10.0.0.1`:               "known are",
		`net session \\10.0.0.1 /delete`:       `net session \\10.0.0.1: A session does not exist with that computer name`,
		"net config server /autodisconnect:":   "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:-2": "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:65536":   "not from -1 (never) to 65535 minutes",
		"net config server /autodisconnect:fifteen": "not from -1 (never) to 65535 minutes",
	} {
		out, err := p.Net(command)
		assert.ErrorContains(t, err, want, "%q", command)
		assert.Empty(t, out)
	}
}

func TestNetAutoDisconnect(t *testing.T) {
	p := newNetProxy(t, limits.XPProfessional, "")
	for _, n := range []string{"-1", "0", "30", "65535"} {
		out, err := p.Net("net config server /autodisconnect:" + n)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		out, err = p.Net("net config server")
		require.NoError(t, err)
		assert.Contains(t, out, "Idle session time (min)               "+n+"\n")
	}
}

func TestNetSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newSMBLab(t, xpPro, -1, SMBSettings{})
		p := lab.proxy
		out, err := p.Net("net session")
		require.NoError(t, err)
		assert.Equal(t, "There are no entries in the list.\n", out)

		old := lab.session("10.10.75.2", "user2")
		null := lab.session("10.10.75.3", "")
		time.Sleep(5*24*time.Hour + 22*time.Hour + 2*time.Minute)
		c := lab.session("10.10.75.1", "user1")
		for range 5 {
			c.command(smbwire.Command2Create)
		}
		null2 := lab.session("10.10.75.3", "")
		six := lab.session("[fe80::1]", "user1")
		time.Sleep(117 * time.Second)
		out, err = p.Net("net sessions")
		require.NoError(t, err)
		assert.Equal(t, `Computer               User name            Client Type       Opens Idle time

-------------------------------------------------------------------------------
\\10.10.75.1           user1                                      5 00:01:57
\\10.10.75.2           user2                                      0 05D 22H 03M
\\10.10.75.3                                                      0 00:01:57
\\[fe80::1]            user1                                      0 00:01:57
The command completed successfully.
`, out)
		assert.Len(t, p.Sessions(), 5, "null sessions share a line, not a slot")
		for _, line := range strings.Split(out, "\n")[3:7] {
			assert.Equal(t, byte(' '), line[67])
		}

		// Without open files there is no question.
		out, err = p.Net(`net session \\[fe80::1] /delete`)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, six.isClosed())

		const question = "The session from 10.10.75.1 has open files.\n\nDo you want to continue this operation? (Y/N) [N]: "
		for _, no := range []string{"", "N", "no"} {
			out, err = p.Net(`net session \\10.10.75.1 /delete`)
			require.NoError(t, err)
			assert.Equal(t, question, out)
			out, err = p.Net(no)
			require.NoError(t, err)
			assert.Empty(t, out)
			assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		}
		_, err = p.Net(`net session \\10.10.75.1 /delete`)
		require.NoError(t, err)
		out, err = p.Net("net session") // another command is no answer
		require.NoError(t, err)
		assert.Contains(t, out, "user1")
		_, err = p.Net("Y")
		require.Error(t, err)

		_, err = p.Net(`net session \\10.10.75.1 /delete`)
		require.NoError(t, err)
		out, err = p.Net("Y")
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, c.isClosed())
		assert.Equal(t, 3, lab.held())

		out, err = p.Net(`net session \\10.10.75.3 /DELETE /y`)
		require.NoError(t, err)
		assert.Equal(t, "The command completed successfully.\n", out)
		assert.True(t, null.isClosed())
		assert.True(t, null2.isClosed())
		assert.Equal(t, 1, lab.held())
		old.Close()
	})
}

func FuzzNet(f *testing.F) {
	for _, s := range []string{"net config server", "net config server /autodisconnect:5", "net session", `net session \\x /delete`, "y"} {
		f.Add(s)
	}
	h, err := New(limits.Windows{Edition: limits.XPProfessional}, nil)
	require.NoError(f, err)
	p, err := h.SMBProxy(SMBSettings{Backend: "127.0.0.1:1"})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, command string) {
		out, err := p.Net(command)
		require.True(t, (out == "") == (err != nil), "%q, %v", out, err)
	})
}
