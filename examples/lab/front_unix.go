//go:build unix

package main

import (
	"net"
	"os"
	"syscall"
)

// listenAgain has a socket listen that the backlog of a front before may have
// taken out of LISTEN.
func listenAgain(ln *net.TCPListener) error {
	raw, err := ln.SyscallConn()
	if err != nil {
		return err
	}
	if controlErr := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), maxBacklog) }); controlErr != nil {
		return controlErr
	}
	return os.NewSyscallError("listen", err)
}
