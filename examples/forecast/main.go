// Forecast tells in virtual time what clients will see at the limits of an
// edition: which get in, which wait, which are refused, how sure that is, how
// many clients would fit, and which editions would do.
//
//	forecast
//	forecast -windows "XP Pro" -service iis -clients 40 -arrive at-once -hold 30s -think 0s
//	forecast -compare "XP Pro,Windows 7 Pro,Windows Server 2022 Standard" -format svg >curves.svg
//	forecast -format json scenario.json
//
// Without arguments it answers this: will an application with 25 seats survive
// with Windows 11 Pro as its file server? Each seat uses the server for half
// an hour and does something else for half an hour, eight hours long, and tries
// again a minute after a refusal, three times.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "forecast:", err)
		os.Exit(1)
	}
}

// many is the number of connections from which on one run has to do.
const many = 300_000

// answer is all that there is to tell.
type answer struct {
	Scenario forecast.Scenario `json:"scenario"`
	Report   forecast.Report   `json:"report"`
	// Runs is the number of replications behind Lost, Waited and MeanWait.
	Runs     int                `json:"runs"`
	Lost     *forecast.Estimate `json:"lost,omitempty"`
	Waited   *forecast.Estimate `json:"waited,omitempty"`
	MeanWait *forecast.Estimate `json:"meanWaitSeconds,omitempty"`
	// Capacity and Suitable allow the share Allowed to be lost.
	Allowed    float64                  `json:"allowed"`
	Capacity   *forecast.ClientCapacity `json:"capacity,omitempty"`
	Suitable   []limits.Windows         `json:"suitable,omitzero"` // nil if it was not asked
	Comparison []forecast.Comparison    `json:"comparison,omitempty"`
	Curves     []forecast.Curve         `json:"curves,omitempty"`
}

func run(ctx context.Context, args []string, in io.Reader, out, terminal io.Writer) error {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB, Clients: 25,
		Arrive: forecast.Poisson(time.Minute), ServiceTime: forecast.Exponential(30 * time.Minute),
		Away: forecast.Exponential(30 * time.Minute), Until: 8 * time.Hour, Seed: 1,
		Idle:  forecast.Constant(15 * time.Minute),
		Retry: forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
	}
	given := s // what the flags say
	flags := flag.NewFlagSet("forecast", flag.ContinueOnError)
	// The package would print errors that main prints, and all flags after each.
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.TextVar(&given.Windows, "windows", s.Windows, "the `Windows` that serves, or dials if -service is tcp-half-open")
	flags.TextVar(&given.Service, "service", s.Service, "the `service`: smb, iis, ftp, tcp-half-open ...")
	flags.IntVar(&given.Clients, "clients", s.Clients, "the number of clients")
	flags.TextVar(&given.Arrive, "arrive", s.Arrive, "`when` they come first: at-once, every(2s), poisson(2s), trace(0s,1s,5s)")
	flags.TextVar(&given.ServiceTime, "hold", s.ServiceTime, "how `long` one uses the service: 30s, uniform(10s,50s), exponential(30s), lognormal(30s,2.5), hyperexponential(30s,6), empirical(1s,5s)")
	flags.TextVar(&given.Away, "think", s.Away, "how `long` it is away before it comes again; 0s is once and for all")
	flags.TextVar(&given.Idle, "idle", s.Idle, "how `long` a client would leave its connection or session open unused; 0s if -service is not smb")
	flags.TextVar(&given.Patience, "patience", s.Patience, "how `long` one waits in a queue; for ever if not given")
	flags.IntVar(&given.Retry.Max, "retry", s.Retry.Max, "how often one tries again")
	flags.TextVar(&given.Retry.Backoff, "backoff", s.Retry.Backoff, "how `long` after a failure")
	flags.Float64Var(&given.Destinations.Dead, "dead", 0, "tcp-half-open: the `share` of destinations that never answer")
	flags.TextVar(&given.Destinations.RoundTrip, "rtt", forecast.Constant(50*time.Millisecond), "tcp-half-open: how `long` the others take to answer")
	flags.DurationVar(&given.Until, "for", s.Until, "how `long` clients keep coming again")
	flags.Uint64Var(&given.Seed, "seed", s.Seed, "the seed of the random numbers")
	compare := flags.String("compare", "", "other `Windows`, separated by commas, to compare, also against more and fewer clients")
	allowed := flags.Float64("allow", 0.01, "the `share` without a slot that is acceptable")
	runs := flags.Int("runs", 0, "replications; 0 is 20, or 1 if there are very many clients")
	format := flags.String("format", "text", "`form` of the output: text, json or svg")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		fmt.Fprintln(out, "usage: forecast [flags] [scenario.json, or - for standard input]\nFlags that are given override the file.")
		flags.PrintDefaults()
		return nil
	case err != nil:
		return fmt.Errorf("%w; see -help", err)
	}
	if flags.NArg() > 1 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(1))
	}
	if !slices.Contains([]string{"text", "json", "svg"}, *format) {
		return fmt.Errorf("-format %q: want text, json or svg", *format)
	}
	if *runs < 0 {
		return fmt.Errorf("-runs %d: want 0 or more", *runs)
	}
	windows, err := parseList(*compare)
	if err != nil {
		return err
	}
	if flags.NArg() == 0 {
		s = given
	} else if s, err = read(flags.Arg(0), in); err != nil {
		return err
	}
	idleGiven := false
	flags.Visit(func(f *flag.Flag) {
		override(&s, &given, f.Name)
		idleGiven = idleGiven || f.Name == "idle"
	})
	if flags.NArg() == 0 {
		if s.Service != limits.SMB && !idleGiven {
			s.Idle = forecast.Dist{}
		}
		if s.Away.Mean() == 0 {
			s.Until = 0
		} else {
			s.Visits = forecast.Forever
		}
	}

	a := answer{Scenario: s, Runs: *runs, Allowed: *allowed}
	if err := a.fill(ctx, windows, terminal); err != nil {
		return err
	}
	switch *format {
	case "json":
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		return e.Encode(a)
	case "svg":
		if len(a.Curves) > 0 {
			return chart.CurvesSVG(out, a.Curves)
		}
		if len(windows) > 0 {
			fmt.Fprintln(terminal, "forecast: no curves for a recorded trace or so long a run; this is the picture of", s.Windows, "alone")
		}
		return chart.ReportSVG(out, a.Report)
	}
	return a.text(out)
}

func read(name string, in io.Reader) (s forecast.Scenario, err error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return s, err
		}
		defer file.Close()
		in = file
	}
	d := json.NewDecoder(in)
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

// override copies what a flag sets.
func override(s, given *forecast.Scenario, name string) {
	switch name {
	case "windows":
		s.Windows = given.Windows
	case "service":
		s.Service = given.Service
	case "clients":
		s.Clients = given.Clients
	case "arrive":
		s.Arrive = given.Arrive
	case "hold":
		s.ServiceTime = given.ServiceTime
	case "think":
		// As without a file: with a time away clients keep coming until Until,
		// without one they come once, and the run ends when the last has left.
		s.Away = given.Away
		switch {
		case s.Away.Mean() == 0:
			if s.Visits == forecast.Forever {
				s.Until = 0
			}
			s.Visits = 0
		case s.Visits == 0 || s.Visits == 1:
			s.Visits = forecast.Forever
			if s.Until == 0 {
				s.Until = given.Until
			}
		}
	case "idle":
		s.Idle = given.Idle
	case "patience":
		s.Patience = given.Patience
	case "retry":
		s.Retry.Max = given.Retry.Max
	case "backoff":
		s.Retry.Backoff = given.Retry.Backoff
	case "dead":
		s.Destinations.Dead = given.Destinations.Dead
	case "rtt":
		s.Destinations.RoundTrip = given.Destinations.RoundTrip
	case "for":
		s.Until = given.Until
	case "seed":
		s.Seed = given.Seed
	}
}

func parseList(text string) (list []limits.Windows, err error) {
	if text == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		w, err := limits.ParseWindows(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("-compare: %w", err)
		}
		list = append(list, w)
	}
	return list, nil
}

// fill works everything out.
func (a *answer) fill(ctx context.Context, windows []limits.Windows, terminal io.Writer) error {
	s := a.Scenario
	progress := newProgress(terminal, s)
	for o, err := range forecast.Outcomes(ctx, s, &a.Report) {
		if err != nil {
			return err
		}
		progress.at(o)
	}
	progress.done()

	long := a.Report.Asked > many
	if a.Runs == 0 {
		a.Runs = 20
		if long {
			a.Runs = 1
		}
	}
	if a.Runs > 1 {
		r, err := forecast.Replicate(ctx, s, a.Runs)
		if err != nil {
			return err
		}
		a.Lost, a.Waited, a.MeanWait = &r.Lost, &r.Waited, &r.MeanWait
	}
	if len(windows) > 0 {
		windows = append([]limits.Windows{s.Windows}, windows...)
		var err error
		if a.Comparison, err = forecast.Compare(ctx, s, windows...); err != nil {
			return err
		}
	}
	if long {
		return nil
	}
	suitable, err := forecast.Suitable(ctx, s, a.Allowed)
	if err != nil {
		return err
	}
	a.Suitable = []limits.Windows{}
	for _, c := range suitable {
		a.Suitable = append(a.Suitable, c.Windows)
	}
	// A recorded trace is of so many clients and no others.
	if strings.HasPrefix(s.Arrive.String(), "trace") {
		return nil
	}
	capacity, err := forecast.Capacity(ctx, s, a.Allowed)
	if err != nil {
		return err
	}
	a.Capacity = &capacity
	if len(windows) > 0 {
		if a.Curves, err = forecast.Sweep(ctx, s, numbers(2*s.Clients), windows...); err != nil {
			return err
		}
	}
	return nil
}

// numbers are up to 30 numbers of clients, from 1 to most.
func numbers(most int) (list []int) {
	for i := range 30 {
		if n := max(1, (i+1)*most/30); len(list) == 0 || n > list[len(list)-1] {
			list = append(list, n)
		}
	}
	return list
}

func (a *answer) text(out io.Writer) error {
	var b strings.Builder
	rule, err := limits.Lookup(a.Scenario.Windows, a.Scenario.Service)
	if err != nil {
		return err
	}
	b.WriteString(a.Report.Summary())
	b.WriteString("\n")
	wrap(&b, fmt.Sprintf("The rule (%v): %v", rule.Grade, rule))
	b.WriteString("\n")
	if err := chart.ReportText(&b, a.Report); err != nil {
		return err
	}
	b.WriteString("\n")
	if a.Lost != nil {
		wrap(&b, fmt.Sprintf("In %d runs like this one, %.2f %% ± %.2f got no slot (95 %% confidence).", a.Runs, 100*a.Lost.Mean, 100*a.Lost.HalfWidth))
		if a.Waited.Mean > 0 {
			wrap(&b, fmt.Sprintf("%.1f %% of the others waited; the mean wait of all was %.2f s ± %.2f.", 100*a.Waited.Mean, a.MeanWait.Mean, a.MeanWait.HalfWidth))
		}
	}
	if a.Capacity != nil {
		switch {
		case !a.Capacity.Limited:
			fmt.Fprintf(&b, "%d clients and more fit, if %s %% may get none.\n", a.Capacity.Clients, percent(a.Allowed))
		default:
			fmt.Fprintf(&b, "%d clients fit, if %s %% may get none.\n", a.Capacity.Clients, percent(a.Allowed))
		}
	}
	switch {
	case a.Suitable == nil:
	case len(a.Suitable) == 0:
		fmt.Fprintf(&b, "No edition would serve all %d so.\n", a.Scenario.Clients)
	default:
		wrap(&b, fmt.Sprintf("These editions would serve all %d so: %s.", a.Scenario.Clients, products(a.Suitable)))
	}
	if len(a.Comparison) > 0 {
		fmt.Fprintf(&b, "\n%-34s %9s %9s %8s %8s %6s\n", "", "limit", "admitted", "waited", "refused", "lost")
		for _, c := range a.Comparison {
			if c.Problem != "" {
				wrap(&b, fmt.Sprintf("%v: %s", c.Windows, c.Problem))
				continue
			}
			fmt.Fprintf(&b, "%-34.34v %9v %9d %8d %8d %5.1f%%\n", c.Windows, c.Report.Limit, c.Report.Admitted, c.Report.Waited, c.Report.Refused, 100*c.Report.Lost())
		}
	}
	if len(a.Curves) > 0 {
		b.WriteString("\n")
		if err := chart.CurvesText(&b, a.Curves); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, b.String())
	return err
}

// percent prints a share as a person would write it: 7, and neither
// 7.000000000000001 nor 1e-05.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(share*1e10)/1e8, 'f', -1, 64)
}

// wrap writes a sentence on lines of at most 80 columns.
func wrap(b *strings.Builder, text string) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
		case column+1+n > 80:
			b.WriteString("\n  ")
			column = 2
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

// products names the products, each with its editions.
func products(windows []limits.Windows) string {
	var parts []string
	last := ""
	for _, w := range windows {
		product, name := w.Edition.Product(), strings.TrimSpace(strings.TrimPrefix(w.String(), w.Edition.Product()))
		switch {
		case product != last:
			parts = append(parts, strings.TrimSpace(product+" "+name))
		case name != "":
			parts[len(parts)-1] += ", " + name
		}
		last = product
	}
	return strings.Join(parts, "; ")
}

// progress tells on a terminal how far a long run is.
type progress struct {
	out      io.Writer // nil if there is no terminal
	scenario forecast.Scenario
	n        int
	next     time.Time
	shown    bool
}

func newProgress(out io.Writer, s forecast.Scenario) *progress {
	file, ok := out.(*os.File)
	if !ok {
		return &progress{}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{out: out, scenario: s, next: time.Now().Add(time.Second)}
}

func (p *progress) at(o forecast.ClientOutcome) {
	if p.n++; p.out == nil || p.n%(1<<14) != 0 || time.Now().Before(p.next) {
		return
	}
	share := float64(o.Client+1) / float64(p.scenario.Clients)
	if p.scenario.Until > 0 {
		share = float64(o.Decided) / float64(p.scenario.Until)
	}
	fmt.Fprintf(p.out, "\r%3.0f %%  %d decided, %v of virtual time ", 100*share, p.n, time.Duration(o.Decided).Round(time.Second))
	p.shown, p.next = true, time.Now().Add(time.Second/4)
}

func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
	}
}
