package smb

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSocketBuffers looks at both connections of a proxy on this machine: the
// system must not let megabytes lie in them.
func TestSocketBuffers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := ln.Accept()
	require.NoError(t, err)
	defer server.Close()

	for _, c := range []net.Conn{client, server} {
		keepShallow(c)
		raw, err := c.(*net.TCPConn).SyscallConn()
		require.NoError(t, err)
		for _, option := range []int{syscall.SO_RCVBUF, syscall.SO_SNDBUF} {
			var size int
			require.NoError(t, raw.Control(func(fd uintptr) {
				size, err = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, option)
			}))
			require.NoError(t, err)
			require.Equal(t, 2*socketBuffer, size) // Linux doubles it for its own needs
		}
	}
	keepShallow(nil) // does nothing, as for any connection that is not TCP
}
