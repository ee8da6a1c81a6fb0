package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, terminal bytes.Buffer
	require.NoError(t, run(t.Context(), args, strings.NewReader(""), &out, &terminal), args)
	assert.Empty(t, terminal.String())
	return out.String()
}

func TestDefault(t *testing.T) {
	text := output(t)
	assert.Equal(t, text, output(t), "the seed decides")
	assert.True(t, strings.HasPrefix(text, "Windows 11 Pro, smb: 20 sessions, the next one is refused\n25 clients asked for "), text)
	for _, want := range []string{"The rule (reported): Windows 11 Pro takes 20 SMB sessions", "In 20 runs like this one", "clients fit, if 1 % may get none", "These editions would serve all 25 so"} {
		assert.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

// An edition is said to serve if and only if it loses no more than
// allowed in the mean of the runs that decide.
func TestSuitable(t *testing.T) {
	for clients := 17; clients <= 28; clients++ {
		var f answer
		require.NoError(t, json.Unmarshal([]byte(output(t, "-clients", strconv.Itoa(clients), "-runs", "8", "-format", "json")), &f))
		assert.Equal(t, f.Lost.Mean <= f.Allowed, slices.Contains(f.Suitable, f.Scenario.Windows), "%d clients lose %v", clients, f.Lost)
	}
}

func TestComparison(t *testing.T) {
	text := output(t, "-windows", "XP Pro", "-service", "iis", "-clients", "40", "-arrive", "at-once", "-hold", "30s", "-think", "0s", "-retry", "0",
		"-compare", "Windows 7 Professional, XP Home,Windows Server 2022 Standard")
	for _, want := range []string{
		"40 clients asked for 40 connections: 10 admitted, 30 refused. 75 % got none.\n",
		"10 clients fit, if 1 % may get none.\n",
		"Windows XP Professional                   10        10        0       30  75.0%\n",
		"Windows 7 Professional                    10        40       30        0   0.0%\n",
		"Windows XP Home: simulate: no such service in this edition: Windows XP Home has\n  no web server of its own (IIS).\n",
		"Windows Server 2022 Standard       unlimited        40        0        0   0.0%\n",
		"80 clients\n",
	} {
		assert.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

// A service pack that nobody named is not made up, neither for the machine nor
// in a comparison: the answers of all levels are printed.
func TestUnknownServicePack(t *testing.T) {
	const both = "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-windows", "XP Pro", "-service", "tcp-half-open"}, strings.NewReader(""), &out, &out), both)
	text := output(t, "-windows", "XP Pro SP2", "-service", "tcp-half-open", "-clients", "5", "-compare", "XP Pro")
	assert.Contains(t, strings.ReplaceAll(text, "\n  ", " "), "Windows XP Professional: limits: the service pack of Windows XP Professional is not known, and tcp-half-open depends on it: "+both)
}

func TestJSON(t *testing.T) {
	text := output(t, "-format", "json", "-compare", "XP Pro", "-clients", "12")
	var f answer
	require.NoError(t, json.Unmarshal([]byte(text), &f))
	assert.Equal(t, 12, f.Scenario.Clients)
	assert.Equal(t, limits.Windows11Pro, f.Report.Windows.Edition)
	require.Len(t, f.Comparison, 2)
	assert.Equal(t, limits.XPProfessional, f.Comparison[1].Windows.Edition)
	assert.Len(t, f.Curves, 2)
	assert.Equal(t, 20, f.Runs)
	assert.Positive(t, f.Capacity.Clients)
}

func TestSVG(t *testing.T) {
	for _, args := range [][]string{nil, {"-compare", "XP Home"}} {
		picture := output(t, append(args, "-format", "svg")...)
		require.NoError(t, xml.Unmarshal([]byte(picture), new(struct{ XMLName xml.Name })))
		assert.True(t, strings.HasPrefix(picture, "<svg "))
	}
}

func TestScenarioFile(t *testing.T) {
	const scenario = `{"windows": "Windows XP Professional SP2", "service": "tcp-half-open", "clients": 100, "destinations": {"dead": 1}}`
	name := filepath.Join(t.TempDir(), "scenario.json")
	require.NoError(t, os.WriteFile(name, []byte(scenario), 0o600))
	assert.Contains(t, output(t, name), "100 attempts: 100 admitted (90 after waiting)")
	assert.Contains(t, output(t, "-clients", "30", name), "30 attempts: 30 admitted (20 after waiting)")

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-"}, strings.NewReader(`{"windows": "Windows XP Professional", "service": "iis",
		"clients": 2, "arrive": "trace(0s,1s)"}`), &out, &out))
	assert.Contains(t, out.String(), "2 connections: 2 admitted.")
}

// TestThinkOverFile: -think makes the clients of a file come again, or not, as it
// does those of the flags.
func TestThinkOverFile(t *testing.T) {
	scenario := func(file string, args ...string) forecast.Scenario {
		var out, terminal bytes.Buffer
		require.NoError(t, run(t.Context(), append(args, "-format", "json", "-"), strings.NewReader(file), &out, &terminal))
		var f answer
		require.NoError(t, json.Unmarshal(out.Bytes(), &f))
		return f.Scenario
	}
	const once = `{"windows": "XP Pro", "service": "iis", "clients": 2, "serviceTime": "1m"}`
	const forever = `{"windows": "XP Pro", "service": "iis", "clients": 2, "serviceTime": "1m", "visits": -1, "away": "1m", "until": "30s"}`

	s := scenario(once, "-think", "1m")
	assert.Equal(t, forecast.Forever, s.Visits)
	assert.Equal(t, 8*time.Hour, s.Until)
	s = scenario(once, "-think", "1m", "-for", "1h")
	assert.Equal(t, time.Hour, s.Until)
	s = scenario(forever, "-think", "0s")
	assert.Zero(t, s.Visits)
	assert.Zero(t, s.Until)
	s = scenario(forever, "-think", "2m")
	assert.Equal(t, forecast.Forever, s.Visits)
	assert.Equal(t, 30*time.Second, s.Until)
}

func TestNoneServes(t *testing.T) {
	const scenario = `{"windows": "XP Pro", "service": "iis", "clients": 2, "arrive": "trace(0s,0s)", "serviceTime": "1s", "settings": {"limits": {"iis": 1}}, "patience": "1ms"}`
	for format, want := range map[string]string{"text": "No edition would serve all 2 so.\n", "json": `"suitable": []`} {
		var out, terminal bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-format", format, "-"}, strings.NewReader(scenario), &out, &terminal))
		assert.Contains(t, out.String(), want)
		assert.Empty(t, terminal.String())
	}
}

// TestNoCurves: who asked for curves and gets another picture is told.
func TestNoCurves(t *testing.T) {
	var out, terminal bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-service", "iis", "-clients", "2", "-arrive", "trace(0s,1s)", "-think", "0s", "-compare", "XP Pro", "-format", "svg"},
		strings.NewReader(""), &out, &terminal))
	assert.True(t, strings.HasPrefix(out.String(), "<svg "))
	assert.Equal(t, "forecast: no curves for a recorded trace or so long a run; this is the picture of Windows 11 Pro alone\n", terminal.String())
}

// TestHelp: help is no error, and an error is left to the caller to print.
func TestHelp(t *testing.T) {
	assert.Contains(t, output(t, "-help"), "-compare")
	var out, terminal bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-nonsense"}, strings.NewReader(""), &out, &terminal), "-nonsense; see -help")
	assert.Empty(t, out.String()+terminal.String())
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{0: "0", 0.01: "1", 0.07: "7", 0.996: "99.6", 1: "100", 1e-7: "0.00001"} {
		assert.Equal(t, want, percent(share))
	}
}

func TestLongRuns(t *testing.T) {
	text := output(t, "-service", "iis", "-windows", "XP Pro", "-clients", "400000", "-arrive", "poisson(1s)", "-hold", "exponential(7s)", "-think", "0s", "-retry", "0")
	assert.Contains(t, text, "400000 clients")
	assert.NotContains(t, text, "runs like this one")
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-format", "png"}, `-format "png": want text, json or svg`},
		{[]string{"-windows", "XP Home", "-service", "iis"}, "no such service in this edition"},
		{[]string{"-clients", "0"}, "scenario: Clients: 0: want 1 to"},
		{[]string{"-hold", "long"}, "uniform(10s,50s)"},
		{[]string{"-compare", "CP/M"}, "-compare: "},
		{[]string{"-allow", "2"}, "share: 2: want 0 to 1"},
		{[]string{"-runs", "-1"}, "-runs -1"},
		{[]string{"a", "b"}, `unexpected argument "b"`},
		{[]string{"/nowhere/scenario.json"}, "no such file"},
		{[]string{"-"}, "-: EOF"},
	} {
		var out bytes.Buffer
		require.ErrorContains(t, run(t.Context(), c.args, strings.NewReader(""), &out, &out), c.want)
	}
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-"}, strings.NewReader(`{"client": 3}`), &out, &out), `unknown field "client"`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run(ctx, []string{"-clients", "1000000", "-arrive", "poisson(1ms)"}, strings.NewReader(""), &out, &out), context.Canceled)
}
