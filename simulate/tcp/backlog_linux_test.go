package tcp_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// listenLoopback returns a listener on a port that the kernel chooses, of plain
// TCP or of Multipath TCP, which is what net.Listen returns where there is such.
func listenLoopback(t testing.TB, multipath bool, address string) net.Listener {
	t.Helper()
	var config net.ListenConfig
	config.SetMultipathTCP(multipath)
	ln, err := config.Listen(t.Context(), "tcp", address)
	if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return ln
}

// Of eleven dials, each made when the gate shows the one before, ten connect and
// the eleventh is refused in the dial, on whatever port.
func TestBacklogInTheKernel(t *testing.T) {
	for _, tt := range []struct {
		name      string
		multipath bool
		address   string
	}{
		{"TCP", false, "127.0.0.1:0"},
		{"Multipath TCP", true, "127.0.0.1:0"},
		{"IPv6", true, "[::1]:0"},
		{"both families", true, ":0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := descriptors(t)
			for range 20 {
				inner := listenLoopback(t, tt.multipath, tt.address)
				_, port, err := net.SplitHostPort(inner.Addr().String())
				require.NoError(t, err)
				b := newBacklog(t, xpSP2, inner)
				require.Equal(t, tcp.RefusesSYN, b.Refusal())
				address := inner.Addr().String()
				if tt.address == ":0" {
					address = "127.0.0.1:" + port
				}
				conns := fill(t, b, address, 10)
				for range 3 {
					_, err = net.Dial("tcp", address)
					require.ErrorIs(t, err, syscall.ECONNREFUSED)
				}

				// After one Accept one more connects.
				accepted, err := b.Accept()
				require.NoError(t, err)
				conns = append(conns, accepted)
				conns = append(conns, fill(t, b, address, 10)...)
				_, err = net.Dial("tcp", address)
				require.ErrorIs(t, err, syscall.ECONNREFUSED)

				// So it does after a client has reset.
				require.NoError(t, conns[5].(*net.TCPConn).SetLinger(0))
				conns[5].Close()
				require.NoError(t, b.Gate().WaitHeld(t.Context(), 9))
				conns = append(conns, fill(t, b, address, 10)...)
				_, err = net.Dial("tcp", address)
				require.ErrorIs(t, err, syscall.ECONNREFUSED)

				require.NoError(t, b.Close())
				for _, c := range conns[6:10] {
					_, err := c.Read(make([]byte, 1))
					require.ErrorIs(t, err, syscall.ECONNRESET)
				}
				_, err = net.Dial("tcp", address)
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				for _, c := range conns {
					c.Close()
				}
				assert.Zero(t, b.Gate().Stats().Held)
			}
			assert.Equal(t, before, descriptors(t))
		})
	}
}

// fill connects until the backlog holds n.
func fill(t testing.TB, b *tcp.Backlog, address string, n int) (conns []net.Conn) {
	t.Helper()
	for held := b.Gate().Stats().Held; held < n; held++ {
		c, err := net.Dial("tcp", address)
		require.NoError(t, err, "with %d held", held)
		t.Cleanup(func() { c.Close() })
		conns = append(conns, c)
		require.NoError(t, b.Gate().WaitHeld(t.Context(), held+1))
	}
	return conns
}

// Of many clients that dial at once and then read, exactly as many as the edition
// holds wait. The others are refused or reset, and never answered.
func TestBacklogUnderABurst(t *testing.T) {
	for _, tt := range []struct {
		windows       limits.Windows
		clients, held int
		runs          int
	}{
		{xpSP2, 40, 10, 20},
		{windows10, 240, 200, 3},
	} {
		t.Run(tt.windows.String(), func(t *testing.T) {
			before := descriptors(t)
			for range tt.runs {
				b := newBacklog(t, tt.windows, listenLoopback(t, true, "127.0.0.1:0"))
				address := b.Addr().String()
				failed := make(chan error, tt.clients)
				start := make(chan struct{})
				conns := make([]net.Conn, tt.clients)
				var clients sync.WaitGroup
				for i := range tt.clients {
					clients.Go(func() {
						<-start
						c, err := net.Dial("tcp", address)
						if err == nil {
							conns[i] = c
							_, err = c.Read(make([]byte, 1))
						}
						failed <- err
					})
				}
				close(start)
				inDial := 0
				for range tt.clients - tt.held {
					err := <-failed
					if !errors.Is(err, syscall.ECONNREFUSED) {
						require.ErrorIs(t, err, syscall.ECONNRESET)
						continue
					}
					inDial++
				}
				// The others wait, each until it is answered.
				require.NoError(t, b.Gate().WaitHeld(t.Context(), tt.held))
				for range tt.held {
					c, err := b.Accept()
					require.NoError(t, err)
					_, err = c.Write([]byte("x"))
					require.NoError(t, err)
					require.NoError(t, <-failed)
					c.Close()
				}
				clients.Wait()
				for _, c := range conns {
					if c != nil {
						c.Close()
					}
				}
				require.NoError(t, b.Close())
				require.Zero(t, b.Gate().Stats().Held)
			}
			assert.Equal(t, before, descriptors(t))
		})
	}
}

// The limit is moved while the kernel refuses, and while it does not.
func TestBacklogInTheKernelFollowsTheLimit(t *testing.T) {
	b := newBacklog(t, windows10, listenLoopback(t, true, "127.0.0.1:0"))
	address := b.Addr().String()
	require.NoError(t, b.Gate().SetLimit(limits.Number(2)))
	fill(t, b, address, 2)
	_, err := net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, b.Gate().SetLimit(limits.Number(3)))
	dialer := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) }
	var third net.Conn
	for third == nil { // the kernel is told a moment later
		require.NoError(t, t.Context().Err())
		third, _ = dialer(t.Context())
	}
	defer third.Close()
	require.NoError(t, b.Gate().WaitHeld(t.Context(), 3))
	_, err = net.Dial("tcp", address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

// A machine without a backlog at all, and one that does not accept while it waits.
func TestBacklogOfNone(t *testing.T) {
	host := newHost(t, xpSP2, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPBacklog: 0}})
	b, err := tcp.NewBacklog(host, listenLoopback(t, true, "127.0.0.1:0"), nil)
	require.NoError(t, err)
	defer b.Close()
	var refused error
	for refused == nil { // the kernel is told a moment later
		var c net.Conn
		if c, refused = net.Dial("tcp", b.Addr().String()); refused == nil {
			_, refused = c.Read(make([]byte, 1))
			c.Close()
		}
	}
	assert.Zero(t, b.Gate().Stats().Peak)
}
