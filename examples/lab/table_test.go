package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestRules(t *testing.T) {
	b := newBench(t)
	read := func(query string) []limits.Rule {
		t.Helper()
		table, err := limits.ReadJSON(strings.NewReader(b.ok("GET", "/api/rules"+query, "")))
		require.NoError(t, err)
		assert.Empty(t, table.Skipped)
		return table.Rules
	}
	all := read("")
	n := 0
	for range limits.Rules() {
		n++
	}
	assert.Len(t, all, n)
	rules := read("?windows=XP+Pro+SP3&service=smb")
	require.Len(t, rules, 1)
	assert.Equal(t, 10, number(t, rules[0].Default))
	assert.NotEmpty(t, read("?symptom=HTTP+403.9"))
	for _, rule := range read("?symptom=HTTP+403.9&windows=XP+Pro+SP3") {
		assert.Equal(t, limits.IIS, rule.Service)
	}
	for _, query := range []string{"?windows=Windows+3000", "?service=cooking", "?symptom=rain"} {
		b.refuses(400, "GET", "/api/rules"+query, "")
	}
}

func TestForecast(t *testing.T) {
	b := newBench(t)
	const scenario = `{"windows":"Windows XP Professional SP3","service":"iis","clients":40,"serviceTime":"1s"}`
	var report forecast.Report
	require.NoError(t, json.Unmarshal([]byte(b.ok("POST", "/api/forecast", scenario)), &report))
	assert.Equal(t, int64(10), report.Served)
	assert.Equal(t, int64(30), report.Refused)

	r, err := http.NewRequestWithContext(t.Context(), "POST", b.url+"/api/forecast", strings.NewReader(scenario))
	require.NoError(t, err)
	r.Header.Set("Accept", "image/svg+xml,*/*;q=0.8")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.Equal(t, "image/svg+xml", resp.Header.Get("Content-Type"))
	d := xml.NewDecoder(resp.Body)
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}

	b.refuses(400, "POST", "/api/forecast", `{"windows":"XP Pro SP3","service":"iis"}`, "Clients")
	b.refuses(400, "POST", "/api/forecast", `{"windows":"XP Pro SP3","service":"iis","clients":1,"patence":"1s"}`, "patence")
}
