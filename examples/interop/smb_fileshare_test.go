//go:build linux

package interop

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fileshare runs the program examples/fileshare as a user would. read returns the
// next lines that it prints.
func fileshare(t *testing.T, args ...string) (cmd *exec.Cmd, stdin io.Writer, read func(n int) string) {
	program := filepath.Join(t.TempDir(), "fileshare")
	build := exec.Command("go", "build", "-o", program, "github.com/winlimits/winlimits/examples/fileshare")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	cmd = exec.Command(program, "-windows", "Windows XP Home", "-listen", "127.0.0.1:0", "-limit", "1")
	cmd.Args = append(cmd.Args, args...)
	stdin, err = cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewReader(stdout)
	read = func(n int) string {
		var b strings.Builder
		for range n {
			line, err := lines.ReadString('\n')
			require.NoError(t, err)
			b.WriteString(line)
		}
		return b.String()
	}
	return cmd, stdin, read
}

// readRule reads the lines about the limit.
func readRule(t *testing.T, read func(n int) string) {
	assert.Equal(t, "Windows XP Home takes 5 SMB sessions at the same time and refuses the next one.\n"+
		"Here -limit has set the limit to 1.\n", read(2))
}

// startFileshare runs the program in front of a smbd.
func startFileshare(t *testing.T, server *smbd, args ...string) (addr string, stdin io.Writer, read func(n int) string) {
	_, stdin, read = fileshare(t, append([]string{"-upstream", server.addr}, args...)...)
	first := read(1)
	addr = regexp.MustCompile(`\S+$`).FindString(strings.TrimSpace(first))
	assert.Equal(t, fmt.Sprintf("Windows XP Home shares %s on %s\n", server.addr, addr), first)
	readRule(t, read)
	return addr, stdin, read
}

// TestSMBFileshareDir shares a directory in one command, and in memory without
// one.
func TestSMBFileshareDir(t *testing.T) {
	for _, way := range []struct {
		name string
		dir  bool
		end  syscall.Signal
	}{
		{"interrupted", true, syscall.SIGINT},
		{"killed", true, syscall.SIGKILL},
		{"in memory", false, syscall.SIGINT},
	} {
		t.Run(way.name, func(t *testing.T) {
			dir := t.TempDir()
			tmp := tempDir(t)
			up, down := filepath.Join(tmp, "up"), filepath.Join(tmp, "down")
			what, args, stored := "a directory in memory", []string(nil), []string{down}
			if way.dir {
				what, args, stored = dir, []string{"-dir", dir}, append(stored, filepath.Join(dir, "file"))
			}
			cmd, _, read := fileshare(t, args...)
			var addr, share, user, password string
			_, err := fmt.Sscanf(read(2), "Windows XP Home shares "+what+" on %s\nshare %s user %s password %s", &addr, &share, &user, &password)
			require.NoError(t, err)
			readRule(t, read)
			client := smbclient{
				conf: "/dev/null", addr: addr, share: strings.Trim(share, ","), user: strings.Trim(user, ","), password: password,
			}
			require.NoError(t, os.WriteFile(up, []byte("hello"), 0o600))
			out, code := client.run(t, "put "+up+" file; get file "+down)
			require.Zero(t, code, "%s", out)
			for _, path := range stored {
				b, err := os.ReadFile(path)
				require.NoError(t, err)
				assert.Equal(t, "hello", string(b))
			}
			require.NoError(t, os.Remove(up))
			require.NoError(t, os.Remove(down))
			assert.Regexp(t, ` admitted \\\\127\.0\.0\.1 alice \(1 of 1\)\n$`, read(1))

			require.NoError(t, cmd.Process.Signal(way.end))
			err = cmd.Wait()
			if way.end == syscall.SIGINT {
				assert.NoError(t, err)
			}
			nothingLeft(t, tmp, []string{addr})
		})
	}
}

func TestSMBFileshare(t *testing.T) {
	server := startSMBD(t, 1)
	addr, stdin, read := startFileshare(t, server)
	client := smbclient{conf: server.conf, addr: addr, user: "alice"}
	h := client.hold(t)
	h.connected()
	assert.Regexp(t, `^\d\d:\d\d:\d\d\.\d{3} admitted \\\\127\.0\.0\.1 alice \(1 of 1\)\n$`, read(1))
	client.user = "bob"
	client.refused(t)
	assert.Regexp(t, ` refused  \\\\127\.0\.0\.1 bob \(1 of 1\)\n$`, read(1))

	io.WriteString(stdin, "net session\n")
	assert.Regexp(t, `\\\\127\.0\.0\.1 +alice +0 00:00:\d\d\nThe command completed successfully.\n$`, read(5))
	io.WriteString(stdin, "net config server\n")
	assert.Contains(t, read(15), "Maximum Logged On Users               1\n")
	h.leave()
	assert.Regexp(t, ` ended    \\\\127\.0\.0\.1 alice \(0 of 1\)\n$`, read(1))
}

// TestSMBFileshareComputers: sessions that share a slot have lines of their own.
func TestSMBFileshareComputers(t *testing.T) {
	server := startSMBD(t, 1)
	addr, _, read := startFileshare(t, server, "-count", "computer")
	alice := smbclient{conf: server.conf, addr: addr, user: "alice"}.hold(t)
	alice.connected()
	assert.Regexp(t, ` admitted \\\\127\.0\.0\.1 alice \(1 of 1\)\n$`, read(1))
	bob := smbclient{conf: server.conf, addr: addr, user: "bob"}.hold(t)
	bob.connected()
	assert.Regexp(t, ` admitted \\\\127\.0\.0\.1 bob \(1 of 1\)\n$`, read(1))
	alice.leave()
	assert.Regexp(t, ` ended    \\\\127\.0\.0\.1 alice \(1 of 1\)\n$`, read(1))
	bob.leave()
	assert.Regexp(t, ` ended    \\\\127\.0\.0\.1 bob \(0 of 1\)\n$`, read(1))
}
