package memnet

import (
	"context"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestListener(t *testing.T) {
	l := NewListener(80)
	_, err := func() (net.Conn, error) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return l.Dial(ctx)
	}()
	assert.ErrorIs(t, err, context.Canceled, "no Accept")
	assert.Empty(t, l.Drain(t.Context()), "and nothing is left of it")

	accepted := make(chan net.Conn, 2)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				assert.ErrorIs(t, err, net.ErrClosed)
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	inMemory, err := l.Dial(t.Context())
	require.NoError(t, err)
	defer inMemory.Close()
	first := <-accepted
	addr, err := l.Loopback()
	require.NoError(t, err)
	onLoopback, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer onLoopback.Close()
	second := <-accepted
	assert.NotEqual(t, first.RemoteAddr(), second.RemoteAddr())

	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	assert.Nil(t, <-accepted)
	_, err = l.Dial(t.Context())
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = l.Loopback()
	assert.ErrorIs(t, err, net.ErrClosed)
	_, err = net.Dial("tcp", addr)
	assert.Error(t, err)

	// The connections stay open until they are closed.
	_, err = first.Write([]byte("x"))
	assert.NoError(t, err)
	assert.NoError(t, first.Close())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, []string{onLoopback.LocalAddr().String()}, l.Drain(over))
	assert.Empty(t, l.Drain(t.Context()))
}

func TestSending(t *testing.T) {
	l := NewListener(80)
	var server net.Conn
	l.Deliver(func(c net.Conn) bool { server = c; return true })
	client, err := l.DialFrom(t.Context(), net.IPv4(10, 0, 0, 1))
	require.NoError(t, err)
	assert.Equal(t, "10.0.0.1:49152", server.RemoteAddr().String())
	sending := func() Sending { return l.Sending("10.0.0.1:49152") }
	assert.Equal(t, Sending{}, sending())
	_, err = server.Write([]byte("hello"))
	require.NoError(t, err)
	assert.Equal(t, Sending{Unread: 5}, sending())
	_, err = client.Read(make([]byte, 2))
	require.NoError(t, err)
	assert.Equal(t, Sending{Unread: 3}, sending())
	require.NoError(t, server.(*Conn).CloseWrite())
	assert.Equal(t, Sending{Unread: 3, Ended: true}, sending())
	require.NoError(t, server.Close())
	assert.Equal(t, Sending{Ended: true}, sending())
	require.NoError(t, client.Close())
	assert.Equal(t, Sending{Ended: true}, l.Sending("10.0.0.2:49152"))
}

// A server that takes connections during the dial can refuse them there.
func TestDeliver(t *testing.T) {
	l := NewListener(80)
	var taken []net.Conn
	l.Deliver(func(c net.Conn) bool {
		if len(taken) == 1 {
			return false
		}
		taken = append(taken, c)
		return true
	})
	client, err := l.Dial(t.Context())
	require.NoError(t, err)
	defer client.Close()
	require.Len(t, taken, 1)
	assert.Equal(t, client.LocalAddr(), taken[0].RemoteAddr())
	_, err = l.Dial(t.Context())
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = l.Dial(over)
	assert.ErrorIs(t, err, context.Canceled)

	// On loopback it is too late to refuse.
	addr, err := l.Loopback()
	require.NoError(t, err)
	c, err := net.Dial("tcp", addr)
	if err == nil {
		_, err = c.Read(make([]byte, 1))
		c.Close()
	}
	assert.ErrorIs(t, err, syscall.ECONNRESET)

	require.NoError(t, taken[0].Close())
	taken = nil
	require.NoError(t, l.Close())
	_, err = l.Dial(t.Context())
	assert.ErrorIs(t, err, syscall.ECONNREFUSED, "even if the server would")
	assert.Empty(t, taken)
	assert.Empty(t, l.Drain(t.Context()))
}
