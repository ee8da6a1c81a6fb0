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

// wellFormed checks that SVG is XML, refers to nothing outside, and shows its
// colours without a style sheet.
func wellFormed(t *testing.T, picture string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(picture))
	root := true
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes := map[string]string{}
		for _, a := range element.Attr {
			attributes[a.Name.Local] = a.Value
		}
		switch element.Name.Local {
		case "svg":
			require.True(t, root, "one root")
			require.Equal(t, "0 0 "+attributes["width"]+" "+attributes["height"], attributes["viewBox"])
		case "rect", "line", "path", "text":
			require.Regexp(t, "^#[0-9a-f]{6}$", strings.TrimPrefix(attributes["fill"], "none")+attributes["stroke"], "%v", element)
		}
		require.NotContains(t, attributes, "style", "a Content-Security-Policy may block it")
		require.NotContains(t, attributes, "id", "several pictures may stand in one page")
		root = false
	}
	rest := strings.ReplaceAll(picture, "http://www.w3.org/2000/svg", "")
	for _, foreign := range []string{"http", "href", "url(", "var(", "NaN", "Inf"} {
		require.NotContains(t, rest, foreign)
	}
	assert.Equal(t, 1, strings.Count(picture, "<style>@media (prefers-color-scheme: dark) {"))
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
		require.NoError(t, chart.ReportSVG(&svg, s, r))
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
	require.NoError(t, chart.CurvesText(&text, fortyAtOnce(), curves))
	require.NoError(t, chart.CurvesSVG(&svg, fortyAtOnce(), curves))
	narrow(t, text.String())
	wellFormed(t, svg.String())
	assert.Contains(t, text.String(), "A Windows XP Professional\n")
	assert.Contains(t, text.String(), "   0 % |*")
	assert.Contains(t, text.String(), "40 clients")
	assert.Contains(t, svg.String(), "not shown; ")

	text.Reset()
	require.NoError(t, chart.CurvesText(&text, fortyAtOnce(), nil))
	require.NoError(t, chart.CurvesSVG(&svg, fortyAtOnce(), nil))
}

// A name too long for the picture is cut there and whole in the
// title element.
func TestLongTitle(t *testing.T) {
	s := fortyAtOnce()
	s.Name = strings.Repeat("name ", 40)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, chart.ReportSVG(&svg, s, r))
	wellFormed(t, svg.String())
	assert.Contains(t, svg.String(), "<title>"+s.Name+": Windows XP Professional")
	_, rest, _ := strings.Cut(svg.String(), `font-size="16" font-weight="600" class="words" fill="#1b1f24">`)
	shown, _, _ := strings.Cut(rest, "<")
	assert.Equal(t, 72, utf8.RuneCountInString(shown))
	assert.True(t, strings.HasSuffix(shown, "…"), shown)
}

// The picture of a scenario is XML, whatever the scenario is called.
func TestAnyName(t *testing.T) {
	for _, name := range []string{"a\u0001b", "\xff\xfe", "a\x00", "]]>", "<script>alert(1)</script>", "&amp;", "\ufffe\uffff", "line\nbreak\ttab", "\u202e", "😀"} {
		s := fortyAtOnce()
		s.Name = name
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		var svg bytes.Buffer
		require.NoError(t, chart.ReportSVG(&svg, s, r))
		wellFormed(t, svg.String())
		assert.NotContains(t, svg.String(), "<script")
	}
}

func FuzzName(f *testing.F) {
	s := fortyAtOnce()
	r, err := forecast.Run(f.Context(), s)
	require.NoError(f, err)
	f.Add("a\u0001b")
	f.Add("\xff<&\"'>")
	f.Fuzz(func(t *testing.T, name string) {
		r := r
		r.Name = name
		var svg bytes.Buffer
		require.NoError(t, chart.ReportSVG(&svg, s, r))
		wellFormed(t, svg.String())
	})
}

// The title names edition, service and limit, the lines below it the load and
// what became of it, in numbers that add up.
func TestTitles(t *testing.T) {
	s := fortyAtOnce()
	s.Windows.Edition = limits.Windows10Pro
	s.Until, s.ServiceTime = 15*time.Second, forecast.Constant(10*time.Second)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, chart.ReportSVG(&svg, s, r))
	for _, want := range []string{
		">Windows 10 Pro, iis: 10 requests, the next one waits<",
		">40 clients at once, each for 10s, closing at once, until 15s<",
		">40 requests: 20 admitted (10 after waiting), 20 undecided at the end<",
	} {
		assert.Contains(t, svg.String(), want)
	}

	curves, err := forecast.Sweep(t.Context(), s, []int{10, 20}, s.Windows)
	require.NoError(t, err)
	svg.Reset()
	require.NoError(t, chart.CurvesSVG(&svg, s, curves))
	assert.Contains(t, svg.String(), ">iis: the share of what clients ask for that gets no slot<")
	assert.Contains(t, svg.String(), ">the load: 40 clients at once, each for 10s, closing at once, until 15s, and the same for fewer clients and more<")
}

// Connections in the backlog have a panel of their own.
func TestBacklogPanel(t *testing.T) {
	s := fortyAtOnce()
	s.AcceptTime = forecast.Constant(100 * time.Millisecond)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var svg, text bytes.Buffer
	require.NoError(t, chart.ReportSVG(&svg, s, r))
	wellFormed(t, svg.String())
	assert.Contains(t, svg.String(), ">connections not accepted yet, limit 10<")
	require.NoError(t, chart.ReportText(&text, r))
	assert.Contains(t, text.String(), "connections not accepted yet, limit 10\n      10 |")
}
