package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestServiceStates(t *testing.T) {
	b := newBench(t)
	b.host("XP Home SP2")
	for service, want := range map[string]string{"smb": "5", "iis": `"absent"`, "tcp-half-open": "10", "tcp-other": `"unlimited"`, "rdp": `"absent"`} {
		var s struct {
			Service string
			Limit   json.RawMessage
			Rule    string
		}
		require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/services/"+service, "")), &s))
		assert.Equal(t, service, s.Service)
		assert.Equal(t, want, string(s.Limit), service)
		assert.Contains(t, s.Rule, "XP Home")
	}
	// Each service has an answer, and all fields of it.
	for _, s := range limits.Services() {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/services/"+s.String(), "")), &fields))
		for _, name := range []string{"service", "limit", "ceiling", "discipline", "held", "holds", "queued", "peak", "admitted", "waited", "refused", "timedOut", "abandoned", "rule"} {
			assert.Contains(t, fields, name, s)
		}
	}
	b.refuses(409, "GET", "/api/hosts/box/services/iis?held=0", "", "iis")
	b.refuses(409, "PATCH", "/api/hosts/box/services/iis", `{"limit":1}`, "iis")

	// What depends on a service pack that is not named is unknown.
	b.named("any", "XP Pro")
	text := b.ok("GET", "/api/hosts/any/services/tcp-half-open", "")
	assert.Contains(t, text, `"limit":"unknown"`)
	assert.Contains(t, text, "service pack")
}

func TestWaits(t *testing.T) {
	b := newBench(t)
	address := b.host("XP Pro SP3", `{"kind":"iis"}`)[0]
	waited := make(chan serviceState)
	go func() { waited <- b.state("iis", "?held=2&queued=0&refused=0") }()
	assert.Eventually(t, func() bool { return len(b.waits) == 1 }, 10*time.Second, time.Millisecond)
	one := b.dial(address)
	b.state("iis", "?held=1")
	b.dial(address)
	assert.Equal(t, 2, (<-waited).Held)
	one.Close()
	s := b.state("iis", "?held=1&refused=0&timeout=10s")
	assert.Equal(t, int64(2), s.Admitted)
	assert.Equal(t, 2, s.Peak)

	// The time is over: the counters, and the status says so.
	for _, query := range []string{"?held=2", "?queued=1", "?refused=1", "?held=1&queued=1"} {
		status, text := b.call("GET", "/api/hosts/box/services/iis"+query+"&timeout=10ms", "")
		assert.Equal(t, http.StatusRequestTimeout, status)
		var s serviceState
		require.NoError(t, json.Unmarshal([]byte(text), &s))
		assert.Equal(t, 1, s.Held)
		assert.Contains(t, s.Error, "10ms")
	}
	for _, query := range []string{"?held=x", "?held=-1", "?held=1.5", "?queued=", "?refused=99999999999999999999", "?held=1&timeout=11m", "?timeout=5", "?held=1&timeout=-1s", "?timeout="} {
		b.refuses(400, "GET", "/api/hosts/box/services/iis"+query, "", "want")
	}
	// The end of the host ends the wait.
	gone := make(chan int)
	go func() {
		status, _ := b.call("GET", "/api/hosts/box/services/iis?held=7", "")
		gone <- status
	}()
	assert.Eventually(t, func() bool { return len(b.waits) == 1 }, 10*time.Second, time.Millisecond)
	b.ok("DELETE", "/api/hosts/box", "")
	assert.Equal(t, http.StatusGone, <-gone)
}

func TestTooManyWaits(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3")
	for range cap(b.waits) {
		b.waits <- struct{}{}
	}
	b.refuses(503, "GET", "/api/hosts/box/services/iis?held=1", "", "500")
}

func TestPatch(t *testing.T) {
	b := newBench(t)
	address := b.host("XP Pro SP3", `{"kind":"iis"}`)[0]
	const path = "/api/hosts/box/services/iis"
	answer := func(body string) (s serviceState) {
		t.Helper()
		require.NoError(t, json.Unmarshal([]byte(b.ok("PATCH", path, body)), &s))
		return s
	}
	assert.Equal(t, 40, number(t, answer(`{"limit":40}`).Limit))
	b.refuses(400, "PATCH", path, `{"limit":41}`, "41", "40")
	b.refuses(400, "PATCH", path, `{"limit":-1}`, "-1")
	b.refuses(400, "PATCH", path, `{"limit":"unlimited"}`, "unlimited", "40")
	b.refuses(400, "PATCH", path, `{"limit":"many"}`, "many")
	b.refuses(400, "PATCH", path, `{}`, "limit", "hold")
	b.refuses(400, "PATCH", path, `{"limit":1,"hold":1}`, "limit", "hold")
	b.refuses(400, "PATCH", path, `{"held":1}`, `"held"`, "limit, hold")
	b.refuses(400, "PATCH", path, `{"hold":-1}`, "-1")
	assert.Equal(t, 40, number(t, b.state("iis", "").Limit))
	assert.Equal(t, 10, number(t, answer(`{"limit":null}`).Limit))

	b.dial(address)
	b.state("iis", "?held=1")
	s := answer(`{"hold":9}`)
	assert.Equal(t, 9, s.Holds)
	assert.Equal(t, 10, s.Held)
	assert.Equal(t, int64(1), s.Admitted, "a hold is no admission")
	b.refuses(409, "PATCH", path, `{"hold":10}`, "0 of 10 are free")
	assert.Equal(t, 9, b.state("iis", "").Holds, "all or nothing")
	resp, err := http.Get("http://" + address)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusForbidden, resp.StatusCode)
	assert.Contains(t, string(text), limits.TextHTTP4039)
	assert.Equal(t, 4, answer(`{"hold":4}`).Holds)
	assert.Equal(t, 0, answer(`{"hold":0}`).Holds)
	b.state("iis", "?held=1&refused=1")
}

func TestBacklogFront(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := func(backlog int) string {
		return fmt.Sprintf(`{"kind":"tcp","upstream":%q,"backlog":%d,"acceptEvery":"10m"}`, upstream, backlog)
	}
	list := b.host("XP Pro SP3", front(2), front(50), fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, upstream))
	one := b.dial(list[0])
	b.ok("GET", "/api/hosts/box/fronts/0?held=1", "")
	b.dial(list[0])
	var f struct {
		Address, Listen string
		Limit           limits.Limit
		Held            int
	}
	require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/fronts/0?held=2&queued=0", "")), &f))
	assert.Equal(t, 2, number(t, f.Limit))
	assert.Equal(t, list[0], f.Address)
	assert.Equal(t, list[0], f.Listen)
	_, err := net.Dial("tcp", list[0])
	require.Error(t, err, "the backlog is full")
	b.dial(list[1])
	require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/fronts/1?held=1", "")), &f))
	assert.Equal(t, 10, number(t, f.Limit), "50 is more than XP grants")

	sum := b.state("tcp-backlog", "")
	assert.Equal(t, 3, sum.Held)
	assert.Equal(t, int64(3), sum.Admitted)
	b.refuses(409, "GET", "/api/hosts/box/services/tcp-backlog?held=1", "", "/api/hosts/box/fronts/0 or /api/hosts/box/fronts/1")
	b.refuses(409, "PATCH", "/api/hosts/box/services/tcp-backlog", `{"limit":1}`, "/api/hosts/box/fronts/0")
	b.refuses(409, "GET", "/api/hosts/box/fronts/2?held=1", "", "no backlog")
	b.refuses(409, "PATCH", "/api/hosts/box/fronts/2", `{"hold":1}`, "no backlog")
	assert.Contains(t, b.ok("GET", "/metrics", ""), `winlimits_held{host="box",service="tcp-backlog"} 3`)

	// A client that is killed with something unread resets its connection.
	require.NoError(t, one.(*net.TCPConn).SetLinger(0))
	one.Close()
	b.ok("GET", "/api/hosts/box/fronts/0?held=1", "")
	b.ok("PATCH", "/api/hosts/box/fronts/0", `{"hold":1}`)
	if c, err := net.Dial("tcp", list[0]); err == nil {
		isGone(t, c) // the kernel had not been told yet
	}
	b.ok("PATCH", "/api/hosts/box/fronts/0", `{"limit":1}`)
	b.refuses(409, "PATCH", "/api/hosts/box/fronts/0", `{"hold":2}`)
	b.ok("POST", "/api/hosts/box/reset", `{"disconnect":true}`)
	require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/fronts/0", "")), &f))
	assert.Zero(t, f.Held)
	assert.Equal(t, 2, number(t, f.Limit))
}

func TestFront(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	address := b.host("Windows 95", fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, upstream))[0]
	c := b.dial(address)
	says(t, c, "hello")
	assert.JSONEq(t, fmt.Sprintf(`{"kind":"tcp","upstream":%q,"service":"tcp-other","listen":%q,"address":%[2]q,"connections":1}`, upstream, address),
		b.ok("GET", "/api/hosts/box/fronts/0", ""))
}

// A wait that does not say how long it waits 30 s.
func TestDefaultWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(false, slog.New(slog.DiscardHandler))
		defer l.close()
		h, err := readHost([]byte(`{"name":"box","windows":"XP Pro SP3"}`))
		require.NoError(t, err)
		_, err = l.add(t.Context(), h)
		require.NoError(t, err)
		begun := time.Now()
		w := httptest.NewRecorder()
		l.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/api/hosts/box/services/iis?held=1", nil))
		assert.Equal(t, http.StatusRequestTimeout, w.Code)
		assert.Equal(t, 30*time.Second, time.Since(begun))
	})
}
