package iis

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Listener returns a listener whose connections belong to the server. It is for an
// http.Server that another program has, or a web server that is not net/http. That
// program also sets the idle timeouts. Closing the listener closes inner and ends
// the connections over the limit.
//
// Up to IIS 6.0 the listener counts connections, and returns those over the limit,
// too. The first Read of such a connection answers in plain HTTP. If the client
// begins with TLS, HTTP/2 or the PROXY protocol, Server.Handler answers, which must
// then be around every request and made before the first connection; without a
// Handler the connection is closed. Other listeners, such as that of crypto/tls,
// may wrap the connections. inner must not do TLS, since net/http would not see it.
//
// From IIS 7.0 on the listener counts nothing. It is for Host.Disconnect and
// WebSockets: see Handler.
func (s *Server) Listener(inner net.Listener) (net.Listener, error) {
	switch l := inner.(type) {
	case nil:
		return nil, errors.New("iis: Listener needs a listener, not nil")
	case *listener:
		if l.server == s {
			return l, nil
		}
	case *uncounted:
		if l.server == s {
			return l, nil
		}
	}
	if s.countsRequests() {
		l := &uncounted{Listener: inner, server: s}
		if !s.set.Listen(l) {
			return nil, fmt.Errorf("iis: listener of %v: %w", s.host.Windows(), simulate.ErrClosed)
		}
		return l, nil
	}
	l, err := tcp.NewListener(s.host, limits.IIS, inner, &tcp.ListenerSettings{HandOn: true})
	if err != nil {
		return nil, err
	}
	return &listener{l, s}, nil
}

// uncounted is the listener of a server that counts requests. It keeps account of
// the connections, so that Host.Disconnect can end them and a hijacked one releases
// its slot when it is closed.
type uncounted struct {
	net.Listener
	server *Server
}

func (l *uncounted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || conns.Of(c) != nil {
		return c, err
	}
	if _, ok := c.(*tls.Conn); ok {
		return c, nil // on which net/http would not speak HTTP/2 if it were wrapped
	}
	e := l.server.set.New(c, nil, nil)
	l.server.set.Add(e)
	return secured(e.Conn()), nil
}

func (l *uncounted) Close() error {
	l.server.set.Unlisten(l)
	return l.Listener.Close()
}

// listener is the listener of a server that counts connections.
type listener struct {
	*tcp.Listener
	server *Server
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	conn, ok := c.(tcp.Conn)
	if !ok {
		return c, nil // counted by another listener of the server, under a wrapper
	}
	if _, ok := conn.NetConn().(*tls.Conn); ok {
		conn.Close()
		return nil, errors.New("iis: the listener returns TLS connections, on which net/http would not speak HTTP/2 once they are counted: " +
			"give ServeTLS the listener below, or put tls.NewListener around Server.Listener")
	}
	if r := tcp.RefusalOf(conn); r != nil {
		return &refusedConn{Conn: conn, server: l.server, refusal: r}, nil
	}
	return secured(conn), nil
}

// connectionStater is what net/http looks for in a connection that is no *tls.Conn.
type connectionStater interface{ ConnectionState() tls.ConnectionState }

// secured returns conn so that net/http finds the ConnectionState of what it
// wraps, if that has one.
func secured(conn tcp.Conn) net.Conn {
	if secure, ok := conn.NetConn().(connectionStater); ok {
		return &secureConn{conn, secure}
	}
	return conn
}

// secureConn is a connection with a TLS that is not that of crypto/tls.
type secureConn struct {
	tcp.Conn
	connectionStater
}

func (c *secureConn) NetConn() net.Conn { return c.Conn }

// CloseWrite shuts down the writing side where the connection can.
func (c *secureConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// ConnContext puts the connection into the context of its requests, for
// Server.Handler. Set it as ConnContext of the http.Server if a wrapper of the
// connection reports another address, as for the PROXY protocol. The wrapper must
// have a method NetConn or Raw that returns what it wraps.
func (s *Server) ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{s}, c)
}

type connKey struct{ server *Server }

// connOf returns the entry of the connection that carries a request, or nil. It
// looks under the connection that ConnContext was given, and else for the local
// address that net/http knows.
func (s *Server) connOf(r *http.Request) *conns.Entry {
	ctx := r.Context()
	if c, ok := ctx.Value(connKey{s}).(net.Conn); ok {
		if e := conns.Of(c); e != nil {
			return e
		}
	}
	local, _ := ctx.Value(http.LocalAddrContextKey).(net.Addr)
	return s.set.Find(local)
}

// refusedConn is a connection over the limit. If the client sends plain HTTP, the
// first call of Read answers it. Anything else it hands on.
type refusedConn struct {
	tcp.Conn
	server  *Server
	refusal *tcp.Refusal

	mu    sync.Mutex
	head  []byte // what has been read and not handed on
	state headState
}

type headState uint8

const (
	headUnknown headState = iota // what has been read may yet become a request
	headWhole                    // a request, or what will never be one
	headForeign                  // not plain HTTP/1
)

// maxRefusalHead is how many bytes of a request are read before it is answered.
// It is the library's own.
const maxRefusalHead = 64 << 10

// Read returns what the client sends, if that is not plain HTTP.
func (c *refusedConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.state == headUnknown {
		if len(c.head) == cap(c.head) {
			c.head = append(c.head, make([]byte, 1024)...)[:len(c.head)]
		}
		n, err := c.Conn.Read(c.head[len(c.head):cap(c.head)])
		c.head = c.head[:len(c.head)+n]
		c.state = stateOf(c.head)
		switch {
		case c.state == headWhole:
			a := c.server.answer()
			a.omitBody = bytes.HasPrefix(c.head, []byte("HEAD "))
			c.head = nil
			c.refusal.Answer(c.Conn, c.Conn, a.bytes())
		case c.state == headForeign && !c.server.handlers.Load():
			c.head = nil
			c.Close()
		case c.state == headUnknown && err != nil:
			return 0, err
		}
	}
	switch {
	case c.state == headWhole:
		return 0, io.EOF
	case len(c.head) > 0:
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

func (c *refusedConn) NetConn() net.Conn { return c.Conn }

// CloseWrite shuts down the writing side where the connection can.
func (c *refusedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// What is not plain HTTP/1 begins so. A handshake of TLS is a record of type 22
// (RFC 8446, 5.1); the others are the preface of HTTP/2 (RFC 9113, 3.4) and the
// headers of the PROXY protocol, versions 1 and 2.
var foreign = [...]string{"\x16", "PRI * HTTP/2.0\r\n", "PROXY ", "\r\n\r\n\x00\r\nQUIT\n"}

// stateOf says what the beginning of a connection is. A request ends with its empty
// line. One without a version (HTTP/0.9), or what is no request, ends with its
// first line.
func stateOf(head []byte) headState {
	for _, f := range foreign {
		switch n := min(len(head), len(f)); {
		case string(head[:n]) != f[:n]:
		case n == len(f):
			return headForeign
		default:
			return headUnknown
		}
	}
	if len(head) >= maxRefusalHead || bytes.Contains(head, []byte("\r\n\r\n")) || bytes.Contains(head, []byte("\n\n")) {
		return headWhole
	}
	if line, _, ended := bytes.Cut(head, []byte("\n")); ended && !bytes.Contains(line, []byte(" HTTP/")) {
		return headWhole
	}
	return headUnknown
}
