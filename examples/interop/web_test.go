package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"
	"golang.org/x/net/netutil"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/tcp"
)

var (
	xpPro = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	win7  = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
)

// web starts the web server of a machine on loopback.
func web(t testing.TB, w limits.Windows, handler http.Handler, https bool) (url string, gate *simulate.Gate) {
	t.Helper()
	host, err := simulate.New(w, nil)
	require.NoError(t, err)
	server, err := iis.NewServer(host)
	require.NoError(t, err)
	gate = server.Gate()
	srv := httptest.NewUnstartedServer(server.Handler(handler))
	srv.EnableHTTP2 = https
	srv.Listener, err = server.Listener(srv.Listener)
	require.NoError(t, err)
	if https {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
		assert.NoError(t, gate.WaitHeld(context.Background(), 0))
	})
	return srv.URL, gate
}

func hello() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
}

// occupy holds n of the server's connections open without using them.
func occupy(t testing.TB, url string, gate *simulate.Gate, n int) {
	t.Helper()
	addr := regexp.MustCompile(`^https?://`).ReplaceAllString(url, "")
	for range n {
		c, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
	}
	require.NoError(t, gate.WaitHeld(t.Context(), n))
}

func TestConnOfListener(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, {Edition: limits.Server2003Standard}} {
		t.Run(w.String(), func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				host, err := simulate.New(w, nil)
				if err != nil {
					return nil, nil, nil, err
				}
				inner, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return nil, nil, nil, err
				}
				ln, err := tcp.NewListener(host, limits.TCPOther, inner, nil)
				if err != nil {
					return nil, nil, nil, err
				}
				dialled := make(chan error, 1)
				go func() {
					var err error
					c1, err = net.Dial("tcp", ln.Addr().String())
					dialled <- err
				}()
				c2, err = ln.Accept()
				if err == nil {
					err = <-dialled
				}
				stop = func() {
					c1.Close()
					c2.Close()
					ln.Close()
				}
				return c1, c2, stop, err
			})
		})
	}
}

func TestCurlReadsTheRefusal(t *testing.T) {
	curl := peer(t, "curl", "curl")
	for _, test := range []struct {
		https bool
		args  []string
		line  string
	}{
		{false, []string{"-i"}, "HTTP/1.1 403 Access Forbidden\r\n"},
		{false, []string{"-i", "--http1.0"}, "HTTP/1.1 403 Access Forbidden\r\n"},
		{true, []string{"-ik", "--http1.1"}, "HTTP/1.1 403 Access Forbidden\r\n"},
		{true, []string{"-ik", "--http2"}, "HTTP/2 403 \r\n"},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			url, gate := web(t, xpPro, hello(), test.https)
			occupy(t, url, gate, 10)
			out, err := exec.CommandContext(t.Context(), curl, append(test.args, "-sS", "-m", "20", url)...).CombinedOutput()
			require.NoError(t, err, string(out))
			assert.True(t, strings.HasPrefix(string(out), test.line), string(out))
			assert.Contains(t, string(out), limits.TextHTTP4039)
		})
	}
}

// Forty curls at once on a slow service: ten pages and thirty refusals from XP,
// forty pages from Windows 7.
func TestFortyCurls(t *testing.T) {
	curl := peer(t, "curl", "curl")
	for _, test := range []struct {
		w       limits.Windows
		ok, no  int
		waiting int
	}{
		{xpPro, 10, 30, 0},
		{win7, 40, 0, 30},
	} {
		t.Run(test.w.String(), func(t *testing.T) {
			all := make(chan struct{})
			url, gate := web(t, test.w, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				<-all
				fmt.Fprintln(w, "hello")
			}), false)
			var wg sync.WaitGroup
			var mu sync.Mutex
			seen := make(map[string]int)
			for range 40 {
				wg.Go(func() {
					out, err := exec.Command(curl, "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-m", "60", url).CombinedOutput()
					assert.NoError(t, err, string(out))
					mu.Lock()
					defer mu.Unlock()
					seen[string(out)]++
				})
			}
			assert.NoError(t, gate.Wait(t.Context(), func(s simulate.Stats) bool {
				return s.Held == 10 && int(s.Refused) == test.no && s.Queued == test.waiting
			}))
			close(all)
			wg.Wait()
			assert.Equal(t, test.ok, seen["200"])
			assert.Equal(t, test.no, seen["403"])
		})
	}
}

func TestCurlPostsAgainstTheLimit(t *testing.T) {
	curl := peer(t, "curl", "curl")
	url, gate := web(t, xpPro, hello(), false)
	require.NoError(t, gate.SetLimit(limits.Number(0)))
	cmd := exec.CommandContext(t.Context(), curl, "-sS", "-i", "-H", "Expect:", "--data-binary", "@-", "-m", "30", url)
	cmd.Stdin = io.LimitReader(zeros{}, 20_000_000)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "403 Access Forbidden")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Load generators finish, and every request has an outcome.
func TestLoadGenerators(t *testing.T) {
	t.Run("ab", func(t *testing.T) {
		ab := peer(t, "ab", "apache2-utils")
		for _, w := range []limits.Windows{xpPro, win7} {
			url, gate := web(t, w, hello(), false)
			out, err := exec.CommandContext(t.Context(), ab, "-q", "-n", "2000", "-c", "40", "-k", "-r", url+"/").CombinedOutput()
			require.NoError(t, err, string(out))
			assert.Regexp(t, `Complete requests:\s+2000`, string(out))
			stats := gate.Stats()
			assert.LessOrEqual(t, stats.Peak, 10)
			if w == win7 {
				assert.Regexp(t, `Failed requests:\s+0`, string(out))
				assert.EqualValues(t, 2000, stats.Admitted)
			}
		}
	})
	t.Run("wrk", func(t *testing.T) {
		wrk := peer(t, "wrk", "wrk")
		url, gate := web(t, xpPro, hello(), false)
		out, err := exec.CommandContext(t.Context(), wrk, "-t2", "-c40", "-d1s", url+"/").CombinedOutput()
		require.NoError(t, err, string(out))
		assert.Contains(t, string(out), "Non-2xx or 3xx responses")
		assert.LessOrEqual(t, gate.Stats().Peak, 10)
		assert.Positive(t, gate.Stats().Refused)
	})
}

func TestChromiumShowsTheRefusal(t *testing.T) {
	chromium := peer(t, "chromium", "chromium")
	url, gate := web(t, xpPro, hello(), false)
	occupy(t, url, gate, 10)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--dump-dom", url).Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), "The page cannot be displayed")
	assert.Contains(t, string(out), "HTTP 403.9 - Access Forbidden: Too many users are connected")
}

// BenchmarkAccept sets accept and close through a Host beside a bare listener
// and golang.org/x/net/netutil, in turns. The goal: at most 1.05 times the time of
// either.
func BenchmarkAccept(b *testing.B) {
	open := func(wrap func(net.Listener) (net.Listener, error)) func() {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(b, err)
		ln, err = wrap(ln)
		require.NoError(b, err)
		b.Cleanup(func() { ln.Close() })
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		buf := make([]byte, 1)
		return func() {
			c, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			_, _ = c.Read(buf) // until the other side has closed
			c.Close()
		}
	}
	host, err := simulate.New(xpPro, nil)
	require.NoError(b, err)
	inTurns(b, "accept", []turn{
		{"host", open(func(ln net.Listener) (net.Listener, error) { return tcp.NewListener(host, limits.FTP, ln, nil) }), nil},
		{"bare", open(func(ln net.Listener) (net.Listener, error) { return ln, nil }), nil},
		{"netutil", open(func(ln net.Listener) (net.Listener, error) { return netutil.LimitListener(ln, 10), nil }), nil},
	})
}

// BenchmarkHTTP sets keep-alive requests through a Host beside bare net/http, in
// turns. The goal: at most 1.03 times its time, where connections are counted and
// where requests are.
func BenchmarkHTTP(b *testing.B) {
	get := func(name, url string) turn {
		client := &http.Client{Transport: &http.Transport{}}
		b.Cleanup(client.CloseIdleConnections)
		once := func() {
			resp, err := client.Get(url)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		return turn{name, once, func() { client.CloseIdleConnections(); once() }}
	}
	bare := httptest.NewServer(hello())
	b.Cleanup(bare.Close)
	for name, w := range map[string]limits.Windows{"connections": xpPro, "requests": win7} {
		b.Run(name, func(b *testing.B) {
			url, _ := web(b, w, hello(), false)
			inTurns(b, "request", []turn{get("host", url), get("bare", bare.URL)})
		})
	}
}

// A turn is one of several ways to do the same thing. Its before, unless nil, prepares
// a hundred of them: on one connection all of a run can be fast, or slow.
type turn struct {
	name         string
	once, before func()
}

// inTurns measures each way a hundred times, one way after the other, for as long as
// the benchmark runs. The metrics are the medians of these hundreds and what the first
// way takes beside each of the others.
func inTurns(b *testing.B, what string, turns []turn) {
	const n = 100
	took := make([][]float64, len(turns))
	for b.Loop() {
		for i, t := range turns {
			if t.before != nil {
				t.before()
			}
			start := time.Now()
			for range n {
				t.once()
			}
			took[i] = append(took[i], float64(time.Since(start).Nanoseconds())/n)
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, t := range turns {
		slices.Sort(took[i])
		b.ReportMetric(took[i][len(took[i])/2], t.name+"-ns/"+what)
		if i > 0 {
			b.ReportMetric(took[0][len(took[0])/2]/took[i][len(took[i])/2], "times-"+t.name)
		}
	}
}
