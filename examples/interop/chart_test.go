package interop

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

// The colours of the series of the pictures, on light paper and on dark.
var (
	lightPaper, darkPaper   = "#ffffff", "#14171c"
	lightReport, darkReport = []string{"#56b4e9", "#0072b2", "#d55e00"}, []string{"#2b6a94", "#7cc6f2", "#ff9a4d"}
	lightCurves             = []string{"#0072b2", "#d55e00", "#009e73", "#a3548a", "#8a6d00", "#1b1f24"}
	darkCurves              = []string{"#7cc6f2", "#ff9a4d", "#3fd0a4", "#e29acb", "#f0e442", "#e8ebf0"}
)

// pictures returns a picture of a run with everything in it, and one of six curves.
func pictures(t *testing.T) (report, curves string) {
	t.Helper()
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 60,
		Arrive: forecast.Poisson(200 * time.Millisecond), ServiceTime: forecast.Exponential(3 * time.Second), Idle: forecast.Constant(0),
		AcceptTime: forecast.Constant(150 * time.Millisecond), Name: "sixty <clients> & a \x01 name", Seed: 1,
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	var svg bytes.Buffer
	require.NoError(t, chart.ReportSVG(&svg, s, r))
	report = svg.String()

	s.AcceptTime = forecast.Dist{}
	six, err := forecast.Sweep(t.Context(), s, []int{1, 20, 40, 60}, limits.Windows{Edition: limits.XPProfessional},
		limits.Windows{Edition: limits.Windows2000Professional}, limits.Windows{Edition: limits.Windows98}, limits.Windows{Edition: limits.Windows7Professional},
		limits.Windows{Edition: limits.Server2003Standard}, limits.Windows{Edition: limits.Windows11Pro})
	require.NoError(t, err)
	svg.Reset()
	require.NoError(t, chart.CurvesSVG(&svg, s, six))
	return report, svg.String()
}

// colours counts the pixels of each colour.
func colours(t *testing.T, name string) map[string]int {
	t.Helper()
	file, err := os.Open(name)
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	n := map[string]int{}
	all := picture.Bounds()
	for y := all.Min.Y; y < all.Max.Y; y++ {
		for x := all.Min.X; x < all.Max.X; x++ {
			r, g, b, _ := picture.At(x, y).RGBA()
			n[fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)]++
		}
	}
	return n
}

// shows checks that a picture is on the paper and shows every series.
func shows(t *testing.T, name, paper string, series []string) {
	t.Helper()
	n := colours(t, name)
	assert.Greater(t, n[paper], 200_000, "%s: paper %s", name, paper)
	for _, colour := range series {
		assert.GreaterOrEqual(t, n[colour], 50, "%s: series %s", name, colour)
	}
	if t.Failed() {
		keep(t, name)
	}
}

// keep keeps a picture of a test that failed.
func keep(t *testing.T, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	kept := filepath.Join(os.TempDir(), "winlimits-"+filepath.Base(name))
	require.NoError(t, os.WriteFile(kept, data, 0o600))
	t.Log("the picture is", kept)
}

func TestPicturesInRSVG(t *testing.T) {
	rsvg := peer(t, "rsvg-convert", "librsvg2-bin")
	report, curves := pictures(t)
	for name, c := range map[string]struct {
		svg    string
		series []string
	}{"rsvg-report.png": {report, lightReport}, "rsvg-curves.png": {curves, lightCurves}} {
		out := filepath.Join(t.TempDir(), name)
		cmd := exec.CommandContext(t.Context(), rsvg, "--output", out)
		cmd.Stdin = bytes.NewBufferString(c.svg)
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", said)
		shows(t, out, lightPaper, c.series)
	}
}

// A page whose policy allows only itself shows the pictures, in the page and as
// images, with light and with dark colours preferred. Inside the page the policy
// removes the style sheet with the dark colours.
func TestPicturesInChromium(t *testing.T) {
	chromium := peer(t, "chromium", "chromium")
	report, curves := pictures(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		page := func(body string) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<!doctype html><html lang="en"><meta name="color-scheme" content="light dark"><title>pictures</title>%s`, body)
		}
		switch r.URL.Path {
		case "/report.svg", "/curves.svg":
			w.Header().Set("Content-Type", "image/svg+xml")
			fmt.Fprint(w, map[string]string{"/report.svg": report, "/curves.svg": curves}[r.URL.Path])
		case "/report-inline":
			page(report)
		case "/curves-inline":
			page(curves)
		case "/report-image":
			page(`<img src="report.svg" alt="">`)
		case "/curves-image":
			page(`<img src="curves.svg" alt="">`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	for _, c := range []struct {
		page, paper    string
		report, curves []string
		dark           bool
	}{
		{"inline", lightPaper, lightReport, lightCurves, false},
		{"inline", lightPaper, lightReport, lightCurves, true},
		{"image", lightPaper, lightReport, lightCurves, false},
		{"image", darkPaper, darkReport, darkCurves, true},
	} {
		for name, series := range map[string][]string{"report": c.report, "curves": c.curves} {
			t.Run(fmt.Sprintf("%s %s dark=%v", name, c.page, c.dark), func(t *testing.T) {
				out := filepath.Join(t.TempDir(), fmt.Sprintf("chromium-%s-%s-%v.png", name, c.page, c.dark))
				screenshot(t, chromium, srv.URL+"/"+name+"-"+c.page, out, c.dark)
				shows(t, out, c.paper, series)
			})
		}
	}
}

// screenshot lets Chromium draw a page. It takes the picture after the page has
// loaded.
func screenshot(t *testing.T, chromium, url, out string, dark bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	scheme := "--blink-settings=preferredColorScheme=1"
	if dark {
		scheme = "--blink-settings=preferredColorScheme=0"
	}
	said, err := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--hide-scrollbars",
		"--force-device-scale-factor=1", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+t.TempDir(), "--window-size=820,720", scheme, "--screenshot="+out, url).CombinedOutput()
	require.NoError(t, err, "%s", said)
	file, err := os.Open(out)
	require.NoError(t, err, "%s", said)
	defer file.Close()
	size, _, err := image.DecodeConfig(file)
	require.NoError(t, err)
	require.Equal(t, 820, size.Width)
}
