package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// maxEarly bounds what is read of a client that sends before it has an answer.
const maxEarly = 32 << 10

// halfOpenGrace is how long a connection may be silent once one side has closed: a
// client that was killed looks as one that has sent all and still reads.
const halfOpenGrace = 500 * time.Millisecond

// client is the connection of a client, some of which may have been read already.
type client struct {
	net.Conn
	early []byte
}

// Read returns what has been read early first.
func (c *client) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// dialing calls dial with a context that ends when the client leaves, which it
// tells by reading; one that has sent something before has halfOpenGrace still, for
// it may be one that has sent all and waits. What the client sends meanwhile is
// kept; with maxEarly of it, its end is not noticed any more.
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

// relay passes everything between two connections until both sides have closed,
// one of them breaks or ctx ends, and closes both. What one side does not send any
// more, the other is told.
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
	ended := make(chan net.Conn, 2) // what has been read to its end
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
