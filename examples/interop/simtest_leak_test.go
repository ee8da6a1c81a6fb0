package interop

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"testing"
	"testing/synctest"

	"github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// The documentation of simtest shows this test.
func TestBackupLogsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		files := simtest.NewFileServer(t, host, nil)
		require.NoError(t, backup(t.Context(), files.Dial))
	})
}

// backup is a program that stores a file on a file server. With the environment
// variable it is one that leaks: it disconnects the share and forgets the session.
func backup(ctx context.Context, dial func(ctx context.Context, network, addr string) (net.Conn, error)) error {
	conn, err := dial(ctx, "tcp", "windows.test:445")
	if err != nil {
		return err
	}
	d := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: "alice", Password: "secret"}}
	session, err := d.DialConn(ctx, conn, "windows.test:445")
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	share, err := session.Mount("share")
	if err != nil {
		return errors.Join(err, session.Logoff())
	}
	err = errors.Join(share.WriteFile("backup", []byte("data"), 0o600), share.Umount())
	if os.Getenv(backupLeaks) != "" {
		return err
	}
	return errors.Join(err, session.Logoff())
}

const backupLeaks = "WINLIMITS_BACKUP_LEAKS"

// TestLeakIsFound: the fixture's clean-up fails the test of a program that leaks
// and says what is left, at once, as its patience passes in the bubble.
func TestLeakIsFound(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestBackupLogsOff$")
	cmd.Env = append(os.Environ(), backupLeaks+"=true")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%s", out)
	assert.Contains(t, string(out), "simtest: 1 session neither logged off nor disconnected 5s after the test:\n")
	assert.Contains(t, string(out), `"alice" on 192.0.2.2, idle for 5s`)
	assert.Contains(t, string(out), "--- FAIL: TestBackupLogsOff")
	assert.NotContains(t, string(out), "panic")
}
