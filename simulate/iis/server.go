package iis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Server is the web server of a host, with the limit of its version of IIS. Most
// callers should use Serve; Handler, Listener and ConnContext are for an
// http.Server that another program has. A Server comes from NewServer and may be
// used by many goroutines.
type Server struct {
	host *simulate.Host
	gate *simulate.Gate
	set  *conns.Set
	// policy is that of the gate, and then what adsutil has made of it.
	policy atomic.Pointer[simulate.Policy]
	// handlers says that something answers in HTTP/2 and over TLS.
	handlers atomic.Bool

	mu       sync.Mutex
	settings simulate.Settings
	serving  map[*http.Server]int // how many times
}

// NewServer returns the web server of the host, the same one at each call. The
// error wraps simulate.ErrAbsent if the edition has no web server, and
// simulate.ErrClosed if the host is closed.
//
// Host.Close closes the http.Servers of Serve and ServeTLS, and the listeners of
// Server.Listener with their connections. Host.Disconnect closes the connections
// only.
//
// Up to IIS 6.0, Host.Console runs adsutil, the script that administers the server:
//
//	adsutil get w3svc/MaxConnections
//	adsutil set w3svc/MaxConnections 40
//	adsutil enum w3svc
//	cscript C:\Inetpub\AdminScripts\adsutil.vbs get w3svc/1/MaxConnections
//
// It knows MaxConnections, which is in force at once and closes no connection;
// AllowKeepAlive, in force from the next request on; ConnectionTimeout in seconds,
// in force for http.Servers that are first served later; and ServerListenBacklog,
// which cannot be set. A value that Windows would not accept is an error and
// changes nothing. w3svc and w3svc/1 are the same, since a client edition has one
// web site. The output has the layout of kb290391 and kb238131, with the banner of
// the script host of Windows 2000 after cscript without //nologo.
func NewServer(host *simulate.Host) (*Server, error) {
	gate, err := host.Gate(limits.IIS)
	if err != nil {
		return nil, err
	}
	set, err := simulate.Part(host, conns.NewSet)
	if err != nil {
		return nil, err
	}
	policy := gate.Policy()
	p, err := simulate.Part(host, func() *part {
		s := &Server{host: host, gate: gate, set: set, settings: host.Settings(), serving: make(map[*http.Server]int)}
		s.policy.Store(&policy)
		return &part{s}
	})
	if err != nil {
		return nil, err
	}
	return p.server, nil
}

// part is what the host keeps for the server.
type part struct{ server *Server }

// Close closes what Serve and ServeTLS serve.
func (p *part) Close() error {
	p.server.mu.Lock()
	serving := make([]*http.Server, 0, len(p.server.serving))
	for srv := range p.server.serving {
		serving = append(serving, srv)
	}
	p.server.mu.Unlock()
	var errs []error
	for _, srv := range serving {
		if err := srv.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Console runs adsutil.
func (p *part) Console(line string) (output string, known bool, err error) {
	return p.server.adsutil(line)
}

// Host returns the host of the server.
func (s *Server) Host() *simulate.Host { return s.host }

// Gate returns the gate of limits.IIS, at which the server counts.
func (s *Server) Gate() *simulate.Gate { return s.gate }

// countsRequests reports whether the server is IIS 7.0 or later.
func (s *Server) countsRequests() bool { return s.gate.Policy().Rule.Unit == limits.UnitRequests }

// Serve serves srv on the listener under the limit, as srv.Serve does, and with its
// errors. It may be called for several listeners and several http.Servers, which
// then have the limit together. It closes the listener when it returns.
//
// The first call for an http.Server changes it, so set its fields before. Handler,
// ConnContext, ConnState and the protocols of TLSNextProto are wrapped. IdleTimeout
// and, up to IIS 6.0, ReadHeaderTimeout become the idle timeout of the machine if
// they are 0 or Settings.ConnectionTimeout is set. If Handler is replaced later,
// requests fail with status 500.
//
// HTTP/2 without TLS is served if srv.Protocols says so. For TLS, use ServeTLS, or
// put the listener that does it around Server.Listener.
func (s *Server) Serve(srv *http.Server, ln net.Listener) error {
	return s.serve(srv, ln, srv.Serve)
}

// ServeTLS is Serve for HTTPS, as srv.ServeTLS is: the files are those of a
// certificate and its key, and not needed if srv.TLSConfig has certificates. The
// connection over the limit is answered after the handshake. Over HTTP/2 the status
// has no reason phrase. A request in TLS that is malformed gets status 400 from
// net/http, also over the limit: it does not reach the handler that answers, and only
// net/http sees that it is one.
func (s *Server) ServeTLS(srv *http.Server, ln net.Listener, certFile, keyFile string) error {
	return s.serve(srv, ln, func(ln net.Listener) error { return srv.ServeTLS(ln, certFile, keyFile) })
}

func (s *Server) serve(srv *http.Server, ln net.Listener, serve func(net.Listener) error) error {
	if ln == nil {
		return errors.New("iis: Serve needs a listener, not nil")
	}
	defer ln.Close()
	if err := s.prepare(srv); err != nil {
		return err
	}
	defer s.done(srv)
	ln, err := s.Listener(ln)
	if err != nil {
		return err
	}
	err = serve(ln)
	if errors.Is(err, net.ErrClosed) && s.set.IsClosed() {
		return http.ErrServerClosed // Host.Close has closed the listener before the server
	}
	return err
}

// prepare puts the limit on srv, once.
func (s *Server) prepare(srv *http.Server) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := srv.Handler.(*handler)
	switch isPrepared := ok && h.srv == srv; {
	case isPrepared && h.server != s:
		return fmt.Errorf("iis: the http.Server is the web server of another machine, which runs %v: give each machine one of its own", h.server.host.Windows())
	case isPrepared:
	case s.serving[srv] > 0:
		return errors.New("iis: the Handler of the http.Server was replaced after it was first served: set it before")
	default:
		s.put(srv)
	}
	s.serving[srv]++
	return nil
}

// put puts the limit on srv. s is locked.
func (s *Server) put(srv *http.Server) {
	next := srv.Handler
	if next == nil {
		next = http.DefaultServeMux
	}
	s.handlers.Store(true)
	srv.Handler = &handler{server: s, next: next, srv: srv}
	policy := s.policy.Load()
	timeout := func(d *time.Duration) {
		if *d == 0 || s.settings.ConnectionTimeout != 0 {
			*d = policy.IdleTimeout
		}
	}
	timeout(&srv.IdleTimeout)
	if !s.countsRequests() {
		// A connection that asks for nothing holds a slot all the same.
		timeout(&srv.ReadHeaderTimeout)
	}
	connContext := srv.ConnContext
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, c)
		}
		return s.ConnContext(ctx, c)
	}
	srv.TLSNextProto = refuseProtocols(srv.TLSNextProto)
	connState := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		s.note(srv, c, state)
		if connState != nil {
			connState(c, state)
		}
	}
}

// refuseProtocols returns the protocols of a server for which connections over
// the limit are closed, but for HTTP/2, which the handler answers. A program can
// add protocols in which there is no handler.
func refuseProtocols(protocols map[string]func(*http.Server, *tls.Conn, http.Handler)) map[string]func(*http.Server, *tls.Conn, http.Handler) {
	protocols = maps.Clone(protocols) // nil stays nil, which lets net/http add HTTP/2
	for name, serve := range protocols {
		if name != "h2" && name != "unencrypted_http2" {
			protocols[name] = func(srv *http.Server, c *tls.Conn, h http.Handler) {
				if tcp.RefusalOf(c) != nil {
					c.Close()
					return
				}
				serve(srv, c, h)
			}
		}
	}
	return protocols
}

// note keeps account of the connections of srv, and checks that the limit is still
// on it.
func (s *Server) note(srv *http.Server, c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if isForeign(c) {
			s.set.Track(c)
		}
	case http.StateActive:
		if h, ok := srv.Handler.(*handler); !ok || h.srv != srv {
			const sentence = "iis: the Handler of the http.Server was replaced after it was served, so the limit would not hold: set it before"
			if srv.ErrorLog != nil {
				srv.ErrorLog.Print(sentence)
			}
			failConn(c, sentence)
			panic(http.ErrAbortHandler) // which ends the connection, and is not logged
		}
	case http.StateClosed, http.StateHijacked:
		if isForeign(c) {
			s.set.Untrack(c)
		}
	}
}

// isForeign reports whether c is a connection that no listener of a Server has
// wrapped and that can be kept in a map.
func isForeign(c net.Conn) bool { return conns.Of(c) == nil && reflect.ValueOf(c).Comparable() }

// done notes that a call of Serve returns.
func (s *Server) done(srv *http.Server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving[srv]--; s.serving[srv] == 0 {
		delete(s.serving, srv)
	}
}
