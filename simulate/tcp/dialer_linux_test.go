package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// silence returns a port of loopback at which nothing answers a SYN: a listener
// with a backlog of 0, already full. The port is the same for IPv4 and, where
// the machine has it, IPv6.
func silence(t testing.TB) (port uint16, families []netip.Addr) {
	t.Helper()
	hosts := []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	for _, host := range hosts {
		ln, err := net.Listen("tcp", netip.AddrPortFrom(host, port).String())
		if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
			continue
		}
		require.NoError(t, err)
		t.Cleanup(func() { ln.Close() })
		port = ln.Addr().(*net.TCPAddr).AddrPort().Port()
		raw, err := ln.(*net.TCPListener).SyscallConn()
		require.NoError(t, err)
		require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
		require.NoError(t, err)
		filler, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { filler.Close() })
		families = append(families, host)
	}
	require.NotEmpty(t, families)
	return port, families
}

// synSent counts this network namespace's sockets in SYN_SENT to a port.
func synSent(t testing.TB, port uint16) (n int) {
	t.Helper()
	const state = " 02 "
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		remote := fmt.Sprintf(":%04X", port) + state
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, remote) {
				n++
			}
		}
	}
	return n
}

// stableSYNSent is synSent at a moment that means something: the tables are not
// read in one step, so that a socket that closes and one that opens meanwhile
// could both be counted. If no slot was given out during the reading, at most
// the holders of the time before can be in it.
func stableSYNSent(t testing.TB, g *simulate.Gate, port uint16) (n int, ok bool) {
	before := g.Stats().Admitted
	n = synSent(t, port)
	return n, g.Stats().Admitted == before
}

func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

// The kernel's own count, for forty attempts at addresses that do not answer.
func TestKernelSeesTenSYNSent(t *testing.T) {
	port, families := silence(t)
	last := families[len(families)-1]
	for _, tt := range []struct {
		name    string
		address string
		slots   int // that forty dials ask for
	}{
		{"one address", netip.AddrPortFrom(last, port).String(), 40},
		{"name", fmt.Sprintf("name:%d", port), 40 * len(families)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := descriptors(t)
			d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{
				Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return families, nil },
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			errs := make(chan error)
			for range 40 {
				go func() {
					_, err := d.DialContext(ctx, "tcp", tt.address)
					errs <- err
				}()
			}
			require.NoError(t, d.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == tt.slots-10 }))
			for synSent(t, port) != 10 { // a slot is taken a moment before its SYN goes out
				require.NoError(t, t.Context().Err())
			}
			most := descriptors(t)

			start := time.Now()
			cancel()
			queued, connecting := 0, 0
			for range 40 {
				err := <-errs
				require.ErrorIs(t, err, context.Canceled)
				switch {
				case errors.Is(err, simulate.ErrLimit):
					queued++
				case errors.Is(err, tcp.ErrConnecting):
					connecting++
				}
			}
			assert.Less(t, time.Since(start), 5*time.Second)
			assert.Equal(t, 40, queued+connecting)
			if tt.slots == 40 {
				assert.Equal(t, 10, connecting)
			}
			assert.Zero(t, synSent(t, port), "a dial returns when its socket is closed")
			assert.Zero(t, d.gate.Stats().Held)
			assert.LessOrEqual(t, most, before+12, "a queued attempt has no descriptor")
			assert.LessOrEqual(t, descriptors(t), before+2)
		})
	}
}

func TestKernelSeesTenSYNSentUnderLoad(t *testing.T) {
	port, families := silence(t)
	d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) { return families, nil },
	})
	addresses := []string{netip.AddrPortFrom(families[0], port).String(), "name:" + strconv.Itoa(int(port))}
	var workers sync.WaitGroup
	for i := range 64 {
		workers.Go(func() {
			for j := range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), 40*time.Millisecond)
				_, err := d.DialContext(ctx, "tcp", addresses[(i+j)%2])
				cancel()
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		workers.Wait()
	}()
	most, samples := 0, 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		if n, ok := stableSYNSent(t, d.gate, port); ok {
			most = max(most, n)
			samples++
		}
	}
	t.Logf("%d samples, at most %d in SYN_SENT; %+v", samples, most, d.gate.Stats())
	assert.LessOrEqual(t, most, 10)
	assert.Positive(t, samples)
	assert.Equal(t, 10, d.gate.Stats().Peak)
	assert.Zero(t, synSent(t, port))
	assert.Zero(t, d.gate.Stats().Held)
}

// The system's clock gives up a socket, whatever kind of context the caller has.
func TestSystemGivesUp(t *testing.T) {
	port, families := silence(t)
	address := netip.AddrPortFrom(families[0], port).String()
	type key struct{}
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	later, cancelLater := context.WithTimeout(t.Context(), time.Hour)
	defer cancelLater()
	none := 0
	settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{MaxConnectRetransmissions: &none, InitialRTT: 50 * time.Millisecond}}
	for _, tt := range []struct {
		name string
		ctx  context.Context
		with net.Dialer
	}{
		{name: "background", ctx: context.Background()},
		{name: "values", ctx: context.WithValue(context.Background(), key{}, "value"), with: net.Dialer{
			ControlContext: func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
				if ctx.Value(key{}) != "value" {
					return errors.New("the value is lost")
				}
				return nil
			},
		}},
		{name: "cancellable", ctx: cancellable},
		{name: "later deadline", ctx: later},
		{name: "timeout", ctx: context.Background(), with: net.Dialer{Timeout: time.Hour}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDialer(t, xpSP2, settings, nil, tcp.DialerSettings{Net: tt.with})
			for range 3 {
				_, err := d.DialContext(tt.ctx, "tcp", address)
				var noAnswer *tcp.ConnectError
				require.ErrorAs(t, err, &noAnswer)
				assert.True(t, noAnswer.GivenUp, err)
				assert.GreaterOrEqual(t, noAnswer.After, 50*time.Millisecond)
				require.ErrorIs(t, err, syscall.ETIMEDOUT)
				assert.NotErrorIs(t, err, context.DeadlineExceeded)
			}
			ctx, cancel := context.WithTimeout(tt.ctx, 10*time.Millisecond)
			defer cancel()
			_, err := d.DialContext(ctx, "tcp", address)
			var noAnswer *tcp.ConnectError
			require.ErrorAs(t, err, &noAnswer)
			assert.False(t, noAnswer.GivenUp, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// Host.Close takes the sockets out of SYN_SENT.
func TestHostCloseEndsAttemptsInTheKernel(t *testing.T) {
	port, families := silence(t)
	address := netip.AddrPortFrom(families[0], port).String()
	cancellable, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, ctx := range []context.Context{context.Background(), cancellable} {
		d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{})
		errs := make(chan error)
		for range 15 {
			go func() {
				_, err := d.DialContext(ctx, "tcp", address)
				errs <- err
			}()
		}
		require.NoError(t, d.gate.Wait(t.Context(), func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 5 }))
		for synSent(t, port) != 10 {
			require.NoError(t, t.Context().Err())
		}
		require.NoError(t, d.host.Close())
		assert.Zero(t, synSent(t, port))
		assert.Zero(t, d.gate.Stats().Held)
		connecting := 0
		for range 15 {
			err := <-errs
			require.ErrorIs(t, err, simulate.ErrClosed)
			if errors.Is(err, tcp.ErrConnecting) {
				connecting++
			}
		}
		assert.Equal(t, 10, connecting)
	}
}
