// Package memnet is a network in memory: connections with buffers, and listeners that
// accept them. It works in a testing/synctest bubble.
package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Buffer is the size of the buffer of each direction of a connection, in bytes: a Write
// waits when so much has not been read.
const Buffer = 64 << 10

// Pipe returns the two ends of a connection in memory. Unlike those of net.Pipe they have
// a buffer, as a connection of an operating system has, so that two programs that both
// write before they read do not block. After one end is closed, the other can still read
// what was sent, unless SetLinger has made the close a reset.
func Pipe(client, server net.Addr) (*Conn, *Conn) {
	up, down := newStream(), newStream()
	return &Conn{in: down, out: up, local: client, remote: server},
		&Conn{in: up, out: down, local: server, remote: client}
}

// Conn is an end of a connection in memory.
type Conn struct {
	in, out       *stream
	local, remote net.Addr
	OnClose       func() // called once, or nil
	closing       sync.Once
	resets        atomic.Bool // Close resets the connection
}

func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.in.read(b)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

func (c *Conn) Write(b []byte) (int, error) {
	n, err := c.out.write(b)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

func (c *Conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// CloseWrite shuts down the writing side.
func (c *Conn) CloseWrite() error {
	c.out.end()
	return nil
}

func (c *Conn) Close() error {
	c.closing.Do(func() {
		if c.resets.Load() {
			c.in.reset()
			defer c.out.reset()()
		}
		c.out.end()
		c.out.hangUp(&c.out.writer)
		c.in.hangUp(&c.in.reader)
		if c.OnClose != nil {
			c.OnClose()
		}
	})
	return nil
}

// SetLinger(0) makes Close reset the connection: what was sent and not read is lost. Any
// other number takes that back.
func (c *Conn) SetLinger(sec int) error {
	c.resets.Store(sec == 0)
	return nil
}

// NotifyReset makes a reset by the other end call f, in the goroutine that resets, until
// stop is called.
func (c *Conn) NotifyReset(f func()) (stop func()) {
	c.in.onReset(f)
	return func() { c.in.onReset(nil) }
}

func (c *Conn) LocalAddr() net.Addr  { return c.local }
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// FixedAddrs marks a connection whose addresses are known without asking the peer; see
// conns.Fixed.
func (c *Conn) FixedAddrs() {}

func (c *Conn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.reader, t)
	c.out.setDeadline(&c.out.writer, t)
	return nil
}

func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.reader, t)
	return nil
}

func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writer, t)
	return nil
}

// stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex
	changed sync.Cond
	data    []byte
	ended   bool   // nothing more will be written
	broken  bool   // a reset has broken it
	notify  func() // called at a reset, or nil
	reader  side   // the end that reads
	writer  side   // the end that writes
}

// side is the state of one end of a stream.
type side struct {
	closed   bool
	deadline time.Time
	timer    *time.Timer
}

func newStream() *stream {
	s := new(stream)
	s.changed.L = &s.mu
	return s
}

// err returns the error that a read or write of the side fails with, or nil.
func (s *stream) err(d *side) error {
	switch {
	case d.closed:
		return net.ErrClosed
	case s.broken:
		return syscall.ECONNRESET
	case !d.deadline.IsZero() && !time.Now().Before(d.deadline):
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (s *stream) read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.err(&s.reader); err != nil {
			return 0, err
		}
		if len(s.data) > 0 || len(b) == 0 {
			n := copy(b, s.data)
			s.data = s.data[n:]
			s.changed.Broadcast()
			return n, nil
		}
		if s.ended {
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

func (s *stream) write(b []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if err := s.err(&s.writer); err != nil {
			return n, err
		}
		if s.ended || s.reader.closed {
			return n, io.ErrClosedPipe
		}
		if room := min(Buffer-len(s.data), len(b)-n); room > 0 {
			s.data = append(s.data, b[n:n+room]...)
			n += room
			s.changed.Broadcast()
		}
		if n == len(b) {
			return n, nil
		}
		s.changed.Wait()
	}
}

// sending returns the state of what has been written.
func (s *stream) sending() Sending {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Sending{Unread: len(s.data), Ended: s.ended}
}

// end notes that nothing more will be written.
func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
}

// reset breaks the stream. The caller calls the function that it returns, which is that
// of NotifyReset, when no lock is held.
func (s *stream) reset() (tell func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken, s.data = true, nil
	s.changed.Broadcast()
	if s.notify != nil {
		return s.notify
	}
	return func() {}
}

func (s *stream) onReset(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = f
}

// hangUp closes a side of the stream.
func (s *stream) hangUp(d *side) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.closed = true
	if d.timer != nil {
		d.timer.Stop()
	}
	s.changed.Broadcast()
}

func (s *stream) setDeadline(d *side, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.deadline = t
	if !t.IsZero() && !d.closed {
		d.timer = time.AfterFunc(time.Until(t), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.changed.Broadcast()
		})
	}
	s.changed.Broadcast()
}
