package interop

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/simtest"
)

var win10 = limits.Windows{Edition: limits.Windows10Pro}

// A hub has the connections that its handler has handed to goroutines, and
// returned.
type hub struct {
	upgrader websocket.Upgrader
	joined   chan *websocket.Conn
	reading  sync.WaitGroup
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.reading.Go(func() {
		defer conn.Close()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, message) != nil {
				return
			}
		}
	})
	h.joined <- conn
}

// join opens n WebSockets at once, and sends those that are open.
func join(dial websocket.Dialer, url string, n int) <-chan *websocket.Conn {
	open := make(chan *websocket.Conn, n)
	for range n {
		go func() {
			if conn, _, err := dial.Dial(url, nil); err == nil {
				open <- conn
			}
		}()
	}
	return open
}

// TestWebSockets opens 25 on Windows 10 Pro: ten are open, and the others wait.
func TestWebSockets(t *testing.T) {
	host, err := simulate.New(win10, nil)
	require.NoError(t, err)
	server, err := iis.NewServer(host)
	require.NoError(t, err)
	gate := server.Gate()
	for _, way := range []string{"handler", "proxy"} {
		t.Run(way, func(t *testing.T) {
			h := &hub{joined: make(chan *websocket.Conn, 25)}
			var handler http.Handler = h
			if way == "proxy" {
				// A reverse proxy of net/http copies in its handler.
				backend := newServer(t, h)
				target, err := url.Parse(backend)
				require.NoError(t, err)
				handler = &httputil.ReverseProxy{
					Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target) },
					ErrorLog: log.New(io.Discard, "", 0),
				}
			}
			addr := newServer(t, server.Handler(handler))
			clients := join(websocket.Dialer{}, "ws"+addr[len("http"):], 25)
			for i := range 25 {
				c := <-clients
				require.NoError(t, gate.Wait(t.Context(), func(s simulate.Stats) bool {
					return s.Held == min(10, 25-i) && s.Queued == max(0, 15-i)
				}))
				require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("hello")))
				_, echo, err := c.ReadMessage()
				require.NoError(t, err)
				assert.Equal(t, "hello", string(echo))
				require.NoError(t, c.Close()) // lets the next one in
			}
			require.NoError(t, gate.WaitHeld(t.Context(), 0))
			h.reading.Wait()
		})
	}
}

// newServer serves on loopback and returns the address.
func newServer(t *testing.T, handler http.Handler) string {
	t.Helper()
	srv := &http.Server{Handler: handler}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { srv.Close() })
	return "http://" + ln.Addr().String()
}

// TestHubHoldsSlots keeps ten WebSockets for an hour, on which nothing happens.
func TestHubHoldsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hub{joined: make(chan *websocket.Conn, 25)}
		srv := simtest.NewServer(t, simtest.NewHost(t, win10, nil), h)
		clients := join(websocket.Dialer{NetDialContext: srv.Dial}, "ws"+srv.URL[len("http"):], 25)
		open := make([]*websocket.Conn, 0, 25)
		for range 10 {
			open = append(open, <-clients)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		stats := srv.Gate.Stats()
		assert.Equal(t, 10, stats.Held)
		assert.Equal(t, 15, stats.Queued)
		assert.Empty(t, clients)
		for range 15 {
			require.NoError(t, (<-h.joined).Close()) // the server's end
			open = append(open, <-clients)
			assert.Equal(t, 10, srv.Gate.Stats().Held)
		}
		for _, c := range open {
			c.Close()
		}
		h.reading.Wait()
	})
}
