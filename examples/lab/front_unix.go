//go:build unix

package main

import (
	"net"
	"os"
	"syscall"
)

// listenAgain puts a socket into LISTEN. The backlog of an earlier front may have
// taken it out of that state.
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
