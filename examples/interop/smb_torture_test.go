//go:build linux

package interop

import (
	"os/exec"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"net"

	"github.com/winlimits/winlimits/limits"
)

var smbtortureVerdict = regexp.MustCompile(`(?m)^(success|failure|error|skip): ([\w.-]+)`)

// smbtorture runs a suite on a share and returns its verdicts.
func smbtorture(t testing.TB, server *smbd, addr, share, suite string) []string {
	program := peer(t, "smbtorture", "samba-testsuite")
	host, port, err := net.SplitHostPort(addr)
	if !assert.NoError(t, err) {
		return nil
	}
	cmd := exec.Command(program, "-s", server.conf, "//"+host+"/"+share, "-p", port, "-U", "alice%"+smbPassword, suite)
	out, _ := cmd.CombinedOutput() // fails if a verdict is failure
	var verdicts []string
	for _, m := range smbtortureVerdict.FindAllStringSubmatch(string(out), -1) {
		verdicts = append(verdicts, m[1]+" "+m[2])
	}
	if !assert.NotEmpty(t, verdicts, "%s: %s", suite, out) {
		return nil
	}
	return verdicts
}

// TestSMBTorture: Samba's own test suite says the same of smbd directly and
// through the proxy. Every run has a share of its own, so that they go on side
// by side.
func TestSMBTorture(t *testing.T) {
	t.Parallel()
	suites := []string{
		"smb2.connect", "smb2.session", "smb2.compound", "smb2.credits", "smb2.tcon", "smb2.read", "smb2.getinfo",
		"smb2.multichannel", "smb2.session-require-signing", "smb2.maxfid", "base.xcopy", "base.tcon", "raw.context",
	}
	server := startSMBD(t, 2*len(suites))
	front := server.front(t, limits.Windows{Edition: limits.Server2008R2Standard}, -1, nil, nil)
	verdicts := make([][2][]string, len(suites))
	var wg sync.WaitGroup
	for i, suite := range suites {
		for j, addr := range []string{server.addr, front.addr} {
			wg.Go(func() { verdicts[i][j] = smbtorture(t, server, addr, shareName(2*i+j+1), suite) })
		}
	}
	wg.Wait()
	n := 0
	for i, suite := range suites {
		assert.Equal(t, verdicts[i][0], verdicts[i][1], "%s: direct and through the proxy", suite)
		n += len(verdicts[i][0])
	}
	t.Logf("%d verdicts are the same", n)
	require.Greater(t, n, 100)
}

// TestSMBTortureAtTheLimit: joining a session from another connection and
// authenticating again need no further slot.
func TestSMBTortureAtTheLimit(t *testing.T) {
	server := startSMBD(t, 1)
	for _, tt := range []struct {
		suite string
		limit int
	}{
		{"smb2.session.bind1", 2}, // two sessions over two connections
		{"smb2.session.reauth1", 1},
		{"smb2.session.reauth2", 1},
		{"smb2.session.reauth6", 1}, // with a wrong password
	} {
		front := server.front(t, xpPro, tt.limit, nil, nil)
		for _, verdict := range smbtorture(t, server, front.addr, shareName(1), tt.suite) {
			assert.Contains(t, verdict, "success ", tt.suite)
		}
		front.waitHeld(t, 0)
		assert.Equal(t, tt.limit, front.gate.Stats().Peak, tt.suite)
	}
}
