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
)

func TestProgramme(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	for _, line := range []string{
		`96 addresses on loopback, 60 of them live, 12 refusing and 24 unresponsive, 64 at once`,
		`Warning: event 4226 of Tcpip: TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts\.`,
		`\n    0 connecting, 0 queued, 60 open, 36 failed of 96`,
		`Windows XP Professional SP1 +\S+ s +60 +12 +24 +0 +0 +0\.00 s +\d+ +0\n`,
		`Windows XP Professional SP2 +\S+ s +60 +12 +24 +0 +0 +\S+ s +10 +[1-9]\d*\n`,
		`Windows Vista Ultimate SP2 +\S+ s +60 +12 +24 +0 +0 +0\.00 s +\d+ +0\n`,
		`an unlimited dialer +\S+ s +60 +12 +0 +24 +0 +0\.00 s +\d+ +0\n`,
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
		ln.Addr().String(), closed.Addr().String(), "127.0.0.1"}, &out))
	assert.Regexp(t, `Windows XP Home SP3, patched to 50 +\S+ s +1 +1 +0 +0 +0`, out.String())
	assert.Contains(t, out.String(), "1 times: dial tcp: address 127.0.0.1: missing port in address")
}

func TestBadArguments(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"-n 0", "-n 0: want 1 to 10000"},
		{"-timeout -1s", "-timeout -1s: want 0 or more"},
		{"-limit -1", "-limit -1: want 0 or more"},
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
		assert.ErrorContains(t, run(t.Context(), args, &bytes.Buffer{}), test.want)
	}
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
