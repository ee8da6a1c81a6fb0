package iis_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// A client that goes away leaves the queue if it has sent no more than 64 kB, whatever
// that is.
func TestGoneRequestLeavesTheQueue(t *testing.T) {
	for _, kind := range []string{"http", "https"} {
		t.Run(kind, func(t *testing.T) {
			s := startWeb(t, kind, win10, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is gone") }))
			testGone(t, s, append(goneRequests,
				"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n",
				"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n"+strings.Repeat("x", 60_000),
				"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
				strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 1000),
				"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\nHost: x\r\n\r\n",
			))
		})
	}
}

// On a connection that Server.Listener has not accepted, it leaves if it has sent one
// request with a body of up to 64 kB.
func TestGoneRequestOfForeignConn(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, win10, nil))
	require.NoError(t, err)
	srv := httptest.NewServer(web.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it is gone") })))
	defer srv.Close()
	testGone(t, &webServer{gate: web.Gate(), addr: srv.Listener.Addr().String()}, goneRequests)
}

var goneRequests = []string{
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel", // the rest does not come
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
	"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
}

// dialKind connects, with TLS where the server speaks that.
func dialKind(t *testing.T, s *webServer) net.Conn {
	c := s.dial(t)
	if s.transport == nil || s.transport.TLSClientConfig == nil {
		return c
	}
	config := s.transport.TLSClientConfig.Clone()
	config.ServerName = "127.0.0.1"
	return tls.Client(c, config)
}

func testGone(t *testing.T, s *webServer, requests []string) {
	release, err := s.gate.Hold(10)
	require.NoError(t, err)
	defer release()
	for i, req := range requests {
		c := dialKind(t, s)
		_, err := io.WriteString(c, req)
		require.NoError(t, err)
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }), req)
		require.NoError(t, c.Close())
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool {
			return s.Queued == 0 && s.Abandoned == int64(i+1)
		}), req)
	}
}

// Requests that are sent in a row are served in order, with their bodies. Those behind
// a queued one are read before their time.
func TestRequestsInARowInTheQueue(t *testing.T) {
	for _, kind := range []string{"http", "https"} {
		t.Run(kind, func(t *testing.T) {
			s := startWeb(t, kind, win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				_, _ = w.Write(body)
			}))
			c := dialKind(t, s)
			release, err := s.gate.Hold(10)
			require.NoError(t, err)
			const n = 20
			body := func(i int) string { return strings.Repeat(fmt.Sprint(i, " "), 1+i*i*100) }
			go func() {
				for i := range n {
					fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body(i)), body(i))
				}
			}()
			in := bufio.NewReader(c)
			require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
			release()
			for i := range n {
				resp, err := http.ReadResponse(in, nil)
				require.NoError(t, err)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				require.True(t, body(i) == string(got), "body %d", i)
			}
		})
	}
}

// A handler reads the body of a queued request as it was sent, however long it is
// and in whatever pieces it comes.
func TestBodyOfQueuedRequest(t *testing.T) {
	s := startWeb(t, "http", win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			return
		}
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.NoError(t, r.Body.Close())
		_, err = r.Body.Read(make([]byte, 1))
		assert.Error(t, err)
		_, _ = w.Write(body)
	}))
	for _, size := range []int{0, 1, 5, 4096, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		for _, chunked := range []bool{false, true} {
			for _, early := range []bool{false, true} { // is it sent before the slot is free?
				name := fmt.Sprintf("%d chunked %t early %t", size, chunked, early)
				sent := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
				r, w := io.Pipe()
				req, err := http.NewRequest("POST", s.url, struct{ io.Reader }{r})
				require.NoError(t, err)
				req.ContentLength = int64(size)
				if chunked {
					req.ContentLength = -1
				}
				release, err := s.gate.Hold(10)
				require.NoError(t, err)
				answered := make(chan string, 1)
				go func() {
					resp, err := s.client(t).Do(req)
					_, body := read(t, resp, err)
					answered <- body
				}()
				go func() {
					if !early {
						assert.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
						release()
					}
					_, _ = w.Write(sent)
					w.Close()
				}()
				if early {
					require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
					release()
				}
				assert.True(t, string(sent) == <-answered, name)
			}
		}
	}

	// The connection goes on after a request whose body nothing has read, and after
	// one whose body came late.
	c := s.dial(t)
	in := bufio.NewReader(c)
	for range 3 {
		release, err := s.gate.Hold(10)
		require.NoError(t, err)
		fmt.Fprint(c, "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n")
		require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
		release()
		fmt.Fprint(c, "hello") // net/http waits for it before it answers
		resp, err := http.ReadResponse(in, nil)
		status, _ := read(t, resp, err)
		assert.Equal(t, "200 OK", status)
		fmt.Fprintf(c, "GET /unread HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err = http.ReadResponse(in, nil)
		status, _ = read(t, resp, err)
		assert.Equal(t, "200 OK", status)
	}
}

// A form that is parsed from a body that has been read ahead leaves no files.
func TestFormOfQueuedRequest(t *testing.T) {
	s := startWeb(t, "http", win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.FormValue("name"))
	}))
	release, err := s.gate.Hold(10)
	require.NoError(t, err)
	answered := make(chan string, 1)
	go func() {
		resp, err := s.client(t).Post(s.url, "application/x-www-form-urlencoded", strings.NewReader("name=value"))
		_, body := read(t, resp, err)
		answered <- body
	}()
	require.NoError(t, s.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
	release()
	assert.Equal(t, "value", <-answered)
}
