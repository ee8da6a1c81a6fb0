package tcp_test

import (
	"io"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func TestTCPConnKeepsItsAbilities(t *testing.T) {
	host, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := tcp.NewListener(host, limits.TCPOther, inner, nil)
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	accepted, err := ln.Accept()
	require.NoError(t, err)
	conn, ok := accepted.(tcp.Conn)
	require.True(t, ok)
	g := tcp.GateOf(conn)

	assert.Implements(t, (*interface{ CloseWrite() error })(nil), conn)
	assert.Implements(t, (*syscall.Conn)(nil), conn)
	assert.Implements(t, (*io.ReaderFrom)(nil), conn)
	assert.IsType(t, (*net.TCPConn)(nil), conn.NetConn())
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
