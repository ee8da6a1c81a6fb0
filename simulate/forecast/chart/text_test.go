package chart_test

import (
	"bytes"
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

func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

func TestReportText(t *testing.T) {
	s := fortyAtOnce()
	s.Until = 64 * time.Second
	s.ServiceTime = forecast.Constant(32 * time.Second)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, chart.ReportText(&text, r))
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

// Only what several curves share is marked as several.
func TestCurveMeetsItself(t *testing.T) {
	points := make([]forecast.CurvePoint, 200) // more than there are columns
	for i := range points {
		points[i].Clients = i + 1
	}
	draw := func(c ...forecast.Curve) string {
		var b bytes.Buffer
		require.NoError(t, chart.CurvesText(&b, fortyAtOnce(), c))
		text, _, _ := strings.Cut(b.String(), "* several")
		return text
	}
	one := forecast.Curve{Windows: limits.Windows{Edition: limits.XPProfessional}, Points: points}
	assert.NotContains(t, draw(one), "*")
	assert.Contains(t, draw(one, one), "   0 % |"+strings.Repeat("*", 70))
}
