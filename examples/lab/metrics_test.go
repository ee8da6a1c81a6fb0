package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	b := newBench(t)
	address := b.host("Windows 2000 Professional SP4", `{"kind":"iis"}`)[0]
	b.named("free", "Server 2003 Standard SP2")
	b.dial(address)
	b.state("iis", "?held=1")
	b.ok("PATCH", "/api/hosts/box/services/iis", `{"hold":9}`)
	resp, err := http.Get("http://" + address)
	require.NoError(t, err)
	resp.Body.Close()

	text := b.ok("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	require.NoError(t, err)
	assert.Equal(t, "GAUGE", families["winlimits_held"].GetType().String())
	assert.Equal(t, "COUNTER", families["winlimits_outcomes_total"].GetType().String())
	for _, line := range []string{
		`winlimits_held{host="box",service="iis"} 10`,
		`winlimits_queued{host="box",service="iis"} 0`,
		`winlimits_limit{host="box",service="iis"} 10`,
		`winlimits_limit{host="free",service="iis"} +Inf`,
		`winlimits_outcomes_total{host="box",outcome="admitted",service="iis"} 1`,
		`winlimits_outcomes_total{host="box",outcome="waited",service="iis"} 0`,
		`winlimits_outcomes_total{host="box",outcome="refused",service="iis"} 1`,
		`winlimits_outcomes_total{host="box",outcome="timed-out",service="iis"} 0`,
		`winlimits_outcomes_total{host="box",outcome="abandoned",service="iis"} 0`,
	} {
		assert.Contains(t, text, line+"\n")
	}
}
