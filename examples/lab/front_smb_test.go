package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// logOn sets a session up over a connection of its own.
func logOn(t *testing.T, address, user, password string) (*smb2.Session, net.Conn, error) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	d := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: user, Password: password}}
	s, err := d.DialConn(ctx, c, address)
	return s, c, err
}

func TestFilesInMemory(t *testing.T) {
	b := newBench(t)
	front := b.host("XP Home SP2", `{"kind":"smb","accounts":{"alice":"secret"}}`)[0]
	var clients []net.Conn
	var sessions []*smb2.Session
	for range 5 {
		s, c, err := logOn(t, front, "alice", "secret")
		require.NoError(t, err)
		clients, sessions = append(clients, c), append(sessions, s)
	}
	_, _, err := logOn(t, front, "alice", "wrong")
	require.ErrorContains(t, err, "logon is invalid")
	_, _, err = logOn(t, front, "alice", "secret")
	require.EqualError(t, err, limits.TextStatusRequestNotAccepted)
	b.state("smb", "?held=5&refused=1")
	assert.Contains(t, b.types("net session"), "alice")
	assert.Contains(t, b.types(`typeperf "\Server\Server Sessions"`), `"5.000000"`)
	share, err := sessions[0].Mount("share")
	require.NoError(t, err)
	require.NoError(t, share.WriteFile("a.txt", []byte("hello"), 0o600))
	text, err := share.ReadFile("a.txt")
	require.NoError(t, err)
	assert.Equal(t, "hello", string(text))

	begun := time.Now()
	for _, c := range clients {
		c.Close() // as when the client is killed
	}
	b.state("smb", "?held=0&queued=0")
	t.Logf("free %v after the clients", time.Since(begun))
}

// TestFilesOfSamba: a real file server behind the front shares a directory; so it
// does as the upstream of another front.
func TestFilesOfSamba(t *testing.T) {
	needs(t, "smbd", "samba")
	b, dir := newBench(t), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hello"), 0o600))
	front := b.host("XP Home SP2", fmt.Sprintf(`{"kind":"smb","dir":%q,"accounts":{"alice":"secret"}}`, dir))[0]
	second := b.named("second", "XP Pro SP3", fmt.Sprintf(`{"kind":"smb","upstream":%q,"count":"computer"}`, front))[0]
	for _, address := range []string{front, second} {
		s, c, err := logOn(t, address, "alice", "secret")
		require.NoError(t, err)
		share, err := s.Mount("share")
		require.NoError(t, err)
		text, err := share.ReadFile("a.txt")
		require.NoError(t, err)
		assert.Equal(t, "hello", string(text))
		c.Close()
	}
	b.state("smb", "?held=0")
	b.refuses(400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","dir":"/no/such/dir"}]}`, "/no/such/dir")
	b.refuses(400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","dir":"/tmp","accounts":{"a":"x","b":"y"}}]}`, "same password")
}

// Without accounts every client is a guest.
func TestGuests(t *testing.T) {
	b := newBench(t)
	front := b.host("XP Home SP2", `{"kind":"smb"}`)[0]
	_, _, err := logOn(t, front, "anybody", "anything")
	require.NoError(t, err)
	b.state("smb", "?held=1")
}
