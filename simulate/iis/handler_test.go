package iis_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

// wrapper is a listener of another package: ten lines around the connections of
// another one.
type wrapper struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapper) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}

// hidden is a wrapper that cannot be looked into.
type hidden struct{ net.Conn }

func hide(c net.Conn) net.Conn { return hidden{c} }

// moved is a wrapper that reports other addresses, as that of a listener for the
// PROXY protocol does, and can be looked into.
type moved struct{ net.Conn }

func (m moved) Raw() net.Conn        { return m.Conn }
func (m moved) LocalAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 80} }
func (m moved) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(203, 0, 113, 1), Port: 5} }

func move(c net.Conn) net.Conn { return moved{c} }

// lost is one that cannot be looked into.
type lost struct{ hidden }

func (lost) LocalAddr() net.Addr { return nil }

func lose(c net.Conn) net.Conn { return lost{hidden{c}} }

// startPieces serves with the listener of a server and the other pieces of one
// that should be the same, with the wrapper around the listener.
func startPieces(t *testing.T, web, rest *iis.Server, kind string, around func(net.Conn) net.Conn, connContext bool) (string, *http.Client) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := web.Listener(inner)
	require.NoError(t, err)
	if around != nil {
		ln = wrapper{ln, around}
	}
	var protocols http.Protocols
	protocols.SetHTTP1(kind == "http" || kind == "https")
	protocols.SetHTTP2(kind == "h2")
	protocols.SetUnencryptedHTTP2(kind == "h2c")
	transport := &http.Transport{Protocols: &protocols}
	url := "http://"
	if kind == "https" || kind == "h2" {
		server, client := certificate(t)
		transport.TLSClientConfig, url = client, "https://"
		if kind == "h2" {
			server.NextProtos = []string{"h2"}
		}
		ln = tls.NewListener(ln, server)
	}
	srv := &http.Server{Handler: rest.Handler(http.NotFoundHandler()), Protocols: &protocols}
	if connContext {
		srv.ConnContext = rest.ConnContext
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		srv.Close()
		assert.ErrorIs(t, <-served, http.ErrServerClosed)
		assert.NoError(t, web.Gate().WaitHeld(context.Background(), 0))
	})
	return url + inner.Addr().String(), &http.Client{Transport: transport}
}

// The limit of connections holds in whatever others have put around it, or the
// first request fails with a sentence.
func TestPiecesUnderWrappers(t *testing.T) {
	for _, kind := range []string{"http", "https", "h2", "h2c"} {
		for _, tt := range []struct {
			name        string
			around      func(net.Conn) net.Conn
			connContext bool
			want        string // the sentence
		}{
			{"none", nil, false, ""},
			{"hidden", hide, false, ""},
			{"moved", move, true, ""},
			{"moved and not said", move, false, "set ConnContext"},
			{"lost", lose, true, "set ConnContext"},
		} {
			t.Run(kind+" "+tt.name, func(t *testing.T) {
				web, err := iis.NewServer(hostOf(t, xpPro, nil))
				require.NoError(t, err)
				url, client := startPieces(t, web, web, kind, tt.around, tt.connContext)
				resp, err := client.Get(url)
				status, body := read(t, resp, err)
				if tt.want != "" {
					assert.Equal(t, "500 Internal Server Error", status)
					assert.Contains(t, body, tt.want)
					return
				}
				assert.Equal(t, "404 Not Found", status)
				client.CloseIdleConnections()
				require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
				release, err := web.Gate().Hold(10)
				require.NoError(t, err)
				defer release()
				resp, err = client.Get(url)
				status, body = read(t, resp, err)
				assert.Contains(t, status, "403")
				assert.Contains(t, body, limits.TextHTTP4039)
				assert.EqualValues(t, 1, web.Gate().Stats().Refused)
			})
		}
	}
}

// A connection over the limit that only the handler could answer is closed if
// there is none.
func TestListenerWithoutHandler(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	require.NoError(t, web.Gate().SetLimit(limits.Number(0)))
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := web.Listener(inner)
	require.NoError(t, err)
	srv := &http.Server{Handler: http.NotFoundHandler()}
	srv.TLSConfig, _ = certificate(t)
	go func() { _ = srv.ServeTLS(ln, "", "") }()
	defer srv.Close()
	c := dial(t, inner.Addr().String())
	_, err = io.WriteString(c, "\x16\x03\x01")
	require.NoError(t, err)
	_, err = c.Read(make([]byte, 1))
	assert.ErrorIs(t, err, io.EOF)
	assert.Equal(t, "403 Access Forbidden", request(t, dial(t, inner.Addr().String())))
}

func TestForeignConnectionsFail(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	other, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	for connContext, want := range map[bool]string{false: "is not known", true: "for another machine"} {
		url, client := startPieces(t, web, other, "http", nil, connContext)
		resp, err := client.Get(url)
		status, body := read(t, resp, err)
		assert.Equal(t, "500 Internal Server Error", status)
		assert.Contains(t, body, want)
	}
	bare := httptest.NewServer(web.Handler(http.NotFoundHandler()))
	defer bare.Close()
	resp, err := http.Get(bare.URL)
	_, body := read(t, resp, err)
	assert.Contains(t, body, "its listener must come from Server.Listener")
}

// A connection that is counted by two listeners, one around the other.
func TestCountedTwice(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	for name, wrap := range map[string]func(net.Conn) net.Conn{"can be looked into": move, "cannot": hide} {
		t.Run(name, func(t *testing.T) {
			inner, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ln, err := web.Listener(inner)
			require.NoError(t, err)
			same, err := web.Listener(ln)
			require.NoError(t, err)
			assert.Same(t, ln, same)
			srv := &http.Server{Handler: http.NotFoundHandler()}
			go func() { _ = web.Serve(srv, wrapper{ln, wrap}) }()
			defer srv.Close()
			before := web.Gate().Stats().Admitted
			resp := ask(t, dial(t, inner.Addr().String()))
			if name == "cannot" {
				assert.Equal(t, "500 Internal Server Error", resp.Status)
				return
			}
			assert.Equal(t, "404 Not Found", resp.Status)
			assert.EqualValues(t, before+1, web.Gate().Stats().Admitted)
		})
	}
}

// A handler in a handler counts once, whatever is between them.
func TestHandlerInHandler(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		web, err := iis.NewServer(hostOf(t, w, nil))
		require.NoError(t, err)
		require.NoError(t, web.Gate().SetLimit(limits.Number(1)))
		mux := http.NewServeMux()
		mux.Handle("/", web.Handler(http.NotFoundHandler()))
		srv := &http.Server{Handler: http.TimeoutHandler(web.Handler(mux), time.Hour, "")}
		addr, _, _ := serveKind(t, web, srv, "http")
		assert.Equal(t, "404 Not Found", ask(t, dial(t, addr)).Status)
		assert.EqualValues(t, 1, web.Gate().Stats().Admitted)
	}
}

// A request is counted although the handler of the one before on its connection, which
// http.TimeoutHandler has answered, is at work still.
func TestRequestAfterOneThatTimedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		web, err := iis.NewServer(hostOf(t, win7, nil))
		require.NoError(t, err)
		require.NoError(t, web.Gate().SetLimit(limits.Number(1)))
		done := make(chan struct{})
		srv := &http.Server{Handler: http.TimeoutHandler(web.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "/first", r.URL.Path)
			<-done
		})), time.Second, "")}
		inner := memnet.NewListener(80)
		ln, err := web.Listener(inner)
		require.NoError(t, err)
		served := make(chan error, 1)
		go func() { served <- srv.Serve(ln) }()
		c, err := inner.Dial(t.Context())
		require.NoError(t, err)
		in := bufio.NewReader(c)
		for _, path := range []string{"/first", "/second", "/third"} {
			_, err := io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
			require.NoError(t, err)
			resp, err := http.ReadResponse(in, nil)
			status, _ := read(t, resp, err)
			assert.Equal(t, "503 Service Unavailable", status)
		}
		synctest.Wait()
		assert.Equal(t, simulate.Stats{Held: 1, Peak: 1, Admitted: 1, TimedOut: 2}, web.Gate().Stats())
		close(done)
		require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
		require.NoError(t, srv.Close())
		assert.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

// h2c of golang.org/x/net, which takes over the request that the preface of
// HTTP/2 looks like, would count as one request.
func TestForeignHTTP2(t *testing.T) {
	s := startWeb(t, "http", win7, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("Upgrade"))
	}))
	c := s.dial(t)
	_, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Contains(t, string(answer), "put the limit inside")
	c = s.dial(t)
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n\r\n")
	require.NoError(t, err)
	line := make([]byte, 15)
	_, err = io.ReadFull(c, line)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 200 OK", string(line))
}

// Under a recorder there is no connection to break off, and none to count.
func TestRecorder(t *testing.T) {
	web, err := iis.NewServer(hostOf(t, win7, nil))
	require.NoError(t, err)
	h := web.Handler(http.NotFoundHandler())
	r := httptest.NewRequest("GET", "/", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	assert.Equal(t, http.StatusNotFound, w.Code)
	require.NoError(t, web.Gate().SetLimit(limits.Number(0)))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	w = httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(ctx))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Contains(t, w.Body.String(), "timed-out at the limit of 0 requests")

	xp, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	w = httptest.NewRecorder()
	xp.Handler(http.NotFoundHandler()).ServeHTTP(w, r)
	assert.Equal(t, http.StatusInternalServerError, w.Code)
}
