package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// silence returns an address at which nothing answers a SYN: a listener with a
// backlog of 0, already full.
func silence(t *testing.T) *net.TCPAddr {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	raw, err := ln.(*net.TCPListener).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }))
	require.NoError(t, err)
	filler, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { filler.Close() })
	return ln.Addr().(*net.TCPAddr)
}

// synSent counts the sockets in SYN_SENT to a port, as the kernel sees them.
func synSent(t *testing.T, port int) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/net/tcp")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 3 && strings.HasSuffix(f[2], fmt.Sprintf(":%04X", port)) && f[3] == "02" {
			n++
		}
	}
	return n
}

// asks begins a dial through a proxy front.
func asks(t *testing.T, kind, front, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", front)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	host, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	var request string
	switch kind {
	case "socks5":
		n, err := net.LookupPort("tcp", port)
		require.NoError(t, err)
		request = "\x05\x01\x00\x05\x01\x00\x03" + string(rune(len(host))) + host + string([]byte{byte(n >> 8), byte(n)})
	case "connect":
		request = "CONNECT " + address + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n"
	case "plain":
		request = "GET http://" + address + "/ HTTP/1.1\r\nHost: " + address + "\r\n\r\n"
	}
	_, err = io.WriteString(c, request)
	require.NoError(t, err)
	return c
}

// TestHalfOpen: of 40 dials to a silent address ten are in SYN_SENT, and all slots
// are free once the clients are gone.
func TestHalfOpen(t *testing.T) {
	for _, kind := range []string{"socks5", "connect", "plain"} {
		t.Run(kind, func(t *testing.T) {
			if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
				t.Skip("the kernel does not tell in /proc")
			}
			b, target := newBench(t), silence(t)
			frontKind := map[string]string{"plain": "connect"}[kind]
			if frontKind == "" {
				frontKind = kind
			}
			front := b.host("XP Pro SP2", fmt.Sprintf(`{"kind":%q}`, frontKind))[0]
			stream := b.events("/api/events", "")
			var clients []net.Conn
			for range 40 {
				clients = append(clients, asks(t, kind, front, target.String()))
			}
			b.state("tcp-half-open", "?held=10&queued=30")
			assert.Equal(t, 10, synSent(t, target.Port))
			for { // event 4226
				if _, e := stream.next(); e.Log != nil {
					assert.Equal(t, uint32(4226), e.Log.ID)
					break
				}
			}
			assert.Contains(t, b.types("eventquery"), "4226")
			assert.Contains(t, b.ok("GET", "/metrics", ""), `winlimits_log_entries_total{host="box",id="4226",service="tcp-half-open"} 1`)
			begun := time.Now()
			for _, c := range clients {
				c.Close()
			}
			s := b.state("tcp-half-open", "?held=0&queued=0")
			t.Logf("free %v after the clients", time.Since(begun))
			assert.Equal(t, int64(40), s.Admitted+s.Abandoned)
			assert.Zero(t, synSent(t, target.Port))
			var f struct{ Connections int }
			require.Eventually(t, func() bool {
				require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/fronts/0", "")), &f))
				return f.Connections == 0
			}, 10*time.Second, time.Millisecond)
		})
	}
}

func TestSocks5(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := b.host("XP Pro SP2", `{"kind":"socks5"}`)[0]
	c := asks(t, "socks5", front, upstream)
	reply := make([]byte, 12)
	_, err := io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Equal(t, []byte{5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0}, reply)
	b.state("tcp-half-open", "?held=0") // connected: the limit is on attempts
	says(t, c, "hello")

	c = asks(t, "socks5", front, "127.0.0.1:1")
	_, err = io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Equal(t, byte(socksRefused), reply[3])
	isGone(t, c)

	refused := b.dial(front)
	_, err = io.WriteString(refused, "\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50")
	require.NoError(t, err)
	_, err = io.ReadFull(refused, reply)
	require.NoError(t, err)
	assert.Equal(t, byte(socksBadCommand), reply[3])
}

// The timeout of a front is the clock of its program, which runs in the queue too.
func TestTimeoutInTheQueue(t *testing.T) {
	b := newBench(t)
	front := b.host("XP Pro SP2", `{"kind":"socks5","timeout":"50ms","process":"p2p"}`)[0]
	b.ok("PATCH", "/api/hosts/box/services/tcp-half-open", `{"hold":10}`)
	c := asks(t, "socks5", front, echo(t))
	reply := make([]byte, 12)
	_, err := io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Equal(t, byte(socksTTLExpired), reply[3])
	assert.Equal(t, int64(1), b.state("tcp-half-open", "").TimedOut)
}

func TestConnect(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := b.host("XP Pro SP2", `{"kind":"connect","timeout":"10s"}`)[0]
	c := asks(t, "connect", front, upstream)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, &http.Request{Method: "CONNECT"})
	require.NoError(t, err)
	assert.Equal(t, 200, resp.StatusCode)
	says(t, c, "hello")

	for request, want := range map[string]int{
		"CONNECT 127.0.0.1:1 HTTP/1.1\r\nHost: x\r\n\r\n":      502,
		"CONNECT nothing HTTP/1.1\r\nHost: x\r\n\r\n":          400,
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n":                    400,
		"GET https://127.0.0.1:1/ HTTP/1.1\r\nHost: x\r\n\r\n": 400,
		"nonsense\r\n\r\n": 400,
		"GET http://x/ HTTP/1.1\r\nA: " + strings.Repeat("a", 70000): 400,
	} {
		c := b.dial(front)
		go io.WriteString(c, request)
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err, "%.100q", request)
		assert.Equal(t, want, resp.StatusCode, "%.100q", request)
		text, _ := io.ReadAll(resp.Body)
		assert.NotEmpty(t, text)
	}
}

// With outboundPorts a connection that the machine closes keeps its port for the
// TIME_WAIT, and a machine without a free one refuses to dial.
func TestOutboundPorts(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	status, text := b.call("POST", "/api/hosts", `{"name":"box","windows":"XP Pro SP2","settings":{"limits":{"tcp-outbound":2}},
		"fronts":[{"kind":"socks5","outboundPorts":true},{"kind":"connect","outboundPorts":true},{"kind":"socks5"}]}`)
	require.Equal(t, 201, status, text)
	fronts := addresses(t, text)
	reply := make([]byte, 12)
	for i := range 2 {
		c := asks(t, "socks5", fronts[0], upstream)
		_, err := io.ReadFull(c, reply)
		require.NoError(t, err)
		require.Zero(t, reply[3])
		says(t, c, "hello")
		b.state("tcp-outbound", fmt.Sprintf("?held=%d", i+1))
		c.Close()
		b.ok("GET", "/api/hosts/box", "")
	}
	c := asks(t, "socks5", fronts[0], upstream)
	_, err := io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Equal(t, byte(socksFailure), reply[3])
	resp, err := http.ReadResponse(bufio.NewReader(asks(t, "connect", fronts[1], upstream)), nil)
	require.NoError(t, err)
	assert.Equal(t, 503, resp.StatusCode)
	b.state("tcp-outbound", "?held=2&refused=2")
	c = asks(t, "socks5", fronts[2], upstream)
	_, err = io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Zero(t, reply[3], "a front that does not count ports")
	b.ok("POST", "/api/hosts/box/reset", `{"disconnect":true}`)
}

// A client of http sends its requests to the proxy itself.
func TestConnectPlainHTTP(t *testing.T) {
	b := newBench(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %q", r.Method, r.RequestURI, r.Host, body, r.Header.Get("Proxy-Connection"))
	}))
	defer srv.Close()
	front := b.host("XP Pro SP2", `{"kind":"connect"}`)[0]
	proxy, err := url.Parse("http://" + front)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxy)}}
	host := strings.TrimPrefix(srv.URL, "http://")
	for name, body := range map[string]io.Reader{
		"sized":   strings.NewReader("hello"),
		"chunked": io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")),
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/a?b=c", body)
		require.NoError(t, err)
		r.Header.Set("Proxy-Connection", "keep-alive")
		resp, err := client.Do(r)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, `POST /a?b=c `+host+` hello ""`, string(text), name)
	}
	assert.Equal(t, int64(2), b.state("tcp-half-open", "?held=0").Admitted)
}

// TestCurl: forty curls that dial through a machine that runs XP SP2, and are
// killed.
func TestCurl(t *testing.T) {
	needs(t, "curl", "curl")
	if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
		t.Skip("the kernel does not tell in /proc")
	}
	for kind, flag := range map[string]string{"socks5": "--socks5-hostname", "connect": "-x"} {
		t.Run(kind, func(t *testing.T) {
			b, target := newBench(t), silence(t)
			front := b.host("XP Pro SP2", fmt.Sprintf(`{"kind":%q}`, kind))[0]
			var clients []*exec.Cmd
			for range 40 {
				cmd := exec.Command("curl", "-s", flag, front, fmt.Sprintf("http://%v/", target))
				require.NoError(t, cmd.Start())
				t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
				clients = append(clients, cmd)
			}
			b.state("tcp-half-open", "?held=10&queued=30")
			assert.Equal(t, 10, synSent(t, target.Port))
			begun := time.Now()
			for _, cmd := range clients {
				require.NoError(t, cmd.Process.Kill())
			}
			b.state("tcp-half-open", "?held=0&queued=0")
			t.Logf("free %v after the clients", time.Since(begun))
		})
	}
}
