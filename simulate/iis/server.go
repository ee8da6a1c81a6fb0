package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// iisVersion returns the version of the web server that comes with an edition:
// 3.0 for the Peer Web Services of NT Workstation 4.0, 4.0 for Personal Web
// Server, 0 where there is none.
func iisVersion(e limits.Edition) float64 {
	switch e.Product() {
	case "Windows NT 4.0":
		return 3.0
	case "Windows 95", "Windows 98":
		return 4.0
	case "Windows 2000":
		return 5.0
	case "Windows XP":
		if e == limits.XPProfessionalX64 {
			return 6.0
		}
		return 5.1
	case "Windows Server 2003", "Windows Small Business Server 2003", "Windows Home Server":
		return 6.0
	case "Windows Vista", "Windows Server 2008":
		return 7.0
	case "Windows 7", "Windows Server 2008 R2":
		return 7.5
	case "Windows 8", "Windows Server 2012":
		return 8.0
	case "Windows 8.1", "Windows Server 2012 R2":
		return 8.5
	case "Windows NT 3.1", "Windows NT 3.5", "Windows NT 3.51", "Windows Me":
		return 0
	}
	return 10.0
}

func (h *Host) checkWebSettings() error {
	s, version := &h.settings, iisVersion(h.windows.Edition)
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: %s %v: %s", h.windows, name, value, want)
	}
	rule, err := limits.Lookup(h.windows, limits.IIS)
	hasMetabase := err == nil && !rule.Default.IsAbsent() && version < 7
	switch {
	case s.MaxConnections == 0:
	case !hasMetabase:
		return bad("MaxConnections", s.MaxConnections, "want 0; the property belongs to IIS 4.0 to 6.0, which this Windows does not have")
	case s.MaxConnections < 0 || s.MaxConnections > math.MaxInt32 || !rule.Ceiling.Holds(s.MaxConnections):
		return bad("MaxConnections", s.MaxConnections, fmt.Sprintf("want 1 to %v, or 0 for the default; %v", rule.Ceiling, rule))
	}
	switch {
	case s.AllowKeepAlive != nil && !hasMetabase:
		return bad("AllowKeepAlive", *s.AllowKeepAlive, "want nil; the property belongs to IIS 4.0 to 6.0, which this Windows does not have")
	case s.ConnectionTimeout < 0 || s.ConnectionTimeout > math.MaxInt32*time.Second:
		return bad("ConnectionTimeout", s.ConnectionTimeout, "want 0 to 2147483647 s")
	case s.QueueTimeout < 0:
		return bad("QueueTimeout", s.QueueTimeout, "want 0 or more")
	case s.WorkerProcesses < 0 || s.WorkerProcesses > 1024:
		return bad("WorkerProcesses", s.WorkerProcesses, "want 0 to 1024")
	}
	return nil
}

// webCapacity applies the settings to the capacity of the web server.
func (h *Host) webCapacity(rule limits.Rule, limit, ceiling int64) (int64, int64) {
	if n := h.settings.MaxConnections; n > 0 {
		limit = int64(n)
	}
	if n := int64(h.settings.WorkerProcesses); n > 1 && rule.Unit == limits.UnitRequests && ceiling != unlimited {
		limit, ceiling = limit*n, ceiling*n
	}
	return limit, ceiling
}

// WrapServer makes srv the web server of the host, on inner. It returns the
// listener to serve, with srv.Serve, srv.ServeTLS or otherwise:
//
//	ln, err := host.WrapServer(srv, ln)
//	...
//	err = srv.Serve(ln)
//
// Up to IIS 6.0 it counts TCP connections from accept to close, idle ones
// included, and answers the one too many as Listener does, also over TLS and
// HTTP/2, where the status is the same but there is no reason phrase. From IIS
// 7.0 on it counts requests as Handler does.
//
// It sets srv.Handler and srv.ConnContext to call what was there before, and
// srv.IdleTimeout and, where connections are counted, srv.ReadHeaderTimeout to
// ConnectionTimeout if they are 0 or the setting is not; call it before srv
// serves. The error matches ErrAbsent if the edition has no web server.
func (h *Host) WrapServer(srv *http.Server, inner net.Listener) (net.Listener, error) {
	g, err := h.Gate(limits.IIS)
	if err != nil {
		return nil, err
	}
	next := srv.Handler
	if next == nil {
		next = http.DefaultServeMux
	}
	h.setTimeout(&srv.IdleTimeout)
	if g.rule.Unit == limits.UnitRequests {
		srv.Handler = &requestLimit{host: h, gate: g, next: next}
		return inner, nil
	}

	// A connection that asks for nothing holds a slot all the same.
	h.setTimeout(&srv.ReadHeaderTimeout)
	ln := newListener(inner, g)
	ln.handOn = true
	srv.Handler = &connectionLimit{host: h, gate: g, next: next}
	connContext := srv.ConnContext
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, c)
		}
		if p := placeOf(c); p != nil && p.refusal != nil {
			ctx = context.WithValue(ctx, refusalKey{}, p.refusal)
		}
		return ctx
	}
	// Shutdown waits for connections that have not asked for anything, and one
	// over the limit has nothing to ask for.
	srv.RegisterOnShutdown(ln.hangUp)
	return ln, nil
}

// setTimeout sets d to the connection timeout, unless the caller has set it and
// the settings have not.
func (h *Host) setTimeout(d *time.Duration) {
	if *d == 0 || h.idleTimeout.Load() != 0 {
		*d = h.connectionTimeout()
	}
}

// refusalKey is the context key of the *refusal of a connection over the limit.
type refusalKey struct{}

// Handler returns a handler that puts the request limit of IIS 7.0 and later on
// next. It counts requests while they execute, lets the others wait first come,
// first served, and answers 503 when the queue is full. A client that goes away
// leaves the queue; net/http notices that once it has read the request's body.
//
// The error matches ErrAbsent if the edition has no web server. It is an error,
// too, if its web server counts connections, which a handler does not see: use
// WrapServer there.
func (h *Host) Handler(next http.Handler) (http.Handler, error) {
	g, err := h.Gate(limits.IIS)
	if err != nil {
		return nil, err
	}
	if g.rule.Unit != limits.UnitRequests {
		return nil, fmt.Errorf("simulate: %v counts %v, which a handler cannot: use WrapServer: %v", h.windows, g.rule.Unit, g.rule)
	}
	return &requestLimit{host: h, gate: g, next: next}, nil
}

// requestLimit is the front of IIS 7.0 and later.
type requestLimit struct {
	host *Host
	gate *Gate
	next http.Handler
}

func (l *requestLimit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	slot := Slot{peer: peerOf(r, l.host)}
	if !l.gate.enter(&slot) {
		if err := l.wait(r.Context(), &slot); err != nil {
			l.turnAway(w, r, err)
			return
		}
	}
	defer slot.Release()
	l.next.ServeHTTP(w, r)
}

func (l *requestLimit) wait(ctx context.Context, slot *Slot) error {
	if d := l.host.settings.QueueTimeout; d > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d)
		defer cancel()
	}
	return l.gate.Acquire(ctx, slot)
}

func (l *requestLimit) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	var limit *LimitError
	if errors.As(err, &limit) && limit.Outcome == Refused {
		webRefusal(iisVersion(l.host.windows.Edition)).respond(w)
		return
	}
	// The client is gone, or has waited too long and loses its connection.
	panic(http.ErrAbortHandler)
}

// connectionLimit is the front of IIS up to 6.0. The listener has counted; what
// is left is to answer the connections over the limit.
type connectionLimit struct {
	host *Host
	gate *Gate
	next http.Handler
}

func (l *connectionLimit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if over, ok := r.Context().Value(refusalKey{}).(*refusal); ok {
		over.answered()
		answer := refusalOf(l.gate)
		answer.omitBody = r.Method == http.MethodHead
		answer.send(w)
		return
	}
	if !l.host.keepsAlive(r) {
		w.Header().Set("Connection", "close")
	}
	l.next.ServeHTTP(w, r)
}

// send answers over the bare connection where it can be had, for the reason
// phrase and for clients that are still sending.
func (a refusalAnswer) send(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		a.respond(w)
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Time{}) // the refusal has a time of its own
	a.writeAndDrain(conn, buffered)
}

// keepsAlive reports whether the connection of a request stays open after it.
func (h *Host) keepsAlive(r *http.Request) bool {
	if !h.noKeepAlive.Load() {
		return true
	}
	// The property meant HTTP/1.0 clients only up to IIS 4.0 (kb195179).
	return iisVersion(h.windows.Edition) <= 4 && r.ProtoAtLeast(1, 1)
}

// connectionTimeout returns the idle timeout of the web server.
func (h *Host) connectionTimeout() time.Duration {
	if d := time.Duration(h.idleTimeout.Load()); d != 0 {
		return d
	}
	switch version := iisVersion(h.windows.Edition); {
	case version >= 6:
		return 120 * time.Second
	case version == 5.1:
		return 300 * time.Second
	}
	return 900 * time.Second
}

// peerOf returns the client's address for whoever observes the host.
func peerOf(r *http.Request, h *Host) net.Addr {
	if !h.isObserved() {
		return nil
	}
	return peerName(r.RemoteAddr)
}

// peerName is a peer that is known by name only.
type peerName string

func (peerName) Network() string  { return "tcp" }
func (n peerName) String() string { return string(n) }
