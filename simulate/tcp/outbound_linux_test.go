package tcp_test

import (
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// The kernel knows that the peer has closed, also if the program has not read.
func TestTheKernelKnowsWhoClosedFirst(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	for _, tt := range []struct {
		name string
		peer func(server *net.TCPConn) error
		own  func(client net.Conn) error
		held int
	}{
		{name: "nothing", held: 1},
		{name: "closed", peer: (*net.TCPConn).Close},
		{name: "ended", peer: (*net.TCPConn).CloseWrite},
		{name: "reset", peer: func(c *net.TCPConn) error {
			c.SetLinger(0)
			return c.Close()
		}},
		{name: "ended, then this side", peer: (*net.TCPConn).CloseWrite, own: func(c net.Conn) error {
			return c.(interface{ CloseWrite() error }).CloseWrite()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{CountPorts: true})
			gate, err := d.host.Gate(limits.TCPOutbound)
			require.NoError(t, err)
			client, err := d.Dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			accepted, err := ln.Accept()
			require.NoError(t, err)
			defer accepted.Close()
			if tt.peer != nil {
				require.NoError(t, tt.peer(accepted.(*net.TCPConn)))
				// Wait for the end past the Dialer, which so does not see it.
				raw, err := client.(syscall.Conn).SyscallConn()
				require.NoError(t, err)
				require.NoError(t, raw.Read(func(fd uintptr) bool {
					n, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
					return n == 0 && err == nil || err == syscall.ECONNRESET
				}))
			}
			if tt.own != nil {
				require.NoError(t, tt.own(client))
			}
			require.NoError(t, client.Close())
			assert.Equal(t, tt.held, gate.Stats().Held)
			_, err = client.Read(make([]byte, 1))
			assert.NotErrorIs(t, err, io.EOF)
		})
	}
}
