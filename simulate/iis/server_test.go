package simulate

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
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// webServer is an http.Server that is a given Windows, on loopback.
type webServer struct {
	host *Host
	gate *Gate
	srv  *httptest.Server
	url  string
}

// startWeb starts it; kind is "http", "https" or "h2".
func startWeb(t testing.TB, kind string, w limits.Windows, settings *Settings, handler http.Handler) *webServer {
	t.Helper()
	host, err := New(w, settings)
	require.NoError(t, err)
	gate, err := host.Gate(limits.IIS)
	require.NoError(t, err)
	srv := httptest.NewUnstartedServer(handler)
	srv.EnableHTTP2 = kind == "h2"
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshakes that never come
	srv.Listener, err = host.WrapServer(srv.Config, srv.Listener)
	require.NoError(t, err)
	if kind == "http" {
		srv.Start()
	} else {
		srv.StartTLS()
	}
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		assert.NoError(t, gate.WaitHeld(context.Background(), 0))
	})
	return &webServer{host: host, gate: gate, srv: srv, url: srv.URL}
}

// client returns a client with a connection of its own.
func (s *webServer) client(t testing.TB) *http.Client {
	transport := s.srv.Client().Transport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (s *webServer) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.srv.Listener.Addr().String())
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
	require.NoError(t, s.gate.SetLimit(0))
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
			require.NoError(t, s.gate.SetLimit(1))
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
			require.NoError(t, s.gate.SetLimit(0))
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
	require.NoError(t, s.gate.SetLimit(0))
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
	require.NoError(t, s.gate.SetLimit(2))
	for _, c := range conns { // all ten still work
		status := request(t, c)
		assert.Equal(t, "404 Not Found", status)
	}
	require.NoError(t, s.gate.SetLimit(11))
	assert.Equal(t, "404 Not Found", request(t, s.dial(t)))
	assert.Equal(t, "403 Access Forbidden", request(t, s.dial(t)))
}

// request sends a request over an open connection and returns the status.
func request(t *testing.T, c net.Conn) string {
	t.Helper()
	_, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	status, _ := read(t, resp, err)
	return status
}

func TestShutdownReturns(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(0))
	silent := s.dial(t) // over the limit and never asks for anything
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Refused == 1 }))
	require.NoError(t, s.srv.Config.Shutdown(t.Context()))
	_, err := silent.Read(make([]byte, 1))
	assert.Error(t, err, "it was hung up")
}

func TestIIS6AnswersBusy(t *testing.T) {
	s := startWeb(t, "http", limits.Windows{Edition: limits.XPProfessionalX64}, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(0))
	status, body := read2(t, s)
	assert.Equal(t, "503 Service Unavailable", status)
	assert.NotContains(t, body, "403")
}

func TestPeerWebServicesPage(t *testing.T) {
	s := startWeb(t, "http", limits.Windows{Edition: limits.NT40Workstation, ServicePack: 3}, nil, http.NotFoundHandler())
	require.NoError(t, s.gate.SetLimit(0))
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
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Held == 10 && s.Waiting == 30 }))
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
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, nil, handler)
	s.gate.bound = 3 // the real 1000 is a matter of the gate
	var wg sync.WaitGroup
	for range 13 {
		client := s.client(t)
		wg.Go(func() {
			resp, err := client.Get(s.url)
			if assert.NoError(t, err) {
				resp.Body.Close()
			}
		})
	}
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Held == 10 && s.Waiting == 3 }))
	status, _ := read2(t, s)
	assert.Equal(t, "503 Service Unavailable", status)
	release()
	wg.Wait()
}

func TestGoneClientLeavesTheQueue(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, nil, handler)
	require.NoError(t, s.gate.SetLimit(1))
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
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Waiting == 1 }))
	gone.Close()
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Waiting == 0 && s.Abandoned == 1 }))
	release()
	<-done
}

func TestQueueTimeoutEndsTheConnection(t *testing.T) {
	handler, release := blocking()
	defer release()
	s := startWeb(t, "http", win7, &Settings{QueueTimeout: time.Millisecond}, handler)
	require.NoError(t, s.gate.SetLimit(0))
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
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Held == 10 && s.Waiting == 5 }))
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
				s := startWeb(t, "http", test.w, &Settings{AllowKeepAlive: allow}, http.NotFoundHandler())
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
	s := startWeb(t, "http", xpPro, &Settings{ConnectionTimeout: 20 * time.Millisecond}, http.NotFoundHandler())
	s.dial(t)
	require.NoError(t, s.gate.Wait(t.Context(), func(s Stats) bool { return s.Admitted == 1 && s.Held == 0 }))
	assert.Equal(t, 20*time.Millisecond, s.srv.Config.IdleTimeout)
}

func TestConnectionTimeoutDefaults(t *testing.T) {
	for e, want := range map[limits.Edition]time.Duration{
		limits.Windows2000Professional: 900 * time.Second,
		limits.XPProfessional:          300 * time.Second,
		limits.XPProfessionalX64:       120 * time.Second,
		limits.Windows11Pro:            120 * time.Second,
	} {
		h, err := New(limits.Windows{Edition: e}, nil)
		require.NoError(t, err)
		var srv http.Server
		_, err = h.WrapServer(&srv, nil)
		require.NoError(t, err)
		assert.Equal(t, want, srv.IdleTimeout, e)
		if e == limits.Windows11Pro {
			want = 0 // a connection at rest holds nothing
		}
		assert.Equal(t, want, srv.ReadHeaderTimeout, e)
		srv.IdleTimeout = time.Second
		_, err = h.WrapServer(&srv, nil)
		require.NoError(t, err)
		assert.Equal(t, time.Second, srv.IdleTimeout, "the caller's own stays")
	}
}

func TestWebSettingsAreChecked(t *testing.T) {
	yes := true
	for _, test := range []struct {
		w    limits.Windows
		s    Settings
		want string
	}{
		{xpPro, Settings{MaxConnections: 41}, "MaxConnections 41: want 1 to 40"},
		{xpPro, Settings{MaxConnections: -1}, "MaxConnections -1: want 1 to 40"},
		{win7, Settings{MaxConnections: 5}, "belongs to IIS 4.0 to 6.0"},
		{xpHome, Settings{MaxConnections: 5}, "belongs to IIS 4.0 to 6.0"},
		{win7, Settings{AllowKeepAlive: &yes}, "AllowKeepAlive true"},
		{xpPro, Settings{ConnectionTimeout: -1}, "ConnectionTimeout -1ns"},
		{win7, Settings{QueueTimeout: -1}, "QueueTimeout -1ns"},
		{win7, Settings{WorkerProcesses: -1}, "WorkerProcesses -1"},
		{xpPro, Settings{Limits: map[limits.Service]int{limits.SMB: -1}}, "Limits[smb]: -1 is not from 0"},
		{xpPro, Settings{Limits: map[limits.Service]int{limits.Licence: 1}}, "nothing enforces a licence"},
	} {
		_, err := New(test.w, &test.s)
		assert.ErrorContains(t, err, test.want)
	}
}

func TestAbsentWebServer(t *testing.T) {
	h, err := New(xpHome, nil)
	require.NoError(t, err)
	_, err = h.WrapServer(&http.Server{}, nil)
	require.ErrorIs(t, err, ErrAbsent)
	assert.ErrorContains(t, err, "Windows XP Home has no web server of its own (IIS).")
	_, err = h.Handler(http.NotFoundHandler())
	require.ErrorIs(t, err, ErrAbsent)
}

func TestHandlerCannotCountConnections(t *testing.T) {
	h, err := New(xpPro, nil)
	require.NoError(t, err)
	_, err = h.Handler(http.NotFoundHandler())
	require.ErrorContains(t, err, "use WrapServer")
}

func TestObserveSeesPeers(t *testing.T) {
	handler, release := blocking()
	release()
	s := startWeb(t, "http", win7, nil, handler)
	var mu sync.Mutex
	var events []Event
	stop := s.host.Observe(func(e Event) {
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
	assert.Equal(t, Decided, events[0].Kind)
	assert.Equal(t, Admitted, events[0].Outcome)
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
	conn, err := tls.Dial("tcp", s.srv.Listener.Addr().String(), s.srv.Client().Transport.(*http.Transport).TLSClientConfig)
	require.NoError(t, err)
	defer conn.Close()
	assert.Equal(t, "403 Access Forbidden", request(t, conn))
}
