package iis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Handler returns a handler that puts the limit in front of next.
//
// From IIS 7.0 on it counts a request while next serves it, queues the others first
// come, first served, and answers 503 when the queue is full. A request that
// another Handler of the server has counted is not counted again. If next takes the
// connection over (http.Hijacker), as for a WebSocket, the slot is held until the
// connection is closed and next has returned.
//
// Up to IIS 6.0 Server.Listener counts, and the connection must come from it.
// Handler answers the requests of connections over the limit, and closes
// connections after a request if AllowKeepAlive says so.
//
// A request fails with status 500 and a page that says why if its connection is
// unknown or counted twice. So does HTTP/2 without TLS if next would take it over
// (golang.org/x/net/http2/h2c), since the limit would not see the requests in it.
//
// A client that goes away leaves the queue, and so does one that ends what it sends,
// since the two look the same. For that, up to 64 kB of what a connection of
// Server.Listener sends are read in the queue, as http.sys does, and kept for next. An
// end behind more than 64 kB is not seen. On other connections up to 64 kB of the body
// are read, and nothing is seen behind a longer body or a second request.
//
// next gets the http.ResponseWriter as it is if the connection comes from
// Server.Listener. Otherwise it gets a wrapper with the methods of that of
// net/http, and hijacked connections are wrapped.
func (s *Server) Handler(next http.Handler) http.Handler {
	s.handlers.Store(true)
	return &handler{server: s, next: next}
}

// handler is the limit in front of next.
type handler struct {
	server *Server
	next   http.Handler
	srv    *http.Server // on which Serve has put it, or nil
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.server.countsRequests() {
		h.serveRequest(w, r)
	} else {
		h.serveConnection(w, r)
	}
}

// countedKey is the context key of a request that the server has counted, if its
// connection does not know.
type countedKey struct{ server *Server }

// serveRequest is the limit of IIS 7.0 and later.
func (h *handler) serveRequest(w http.ResponseWriter, r *http.Request) {
	s := h.server
	e := s.connOf(r)
	// A connection of HTTP/1 has one request at a time, and its entry knows whether
	// that is counted. For other connections the context of the request knows.
	isOurs := e != nil && r.ProtoMajor == 1
	var isCounted bool
	if isOurs {
		turn, begins := e.Begin(r.Context())
		if begins {
			defer e.End(turn)
		}
		isCounted = !begins
	} else {
		isCounted = r.Context().Value(countedKey{s}) != nil
	}
	if isCounted {
		h.next.ServeHTTP(w, r)
		return
	}
	switch {
	case r.Method == "PRI" && r.ProtoMajor == 2 && r.URL.Path == "*" && len(r.Header) == 0:
		fail(w, "iis: HTTP/2 without TLS reaches the limit as one request: put the limit inside, as in h2c.NewHandler(server.Handler(next), ...), "+
			"or let net/http do it, with http.Server.Protocols")
		return
	case strings.EqualFold(r.Header.Get("Upgrade"), "h2c"):
		// A server may ignore the header, and next must not take the connection over.
		r.Header.Del("Upgrade")
		r.Header.Del("HTTP2-Settings")
	}
	at := &attempt{ctx: queueContext{Context: r.Context(), conn: e}}
	slot := &at.slot
	if s.host.IsObserved() {
		slot.Peer = peer(r.RemoteAddr)
	}
	counted := r
	var err error
	if isOurs {
		err = s.gate.Acquire(&at.ctx, slot)
		at.ctx.end()
	} else {
		if readsAhead(r) {
			slot.OnQueue = func() {
				ahead := newBody(r.Body)
				counted = r.WithContext(r.Context())
				counted.Body = ahead
				go ahead.fill()
			}
		}
		err = s.gate.Acquire(r.Context(), slot)
	}
	if err != nil {
		s.turnAway(w, r, err)
		return
	}
	if !isOurs {
		counted = counted.WithContext(context.WithValue(r.Context(), countedKey{s}, true))
	}
	if counted != r {
		// net/http removes the files of a form, and others read the pattern.
		defer func() { r.MultipartForm, r.Pattern = counted.MultipartForm, counted.Pattern }()
	}
	switch {
	case isOurs:
		defer func() {
			if e.MayBeHijacked() && hijacked(w) {
				e.AfterClose(slot.Release)
			} else {
				slot.Release()
			}
		}()
	case r.ProtoMajor == 1:
		taking, t := newTaker(w, s)
		w = taking
		defer func() {
			if t != nil && t.taken != nil {
				t.taken.AfterClose(slot.Release)
			} else {
				slot.Release()
			}
		}()
	default: // a connection that cannot be taken over
		defer slot.Release()
	}
	h.next.ServeHTTP(w, counted)
}

// turnAway answers a request that the gate has not let in.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	var limit *simulate.LimitError
	switch {
	case errors.As(err, &limit) && limit.Outcome == simulate.Refused:
		s.answer().respond(w)
	case r.Context().Value(http.ServerContextKey) == nil:
		// The caller is not net/http but perhaps a test with a recorder, where nothing
		// recovers from a panic.
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		// The client is gone, or its time in the queue is over and the connection
		// ends.
		panic(http.ErrAbortHandler)
	}
}

// serveConnection is the limit of IIS up to 6.0. The listener has counted, and here
// the connections over the limit are answered.
func (h *handler) serveConnection(w http.ResponseWriter, r *http.Request) {
	s := h.server
	e := s.connOf(r)
	switch {
	case e == nil:
		fail(w, "iis: the connection of this request is not known: its listener must come from Server.Listener, and others may wrap that; "+
			"if one of those reports another address (PROXY protocol), set ConnContext of the http.Server to Server.ConnContext")
		return
	case tcp.GateOf(e.Conn()) != s.gate:
		fail(w, "iis: the connection of this request is counted for another machine: use Handler and Listener of the same Server")
		return
	case e.IsAround():
		fail(w, "iis: the connection of this request is counted twice: call Server.Listener, or Serve, once for each listener")
		return
	}
	if refusal := tcp.RefusalOf(e.Conn()); refusal != nil {
		a := s.answer()
		a.omitBody = r.Method == http.MethodHead
		a.send(w, refusal)
		return
	}
	if p := s.policy.Load(); p.ClosesAfterRequest || p.ClosesHTTP10 && !r.ProtoAtLeast(1, 1) {
		w.Header().Set("Connection", "close")
	}
	h.next.ServeHTTP(w, r)
}

// send answers over the bare connection if it can be hijacked: for the reason phrase,
// and for clients that are still sending.
func (a answer) send(w http.ResponseWriter, over *tcp.Refusal) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		over.Answering()
		a.respond(w)
		return
	}
	defer conn.Close()
	over.Answer(conn, buffered, a.bytes())
}

// fail answers a request that the limit cannot count.
func fail(w http.ResponseWriter, sentence string) {
	w.Header().Set("Connection", "close")
	http.Error(w, sentence, http.StatusInternalServerError)
}

// failConn answers the request that a connection has sent, if it is one of
// HTTP/1.
func failConn(c net.Conn, sentence string) {
	fmt.Fprintf(c, "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s\n",
		len(sentence)+1, sentence)
}

// peer names the client of a request.
type peer string

func (p peer) String() string { return string(p) }
