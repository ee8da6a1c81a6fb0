package main

import (
	"net"
	"syscall"
)

// silence returns an address of loopback at which nothing answers: a listener
// whose backlog of 0 is full.
func silence() (address string, connect dialFunc, closeAll func(), err error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, nil, err
	}
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err == nil {
		var listenErr error
		err = raw.Control(func(fd uintptr) { listenErr = syscall.Listen(int(fd), 0) })
		if err == nil {
			err = listenErr
		}
	}
	if err != nil {
		ln.Close()
		return "", nil, nil, err
	}
	filler, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		ln.Close()
		return "", nil, nil, err
	}
	return ln.Addr().String(), nil, func() { filler.Close(); ln.Close() }, nil
}
