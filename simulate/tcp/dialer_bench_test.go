package tcp_test

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/tcp"
)

// BenchmarkDial sets an uncontended dial to an open loopback port beside that of
// net.Dialer. The goals: at most 1.10 times the median time, and at most 3
// allocations more. The dials take turns, so that both meet the same machine.
func BenchmarkDial(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer ln.Close()
	address := ln.Addr().String()
	cancellable, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, bb := range []struct {
		name string
		ctx  context.Context
		with net.Dialer
	}{
		{"background", context.Background(), net.Dialer{}},
		{"cancellable", cancellable, net.Dialer{}},
		{"timeout", context.Background(), net.Dialer{Timeout: 21 * time.Second}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			d := newDialer(b, xpSP2, nil, nil, tcp.DialerSettings{Net: bb.with})
			dial := func(dial func(context.Context, string, string) (net.Conn, error)) time.Duration {
				start := time.Now()
				conn, err := dial(bb.ctx, "tcp", address)
				took := time.Since(start)
				require.NoError(b, err)
				accepted, err := ln.Accept() // the kernel has connected them before
				require.NoError(b, err)
				accepted.Close()
				// A reset leaves no TIME_WAIT, of which the port range holds
				// only so many.
				require.NoError(b, conn.(*net.TCPConn).SetLinger(0))
				conn.Close()
				return took
			}
			var plain, limited []time.Duration
			for b.Loop() {
				plain = append(plain, dial(bb.with.DialContext))
				limited = append(limited, dial(d.DialContext))
			}
			median := func(d []time.Duration) float64 {
				slices.Sort(d)
				return float64(d[len(d)/2].Nanoseconds())
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(plain), "net-ns/dial")
			b.ReportMetric(median(limited), "ns/dial")
			b.ReportMetric(median(limited)/median(plain), "times-net")
			const runs = 1000
			b.ReportMetric(testing.AllocsPerRun(runs, func() { dial(d.DialContext) })-
				testing.AllocsPerRun(runs, func() { dial(bb.with.DialContext) }), "more-allocs/dial")
		})
	}
}
