package tcp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func TestHostCloseEndsDials(t *testing.T) {
	type key struct{}
	for _, tt := range []struct {
		name string
		ctx  func(context.Context) context.Context
	}{
		{"background", func(context.Context) context.Context { return context.Background() }},
		{"cancellable", func(ctx context.Context) context.Context { return ctx }},
		{"of a request", func(ctx context.Context) context.Context { return tcp.WithQueueContext(ctx, ctx) }},
		{"detached", func(ctx context.Context) context.Context {
			return context.WithoutCancel(tcp.WithQueueContext(context.WithValue(ctx, key{}, 1), ctx))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDialer(t, xpSP2, nil, new(network), tcp.DialerSettings{})
				ctx := tt.ctx(t.Context())
				time.AfterFunc(time.Second, func() {
					assert.NoError(t, d.host.Close())
					assert.Zero(t, d.gate.Stats().Held, "Close returns when the attempts have ended")
				})
				connecting, queued := 0, 0
				for _, r := range dialAll(ctx, d, dead(15)...) {
					assert.Equal(t, time.Second, r.at)
					require.ErrorIs(t, r.err, simulate.ErrClosed)
					assert.NotErrorIs(t, r.err, context.Canceled)
					var op *net.OpError
					require.ErrorAs(t, r.err, &op)
					assert.False(t, op.Timeout())
					if errors.Is(r.err, tcp.ErrConnecting) {
						connecting++
						assert.ErrorContains(t, r.err, "tcp: no answer after 1s: simulate: host closed")
					}
					if errors.Is(r.err, simulate.ErrLimit) {
						queued++
					}
				}
				assert.Equal(t, 10, connecting)
				assert.Equal(t, 5, queued)
				stats := d.gate.Stats()
				assert.Zero(t, stats.Held)
				assert.Zero(t, stats.Queued)
				assert.EqualValues(t, 5, stats.Abandoned)

				for _, address := range []string{"198.51.100.1:80", "name:80"} {
					_, err := d.DialContext(ctx, "tcp", address)
					require.ErrorIs(t, err, simulate.ErrClosed)
				}
				assert.EqualValues(t, 10, d.gate.Stats().Admitted)
				_, err := tcp.NewDialer(d.host, nil)
				require.ErrorIs(t, err, simulate.ErrClosed)
				require.NoError(t, d.host.Close(), "again")
			})
		})
	}
}

func TestHostCloseEndsLookups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{
			Lookup: func(ctx context.Context, _, _ string) ([]netip.Addr, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
			Connect: func(context.Context, string, string) (net.Conn, error) {
				assert.Fail(t, "nothing to connect to")
				return nil, nil
			},
		})
		time.AfterFunc(time.Second, func() { d.host.Close() })
		start := time.Now()
		_, err := d.Dial("tcp", "name:80")
		require.ErrorIs(t, err, simulate.ErrClosed)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

func TestClosedHostMakesNoDialer(t *testing.T) {
	host, err := simulate.New(xpSP2, nil)
	require.NoError(t, err)
	require.NoError(t, host.Close())
	_, err = tcp.NewDialer(host, nil)
	require.ErrorIs(t, err, simulate.ErrClosed)
}

// A connection that was made is the program's.
func TestHostCloseLeavesConnections(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	d := newDialer(t, xpSP2, nil, nil, tcp.DialerSettings{})
	client, err := d.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := ln.Accept()
	require.NoError(t, err)
	defer server.Close()
	require.NoError(t, d.host.Close())
	_, err = client.Write([]byte("x"))
	require.NoError(t, err)
	_, err = server.Read(make([]byte, 1))
	require.NoError(t, err)
}

func TestWithQueueContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDialer(t, xpSP2, nil, new(network), tcp.DialerSettings{})
		request, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		connecting, queued := 0, 0
		for _, r := range dialAll(context.WithoutCancel(tcp.WithQueueContext(request, request)), d, dead(13)...) {
			switch {
			case errors.Is(r.err, simulate.ErrLimit):
				queued++
				require.ErrorIs(t, r.err, context.Canceled)
				assert.Equal(t, time.Second, r.at, "it leaves the queue with its request")
			case errors.Is(r.err, tcp.ErrConnecting):
				connecting++
				assert.Equal(t, 21*time.Second, r.at, "it goes on without its request")
			}
		}
		assert.Equal(t, 10, connecting)
		assert.Equal(t, 3, queued)

		conn, err := d.DialContext(context.WithoutCancel(tcp.WithQueueContext(request, request)), "tcp", "198.51.100.1:80")
		require.NoError(t, err, "a dial that has no need to wait does not ask")
		conn.Close()
	})
}

// A dial that leaves the queue because it is needed no longer is no loss.
func TestSuperseded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &network{names: map[string][]netip.Addr{"both": {netip.MustParseAddr("2001:db8:1::1"), netip.MustParseAddr("192.0.2.1")}}, delay: time.Second}
		d := newDialer(t, xpSP2, &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}, n, tcp.DialerSettings{})
		// The slot of the first, when it is answered, is not for the second.
		time.AfterFunc(500*time.Millisecond, func() { assert.NoError(t, d.gate.SetLimit(limits.Number(0))) })
		conn, err := d.Dial("tcp", "both:80")
		require.NoError(t, err)
		conn.Close()
		require.NoError(t, d.gate.SetLimit(limits.Number(1)))
		assert.Equal(t, []string{"[2001:db8:1::1]:80"}, n.order, "the second was in the queue when the first was answered")
		assert.Equal(t, simulate.Stats{Peak: 1, Admitted: 1, Superseded: 1}, d.gate.Stats())

		// A caller that gives up loses what it asked for, whatever the race.
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(500*time.Millisecond, cancel)
		_, err = d.DialContext(ctx, "tcp", "both:80")
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, simulate.Stats{Peak: 1, Admitted: 2, Superseded: 1, Abandoned: 1}, d.gate.Stats())

		// The cause of a queue context says which it is.
		require.NoError(t, d.gate.SetLimit(limits.Number(0)))
		for cause, outcome := range map[error]simulate.Outcome{
			simulate.ErrSuperseded: simulate.Superseded, nil: simulate.Abandoned, io.EOF: simulate.Abandoned,
		} {
			until, end := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { end(cause) })
			_, err := d.DialContext(tcp.WithQueueContext(t.Context(), until), "tcp", "198.51.100.1:80")
			var limit *simulate.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, outcome, limit.Outcome)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Equal(t, outcome == simulate.Superseded, errors.Is(err, simulate.ErrSuperseded))
		}
	})
}

// Many dials that end at once leave no slot to each other: the contexts of those
// in the queue have all ended when the first gives its slot back.
func TestDialsThatEndTogether(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			n := new(network)
			d := newDialer(t, xpSP2, nil, n, tcp.DialerSettings{Net: net.Dialer{Timeout: time.Minute}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			var dials sync.WaitGroup
			for _, address := range dead(60) {
				dials.Go(func() {
					_, err := d.DialContext(ctx, "tcp", address)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				})
			}
			dials.Wait()
			assert.Len(t, n.order, 10)
			assert.EqualValues(t, 50, d.gate.Stats().TimedOut)
		})
	}
}
