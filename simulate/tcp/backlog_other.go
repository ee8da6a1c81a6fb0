//go:build !linux

package tcp

import "net"

// A kernelListener is only known on Linux.
type kernelListener struct{}

func newKernelListener(net.Listener) (*kernelListener, error) { return nil, nil }

func (*kernelListener) refuse(bool) error { return nil }
