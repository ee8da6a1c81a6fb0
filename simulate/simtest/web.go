package simtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

// Server is the web server of the machine, in memory: IIS with a handler of the test.
// It comes from NewServer or NewTLSServer. Client is what most tests want.
type Server struct {
	// URL is the base URL of the server, "http://windows.test" or
	// "https://windows.test", without a slash at the end. It is an address for
	// Client, Clients and what dials by Dial; no other program can reach it.
	URL string
	// Gate counts what the server limits (limits.IIS): connections up to IIS 6.0,
	// requests from IIS 7.0 on.
	Gate *simulate.Gate
	// Config is the http.Server behind the limit. A field that is empty, such as
	// ErrorLog, may be set before the first request. The other fields must stay as
	// they are.
	Config *http.Server

	t           testing.TB
	certificate *x509.Certificate // of a server over TLS
	client      *http.Client
	listener    *memnet.Listener

	mu      sync.Mutex
	conns   map[net.Conn]*webConn
	calls   map[*http.Request]time.Time // requests that the handler has not finished, and since when
	idle    chan struct{}               // closed when calls becomes empty
	clients []*http.Client              // Client, and those of Clients
	ends    map[*memnet.Conn]struct{}   // the connections that these clients have not closed
}

// NewServer starts the web server of the host with the handler; nil is
// http.DefaultServeMux, as in net/http. Client, Clients and Dial reach it in memory;
// other programs reach it after Loopback. Over the limit it does what the IIS of the
// edition does: it answers HTTP 403.9 or queues the request.
//
// When the test ends, the server stops and closes idle connections. The test fails if
// the handler has not returned from a request, a connection that a handler has
// hijacked is still open, or a client of Client or Clients has neither read the body
// of an answer to its end nor closed it.
func NewServer(t testing.TB, host *simulate.Host, handler http.Handler) *Server {
	t.Helper()
	s := newServer(t, host, handler, 80)
	s.URL = "http://windows.test"
	s.serve(host, (*iis.Server).Serve)
	return s
}

// NewTLSServer is NewServer over TLS, with a certificate that Client and Clients
// trust. They speak HTTP/2 with it, as others may, whatever the release of the machine
// spoke.
func NewTLSServer(t testing.TB, host *simulate.Host, handler http.Handler) *Server {
	t.Helper()
	s := newServer(t, host, handler, 443)
	s.URL = "https://" + tlsName
	certificate, err := newCertificate()
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	s.certificate = certificate.Leaf
	s.Config.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	s.serve(host, func(web *iis.Server, srv *http.Server, ln net.Listener) error {
		return web.ServeTLS(srv, ln, "", "")
	})
	return s
}

func newServer(t testing.TB, host *simulate.Host, handler http.Handler, port int) *Server {
	t.Helper()
	s := &Server{
		Gate:     gateOf(t, host, limits.IIS),
		t:        t,
		listener: memnet.NewListener(port),
		conns:    make(map[net.Conn]*webConn),
		calls:    make(map[*http.Request]time.Time),
		ends:     make(map[*memnet.Conn]struct{}),
	}
	if handler == nil {
		handler = http.DefaultServeMux
	}
	s.Config = &http.Server{Handler: s.count(handler), ConnContext: s.enter, ConnState: s.note}
	return s
}

// serve starts the server.
func (s *Server) serve(host *simulate.Host, serve func(*iis.Server, *http.Server, net.Listener) error) {
	s.t.Helper()
	web, err := iis.NewServer(host)
	if err != nil {
		s.t.Fatalf("simtest: %v", err)
	}
	w, err := watchOf(host)
	if err != nil {
		s.t.Fatalf("simtest: %v", err)
	}
	w.tellOf(s.tell)
	s.client = s.newClient(memnet.ClientIP())
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = serve(web, s.Config, s.listener)
	}()
	s.t.Cleanup(func() {
		s.t.Helper()
		s.close()
		<-served
	})
}

// Client returns an HTTP client whose requests all go to the server, whatever host
// their URL names. It is the same client each time.
func (s *Server) Client() *http.Client { return s.client }

// Clients returns n clients like Client, each on a client computer of its own: the
// first on the computer of DialFrom(1). Each call returns new clients. n is at most
// 65534.
func (s *Server) Clients(n int) []*http.Client {
	s.t.Helper()
	if n < 0 || n > maxComputers {
		s.t.Fatalf("simtest: cannot make %d clients; want 0 to %d", n, maxComputers)
	}
	list := make([]*http.Client, n)
	for i := range list {
		list[i] = s.newClient(computer(s.t, i+1))
	}
	return list
}

// newClient returns a client on the client computer with the address.
func (s *Server) newClient(from net.IP) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := s.listener.DialFrom(ctx, from)
		if err != nil {
			return nil, err
		}
		c.OnClose = func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.ends, c)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ends[c] = struct{}{}
		return c, nil
	}}
	if s.certificate != nil {
		roots := x509.NewCertPool()
		roots.AddCert(s.certificate)
		// The requests go to the server wherever they are addressed to.
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: tlsName}
		transport.ForceAttemptHTTP2 = true
	}
	client := &http.Client{Transport: transport}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, client)
	return client
}

// Certificate returns the certificate of a server over TLS, which a client other than
// Client and Clients has to trust, or nil for a server without TLS. It is valid for
// windows.test, the name in URL, and for loopback.
func (s *Server) Certificate() *x509.Certificate { return s.certificate }

// Dial connects to the server in memory. It ignores the network and the address, and
// may be the DialContext of an http.Transport.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.listener.Dial(ctx)
}

// DialFrom returns a function like Dial that connects from the client computer with the
// number. Each number has an IP address of its own, the same each time. number is 1 to
// 65534; any other fails the test.
func (s *Server) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	s.t.Helper()
	return dialFrom(s.listener, computer(s.t, number))
}

// Loopback makes the server listen on loopback as well, for clients that take a URL or
// are other programs, and returns the base URL there. Each call adds a port. In a
// testing/synctest bubble Loopback fails the test: the clock of a bubble stands still
// while something waits for the network.
func (s *Server) Loopback() string {
	s.t.Helper()
	scheme, _, _ := strings.Cut(s.URL, ":")
	return scheme + "://" + loopback(s.t, s.listener)
}
