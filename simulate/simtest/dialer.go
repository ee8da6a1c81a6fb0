package simtest

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Network is what a Dialer finds, in memory. Destinations are written as they
// are dialed, "host:port", where the host is a name or a literal address and the
// port a number. Names need not exist: each has one address, made up for it.
//
// Destinations that are in neither list never answer, so that the zero Network
// is a network of black holes.
type Network struct {
	// Answer has the destinations that accept. Each connection goes to the
	// function in a goroutine of its own, and is closed when that returns. A
	// nil function keeps the connection open and reads what comes, until the
	// client closes it.
	Answer map[string]func(net.Conn)
	// Refuse has the destinations where nothing listens.
	Refuse []string
	// Latency is how long an answer or a refusal takes.
	Latency time.Duration
}

// Dialer connects as a program on a Windows does, through a Network.
type Dialer struct {
	*tcp.Dialer
	// Gate is that of limits.TCPHalfOpen.
	Gate *simulate.Gate

	t       testing.TB
	network Network

	mu      sync.Mutex
	names   map[netip.Addr]string // of the addresses made up
	open    map[net.Conn]string   // client ends, by destination
	running int                   // attempts, and connections being answered
	changed chan struct{}         // closed when open or running has changed; nil if nobody waits
}

// NewDialer returns a dialer of a program on the host that connects to
// destinations in network, also in a testing/synctest bubble. program may be
// nil; if it has a Connect or a Lookup, that takes the place of the network's.
//
// When the test ends the dialer fails the test if an attempt is still in
// progress, a connection has not been closed, or a function that answers has not
// returned.
func NewDialer(t testing.TB, host *simulate.Host, network Network, program *tcp.DialerSettings) *Dialer {
	t.Helper()
	d := &Dialer{
		Gate:    gateOf(t, host, limits.TCPHalfOpen),
		t:       t,
		network: network,
		names:   make(map[netip.Addr]string),
		open:    make(map[net.Conn]string),
	}
	var settings tcp.DialerSettings
	if program != nil {
		settings = *program
	}
	if settings.Connect == nil {
		settings.Connect = d.connect
	}
	if settings.Lookup == nil {
		settings.Lookup = d.lookup
	}
	var err error
	if d.Dialer, err = tcp.NewDialer(host, &settings); err != nil {
		t.Fatalf("simtest: %v", err)
	}
	w, err := watchOf(host)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	w.tellOf(d.tell)
	t.Cleanup(func() {
		t.Helper()
		d.close()
	})
	return d
}

// lookup finds the address of a name, which it makes up the first time. The
// addresses are those set aside for benchmarks (RFC 2544).
func (d *Dialer) lookup(_ context.Context, network, host string) ([]netip.Addr, error) {
	if network == "ip6" {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for addr, name := range d.names {
		if name == host {
			return []netip.Addr{addr}, nil
		}
	}
	n := len(d.names) + 1
	addr := netip.AddrFrom4([4]byte{198, 18, byte(n >> 8), byte(n)})
	d.names[addr] = host
	return []netip.Addr{addr}, nil
}

// destination returns an address as the Network has it.
func (d *Dialer) destination(address string) string {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if name, ok := d.names[to.Addr()]; ok {
		_, port, _ := net.SplitHostPort(address)
		return net.JoinHostPort(name, port)
	}
	return address
}

// tell says which destination has an address that was made up.
func (d *Dialer) tell(address string) string {
	if to := d.destination(address); to != address {
		return to
	}
	return ""
}

// connect is one attempt.
func (d *Dialer) connect(ctx context.Context, _, address string) (net.Conn, error) {
	defer d.run()()
	to := d.destination(address)
	answer, answers := d.network.Answer[to]
	if !answers && !slices.Contains(d.network.Refuse, to) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if d.network.Latency > 0 {
		rtt := time.NewTimer(d.network.Latency)
		defer rtt.Stop()
		select {
		case <-rtt.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !answers {
		return nil, memnet.Refused()
	}
	return d.accept(to, address, answer), nil
}

// accept returns a connection to a destination.
func (d *Dialer) accept(to, address string, answer func(net.Conn)) net.Conn {
	remote, _ := netip.ParseAddrPort(address)
	client, server := memnet.Pipe(&net.TCPAddr{IP: memnet.MachineIP(), Port: memnet.FirstPort}, net.TCPAddrFromAddrPort(remote))
	client.OnClose = func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.open, client)
		d.change()
	}
	d.mu.Lock()
	d.open[client] = to
	d.mu.Unlock()
	done := d.run()
	go func() {
		defer done()
		defer server.Close()
		if answer == nil {
			answer = readAll
		}
		answer(server)
	}()
	return client
}

// readAll reads until the client closes the connection.
func readAll(c net.Conn) {
	b := make([]byte, 4096)
	for {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}

// run counts something that goes on until done is called.
func (d *Dialer) run() (done func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.running--
		d.change()
	}
}

// change tells close. The dialer is locked.
func (d *Dialer) change() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// close accounts for what is left.
func (d *Dialer) close() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	for {
		d.mu.Lock()
		if d.running == 0 && len(d.open) == 0 {
			d.mu.Unlock()
			return
		}
		changed := make(chan struct{})
		d.changed = changed
		d.mu.Unlock()
		select {
		case <-changed:
			continue
		case <-ctx.Done():
		}
		break
	}
	d.mu.Lock()
	var conns []net.Conn
	var to []string
	for c, destination := range d.open {
		conns = append(conns, c)
		to = append(to, destination)
	}
	running := d.running
	d.mu.Unlock()
	slices.Sort(to)
	if len(to) > 0 {
		d.t.Errorf("simtest: %d connections not closed %v after the test, to %s", len(to), grace, strings.Join(to, ", "))
	} else {
		d.t.Errorf("simtest: %d attempts or answers to connections still going on %v after the test", running, grace)
	}
	for _, c := range conns {
		c.Close()
	}
}
