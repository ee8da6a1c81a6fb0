package interop

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/pires/go-proxyproto"
	"github.com/soheilhy/cmux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/netutil"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// A wrapper is third-party code that makes a listener of a listener.
type wrapper struct {
	name string
	wrap func(t *testing.T, ln net.Listener) net.Listener
	// hello is what a client sends first, and from the address that the handler
	// then sees.
	hello, from string
}

const proxyV1 = "PROXY TCP4 203.0.113.1 198.51.100.1 5 80\r\n"

// proxyV2 says the same in version 2.
const proxyV2 = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xcb\x00\x71\x01\xc6\x33\x64\x01\x00\x05\x00\x50"

func wrapProxy(_ *testing.T, ln net.Listener) net.Listener {
	return &proxyproto.Listener{Listener: ln}
}

var wrappers = []wrapper{
	{name: "none", wrap: func(_ *testing.T, ln net.Listener) net.Listener { return ln }},
	{name: "netutil.LimitListener", wrap: func(_ *testing.T, ln net.Listener) net.Listener { return netutil.LimitListener(ln, 100) }},
	{name: "cmux", wrap: func(t *testing.T, ln net.Listener) net.Listener {
		m := cmux.New(ln)
		m.HandleError(func(error) bool { return false })
		matched := m.Match(cmux.Any())
		served := make(chan error, 1)
		go func() { served <- m.Serve() }()
		t.Cleanup(func() {
			ln.Close()
			<-served
		})
		return matched
	}},
	{name: "PROXY v1", wrap: wrapProxy, hello: proxyV1, from: "203.0.113.1:5"},
	{name: "PROXY v2", wrap: wrapProxy, hello: proxyV2, from: "203.0.113.1:5"},
	{name: "PROXY without a header", wrap: wrapProxy},
	{name: "ten lines", wrap: func(_ *testing.T, ln net.Listener) net.Listener { return &tenLines{ln} }},
}

// tenLines is a listener such as programs have, with an embedded net.Conn.
type tenLines struct{ net.Listener }

func (l *tenLines) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tenLinesConn{c}, nil
}

type tenLinesConn struct{ net.Conn }

// TestWrappers has the eleventh connection to XP read the page through what
// others put around the listener of the server, or under it.
func TestWrappers(t *testing.T) {
	server, client := certificates(t)
	for _, kind := range []string{"http", "h2c", "https", "h2", "https by tls.NewListener", "h2 by tls.NewListener"} {
		for _, w := range wrappers {
			for _, around := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/around %t", kind, w.name, around), func(t *testing.T) {
					host, err := simulate.New(xpPro, nil)
					require.NoError(t, err)
					web, err := iis.NewServer(host)
					require.NoError(t, err)
					ln, err := net.Listen("tcp", "127.0.0.1:0")
					require.NoError(t, err)
					addr := ln.Addr().String()

					var protocols http.Protocols
					isH2 := kind[:2] == "h2"
					protocols.SetHTTP1(!isH2)
					protocols.SetHTTP2(isH2 && kind != "h2c")
					protocols.SetUnencryptedHTTP2(kind == "h2c")
					srv := &http.Server{
						Protocols: &protocols, ErrorLog: log.New(io.Discard, "", 0),
						Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { fmt.Fprint(rw, r.RemoteAddr) }),
					}
					secure := kind != "http" && kind != "h2c"
					if secure {
						srv.TLSConfig = server.Clone()
					}
					byListener := secure && kind != "https" && kind != "h2"
					if byListener && isH2 {
						srv.TLSConfig.NextProtos = []string{"h2"}
					}
					serve := func() error { return web.Serve(srv, ln) }
					switch {
					case around:
						srv.Handler, srv.ConnContext = web.Handler(srv.Handler), web.ConnContext
						if ln, err = web.Listener(ln); err != nil {
							t.Fatal(err)
						}
						ln = w.wrap(t, ln)
						serve = func() error { return srv.Serve(ln) }
						switch {
						case byListener:
							ln = tls.NewListener(ln, srv.TLSConfig)
						case secure:
							serve = func() error { return srv.ServeTLS(ln, "", "") }
						}
					case byListener:
						ln = tls.NewListener(w.wrap(t, ln), srv.TLSConfig)
					default:
						ln = w.wrap(t, ln)
						if secure {
							serve = func() error { return web.ServeTLS(srv, ln, "", "") }
						}
					}
					served := make(chan error, 1)
					go func() { served <- serve() }()

					url := "http://" + addr
					if secure {
						url = "https://" + addr
					}
					transport := &http.Transport{
						Protocols: &protocols, TLSClientConfig: client,
						DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
							c, err := new(net.Dialer).DialContext(ctx, network, addr)
							if err == nil {
								_, err = io.WriteString(c, w.hello)
							}
							return c, err
						},
					}
					defer srv.Close()
					defer transport.CloseIdleConnections()
					get := func() (string, string) {
						resp, err := (&http.Client{Transport: transport}).Get(url)
						require.NoError(t, err)
						defer resp.Body.Close()
						body, err := io.ReadAll(resp.Body)
						require.NoError(t, err)
						return resp.Status, string(body)
					}
					if byListener && !around {
						// TLS under the listener is a sentence.
						_, err := (&http.Client{Transport: transport}).Get(url)
						require.Error(t, err)
						assert.ErrorContains(t, <-served, "put tls.NewListener around Server.Listener")
						return
					}
					status, body := get()
					assert.Equal(t, "200 OK", status)
					if w.from != "" {
						assert.Equal(t, w.from, body)
					}
					transport.CloseIdleConnections()
					require.NoError(t, web.Gate().WaitHeld(t.Context(), 0))
					assert.EqualValues(t, 1, web.Gate().Stats().Admitted, "counted once")
					release, err := web.Gate().Hold(10)
					require.NoError(t, err)
					defer release()
					status, body = get()
					if isH2 {
						assert.Equal(t, "403 Forbidden", status)
					} else {
						assert.Equal(t, "403 Access Forbidden", status)
					}
					assert.Contains(t, body, limits.TextHTTP4039)
				})
			}
		}
	}
}

// certificates returns the TLS side of a server on loopback and that of its
// clients.
func certificates(t testing.TB) (server, client *tls.Config) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return &tls.Config{Certificates: srv.TLS.Certificates}, srv.Client().Transport.(*http.Transport).TLSClientConfig
}
