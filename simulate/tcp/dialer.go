package tcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Dialer is a net.Dialer for a program on a machine that limits outbound attempts.
// All dialers of a host together have no more TCP attempts in progress (sockets in
// SYN_SENT) than the edition allows. The other dials wait in a queue. Most callers
// should use DialContext.
//
// Errors are *net.OpError. If a dial ends in the queue, the error wraps a
// *simulate.LimitError and matches simulate.ErrLimit. If the attempt was in
// progress and had no answer, it wraps a *ConnectError and matches ErrConnecting.
// Both wrap the error of the context that ended the dial, or simulate.ErrClosed if
// Host.Close ended it. Other errors, such as a connection refused, are those of
// net.Dialer.
//
// Two clocks run. The caller's (context, Timeout, Deadline) starts with the call
// and runs in the queue, too, so that hosts that are up can time out
// (libtorrent-2005). The system's starts with the SYN and gives the attempt up as
// simulate.Policy.SYN says, after 21 s on XP. The operating system below sends the
// SYNs, in its own rhythm.
//
// A dial can take several attempts, each with a slot: one for each address of a
// name, and two at the same time if the name has IPv6 and IPv4 addresses (RFC
// 6555). An attempt releases its slot when it is answered, refused, given up or
// cancelled.
//
// A Dialer has all methods of net.Dialer, those of Go 1.26 included. What is not
// TCP meets no limit. Host.Close ends dials that are queued or in progress, and
// later ones fail; connections stay open.
//
// A Dialer comes from NewDialer; dials of the zero Dialer fail. It may be used by
// many goroutines.
type Dialer struct {
	gate       *simulate.Gate
	caller     DialerSettings
	attempt    net.Dialer // for one address: without the clocks, the race and the resolver
	giveUp     time.Duration
	ports      *ports // nil if they are not counted
	inProgress *inProgress
	attempts   sync.Pool // of *attempt
}

// DialerSettings are what a program chooses about its Dialer. The zero value is a
// program that sets nothing. What the machine decides is in
// simulate.HalfOpenSettings.
type DialerSettings struct {
	// Net has the settings of net.Dialer, with their meaning there. Timeout and
	// Deadline include the time in the queue. As in Windows there is no timeout by
	// default.
	Net net.Dialer `json:"-"`
	// Process names the program. Each program has its own queue, and the queues are
	// served in turn. (The patent has hash buckets, us7784096; the turn is the
	// library's choice.)
	Process string `json:"process,omitzero"`
	// CountPorts makes each connection hold a local port, of which the machine has
	// as many as limits.TCPOutbound says. The port is free when the connection is
	// closed, or after a TIME_WAIT if this side closed first, without a reset
	// (SetLinger(0)). DialContext returns a Conn. CountPorts is off by default,
	// since a program then must close its connections.
	//
	// Without a free port, a dial fails at once. The error matches
	// simulate.ErrLimit and ENOBUFS, or EADDRINUSE if LocalAddr is set or each
	// destination has ports of its own. From Vista on the event log has it (4231,
	// 4227). A port that LocalAddr names is not counted; while it is in TIME_WAIT
	// for the destination, the dial fails with EADDRINUSE. On Windows 95, 98 and Me
	// all sockets of the machine are counted, also those of a Listener.
	//
	// Which side closed first is known from Read, and on Linux from the kernel.
	CountPorts bool `json:"countPorts,omitzero"`
	// Connect makes one attempt at a literal address, in place of Net. It must
	// return when ctx is done. With it a Dialer needs no network and works in a
	// testing/synctest bubble.
	Connect func(ctx context.Context, network, address string) (net.Conn, error) `json:"-"`
	// Lookup returns the addresses of a host in the order in which they are tried,
	// in place of Net.Resolver. network is ip, ip4 or ip6.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error) `json:"-"`
}

// NewDialer returns a dialer for a program on the host. settings may be nil. All
// dialers of a host share its gate for limits.TCPHalfOpen. The errors are those of
// Host.Gate, or wrap simulate.ErrClosed.
func NewDialer(host *simulate.Host, settings *DialerSettings) (*Dialer, error) {
	gate, err := host.Gate(limits.TCPHalfOpen)
	if err != nil {
		return nil, err
	}
	inProgress, err := simulate.Part(host, newInProgress)
	if err != nil {
		return nil, err
	}
	if inProgress.closed.Load() {
		return nil, simulate.ErrClosed
	}
	d := &Dialer{gate: gate, inProgress: inProgress, giveUp: gate.Policy().SYN.GiveUp()}
	d.attempts.New = newReusable
	if settings != nil && settings.CountPorts {
		if d.ports, err = newPorts(host); err != nil {
			return nil, err
		}
	}
	if settings != nil {
		d.caller = *settings
	}
	d.attempt = d.caller.Net
	d.attempt.Timeout, d.attempt.Deadline, d.attempt.FallbackDelay = 0, time.Time{}, -1
	//lint:ignore SA1019 a caller may still set it
	d.attempt.Cancel = nil
	return d, nil
}

var errZeroDialer = errors.New("tcp: the zero Dialer has no host; NewDialer returns one that has")

// Dial is DialContext with the background context.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to the address, as net.Dialer.DialContext does. For an
// http.Client, tcphttp.NewTransport is better: it takes a dial out of the queue
// when its request is over.
//
// A ctx that is done before the call gives the error of net.Dialer while a slot is
// free, and a *simulate.LimitError while none is.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if d.gate == nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errZeroDialer}
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return d.caller.Net.DialContext(ctx, network, address)
	}
	if ctx, cancel := d.callerClock(ctx); cancel != nil {
		defer cancel()
		return d.dial(ctx, network, address)
	}
	return d.dial(ctx, network, address)
}

// callerClock applies Timeout, Deadline and Cancel to ctx. cancel is nil if
// there was nothing to apply.
func (d *Dialer) callerClock(ctx context.Context) (_ context.Context, cancel context.CancelFunc) {
	deadline := d.caller.Net.Deadline
	if timeout := d.caller.Net.Timeout; timeout != 0 {
		if end := time.Now().Add(timeout); deadline.IsZero() || end.Before(deadline) {
			deadline = end
		}
	}
	if !deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, deadline)
	}
	//lint:ignore SA1019 a caller may still set it
	if abort := d.caller.Net.Cancel; abort != nil {
		inner, stop := context.WithCancel(ctx)
		go func() {
			select {
			case <-abort:
				stop()
			case <-inner.Done():
			}
		}()
		if outer := cancel; outer != nil {
			return inner, func() { stop(); outer() }
		}
		return inner, stop
	}
	return ctx, cancel
}

func (d *Dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if dst, err := netip.ParseAddrPort(address); err == nil && d.suits(network, dst.Addr()) {
		return d.dialAddr(ctx, &d.attempt, network, address, dst)
	}
	// The look-up takes no slot, but Host.Close must end it, too.
	lookup, err := d.begin(ctx, false)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	defer d.end(lookup)
	ctx = lookup
	addrs, err := d.resolve(ctx, network, address)
	if err != nil {
		if lookup.isClosed() {
			err = simulate.ErrClosed
		}
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	var fallbacks []netip.AddrPort
	if network == "tcp" && d.caller.Net.FallbackDelay >= 0 {
		addrs, fallbacks = partition(addrs)
	}
	if len(fallbacks) == 0 {
		return d.dialSerial(ctx, network, addrs)
	}
	return d.dialRace(ctx, network, addrs, fallbacks)
}

// suits reports whether network and LocalAddr allow an attempt to addr.
func (d *Dialer) suits(network string, addr netip.Addr) bool {
	is4 := addr.Unmap().Is4()
	if network == "tcp4" && !is4 || network == "tcp6" && is4 {
		return false
	}
	if d.caller.Net.LocalAddr == nil {
		return true
	}
	local, ok := d.caller.Net.LocalAddr.(*net.TCPAddr)
	return ok && (len(local.IP) == 0 || local.IP.IsUnspecified() || addr.IsUnspecified() || (local.IP.To4() != nil) == is4)
}

// resolve returns the addresses to try, which are in the resolver's order.
func (d *Dialer) resolve(ctx context.Context, network, address string) ([]netip.AddrPort, error) {
	if address == "" {
		return nil, errors.New("missing address")
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		n, err := d.resolver().LookupPort(ctx, network, service)
		if err != nil {
			return nil, err
		}
		port = uint64(n)
	}
	var found []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		found = []netip.Addr{addr}
	} else if host == "" {
		// The local system, which net.Dialer reaches by either family.
		found = []netip.Addr{netip.IPv6Unspecified()}
		if network != "tcp6" {
			found[0] = netip.IPv4Unspecified()
		}
	} else {
		lookup := d.caller.Lookup
		if lookup == nil {
			lookup = d.resolver().LookupNetIP
		}
		if found, err = lookup(ctx, "ip"+strings.TrimPrefix(network, "tcp"), host); err != nil {
			return nil, err
		}
	}
	if local := d.caller.Net.LocalAddr; local != nil && local.Network() != "tcp" {
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: local.String()}
	}
	var addrs []netip.AddrPort
	for _, addr := range found {
		if d.suits(network, addr) {
			addrs = append(addrs, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
		}
	}
	if len(addrs) == 0 {
		if local := d.caller.Net.LocalAddr; local != nil {
			host = local.String()
		}
		return nil, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return addrs, nil
}

func (d *Dialer) resolver() *net.Resolver {
	if r := d.caller.Net.Resolver; r != nil {
		return r
	}
	return net.DefaultResolver
}

// partition returns the addresses of the family of the first, and the others.
func partition(addrs []netip.AddrPort) (primaries, fallbacks []netip.AddrPort) {
	for _, a := range addrs {
		if a.Addr().Is4() == addrs[0].Addr().Is4() {
			primaries = append(primaries, a)
		} else {
			fallbacks = append(fallbacks, a)
		}
	}
	return primaries, fallbacks
}

// dialRace tries primaries, and also fallbacks after the fallback delay or once all
// primaries have failed. When it returns, no attempt is in progress.
func (d *Dialer) dialRace(ctx context.Context, network string, primaries, fallbacks []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type result struct {
		conn    net.Conn
		err     error
		primary bool
	}
	results := make(chan result)
	running := 0
	start := func(addrs []netip.AddrPort, primary bool) {
		running++
		go func() {
			conn, err := d.dialSerial(ctx, network, addrs)
			results <- result{conn, err, primary}
		}()
	}
	delay := d.caller.Net.FallbackDelay
	if delay == 0 {
		delay = defaultFallbackDelay
	}
	fallback := time.NewTimer(delay)
	defer fallback.Stop()

	start(primaries, true)
	var conn net.Conn
	var err error // of the primaries
	for running > 0 {
		select {
		case <-fallback.C:
			start(fallbacks, false)
		case r := <-results:
			running--
			switch {
			case r.err == nil && conn == nil:
				conn = r.conn
				fallback.Stop()
				cancel(simulate.ErrSuperseded)
			case r.err == nil:
				r.conn.Close()
			case r.primary:
				err = r.err
				if conn == nil && fallback.Stop() {
					start(fallbacks, false)
				}
			}
		}
	}
	if conn == nil {
		return nil, err
	}
	return conn, nil
}

// defaultFallbackDelay is that of net.Dialer.
const defaultFallbackDelay = 300 * time.Millisecond

// dialSerial tries one address after the other. Its error is that of the first,
// or of the one at which ctx ended.
func (d *Dialer) dialSerial(ctx context.Context, network string, addrs []netip.AddrPort) (net.Conn, error) {
	var first error
	for i, dst := range addrs {
		conn, err := d.dialShare(ctx, network, dst, len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		if ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, simulate.ErrClosed) {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// minShare is the least time that an address gets, if the caller has that much
// left, as in net.Dialer.
const minShare = 2 * time.Second

// dialShare tries an address. If others are left to try, it has a share of the
// caller's time.
func (d *Dialer) dialShare(ctx context.Context, network string, dst netip.AddrPort, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok && left > 1 {
		remaining := time.Until(deadline)
		if share := max(remaining/time.Duration(left), minShare); share < remaining {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, share)
			defer cancel()
		}
	}
	return d.dialAddr(ctx, &d.attempt, network, dst.String(), dst)
}
