package simulate

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

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

func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

func TestPicturesOfAnyRun(t *testing.T) {
	for i := range uint64(30) {
		s, _, _ := randomScenario(rand.New(rand.NewPCG(i, 11)))
		s.Name = `A & B <"quoted">`
		if i%10 == 0 {
			s.Until = Duration(1 + i)
		}
		r, err := Run(t.Context(), s)
		require.NoError(t, err)
		var text, svg bytes.Buffer
		require.NoError(t, r.WriteText(&text))
		require.NoError(t, r.WriteSVG(&svg))
		narrow(t, text.String())
		narrow(t, r.Summary())
		wellFormed(t, svg.String())
	}
}

func TestPictureOfFortyAtOnce(t *testing.T) {
	s := fortyAtOnce()
	s.Until = Duration(64 * time.Second)
	s.ServiceTime = Constant(32 * time.Second)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, `Windows XP Professional, iis: 10 connections, the next one is refused
40 clients asked for 40 connections: 10 admitted, 30 refused. 75 % got none.
Held: mean 5, peak 10; no slot was free 50.0 % of the time (1.07 min).
Seen 30×: HTTP 403.9: There are too many people accessing the Web site at this
  time.
`, r.Summary())
	var text bytes.Buffer
	require.NoError(t, r.WriteText(&text))
	half := strings.Repeat("█", 32)
	assert.Equal(t, `connections held, limit 10
      10 |`+half+`
         |`+half+`
         |`+half+`
       5 |`+half+`
         |`+half+`
         |`+half+`
       0 +----------------------------------------------------------------
attempts refused per step of 1 s
      30 |█
         |█
         |█
      15 |█
         |█
         |█
       0 +----------------------------------------------------------------
          0             15 s           30 s           45 s           1 min
`, text.String())
}

func TestPictureOfCurves(t *testing.T) {
	curves, err := Sweep(t.Context(), fortyAtOnce(), []int{10, 20, 30, 40},
		limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.Windows7Professional}, limits.Windows{Edition: limits.XPHome})
	require.NoError(t, err)
	var text, svg bytes.Buffer
	require.NoError(t, curves.WriteText(&text))
	require.NoError(t, curves.WriteSVG(&svg))
	narrow(t, text.String())
	wellFormed(t, svg.String())
	assert.Contains(t, text.String(), "A Windows XP Professional\n")
	assert.Contains(t, text.String(), "   0 % |*")
	assert.Contains(t, text.String(), "40 clients")
	assert.Contains(t, svg.String(), "not shown; ")

	text.Reset()
	require.NoError(t, Curves{}.WriteText(&text))
	require.NoError(t, Curves{}.WriteSVG(&svg))
}

func TestAxes(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{0, 2}, {1, 2}, {3, 4}, {9, 10}, {10, 10}, {11, 12}, {40, 40}, {41, 50}, {95, 100}, {101, 120}, {2.2e6, 2.4e6}} {
		assert.InEpsilon(t, c.want, ceiling(c.v), 1e-12, "%v", c.v)
	}
	for _, c := range []struct {
		length time.Duration
		labels string
	}{
		{0, "0"},
		{100, "0 20 ns 40 ns 60 ns 80 ns 100 ns"},
		{time.Second, "0 200 ms 400 ms 600 ms 800 ms 1 s"},
		{21 * time.Second, "0 5 s 10 s 15 s 20 s"},
		{210 * time.Second, "0 1 min 2 min 3 min"},
		{8 * time.Hour, "0 2 h 4 h 6 h 8 h"},
		{365 * 24 * time.Hour, "0 64 d 128 d 192 d 256 d 320 d"},
	} {
		_, labels := timeAxis(Duration(c.length))
		assert.Equal(t, c.labels, strings.Join(labels, " "))
	}
	assert.Equal(t, []int{0, 10, 20, 30, 40, 50, 60}, countAxis(0, 60))
	assert.Equal(t, []int{7}, countAxis(7, 7))
}

func TestPlainNumbers(t *testing.T) {
	s := fortyAtOnce()
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "40 refused. 100 % got none.")
	s.Settings.Limits[limits.IIS], s.Clients = 1, 250
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "249 refused. 99.6 % got none.")
	s.Settings.Limits[limits.IIS], s.Clients = 5000, 4321
	r, err = Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "Held: mean 4321, peak 4321;")
}

// TestDisplacingLimit: a limit that displaces does not merely refuse.
func TestDisplacingLimit(t *testing.T) {
	r, err := Run(t.Context(), Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.RDP, Clients: 3, ServiceTime: Constant(time.Second),
	})
	require.NoError(t, err)
	assert.Equal(t, limits.Displace, r.Discipline)
	assert.Contains(t, strings.ReplaceAll(r.Summary(), "\n  ", " "), "1 session, the next one may displace (counted as refused)")
}

// TestLongTitle: a name too long for the picture is cut there and whole in the
// title element.
func TestLongTitle(t *testing.T) {
	s := fortyAtOnce()
	s.Name = strings.Repeat("name ", 40)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, r.WriteSVG(&svg))
	wellFormed(t, svg.String())
	assert.Contains(t, svg.String(), `<title id="title">`+s.Name+": Windows XP Professional")
	_, rest, _ := strings.Cut(svg.String(), `class="title">`)
	shown, _, _ := strings.Cut(rest, "<")
	assert.Equal(t, svgTitle, utf8.RuneCountInString(shown))
	assert.True(t, strings.HasSuffix(shown, "…"), shown)
}

// TestCurveMeetsItself: only what several curves share is marked as several.
func TestCurveMeetsItself(t *testing.T) {
	points := make([]CurvePoint, 200) // more than there are columns
	for i := range points {
		points[i].Clients = i + 1
	}
	draw := func(c Curves) string {
		var b bytes.Buffer
		require.NoError(t, c.WriteText(&b))
		text, _, _ := strings.Cut(b.String(), "* several")
		return text
	}
	one := Curve{Windows: limits.Windows{Edition: limits.XPProfessional}, Points: points}
	assert.NotContains(t, draw(Curves{one}), "*")
	assert.Contains(t, draw(Curves{one, one}), "   0 % |"+strings.Repeat("*", 70))
}
