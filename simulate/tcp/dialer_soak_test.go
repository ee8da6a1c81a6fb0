package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
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
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/internal/soak"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// soakNetwork is a network whose hosts accept, refuse or are silent, and whose peers
// close, reset or stay. It counts the attempts in progress.
type soakNetwork struct{ attempts, inProgress, most atomic.Int64 }

func (n *soakNetwork) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	n.attempts.Add(1)
	now := n.inProgress.Add(1)
	defer n.inProgress.Add(-1)
	for most := n.most.Load(); now > most && !n.most.CompareAndSwap(most, now); most = n.most.Load() {
	}
	switch rand.IntN(20) {
	case 0:
		<-ctx.Done()
		return nil, ctx.Err()
	case 1, 2, 3:
		pause(1)
		return nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	select {
	case <-time.After(time.Duration(rand.IntN(3)) * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	client, server := memnet.Pipe(&net.TCPAddr{}, &net.TCPAddr{})
	switch rand.IntN(4) {
	case 0:
		server.Close()
	case 1:
		_ = server.SetLinger(0)
		server.Close()
	}
	return client, nil
}

// lookup finds hosts of one family, of the other and of both.
func (n *soakNetwork) lookup(context.Context, string, string) ([]netip.Addr, error) {
	addrs := []netip.Addr{netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("2001:db8:1::1"), netip.MustParseAddr("198.51.100.2")}
	from := rand.IntN(len(addrs))
	return addrs[from:], nil
}

// soakUse closes a connection in any way.
func soakUse(c net.Conn) {
	pause(2)
	switch rand.IntN(5) {
	case 0:
		_ = c.(interface{ SetLinger(int) error }).SetLinger(0)
	case 1:
		_ = c.(interface{ CloseWrite() error }).CloseWrite()
	case 2:
		_ = c.SetReadDeadline(time.Now())
		_, _ = io.Copy(io.Discard, c)
	case 3:
		closeTwice(c)
	}
	c.Close()
}

// TestSoakDialer: each dial is in the sums of its limits once, no more attempts than
// the limit are in progress, and nothing is held when they are over.
func TestSoakDialer(t *testing.T) {
	n := admissions(t)
	once := 0
	cases := []struct {
		name  string
		ports int // that the machine has; 0 counts none
		names bool
		moves bool
	}{
		{name: "addresses"},
		{name: "addresses-moved", moves: true},
		{name: "names-moved", names: true, moves: true},
		{name: "ports", ports: 2000},
		{name: "ports-moved", ports: 2000, moves: true},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			soakRounds(t, n/len(cases), func(t *testing.T, n int64, ledger *soak.Ledger) {
				// An attempt that nothing answers is given up soon, and ports are
				// short but not for long, so that the others have their turn.
				settings := &simulate.Settings{
					HalfOpen: simulate.HalfOpenSettings{MaxConnectRetransmissions: &once, InitialRTT: 20 * time.Millisecond},
					Outbound: simulate.OutboundSettings{TimedWaitDelay: limits.TimedWaitDelayMin},
				}
				if tt.ports > 0 {
					settings.Limits = map[limits.Service]int{limits.TCPOutbound: tt.ports}
				}
				soakDialer(t, newHost(t, xpSP2, settings), ledger, n, tt.ports > 0, tt.names, tt.moves)
			})
		})
	}
}

func soakDialer(t *testing.T, host *simulate.Host, ledger *soak.Ledger, n int64, ports, names, moves bool) {
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)
	outbound, err := host.Gate(limits.TCPOutbound)
	require.NoError(t, err)
	account, portAccount := ledger.Open(gate), ledger.Open(outbound)
	var network soakNetwork
	var dialers []*tcp.Dialer
	for i := range 4 {
		d, err := tcp.NewDialer(host, &tcp.DialerSettings{
			Process: fmt.Sprint(i), CountPorts: ports, Connect: network.connect, Lookup: network.lookup,
		})
		require.NoError(t, err)
		dialers = append(dialers, d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var background, clients sync.WaitGroup
	if moves {
		background.Go(func() { assert.NoError(t, account.Move(ctx)) })
	}
	if moves && ports {
		background.Go(func() { assert.NoError(t, portAccount.Move(ctx)) })
	}
	var tally soakDials
	for worker := range 64 {
		clients.Go(func() {
			for {
				if gate.Stats().Admitted >= n {
					assert.NoError(t, host.Close()) // with what is in progress
				}
				c, err := soakDial(t.Context(), dialers[worker%len(dialers)], names)
				tally.count(t, err)
				switch {
				case err == nil:
					soakUse(c)
				case errors.Is(err, simulate.ErrClosed):
					return
				case errors.Is(err, syscall.ENOBUFS):
					time.Sleep(time.Duration(rand.IntN(5000)) * time.Millisecond)
				default:
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	clients.Wait()
	cancel()
	background.Wait()
	time.Sleep(2 * limits.TimedWaitDelayMin) // all ports are out of TIME_WAIT
	synctest.Wait()
	s, portStats := gate.Stats(), outbound.Stats()
	require.NoError(t, account.Settle())
	if ports {
		require.NoError(t, portAccount.Settle())
	}
	highest, _ := gate.Policy().Limit.Number()
	assert.LessOrEqual(t, network.most.Load(), int64(highest))
	assert.Zero(t, network.inProgress.Load())
	assert.Equal(t, network.attempts.Load(), s.Admitted)
	if names {
		return // whose attempts are more than the dials
	}
	assert.Equal(t, s, simulate.Stats{
		Peak: s.Peak, Waited: s.Waited, Admitted: tally.admitted.Load(),
		TimedOut: tally.timedOut.Load(), Abandoned: tally.abandoned.Load(), Superseded: tally.superseded.Load(),
	})
	assert.Equal(t, tally.noPort.Load(), portStats.Refused)
}

// soakDial dials with any context.
func soakDial(ctx context.Context, d *tcp.Dialer, names bool) (net.Conn, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	address := "198.51.100.1:80"
	if names {
		address = "name:80"
	}
	after := time.Duration(rand.IntN(6)) * time.Millisecond
	switch rand.IntN(6) {
	case 0:
		timed, stop := context.WithTimeout(ctx, after)
		defer stop()
		return d.DialContext(timed, "tcp", address)
	case 1:
		cancel(nil)
	case 2:
		defer time.AfterFunc(after, func() { cancel(nil) }).Stop()
	case 3:
		defer time.AfterFunc(after, func() { cancel(simulate.ErrSuperseded) }).Stop()
	case 4:
		until, leave := context.WithCancelCause(ctx)
		defer leave(nil)
		defer time.AfterFunc(after, func() { leave(simulate.ErrSuperseded) }).Stop()
		return d.DialContext(tcp.WithQueueContext(ctx, until), "tcp", address)
	}
	return d.DialContext(ctx, "tcp", address)
}

// soakDials is what dials to an address say of themselves.
type soakDials struct{ admitted, timedOut, abandoned, superseded, noPort, over atomic.Int64 }

func (d *soakDials) count(t *testing.T, err error) {
	var limit *simulate.LimitError
	switch {
	case err == nil, errors.Is(err, tcp.ErrConnecting), errors.Is(err, syscall.ECONNREFUSED):
		d.admitted.Add(1)
	case errors.As(err, &limit) && limit.Rule.Service == limits.TCPOutbound:
		assert.Equal(t, simulate.Refused, limit.Outcome)
		assert.ErrorIs(t, err, syscall.ENOBUFS)
		d.noPort.Add(1)
	case limit == nil:
		d.over.Add(1) // before it met the limit
	default:
		switch limit.Outcome {
		case simulate.TimedOut:
			d.timedOut.Add(1)
		case simulate.Abandoned:
			d.abandoned.Add(1)
		case simulate.Superseded:
			d.superseded.Add(1)
		default:
			assert.Fail(t, "outcome", "%v", err)
		}
	}
}
