package conns

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type closer struct {
	closed int
	err    error
}

func (c *closer) Close() error { c.closed++; return c.err }

func TestSet(t *testing.T) {
	s := NewSet()
	released := 0
	conn := s.New(pipe(), nil, func() { released++ })
	s.Add(conn)
	broken := errors.New("broken")
	tracked, gone, listener, goneListener, brokenListener := new(closer), new(closer), new(closer), new(closer), &closer{err: broken}
	closedListener := &closer{err: net.ErrClosed}
	s.Track(tracked)
	s.Track(gone)
	s.Untrack(gone)
	for _, l := range []*closer{listener, goneListener, brokenListener, closedListener} {
		require.True(t, s.Listen(l))
	}
	s.Unlisten(goneListener)

	s.Disconnect()
	assert.Equal(t, 1, released)
	assert.Equal(t, 1, tracked.closed)
	assert.Zero(t, listener.closed)
	s.Untrack(tracked)

	err := s.Close()
	assert.ErrorIs(t, err, broken)
	assert.NotErrorIs(t, err, net.ErrClosed)
	assert.Equal(t, 1, listener.closed)
	assert.Zero(t, goneListener.closed)
	assert.Zero(t, gone.closed)

	assert.False(t, s.Listen(listener))
	late := new(closer)
	s.Track(late)
	assert.Equal(t, 1, late.closed)
	lateConn := s.New(pipe(), nil, func() { released++ })
	s.Add(lateConn)
	assert.Equal(t, 2, released)
	assert.Empty(t, s.open)
}
