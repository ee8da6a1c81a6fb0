package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

func fortyAtOnce() forecast.Scenario {
	return forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 40, ServiceTime: forecast.Constant(time.Second),
		Idle: forecast.Constant(0),
	}
}

// wellFormed checks that SVG is XML and refers to nothing outside.
func wellFormed(t *testing.T, picture string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	rest := strings.ReplaceAll(picture, "http://www.w3.org/2000/svg", "")
	for _, foreign := range []string{"http", "href", "url(", "NaN", "Inf"} {
		require.NotContains(t, rest, foreign)
	}
	assert.Contains(t, picture, "prefers-color-scheme: dark")
}

// scenarios are one of each kind of run.
func scenarios() []forecast.Scenario {
	refuse := fortyAtOnce()
	wait := fortyAtOnce()
	wait.Windows.Edition = limits.Windows7Professional
	free := fortyAtOnce()
	free.Windows.Edition = limits.Server2022Standard
	some := fortyAtOnce()
	some.Arrive, some.ServiceTime = forecast.Poisson(time.Second/7), forecast.Exponential(time.Second)
	dials := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen, Clients: 100,
		Destinations: forecast.Destinations{Dead: 0.5, Refusing: 0.2}, Patience: forecast.Constant(30 * time.Second),
	}
	list := []forecast.Scenario{refuse, wait, free, some, dials}
	for _, s := range list {
		s.Until = 1 + s.ServiceTime.Mean()/2
		list = append(list, s)
	}
	return list
}

func TestPicturesOfAnyRun(t *testing.T) {
	for _, s := range scenarios() {
		s.Name = `A & B <"quoted">`
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		var text, svg bytes.Buffer
		require.NoError(t, chart.ReportText(&text, r))
		require.NoError(t, chart.ReportSVG(&svg, r))
		narrow(t, text.String())
		narrow(t, r.Summary())
		wellFormed(t, svg.String())
	}
}

func TestPictureOfCurves(t *testing.T) {
	curves, err := forecast.Sweep(t.Context(), fortyAtOnce(), []int{10, 20, 30, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.Windows7Professional}, limits.Windows{Edition: limits.XPHome})
	require.NoError(t, err)
	var text, svg bytes.Buffer
	require.NoError(t, chart.CurvesText(&text, curves))
	require.NoError(t, chart.CurvesSVG(&svg, curves))
	narrow(t, text.String())
	wellFormed(t, svg.String())
	assert.Contains(t, text.String(), "A Windows XP Professional\n")
	assert.Contains(t, text.String(), "   0 % |*")
	assert.Contains(t, text.String(), "40 clients")
	assert.Contains(t, svg.String(), "not shown; ")

	text.Reset()
	require.NoError(t, chart.CurvesText(&text, nil))
	require.NoError(t, chart.CurvesSVG(&svg, nil))
}

// A name too long for the picture is cut there and whole in the
// title element.
func TestLongTitle(t *testing.T) {
	s := fortyAtOnce()
	s.Name = strings.Repeat("name ", 40)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, chart.ReportSVG(&svg, r))
	wellFormed(t, svg.String())
	assert.Contains(t, svg.String(), `<title id="title">`+s.Name+": Windows XP Professional")
	_, rest, _ := strings.Cut(svg.String(), `class="title">`)
	shown, _, _ := strings.Cut(rest, "<")
	assert.Equal(t, 78, utf8.RuneCountInString(shown))
	assert.True(t, strings.HasSuffix(shown, "…"), shown)
}
