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

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// output is a buffer that says when it has been told something.
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
	require.NoError(t, run(ctx, args, stdin, out, io.Discard))
	assert.Equal(t, 2, strings.Count(out.buf.String(), "Windows XP Home shares 127.0.0.1:1 on 127.0.0.1:"))
	assert.Contains(t, out.buf.String(), "Maximum Logged On Users               5\n")
	assert.Contains(t, out.buf.String(), "There are no entries in the list.\n")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-windows", "Windows 12"},
		{"-refuse", "second"},
		{"-count", "share"},
		{"-count", "computer-user", "-refuse", "first"},
		{"-listen", "256.0.0.1:1"},
		{"-limit", "3000000000"},
		{"-limit", "-2"},
		{"extra"},
	} {
		assert.Error(t, run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard), "%q", args)
	}
}

func TestEventLines(t *testing.T) {
	var b bytes.Buffer
	out := &lines{w: &b}
	for _, e := range []simulate.Event{
		{Kind: simulate.Decided, Outcome: simulate.Admitted, Service: limits.SMB, Peer: `\\c1 alice`, Held: 1, Limit: limits.Number(1)},
		{Kind: simulate.Decided, Outcome: simulate.Refused, Service: limits.SMB, Peer: `\\c2`, Held: 1, Limit: limits.Number(1)},
		{Kind: simulate.Left, Service: limits.SMB, Peer: `\\c1 alice`, Limit: limits.Number(1)},
		{Kind: simulate.LimitChanged, Service: limits.SMB},
		{Kind: simulate.Left, Service: limits.IIS},
	} {
		out.event(e)
	}
	assert.Equal(t, `00:00:00.000 admitted \\c1 alice (1 of 1)
00:00:00.000 refused  \\c2 (1 of 1)
00:00:00.000 ended    \\c1 alice (0 of 1)
`, b.String())
}
