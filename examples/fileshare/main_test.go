package main

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
)

// output is a buffer that calls seen once it contains want.
type output struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	want string
	seen context.CancelFunc
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.buf.Write(b)
	if strings.Contains(o.buf.String(), o.want) {
		o.seen()
	}
	return len(b), nil
}

func TestConsole(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{want: "-1 (never)", seen: cancel}
	stdin := strings.NewReader("net config server\nnet session\nnet config server /autodisconnect:x\n")
	args := []string{"-windows", "Windows XP Home", "-listen", "127.0.0.1:0,127.0.0.1:0", "-upstream", "127.0.0.1:1"}
	var stderr bytes.Buffer
	require.NoError(t, run(ctx, args, stdin, out, &stderr))
	assert.Regexp(t, `^fileshare: no file server answers at 127\.0\.0\.1:1, and clients are disconnected until one does: .*refused\n$`, stderr.String())
	assert.Equal(t, 2, strings.Count(out.buf.String(), "Windows XP Home shares 127.0.0.1:1 on 127.0.0.1:"))
	assert.Contains(t, out.buf.String(), "Maximum Logged On Users               5\n")
	assert.Contains(t, out.buf.String(), "There are no entries in the list.\n")
}

// TestInMemory: without a file server behind it, the program has one of its own.
func TestInMemory(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &output{want: "refuses the next one.\n", seen: cancel}
	require.NoError(t, run(ctx, []string{"-listen", "127.0.0.1:0"}, strings.NewReader(""), out, io.Discard))
	assert.Regexp(t, `^Windows XP Professional shares a directory in memory on 127\.0\.0\.1:\d+
share share, user alice, password \w+
Windows XP Professional takes 10 SMB sessions at the same time and refuses the next one\.\n$`, out.buf.String())
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-windows", "Windows 12"},
		{"-refuse", "second"},
		{"-listen", ""},
		{"-listen", "127.0.0.1:0,"},
		{"-count", "share"},
		{"-count", "computer-user", "-refuse", "first"},
		{"-listen", "256.0.0.1:1"},
		{"-limit", "3000000000"},
		{"-limit", "-2"},
		{"-dir", ".", "-upstream", "127.0.0.1:445"},
		{"-dir", "none"},
		{"extra"},
	} {
		err := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard)
		if assert.Error(t, err, "%q", args) {
			assert.NotContains(t, err.Error(), "\n", "one line")
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-help"}, strings.NewReader(""), &out, io.Discard))
	assert.Contains(t, out.String(), "Fileshare is a file server")
	assert.Contains(t, out.String(), "-upstream address")
	assert.Contains(t, out.String(), "net session \\\\COMPUTER /delete")
}

func TestSessionLines(t *testing.T) {
	for want, e := range map[string]smb.SessionEvent{
		`admitted \\c1 alice`: {Kind: simulate.Decided, Outcome: simulate.Admitted, Computer: "c1", User: "alice"},
		`refused  \\c1`:       {Kind: simulate.Decided, Outcome: simulate.Refused, Computer: "c1"},
		`ended    \\c1 bob`:   {Kind: simulate.Released, Computer: "c1", User: "bob"},
	} {
		assert.Equal(t, want, sessionLine(e))
	}
}
