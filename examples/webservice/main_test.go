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

	"github.com/winlimits/winlimits/limits"
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
		`XP Pro, any other, slow to accept +10 +30 +10 .* 10  10 pages, 30 times no connection`,
		`Server 2003, IIS 6.0 +40 +0 +0 .* 40  40 pages`,
	} {
		assert.Regexp(t, regexp.MustCompile(line), out.String())
	}
	for _, moment := range []string{
		"10  before the program accepts the connection",
		"10  at the web server of Windows (IIS)",
		"10  in the licence, which nothing enforces",
	} {
		assert.Contains(t, out.String(), "       "+moment+"\n")
	}
	assert.True(t, strings.HasSuffix(out.String(), "\n40 clients ask at the same time for a page that takes 1ms, "+
		"Windows XP Professional SP3: 10 pages, 30 times HTTP 403.9\n"), "the end repeats what was asked")
}

func TestOneWindows(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-windows", "Windows XP Professional SP2", "-clients", "15", "-max-connections", "12", "-hold", "1ms"}, &out))
	assert.Regexp(t, `Windows XP Professional SP2 +12 +3 +0`, out.String())
	assert.Regexp(t, `any other, slow to accept +10 +5 +10`, out.String())
	assert.Regexp(t, `15 clients .*, Windows XP Professional SP2: 12 pages, 3 times HTTP 403.9\n$`, out.String())
}

// An edition can lack one of the three limits, or one may not be known.
func TestMoments(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		want    []string
	}{
		{limits.Windows{Edition: limits.XPHome}, []string{`\n   absent  at the web server`, `\n        5  in the licence`}},
		{limits.Windows{Edition: limits.Windows10Pro}, []string{`\n      200  before the program accepts`, `\n       10  at the web server`, `\n       20  in the licence`}},
		{limits.Windows{Edition: limits.Server2003Standard}, []string{`\nunlimited  at the web server`, `\n  unknown  in the licence`}},
		{limits.Windows{Edition: limits.NT40Workstation}, []string{`\n        5  before the program accepts`, `\n  depends  at the web server.*\n.*the service pack of`}},
	} {
		var out bytes.Buffer
		moments(&out, tt.windows)
		for _, want := range tt.want {
			assert.Regexp(t, want, out.String())
		}
		for line := range strings.Lines(out.String()) {
			assert.LessOrEqual(t, len(line), 81, line)
		}
	}
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-help"}, &out))
	assert.Contains(t, out.String(), "Webservice points clients at a web service")
	assert.Contains(t, out.String(), "-max-connections number")
}

func TestBadArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-clients 0", "-clients 0: want 1 to 2000"},
		{"-hold -1s", "-hold -1s"},
		{"-listen :0", "need -windows"},
		{"extra", `unexpected argument "extra"`},
		{"-clients ten", `invalid value "ten" for flag -clients`},
		{"-no-such-flag", "flag provided but not defined: -no-such-flag"},
		{"-max-connections 41 -windows Windows+XP+Professional", "MaxConnections 41: want 1 to 40"},
	} {
		args := strings.Fields(test.args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "+", " ")
		}
		var out bytes.Buffer
		err := run(t.Context(), args, &out)
		if assert.ErrorContains(t, err, test.want) {
			assert.NotContains(t, err.Error(), "\n", "one line")
		}
		assert.Empty(t, out.String(), "errors come before all else")
	}
}

func TestOneClient(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-windows", "XP Home", "-clients", "1", "-hold", "1ms"}, &out))
	assert.True(t, strings.HasPrefix(out.String(), "1 client asks for a page that takes 1ms.\n"))
	assert.Regexp(t, ` 1 time no connection\n`, out.String())
	assert.Regexp(t, ` 1 page\n`, out.String())
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
	assert.Contains(t, out.text.String(), "Windows 7 Professional serves http://127.0.0.1:")
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
