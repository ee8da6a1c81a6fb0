package simulate

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// listen returns a limited listener on loopback whose connections are accepted
// and kept, and its gate.
func listen(t *testing.T, w limits.Windows, s limits.Service) (net.Listener, *Gate) {
	t.Helper()
	h, err := New(w, nil)
	require.NoError(t, err)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := h.Listener(inner, s)
	require.NoError(t, err)
	g, err := h.Gate(s)
	require.NoError(t, err)
	accepted := make(chan net.Conn, 100)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			c, err := ln.Accept()
			if err != nil {
				assert.ErrorIs(t, err, net.ErrClosed)
				return
			}
			accepted <- c
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-stopped // Close unblocks Accept
		close(accepted)
		for c := range accepted {
			c.Close()
		}
		assert.Zero(t, g.Stats().Held)
	})
	return ln, g
}

func dial(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestListenerAnswersTheEleventh(t *testing.T) {
	ln, g := listen(t, xpPro, limits.IIS)
	for range 10 {
		dial(t, ln)
	}
	require.NoError(t, g.WaitHeld(t.Context(), 10))
	for _, req := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.0\n\n",
		"GET /" + strings.Repeat("a", 2000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	} {
		c := dial(t, ln)
		for i := range len(req) { // byte by byte
			_, err := c.Write([]byte{req[i]})
			require.NoError(t, err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		status, body := read(t, resp, err)
		assert.Equal(t, "403 Access Forbidden", status)
		assert.Contains(t, body, limits.TextHTTP4039)
		assert.True(t, resp.Close)
	}
	assert.EqualValues(t, 4, g.Stats().Refused)
}

func TestListenerOfFTP(t *testing.T) {
	ln, g := listen(t, xpPro, limits.FTP)
	for range 10 {
		dial(t, ln)
	}
	require.NoError(t, g.WaitHeld(t.Context(), 10))
	line, err := bufio.NewReader(dial(t, ln)).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "421 Maximum clients reached, service unavailable.\r\n", line)
}

func TestListenerOfSMTPHangsUp(t *testing.T) {
	ln, g := listen(t, xpPro, limits.SMTP)
	require.NoError(t, g.SetLimit(0))
	_, err := dial(t, ln).Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

func TestListenerDoesNotLimitThirdParties(t *testing.T) {
	ln, g := listen(t, xpPro, limits.TCPOther)
	for range 40 {
		dial(t, ln)
	}
	require.NoError(t, g.WaitHeld(t.Context(), 40))
	assert.Zero(t, g.Stats().Refused)
}

func TestListenerNeedsConnections(t *testing.T) {
	h, err := New(win7, nil)
	require.NoError(t, err)
	for s, want := range map[limits.Service]string{
		limits.IIS: "counts requests, not connections",
		limits.SMB: "counts sessions, not connections",
	} {
		_, err := h.Listener(nil, s)
		assert.ErrorContains(t, err, want)
	}
}

// A connection over the limit that never asks for anything is closed with the
// listener at the latest, and there are never too many of them.
func TestSilentRefusalsAreBounded(t *testing.T) {
	h, err := New(xpPro, nil)
	require.NoError(t, err)
	g, err := h.Gate(limits.IIS)
	require.NoError(t, err)
	require.NoError(t, g.SetLimit(0))
	server, client := net.Pipe()
	ln := newListener(closedListener{}, g)
	for i := range maxRefusals {
		c, _ := net.Pipe()
		conn, place := newConn(c)
		require.True(t, ln.begin(conn, place), i)
	}
	conn, place := newConn(server)
	assert.False(t, ln.begin(conn, place), "one too many of the too many")
	require.NoError(t, conn.Close())
	_, err = client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.NoError(t, ln.Close())
	assert.Empty(t, ln.refusals)
	assert.False(t, ln.begin(conn, place), "after Close")
}

type closedListener struct{ net.Listener }

func (closedListener) Close() error { return nil }

func TestReadHeadIsBounded(t *testing.T) {
	head, err := readHead(strings.NewReader(strings.Repeat("a", 1<<20)))
	require.NoError(t, err)
	assert.LessOrEqual(t, len(head), 2*maxRefusalHead)
	_, err = readHead(strings.NewReader("GET / HTTP/1.1\r\n"))
	require.ErrorIs(t, err, io.EOF)
}

func FuzzReadHead(f *testing.F) {
	f.Add("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		head, err := readHead(oneByteReader{strings.NewReader(s)})
		if err != nil {
			assert.ErrorIs(t, err, io.EOF)
			assert.NotContains(t, s, "\r\n\r\n")
			assert.NotContains(t, s, "\n\n")
			return
		}
		assert.True(t, strings.HasPrefix(s, string(head)))
	})
}

type oneByteReader struct{ io.Reader }

func (r oneByteReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }
