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

// A handler can take over (hijack) the connection of its request, as for a WebSocket.
// The request then holds its slot until the handler has returned and the connection
// is closed.
//
// If a listener of the server has accepted the connection, the handler gets the
// http.ResponseWriter as it is, and net/http says afterwards whether the connection
// was hijacked. Otherwise the handler gets a taker.

// hijacked reports whether a handler that has returned has taken over the connection.
// To ask sends status 200 if the handler has written nothing, and code around the
// Handler may want another. So call it only if Entry.MayBeHijacked.
func hijacked(w http.ResponseWriter) bool {
	_, err := w.Write(nil)
	return errors.Is(err, http.ErrHijacked)
}

// A taker is a ResponseWriter that keeps account of its connection if that is
// hijacked.
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

// newTaker returns a ResponseWriter for the handler, with those methods of w that
// programs ask for, and the taker in it. The taker is nil if w cannot be hijacked.
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
