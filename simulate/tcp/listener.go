package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Bounds on connections that are accepted only to be refused. They are the
// library's own: Windows closes such a connection when it has answered.
const (
	maxRefusals    = 1024             // at the same time and listener; more are closed unanswered
	maxRefusalHead = 64 << 10         // bytes of a request that are read before it is answered
	maxRefusalBody = 64 << 20         // bytes that are read and dropped after the answer
	refusalSilence = 30 * time.Second // without a whole request
	refusalDrain   = 2 * time.Minute  // from the answer to the end
)

// Listener returns a listener that puts the connection limit of a service on
// inner. It counts a connection from Accept to Close, idle or not, and answers
// the one too many as Windows does, on its own: Accept returns neither that
// connection nor an error, and goes on to the next.
//
// The service must be one that counts connections: IIS up to 6.0, FTP, SMTP or
// TCPOther, which nothing limits. What the one too many sees:
//
//   - IIS 5.1 and before: once its request has been read, the page of HTTP
//     403.9 under the status line "403 Access Forbidden" (kb262635), on NT 4.0
//     the one of kb101322; with IIS 6.0 HTTP 503 (gafvert-2007)
//   - FTP: a reply of class 421 in place of the greeting (kb103074)
//   - SMTP: the connection closes; what Windows answers is unknown
//
// The answer is plain text. For TLS and HTTP/2 use WrapServer.
//
// Connections that Accept returns are a Conn. Closing the listener closes inner
// and unblocks Accept; connections already accepted live on.
func (h *Host) Listener(inner net.Listener, s limits.Service) (net.Listener, error) {
	g, err := h.Gate(s)
	if err != nil {
		return nil, err
	}
	if g.rule.Unit != limits.UnitConnections {
		return nil, fmt.Errorf("simulate: %v of %v counts %v, not connections: %v", s, h.windows, g.rule.Unit, g.rule)
	}
	return newListener(inner, g), nil
}

func newListener(inner net.Listener, g *Gate) *listener {
	return &listener{Listener: inner, gate: g, refusals: make(map[*refusal]struct{})}
}

type listener struct {
	net.Listener
	gate *Gate
	// handOn makes Accept return the connections over the limit too, for a
	// Handler to answer them.
	handOn bool

	mu       sync.Mutex
	closed   bool
	refusals map[*refusal]struct{}
}

// A refusal is a connection over the limit, until it is closed.
type refusal struct {
	l      *listener
	conn   net.Conn
	timer  *time.Timer
	silent bool // no request so far; under l.mu
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		conn, place := newConn(c)
		place.slot.peer = c.RemoteAddr()
		if l.gate.TryAcquire(&place.slot) {
			return conn, nil
		}
		if !l.begin(conn, place) {
			conn.Close()
			continue
		}
		if l.handOn {
			return conn, nil
		}
		go l.refuse(conn, place)
	}
}

// begin enters a connection over the limit in the list of these. The timer
// closes it if it stays silent.
func (l *listener) begin(conn net.Conn, p *place) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.refusals) >= maxRefusals {
		return false
	}
	r := &refusal{l: l, conn: conn, silent: true}
	r.timer = time.AfterFunc(refusalSilence, func() { conn.Close() })
	p.refusal = r
	l.refusals[r] = struct{}{}
	return true
}

// answered starts the time for what the client still sends.
func (r *refusal) answered() {
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	r.silent = false
	r.timer.Reset(refusalDrain)
}

func (r *refusal) end() {
	r.timer.Stop()
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	delete(r.l.refusals, r)
}

// Close closes the inner listener and the connections over the limit that have
// not asked for anything yet. Those being answered are let finish.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.hangUp()
	return err
}

func (l *listener) hangUp() {
	l.mu.Lock()
	l.closed = true
	var silent []net.Conn
	for r := range l.refusals {
		if r.silent {
			silent = append(silent, r.conn)
		}
	}
	l.mu.Unlock()
	for _, c := range silent {
		c.Close()
	}
}

// refuse answers a connection over the limit and closes it.
func (l *listener) refuse(conn Conn, p *place) {
	defer conn.Close()
	answer := refusalOf(l.gate)
	if l.gate.rule.Service == limits.IIS {
		head, err := readHead(conn)
		if err != nil {
			return
		}
		answer.omitBody = bytes.HasPrefix(head, []byte("HEAD "))
	}
	p.refusal.answered()
	answer.writeAndDrain(conn, conn)
}

// readHead reads a request up to the empty line that ends its head, or as much
// as is read of a head at all.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, 0, 1024)
	for len(head) < maxRefusalHead {
		if len(head) == cap(head) {
			head = append(head, 0)[:len(head)]
		}
		n, err := r.Read(head[len(head):cap(head)])
		from := max(0, len(head)-3)
		head = head[:len(head)+n]
		if bytes.Contains(head[from:], []byte("\r\n\r\n")) || bytes.Contains(head[from:], []byte("\n\n")) {
			return head, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return head, nil
}

// writeAndDrain sends the answer, ends the sending side, and reads what the
// client still sends. Closing right away would reset the connection under a
// client that is still sending, and it would never read the answer.
func (a refusalAnswer) writeAndDrain(conn net.Conn, from io.Reader) {
	if _, err := conn.Write(a.bytes()); err != nil {
		return
	}
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok {
		return
	}
	if err := half.CloseWrite(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(from, maxRefusalBody))
}
