package iis

import (
	"io"
	"net/http"
	"sync"
)

// maxQueuedBody is how much of the body of a queued request is read while it waits.
// The number is the library's own; http.sys holds what it has read, too.
const maxQueuedBody = 64 << 10

// readsAhead reports whether the body of a request is read in the queue, where its
// connection cannot be (see queueContext): over HTTP/1, net/http notices that a client
// has gone away only after the body.
func readsAhead(r *http.Request) bool {
	return r.ProtoMajor == 1 && r.Body != nil && r.Body != http.NoBody && r.ContentLength <= maxQueuedBody
}

// A body is that of a queued request, which is read before the handler has it. A
// body without a length is read up to maxQueuedBody, and the handler reads the rest
// itself.
type body struct {
	inner io.ReadCloser

	mu      sync.Mutex
	more    sync.Cond // data, or ahead has become false
	data    []byte
	err     error
	ahead   bool // fill is at work
	stopped bool // fill is to go on no longer
}

func newBody(inner io.ReadCloser) *body {
	b := &body{inner: inner, ahead: true}
	b.more.L = &b.mu
	return b
}

// fill reads ahead.
func (b *body) fill() {
	buf := make([]byte, 4<<10)
	for read := 0; ; {
		n, err := b.inner.Read(buf[:min(len(buf), maxQueuedBody-read)])
		read += n
		b.mu.Lock()
		b.data = append(b.data, buf[:n]...)
		b.err = err
		b.ahead = err == nil && read < maxQueuedBody && !b.stopped
		ahead := b.ahead
		b.more.Broadcast()
		b.mu.Unlock()
		if !ahead {
			return
		}
	}
}

// Read returns what has been read ahead, and then what the body still has.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	for len(b.data) == 0 && b.ahead && len(p) > 0 {
		b.more.Wait()
	}
	if len(b.data) > 0 || len(p) == 0 {
		n := copy(p, b.data)
		b.data = b.data[n:]
		b.mu.Unlock()
		return n, nil
	}
	err := b.err
	b.mu.Unlock()
	if err != nil {
		return 0, err
	}
	return b.inner.Read(p)
}

// Close closes the body as the handler would. net/http waits for a Read in
// progress, since it does not let two read at once.
func (b *body) Close() error {
	b.mu.Lock()
	b.stopped = true
	b.mu.Unlock()
	return b.inner.Close()
}
