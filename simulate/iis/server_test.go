package iis_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

var (
	xpPro  = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	xpHome = limits.Windows{Edition: limits.XPHome, ServicePack: 3}
	win7   = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
	win10  = limits.Windows{Edition: limits.Windows10Pro}
)

// hostOf returns a host with a web server.
func hostOf(t testing.TB, w limits.Windows, settings *simulate.Settings) *simulate.Host {
	t.Helper()
	host, err := simulate.New(w, settings)
	require.NoError(t, err)
	_, err = iis.NewServer(host)
	require.NoError(t, err)
	return host
}

// webServer is an http.Server that is the web server of a host, on loopback.
type webServer struct {
	host      *simulate.Host
	web       *iis.Server
	gate      *simulate.Gate
	srv       *http.Server
	addr, url string
	transport *http.Transport
}

// certificate returns the TLS side of a server on loopback and that of its
// clients.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return &tls.Config{Certificates: srv.TLS.Certificates}, srv.Client().Transport.(*http.Transport).TLSClientConfig
}

// startWeb starts it; kind is "http", "https", "h2" or "h2c".
func startWeb(t testing.TB, kind string, w limits.Windows, settings *simulate.Settings, handler http.Handler) *webServer {
	t.Helper()
	host := hostOf(t, w, settings)
	web, err := iis.NewServer(host)
	require.NoError(t, err)
	s := &webServer{
		host: host, web: web, gate: web.Gate(),
		srv: &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}, // of the handshakes that never come
	}
	s.addr, s.url, s.transport = serveKind(t, web, s.srv, kind)
	t.Cleanup(func() {
		s.srv.Close()
		assert.NoError(t, s.gate.WaitHeld(context.Background(), 0))
	})
	return s
}

// serveKind serves srv on a listener of its own until the test ends.
func serveKind(t testing.TB, web *iis.Server, srv *http.Server, kind string) (addr, url string, transport *http.Transport) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var protocols http.Protocols
	protocols.SetHTTP1(kind == "http" || kind == "https")
	protocols.SetHTTP2(kind == "h2")
	protocols.SetUnencryptedHTTP2(kind == "h2c")
	if srv.Protocols == nil {
		srv.Protocols = &protocols
	}
	transport = &http.Transport{Protocols: &protocols}
	served := make(chan error, 1)
	url = "http://" + ln.Addr().String()
	if kind == "http" || kind == "h2c" {
		go func() { served <- web.Serve(srv, ln) }()
	} else {
		url = "https://" + ln.Addr().String()
		server, client := certificate(t)
		transport.TLSClientConfig = client
		if srv.TLSConfig == nil {
			srv.TLSConfig = server
		}
		go func() { served <- web.ServeTLS(srv, ln, "", "") }()
	}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
		assert.ErrorIs(t, <-served, http.ErrServerClosed)
	})
	return ln.Addr().String(), url, transport
}

// client returns a client with a connection of its own.
func (s *webServer) client(t testing.TB) *http.Client {
	transport := s.transport.Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (s *webServer) dial(t testing.TB) net.Conn { return dial(t, s.addr) }

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func (s *webServer) waitHeld(t testing.TB, n int) {
	t.Helper()
	require.NoError(t, s.gate.WaitHeld(t.Context(), n))
}

// read returns status and body of a response.
func read(t testing.TB, resp *http.Response, err error) (string, string) {
	t.Helper()
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.Status, string(body)
}

// blocking returns a handler that works until release is called.
func blocking() (http.Handler, func()) {
	done := make(chan struct{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-done:
		case <-r.Context().Done():
		}
		fmt.Fprint(w, "served")
	}), sync.OnceFunc(func() { close(done) })
}

func TestForbiddenPage(t *testing.T) {
	for _, kind := range []string{"http", "https", "h2"} {
		t.Run(kind, func(t *testing.T) {
			s := startWeb(t, kind, xpPro, nil, http.NotFoundHandler())
			for range 10 {
				s.dial(t)
			}
			s.waitHeld(t, 10)
			resp, err := s.client(t).Get(s.url)
			status, body := read(t, resp, err)
			want := "403 Access Forbidden"
			if kind == "h2" {
				require.Equal(t, 2, resp.ProtoMajor)
				want = "403 Forbidden" // HTTP/2 has no reason phrase; net/http adds its own
			}
			assert.Equal(t, want, status)
			assert.Contains(t, body, "There are too many people accessing the Web site at this time.")
			assert.Contains(t, body, "HTTP 403.9 - Access Forbidden: Too many users are connected")
			assert.Equal(t, "Microsoft-IIS/5.1", resp.Header.Get("Server"))
			assert.EqualValues(t, 1, s.gate.Stats().Refused)
		})
	}
}

func TestHeadGetsNoBody(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	resp, err := s.client(t).Head(s.url)
	status, body := read(t, resp, err)
	assert.Equal(t, "403 Access Forbidden", status)
	assert.Empty(t, body)
}

func TestIdleConnectionsHoldSlots(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	idle := make([]net.Conn, 10)
	for i := range idle {
		idle[i] = s.dial(t)
	}
	s.waitHeld(t, 10)
	status, _ := read2(t, s)
	assert.Equal(t, "403 Access Forbidden", status)
	idle[4].Close()
	s.waitHeld(t, 9)
	status, _ = read2(t, s)
	assert.Equal(t, "404 Not Found", status)
}

func read2(t *testing.T, s *webServer) (string, string) {
	t.Helper()
	client := s.client(t)
	defer client.CloseIdleConnections()
	resp, err := client.Get(s.url)
	return read(t, resp, err)
}

func TestHijackedConnectionsHoldSlots(t *testing.T) {
	hijacked := make(chan net.Conn, 10)
	s := startWeb(t, "http", xpPro, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		assert.NoError(t, err)
		hijacked <- conn
	}))
	conns := make([]net.Conn, 0, 10)
	for range 10 {
		fmt.Fprint(s.dial(t), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		conns = append(conns, <-hijacked)
	}
	s.waitHeld(t, 10)
	status, _ := read2(t, s)
	assert.Equal(t, "403 Access Forbidden", status)
	for _, c := range conns {
		assert.NoError(t, c.Close())
	}
	s.waitHeld(t, 0)
}

func TestPanickingHandlersLeakNothing(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		t.Run(w.String(), func(t *testing.T) {
			s := startWeb(t, "http", w, nil, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/panic" {
					panic(http.ErrAbortHandler)
				}
			}))
			require.NoError(t, s.gate.SetLimit(limits.Number(1)))
			for range 3 {
				_, err := s.client(t).Get(s.url + "/panic")
				require.Error(t, err)
				s.waitHeld(t, 0)
			}
			status, _ := read2(t, s)
			assert.Equal(t, "200 OK", status)
		})
	}
}

// A refused client that is still sending must be able to read the answer.
func TestRefusedPostsReadTheAnswer(t *testing.T) {
	for _, test := range []struct {
		name          string
		clients, size int
	}{
		{"300 of 1 MB", 300, 1_000_000},
		{"40 of 20 MB", 40, 20_000_000},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
			require.NoError(t, s.gate.SetLimit(limits.Number(0)))
			payload := make([]byte, test.size)
			var wg sync.WaitGroup
			for range test.clients {
				client := s.client(t)
				wg.Go(func() {
					resp, err := client.Post(s.url, "application/octet-stream", bytes.NewReader(payload))
					if !assert.NoError(t, err) {
						return
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(resp.Body)
					assert.NoError(t, err)
					assert.Equal(t, "403 Access Forbidden", resp.Status)
					assert.Contains(t, string(body), limits.TextHTTP4039)
				})
			}
			wg.Wait()
			assert.EqualValues(t, test.clients, s.gate.Stats().Refused)
		})
	}
}

func TestRefusedPostOverHTTP2(t *testing.T) {
	s := startWeb(t, "h2", xpPro, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	resp, err := s.client(t).Post(s.url, "application/octet-stream", bytes.NewReader(make([]byte, 20_000_000)))
	status, body := read(t, resp, err)
	assert.Equal(t, "403 Forbidden", status)
	assert.Contains(t, body, limits.TextHTTP4039)
}

func TestMovingTheLimitThrowsNobodyOut(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	conns := make([]net.Conn, 10)
	for i := range conns {
		conns[i] = s.dial(t)
	}
	s.waitHeld(t, 10)
	require.NoError(t, s.gate.SetLimit(limits.Number(2)))
	for _, c := range conns { // all ten still work
		status := request(t, c)
		assert.Equal(t, "404 Not Found", status)
	}
	require.NoError(t, s.gate.SetLimit(limits.Number(11)))
	assert.Equal(t, "404 Not Found", request(t, s.dial(t)))
	assert.Equal(t, "403 Access Forbidden", request(t, s.dial(t)))
}

// request sends a request over an open connection and returns the status.
func request(t *testing.T, c net.Conn) string {
	t.Helper()
	return ask(t, c).Status
}

// ask sends a request over an open connection and returns the response, whose
// body has been read.
func ask(t *testing.T, c net.Conn) *http.Response {
	t.Helper()
	_, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	read(t, resp, err)
	return resp
}

func TestShutdownReturns(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	silent := s.dial(t) // over the limit and never asks for anything
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Refused == 1 }))
	require.NoError(t, s.srv.Shutdown(t.Context()))
	_, err := silent.Read(make([]byte, 1))
	assert.Error(t, err, "it was hung up")
}

func TestIIS6AnswersBusy(t *testing.T) {
	s := startWeb(t, "http", limits.Windows{Edition: limits.XPProfessionalX64}, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	status, body := read2(t, s)
	assert.Equal(t, "503 Service Unavailable", status)
	assert.NotContains(t, body, "403")
}

func TestPeerWebServicesPage(t *testing.T) {
	s := startWeb(t, "http", limits.Windows{Edition: limits.NT40Workstation, ServicePack: 3}, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	status, body := read2(t, s)
	assert.Equal(t, "403 Access Forbidden", status)
	assert.Contains(t, body, limits.TextPWSTooManyUsersCause)
}

func TestRequestsQueue(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, nil, handler)
	results := make(chan string, 40)
	for range 40 {
		client := s.client(t)
		go func() {
			resp, err := client.Get(s.url)
			if assert.NoError(t, err) {
				resp.Body.Close()
				results <- resp.Status
			}
		}()
	}
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 30 }))
	release()
	for range 40 {
		assert.Equal(t, "200 OK", <-results)
	}
	stats := s.gate.Stats()
	assert.Equal(t, 10, stats.Peak)
	assert.EqualValues(t, 30, stats.Waited)
}

func TestIdleKeepAliveHoldsNoRequestSlot(t *testing.T) {
	s := startWeb(t, "http", win7, nil, http.NotFoundHandler())
	for range 25 {
		assert.Equal(t, "404 Not Found", request(t, s.dial(t)))
	}
	s.waitHeld(t, 0)
}

func TestFullQueueAnswersBusy(t *testing.T) {
	s := startWeb(t, "http", win7, nil, http.NotFoundHandler())
	release, err := s.gate.Hold(10)
	require.NoError(t, err)
	ctx, leave := context.WithCancel(t.Context())
	var queue sync.WaitGroup
	for range 1000 {
		queue.Go(func() { assert.ErrorIs(t, s.gate.Acquire(ctx, new(simulate.Slot)), simulate.ErrLimit) })
	}
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1000 }))
	status, _ := read2(t, s)
	assert.Equal(t, "503 Service Unavailable", status)
	leave()
	queue.Wait()
	release()
	status, _ = read2(t, s)
	assert.Equal(t, "404 Not Found", status)
}

func TestGoneClientLeavesTheQueue(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, nil, handler)
	require.NoError(t, s.gate.SetLimit(limits.Number(1)))
	first := s.client(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		resp, err := first.Get(s.url)
		if assert.NoError(t, err) {
			resp.Body.Close()
		}
	}()
	s.waitHeld(t, 1)
	gone := s.dial(t)
	fmt.Fprint(gone, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
	gone.Close()
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 0 && s.Abandoned == 1 }))
	release()
	<-done
}

func TestQueueTimeoutEndsTheConnection(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, &simulate.Settings{QueueTimeout: time.Millisecond}, handler)
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	_, err := s.client(t).Get(s.url)
	require.ErrorIs(t, err, io.EOF)
	assert.EqualValues(t, 1, s.gate.Stats().TimedOut)
}

func TestHTTP2StreamsAreRequests(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "h2", win7, nil, handler)
	client := s.client(t)
	var wg sync.WaitGroup
	for range 15 {
		wg.Go(func() {
			resp, err := client.Get(s.url)
			if assert.NoError(t, err) {
				resp.Body.Close()
			}
		})
	}
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 5 }))
	release()
	wg.Wait()
}

func TestAllowKeepAlive(t *testing.T) {
	no := false
	for _, test := range []struct {
		w             limits.Windows
		proto         string
		closes        bool
		allowedCloses bool
	}{
		{xpPro, "HTTP/1.1", true, false},
		{limits.Windows{Edition: limits.NT40Workstation, ServicePack: 3}, "HTTP/1.1", false, false},
		{limits.Windows{Edition: limits.NT40Workstation, ServicePack: 3}, "HTTP/1.0", true, false},
	} {
		t.Run(test.w.String()+" "+test.proto, func(t *testing.T) {
			for _, allow := range []*bool{nil, &no} {
				s := startWeb(t, "http", test.w, &simulate.Settings{AllowKeepAlive: allow}, http.NotFoundHandler())
				c := s.dial(t)
				fmt.Fprintf(c, "GET / %s\r\nHost: a\r\nConnection: keep-alive\r\n\r\n", test.proto)
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				read(t, resp, err)
				want := test.closes
				if allow == nil {
					want = test.allowedCloses
				}
				assert.Equal(t, want, resp.Close)
			}
		})
	}
}

func TestConnectionTimeoutFreesTheSlot(t *testing.T) {
	s := startWeb(t, "http", xpPro, &simulate.Settings{ConnectionTimeout: 20 * time.Millisecond}, http.NotFoundHandler())
	s.dial(t)
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Admitted == 1 && s.Held == 0 }))
	assert.Equal(t, 20*time.Millisecond, s.srv.IdleTimeout)
}

func TestConnectionTimeoutDefaults(t *testing.T) {
	for e, want := range map[limits.Edition]time.Duration{
		limits.Windows2000Professional: 900 * time.Second,
		limits.XPProfessional:          300 * time.Second,
		limits.XPProfessionalX64:       120 * time.Second,
		limits.Windows11Pro:            120 * time.Second,
	} {
		s := startWeb(t, "http", limits.Windows{Edition: e}, nil, http.NotFoundHandler())
		assert.Equal(t, "404 Not Found", ask(t, s.dial(t)).Status)
		assert.Equal(t, want, s.srv.IdleTimeout, e)
		if e == limits.Windows11Pro {
			want = 0 // a connection at rest holds nothing
		}
		assert.Equal(t, want, s.srv.ReadHeaderTimeout, e)
		srv := &http.Server{IdleTimeout: time.Second, Handler: http.NotFoundHandler()}
		addr, _, _ := serveKind(t, s.web, srv, "http")
		assert.Equal(t, "404 Not Found", ask(t, dial(t, addr)).Status)
		assert.Equal(t, time.Second, srv.IdleTimeout, "the caller's own stays")
	}
}

func TestAbsentWebServer(t *testing.T) {
	h, err := simulate.New(xpHome, nil)
	require.NoError(t, err)
	_, err = iis.NewServer(h)
	require.ErrorIs(t, err, simulate.ErrAbsent)
	assert.ErrorContains(t, err, "Windows XP Home has no web server of its own (IIS).")
}

func TestObserveSeesPeers(t *testing.T) {
	handler, release := blocking()
	release()
	s := startWeb(t, "http", win7, nil, handler)
	var mu sync.Mutex
	var events []simulate.Event
	stop := s.host.Observe(func(e simulate.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	})
	client := s.client(t)
	resp, err := client.Get(s.url)
	read(t, resp, err)
	s.waitHeld(t, 0)
	stop()
	resp, err = client.Get(s.url)
	read(t, resp, err)
	mu.Lock()
	defer mu.Unlock()
	require.GreaterOrEqual(t, len(events), 1)
	assert.Equal(t, simulate.Decided, events[0].Kind)
	assert.Equal(t, simulate.Admitted, events[0].Outcome)
	assert.True(t, strings.HasPrefix(events[0].Peer, "127.0.0.1:"), events[0].Peer)
	assert.Equal(t, win7, events[0].Windows)
	assert.LessOrEqual(t, len(events), 2, "none after stop")
}

func TestStalledTLSHandshakesHoldSlots(t *testing.T) {
	s := startWeb(t, "https", xpPro, nil, http.NotFoundHandler())
	for range 10 {
		s.dial(t)
	}
	s.waitHeld(t, 10)
	conn, err := tls.Dial("tcp", s.addr, s.transport.TLSClientConfig)
	require.NoError(t, err)
	defer conn.Close()
	assert.Equal(t, "403 Access Forbidden", request(t, conn))
}

// Forty requests of 50 ms on one server with three listeners; a limit put on it
// three times would let fewer in, and stop.
func TestThreeListenersOfOneServer(t *testing.T) {
	var now, most atomic.Int64
	host := hostOf(t, win10, nil)
	web, err := iis.NewServer(host)
	require.NoError(t, err)
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(50 * time.Millisecond)
	})}
	var all http.Protocols
	all.SetHTTP1(true)
	all.SetHTTP2(true)
	all.SetUnencryptedHTTP2(true)
	srv.Protocols = &all
	var urls []string
	var clients []*http.Client
	srv.TLSConfig, _ = certificate(t)
	for _, kind := range []string{"http", "h2", "h2c"} {
		_, url, transport := serveKind(t, web, srv, kind)
		urls, clients = append(urls, url), append(clients, &http.Client{Transport: transport})
	}
	var wg sync.WaitGroup
	var protocols sync.Map
	for i := range 40 {
		wg.Go(func() {
			resp, err := clients[i%3].Get(urls[i%3])
			status, _ := read(t, resp, err)
			assert.Equal(t, "200 OK", status)
			protocols.Store(resp.Proto+" "+urls[i%3][:5], true)
		})
	}
	wg.Wait()
	for _, p := range []string{"HTTP/1.1 http:", "HTTP/2.0 https", "HTTP/2.0 http:"} {
		_, ok := protocols.Load(p)
		assert.True(t, ok, p)
	}
	assert.EqualValues(t, 10, most.Load())
	stats := web.Gate().Stats()
	assert.Equal(t, 10, stats.Peak)
	assert.EqualValues(t, 40, stats.Admitted)
	require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
}

func TestOneServerForAHost(t *testing.T) {
	host := hostOf(t, xpPro, nil)
	web, err := iis.NewServer(host)
	require.NoError(t, err)
	again, err := iis.NewServer(host)
	require.NoError(t, err)
	assert.Same(t, web, again)
	assert.Same(t, host, web.Host())
}

// Host.Disconnect ends the connections and Host.Close the servers, too.
func TestHostEndsServers(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		t.Run(w.String(), func(t *testing.T) {
			s := startWeb(t, "http", w, nil, http.NotFoundHandler())
			for range 2 {
				c := s.dial(t)
				assert.Equal(t, "404 Not Found", request(t, c))
				s.host.Disconnect()
				_, err := c.Read(make([]byte, 1))
				assert.ErrorIs(t, err, io.EOF)
			}
			c := s.dial(t)
			assert.Equal(t, "404 Not Found", request(t, c))
			require.NoError(t, s.host.Close())
			_, err := c.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.EOF)
			_, err = net.Dial("tcp", s.addr)
			assert.ErrorIs(t, err, syscall.ECONNREFUSED)
			s.waitHeld(t, 0)

			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			assert.ErrorIs(t, s.web.Serve(&http.Server{}, ln), simulate.ErrClosed)
			_, err = ln.Accept()
			assert.ErrorIs(t, err, net.ErrClosed)
			_, err = iis.NewServer(s.host)
			assert.NoError(t, err, "it is the one there was")
		})
	}
}

// serveInMemory serves srv on a listener in memory with a wrapper around its
// connections, and returns what Serve returns.
func serveInMemory(t *testing.T, web *iis.Server, srv *http.Server, wrap func(net.Conn) net.Conn) (*memnet.Listener, <-chan error) {
	ln := memnet.NewListener(80)
	served := make(chan error, 1)
	go func() { served <- web.Serve(srv, wrapper{ln, wrap}) }()
	t.Cleanup(func() { srv.Close() })
	return ln, served
}

// shy does not know its addresses until the peer has said so, as a connection of
// the PROXY protocol.
type shy struct {
	net.Conn
	closed chan struct{}
	once   *sync.Once
}

func (c shy) RemoteAddr() net.Addr { <-c.closed; return c.Conn.RemoteAddr() }
func (c shy) LocalAddr() net.Addr  { <-c.closed; return c.Conn.LocalAddr() }
func (c shy) Close() error         { c.once.Do(func() { close(c.closed) }); return c.Conn.Close() }

func TestBlockingRemoteAddrDelaysNothing(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		t.Run(w.String(), func(t *testing.T) {
			web, err := iis.NewServer(hostOf(t, w, nil))
			require.NoError(t, err)
			defer web.Host().Observe(func(simulate.Event) {})()
			blocks := true
			ln, _ := serveInMemory(t, web, &http.Server{Handler: http.NotFoundHandler()}, func(c net.Conn) net.Conn {
				if blocks {
					blocks = false
					return shy{c, make(chan struct{}), new(sync.Once)}
				}
				return c
			})
			_, err = ln.Dial(t.Context())
			require.NoError(t, err)
			c, err := ln.Dial(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "404 Not Found", request(t, c))
			if w == xpPro {
				assert.Equal(t, 2, web.Gate().Stats().Held, "both are counted")
			}
		})
	}
}

func TestReplacedHandlerFails(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		t.Run(w.String(), func(t *testing.T) {
			web, err := iis.NewServer(hostOf(t, w, nil))
			require.NoError(t, err)
			var text strings.Builder
			srv := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(&text, "", 0)}
			ln, _ := serveInMemory(t, web, srv, func(c net.Conn) net.Conn { return c })
			c, err := ln.Dial(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "404 Not Found", request(t, c))
			replaced := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("there is no limit") })
			srv.Handler = replaced
			resp := ask(t, c)
			assert.Equal(t, "500 Internal Server Error", resp.Status)
			assert.Contains(t, text.String(), "iis: the Handler of the http.Server was replaced after it was served")
			second := memnet.NewListener(80)
			err = web.Serve(srv, second)
			assert.ErrorContains(t, err, "set it before")
			_, err = second.Accept()
			assert.ErrorIs(t, err, net.ErrClosed)
		})
	}
}

// Over HTTP/2 there is no place for the sentence but the log of the server.
func TestReplacedHandlerFailsOverHTTP2(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, win7, nil))
	require.NoError(t, err)
	var text strings.Builder
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: http.NotFoundHandler(), ErrorLog: log.New(&text, "", 0), Protocols: &protocols}
	ln, _ := serveInMemory(t, web, srv, func(c net.Conn) net.Conn { return c })
	transport := &http.Transport{
		Protocols:   &protocols,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return ln.Dial(ctx) },
	}
	defer transport.CloseIdleConnections()
	get := func() (*http.Response, error) { return (&http.Client{Transport: transport}).Get("http://windows.test") }
	resp, err := get()
	status, _ := read(t, resp, err)
	assert.Equal(t, "404 Not Found", status)
	srv.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("there is no limit") })
	_, err = get()
	require.Error(t, err)
	assert.Contains(t, text.String(), "iis: the Handler of the http.Server was replaced")
}

func TestServeErrors(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	assert.ErrorContains(t, web.Serve(&http.Server{}, nil), "Serve needs a listener, not nil")
	_, err = web.Listener(nil)
	assert.ErrorContains(t, err, "Listener needs a listener, not nil")

	srv := &http.Server{Handler: http.NotFoundHandler()}
	addr, _, _ := serveKind(t, web, srv, "http")
	assert.Equal(t, "404 Not Found", ask(t, dial(t, addr)).Status)
	other, err := iis.NewServer(hostOf(t, win7, nil))
	require.NoError(t, err)
	assert.ErrorContains(t, other.Serve(srv, memnet.NewListener(80)), "the web server of another machine, which runs Windows XP Professional SP3")

	// TLS inside would lose HTTP/2.
	server, client := certificate(t)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _, _ = tls.Dial("tcp", inner.Addr().String(), client) }()
	err = web.Serve(&http.Server{}, tls.NewListener(inner, server))
	assert.ErrorContains(t, err, "give ServeTLS the listener below")
}

// A malformed request over the limit is refused as any other.
func TestMalformedRequestsAreRefused(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(limits.Number(0)))
	for _, req := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.0\n\n",
		"GET /" + strings.Repeat("a", 2000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"GET /\r\n",
		"BAD\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n", // no Host
		"\r\nGET / HTTP/1.1\r\n",
	} {
		c := s.dial(t)
		for i := range len(req) { // byte by byte
			_, err := c.Write([]byte{req[i]})
			require.NoError(t, err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		status, body := read(t, resp, err)
		assert.Equal(t, "403 Access Forbidden", status, req)
		assert.Contains(t, body, limits.TextHTTP4039)
		assert.True(t, resp.Close)
	}
	assert.EqualValues(t, 8, s.gate.Stats().Refused)
}

// A protocol that is not HTTP gets no connection over the limit.
func TestOtherProtocolsOverTheLimit(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	srv := &http.Server{
		Handler: http.NotFoundHandler(), ErrorLog: log.New(io.Discard, "", 0),
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){
			"echo": func(_ *http.Server, c *tls.Conn, _ http.Handler) { _, _ = io.Copy(c, c) },
		},
	}
	server, client := certificate(t)
	server.NextProtos = []string{"echo"}
	client.NextProtos = []string{"echo"}
	srv.TLSConfig = server
	addr, _, _ := serveKind(t, web, srv, "https")
	for _, limit := range []int{1, 0} {
		require.NoError(t, web.Gate().SetLimit(limits.Number(limit)))
		c, err := tls.Dial("tcp", addr, client)
		require.NoError(t, err)
		_, err = io.WriteString(c, "hello")
		require.NoError(t, err)
		_, err = io.ReadFull(c, make([]byte, 5))
		assert.Equal(t, limit == 1, err == nil, "%v", err)
		c.Close()
		require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
	}
}

// closing tells when a connection is closed.
type closing struct {
	net.Conn
	closed chan struct{}
	once   *sync.Once
}

func (c closing) Close() error { c.once.Do(func() { close(c.closed) }); return c.Conn.Close() }

// Close ends the connections over the limit that have read their answer and stay.
func TestCloseEndsRefusedConnections(t *testing.T) {
	for _, kind := range []string{"http", "https"} {
		for _, end := range []string{"Close", "Shutdown"} {
			t.Run(kind+" "+end, func(t *testing.T) {
				web, err := iis.NewServer(hostOf(t, xpPro, nil))
				require.NoError(t, err)
				require.NoError(t, web.Gate().SetLimit(limits.Number(0)))
				inner, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				closed := make(chan struct{})
				ln := wrapper{inner, func(c net.Conn) net.Conn { return closing{c, closed, new(sync.Once)} }}
				srv := &http.Server{Handler: http.NotFoundHandler()}
				server, client := certificate(t)
				srv.TLSConfig = server
				go func() {
					if kind == "http" {
						_ = web.Serve(srv, ln)
					} else {
						_ = web.ServeTLS(srv, ln, "", "")
					}
				}()
				c := dial(t, inner.Addr().String())
				if kind == "https" {
					client.ServerName = "example.com"
					c = tls.Client(c, client)
				}
				_, err = fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
				require.NoError(t, err)
				resp, err := http.ReadResponse(bufio.NewReader(c), nil)
				status, _ := read(t, resp, err)
				assert.Equal(t, "403 Access Forbidden", status)
				select {
				case <-closed:
					t.Error("a client that is still sending would not read the answer")
				default:
				}
				if end == "Close" {
					require.NoError(t, srv.Close())
				} else {
					require.NoError(t, srv.Shutdown(t.Context()))
				}
				select {
				case <-closed:
				default:
					t.Error("it is still open")
				}
			})
		}
	}
}
