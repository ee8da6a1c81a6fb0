//go:build linux

package interop

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkSMBGet has smbclient get 1 GiB from smbd directly, through the SMB
// proxy and through a relay that only copies, in turn. It reports the median
// throughput of each and the proxy's in relation to the two others; the goals
// are 0.9 of direct and no less than the relay.
func BenchmarkSMBGet(b *testing.B) {
	const size = 1 << 30
	server := startSMBD(b, 1)
	require.NoError(b, os.WriteFile(filepath.Join(server.share(1), "file"), make([]byte, size), 0o644))
	front := server.front(b, xpPro, -1, nil, nil)
	ways := []struct {
		name, addr string
		took       []float64
	}{
		{name: "direct", addr: server.addr},
		{name: "front", addr: front.addr},
		{name: "relay", addr: relay(b, server.addr)},
	}
	for b.Loop() {
		for i := range ways {
			start := time.Now()
			out, code := smbclient{conf: server.conf, addr: ways[i].addr, user: "alice"}.run(b, "get file /dev/null")
			require.Zero(b, code, "%s", out)
			ways[i].took = append(ways[i].took, time.Since(start).Seconds())
		}
	}
	median := make(map[string]float64)
	for _, w := range ways {
		slices.Sort(w.took)
		median[w.name] = w.took[len(w.took)/2]
		b.ReportMetric(size/1e6/median[w.name], "MB/s-"+w.name)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median["direct"]/median["front"], "front/direct")
	b.ReportMetric(median["relay"]/median["front"], "front/relay")
}

// relay copies between its clients and addr.
func relay(t testing.TB, addr string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	wg.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", addr)
			if err != nil {
				client.Close()
				continue
			}
			move := func(dst, src net.Conn) {
				io.Copy(dst, src)
				dst.Close()
				src.Close()
			}
			wg.Go(func() { move(server, client) })
			wg.Go(func() { move(client, server) })
		}
	})
	return ln.Addr().String()
}
