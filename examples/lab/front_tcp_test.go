package main

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// deaf is a server that greets and says nothing more, whatever it is sent.
func deaf(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			io.WriteString(c, "!")
		}
	}()
	return ln.Addr().String()
}

func TestForwarder(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := b.host("NT 4.0 Workstation SP6", fmt.Sprintf(`{"kind":"tcp","service":"ftp","upstream":%q}`, upstream))[0]
	state := b.state("ftp", "")
	n := number(t, state.Limit)
	var clients []net.Conn
	for range n {
		c := b.dial(front)
		says(t, c, "hello")
		clients = append(clients, c)
	}
	over := b.dial(front)
	over.SetDeadline(time.Now().Add(20 * time.Second))
	text, err := io.ReadAll(over)
	require.NoError(t, err)
	assert.Contains(t, string(text), limits.TextFTPMaximum)
	b.state("ftp", fmt.Sprintf("?held=%d&refused=1", n))
	for _, c := range clients {
		c.Close()
	}
	b.state("ftp", "?held=0")
}

// TestKilledClientOfADeafServer: a client that is killed sends what one sends that
// has said all. Its slot comes back though the server says and closes nothing.
func TestKilledClientOfADeafServer(t *testing.T) {
	b := newBench(t)
	front := b.host("Windows 95", fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, deaf(t)))[0]
	c := b.dial(front)
	_, err := c.Read(make([]byte, 1))
	require.NoError(t, err)
	b.state("tcp-other", "?held=1")
	begun := time.Now()
	c.Close()
	b.state("tcp-other", "?held=0")
	t.Logf("free %v after the client", time.Since(begun))
}

// A client that has sent all, and says so, gets all of its answer.
func TestHalfClose(t *testing.T) {
	b := newBench(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		sent, _ := io.ReadAll(c)
		fmt.Fprintf(c, "got %s", sent)
	}()
	front := b.host("Windows 95", fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, ln.Addr()))[0]
	c := b.dial(front)
	_, err = io.WriteString(c, "all")
	require.NoError(t, err)
	require.NoError(t, c.(*net.TCPConn).CloseWrite())
	text, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, "got all", string(text))
	b.state("tcp-other", "?held=0")
}

// The first accept comes after the time of acceptEvery, then one each such time.
func TestAcceptEvery(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := b.host("XP Pro SP3", fmt.Sprintf(`{"kind":"tcp","upstream":%q,"backlog":0,"acceptEvery":"100ms"}`, upstream))[0]
	begun := time.Now()
	one, two := b.dial(front), b.dial(front)
	says(t, one, "hello")
	assert.GreaterOrEqual(t, time.Since(begun), 50*time.Millisecond)
	says(t, two, "hello")
	assert.GreaterOrEqual(t, time.Since(begun), 150*time.Millisecond)
	b.ok("GET", "/api/hosts/box/fronts/0?held=0", "")
}
