package tcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

var (
	xpSP1    = limits.Windows{Edition: limits.XPProfessional, ServicePack: 1}
	xpSP2    = limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}
	windows7 = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
	vistaSP1 = limits.Windows{Edition: limits.VistaUltimate, ServicePack: 1}
	vistaSP2 = limits.Windows{Edition: limits.VistaUltimate, ServicePack: 2}
	nt4      = limits.Windows{Edition: limits.NT40Workstation, ServicePack: 6}
)

// network is a network in memory. Its hosts answer by the first bytes of their
// address: 198.51.100.0/24 and 2001:db8:1::/48 accept, 203.0.113.0/24 refuses,
// everything else is silent.
type network struct {
	delay time.Duration // until an answer
	names map[string][]netip.Addr

	mu           sync.Mutex
	trying, most int
	order        []string
}

func (n *network) connect(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.trying++
	n.most = max(n.most, n.trying)
	n.order = append(n.order, address)
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		n.trying--
		n.mu.Unlock()
	}()
	addr := netip.MustParseAddrPort(address).Addr()
	answer := make(<-chan time.Time)
	accepts := netip.MustParsePrefix("198.51.100.0/24").Contains(addr) || netip.MustParsePrefix("2001:db8:1::/48").Contains(addr)
	if accepts || netip.MustParsePrefix("203.0.113.0/24").Contains(addr) {
		answer = time.After(n.delay)
	}
	select {
	case <-answer:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if !accepts {
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	client, server := net.Pipe()
	server.Close()
	return client, nil
}

func (n *network) lookup(_ context.Context, _, host string) ([]netip.Addr, error) {
	if addrs, ok := n.names[host]; ok {
		return addrs, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// A dialer is a tcp.Dialer with its host and gate.
type dialer struct {
	*tcp.Dialer
	host *simulate.Host
	gate *simulate.Gate
}

// newDialer returns the dialer of a program on a machine of its own, in n or on
// the real network if n is nil.
func newDialer(t testing.TB, w limits.Windows, settings *simulate.Settings, n *network, program tcp.DialerSettings) dialer {
	t.Helper()
	host, err := simulate.New(w, settings)
	require.NoError(t, err)
	return dialerOn(t, host, n, program)
}

func dialerOn(t testing.TB, host *simulate.Host, n *network, program tcp.DialerSettings) dialer {
	t.Helper()
	if n != nil {
		program.Connect, program.Lookup = n.connect, n.lookup
	}
	d, err := tcp.NewDialer(host, &program)
	require.NoError(t, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)
	return dialer{d, host, gate}
}

// A result is how one dial ended.
type result struct {
	at  time.Duration
	err error
}

// dialAll starts dials to all addresses, each once the one before is in
// progress, queued or over, and returns how they ended.
func dialAll(ctx context.Context, d dialer, addresses ...string) []result {
	start := time.Now()
	results := make([]result, len(addresses))
	var wg sync.WaitGroup
	for i, address := range addresses {
		wg.Go(func() {
			conn, err := d.DialContext(ctx, "tcp", address)
			results[i] = result{time.Since(start), err}
			if err == nil {
				conn.Close()
			}
		})
		synctest.Wait()
	}
	wg.Wait()
	return results
}

func dead(n int) []string {
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("192.0.2.%d:80", i+1)
	}
	return addresses
}

func TestHundredDeadDestinations(t *testing.T) {
	for _, tt := range []struct {
		name     string
		windows  limits.Windows
		settings simulate.Settings
		width    int
		wave     time.Duration
	}{
		{name: "XP SP1", windows: xpSP1, width: 100, wave: 21 * time.Second},
		{name: "XP SP2", windows: xpSP2, width: 10, wave: 21 * time.Second},
		{name: "Vista SP1", windows: vistaSP1, width: 10, wave: 21 * time.Second},
		{name: "Vista SP2", windows: vistaSP2, width: 100, wave: 21 * time.Second},
		{name: "Windows 7", windows: windows7, width: 100, wave: 21 * time.Second},
		{name: "NT 4.0", windows: nt4, width: 100, wave: 45 * time.Second},
		{name: "patched", windows: xpSP2, settings: simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(50)}}, width: 50, wave: 21 * time.Second},
		{name: "switched on", windows: vistaSP2, settings: simulate.Settings{HalfOpen: simulate.HalfOpenSettings{EnableConnectionRateLimiting: true}}, width: 10, wave: 21 * time.Second},
		{name: "another schedule", windows: xpSP2, settings: simulate.Settings{HalfOpen: simulate.HalfOpenSettings{MaxConnectRetransmissions: new(int), InitialRTT: time.Second}}, width: 10, wave: time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := new(network)
				d := newDialer(t, tt.windows, &tt.settings, n, tcp.DialerSettings{})
				for i, r := range dialAll(t.Context(), d, dead(100)...) {
					assert.Equal(t, time.Duration(i/tt.width+1)*tt.wave, r.at, "dial %d", i)
					var noAnswer *tcp.ConnectError
					require.ErrorAs(t, r.err, &noAnswer)
					assert.True(t, noAnswer.GivenUp)
					assert.Equal(t, tt.wave, noAnswer.After)
					assert.ErrorIs(t, r.err, syscall.ETIMEDOUT)
					assert.NotErrorIs(t, r.err, simulate.ErrLimit)
				}
				assert.Equal(t, tt.width, n.most)
				stats := d.gate.Stats()
				assert.Zero(t, stats.Held)
				assert.EqualValues(t, 100-tt.width, stats.Waited)
			})
		})
	}
}

func TestCallersClockRunsInTheQueue(t *testing.T) {
	for _, tt := range []struct {
		name string
		run  func(t *testing.T, d dialer) []result
		with tcp.DialerSettings
		want error
	}{
		{"cancelled", func(t *testing.T, d dialer) []result {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			return dialAll(ctx, d, dead(40)...)
		}, tcp.DialerSettings{}, context.Canceled},
		{"context's deadline", func(t *testing.T, d dialer) []result {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return dialAll(ctx, d, dead(40)...)
		}, tcp.DialerSettings{}, context.DeadlineExceeded},
		{"Timeout", func(t *testing.T, d dialer) []result {
			return dialAll(t.Context(), d, dead(40)...)
		}, tcp.DialerSettings{Net: net.Dialer{Timeout: time.Second}}, context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialer(t, xpSP2, nil, new(network), tt.with)
				queued, connecting := 0, 0
				for _, r := range tt.run(t, d) {
					assert.Equal(t, time.Second, r.at)
					require.ErrorIs(t, r.err, tt.want)
					var op *net.OpError
					require.ErrorAs(t, r.err, &op)
					assert.Equal(t, "dial", op.Op)
					assert.Equal(t, "tcp", op.Net)
					assert.Equal(t, "tcp", op.Addr.Network())
					var netErr net.Error
					require.ErrorAs(t, r.err, &netErr)
					assert.Equal(t, tt.want == context.DeadlineExceeded, netErr.Timeout())
					if errors.Is(r.err, simulate.ErrLimit) {
						queued++
						assert.ErrorContains(t, r.err, "at the limit of 10 attempts")
					}
					if errors.Is(r.err, tcp.ErrConnecting) {
						connecting++
						assert.ErrorContains(t, r.err, "no answer after 1s: context ")
					}
				}
				assert.Equal(t, 30, queued)
				assert.Equal(t, 10, connecting)
				assert.Zero(t, d.gate.Stats().Held)
				assert.Zero(t, d.gate.Stats().Queued)
			})
		})
	}
}

// A host that is up times out behind ten that are down: the program's clock has
// run all the time.
func TestLiveHostTimesOutInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, nil, new(network), tcp.DialerSettings{})
		for range 10 {
			go d.DialContext(t.Context(), "tcp", "192.0.2.1:80")
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		_, err := d.DialContext(ctx, "tcp", "198.51.100.1:80")
		require.ErrorIs(t, err, simulate.ErrLimit)
		var limitErr *simulate.LimitError
		require.ErrorAs(t, err, &limitErr)
		assert.Equal(t, simulate.TimedOut, limitErr.Outcome)
		start := time.Now()
		conn, err := d.Dial("tcp", "198.51.100.1:80")
		require.NoError(t, err)
		conn.Close()
		assert.Equal(t, 6*time.Second, time.Since(start))
	})
}

func TestNames(t *testing.T) {
	addr := netip.MustParseAddr
	names := map[string][]netip.Addr{
		"dual":      {addr("2001:db8:1::1"), addr("198.51.100.1")},
		"half-dead": {addr("2001:db8:2::1"), addr("198.51.100.1")},
		"dead":      {addr("2001:db8:2::1"), addr("192.0.2.1")},
		"second":    {addr("203.0.113.1"), addr("198.51.100.1")},
		"refused":   {addr("203.0.113.1"), addr("203.0.113.2")},
		"three":     {addr("192.0.2.1"), addr("192.0.2.2"), addr("198.51.100.1")},
		"mapped":    {addr("::ffff:198.51.100.1")},
	}
	for _, tt := range []struct {
		name, network, address string
		with                   net.Dialer
		limit                  int
		at                     time.Duration
		err                    string
		tried                  []string
	}{
		{name: "first wins", address: "dual:80", tried: []string{"[2001:db8:1::1]:80"}},
		{name: "fallback wins", address: "half-dead:80", at: 300 * time.Millisecond, tried: []string{"[2001:db8:2::1]:80", "198.51.100.1:80"}},
		{name: "fallback delay", address: "half-dead:80", with: net.Dialer{FallbackDelay: time.Second}, at: time.Second, tried: []string{"[2001:db8:2::1]:80", "198.51.100.1:80"}},
		{name: "no race", address: "half-dead:80", with: net.Dialer{FallbackDelay: -1}, at: 21 * time.Second, tried: []string{"[2001:db8:2::1]:80", "198.51.100.1:80"}},
		{name: "limit 1 makes the race a queue", limit: 1, address: "half-dead:80", at: 21 * time.Second, tried: []string{"[2001:db8:2::1]:80", "198.51.100.1:80"}},
		{name: "both dead", address: "dead:80", at: 21*time.Second + 300*time.Millisecond, err: "gave up connecting after 21s", tried: []string{"[2001:db8:2::1]:80", "192.0.2.1:80"}},
		{name: "second", address: "second:80", limit: 1, tried: []string{"203.0.113.1:80", "198.51.100.1:80"}},
		{name: "refused", address: "refused:80", err: "dial tcp 203.0.113.1:80: connect: connection refused", tried: []string{"203.0.113.1:80", "203.0.113.2:80"}},
		{name: "each its share", address: "three:80", with: net.Dialer{Timeout: 12 * time.Second}, at: 8 * time.Second, tried: []string{"192.0.2.1:80", "192.0.2.2:80", "198.51.100.1:80"}},
		{name: "a share is 2 s", address: "three:80", with: net.Dialer{Timeout: 5 * time.Second}, at: 4 * time.Second, tried: []string{"192.0.2.1:80", "192.0.2.2:80", "198.51.100.1:80"}},
		{name: "time over", address: "three:80", with: net.Dialer{Timeout: 3 * time.Second}, at: 3 * time.Second, err: "dial tcp 192.0.2.2:80: tcp: no answer after 1s: context deadline exceeded", tried: []string{"192.0.2.1:80", "192.0.2.2:80"}},
		{name: "tcp4", network: "tcp4", address: "half-dead:80", tried: []string{"198.51.100.1:80"}},
		{name: "tcp6", network: "tcp6", address: "dual:80", tried: []string{"[2001:db8:1::1]:80"}},
		{name: "local address", address: "half-dead:80", with: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}, tried: []string{"198.51.100.1:80"}},
		{name: "mapped", network: "tcp4", address: "mapped:80", tried: []string{"198.51.100.1:80"}},
		{name: "service name", address: "dual:http", tried: []string{"[2001:db8:1::1]:80"}},
		{name: "no such host", address: "nowhere:80", err: "no such host"},
		{name: "no address of the family", network: "tcp6", address: "second:80", err: "no suitable address found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{names: names}
				limit := tt.limit
				if limit == 0 {
					limit = 10
				}
				tt.with.Resolver = &net.Resolver{PreferGo: true} // the one of the C library does not work in a bubble
				d := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(limit)}}, n, tcp.DialerSettings{Net: tt.with})
				network := tt.network
				if network == "" {
					network = "tcp"
				}
				start := time.Now()
				conn, err := d.Dial(network, tt.address)
				assert.Equal(t, tt.at, time.Since(start))
				if tt.err != "" {
					require.ErrorContains(t, err, tt.err)
				} else {
					require.NoError(t, err)
					conn.Close()
				}
				assert.Equal(t, tt.tried, n.order)
				assert.LessOrEqual(t, n.most, limit)
				assert.Zero(t, d.gate.Stats().Held, "when Dial returns, it holds nothing")
			})
		})
	}
}

// While the second of two racers is still connecting, the first's success must
// not leave its connection behind.
func TestRaceClosesTheSecondConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		closed := 0
		d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{
			Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("::2"), netip.MustParseAddr("127.0.0.2")}, nil
			},
			Connect: func(ctx context.Context, _, address string) (net.Conn, error) {
				time.Sleep(time.Second) // deaf to ctx
				client, _ := net.Pipe()
				return closeFunc{client, func() { mu.Lock(); closed++; mu.Unlock() }}, nil
			},
		})
		start := time.Now()
		conn, err := d.Dial("tcp", "both:80")
		require.NoError(t, err)
		assert.Equal(t, 1300*time.Millisecond, time.Since(start), "it waits for the loser to let go of its slot")
		assert.Equal(t, 1, closed)
		conn.Close()
		assert.Equal(t, 2, closed)
	})
}

type closeFunc struct {
	net.Conn
	f func()
}

func (c closeFunc) Close() error {
	c.f()
	return c.Conn.Close()
}

func TestProcessesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{delay: time.Second}
		first := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}, n, tcp.DialerSettings{Process: "scanner"})
		second := dialerOn(t, first.host, n, tcp.DialerSettings{Process: "browser"})
		var wg sync.WaitGroup
		dial := func(d dialer, address string) {
			wg.Go(func() {
				conn, err := d.Dial("tcp", address)
				if assert.NoError(t, err) {
					conn.Close()
				}
			})
			synctest.Wait()
		}
		for i := range 5 {
			dial(first, fmt.Sprintf("198.51.100.%d:1", i))
		}
		dial(second, "198.51.100.1:2")
		dial(second, "198.51.100.2:2")
		wg.Wait()
		assert.Equal(t, []string{
			"198.51.100.0:1",
			"198.51.100.1:1", "198.51.100.1:2",
			"198.51.100.2:1", "198.51.100.2:2",
			"198.51.100.3:1", "198.51.100.4:1",
		}, n.order)
	})
}

func TestReleaseRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{ReleaseRate: 2}}, &network{delay: 100 * time.Millisecond}, tcp.DialerSettings{})
		addresses := make([]string, 14)
		for i := range addresses {
			addresses[i] = fmt.Sprintf("198.51.100.%d:80", i)
		}
		want := slices.Repeat([]time.Duration{100 * time.Millisecond}, 10)
		want = append(want, 600*time.Millisecond, 1100*time.Millisecond, 1600*time.Millisecond, 2100*time.Millisecond)
		for range 2 { // the rate starts afresh with the next queue
			for i, r := range dialAll(t.Context(), d, addresses...) {
				require.NoError(t, r.err)
				assert.Equal(t, want[i], r.at, "dial %d", i)
			}
			time.Sleep(730 * time.Millisecond)
		}
		assert.Equal(t, 10, d.gate.Stats().Peak)

		// With all slots taken, a turn lets none go.
		for i, r := range dialAll(t.Context(), d, dead(12)...) {
			at := 21 * time.Second
			if i >= 10 {
				// The turn at 21 s may come before the slots are given back.
				assert.Contains(t, []time.Duration{42 * time.Second, 42*time.Second + 500*time.Millisecond, 43 * time.Second}, r.at)
				continue
			}
			assert.Equal(t, at, r.at)
		}
		assert.Equal(t, 10, d.gate.Stats().Peak)
	})
}

// The turns of a queue follow from its begin, however long the next event 4226 is away.
func TestReleaseRateDoesNotWaitForTheEvent(t *testing.T) {
	for _, interval := range []time.Duration{0, 500 * time.Millisecond, time.Second, 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			settings := &simulate.Settings{
				Limits:   map[limits.Service]int{limits.TCPHalfOpen: 1},
				HalfOpen: simulate.HalfOpenSettings{ReleaseRate: 1, EventInterval: interval},
			}
			d := newDialer(t, xpSP2, settings, &network{delay: 500 * time.Millisecond}, tcp.DialerSettings{})
			start := time.Now()
			var dials sync.WaitGroup
			for i, at := range []time.Duration{0, 100 * time.Millisecond, 1200 * time.Millisecond} {
				dials.Go(func() {
					time.Sleep(at)
					_, err := d.Dial("tcp", "198.51.100.1:80")
					if assert.NoError(t, err) {
						want := []time.Duration{0, 1100 * time.Millisecond, 2200 * time.Millisecond}[i] + 500*time.Millisecond
						assert.Equal(t, want, time.Since(start), "dial %d, event interval %v", i, interval)
					}
				})
			}
			dials.Wait()
		})
	}
}

func TestPanicGivesTheSlotBack(t *testing.T) {
	d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{
		Connect: func(context.Context, string, string) (net.Conn, error) { panic("a hook of the caller") },
	})
	for range 20 {
		assert.Panics(t, func() { d.Dial("tcp", "192.0.2.1:80") })
	}
	assert.Equal(t, simulate.Stats{Peak: 1, Admitted: 20}, d.gate.Stats())
}

// listenAndClose accepts connections on loopback and closes them.
func listenAndClose(t testing.TB, address string) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	return ln
}

// refusing returns a loopback address that refuses.
func refusing(t testing.TB, host string) string {
	t.Helper()
	ln, err := net.Listen("tcp", host+":0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func TestOneAtATime(t *testing.T) {
	address := listenAndClose(t, "127.0.0.1:0").Addr().String()
	var trying, most atomic.Int32
	settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}
	real := net.Dialer{ControlContext: func(context.Context, string, string, syscall.RawConn) error {
		n := trying.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return nil
	}}
	d := newDialer(t, xpSP2, settings, nil, tcp.DialerSettings{
		Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
			defer trying.Add(-1)
			return real.DialContext(ctx, network, address)
		},
	})
	stop := d.host.Observe(func(e simulate.Event) {
		if e.Kind == simulate.Released {
			assert.Equal(t, address, e.Peer)
		}
	})
	defer stop()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			conn, err := d.DialContext(t.Context(), "tcp", address)
			if assert.NoError(t, err) {
				conn.Close()
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, most.Load())
	stats := d.gate.Stats()
	assert.Equal(t, 1, stats.Peak)
	assert.EqualValues(t, 100, stats.Admitted)
	assert.Zero(t, stats.Held)
}

func TestRefusedThenGood(t *testing.T) {
	good := netip.MustParseAddrPort(listenAndClose(t, "127.0.0.1:0").Addr().String())
	settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}
	d := newDialer(t, xpSP2, settings, nil, tcp.DialerSettings{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			// Nothing listens on the port of the first.
			return []netip.Addr{netip.MustParseAddr("127.0.0.2"), good.Addr()}, nil
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("name:%d", good.Port()))
			if assert.NoError(t, err) {
				assert.Equal(t, good.String(), conn.RemoteAddr().String())
				conn.Close()
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 60, d.gate.Stats().Admitted)
	assert.Equal(t, 1, d.gate.Stats().Peak)
}

// Dials that are not limited end as those of net.Dialer do.
func TestAsNetDialer(t *testing.T) {
	live := listenAndClose(t, "127.0.0.1:0").Addr().String()
	_, port, err := net.SplitHostPort(live)
	require.NoError(t, err)
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer udp.Close()
	unix, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	require.NoError(t, err)
	defer unix.Close()
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name             string
		network, address string
		with             net.Dialer
		ctx              context.Context
		counted          int64
	}{
		{name: "open", network: "tcp", address: live, counted: 1},
		{name: "tcp4", network: "tcp4", address: live, counted: 1},
		{name: "tcp6", network: "tcp6", address: live},
		{name: "name", network: "tcp4", address: "localhost:" + port, counted: 1},
		{name: "no host", network: "tcp4", address: ":" + port, counted: 1},
		{name: "mapped", network: "tcp", address: "[::ffff:127.0.0.1]:" + port, counted: 1},
		{name: "refused", network: "tcp", address: refusing(t, "127.0.0.1"), counted: 1},
		{name: "local address", network: "tcp", address: live, with: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 3)}}, counted: 1},
		{name: "local address of the other family", network: "tcp", address: live, with: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv6loopback}}},
		{name: "local address of another network", network: "tcp", address: live, with: net.Dialer{LocalAddr: &net.UDPAddr{}}},
		{name: "control", network: "tcp", address: live, with: net.Dialer{Control: func(string, string, syscall.RawConn) error { return io.ErrUnexpectedEOF }}, counted: 1},
		{name: "past deadline", network: "tcp", address: live, with: net.Dialer{Deadline: time.Unix(1, 0)}},
		{name: "negative timeout", network: "tcp", address: live, with: net.Dialer{Timeout: -1}},
		{name: "cancelled", network: "tcp", address: live, ctx: dead},
		//lint:ignore SA1019 a caller may still set it
		{name: "cancel channel", network: "tcp", address: live, with: net.Dialer{Cancel: make(chan struct{}), Timeout: time.Minute}, counted: 1},
		{name: "resolver", network: "tcp", address: "name.test:80", with: net.Dialer{Resolver: &net.Resolver{
			PreferGo: true,
			Dial:     func(context.Context, string, string) (net.Conn, error) { return nil, io.ErrUnexpectedEOF },
		}}},
		{name: "no port", network: "tcp", address: "127.0.0.1"},
		{name: "empty", network: "tcp", address: ""},
		{name: "bad port", network: "tcp", address: "127.0.0.1:70000"},
		{name: "bad service", network: "tcp", address: "127.0.0.1:no-such-service"},
		{name: "bad network", network: "tcp5", address: live},
		{name: "udp", network: "udp", address: udp.LocalAddr().String()},
		{name: "unix", network: "unix", address: unix.Addr().String()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{Net: tt.with})
			conn, err := d.DialContext(ctx, tt.network, tt.address)
			wantConn, want := tt.with.DialContext(ctx, tt.network, tt.address)
			if want == nil {
				require.NoError(t, err)
				defer conn.Close()
				defer wantConn.Close()
				assert.IsType(t, wantConn, conn)
				assert.Equal(t, wantConn.RemoteAddr(), conn.RemoteAddr())
			} else {
				require.Error(t, err)
				var op, wantOp *net.OpError
				require.ErrorAs(t, want, &wantOp)
				require.ErrorAs(t, err, &op)
				assert.Equal(t, wantOp.Op, op.Op)
				assert.Equal(t, wantOp.Net, op.Net)
				assert.Equal(t, wantOp.Err.Error(), op.Err.Error())
				assert.NotErrorIs(t, err, simulate.ErrLimit)
				assert.Equal(t, wantOp.Timeout(), op.Timeout())
				for _, target := range []error{context.Canceled, context.DeadlineExceeded, syscall.ECONNREFUSED, io.ErrUnexpectedEOF} {
					assert.Equal(t, errors.Is(want, target), errors.Is(err, target), target)
				}
			}
			stats := d.gate.Stats()
			assert.Equal(t, tt.counted, stats.Admitted)
			assert.Zero(t, stats.Held)
			assert.Zero(t, stats.TimedOut+stats.Abandoned, "nothing met the limit")
		})
	}
}

// A dial whose time is over before it begins meets the limit only if it would have
// had to wait.
func TestDeadlineInThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		d := newDialer(t, xpSP2, nil, n, tcp.DialerSettings{Net: net.Dialer{Timeout: -1}})
		_, err := d.Dial("tcp", "198.51.100.1:80")
		require.EqualError(t, err, "dial tcp 198.51.100.1:80: i/o timeout")
		assert.NotErrorIs(t, err, simulate.ErrLimit)
		assert.NotErrorIs(t, err, tcp.ErrConnecting)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, d.gate.Stats())

		release, err := d.gate.Hold(10)
		require.NoError(t, err)
		defer release()
		_, err = d.Dial("tcp", "198.51.100.1:80")
		require.ErrorIs(t, err, simulate.ErrLimit)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.EqualValues(t, 1, d.gate.Stats().TimedOut)
		assert.Empty(t, n.order, "nothing was tried")
	})
}

// A program that names a process for each job leaves nothing behind, though each
// has waited.
func TestProcessesThatAreGone(t *testing.T) {
	host, err := simulate.New(xpSP2, nil)
	require.NoError(t, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)
	require.NoError(t, gate.SetLimit(limits.Number(0)))
	dialOnce := func(process string) {
		d, err := tcp.NewDialer(host, &tcp.DialerSettings{Process: process})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := d.DialContext(ctx, "tcp", "192.0.2.1:1")
			done <- err
		}()
		require.NoError(t, gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Queued == 1 }))
		cancel()
		require.ErrorIs(t, <-done, simulate.ErrLimit)
	}
	objects := func() int {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapObjects)
	}
	dialOnce("first")
	before := objects()
	const jobs = 5000
	for i := range jobs {
		dialOnce(strconv.Itoa(i))
	}
	assert.Less(t, objects()-before, jobs/2, "it was two a job")
	assert.EqualValues(t, jobs+1, gate.Stats().Abandoned)
}

func TestCancelChannelEndsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		abort := make(chan struct{})
		settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}
		//lint:ignore SA1019 a caller may still set it
		d := newDialer(t, xpSP2, settings, new(network), tcp.DialerSettings{Net: net.Dialer{Cancel: abort}})
		time.AfterFunc(time.Second, func() { close(abort) })
		for _, r := range dialAll(t.Context(), d, dead(3)...) {
			assert.Equal(t, time.Second, r.at)
			assert.ErrorIs(t, r.err, context.Canceled)
		}
	})
}

// Whatever happens, the network never sees more than the limit, and nothing is
// left.
func TestDialersUnderLoad(t *testing.T) {
	for _, settings := range []simulate.HalfOpenSettings{{}, {ReleaseRate: 50}} {
		t.Run(fmt.Sprintf("%+v", settings), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				addr := netip.MustParseAddr
				n := &network{delay: 20 * time.Millisecond, names: map[string][]netip.Addr{
					"a": {addr("2001:db8:2::1"), addr("198.51.100.1")},
					"b": {addr("203.0.113.1"), addr("2001:db8:1::1"), addr("192.0.2.1")},
				}}
				first := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: settings}, n, tcp.DialerSettings{Process: "first"})
				second := dialerOn(t, first.host, n, tcp.DialerSettings{Net: net.Dialer{Timeout: time.Second}})
				targets := []string{"a:80", "b:80", "192.0.2.1:80", "192.0.2.2:80", "198.51.100.2:80", "203.0.113.2:80"}
				var wg sync.WaitGroup
				for i := range 64 {
					random := rand.New(rand.NewPCG(1, uint64(i)))
					wg.Go(func() {
						for range 30 {
							d := []dialer{first, second}[random.IntN(2)]
							ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
							if random.IntN(4) == 0 {
								time.AfterFunc(time.Duration(random.IntN(400))*time.Millisecond, cancel)
							}
							conn, err := d.DialContext(ctx, "tcp", targets[random.IntN(len(targets))])
							if err == nil {
								conn.Close()
							}
							cancel()
						}
					})
				}
				wg.Wait()
				assert.Equal(t, 10, n.most)
				stats := first.gate.Stats()
				assert.LessOrEqual(t, stats.Peak, 10)
				assert.Zero(t, stats.Held)
				assert.Zero(t, stats.Queued)
				assert.Zero(t, n.trying)
			})
		})
	}
}

func TestZeroDialerSaysWhatItLacks(t *testing.T) {
	for _, address := range []string{"127.0.0.1:1", "name:1"} {
		_, err := new(tcp.Dialer).Dial("tcp", address)
		require.EqualError(t, err, "dial tcp: tcp: the zero Dialer has no host; NewDialer returns one that has")
	}
}

// What describes the program survives JSON, without its functions.
func TestDialerSettingsJSON(t *testing.T) {
	settings := tcp.DialerSettings{
		Net:     net.Dialer{Timeout: time.Second},
		Process: "browser",
		Connect: func(context.Context, string, string) (net.Conn, error) { return nil, nil },
		Lookup:  func(context.Context, string, string) ([]netip.Addr, error) { return nil, nil },
	}
	text, err := json.Marshal(settings)
	require.NoError(t, err)
	assert.JSONEq(t, `{"process":"browser"}`, string(text))
}

// Whatever the address, a dial that gets as far as an attempt makes it at a
// literal address.
func FuzzDialAddress(f *testing.F) {
	for _, address := range []string{"", ":", "a:1", "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "[::ffff:1.2.3.4]:65535", "1.2.3.4:http", "a:-1", "a:+1", "[a]:1", "a:65536"} {
		f.Add("tcp", address)
	}
	f.Add("tcp4", "[::1]:80")
	f.Add("tcp6", "127.0.0.1:80")
	host, err := simulate.New(xpSP2, nil)
	require.NoError(f, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, network, address string) {
		if network != "tcp4" && network != "tcp6" {
			network = "tcp"
		}
		d, err := tcp.NewDialer(host, &tcp.DialerSettings{
			// Without a race, so that what a dial covers does not depend on chance.
			Net: net.Dialer{Resolver: &net.Resolver{PreferGo: true}, FallbackDelay: -1},
			Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.IPv6Loopback(), netip.MustParseAddr("127.0.0.1")}, nil
			},
			Connect: func(_ context.Context, network, address string) (net.Conn, error) {
				dst, err := netip.ParseAddrPort(address)
				assert.NoError(t, err)
				assert.NotEqual(t, network, map[bool]string{true: "tcp6", false: "tcp4"}[dst.Addr().Unmap().Is4()])
				return nil, syscall.ECONNREFUSED
			},
		})
		require.NoError(t, err)
		_, err = d.DialContext(t.Context(), network, address)
		var op *net.OpError
		require.ErrorAs(t, err, &op)
		assert.Zero(t, gate.Stats().Held)
	})
}
