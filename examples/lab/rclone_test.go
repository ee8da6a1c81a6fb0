package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rclone is a command that copies a directory to the share of a front.
func rclone(t *testing.T, front, from, to string, more ...string) *exec.Cmd {
	t.Helper()
	password, err := exec.CommandContext(t.Context(), "rclone", "obscure", "secret").Output()
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(front)
	require.NoError(t, err)
	remote := fmt.Sprintf(":smb,host=%s,port=%s,user=alice,pass=%s:share/%s", host, port, strings.TrimSpace(string(password)), to)
	args := append([]string{"copy", from, remote, "--config", filepath.Join(t.TempDir(), "none")}, more...)
	return exec.CommandContext(t.Context(), "rclone", args...)
}

// TestRclone: with 10 transfers at a time rclone gets 60 files through a machine
// that runs Windows 10; with 24 it needs more sessions than the machine has.
func TestRclone(t *testing.T) {
	needs(t, "rclone", "rclone")
	b, from := newBench(t), t.TempDir()
	front := b.host("Windows 10 Pro", `{"kind":"smb","accounts":{"alice":"secret"}}`)[0]
	sent := map[string][]byte{}
	for i := range 60 {
		name, data := fmt.Sprintf("%02d.bin", i), make([]byte, 128<<10)
		rand.Read(data)
		sent[name] = data
		require.NoError(t, os.WriteFile(filepath.Join(from, name), data, 0o600))
	}
	out, err := rclone(t, front, from, "ten", "--transfers", "10", "--checkers", "4").CombinedOutput()
	require.NoError(t, err, "%s", out)
	s := b.state("smb", "?held=0")
	assert.Zero(t, s.Refused, "%s", out)
	assert.LessOrEqual(t, s.Peak, 20)
	session, _, err := logOn(t, front, "alice", "secret")
	require.NoError(t, err)
	share, err := session.Mount("share")
	require.NoError(t, err)
	for name, data := range sent {
		got, err := share.ReadFile("ten/" + name)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got), name)
	}
	require.NoError(t, session.Logoff())

	// The transfers are made to last, so that they are there at the same time.
	b.state("smb", "?held=0")
	b.ok("POST", "/api/hosts/box/reset", "")
	cmd := rclone(t, front, from, "many", "--transfers", "24", "--checkers", "4", "--bwlimit", "256k")
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cmd.Process.Kill()
	s = b.state("smb", "?held=20&refused=4")
	assert.Equal(t, 20, s.Peak)
	require.NoError(t, cmd.Process.Kill())
	b.state("smb", "?held=0&queued=0")
}
