package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// many is the number of connections above which one run has to do.
const many = 300_000

// answer is all that the program has found.
type answer struct {
	Scenario forecast.Scenario `json:"scenario"`
	Report   forecast.Report   `json:"report"`
	// Cut says that the answer is not complete: the program was interrupted, or a
	// run had no room left.
	Cut bool `json:"cut,omitempty"`
	// Runs is the number of replications behind Lost, Waited and MeanWait.
	Runs     int                `json:"runs"`
	Lost     *forecast.Estimate `json:"lost,omitempty"`
	Waited   *forecast.Estimate `json:"waited,omitempty"`
	MeanWait *forecast.Estimate `json:"meanWaitSeconds,omitempty"`
	// Capacity and Suitable allow the share Allowed to be lost.
	Allowed    float64                  `json:"allowed"`
	Capacity   *forecast.ClientCapacity `json:"capacity,omitempty"`
	Suitable   []limits.Windows         `json:"suitable,omitzero"` // nil if not worked out
	Comparison []forecast.Comparison    `json:"comparison,omitempty"`
	Curves     []forecast.Curve         `json:"curves,omitempty"`

	replications forecast.Replications
}

// fill works out what the form of the output shows. If it returns an error, what it
// has filled in is right.
func (a *answer) fill(ctx context.Context, q *question, terminal io.Writer) error {
	s := a.Scenario
	progress := newProgress(terminal, s)
	for o, err := range forecast.Outcomes(ctx, s, &a.Report) {
		if err != nil {
			progress.done()
			return err
		}
		progress.at(o)
	}
	progress.done()

	long := a.Report.Asked > many
	runs := a.Runs
	if a.Runs = 0; runs == 0 {
		runs = 20
		if long {
			runs = 1
		}
	}
	all := q.format == "text" || q.format == "json"
	if all || q.format == "csv" {
		r, err := forecast.Replicate(ctx, s, runs)
		if err != nil {
			return err
		}
		a.Runs, a.replications = runs, r
		if runs > 1 {
			a.Lost, a.Waited, a.MeanWait = &r.Lost, &r.Waited, &r.MeanWait
		}
	}
	windows := q.compare
	if len(windows) > 0 {
		windows = append([]limits.Windows{s.Windows}, windows...)
	}
	if len(windows) > 0 && (all || q.format == "csv-compare") {
		var err error
		if a.Comparison, err = forecast.Compare(ctx, s, windows...); err != nil {
			return err
		}
	}
	if all && !long {
		if err := a.fit(ctx); err != nil {
			return err
		}
	}
	if len(windows) == 0 || long || s.Arrive.IsTrace() || q.format == "csv" || q.format == "csv-compare" {
		return nil
	}
	var err error
	a.Curves, err = forecast.Sweep(ctx, s, numbers(2*s.Clients), windows...)
	return err
}

// fit works out which editions serve the load, and how many clients fit on that of
// the scenario.
func (a *answer) fit(ctx context.Context) error {
	suitable, err := forecast.Suitable(ctx, a.Scenario, a.Allowed)
	if err != nil {
		return err
	}
	a.Suitable = []limits.Windows{}
	for _, c := range suitable {
		a.Suitable = append(a.Suitable, c.Windows)
	}
	if a.Scenario.Arrive.IsTrace() {
		return nil
	}
	capacity, err := forecast.Capacity(ctx, a.Scenario, a.Allowed)
	if err == nil {
		a.Capacity = &capacity
	}
	return err
}

// numbers returns up to 30 numbers of clients, from 1 to most.
func numbers(most int) (list []int) {
	for i := range 30 {
		if n := max(1, (i+1)*most/30); len(list) == 0 || n > list[len(list)-1] {
			list = append(list, n)
		}
	}
	return list
}

// progress shows on a terminal how far a long run is.
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
	fmt.Fprintf(p.out, "\r%3.0f %%: %d decided, %v of virtual time ", 100*share, p.n, o.Decided.Round(time.Second))
	p.shown, p.next = true, time.Now().Add(time.Second/4)
}

func (p *progress) done() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
	}
}
