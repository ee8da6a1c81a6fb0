package tcp

import (
	"net"
	"syscall"
)

// The first byte of TCP_INFO is the state of the socket (include/net/tcp_states.h).
const (
	stateClose     = 7
	stateCloseWait = 8
)

// stateOf asks the kernel what the peer of a connection has done.
func stateOf(c *net.TCPConn) peerState {
	raw, err := c.SyscallConn()
	if err != nil {
		return peerUnknown
	}
	state := peerUnknown
	_ = raw.Control(func(fd uintptr) {
		// Four bytes of TCP_INFO, which is what this reads.
		info, err := syscall.GetsockoptInet4Addr(int(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO)
		switch {
		case err != nil:
		case info[0] == stateClose:
			state = peerReset
		case info[0] == stateCloseWait:
			state = peerEnded
		default:
			state = peerOpen
		}
	})
	return state
}
