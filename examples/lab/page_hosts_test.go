package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// post fills in a form of the page of a machine.
func (b *bench) post(path string, pairs ...string) (int, string) {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	resp, text := b.visit(path, form)
	assertSelfContained(b.t, resp, text)
	return resp.StatusCode, text
}

func TestHostsPage(t *testing.T) {
	b := newBench(t)
	resp, text := b.visit("/hosts", nil)
	assertSelfContained(t, resp, text)
	assert.Contains(t, text, "There is no machine yet.")
	assert.Contains(t, text, `value="box1"`)

	status, text := b.post("/hosts", "name", "box1", "windows", "XP Pro SP3", "front", "iis", "front", "iis-tls", "front", "smb", "upstream", "127.0.0.1:9")
	require.Equal(t, http.StatusOK, status, text)
	m := b.find("box1")
	require.NotNil(t, m)
	require.Len(t, m.fronts, 4)
	for _, f := range m.fronts {
		assert.Contains(t, text, f.address)
	}
	assert.Contains(t, text, "https://"+m.fronts[1].address+"/")

	_, text = b.visit("/hosts", nil)
	assert.Contains(t, text, `<a href="/hosts/box1">box1</a>`)
	assert.Contains(t, text, `value="box2"`)

	status, text = b.post("/hosts", "json", `{"name":"lowered","windows":"XP Pro SP3","settings":{"limits":{"smb":3}},"fronts":[]}`)
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, "of 3 sessions")
}

// What cannot be made says why, and the form keeps what was filled in.
func TestHostsPageRefuses(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3")
	for _, test := range []struct {
		status int
		form   []string
		want   string
	}{
		{http.StatusConflict, []string{"name", "box", "windows", "XP Pro SP3"}, "already exists"},
		{http.StatusBadRequest, []string{"name", "My Box", "windows", "XP Pro SP3"}, "want 1 to 63 of a-z"},
		{http.StatusBadRequest, []string{"name", "b", "windows", "Windows 7"}, "ambiguous"},
		{http.StatusBadRequest, []string{"name", "b", "windows", "XP Pro SP3", "upstream", "nowhere"}, "want host:port"},
		{http.StatusBadRequest, []string{"json", `{"name":"b"`}, "JSON"},
	} {
		status, text := b.post("/hosts", test.form...)
		assert.Equal(t, test.status, status, test.want)
		assert.Contains(t, text, test.want)
		assert.Contains(t, text, `role="alert"`)
		if test.form[0] == "name" {
			assert.Contains(t, text, `value="`+test.form[1]+`"`)
		}
	}
	assert.Len(t, b.list(), 1)
}

func TestHostPage(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3", `{"kind":"iis"}`, `{"kind":"tcp","upstream":"127.0.0.1:9","backlog":5}`)
	gate := func() (held, holds int, limit string) {
		g, err := b.find("box").gate(limits.IIS)
		require.NoError(t, err)
		return g.Stats().Held, g.Holds(), g.Limit().String()
	}
	status, text := b.post("/hosts/box", "do", "hold", "gate", "services/iis", "hold", "4")
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, `<strong class="held">4</strong> of 10 connections`)
	assert.Contains(t, text, "4 of them are held by hand")
	held, holds, _ := gate()
	assert.Equal(t, []int{4, 4}, []int{held, holds})

	status, text = b.post("/hosts/box", "do", "limit", "gate", "services/iis", "limit", "40")
	require.Equal(t, http.StatusOK, status, text)
	assert.Contains(t, text, `<strong class="held">4</strong> of 40 connections`)
	_, text = b.post("/hosts/box", "do", "limit", "gate", "services/iis", "limit", "")
	_, _, limit := gate()
	assert.Equal(t, "10", limit)
	assert.Contains(t, text, "of 10 connections")

	status, _ = b.post("/hosts/box", "do", "hold", "gate", "fronts/1", "hold", "2")
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, 2, b.find("box").fronts[1].gate().Holds())

	status, text = b.post("/hosts/box", "do", "console", "command", "net config server")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "Maximum Logged On Users")
	_, text = b.post("/hosts/box", "do", "console", "command", "<script>alert(1)</script>")
	assert.Contains(t, text, "is not recognized")
	assert.NotContains(t, text, "<script>alert")

	status, _ = b.post("/hosts/box", "do", "reset")
	require.Equal(t, http.StatusOK, status)
	held, _, _ = gate()
	assert.Zero(t, held)

	for _, test := range []struct {
		status int
		want   string
		form   []string
	}{
		{http.StatusBadRequest, "want a whole number", []string{"do", "hold", "gate", "services/iis", "hold", "many"}},
		{http.StatusBadRequest, "want 0 or more", []string{"do", "hold", "gate", "services/iis", "hold", "-1"}},
		{http.StatusConflict, "11", []string{"do", "hold", "gate", "services/iis", "hold", "11"}},
		{http.StatusBadRequest, "limit", []string{"do", "limit", "gate", "services/iis", "limit", "41"}},
		{http.StatusBadRequest, "some", []string{"do", "limit", "gate", "services/iis", "limit", "some"}},
		{http.StatusBadRequest, "service", []string{"do", "limit", "gate", "services/nothing", "limit", "1"}},
		{http.StatusConflict, "own", []string{"do", "limit", "gate", "services/tcp-backlog", "limit", "1"}},
		{http.StatusConflict, "no backlog", []string{"do", "limit", "gate", "fronts/0", "limit", "1"}},
		{http.StatusBadRequest, "services/SERVICE or fronts/N", []string{"do", "limit", "gate", "fronts/7", "limit", "1"}},
		{http.StatusBadRequest, "want limit, hold", []string{"do", "explode"}},
	} {
		status, text := b.post("/hosts/box", test.form...)
		assert.Equal(t, test.status, status, "%v", test.form)
		_, alert, _ := strings.Cut(text, `role="alert">`)
		alert, _, _ = strings.Cut(alert, "</p>")
		assert.Contains(t, alert, test.want, "%v", test.form)
	}

	status, text = b.post("/hosts/box", "do", "delete")
	require.Equal(t, http.StatusOK, status)
	assert.Contains(t, text, "There is no machine yet.")
	resp, text := b.visit("/hosts/box", nil)
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	assert.Contains(t, text, "no host &#34;box&#34;")
}

// A page of another site can post no form.
func TestHostPageOrigin(t *testing.T) {
	b := newBench(t)
	b.host("XP Pro SP3")
	r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/hosts/box", strings.NewReader("do=delete"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://example.com")
	status, _ := b.do(r)
	assert.Equal(t, http.StatusForbidden, status)
	assert.NotNil(t, b.find("box"))
}

// The page of a machine names what holds its slots and what waits for them.
func TestHostPagePeers(t *testing.T) {
	b := newBench(t)
	address := b.host("Windows 7 Professional SP1", `{"kind":"iis"}`)[0]
	for range 12 {
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/hold?for=10m", nil)
			if err != nil {
				return
			}
			resp, err := (&http.Client{Transport: new(http.Transport)}).Do(r)
			if err == nil {
				resp.Body.Close()
			}
		}()
	}
	b.ok("GET", "/api/hosts/box/services/iis?held=10&queued=2", "")
	_, text := b.visit("/hosts/box", nil)
	assert.Contains(t, text, `<strong class="held">10</strong> of 10 requests`)
	_, held, _ := strings.Cut(text, "Held by ")
	held, waiting, _ := strings.Cut(held, "Queued: ")
	held, _, _ = strings.Cut(held, "</p>")
	waiting, _, _ = strings.Cut(waiting, "</p>")
	assert.Equal(t, 10, strings.Count(held, "<code>127.0.0.1:"))
	assert.Equal(t, 2, strings.Count(waiting, "<code>127.0.0.1:"))
}
