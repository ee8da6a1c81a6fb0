// Forecast tells what clients will see at the limits of an edition of Windows. It
// runs in virtual time and says how many get in, wait and are refused, how sure that
// is, how many clients would fit, and which editions would do.
//
//	forecast
//	forecast -windows "XP Pro" -service iis -clients 40 -arrive at-once -hold 30s -think 0s
//	forecast -windows "XP Pro" -service "my own server" -clients 40 -arrive at-once -accept 100ms
//	forecast -compare "XP Pro,Windows 7 Pro,Windows Server 2022 Standard" -format svg >curves.svg
//	forecast -format json scenario.json
//
// Without arguments it answers this question: will an application with 25 seats do
// with Windows 11 Pro as its file server? Each seat uses the server for half an hour
// and does something else for half an hour, for eight hours. After a refusal it tries
// again a minute later, up to three times.
//
// After Ctrl-C it prints what it has found so far.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "forecast:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out, terminal io.Writer) error {
	q, err := ask(args, in, out)
	if err != nil || q == nil {
		return err
	}
	a := answer{Scenario: q.scenario, Runs: q.runs, Allowed: q.allowed}
	cut := a.fill(ctx, q, terminal)
	if errors.Is(cut, forecast.ErrScenario) {
		return q.named(cut)
	}
	a.Cut = cut != nil
	if err := q.write(&a, out, terminal); err != nil {
		return err
	}
	if errors.Is(cut, context.Canceled) {
		return errors.New("interrupted; the output has what was found up to then")
	}
	return cut
}

// write writes the answer in the form that the flags ask for.
func (q *question) write(a *answer, out, terminal io.Writer) error {
	switch q.format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(a)
	case "csv":
		return forecast.ReplicationsCSV(out, a.replications)
	case "csv-compare":
		return forecast.ComparisonsCSV(out, a.Comparison)
	case "csv-curves":
		return forecast.CurvesCSV(out, a.Curves)
	case "svg":
		if len(a.Curves) > 0 {
			return chart.CurvesSVG(out, a.Scenario, a.Curves)
		}
		if len(q.compare) > 0 {
			fmt.Fprintln(terminal, "forecast: a recorded trace or so long a run has no curves; this is a picture of", a.Scenario.Windows, "alone")
		}
		return chart.ReportSVG(out, a.Scenario, a.Report)
	}
	return a.text(out, q.readAs)
}
