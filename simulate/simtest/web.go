package simtest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
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
	// means something to Client and to whoever dials with Dial.
	URL string
	// Gate is that of limits.IIS.
	Gate *simulate.Gate
	// Config is the server. What it has must not be changed; ErrorLog, say, may
	// be set before the first request.
	Config *http.Server

	t        testing.TB
	client   *http.Client
	listener *memnet.Listener

	mu    sync.Mutex
	conns map[net.Conn]http.ConnState // those without a request under way
	calls map[*http.Request]time.Time // requests that the handler has not finished
	idle  chan struct{}               // closed when calls becomes empty
}

// NewServer starts the web server of the host with the handler. It works in
// memory: Client and Dial reach it, also in a testing/synctest bubble, and
// nobody else, until Loopback is called.
//
// When the test ends the server stops, and fails the test if the handler has not
// returned from all requests, or a connection that a handler has taken over is
// still open. Idle connections are simply closed.
func NewServer(t testing.TB, host *simulate.Host, handler http.Handler) *Server {
	t.Helper()
	s := &Server{
		URL:      "http://windows.test",
		Gate:     gateOf(t, host, limits.IIS),
		t:        t,
		listener: memnet.NewListener(80),
		conns:    make(map[net.Conn]http.ConnState),
		calls:    make(map[*http.Request]time.Time),
	}
	s.Config = &http.Server{Handler: s.count(handler), ConnState: s.note}
	web, err := iis.NewServer(host)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	s.client = &http.Client{Transport: &http.Transport{DialContext: s.Dial}}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = web.Serve(s.Config, s.listener)
	}()
	t.Cleanup(func() {
		t.Helper()
		s.close()
		<-served
	})
	return s
}

// Client returns a client whose requests all go to the server, wherever they are
// addressed to. It is the same each time.
func (s *Server) Client() *http.Client { return s.client }

// Dial connects to the server in memory, whatever the address is. It may be the
// DialContext of a transport.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return s.listener.Dial(ctx)
}

// Loopback makes the server listen on loopback as well, for clients that cannot
// be given Dial, and returns its URL there.
func (s *Server) Loopback() string {
	s.t.Helper()
	addr, err := s.listener.Loopback()
	if err != nil {
		s.t.Fatalf("simtest: %v", err)
	}
	return "http://" + addr
}

// count keeps a list of the requests that next is busy with.
func (s *Server) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls[r] = time.Now()
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.calls, r)
			if len(s.calls) == 0 && s.idle != nil {
				close(s.idle)
				s.idle = nil
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// note keeps the list of the connections that may be closed at any time.
func (s *Server) note(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew || state == http.StateIdle {
		s.conns[c] = state
	} else {
		delete(s.conns, c)
	}
}

// close ends the server and accounts for what is left.
func (s *Server) close() {
	s.t.Helper()
	s.client.CloseIdleConnections()
	s.listener.Close()
	s.mu.Lock()
	unused := make([]net.Conn, 0, len(s.conns))
	for c := range s.conns {
		unused = append(unused, c)
	}
	s.mu.Unlock()
	for _, c := range unused {
		c.Close()
	}

	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	_ = s.Config.Shutdown(ctx)
	requests := s.finish(ctx)
	connections := s.listener.Drain(ctx)
	s.Config.Close()
	switch {
	case len(requests) > 0:
		s.t.Errorf("simtest: %d requests that the handler has not finished %v after the test:\n\t%s",
			len(requests), grace, strings.Join(requests, "\n\t"))
	case len(connections) > 0:
		s.t.Errorf("simtest: %d connections still open %v after the test, from %s",
			len(connections), grace, strings.Join(connections, ", "))
	}
}

// finish waits until the handler is done with all requests, and returns those
// with which it is not.
func (s *Server) finish(ctx context.Context) (left []string) {
	s.mu.Lock()
	if len(s.calls) == 0 {
		s.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	s.idle = done
	s.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, since := range s.calls {
		left = append(left, fmt.Sprintf("%s %s from %s, for %v", r.Method, r.URL, r.RemoteAddr, time.Since(since).Round(time.Millisecond)))
	}
	slices.Sort(left)
	return left
}
