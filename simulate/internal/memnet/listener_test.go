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
	assert.ErrorIs(t, err, context.Canceled, "nobody accepts")
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

	// The connections live on, until somebody closes them.
	_, err = first.Write([]byte("x"))
	assert.NoError(t, err)
	assert.NoError(t, first.Close())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	assert.Equal(t, []string{onLoopback.LocalAddr().String()}, l.Drain(over))
	assert.Empty(t, l.Drain(t.Context()))
}
