package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkFront compares requests through a front of kind iis with requests
// through httputil.ReverseProxy alone, with the same settings. The time of the
// processor is that of client, proxy and upstream together; unlike the time of the
// clock it does not depend on what else the machine does.
func BenchmarkFront(b *testing.B) {
	page := make([]byte, 4<<10)
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(page) }))
	defer upstream.Close()
	b.Run("ReverseProxy", func(b *testing.B) {
		u, err := url.Parse(upstream.URL)
		require.NoError(b, err)
		srv := httptest.NewServer(reverseProxy(u))
		defer srv.Close()
		load(b, srv.URL)
	})
	for name, windows := range map[string]string{"XP": "XP Pro SP3", "Windows10": "Windows 10 Pro", "Server2022": "Server 2022 Standard"} {
		b.Run(name, func(b *testing.B) {
			l := newLab(false, slog.New(slog.DiscardHandler))
			defer l.close()
			h, err := readHost([]byte(`{"name":"box","windows":"` + windows + `","fronts":[{"kind":"iis","upstream":"` + upstream.URL + `"}]}`))
			require.NoError(b, err)
			m, err := l.add(b.Context(), h)
			require.NoError(b, err)
			load(b, "http://"+m.fronts[0].address)
		})
	}
}

// load sends requests over eight connections.
func load(b *testing.B, url string) {
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 8, MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	b.SetParallelism(4)
	begun := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			resp, err := client.Get(url)
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != 200 {
				b.Error(resp.Status, err)
			}
			resp.Body.Close()
		}
	})
	b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N), "cpu-ns/op")
}

func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}
