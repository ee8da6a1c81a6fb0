package simulate

import (
	"io"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestTCPConnKeepsItsAbilities(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	accepted, err := ln.Accept()
	require.NoError(t, err)
	conn, place := newConn(accepted)
	g := newGate(t, xpPro, limits.IIS, nil)
	require.True(t, g.TryAcquire(&place.slot))

	assert.Implements(t, (*interface{ CloseWrite() error })(nil), conn)
	assert.Implements(t, (*syscall.Conn)(nil), conn)
	assert.Implements(t, (*io.ReaderFrom)(nil), conn)
	assert.Same(t, accepted, conn.NetConn())
	require.NoError(t, conn.(interface{ CloseWrite() error }).CloseWrite())
	_, err = client.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, 1, g.Stats().Held, "half-closed is still open")

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { conn.Close() })
	}
	wg.Wait()
	assert.Zero(t, g.Stats().Held)
	assert.EqualValues(t, 1, g.Stats().Admitted)
}

func TestOtherConn(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	conn, place := newConn(a)
	assert.Same(t, a, conn.NetConn())
	assert.Same(t, place, placeOf(conn))
	assert.Nil(t, placeOf(b))
	assert.Error(t, conn.(*otherConn).CloseWrite(), "a pipe has no half")
	require.NoError(t, conn.Close())
}
