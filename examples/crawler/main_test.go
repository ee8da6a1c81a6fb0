package main

import (
	"bytes"
	"context"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestProgramme(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	for _, line := range []string{
		`96 addresses on this computer: 60 accept, 12 refuse and 24 never answer\.\nThe program tries 64 of them at the same time\.`,
		`Warning: event 4226 of Tcpip: TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts\.`,
		`\n    \S+ s: 60 of 96 open, 36 failed, 0 connecting, 0 queued\n`,
		`Windows XP Professional SP1 +\S+ s +60 +12 +24 +0 +0 +0\.00 s +\d+ +0\n`,
		`Windows XP Professional SP2 +\S+ s +60 +12 +24 +0 +0 +\S+ s +10 +[1-9]\d*\n`,
		`Windows Vista Ultimate SP2 +\S+ s +60 +12 +24 +0 +0 +0\.00 s +\d+ +0\n`,
		`without a limit +\S+ s +60 +12 +0 +24 +0 +0\.00 s +\d+ +0\n`,
	} {
		assert.Regexp(t, regexp.MustCompile(line), out.String())
	}
	assert.NotContains(t, out.String(), "\r")
}

func TestAddresses(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-windows", "Windows XP Home SP3", "-limit", "50", "-timeout", "1m", "-n", "2",
		ln.Addr().String(), closed.Addr().String(), "no-such-host.invalid:80"}, &out))
	assert.Regexp(t, `Windows XP Home SP3, patched to 50 +\S+ s +1 +1 +0 +0 +0`, out.String())
	assert.Regexp(t, `1 times: dial tcp: lookup no-such-host\.invalid`, out.String())
}

func TestBadArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-n 0", "-n 0: want 1 to 10000"},
		{"-n 10001", "-n 10001: want 1 to 10000"},
		{"-n ten", `invalid value "ten" for flag -n`},
		{"-timeout -1s", "-timeout -1s: want 0 to 24h0m0s"},
		{"-timeout 25h", "-timeout 25h0m0s: want 0 to 24h0m0s"},
		{"-limit -1", "-limit -1: want 0 to 2147483647"},
		{"-limit 2147483648", "-limit 2147483648: want 0 to 2147483647"},
		{"-no-such-flag", "flag provided but not defined: -no-such-flag"},
		{"-limit 50", "need -windows"},
		{"127.0.0.1:80", "need -windows"},
		{"-windows XP+Pro", "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"},
		{"-windows XP+Pro -limit 50", "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"},
		{"-windows Windows+XP+Professional+SP1 -limit 50", "there is no limit to patch"},
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

// A word that is not an address is an error before anything is dialled, and is quoted.
func TestWordsThatAreNotAddresses(t *testing.T) {
	for _, word := range []string{
		"127.0.0.1", "example.com", "", ":", ":80", "[::1]", "::1", "::1:80:", "example.com:", "example.com:0", "example.com:65536",
		"example.com:no-such-service", "http://example.com:80", "exa mple:80", "\x1b[2J:80", "[fe80::1%\x1b[2J]:80", "a\nb:80", strings.Repeat("x", 1e6),
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"-windows", "XP Pro SP2", word}, &out)
		if assert.ErrorContains(t, err, "is not an address: want host:port", word) {
			assert.Less(t, len(err.Error()), 250)
			assert.NotContains(t, err.Error(), "\x1b")
			assert.NotContains(t, err.Error(), "\n")
		}
		assert.Empty(t, out.String())
	}
	for _, word := range []string{"127.0.0.1:80", "[::1]:http", "[fe80::1%eth0]:1", "a_b-c.example:65535", "bücher.example:80"} {
		assert.NoError(t, checkAddress(word))
	}
}

func TestPrintable(t *testing.T) {
	assert.Equal(t, "lookup ?[2Jx: no such host", printable("lookup \x1b[2Jx: no such host"))
}

// Without a service pack the crawler would have to choose between two answers.
func TestServicePackIsAsked(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"-windows", "XP Pro", "127.0.0.1:1"}, &out)
	require.ErrorIs(t, err, limits.ErrServicePack)
	assert.ErrorContains(t, err, "10")
	assert.ErrorContains(t, err, "unlimited")
	assert.Empty(t, out.String())
}

func TestHelp(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-help"}, &out))
	assert.Contains(t, out.String(), "Crawler connects to many addresses")
	assert.Contains(t, out.String(), "-timeout duration")
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	require.ErrorIs(t, run(ctx, nil, &out), context.Canceled)
	assert.Regexp(t, `Windows XP Professional SP2 +\S+ s +0 +0`, out.String(), "what there is, is reported")
}

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	require.False(t, s.terminal)
	s.terminal, s.shown = true, true
	s.line("event")
	stop := s.show(func() string { return "state" })
	stop()
	assert.Regexp(t, "^\r\x1b\\[Kevent\n(.*\r\x1b\\[K)?state\n$", out.String())
}
