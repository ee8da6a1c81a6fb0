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

// Server is the web server of a Windows, in memory.
type Server struct {
	// URL is the base of the server's addresses, without a slash at the end. It
	// means something to Client and to whatever dials with Dial.
	URL string
	// Gate is that of limits.IIS.
	Gate *simulate.Gate
	// Config is the server. What it has must not be changed; ErrorLog, say, may
	// be set before the first request.
	Config *http.Server

	t           testing.TB
	certificate *x509.Certificate // of a server over TLS
	client      *http.Client
	listener    *memnet.Listener

	mu      sync.Mutex
	conns   map[net.Conn]*webConn
	calls   map[*http.Request]time.Time // requests that the handler has not finished
	idle    chan struct{}               // closed when calls becomes empty
	clients []*http.Client              // Client, and those of Clients
	ends    map[*memnet.Conn]struct{}   // their connections, as long as they have not closed them
}

// NewServer starts the web server of the host with the handler; nil is
// http.DefaultServeMux, as in net/http. The server works in memory: Client,
// Clients and Dial reach it, also in a testing/synctest bubble, and nothing else,
// until Loopback is called.
//
// When the test ends the server stops, and fails the test if the handler has not
// returned from all requests, a connection that a handler has taken over is
// still open, or one of its clients has neither read the answer to a request to
// its end nor closed its body. The account says which. Idle connections are simply
// closed.
func NewServer(t testing.TB, host *simulate.Host, handler http.Handler) *Server {
	t.Helper()
	s := newServer(t, host, handler, 80)
	s.URL = "http://windows.test"
	s.serve(host, (*iis.Server).Serve)
	return s
}

// NewTLSServer is NewServer over TLS, with a certificate that Client and Clients
// trust. The server speaks HTTP/2 with clients that do, as these do, whatever the
// release of the machine spoke.
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

// Client returns a client whose requests all go to the server, wherever they are
// addressed to. It is the same each time.
func (s *Server) Client() *http.Client { return s.client }

// Clients returns n clients as Client is, each on a computer of its own: the
// first on the computer of DialFrom(1).
func (s *Server) Clients(n int) []*http.Client {
	s.t.Helper()
	list := make([]*http.Client, n)
	for i := range list {
		list[i] = s.newClient(computer(s.t, i+1))
	}
	return list
}

// newClient returns a client on the computer with the address.
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

// Certificate returns the certificate of a server over TLS, for the clients that
// are not the server's own, or nil. It is valid for windows.test, the name in URL,
// and for loopback.
func (s *Server) Certificate() *x509.Certificate { return s.certificate }

// Dial connects to the server in memory, whatever the address is. It may be the
// DialContext of a transport.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.listener.Dial(ctx)
}

// DialFrom returns a Dial from a computer with an address of its own, which is the
// same for the same number, from 1 to 65534. Other numbers fail the test.
func (s *Server) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	s.t.Helper()
	return dialFrom(s.listener, computer(s.t, number))
}

// Loopback makes the server listen on loopback as well, for clients that cannot
// be given Dial, and returns its URL there. In a testing/synctest bubble it fails
// the test: the clock of the bubble stands still while something waits for the
// network.
func (s *Server) Loopback() string {
	s.t.Helper()
	scheme, _, _ := strings.Cut(s.URL, ":")
	return scheme + "://" + loopback(s.t, s.listener)
}
