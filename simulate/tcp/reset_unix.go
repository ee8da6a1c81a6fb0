//go:build unix

package tcp

import (
	"net"
	"syscall"
	"time"
)

// watchSocket is watchReset for a socket.
func watchSocket(c net.Conn, f func()) *resetWatch {
	conn, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		reset := false
		// The function is called again when something has arrived, which may be
		// data, the end or a reset.
		_ = raw.Read(func(fd uintptr) bool {
			n, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
			reset = err == nil && n != 0
			return reset
		})
		if reset {
			f()
		}
	}()
	return &resetWatch{func() {
		_ = conn.SetReadDeadline(time.Unix(1, 0))
		<-ended
		_ = conn.SetReadDeadline(time.Time{})
	}}
}
