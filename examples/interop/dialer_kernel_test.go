//go:build linux

package interop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// In the namespace nothing answers a SYN to this port, and the name has an IPv4
// and an IPv6 address.
const (
	silentPort = 46881
	silentName = "silent.test"
	silent4    = "10.99.0.1"
	silent6    = "fd99::1"
)

// TestHalfOpenInTheKernel lets the kernel count the sockets in SYN_SENT, in a
// network namespace that drops SYNs. It runs itself there: goroutines cannot be
// moved between namespaces.
func TestHalfOpenInTheKernel(t *testing.T) {
	const inside = "WINLIMITS_NAMESPACE"
	if os.Getenv(inside) == "" {
		peer(t, "ip", "iproute2")
		peer(t, "ss", "iproute2")
		peer(t, "nft", "nftables")
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestHalfOpenInTheKernel$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
		if os.Geteuid() != 0 {
			cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.EPERM) {
			missing(t, "namespaces need root, or a kernel that lets users make them")
		}
		t.Logf("in the namespace:\n%s", out)
		require.NoError(t, err)
		return
	}

	setUpSilence(t)
	xpSP1 := limits.Windows{Edition: limits.XPProfessional, ServicePack: 1}
	xpSP2 := limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}
	literal := net.JoinHostPort(silent4, fmt.Sprint(silentPort))
	name := net.JoinHostPort(silentName, fmt.Sprint(silentPort))
	for _, tt := range []struct {
		title   string
		windows limits.Windows
		address string
		most    int
	}{
		{"one address", xpSP2, literal, 10},
		{"A and AAAA", xpSP2, name, 10},
		{"one address, unlimited", xpSP1, literal, 40},
		{"A and AAAA, unlimited", xpSP1, name, 80},
	} {
		t.Run(tt.title, func(t *testing.T) {
			trace := startTrace(t)
			dialer, gate := dialerOf(t, tt.windows)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			errs := make(chan error)
			for range 40 {
				go func() {
					_, err := dialer.DialContext(ctx, "tcp", tt.address)
					errs <- err
				}()
			}
			attempts := 40
			if tt.address == name {
				attempts = 80
			}
			require.NoError(t, gate.Wait(ctx, func(s simulate.Stats) bool {
				return s.Held == tt.most && s.Queued == attempts-tt.most
			}))
			// Samples, at a pace at which ss does not read a table in motion.
			pace := time.NewTicker(250 * time.Millisecond)
			defer pace.Stop()
			for range 3 {
				<-pace.C
				assert.Equal(t, tt.most, ssSYNSent(t))
			}
			cancelled := time.Now()
			cancel()
			queued, connecting := 0, 0
			for range 40 {
				err := <-errs
				require.ErrorIs(t, err, context.Canceled)
				if errors.Is(err, simulate.ErrLimit) {
					queued++
				}
				if errors.Is(err, tcp.ErrConnecting) {
					connecting++
				}
			}
			t.Logf("40 dials back %v after they were cancelled: %d queued, %d connecting", time.Since(cancelled), queued, connecting)
			assert.Equal(t, 40, queued+connecting)
			assert.Zero(t, ssSYNSent(t))
			assert.Zero(t, gate.Stats().Held)
			trace.most(t, tt.most)
		})
	}

	t.Run("64 workers", func(t *testing.T) {
		trace := startTrace(t)
		dialer, gate := dialerOf(t, xpSP2)
		var workers sync.WaitGroup
		for i := range 64 {
			workers.Go(func() {
				for j := range 30 {
					ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
					_, err := dialer.DialContext(ctx, "tcp", []string{literal, name}[(i+j)%2])
					cancel()
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		}
		workers.Wait()
		t.Logf("%+v", gate.Stats())
		assert.Equal(t, 10, gate.Stats().Peak)
		assert.Zero(t, gate.Stats().Held)
		assert.Zero(t, ssSYNSent(t))
		trace.most(t, 10)
	})
}

func dialerOf(t *testing.T, w limits.Windows) (*tcp.Dialer, *simulate.Gate) {
	t.Helper()
	host, err := simulate.New(w, nil)
	require.NoError(t, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)
	dialer, err := tcp.NewDialer(host, &tcp.DialerSettings{Net: net.Dialer{Resolver: &net.Resolver{PreferGo: true}}})
	require.NoError(t, err)
	return dialer, gate
}

// setUpSilence makes the namespace that it runs in the one described above.
func setUpSilence(t *testing.T) {
	t.Helper()
	hosts := filepath.Join(t.TempDir(), "hosts")
	require.NoError(t, os.WriteFile(hosts, []byte(silent4+" "+silentName+"\n"+silent6+" "+silentName+"\n"), 0o644))
	require.NoError(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
	require.NoError(t, syscall.Mount(hosts, "/etc/hosts", "", syscall.MS_BIND, ""))
	for _, command := range []string{
		"ip link set lo up",
		"ip address add " + silent4 + " dev lo",
		"ip address add " + silent6 + " dev lo nodad",
		"nft add table inet silence",
		"nft add chain inet silence in { type filter hook input priority 0 ; }",
		fmt.Sprintf("nft add rule inet silence in tcp dport %d drop", silentPort),
	} {
		fields := strings.Fields(command)
		out, err := exec.CommandContext(t.Context(), fields[0], fields[1:]...).CombinedOutput()
		require.NoError(t, err, "%s: %s", command, out)
	}
}

// ssSYNSent returns what ss counts.
func ssSYNSent(t *testing.T) int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ss", "-Htn", "state", "syn-sent").Output()
	require.NoError(t, err)
	return strings.Count(string(out), "\n")
}

// A stateTrace records every change of state of the sockets to silentPort, in
// order, by the kernel's tracepoint sock:inet_sock_set_state. dir is empty where
// there is none to be had.
type stateTrace struct{ dir string }

func startTrace(t *testing.T) stateTrace {
	t.Helper()
	root := t.TempDir()
	if err := syscall.Mount("nodev", root, "tracefs", 0, ""); err != nil {
		t.Logf("no tracefs, so ss alone has to do: %v", err)
		return stateTrace{}
	}
	dir := filepath.Join(root, "instances", fmt.Sprintf("winlimits-%d", os.Getpid()))
	require.NoError(t, os.Mkdir(dir, 0o755))
	t.Cleanup(func() {
		assert.NoError(t, os.Remove(dir))
		assert.NoError(t, syscall.Unmount(root, 0))
	})
	event := filepath.Join("events", "sock", "inet_sock_set_state")
	for _, setting := range []struct{ file, value string }{
		{"trace_clock", "counter"}, // one order for all processors
		{"buffer_size_kb", "8192"},
		{filepath.Join(event, "filter"), fmt.Sprintf("dport == %d", silentPort)},
		{filepath.Join(event, "enable"), "1"},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, setting.file), []byte(setting.value), 0), setting.file)
	}
	return stateTrace{dir}
}

var stateChange = regexp.MustCompile(`inet_sock_set_state:.* oldstate=(\w+) newstate=(\w+)`)

// most asserts that the kernel had exactly n sockets in SYN_SENT when it had the
// most, and has none now.
func (s stateTrace) most(t *testing.T, n int) {
	t.Helper()
	if s.dir == "" {
		return
	}
	stats, err := filepath.Glob(filepath.Join(s.dir, "per_cpu", "cpu*", "stats"))
	require.NoError(t, err)
	for _, file := range stats {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Contains(t, string(text), "\noverrun: 0\n")
		require.Contains(t, string(text), "\ndropped events: 0\n")
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "trace"))
	require.NoError(t, err)
	now, most, connects := 0, 0, 0
	for _, change := range stateChange.FindAllStringSubmatch(string(text), -1) {
		if change[1] == "TCP_SYN_SENT" {
			now--
		}
		if change[2] == "TCP_SYN_SENT" {
			now++
			connects++
		}
		most = max(most, now)
	}
	t.Logf("tracepoint: %d connects, at most %d sockets in SYN_SENT", connects, most)
	assert.Equal(t, n, most)
	assert.Zero(t, now)
}
