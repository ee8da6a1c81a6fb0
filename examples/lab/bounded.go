package main

import (
	"net"
	"sync"
)

// bounded is a listener with a bound on its connections. While there are too many, the
// next one waits in the kernel.
type bounded struct {
	net.Listener
	room chan struct{}
	once sync.Once
	done chan struct{}
}

func newBounded(ln net.Listener, n int) net.Listener {
	return &bounded{Listener: ln, room: make(chan struct{}, n), done: make(chan struct{})}
}

func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.room <- struct{}{}:
	case <-b.done:
		return nil, net.ErrClosed
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.room
		return nil, err
	}
	return &boundedConn{Conn: c, free: sync.OnceFunc(func() { <-b.room })}, nil
}

func (b *bounded) Close() error {
	b.once.Do(func() { close(b.done) })
	return b.Listener.Close()
}

type boundedConn struct {
	net.Conn
	free func()
}

func (c *boundedConn) Close() error {
	err := c.Conn.Close()
	c.free()
	return err
}
