package page

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

// Outlook is what a forecast answers.
type Outlook struct {
	*Question
	// Problem is an error for the form, of the input Field if it is of one.
	Problem, Field string

	Report     *forecast.Report
	Rule       *Answer
	Comparison []forecast.Comparison
	Capacity   *forecast.ClientCapacity
	Suitable   []string
	Asked      bool // whether Suitable has been worked out
	Curves     bool // whether there is a picture of curves
	Cut        bool // the time was over before all was worked out
}

// Answer works out a question. What there is no time for is left out.
func (q *Question) Answer(ctx context.Context) (*Outlook, error) {
	o := &Outlook{Question: q}
	report, err := forecast.Run(ctx, q.Scenario)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return o, &FieldError{"clients", errors.New("the forecast takes too long: want fewer clients, visits or requests, or an earlier end")}
	case err != nil:
		return o, err
	}
	o.Report = &report
	if rule, err := limits.Lookup(q.Scenario.Windows, q.Scenario.Service); err == nil {
		o.Rule = &Answer{Rule: rule}
	}
	err = o.more(ctx)
	o.Cut = errors.Is(err, context.DeadlineExceeded)
	if o.Cut {
		err = nil
	}
	return o, err
}

// more fills in what other editions and other numbers of clients make of it.
func (o *Outlook) more(ctx context.Context) (err error) {
	s := o.Scenario
	if len(o.Compare) > 0 {
		if o.Comparison, err = forecast.Compare(ctx, s, append([]limits.Windows{s.Windows}, o.Compare...)...); err != nil {
			return err
		}
	}
	if o.Curves = !o.Scenario.Arrive.IsTrace(); o.Curves {
		capacity, err := forecast.Capacity(ctx, s, o.Allowed)
		if err != nil {
			return err
		}
		o.Capacity = &capacity
	}
	suitable, err := forecast.Suitable(ctx, s, o.Allowed)
	var bad *forecast.ScenarioError
	if errors.As(err, &bad) { // a setting that no edition has
		return nil
	}
	if err != nil {
		return err
	}
	judged := forecast.Judgement{}
	for _, c := range suitable {
		judged.Suitable = append(judged.Suitable, c.Windows)
	}
	o.Suitable, o.Asked = judged.SuitableNames(), true
	return nil
}

// Picture draws the run, or with "curves" what is lost as clients become more, as
// SVG.
func (q *Question) Picture(ctx context.Context, which string) ([]byte, error) {
	var b bytes.Buffer
	switch which {
	case "":
		report, err := forecast.Run(ctx, q.Scenario)
		if err != nil {
			return nil, err
		}
		err = chart.ReportSVG(&b, q.Scenario, report)
		return b.Bytes(), err
	case "curves":
		windows := append([]limits.Windows{q.Scenario.Windows}, q.Compare...)
		windows = slices.Compact(windows[:min(len(windows), 6)])
		curves, err := forecast.Sweep(ctx, q.Scenario, numbers(2*q.Scenario.Clients), windows...)
		if err != nil {
			return nil, err
		}
		err = chart.CurvesSVG(&b, q.Scenario, curves)
		return b.Bytes(), err
	}
	return nil, &FieldError{"picture", fmt.Errorf("%.40q: want curves, or nothing", which)}
}

// numbers are up to 16 numbers of clients, from 1 to most.
func numbers(most int) (list []int) {
	for i := range 16 {
		if n := max(1, (i+1)*most/16); len(list) == 0 || n > list[len(list)-1] {
			list = append(list, n)
		}
	}
	return list
}

// Lines are the sentences of the report, without the title.
func (o *Outlook) Lines() []string {
	_, rest, _ := strings.Cut(o.Report.Summary(), "\n")
	var list []string
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, " ") && len(list) > 0 {
			list[len(list)-1] += " " + strings.TrimSpace(line)
			continue
		}
		list = append(list, strings.TrimSpace(line))
	}
	return list
}

// Says is the answer in a sentence.
func (o *Outlook) Says() string {
	r, n := o.Report, o.Report.Asked
	unit := words(r.Unit)
	switch lost := r.Lost(); {
	case n == 0:
		return "Nothing was asked for."
	case lost > 0:
		return fmt.Sprintf("%s of what %d clients ask for is lost: %d of %d %s.", percent(lost), r.Clients, int64(lost*float64(n)+0.5), n, unit)
	case r.Waited > 0:
		return fmt.Sprintf("Nothing is lost, but %d of %d %s wait, for %v at most.", r.Waited, n, unit, shortTime(r.Wait.Max.Round(1e6)))
	default:
		return fmt.Sprintf("Everything fits: %d %s of %d clients, at most %d at the same time.", n, unit, r.Clients, r.Held.Peak)
	}
}

// Fits says how many clients fit.
func (o *Outlook) Fits() string {
	c := o.Capacity
	switch {
	case !c.Limited:
		return fmt.Sprintf("%s clients and more fit.", grouped(fmt.Sprint(c.Clients)))
	case c.Clients == 0:
		return "Not even one client fits."
	case c.Clients == 1:
		return "1 client fits."
	}
	return fmt.Sprintf("%s clients fit.", grouped(fmt.Sprint(c.Clients)))
}

// ForecastView is the page of a forecast.
func ForecastView(o *Outlook, err error) View {
	v := View{Name: "forecast", Title: "Forecast – winlimits", Data: o}
	if err != nil {
		o.Problem = err.Error()
		var bad *FieldError
		if errors.As(err, &bad) {
			o.Field, o.Problem = bad.Field, bad.Err.Error()
		}
		v.Title = "Forecast: " + o.Problem
	} else if o.Report != nil {
		v.Title = o.Report.Title() + " – winlimits"
	}
	return v
}
