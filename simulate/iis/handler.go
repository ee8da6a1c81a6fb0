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

// Handler returns a handler that puts the limit in front of next. It is one of the
// three pieces, and from IIS 7.0 on all that is needed.
//
// There it counts requests while they execute, lets the others wait first come,
// first served, and answers 503 when the queue is full. A client that goes away
// leaves the queue: a body of up to 64 kB is read meanwhile, as http.sys does, and
// net/http then notices. It does not notice with a longer body, or if the client
// has already sent another request over HTTP/1. A request that another Handler of the
// server has counted already is not counted again.
//
// A connection that next takes over (http.Hijacker), as a WebSocket does, holds
// its slot until it is closed and next has returned. If it has come from
// Server.Listener, next gets the http.ResponseWriter as it is. Otherwise it gets
// one around it that has Flush, ReadFrom and the rest of what that of net/http
// has, and connections that are wrapped.
//
// Up to IIS 6.0 it answers the requests of connections over the limit, and
// closes connections after a request if AllowKeepAlive says so. The connection
// must come from Server.Listener.
//
// A request whose limit cannot be told gets status 500 and a sentence that says
// why: one whose connection is not known, or is counted twice; and HTTP/2 without
// TLS that next would take over (golang.org/x/net/http2/h2c), as its requests
// would not be seen.
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

// countedKey is the context key of a request that the server has counted, unless
// its connection says so.
type countedKey struct{ server *Server }

// serveRequest is the limit of IIS 7.0 and later.
func (h *handler) serveRequest(w http.ResponseWriter, r *http.Request) {
	s := h.server
	e := s.connOf(r)
	// A connection of HTTP/1 has one request at a time, and knows whether it has
	// been counted. For others the context does.
	isOurs := e != nil && r.ProtoMajor == 1
	switch {
	case isOurs && !e.Begin(), !isOurs && r.Context().Value(countedKey{s}) != nil:
		h.next.ServeHTTP(w, r)
		return
	case isOurs:
		defer e.End()
	}
	switch {
	case r.Method == "PRI" && r.ProtoMajor == 2 && r.URL.Path == "*" && len(r.Header) == 0:
		fail(w, "iis: HTTP/2 without TLS reaches the limit as one request: put the limit inside, as in h2c.NewHandler(server.Handler(next), ...), "+
			"or let net/http do it, with http.Server.Protocols")
		return
	case strings.EqualFold(r.Header.Get("Upgrade"), "h2c"):
		// A server may ignore the wish, and next must not take the connection over.
		r.Header.Del("Upgrade")
		r.Header.Del("HTTP2-Settings")
	}
	slot := new(simulate.Slot)
	if s.host.IsObserved() {
		slot.Peer = peer(r.RemoteAddr)
	}
	counted := r
	if readsAhead(r) {
		slot.OnQueue = func() {
			ahead := newBody(r.Body)
			counted = r.WithContext(r.Context())
			counted.Body = ahead
			go ahead.fill()
		}
	}
	if err := s.gate.Acquire(r.Context(), slot); err != nil {
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
		// Nothing recovers, in a test with a recorder for one.
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	default:
		// The client is gone, or has waited too long and loses its connection.
		panic(http.ErrAbortHandler)
	}
}

// serveConnection is the limit of IIS up to 6.0. The listener has counted; what
// is left is to answer the connections over the limit.
func (h *handler) serveConnection(w http.ResponseWriter, r *http.Request) {
	s := h.server
	e := s.connOf(r)
	switch {
	case e == nil:
		fail(w, "iis: the connection of this request is not known: its listener must be that of Server.Listener, perhaps with others around it; "+
			"where one of these reports another address (PROXY protocol), set ConnContext of the http.Server to Server.ConnContext")
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

// send answers over the bare connection where it can be had, for the reason
// phrase and for clients that are still sending.
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

// fail answers a request whose limit cannot be told.
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
