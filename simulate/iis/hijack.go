package iis

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// A handler can take over the connection of its request (hijack it), as that of
// a WebSocket does. The request is then over when the handler has returned and the
// connection is closed, and holds its slot that long.
//
// Where the connection is one that a listener of the server has accepted, the
// handler gets the http.ResponseWriter as it is: if it has taken the connection
// over, net/http says so afterwards. Otherwise it gets a taker.

// hijacked reports whether a handler that has returned has taken over the
// connection. If it has not, and has written nothing, that sends status 200, which
// code around the Handler may not want: so it is asked only where the connection
// says that it may be so.
func hijacked(w http.ResponseWriter) bool {
	_, err := w.Write(nil)
	return errors.Is(err, http.ErrHijacked)
}

// A taker is a ResponseWriter whose connection, if it is hijacked, is accounted
// for.
type taker struct {
	http.ResponseWriter
	http.Hijacker
	server *Server
	taken  *conns.Entry // or nil
}

// Unwrap is for http.ResponseController.
func (t *taker) Unwrap() http.ResponseWriter { return t.ResponseWriter }

func (t *taker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := t.Hijacker.Hijack()
	if err != nil {
		return nil, nil, err
	}
	t.taken = t.server.set.New(conn, nil, nil)
	t.server.set.Add(t.taken)
	return secured(t.taken.Conn()), buffered, nil
}

// newTaker returns a taker for w and the ResponseWriter that it is for the
// handler, which has those methods of w that programs ask for. taker is nil if w
// cannot be hijacked.
func newTaker(w http.ResponseWriter, s *Server) (http.ResponseWriter, *taker) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return w, nil
	}
	t := &taker{ResponseWriter: w, Hijacker: hijacker, server: s}
	full, isFull := w.(fullWriter)
	flusher, canFlush := w.(http.Flusher)
	readerFrom, canReadFrom := w.(io.ReaderFrom)
	switch {
	case isFull:
		return struct {
			*taker
			fullWriter
		}{t, full}, t
	case canFlush && canReadFrom:
		return struct {
			*taker
			http.Flusher
			io.ReaderFrom
		}{t, flusher, readerFrom}, t
	case canFlush:
		return struct {
			*taker
			http.Flusher
		}{t, flusher}, t
	case canReadFrom:
		return struct {
			*taker
			io.ReaderFrom
		}{t, readerFrom}, t
	}
	return t, t
}

// fullWriter has what the ResponseWriter of net/http has for HTTP/1, besides
// what a taker has.
type fullWriter interface {
	http.Flusher
	http.CloseNotifier //lint:ignore SA1019 programs still ask for it
	io.ReaderFrom
	io.StringWriter
	FlushError() error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	EnableFullDuplex() error
}
