package interop

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"testing"

	cloudsoda "github.com/cloudsoda/go-smb2"
	hirochachacha "github.com/hirochachacha/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// cloudsodaSession opens a session with cloudsoda/go-smb2.
func cloudsodaSession(t testing.TB, addr, user string) (*cloudsoda.Session, error) {
	d := &cloudsoda.Dialer{Initiator: &cloudsoda.NTLMInitiator{User: user, Password: "secret"}}
	return d.Dial(t.Context(), addr)
}

// hirochachachaSession opens a session with hirochachacha/go-smb2.
func hirochachachaSession(t testing.TB, addr, user string) (*hirochachacha.Session, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	d := &hirochachacha.Dialer{Initiator: &hirochachacha.NTLMInitiator{User: user, Password: "secret"}}
	s, err := d.Dial(conn)
	if err != nil {
		conn.Close()
	}
	return s, err
}

var win11 = limits.Windows{Edition: limits.Windows11Pro}

// The file server of a fixture without settings admits the Go clients as guests,
// and refuses them when it is full.
func TestGoClientsAtFixture(t *testing.T) {
	const notAccepted = 0xC00000D0
	t.Run("cloudsoda", func(t *testing.T) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), nil)
		addr := files.Loopback()
		for _, user := range []string{"alice", ""} {
			s, err := cloudsodaSession(t, addr, user)
			require.NoError(t, err)
			assert.NoError(t, s.Echo())
			share, err := s.Mount(fileserver.DefaultShare)
			require.NoError(t, err)
			list, err := share.ReadDir(".")
			require.NoError(t, err)
			assert.Empty(t, list)
			_, err = s.Mount(`\\server\nosuch`)
			var response *cloudsoda.ResponseError
			require.ErrorAs(t, err, &response)
			assert.EqualValues(t, fileserver.StatusBadNetworkName, response.Code)
			assert.NoError(t, share.Umount())
			assert.NoError(t, s.Logoff())
		}
		simtest.WaitHeld(t, files.Gate, 0)
		simtest.Hold(t, files.Gate, 20)
		_, err := cloudsodaSession(t, addr, "alice")
		assert.ErrorIs(t, err, cloudsoda.ErrRequestNotAccepted)
		simtest.WaitRefused(t, files.Gate, 1)
	})
	t.Run("hirochachacha", func(t *testing.T) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), nil)
		addr := files.Loopback()
		for _, user := range []string{"alice", "bob"} { // it cannot be anonymous
			s, err := hirochachachaSession(t, addr, user)
			require.NoError(t, err)
			share, err := s.Mount(fmt.Sprintf(`\\%s\%s`, addr, fileserver.DefaultShare))
			require.NoError(t, err)
			list, err := share.ReadDir(".")
			require.NoError(t, err)
			assert.Empty(t, list)
			_, err = s.Mount(`\\server\nosuch`)
			var response *hirochachacha.ResponseError
			require.ErrorAs(t, err, &response)
			assert.EqualValues(t, fileserver.StatusBadNetworkName, response.Code)
			assert.NoError(t, share.Umount())
			assert.NoError(t, s.Logoff())
		}
		simtest.WaitHeld(t, files.Gate, 0)
		simtest.Hold(t, files.Gate, 20)
		_, err := hirochachachaSession(t, addr, "alice")
		var response *hirochachacha.ResponseError
		require.ErrorAs(t, err, &response)
		assert.EqualValues(t, notAccepted, response.Code)
	})
}

// smbclient does the same, also when it begins with SMB1, and without a user.
func TestSmbclientAtFixture(t *testing.T) {
	smbclient := peer(t, "smbclient", "smbclient")
	xpHome := limits.Windows{Edition: limits.XPHome, ServicePack: 3}
	files := simtest.NewFileServer(t, simtest.NewHost(t, xpHome, nil), nil)
	host, port, err := net.SplitHostPort(files.Loopback())
	require.NoError(t, err)
	run := func(args ...string) (string, error) {
		args = append([]string{"//" + host + "/share", "-p", port}, args...)
		out, err := exec.CommandContext(t.Context(), smbclient, args...).CombinedOutput()
		return string(out), err
	}
	for _, args := range [][]string{
		{"-U", "alice%secret"}, // offers SMB 2.02 to 3.1.1
		{"-U", "alice%secret", "-m", "SMB2_10"},
		{"-U", "alice%secret", "-m", "SMB3_00"},
		{"-U", "alice%secret", "--option=client min protocol=NT1"}, // begins with SMB1
		{"-N"},
	} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			// Files are seen elsewhere.
			out, err := run(append(args, "-c", "echo 1 hello; logoff; exit")...)
			assert.NoError(t, err, out)
			simtest.WaitHeld(t, files.Gate, 0)

			release := simtest.Hold(t, files.Gate, 5)
			defer release()
			out, err = run(append(args, "-c", "exit")...)
			var exit *exec.ExitError
			require.True(t, errors.As(err, &exit), out)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, out, "session setup failed: NT_STATUS_REQUEST_NOT_ACCEPTED")
		})
	}
	t.Run("a dialect the fixture does not speak", func(t *testing.T) {
		out, err := run("-U", "alice%secret", "--option=client min protocol=NT1", "-m", "NT1", "-c", "exit")
		assert.Error(t, err)
		assert.Contains(t, out, "protocol negotiation failed")
	})
}
