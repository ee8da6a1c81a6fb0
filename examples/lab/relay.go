package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// maxEarly bounds how much of a client is read before the server is dialled, in bytes.
const maxEarly = 32 << 10

// halfOpenGrace is how long a connection may be silent once one side has closed. A
// client that was killed looks like one that has sent all and still reads.
const halfOpenGrace = 500 * time.Millisecond

// client is the connection of a client. Some of its bytes may have been read already.
type client struct {
	net.Conn
	early []byte
}

// Read first returns what was read early.
func (c *client) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// dialing calls dial with a context that ends when the client goes. It notices that by
// reading. A client that has sent something has halfOpenGrace more, for it may have
// sent all and wait. What the client sends in that time is kept. After maxEarly bytes
// the reading stops, and the end of the client is not noticed any more.
func (c *client) dialing(ctx context.Context, dial func(context.Context) (net.Conn, error)) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watched := make(chan error, 1)
	go func() {
		var err error
		buf := make([]byte, 4<<10)
		for err == nil && len(c.early) < maxEarly {
			var n int
			n, err = c.Conn.Read(buf)
			c.early = append(c.early, buf[:n]...)
		}
		switch {
		case err == nil || errors.Is(err, os.ErrDeadlineExceeded):
			err = nil
		case errors.Is(err, io.EOF) && len(c.early) > 0:
			err = nil
			time.AfterFunc(halfOpenGrace, cancel)
		default:
			cancel()
		}
		watched <- err
	}()
	server, err := dial(ctx)
	c.Conn.SetReadDeadline(time.Unix(1, 0))
	gone := <-watched
	c.Conn.SetReadDeadline(time.Time{})
	if gone != nil && err == nil {
		server.Close()
		return nil, gone
	}
	return server, err
}

// relay passes everything between two connections until both sides have closed, one
// of them breaks or ctx ends. Then it closes both. When one side has sent all, it
// tells the other one.
func relay(ctx context.Context, c *client, server net.Conn) {
	closeBoth := func() {
		c.Close()
		server.Close()
	}
	defer closeBoth()
	defer context.AfterFunc(ctx, closeBoth)()
	if len(c.early) > 0 {
		if _, err := server.Write(c.early); err != nil {
			return
		}
		c.early = nil
	}
	ended := make(chan net.Conn, 2) // the connections that were read to their end
	pass := func(to, from net.Conn) {
		for {
			n, err := io.Copy(to, from)
			if errors.Is(err, os.ErrDeadlineExceeded) && n > 0 {
				from.SetReadDeadline(time.Now().Add(halfOpenGrace))
				continue
			}
			if half, ok := to.(interface{ CloseWrite() error }); err != nil || !ok || half.CloseWrite() != nil {
				closeBoth()
			}
			ended <- from
			return
		}
	}
	go pass(server, c.Conn)
	go pass(c.Conn, server)
	other := server
	if <-ended == server {
		other = c.Conn
	}
	other.SetReadDeadline(time.Now().Add(halfOpenGrace))
	<-ended
}
