package iis_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// servers serves a handler as each kind of server does: one that the package
// serves, the pieces, and the handler alone.
func servers(t *testing.T, handler http.Handler, test func(t *testing.T, web *iis.Server, addr string)) {
	t.Run("served", func(t *testing.T) {
		s := startWeb(t, "http", win10, nil, handler)
		test(t, s.web, s.addr)
	})
	for _, pieces := range []bool{true, false} {
		t.Run(fmt.Sprintf("with the listener %t", pieces), func(t *testing.T) {
			web, err := iis.NewServer(hostOf(t, win10, nil))
			require.NoError(t, err)
			srv := httptest.NewUnstartedServer(web.Handler(handler))
			if pieces {
				srv.Listener, err = web.Listener(srv.Listener)
				require.NoError(t, err)
			}
			srv.Start()
			defer srv.Close()
			test(t, web, srv.Listener.Addr().String())
		})
	}
}

// A connection that the handler has handed to something else holds its slot until
// it is closed.
func TestHijackedRequestsHoldSlots(t *testing.T) {
	hub := make(chan net.Conn, 25)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		fmt.Fprint(buffered, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
		buffered.Flush()
		hub <- conn
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
	})
	servers(t, handler, func(t *testing.T, web *iis.Server, addr string) {
		g := web.Gate()
		var clients []net.Conn
		for i := range 25 {
			c := dial(t, addr)
			path := "/"
			if i%2 == 1 {
				path = "/panic"
			}
			fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", path)
			clients = append(clients, c)
		}
		require.NoError(t, g.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 15 }))
		for i := range 15 {
			require.NoError(t, (<-hub).Close())
			require.NoError(t, g.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 14-i }))
		}
		for range 5 {
			conn := <-hub
			require.NoError(t, conn.Close())
			_ = conn.Close() // twice
		}
		require.NoError(t, g.WaitHeld(t.Context(), 5))
		for range 5 {
			<-hub
		}
		assert.Equal(t, 5, g.Stats().Held)
		web.Host().Disconnect()
		require.NoError(t, g.WaitHeld(t.Context(), 0))
		assert.EqualValues(t, 25, g.Stats().Admitted)
		for _, c := range clients {
			c.Close()
		}
	})
}

// A handler that is at work after it has closed the connection executes still.
func TestHandlersThatGoOnHoldSlots(t *testing.T) {
	closed, done := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		assert.NoError(t, err)
		assert.NoError(t, conn.Close())
		closed <- struct{}{}
		<-done
	})
	servers(t, handler, func(t *testing.T, web *iis.Server, addr string) {
		c := dial(t, addr)
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
		<-closed
		assert.Equal(t, 1, web.Gate().Stats().Held)
		done <- struct{}{}
		require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
	})
}

// What a handler can do without the limit it can do with it.
func TestResponseWriterHidesNothing(t *testing.T) {
	type abilities struct{ flusher, hijacker, readerFrom, stringWriter, closeNotifier, deadlines bool }
	of := func(w http.ResponseWriter) (a abilities) {
		_, a.flusher = w.(http.Flusher)
		_, a.hijacker = w.(http.Hijacker)
		_, a.readerFrom = w.(io.ReaderFrom)
		_, a.stringWriter = w.(io.StringWriter)
		_, a.closeNotifier = w.(http.CloseNotifier) //lint:ignore SA1019 programs still ask for it
		a.deadlines = http.NewResponseController(w).SetWriteDeadline(time.Time{}) == nil
		return a
	}
	servers(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, abilities{true, true, true, true, true, true}, of(w))
		rc := http.NewResponseController(w)
		assert.NoError(t, rc.EnableFullDuplex())
		w.Header().Set("X-Streams", "yes")
		_, _ = io.WriteString(w, "first\n")
		assert.NoError(t, rc.Flush())
		w.(http.Flusher).Flush()
		_, _ = io.Copy(w, io.LimitReader(r.Body, 6))
	}), func(t *testing.T, web *iis.Server, addr string) {
		c := dial(t, addr)
		fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		assert.Equal(t, "yes", resp.Header.Get("X-Streams"))
		line := make([]byte, 6)
		_, err = io.ReadFull(resp.Body, line)
		require.NoError(t, err)
		assert.Equal(t, 1, web.Gate().Stats().Held, "a stream holds its slot")
		fmt.Fprint(c, "second")
		rest, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "first\nsecond", string(line)+string(rest))
	})

	// Over HTTP/2 nothing can be taken over.
	s := startWeb(t, "h2", win10, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, abilities{true, false, false, true, true, true}, of(w))
		_, ok := w.(http.Pusher)
		assert.True(t, ok)
	}))
	resp, err := s.client(t).Get(s.url)
	status, _ := read(t, resp, err)
	assert.Equal(t, "200 OK", status)
}

type justWriter struct{ http.ResponseWriter }

type hijackWriter struct {
	http.ResponseWriter
	http.Hijacker
}

type hijackFlusher struct {
	hijackWriter
	http.Flusher
}

type hijackReader struct {
	hijackWriter
	io.ReaderFrom
}

type hijackFlushReader struct {
	hijackFlusher
	io.ReaderFrom
}

// The ResponseWriter of a middleware outside of the limit keeps what it has.
func TestResponseWriterOfMiddleware(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, win10, nil))
	require.NoError(t, err)
	var wrap func(http.ResponseWriter) http.ResponseWriter
	limited := web.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outer := wrap(nil)
		check := func(ability any, has, want bool) { assert.Equal(t, want, has, "%T of %T", ability, outer) }
		_, has := w.(http.Hijacker)
		_, want := outer.(http.Hijacker)
		check((*http.Hijacker)(nil), has, want)
		_, has = w.(http.Flusher)
		_, want = outer.(http.Flusher)
		check((*http.Flusher)(nil), has, want)
		_, has = w.(io.ReaderFrom)
		_, want = outer.(io.ReaderFrom)
		check((*io.ReaderFrom)(nil), has, want)
		fmt.Fprint(w, "page")
	}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { limited.ServeHTTP(wrap(w), r) }))
	defer srv.Close()
	hijacks := func(w http.ResponseWriter) hijackWriter {
		h, _ := w.(http.Hijacker)
		return hijackWriter{w, h}
	}
	flushes := func(w http.ResponseWriter) hijackFlusher {
		f, _ := w.(http.Flusher)
		return hijackFlusher{hijacks(w), f}
	}
	for _, w := range []func(http.ResponseWriter) http.ResponseWriter{
		func(w http.ResponseWriter) http.ResponseWriter { return justWriter{w} },
		func(w http.ResponseWriter) http.ResponseWriter { return hijacks(w) },
		func(w http.ResponseWriter) http.ResponseWriter { return flushes(w) },
		func(w http.ResponseWriter) http.ResponseWriter { return hijackReader{hijacks(w), nil} },
		func(w http.ResponseWriter) http.ResponseWriter { return hijackFlushReader{flushes(w), nil} },
	} {
		wrap = w
		resp, err := http.Get(srv.URL)
		_, page := read(t, resp, err)
		assert.Equal(t, "page", page)
	}
	require.NoError(t, web.Gate().WaitHeld(context.Background(), 0))
}

// What stands around the Handler may answer when a handler has returned without a
// word, as servers do that turn an error into a page.
func TestCodeAroundTheHandlerMayAnswer(t *testing.T) {
	host := hostOf(t, win10, nil)
	web, err := iis.NewServer(host)
	require.NoError(t, err)
	limited := web.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limited.ServeHTTP(w, r)
		w.WriteHeader(http.StatusBadGateway)
	})}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := web.Listener(inner)
	require.NoError(t, err)
	srv.ConnContext = web.ConnContext
	go srv.Serve(ln)
	defer srv.Close()
	for range 3 {
		resp, err := http.Get("http://" + inner.Addr().String())
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, http.StatusBadGateway, resp.StatusCode)
	}
	assert.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
	assert.EqualValues(t, 3, web.Gate().Stats().Admitted)
}
