package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// requestTimeout is how long a client may take to say where it wants to go.
const requestTimeout = 30 * time.Second

// dialing is a front of kind socks5 or connect: a proxy that dials as a program on the
// machine does.
type dialing struct {
	front  *front
	dialer *tcp.Dialer
	handle func(*client)
}

func newDialing(f *front) (server, error) {
	if err := f.needs(limits.TCPHalfOpen); err != nil {
		return nil, err
	}
	dialer, err := tcp.NewDialer(f.machine.host, &tcp.DialerSettings{
		Net: net.Dialer{Timeout: time.Duration(f.config.Timeout)}, Process: f.config.Process,
		CountPorts: f.config.OutboundPorts,
	})
	if err != nil {
		return nil, err
	}
	d := &dialing{front: f, dialer: dialer}
	d.handle = d.socks5
	if f.config.Kind == "connect" {
		d.handle = d.connect
	}
	return d, nil
}

func (d *dialing) serve(ln net.Listener) error {
	return d.front.handleEach(ln, 0, func(c net.Conn) {
		c.SetDeadline(time.Now().Add(requestTimeout))
		d.handle(&client{Conn: c})
	})
}

func (d *dialing) close() error { return nil }

func (d *dialing) dial(c *client, address string) (net.Conn, error) {
	c.SetDeadline(time.Time{})
	return c.dialing(d.front.ctx, func(ctx context.Context) (net.Conn, error) {
		return d.dialer.DialContext(ctx, "tcp", address)
	})
}

func (d *dialing) socks5(c *client) {
	address, err := readSOCKS5(c)
	if err != nil {
		if refused := (*socksError)(nil); errors.As(err, &refused) {
			d.tell(c, socksReply(err))
		}
		return
	}
	server, err := d.dial(c, address)
	if !d.tell(c, socksReply(err)) || err != nil {
		if server != nil {
			server.Close()
		}
		return
	}
	relay(d.front.ctx, c, server)
}

// tell sends an answer to the client, and gives up on one that does not read it.
func (d *dialing) tell(c *client, answer []byte) bool {
	c.SetWriteDeadline(time.Now().Add(requestTimeout))
	_, err := c.Write(answer)
	c.SetWriteDeadline(time.Time{})
	return err == nil
}

// maxRequest bounds the head of a request to a proxy.
const maxRequest = 64 << 10

// connect serves one request of HTTP. It is CONNECT, or has a full URL as clients send
// it for http, and is then passed on over a connection of its own.
func (d *dialing) connect(c *client) {
	head := &io.LimitedReader{R: c, N: maxRequest}
	r := bufio.NewReader(head)
	request, err := http.ReadRequest(r)
	if err != nil {
		if head.N == 0 {
			err = fmt.Errorf("the head of the request has more than %d bytes", maxRequest)
		}
		if !errors.Is(err, io.EOF) {
			d.refuse(c, http.StatusBadRequest, err)
		}
		return
	}
	address := request.Host
	if request.Method != http.MethodConnect {
		if request.URL.Scheme != "http" || request.URL.Host == "" {
			d.refuse(c, http.StatusBadRequest, fmt.Errorf("%.100s %.100q: this is a proxy: want CONNECT, or a URL that begins with http://", request.Method, request.RequestURI))
			return
		}
		if address = request.URL.Host; request.URL.Port() == "" {
			address = net.JoinHostPort(request.URL.Hostname(), "80")
		}
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		d.refuse(c, http.StatusBadRequest, fmt.Errorf("%.200q: want host:port", address))
		return
	}
	// What was read beyond the head is for the server.
	rest, _ := r.Peek(r.Buffered())
	c.early = append(c.early, rest...)
	server, err := d.dial(c, address)
	if err != nil {
		d.refuse(c, statusOf(err), err)
		return
	}
	if request.Method == http.MethodConnect {
		if !d.tell(c, []byte("HTTP/1.1 200 Connection established\r\n\r\n")) {
			server.Close()
			return
		}
		relay(d.front.ctx, c, server)
		return
	}
	var text strings.Builder
	request.Header.Del("Proxy-Connection")
	request.Header.Del("Proxy-Authorization")
	request.Header.Del("Keep-Alive")
	request.Header.Set("Connection", "close")
	fmt.Fprintf(&text, "%s %s HTTP/1.1\r\nHost: %s\r\n", request.Method, request.URL.RequestURI(), request.URL.Host)
	if len(request.TransferEncoding) > 0 { // its body is passed on as it comes
		fmt.Fprintf(&text, "Transfer-Encoding: %s\r\n", strings.Join(request.TransferEncoding, ", "))
	}
	request.Header.Write(&text)
	text.WriteString("\r\n")
	c.early = append([]byte(text.String()), c.early...)
	relay(d.front.ctx, c, server)
}

// refuse answers with a status and a sentence.
func (d *dialing) refuse(c *client, status int, err error) {
	text := err.Error() + "\n"
	d.tell(c, fmt.Appendf(nil, "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(text), text))
}

// statusOf returns the status for a dial that failed.
func statusOf(err error) int {
	if isOutOfPorts(err) {
		return http.StatusServiceUnavailable
	}
	if errors.Is(err, simulate.ErrLimit) || errors.Is(err, tcp.ErrConnecting) {
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}
