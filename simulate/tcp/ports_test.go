package tcp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

var (
	w2000 = limits.Windows{Edition: limits.Windows2000Professional}
	win98 = limits.Windows{Edition: limits.Windows98}
)

// peers is a network of which every destination answers. It keeps the other ends.
type peers struct {
	mu   sync.Mutex
	ends []*memnet.Conn
}

func (p *peers) connect(_ context.Context, _, address string) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	to := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))
	client, server := memnet.Pipe(&net.TCPAddr{IP: memnet.MachineIP(), Port: 1025 + len(p.ends)}, to)
	p.ends = append(p.ends, server)
	return client, nil
}

// newPorts returns a dialer that counts ports, the gate of these, and the peers that
// it connects to.
func newPorts(t testing.TB, w limits.Windows, settings *simulate.Settings) (dialer, *simulate.Gate, *peers) {
	t.Helper()
	p := new(peers)
	d := newDialer(t, w, settings, nil, tcp.DialerSettings{CountPorts: true, Connect: p.connect})
	gate, err := d.host.Gate(limits.TCPOutbound)
	require.NoError(t, err)
	return d, gate, p
}

func TestOutboundPorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, gate, peers := newPorts(t, xpSP2, nil)
		var conns []net.Conn
		dial := func() {
			t.Helper()
			c, err := d.Dial("tcp", "198.51.100.1:80")
			require.NoError(t, err)
			conns = append(conns, c)
		}
		for range 3976 {
			dial()
		}
		full := func() {
			t.Helper()
			start := time.Now()
			_, err := d.Dial("tcp", "198.51.100.2:80")
			require.ErrorIs(t, err, simulate.ErrLimit)
			require.ErrorIs(t, err, syscall.ENOBUFS)
			var op *net.OpError
			require.ErrorAs(t, err, &op)
			assert.Equal(t, "dial", op.Op)
			assert.Zero(t, time.Since(start), "at once")
		}
		full()
		assert.Empty(t, d.host.EventLog(), "XP logs nothing")

		// Closed by this side a port returns after TIME_WAIT, to the nanosecond.
		require.NoError(t, conns[0].Close())
		require.NoError(t, conns[0].Close())
		time.Sleep(120*time.Second - 1)
		synctest.Wait()
		full()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		dial()
		full()

		// Closed by the peer, or reset by either, it returns at once.
		require.NoError(t, peers.ends[1].Close())
		full()
		_, err := io.ReadAll(conns[1])
		require.NoError(t, err)
		full()
		require.NoError(t, conns[1].Close())
		dial()
		require.NoError(t, conns[2].(interface{ SetLinger(int) error }).SetLinger(0))
		require.NoError(t, conns[2].Close())
		dial()
		require.NoError(t, peers.ends[3].SetLinger(0))
		require.NoError(t, peers.ends[3].Close())
		_, err = conns[3].Read(make([]byte, 1))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.NoError(t, conns[3].Close())
		dial()
		full()

		// The side that ends first has the TIME_WAIT, whichever closes first.
		require.NoError(t, conns[4].(interface{ CloseWrite() error }).CloseWrite())
		require.NoError(t, peers.ends[4].Close())
		_, err = io.ReadAll(conns[4])
		require.NoError(t, err)
		require.NoError(t, conns[4].Close())
		full()
		time.Sleep(120 * time.Second)
		synctest.Wait()
		dial()
		require.NoError(t, peers.ends[5].CloseWrite())
		_, err = io.ReadAll(conns[5])
		require.NoError(t, err)
		require.NoError(t, conns[5].(interface{ CloseWrite() error }).CloseWrite())
		require.NoError(t, conns[5].Close())
		dial()
		full()

		for _, c := range conns {
			c.Close()
		}
		assert.Equal(t, 3976, gate.Stats().Held)
		time.Sleep(120 * time.Second)
		synctest.Wait()
		assert.Zero(t, gate.Stats().Held)
	})
}

// A rate of connections that this side closes can be kept up for ever, or not.
func TestSustainedRate(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		rate    float64 // a second
		during  time.Duration
		goesOn  bool
	}{
		{xpSP2, 33.1, time.Hour, true},
		{xpSP2, 34, time.Hour, false},
		{w2000, 16.5, time.Hour, true},
		{w2000, 16.6, time.Hour, false},
		{windows10, 136.5, 5 * time.Minute, true},
		{windows10, 136.6, 5 * time.Minute, false},
	} {
		t.Run(fmt.Sprintf("%v, %v", tt.windows, tt.rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, _, peers := newPorts(t, tt.windows, nil)
				start, n := time.Now(), 0
				var err error
				for ; err == nil && time.Since(start) < tt.during; n++ {
					var c net.Conn
					if c, err = d.Dial("tcp", "198.51.100.1:80"); err == nil {
						c.Close()
						peers.ends = peers.ends[:0]
					}
					time.Sleep(time.Until(start.Add(time.Duration(float64(n+1) / tt.rate * float64(time.Second)))))
				}
				if tt.goesOn {
					require.NoError(t, err)
					assert.InDelta(t, tt.during.Seconds()*tt.rate, n, 1)
					return
				}
				require.ErrorIs(t, err, syscall.ENOBUFS)
			})
		})
	}
}

// Attempts that fail hold a port while they last, and no longer.
func TestFailedDialsKeepNoPort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := new(network)
		d := newDialer(t, xpSP2, nil, n, tcp.DialerSettings{CountPorts: true})
		gate, err := d.host.Gate(limits.TCPOutbound)
		require.NoError(t, err)
		_, err = d.Dial("tcp", "203.0.113.1:80")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Zero(t, gate.Stats().Held)
		ctx, cancel := context.WithCancel(t.Context())
		var dials sync.WaitGroup
		for _, address := range dead(15) {
			dials.Go(func() {
				_, err := d.DialContext(ctx, "tcp", address)
				assert.Error(t, err)
			})
		}
		synctest.Wait()
		assert.Equal(t, 10, d.gate.Stats().Held)
		assert.Equal(t, 15, gate.Stats().Held, "those in the queue have theirs")
		cancel()
		dials.Wait()
		assert.Zero(t, gate.Stats().Held)

		_, err = d.DialContext(ctx, "tcp", "198.51.100.1:80")
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, simulate.ErrLimit)
		assert.EqualValues(t, 16, gate.Stats().Admitted)
	})
}

// The time of TIME_WAIT depends on the version of IP, and on a setting.
func TestTimeWait(t *testing.T) {
	for _, tt := range []struct {
		windows  limits.Windows
		settings simulate.OutboundSettings
		address  string
		wait     time.Duration
	}{
		{xpSP2, simulate.OutboundSettings{}, "[2001:db8::1]:80", 240 * time.Second},
		{xpSP2, simulate.OutboundSettings{}, "[::ffff:198.51.100.1]:80", 120 * time.Second},
		{xpSP2, simulate.OutboundSettings{TimedWaitDelay: 30 * time.Second}, "[2001:db8::1]:80", 30 * time.Second},
		{w2000, simulate.OutboundSettings{}, "198.51.100.1:80", 240 * time.Second},
		{windows10, simulate.OutboundSettings{TimedWaitDelay: 300 * time.Second}, "198.51.100.1:80", 300 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, gate, _ := newPorts(t, tt.windows, &simulate.Settings{Outbound: tt.settings})
			c, err := d.Dial("tcp", tt.address)
			require.NoError(t, err)
			start := time.Now()
			c.Close()
			require.NoError(t, gate.WaitHeld(t.Context(), 0))
			assert.Equal(t, tt.wait, time.Since(start), tt.address)
		})
	}
}

// From Windows 10 on a port can serve several destinations.
func TestPortsPerDestination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := new(peers)
		d := newDialer(t, windows10, &simulate.Settings{
			Limits:   map[limits.Service]int{limits.TCPOutbound: 2},
			Outbound: simulate.OutboundSettings{PerDestination: true},
		}, nil, tcp.DialerSettings{CountPorts: true, Connect: p.connect})
		var conns []net.Conn
		for range 2 {
			for _, address := range []string{"198.51.100.1:80", "198.51.100.1:81", "198.51.100.2:80"} {
				c, err := d.Dial("tcp", address)
				require.NoError(t, err)
				conns = append(conns, c)
			}
		}
		full := func() {
			t.Helper()
			_, err := d.Dial("tcp", "198.51.100.1:81")
			require.ErrorIs(t, err, simulate.ErrLimit)
			require.ErrorIs(t, err, syscall.EADDRINUSE)
		}
		full()
		require.Len(t, d.host.EventLog(), 1)
		assert.EqualValues(t, limits.Event4227, d.host.EventLog()[0].ID)
		for _, c := range conns {
			c.Close()
		}
		full()
		time.Sleep(120 * time.Second)
		synctest.Wait()
		_, err := d.Dial("tcp", "198.51.100.1:81")
		require.NoError(t, err)
	})
}

// What a program sees depends on what chose the port, and on the release.
func TestPortsOfBoundSockets(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		events  []uint32
	}{
		{xpSP2, nil},
		{windows7, []uint32{limits.Event4231, limits.Event4227}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := new(peers)
			dialFrom := func(host *simulate.Host, port int) (net.Conn, error) {
				d := dialerOn(t, host, nil, tcp.DialerSettings{
					CountPorts: true, Connect: p.connect, Net: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: port}},
				})
				return d.Dial("tcp", "198.51.100.1:80")
			}
			host := newHost(t, tt.windows, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPOutbound: 1}})
			first, err := dialFrom(host, 0)
			require.NoError(t, err)
			_, err = dialFrom(host, 0)
			require.ErrorIs(t, err, simulate.ErrLimit)
			require.ErrorIs(t, err, syscall.EADDRINUSE, "its socket is bound")

			// A port that the program names is none of those of the system.
			own, err := dialFrom(host, 20)
			require.NoError(t, err)
			own.Close()
			_, err = dialFrom(host, 20)
			require.ErrorIs(t, err, syscall.EADDRINUSE, "the pair is in TIME_WAIT")
			require.NotErrorIs(t, err, simulate.ErrLimit)
			other, err := dialFrom(host, 21)
			require.NoError(t, err)
			defer other.Close()
			time.Sleep(120 * time.Second)
			synctest.Wait()
			own, err = dialFrom(host, 20)
			require.NoError(t, err)
			own.Close()
			first.Close()
			var events []uint32
			for _, e := range host.EventLog() {
				events = append(events, e.ID)
			}
			assert.Equal(t, tt.events, events)
		})
	}
}

// On Windows 98 everything shares a hundred sockets: 60 accepted and 40 dialled
// connections fill the machine, and one that closes makes room for any other.
func TestPoolOf98(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, gate, peers := newPorts(t, win98, nil)
		pool := d.host.Pool()
		inner := memnet.NewListener(21)
		backlog, err := tcp.NewBacklog(d.host, inner, nil)
		require.NoError(t, err)
		ln, err := tcp.NewListener(d.host, limits.TCPOther, backlog, nil)
		require.NoError(t, err)
		web, err := iis.NewServer(d.host)
		require.NoError(t, err)
		webInner := memnet.NewListener(80)
		go web.Serve(&http.Server{Handler: http.NotFoundHandler()}, webInner)
		defer d.host.Close()

		var clients, accepted, dialled []net.Conn
		accept := func() {
			t.Helper()
			c, err := inner.Dial(t.Context())
			require.NoError(t, err)
			clients = append(clients, c)
			server, err := ln.Accept()
			require.NoError(t, err)
			accepted = append(accepted, server)
		}
		dial := func() {
			t.Helper()
			c, err := d.Dial("tcp", "198.51.100.1:80")
			require.NoError(t, err)
			dialled = append(dialled, c)
		}
		for range 60 {
			accept()
		}
		for range 40 {
			dial()
		}
		full := func() {
			t.Helper()
			assert.Equal(t, 100, pool.Stats().Held)
			_, err := d.Dial("tcp", "198.51.100.1:80")
			require.ErrorIs(t, err, simulate.ErrLimit)
			require.ErrorIs(t, err, syscall.ENOBUFS)
			_, err = inner.Dial(t.Context())
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			visitor, err := webInner.Dial(t.Context())
			require.NoError(t, err)
			defer visitor.Close()
			_, err = visitor.Read(make([]byte, 1))
			require.ErrorIs(t, err, io.EOF)
			assert.Zero(t, web.Gate().Stats().Held)
		}
		full()

		require.NoError(t, accepted[0].Close())
		dial()
		full()
		require.NoError(t, peers.ends[0].Close())
		_, err = dialled[0].Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.NoError(t, dialled[0].Close())
		accept()
		full()
		require.NoError(t, accepted[1].Close())
		visitor, err := webInner.Dial(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, 1, web.Gate().Stats().Held)
		full2 := pool.Stats().Held
		assert.Equal(t, 100, full2)
		require.NoError(t, visitor.Close())
		synctest.Wait()
		accept()

		// One that waits to be accepted has a socket as well, and so has one in
		// TIME_WAIT.
		require.NoError(t, accepted[2].Close())
		waiting, err := inner.Dial(t.Context())
		require.NoError(t, err)
		full()
		require.NoError(t, waiting.(*memnet.Conn).SetLinger(0))
		require.NoError(t, waiting.Close())
		dial()
		require.NoError(t, dialled[1].Close())
		full()
		time.Sleep(240 * time.Second)
		synctest.Wait()
		dial()
		full()
		assert.Equal(t, gate.Stats().Held+len(accepted)-3, pool.Stats().Held)
		for _, c := range clients {
			c.Close()
		}
	})
}

func TestDialTCPCannotCountPorts(t *testing.T) {
	d, _, _ := newPorts(t, xpSP2, nil)
	_, err := d.DialTCP(t.Context(), "tcp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.1:80"))
	require.ErrorContains(t, err, "DialTCP cannot count ports, since it does not see a *net.TCPConn close; use DialContext")
}

// Real connections, with the limit moved to 50.
func TestPortsOnLoopback(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{CountPorts: true})
	gate, err := d.host.Gate(limits.TCPOutbound)
	require.NoError(t, err)
	require.NoError(t, gate.SetLimit(limits.Number(50)))
	var clients, servers []net.Conn
	dial := func() {
		t.Helper()
		c, err := d.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		clients = append(clients, c)
		server, err := ln.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		servers = append(servers, server)
	}
	full := func() {
		t.Helper()
		assert.Equal(t, 50, gate.Stats().Held)
		_, err := d.Dial("tcp", ln.Addr().String())
		require.ErrorIs(t, err, syscall.ENOBUFS)
		require.ErrorIs(t, err, simulate.ErrLimit)
	}
	for range 50 {
		dial()
	}
	full()

	// The connection has what a *net.TCPConn has.
	type tcpConn interface {
		net.Conn
		io.ReaderFrom
		io.WriterTo
		syscall.Conn
		NetConn() net.Conn
		CloseRead() error
		CloseWrite() error
		SetLinger(int) error
		SetNoDelay(bool) error
		SetKeepAlive(bool) error
	}
	_ = clients[0].(tcp.Conn)

	// Closed by the peer, seen by Read or WriteTo.
	servers[0].Close()
	_, err = clients[0].Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	clients[0].Close()
	dial()
	servers[1].Close()
	_, err = clients[1].(tcpConn).WriteTo(io.Discard)
	require.NoError(t, err)
	clients[1].Close()
	dial()
	full()

	// Reset by this side, and by the peer.
	require.NoError(t, clients[2].(tcpConn).SetLinger(0))
	clients[2].Close()
	dial()
	require.NoError(t, servers[3].(*net.TCPConn).SetLinger(0))
	servers[3].Close()
	_, err = clients[3].Read(make([]byte, 1))
	require.Error(t, err)
	clients[3].Close()
	dial()
	full()

	// Closed by this side first, it stays.
	clients[4].Close()
	require.NoError(t, clients[5].(tcpConn).CloseWrite())
	servers[5].Close()
	_, err = clients[5].Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	clients[5].Close()
	full()
}
