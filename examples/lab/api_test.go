package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestVersion(t *testing.T) {
	b := newBench(t)
	var v struct{ Module, Revision, Go string }
	require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/version", "")), &v))
	assert.Contains(t, v.Module, "github.com/winlimits/winlimits")
	assert.Equal(t, limits.Revision, v.Revision)
	assert.Equal(t, runtime.Version(), v.Go)
}

func TestHosts(t *testing.T) {
	b := newBench(t)
	assert.JSONEq(t, `{"hosts":[]}`, b.ok("GET", "/api/hosts", ""))
	status, made := b.call("POST", "/api/hosts", `{"name":"box","windows":"XP Pro SP3","settings":{"maxConnections":20},"fronts":[{"kind":"iis"}]}`)
	require.Equal(t, http.StatusCreated, status, made)
	address := addresses(t, made)[0]
	assert.JSONEq(t, fmt.Sprintf(`{"name":"box","windows":"Windows XP Professional SP3","settings":{"maxConnections":20},
		"fronts":[{"kind":"iis","listen":%q}]}`, address), made)
	assert.NotContains(t, address, ":0")
	assert.JSONEq(t, made, b.ok("GET", "/api/hosts/box", ""))
	assert.JSONEq(t, `{"hosts":[`+made+`]}`, b.ok("GET", "/api/hosts", ""))
	b.refuses(409, "POST", "/api/hosts", `{"name":"box","windows":"XP Pro SP3"}`, `"box"`, "exists")
	assert.Equal(t, 20, number(t, b.state("iis", "").Limit))

	c := b.dial(address)
	b.state("iis", "?held=1")
	status, text := b.call("DELETE", "/api/hosts/box", "")
	assert.Equal(t, http.StatusNoContent, status)
	assert.Empty(t, text)
	isGone(t, c)
	_, err := net.Dial("tcp", address)
	assert.Error(t, err)
	b.refuses(404, "DELETE", "/api/hosts/box", "", `"box"`)
	b.refuses(404, "GET", "/api/hosts/box", "", `"box"`)
}

func number(t *testing.T, l limits.Limit) int {
	t.Helper()
	n, ok := l.Number()
	require.True(t, ok, l)
	return n
}

func TestWhatIsRefused(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3", `{"kind":"iis"}`)
	for _, tt := range []struct {
		status             int
		method, path, body string
		words              []string
	}{
		{404, "GET", "/api/nothing", "", []string{"/api/nothing"}},
		{404, "GET", "/nothing", "", []string{"/nothing"}},
		{405, "POST", "/api/config", "{}", []string{"GET or PUT"}},
		{405, "DELETE", "/api/hosts", "", []string{"GET or POST"}},
		{400, "GET", "/api/version?x=1", "", []string{`"x"`, "want none"}},
		{400, "GET", "/api/rules?window=XP", "", []string{`"window"`, "windows, service, symptom"}},
		{400, "GET", "/api/hosts/box/services/iis?held=1&held=2", "", []string{"held", "once"}},
		{400, "POST", "/api/hosts", `{"name":"a b","windows":"XP Pro SP3"}`, []string{`"a b"`, "a-z"}},
		{400, "POST", "/api/hosts", `{"name":"` + strings.Repeat("a", 64) + `","windows":"XP Pro SP3"}`, []string{"1 to 63"}},
		{400, "POST", "/api/hosts", `{"name":"x"}`, []string{"windows"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"Windows 3000"}`, []string{"3000"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","front":[]}`, []string{`"front"`, "name, windows, settings, fronts"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3"} {}`, []string{"one object"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":{}}`, []string{"fronts", "a list"}},
		{400, "POST", "/api/hosts", `{"name":7}`, []string{"name", "text in quotes"}},
		{400, "POST", "/api/hosts", ``, []string{"want an object"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","settings":{"maxConnection":1}}`, []string{"maxConnection", "no such field"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"ftp"}]}`, []string{"fronts[0]", `"ftp"`, "socks5"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","dir":"/tmp"}]}`, []string{`"dir"`, "upstream, tls"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","dir":""}]}`, []string{`"dir"`}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","upstream":"127.0.0.1:80"}]}`, []string{"upstream", "http://"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","listen":"192.0.2.1:80"}]}`, []string{"192.0.2.1", "-public"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","listen":":80"}]}`, []string{"-public"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","listen":"127.0.0.1:http"}]}`, []string{"0 to 65535"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","listen":"example.com:80"}]}`, []string{"IP address"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","upstream":"a:1","dir":"/tmp"}]}`, []string{"one of them"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","count":"users"}]}`, []string{"users", "computer-user"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","refuse":"last"}]}`, []string{"last", "final or first"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"smb","accounts":{}}]}`, []string{"accounts"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"tcp"}]}`, []string{"upstream", "host:port"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"tcp","upstream":"a:1","service":"smb"}]}`, []string{"smb", "ftp, smtp or tcp-other"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"tcp","upstream":"a:1","backlog":-5}]}`, []string{"-5"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"tcp","upstream":"a:1","backlog":99999}]}`, []string{"99999"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"tcp","upstream":"a:1","acceptEvery":"x"}]}`, []string{`"x"`, "30s"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"socks5","timeout":"1h"}]}`, []string{"1h", "10m"}},
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Home SP3","fronts":[{"kind":"iis"}]}`, []string{"iis", "XP Home"}},
		// A service pack that was not named, where a front depends on it.
		{400, "POST", "/api/hosts", `{"name":"x","windows":"XP Pro","fronts":[{"kind":"socks5"}]}`, []string{"service pack", "10", "unlimited"}},
		{400, "PUT", "/api/config", `{}`, []string{`"hosts"`}},
		{400, "PUT", "/api/config", `{"hosts":[{"name":"x","windows":"XP Pro SP3","fronts":[{"kind":"iis","x":1}]}]}`, []string{"hosts[0]", "fronts[0]", `"x"`}},
		{404, "GET", "/api/hosts/box/services/nix", "", []string{"nix"}},
		{404, "GET", "/api/hosts/box/fronts/1", "", []string{`"1"`, "it has 1"}},
		{404, "GET", "/api/hosts/box/fronts/-1", "", []string{"-1"}},
		{400, "POST", "/api/hosts/box/console", `{"cmd":"net session"}`, []string{`"cmd"`, "command"}},
		{400, "POST", "/api/hosts/box/console", `{}`, []string{"command"}},
		{400, "POST", "/api/hosts/box/reset", `{"disconnect":"yes"}`, []string{"disconnect", "true or false"}},
	} {
		t.Run(tt.method+" "+tt.path+" "+tt.body, func(t *testing.T) {
			b := &bench{b.lab, t, b.url}
			b.refuses(tt.status, tt.method, tt.path, tt.body, tt.words...)
		})
	}
	assert.Len(t, b.list(), 1, "nothing is half done")
}

// zeros is a body without an end.
type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left <= 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.left)
	for i := range b[:n] {
		b[i] = ' '
	}
	z.left -= n
	return n, nil
}

// TestBounds: what is too much is refused with a sentence, and the lab is not
// larger for it.
func TestBounds(t *testing.T) {
	b := newBench(t)
	before := heap()
	for _, path := range []string{"/api/hosts", "/api/recognize", "/api/forecast"} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+path, &zeros{100 << 20})
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		if err == nil { // the lab closes the connection under what is still sent
			assert.Equal(t, http.StatusRequestEntityTooLarge, resp.StatusCode)
			text, _ := io.ReadAll(resp.Body)
			assert.Contains(t, string(text), "1048576 bytes")
			resp.Body.Close()
		}
	}
	b.refuses(413, "POST", "/api/hosts", strings.Repeat(" ", maxBody+1), "1048576 bytes")

	var hosts []string
	for i := range 10_000 {
		hosts = append(hosts, fmt.Sprintf(`{"name":"h%d","windows":"XP Pro SP3","fronts":[]}`, i))
	}
	b.refuses(400, "PUT", "/api/config", `{"hosts":[`+strings.Join(hosts, ",")+`]}`, "10000 hosts", "at most 100")
	assert.Empty(t, b.list())
	b.ok("PUT", "/api/config", `{"hosts":[`+strings.Join(hosts[:maxHosts], ",")+`]}`)
	b.refuses(400, "POST", "/api/hosts", hosts[maxHosts], "at most 100")
	b.refuses(400, "POST", "/api/forecast", `{"windows":"XP Pro SP3","service":"iis","clients":1000000000}`, "1000000000", "50000")
	b.ok("PUT", "/api/config", `{"hosts":[]}`)
	assert.Less(t, heap()-before, int64(64<<20))
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestReset(t *testing.T) {
	b := newBench(t)
	address := b.host("XP Pro SP3", `{"kind":"iis"}`)[0]
	c := b.dial(address)
	b.state("iis", "?held=1")
	b.ok("PATCH", "/api/hosts/box/services/iis", `{"limit":3}`)
	b.ok("PATCH", "/api/hosts/box/services/iis", `{"hold":2}`)
	over := b.dial(address)
	_, err := io.WriteString(over, "GET / HTTP/1.0\r\n\r\n")
	require.NoError(t, err)
	isGone(t, over)
	b.state("iis", "?refused=1")

	b.ok("POST", "/api/hosts/box/reset", "")
	s := b.state("iis", "")
	assert.Equal(t, 10, number(t, s.Limit))
	assert.Equal(t, 1, s.Held, "connections stay")
	assert.Equal(t, 1, s.Peak)
	assert.Zero(t, s.Holds)
	assert.Zero(t, s.Refused)
	assert.Zero(t, s.Admitted)

	b.ok("POST", "/api/hosts/box/reset", `{"disconnect":true}`)
	isGone(t, c)
	s = b.state("iis", "")
	assert.Zero(t, s.Held)
	assert.Zero(t, s.Peak)
}
