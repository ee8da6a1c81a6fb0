package tcp_test

import (
	"context"
	"net"
	"net/netip"
	"path/filepath"
	"reflect"
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

// What takes an interface of the methods of a net.Dialer takes a tcp.Dialer, also
// those that net.Dialer has only in the Go that runs the test.
func TestDialerHasTheMethodsOfNetDialer(t *testing.T) {
	settings := map[string]bool{"MultipathTCP": true, "SetMultipathTCP": true} // of DialerSettings.Net
	ours := reflect.TypeFor[*tcp.Dialer]()
	all := reflect.TypeFor[*net.Dialer]()
	for i := range all.NumMethod() {
		theirs := all.Method(i)
		if settings[theirs.Name] {
			continue
		}
		method, ok := ours.MethodByName(theirs.Name)
		if !assert.True(t, ok, theirs.Name) {
			continue
		}
		assert.Equal(t, signature(theirs.Type), signature(method.Type), theirs.Name)
	}
	_ = interface {
		DialTCP(context.Context, string, netip.AddrPort, netip.AddrPort) (*net.TCPConn, error)
		DialUDP(context.Context, string, netip.AddrPort, netip.AddrPort) (*net.UDPConn, error)
		DialIP(context.Context, string, netip.Addr, netip.Addr) (*net.IPConn, error)
		DialUnix(context.Context, string, *net.UnixAddr, *net.UnixAddr) (*net.UnixConn, error)
	}(new(tcp.Dialer))
}

// signature returns the types of a method without its receiver.
func signature(method reflect.Type) (types []reflect.Type) {
	for i := 1; i < method.NumIn(); i++ {
		types = append(types, method.In(i))
	}
	for out := range method.NumOut() {
		types = append(types, method.Out(out))
	}
	return types
}

func TestDialTCP(t *testing.T) {
	live := netip.MustParseAddrPort(listenAndClose(t, "127.0.0.1:0").Addr().String())
	dead := netip.MustParseAddrPort(refusing(t, "127.0.0.1"))
	from := func(addr string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(addr), 0) }
	for _, tt := range []struct {
		name, network string
		laddr, raddr  netip.AddrPort
		from          string
		err           string
	}{
		{name: "open", network: "tcp", raddr: live},
		{name: "tcp4", network: "tcp4", raddr: live},
		{name: "the local system", network: "tcp4", raddr: netip.AddrPortFrom(netip.Addr{}, live.Port())},
		{name: "from an address", network: "tcp", laddr: from("127.0.0.5"), raddr: live, from: "127.0.0.5"},
		{name: "of another family", network: "tcp6", raddr: live, err: "no suitable address"},
		{name: "from another family", network: "tcp", laddr: from("::1"), raddr: live, err: "no suitable address"},
		{name: "refused", network: "tcp", raddr: dead, err: "refused"},
		{name: "no TCP", network: "udp", raddr: live, err: "unknown network udp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// LocalAddr is for the other methods.
			d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{Net: net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}})
			conn, err := d.DialTCP(t.Context(), tt.network, tt.laddr, tt.raddr)
			stats := d.gate.Stats()
			assert.Zero(t, stats.Held)
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				require.Nil(t, conn)
				var op *net.OpError
				require.ErrorAs(t, err, &op)
				assert.Equal(t, "dial", op.Op)
				return
			}
			require.NoError(t, err)
			defer conn.Close()
			assert.EqualValues(t, 1, stats.Admitted)
			if tt.from == "" {
				tt.from = "127.0.0.1"
			}
			assert.Equal(t, tt.from, conn.LocalAddr().(*net.TCPAddr).IP.String())
		})
	}
}

// DialTCP waits for its slot as DialContext does.
func TestDialTCPWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, nil, new(network), tcp.DialerSettings{Net: net.Dialer{Timeout: time.Second}})
		release, err := d.gate.Hold(10)
		require.NoError(t, err)
		start := time.Now()
		_, err = d.DialTCP(t.Context(), "tcp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.1:80"))
		require.ErrorIs(t, err, simulate.ErrLimit)
		assert.Equal(t, time.Second, time.Since(start))
		release()

		_, err = d.DialTCP(t.Context(), "tcp", netip.AddrPort{}, netip.MustParseAddrPort("198.51.100.1:80"))
		require.ErrorContains(t, err, "tcp: Connect returned a *net.pipe; DialTCP wants a *net.TCPConn")
		assert.Zero(t, d.gate.Stats().Held)
	})
}

func TestDialOther(t *testing.T) {
	d := newDialer(t, xpSP2, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPHalfOpen: 0}}, nil, tcp.DialerSettings{})
	packets, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer packets.Close()
	to := packets.LocalAddr().(*net.UDPAddr).AddrPort()
	udp, err := d.DialUDP(t.Context(), "udp4", netip.MustParseAddrPort("127.0.0.7:0"), to)
	require.NoError(t, err)
	defer udp.Close()
	_, err = udp.Write([]byte("x"))
	require.NoError(t, err)
	_, from, err := packets.ReadFromUDPAddrPort(make([]byte, 1))
	require.NoError(t, err)
	assert.Equal(t, netip.MustParseAddr("127.0.0.7"), from.Addr())
	_, err = d.DialUDP(t.Context(), "tcp", netip.AddrPort{}, to)
	require.ErrorContains(t, err, "unknown network tcp")

	name := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	require.NoError(t, err)
	defer ln.Close()
	unix, err := d.DialUnix(t.Context(), "unix", nil, &net.UnixAddr{Name: name, Net: "unix"})
	require.NoError(t, err)
	unix.Close()
	_, err = d.DialUnix(t.Context(), "unix", nil, nil)
	require.Error(t, err)
	_, err = d.DialUnix(t.Context(), "udp", nil, &net.UnixAddr{Name: name})
	require.ErrorContains(t, err, "unknown network udp")

	ip, err := d.DialIP(t.Context(), "ip4:icmp", netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.1"))
	if err == nil {
		ip.Close()
	} else { // for which a program needs privileges
		require.ErrorIs(t, err, syscall.EPERM)
	}
	_, err = d.DialIP(t.Context(), "ip4", netip.Addr{}, netip.MustParseAddr("127.0.0.1"))
	require.Error(t, err)
	_, err = d.DialIP(t.Context(), "tcp", netip.Addr{}, netip.MustParseAddr("127.0.0.1"))
	require.ErrorContains(t, err, "unknown network tcp")
	assert.Zero(t, d.gate.Stats(), "none of these is counted")
}

func TestZeroDialerOfTCP(t *testing.T) {
	_, err := new(tcp.Dialer).DialTCP(t.Context(), "tcp", netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:1"))
	require.ErrorContains(t, err, "the zero Dialer has no host")
}
