package main

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgramme(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-hold", "1ms"}, &out))
	for _, line := range []string{
		`XP Home, IIS +absent +absent +- .* 40 times no connection`,
		`XP Pro, IIS 5.1 +10 +30 +0 .* 10  10 pages, 30 times HTTP 403.9`,
		`XP Pro, IIS 5.1 raised to 40 +40 +0 +0 .* 40  40 pages`,
		`XP Pro, IIS 5.1, 4 idle browsers +2 +38 +0 .* 10  2 pages, 38 times HTTP 403.9`,
		`Windows 7 Pro, IIS 7.5 +40 +0 +30 .* 10  40 pages`,
		`XP Pro, Apache or any other +40 +0 +0 .* 40  40 pages`,
		`Server 2003, IIS 6.0 +40 +0 +0 .* 40  40 pages`,
	} {
		assert.Regexp(t, regexp.MustCompile(line), out.String())
	}
}

func TestOneWindows(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-windows", "Windows XP Professional SP2", "-clients", "15", "-max-connections", "12", "-hold", "1ms"}, &out))
	assert.Regexp(t, `Windows XP Professional SP2 +12 +3 +0`, out.String())
}

func TestBadArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-clients 0", "-clients 0: want 1 to 2000"},
		{"-hold -1s", "-hold -1s"},
		{"-listen :0", "need -windows"},
		{"extra", `unexpected argument "extra"`},
		{"-max-connections 41 -windows Windows+XP+Professional", "MaxConnections 41: want 1 to 40"},
	} {
		args := strings.Fields(test.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "+", " ")
		}
		assert.ErrorContains(t, run(t.Context(), args, &bytes.Buffer{}), test.want)
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &firstWrite{written: make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-windows", "Windows 7 Professional", "-listen", "127.0.0.1:0"}, out)
	}()
	<-out.written
	cancel()
	require.NoError(t, <-done)
	assert.Contains(t, out.text.String(), "Windows 7 Professional at http://127.0.0.1:")
}

// firstWrite closes written when something has been written.
type firstWrite struct {
	once    sync.Once
	written chan struct{}
	text    bytes.Buffer
}

func (w *firstWrite) Write(p []byte) (int, error) {
	defer w.once.Do(func() { close(w.written) })
	return w.text.Write(p)
}
