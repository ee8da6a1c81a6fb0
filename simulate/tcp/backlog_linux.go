package tcp

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// A kernelListener is a listening socket for which the kernel can be told to refuse.
// The kernel's own backlog does not refuse: when it is full, the kernel drops SYNs.
type kernelListener struct{ raw syscall.RawConn }

// kernelBacklog is more than any kernel grants; the kernel cuts it.
const kernelBacklog = 65535

// newKernelListener returns nil if inner is no listening socket of TCP. It takes
// the socket out of LISTEN and back once, and so knows that this can be done.
func newKernelListener(inner net.Listener) (*kernelListener, error) {
	tcp, ok := inner.(*net.TCPListener)
	if !ok {
		return nil, nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, err
	}
	k := &kernelListener{raw}
	err = k.control(func(fd int) error {
		addr, err := syscall.Getsockname(fd)
		if err != nil {
			return os.NewSyscallError("getsockname", err)
		}
		if err := refuseSYN(fd); err != nil {
			return err
		}
		// Outside of LISTEN a socket gives a port up that the kernel chose for
		// it, and keeps one that it was bound to by number. EINVAL says that it
		// is bound.
		if err := syscall.Bind(fd, addr); err != nil && !errors.Is(err, syscall.EINVAL) {
			return os.NewSyscallError("bind", err)
		}
		return listen(fd)
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

// refuse has the kernel answer SYNs with a reset, or listen.
func (k *kernelListener) refuse(yes bool) error {
	if yes {
		return k.control(refuseSYN)
	}
	return k.control(listen)
}

func refuseSYN(fd int) error {
	return os.NewSyscallError("shutdown", syscall.Shutdown(fd, syscall.SHUT_RD))
}

func listen(fd int) error { return os.NewSyscallError("listen", syscall.Listen(fd, kernelBacklog)) }

func (k *kernelListener) control(f func(fd int) error) error {
	var err error
	if controlErr := k.raw.Control(func(fd uintptr) { err = f(int(fd)) }); controlErr != nil {
		return controlErr
	}
	return err
}
