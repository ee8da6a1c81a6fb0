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

// Dialer connects to TCP addresses as its edition would: no more than the
// allowed number of attempts are in progress at any time, for all dialers of a
// simulate.Host together, and the rest wait in a queue. Apart from that it is a
// net.Dialer.
//
// The limit is on sockets in SYN_SENT, not on calls. A name is resolved first,
// each of its addresses is an attempt of its own, and where it has IPv6 and IPv4
// addresses two attempts may race each other (RFC 6555). An attempt gives its
// slot back as soon as it is answered, refused, given up or cancelled.
//
// Two clocks run. The caller's (context, Timeout, Deadline) starts with the call
// and runs in the queue as well, which is why on a limited machine hosts that
// are up can time out (libtorrent-2005). The system's starts with the SYN, and
// gives the attempt up when Policy.SYN of the gate says so, however long the
// caller would wait. While an attempt is in progress it is the operating system
// below that repeats the SYN, in its own rhythm.
//
// Errors are *net.OpError. If the slot did not come in time, they wrap a
// *simulate.LimitError and match simulate.ErrLimit; if the attempt had its slot
// and got no answer, they wrap a *ConnectError and match ErrConnecting. Both wrap
// the error of the context that ended them, or simulate.ErrClosed if Host.Close
// did. Refusals and the like are those of net.Dialer, and so is the error of a dial
// whose time was over before it began, unless it would have had to wait.
//
// With CountPorts a connection holds a local port from the dial on, and for the
// TIME_WAIT of the edition after it is closed, unless the peer closed it first or it
// is reset (SetLinger(0)). On a machine without a free port a dial fails at once,
// with an error that matches simulate.ErrLimit and ENOBUFS, or EADDRINUSE if
// LocalAddr binds the socket or each destination has ports of its own. A port that
// LocalAddr names is none of those; while the connection to the same destination
// that had it is in TIME_WAIT, the dial fails with EADDRINUSE. From Vista on the
// refusals are in the event log (4231, 4227). On Windows 95, 98 and Me all sockets
// of the machine are counted, also those that a Listener accepts. Whether the peer
// has closed first is seen by what Read returns, and on Linux asked of the kernel.
// Connections are then a Conn, with the abilities of *net.TCPConn.
//
// Where net.Dialer connects to an address that happens to be its own, it tries
// again. That is one attempt after the other, and no second slot.
//
// UDP, Unix sockets and everything else that is not TCP is not counted. All methods
// of net.Dialer are there, those of Go 1.26 included. Host.Close
// ends the dials that are in progress or in the queue, and later ones fail;
// connections that were made live on.
//
// A Dialer comes from NewDialer; the zero Dialer returns an error that says so.
// It may be used by many goroutines.
type Dialer struct {
	gate       *simulate.Gate
	caller     DialerSettings
	attempt    net.Dialer // for one address: without the clocks, the race and the resolver
	giveUp     time.Duration
	ports      *ports // nil if they are not counted
	inProgress *inProgress
	attempts   sync.Pool // of *attempt
}

// DialerSettings are the program's side of a Dialer; what the system decides is
// in simulate.HalfOpenSettings. The zero value is a program that sets nothing.
type DialerSettings struct {
	// Net has the settings that net.Dialer knows. They mean what they mean there,
	// and apply to each attempt where they are about sockets. Timeout and Deadline
	// include the time in the queue; as in Windows there is no timeout by default.
	Net net.Dialer `json:"-"`
	// Process names the program. Attempts of different programs wait in lines of
	// their own, which are served in turn (the patent's hash buckets, us7784096;
	// that the turn goes round is the model's choice).
	Process string `json:"process,omitzero"`
	// CountPorts has connections hold a local port each, of which the machine has
	// as many as the gate of limits.TCPOutbound; see Dialer. It is off by default
	// since a connection then has to be closed for its port to come free.
	CountPorts bool `json:"countPorts,omitzero"`
	// Connect makes one attempt at a literal address, in place of Net. It must
	// return when ctx is done. With it a Dialer needs no network, and works in a
	// testing/synctest bubble.
	Connect func(ctx context.Context, network, address string) (net.Conn, error) `json:"-"`
	// Lookup finds the addresses of a host, in the order in which they are to be
	// tried, in place of Net.Resolver. network is ip, ip4 or ip6.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error) `json:"-"`
}

// NewDialer returns a dialer for a program on the host. settings may be nil. All
// dialers of a host share its gate for limits.TCPHalfOpen. The error is that of
// Host.Gate, or matches simulate.ErrClosed if the host is closed.
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

// Dial is DialContext without a context.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to the address, as net.Dialer.DialContext does. It may be
// used as http.Transport.DialContext; package tcphttp says what that does to
// requests that are cancelled.
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
	// The look-up has no slot, and ends with the host all the same.
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

// dialRace tries primaries, and from the fallback delay on, or once they have
// all failed, fallbacks beside them. When it returns, neither has an attempt in
// progress.
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

// minShare is how much of the caller's time an address gets at least, if it
// remains, as in net.Dialer.
const minShare = 2 * time.Second

// dialShare tries an address, with its share of the caller's time if others are
// to be tried after it.
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
