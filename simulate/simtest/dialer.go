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

// Network is the network in memory that a Dialer connects to. Destinations are written
// as they are dialed, "host:port", where the host is a name or a literal address and
// the port a number. Names need not exist: each has one address, made up for it.
//
// A destination that is in neither list never answers, as behind a firewall that drops
// packets. In the zero Network none answers.
type Network struct {
	// Answer has the destinations that accept connections. The function serves one
	// connection, in a goroutine of its own; the connection is closed when it
	// returns. A nil function reads until the client closes the connection, and
	// sends nothing.
	Answer map[string]func(net.Conn)
	// Refuse has the destinations where nothing listens: a dial fails with
	// ECONNREFUSED.
	Refuse []string
	// Latency is the time from an attempt to its answer or refusal; the zero value
	// is none.
	Latency time.Duration
}

// Dialer connects as a program on the machine does, to destinations in a Network. It
// comes from NewDialer. Its methods are those of tcp.Dialer; Dial and DialContext are
// what most tests want.
type Dialer struct {
	*tcp.Dialer
	// Gate counts the attempts that no destination has answered yet
	// (limits.TCPHalfOpen). Hold on it stands for attempts at dead addresses.
	Gate *simulate.Gate

	t       testing.TB
	network Network

	mu      sync.Mutex
	names   map[netip.Addr]string // host names, by the address made up for each
	open    map[net.Conn]string   // the client ends of open connections, with their destinations
	running int                   // attempts in progress and functions of Network.Answer at work
	changed chan struct{}         // closed when open or running changes; nil unless close waits for that
}

// NewDialer returns a dialer of a program on the host that connects to destinations
// in network, in memory. program has the settings of that program and may be nil. A
// Connect or a Lookup in it is used in place of the network.
//
// At its end the test fails if an attempt is still in progress, a connection has not
// been closed, or a function of network.Answer has not returned.
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

// lookup returns the address of a name, and makes one up the first time. The
// addresses are from the range set aside for benchmarks (RFC 2544).
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

// destination returns an address as it is written in the Network: with the name that
// the address was made up for, if it was.
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

// tell returns the destination that an address was made up for, or nothing.
func (d *Dialer) tell(address string) string {
	if to := d.destination(address); to != address {
		return to
	}
	return ""
}

// connect makes one attempt.
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

// accept returns a connection to a destination that answers.
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

// run counts one more attempt or answer as running, until done is called.
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

// change wakes close. The dialer is locked.
func (d *Dialer) change() {
	if d.changed != nil {
		close(d.changed)
		d.changed = nil
	}
}

// close waits for what is running and open, and fails the test for what is left.
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
		d.t.Errorf("simtest: %s not closed %v after the test, to %s", counted(len(to), "connection"), grace, strings.Join(to, ", "))
	} else {
		d.t.Errorf("simtest: %s of Dial or Network.Answer not returned %v after the test", counted(running, "call"), grace)
	}
	for _, c := range conns {
		c.Close()
	}
}
