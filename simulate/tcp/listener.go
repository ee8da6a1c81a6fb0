package tcp

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/conns"
)

// Bounds on connections that are accepted only to be refused. They are the
// library's own: Windows closes such a connection when it has answered.
const (
	maxRefusals    = 1024             // of one listener at the same time; more are closed unanswered
	maxRefusalBody = 64 << 20         // bytes that are read and dropped after the answer
	refusalSilence = 30 * time.Second // until it is answered
	refusalDrain   = 2 * time.Minute  // from the answer to the end
)

// Listener is a net.Listener with the limit of a service on the connections of
// another one. It counts a connection from Accept to Close, idle or not. It answers
// the connection over the limit itself, as the service does, and Accept goes on to
// the next. A Listener comes from NewListener, and may be used by many goroutines.
type Listener struct {
	inner  net.Listener
	gate   *simulate.Gate
	pool   *simulate.Gate // of all sockets, or nil where gate is that or there is none
	set    *conns.Set
	handOn bool

	mu       sync.Mutex
	closed   bool
	refusals map[*Refusal]struct{}
}

// ListenerSettings are what a program chooses about its Listener. The zero value
// leaves refusals to the Listener.
type ListenerSettings struct {
	// HandOn makes Accept return the connections over the limit, too. It is for a
	// program that answers them itself, for example over TLS. RefusalOf tells them
	// from the others.
	HandOn bool `json:"handOn,omitzero"`
}

// NewListener returns a listener that puts the limit of a service on inner.
// settings may be nil. The service must be one that counts connections:
//
//   - FTP: the connection over the limit reads a reply 421 in place of the greeting
//     (kb103074)
//   - SMTP: the connection over the limit is closed; what Windows answers is
//     unknown
//   - TCPOther, any other program: there is no limit, except on Windows 95, 98 and
//     Me (Host.Pool), where the connection over the limit is closed
//   - IIS up to 6.0, with HandOn; package iis does the rest
//
// Accept returns connections that are a Conn. They stay open when the Listener is
// closed, until Host.Close or Host.Disconnect.
//
// Accept does not ask a connection for its address, since a connection of the PROXY
// protocol reads it from the client. Events name such a peer once the program has
// asked.
func NewListener(host *simulate.Host, service limits.Service, inner net.Listener, settings *ListenerSettings) (*Listener, error) {
	gate, err := host.Gate(service)
	if err != nil {
		return nil, err
	}
	l := &Listener{inner: inner, gate: gate, refusals: make(map[*Refusal]struct{})}
	if settings != nil {
		l.handOn = settings.HandOn
	}
	if pool := host.Pool(); pool != gate {
		l.pool = pool
	}
	around, isOurs := inner.(*Listener)
	switch unit := gate.Policy().Rule.Unit; {
	case unit != limits.UnitConnections:
		return nil, fmt.Errorf("tcp: %v of %v counts %v, not connections: %v", service, host.Windows(), unit, gate.Policy().Rule)
	case service == limits.IIS && !l.handOn:
		return nil, fmt.Errorf("tcp: %v of %v refuses in HTTP: use package iis, or set HandOn and answer", service, host.Windows())
	case inner == nil:
		return nil, errors.New("tcp: NewListener needs a listener, not nil")
	case isOurs && around.gate == gate:
		return nil, fmt.Errorf("tcp: the inner listener counts for %v of %v already: want the listener below it", service, host.Windows())
	}
	if l.set, err = simulate.Part(host, conns.NewSet); err != nil {
		return nil, err
	}
	if !l.set.Listen(l) {
		return nil, fmt.Errorf("tcp: listener for %v of %v: %w", service, host.Windows(), simulate.ErrClosed)
	}
	return l, nil
}

// Addr returns the address of the inner listener.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Accept returns the next connection within the limit, or with HandOn the next
// connection. Its errors are those of the inner listener. A connection that another
// Listener below has counted at the same gate is not counted again.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.inner.Accept()
		if err != nil {
			return nil, err
		}
		if GateOf(c) == l.gate {
			return c, nil
		}
		n := &counted{gate: l.gate}
		e := l.set.New(c, n, n.end)
		n.slot.Peer, n.pool.Peer = e.Peer(), e.Peer()
		if l.pool != nil && !l.pool.TryAcquire(&n.pool) {
			l.set.Add(e)
			e.Conn().Close() // no socket is left to answer with
			continue
		}
		if l.gate.TryAcquire(&n.slot) {
			l.set.Add(e)
			return e.Conn(), nil
		}
		known := l.begin(n, e.Conn())
		l.set.Add(e)
		switch {
		case !known:
			e.Conn().Close()
		case l.handOn:
			return e.Conn(), nil
		default:
			go l.refuse(n.refusal)
		}
	}
}

// begin enters a connection over the limit in the list of refusals. The timer closes
// it if it is not answered. It reports false if the list is full or closed.
func (l *Listener) begin(n *counted, conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.refusals) >= maxRefusals {
		return false
	}
	r := &Refusal{l: l, conn: conn}
	r.timer = time.AfterFunc(refusalSilence, func() { conn.Close() })
	n.refusal = r
	l.refusals[r] = struct{}{}
	return true
}

func (r *Refusal) is(s refusalState) {
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	r.state = s
	r.timer.Reset(refusalDrain)
}

func (r *Refusal) end() {
	r.timer.Stop()
	r.l.mu.Lock()
	defer r.l.mu.Unlock()
	delete(r.l.refusals, r)
}

// Answering says that a server, such as an http.Server, answers the connection and
// closes it within two minutes. A connection for which neither Answering nor Answer
// is called is closed after 30 s.
func (r *Refusal) Answering() { r.is(answered) }

// Answer writes the answer to conn, ends the sending side, and drops what the
// client sends until it closes. (To close at once would reset a client that is
// still sending, and it would miss the answer.) conn is the connection over the
// limit or a wrapper of it, and from reads what the client sends. Answer also
// returns after 64 MB or two minutes, or when the Listener closes. The caller then
// closes conn.
func (r *Refusal) Answer(conn net.Conn, from io.Reader, answer []byte) {
	r.is(draining)
	_ = conn.SetDeadline(time.Time{}) // the time is the refusal's
	if _, err := conn.Write(answer); err != nil {
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

// refuse answers a connection over the limit and closes it.
func (l *Listener) refuse(r *Refusal) {
	defer r.conn.Close()
	answer := ""
	if l.gate.Policy().Rule.Service == limits.FTP {
		answer = limits.FTPRefusal().Value + "\r\n"
	}
	r.Answer(r.conn, r.conn, []byte(answer))
}

// Close closes the inner listener and the connections over the limit, except those
// for which Answering was called. Accept then fails.
func (l *Listener) Close() error {
	l.set.Unlisten(l)
	err := l.inner.Close()
	l.mu.Lock()
	l.closed = true
	over := make([]net.Conn, 0, len(l.refusals))
	for r := range l.refusals {
		if r.state != answered {
			over = append(over, r.conn)
		}
	}
	l.mu.Unlock()
	for _, c := range over {
		c.Close()
	}
	return err
}
