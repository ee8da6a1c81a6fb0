package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
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
	for _, want := range []string{"The rule (reported): Windows 11 Pro takes 20 SMB sessions", "In 20 runs like this one", "23 clients fit, if up to 1 % of the sessions may get no slot.", "These editions would do for 25 clients: "} {
		assert.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

// An edition is said to serve if and only if it loses no more than
// allowed, on average over the runs that decide.
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
		"40 clients asked for 40 connections: 10 admitted, 30 refused. Lost: 75 %.\n",
		"In 20 runs like this one, 75 % of the connections got no slot each time.\n",
		"10 clients fit, if up to 1 % of the connections may get no slot.\n",
		"Windows XP Professional                   10        10        0       30  75.0%\n",
		"Windows 7 Professional                    10        40       30        0   0.0%\n",
		"Windows XP Home: no such service in this edition: Windows XP Home has no web\n  server of its own (IIS).\n",
		"Windows Server 2022 Standard       unlimited        40        0        0   0.0%\n",
		"80 clients\n",
	} {
		assert.Contains(t, text, want)
	}
	for line := range strings.Lines(text) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
}

// A service pack that is not named is not made up, neither for the machine nor
// in a comparison: the answers of all levels are printed.
func TestUnknownServicePack(t *testing.T) {
	const both = "SP0 to SP1 unlimited; SP2 to SP3 10 attempts (queue)"
	var out bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-windows", "XP Pro", "-service", "tcp-half-open"}, strings.NewReader(""), &out, &out), both)
	text := output(t, "-windows", "XP Pro SP2", "-service", "tcp-half-open", "-clients", "5", "-think", "0s", "-compare", "XP Pro")
	assert.Contains(t, strings.ReplaceAll(text, "\n  ", " "), "Windows XP Professional: the service pack of Windows XP Professional is not known, and tcp-half-open depends on it: "+both)
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

func TestNoneServes(t *testing.T) {
	const scenario = `{"windows": "XP Pro", "service": "iis", "clients": 2, "arrive": "trace(0s,0s)", "serviceTime": "1s", "settings": {"limits": {"iis": 1}}, "patience": "1ms"}`
	for format, want := range map[string]string{"text": "No edition would do for 2 clients.\n", "json": `"suitable": []`} {
		var out, terminal bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-format", format, "-"}, strings.NewReader(scenario), &out, &terminal))
		assert.Contains(t, out.String(), want)
		assert.Empty(t, terminal.String())
	}
}

// A question for curves that gets another picture is told so.
func TestNoCurves(t *testing.T) {
	var out, terminal bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-service", "iis", "-clients", "2", "-arrive", "trace(0s,1s)", "-think", "0s", "-compare", "XP Pro", "-format", "svg"},
		strings.NewReader(""), &out, &terminal))
	assert.True(t, strings.HasPrefix(out.String(), "<svg "))
	assert.Equal(t, "forecast: a recorded trace or so long a run has no curves; this is a picture of Windows 11 Pro alone\n", terminal.String())
}

// Help is no error, and an error is left to the caller to print.
func TestHelp(t *testing.T) {
	assert.Contains(t, output(t, "-help"), "-compare")
	var out, terminal bytes.Buffer
	require.ErrorContains(t, run(t.Context(), []string{"-nonsense"}, strings.NewReader(""), &out, &terminal), "-nonsense; see -help")
	assert.Empty(t, out.String()+terminal.String())
}

func TestLongRuns(t *testing.T) {
	text := output(t, "-service", "iis", "-windows", "XP Pro", "-clients", "400000", "-arrive", "poisson(1s)", "-hold", "exponential(7s)", "-think", "0s", "-retry", "0")
	assert.Contains(t, text, "400000 clients")
	assert.NotContains(t, text, "runs like this one")
}

// A question about a web server that counts connections says what it assumes, and
// the flag does away with it.
func TestAssumedIdle(t *testing.T) {
	args := []string{"-windows", "XP Pro SP3", "-service", "iis", "-clients", "60", "-arrive", "poisson(2s)", "-hold", "250ms",
		"-think", "exponential(1m)", "-for", "2h", "-runs", "2", "-format", "csv"}
	lost := func(more ...string) float64 {
		rows, err := csv.NewReader(strings.NewReader(output(t, append(args, more...)...))).ReadAll()
		require.NoError(t, err)
		column, sum := slices.Index(rows[0], "lost"), 0.0
		for _, row := range rows[1:] {
			share, err := strconv.ParseFloat(row[column], 64)
			require.NoError(t, err)
			sum += share / float64(len(rows)-1)
		}
		return sum
	}
	assert.Zero(t, lost("-idle", "0s"))
	assert.InDelta(t, 0.45, lost(), 0.05)
	assert.InDelta(t, 0.80, lost("-retry", "0"), 0.05)

	const assumed = "Assumed: each client keeps its connection open for a minute after its last\n"
	args = []string{"-windows", "XP Pro SP3", "-service", "iis", "-clients", "5", "-think", "0s"}
	assert.Contains(t, output(t, args...), assumed)
	assert.NotContains(t, output(t, append(args, "-idle", "0s")...), assumed)
}

func TestNotAllCame(t *testing.T) {
	assert.Contains(t, output(t, "-clients", "1000"), "\n488 of 1000 clients came and asked for ")
}

// A program of one's own has a backlog.
func TestBacklog(t *testing.T) {
	text := output(t, "-windows", "XP Pro", "-service", "my own server", "-clients", "40", "-arrive", "at-once", "-hold", "1s", "-think", "0s",
		"-retry", "0", "-accept", "1h", "-backlog", "50", "-windows-clients")
	for _, want := range []string{
		"\"my own server\" was read as tcp-other (any program that is not a service of\n  Windows).\n",
		"Listen backlog of 10: peak 10, 30 refused; ",
		"Seen 30 times: WSAECONNREFUSED 10061",
		"connections not accepted yet, limit 10\n",
		"10 clients fit, if up to 1 % of the connections may get no slot.\n",
	} {
		assert.Contains(t, text, want)
	}
}

func TestCSV(t *testing.T) {
	rows := func(args ...string) [][]string {
		records, err := csv.NewReader(strings.NewReader(output(t, args...))).ReadAll()
		require.NoError(t, err)
		return records
	}
	runs := rows("-format", "csv", "-runs", "3")
	require.Len(t, runs, 4)
	assert.Equal(t, "windows", runs[0][0])
	compared := rows("-format", "csv-compare", "-compare", "XP Pro,XP Home", "-runs", "1")
	require.Len(t, compared, 4)
	assert.Equal(t, "Windows XP Home", compared[3][0])
	assert.Len(t, rows("-format", "csv-curves", "-compare", "XP Pro", "-clients", "3", "-runs", "1"), 1+2*6)
}

// countdown is a context that ends when it has been asked so many times.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// What is interrupted prints what it has, and says so.
func TestInterrupted(t *testing.T) {
	for _, format := range []string{"text", "json", "svg", "csv"} {
		for _, asked := range []int64{2, 20} { // in the run, and in what follows it
			if asked > 2 && format == "svg" {
				continue // which is of the run alone
			}
			ctx := &countdown{Context: t.Context()}
			ctx.left.Store(asked)
			var out, terminal bytes.Buffer
			err := run(ctx, []string{"-clients", "100000", "-arrive", "poisson(1ms)", "-think", "0s", "-format", format}, strings.NewReader(""), &out, &terminal)
			require.EqualError(t, err, "interrupted; the output has what was found up to then", "%s %d", format, asked)
			switch format {
			case "text":
				assert.Contains(t, out.String(), "Cut short: this is what was found up to ")
				if asked == 2 {
					assert.Regexp(t, ` of 100000 clients came and asked for \d+ sessions`, out.String())
				}
			case "json":
				var a answer
				require.NoError(t, json.Unmarshal(out.Bytes(), &a))
				assert.True(t, a.Cut)
				assert.Positive(t, a.Report.Clients)
			case "svg":
				assert.Contains(t, out.String(), "</svg>")
			default:
				assert.Contains(t, out.String(), "windows,service,")
			}
		}
	}
}

// Ctrl-C reaches the program. It runs as a process of its own, which has its
// handler before it reads its input.
func TestCtrlC(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no interrupt to send")
	}
	const huge = `{"windows": "Windows 11 Pro", "service": "smb", "clients": 1000000000, "arrive": "poisson(1ms)", "serviceTime": "1s"}`
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var out, terminal bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &terminal
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	// More than a pipe holds, so that the program has begun to read.
	_, err = io.WriteString(in, huge+strings.Repeat(" ", 1<<20))
	require.NoError(t, err)
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
	assert.Equal(t, "forecast: interrupted; the output has what was found up to then\n", terminal.String())
	assert.Contains(t, out.String(), "Cut short: ")
	assert.Contains(t, out.String(), " of 1000000000 clients came")
}

const asProgram = "WINLIMITS_FORECAST_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}
