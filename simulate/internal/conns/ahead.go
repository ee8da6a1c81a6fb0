package conns

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// maxAhead is behind how many bytes Watch sees an end. The number is the library's own.
const maxAhead = 64 << 10

// ahead is what has been read of a connection before its server reads it.
type ahead struct {
	// direct counts the reads of the server that are under way at the connection, and
	// active says that Watch has been called and that there may be something ahead. A
	// read takes the lock only then: net/http wakes its reads by a deadline, and would
	// have them wait for the lock of setDeadline.
	direct atomic.Int32
	active atomic.Bool

	mu       sync.Mutex
	changed  sync.Cond // tells of direct, watching, stopping and data
	watching bool      // there is a goroutine of Watch
	reading  bool      // it reads
	stopping bool      // it is to end
	calls    int       // of Watch
	cut      bool      // its read has been ended by a deadline of stop
	gone     func()    // of Watch, until it has been called or stop has
	data     []byte
	err      error     // what the connection has ended with, behind data
	deadline time.Time // for reads, as the server has set it
}

// Watch reads the connection ahead, until stop is called. It calls gone, once, if the peer
// ends or resets the connection, or if it is closed here. It is for a server that reads
// nothing meanwhile; its later reads return what has been read. What the peer ends behind
// more than 64 KiB is not seen.
func (e *Entry) Watch(gone func()) (stop func()) {
	a, c := &e.ahead, e.conn.NetConn()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.active.Store(true)
	a.gone, a.stopping = gone, false
	a.calls++
	call := a.calls
	if !a.watching {
		a.watching = true
		go a.watch(c, &e.closed)
	}
	return func() { a.stop(c, call) }
}

func (a *ahead) watch(c net.Conn, closed *atomic.Bool) {
	a.mu.Lock()
	// A read of the server that is under way gets what comes first.
	for a.direct.Load() > 0 && !a.stopping {
		a.changed.Wait()
	}
	var buf []byte
	for !a.stopping && a.err == nil && len(a.data) <= maxAhead {
		if buf == nil {
			buf = make([]byte, 4<<10)
		}
		room := buf[:min(len(buf), maxAhead+1-len(a.data))]
		a.reading = true
		a.mu.Unlock()
		n, err := c.Read(room)
		a.mu.Lock()
		a.reading = false
		cut := a.cut
		if cut {
			a.cut = false
			_ = c.SetReadDeadline(a.deadline)
		}
		a.data = append(a.data, buf[:n]...)
		a.changed.Broadcast()
		switch {
		case !isDeadline(err):
			a.err = err
		case !cut: // the server's own deadline, of which it will hear
			a.stopping = true
		}
	}
	a.watching = false
	a.changed.Broadcast()
	hasEnded := a.err != nil || closed.Load()
	a.mu.Unlock()
	if hasEnded {
		a.end()
	}
}

// end tells what watches that the connection has ended. Entry.end calls it, too, since
// Watch reads no longer when it has read enough.
func (a *ahead) end() {
	a.mu.Lock()
	gone := a.gone
	a.gone = nil
	a.mu.Unlock()
	if gone != nil {
		gone()
	}
}

// isDeadline reports whether a read has failed because of a deadline. ETIMEDOUT is the end
// of a connection whose peer does not answer, although it says Timeout, too.
func isDeadline(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout() && !errors.Is(err, syscall.ETIMEDOUT)
}

// stop has Watch end, unless it has been called again since. It does not wait for that,
// but reads do.
func (a *ahead) stop(c net.Conn, call int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if call != a.calls {
		return
	}
	a.gone, a.stopping = nil, true
	a.changed.Broadcast()
	if a.reading && !a.cut {
		a.cut = true
		_ = c.SetReadDeadline(time.Unix(1, 0))
	}
}

// read reads what has been read ahead, and otherwise the connection.
func (a *ahead) read(c net.Conn, b []byte) (int, error) {
	a.direct.Add(1)
	if a.active.Load() {
		a.readDone()
		if n, ok, err := a.take(b); ok {
			return n, err
		}
	}
	defer a.readDone()
	return c.Read(b)
}

// readDone is called when a read of the server at the connection has ended.
func (a *ahead) readDone() {
	if a.direct.Add(-1) == 0 && a.active.Load() {
		a.mu.Lock()
		a.changed.Broadcast()
		a.mu.Unlock()
	}
}

// take reads what is ahead. If nothing is, it counts a read at the connection and
// reports false.
func (a *ahead) take(b []byte) (n int, ok bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for a.watching && len(a.data) == 0 {
		a.changed.Wait()
	}
	switch {
	case len(a.data) > 0:
		n := copy(b, a.data)
		if a.data = a.data[n:]; len(a.data) == 0 {
			a.data = nil
		}
		return n, true, nil
	case a.err != nil:
		return 0, true, a.err
	}
	a.active.Store(false)
	a.direct.Add(1)
	return 0, false, nil
}

// isEmpty reports whether the next read is one of the connection.
func (a *ahead) isEmpty() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.watching && len(a.data) == 0 && a.err == nil
}

// setDeadline notes a deadline for reads and sets it by set, or by rest where that has to
// wait until Watch has heard that it is to end.
func (a *ahead) setDeadline(t time.Time, set, rest func(time.Time) error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.deadline = t
	if a.cut {
		return rest(t)
	}
	return set(t)
}

func nothing(time.Time) error { return nil }

func (c *tcpConn) Read(b []byte) (int, error)   { return c.e.ahead.read(c.TCPConn, b) }
func (c *otherConn) Read(b []byte) (int, error) { return c.e.ahead.read(c.Conn, b) }

func (c *tcpConn) SetReadDeadline(t time.Time) error {
	return c.e.ahead.setDeadline(t, c.TCPConn.SetReadDeadline, nothing)
}

func (c *otherConn) SetReadDeadline(t time.Time) error {
	return c.e.ahead.setDeadline(t, c.Conn.SetReadDeadline, nothing)
}

func (c *tcpConn) SetDeadline(t time.Time) error {
	c.e.noteDeadline(t)
	return c.e.ahead.setDeadline(t, c.TCPConn.SetDeadline, c.TCPConn.SetWriteDeadline)
}

func (c *otherConn) SetDeadline(t time.Time) error {
	c.e.noteDeadline(t)
	return c.e.ahead.setDeadline(t, c.Conn.SetDeadline, c.Conn.SetWriteDeadline)
}

// WriteTo is that of the *net.TCPConn, unless something has been read ahead.
func (c *tcpConn) WriteTo(w io.Writer) (int64, error) {
	if c.e.ahead.isEmpty() {
		return c.TCPConn.WriteTo(w)
	}
	return io.Copy(w, struct{ io.Reader }{c})
}
