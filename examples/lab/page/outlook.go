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

// Outlook is the answer of a forecast.
type Outlook struct {
	*Question
	// Problem is an error. If it is about an input of the form, Field names that.
	Problem, Field string

	Report     *forecast.Report
	Rule       *Answer
	Comparison []forecast.Comparison
	Capacity   *forecast.ClientCapacity
	Suitable   []string
	Asked      bool // whether Suitable has been worked out
	Curves     bool // whether there is a picture of curves
	Cut        bool // there was no time to work out all of it
}

// Answer works out a question. It leaves out what there is no time for.
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

// more fills in the results for other editions and other numbers of clients.
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

// Picture draws the run as SVG, or with "curves" the share that is lost against the
// number of clients.
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

// numbers returns up to 16 numbers of clients, from 1 to most.
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
	noun := unit(limits.Number(int(min(n, 2))), r.Unit)
	switch lost := r.Lost(); {
	case n == 0:
		return "The clients asked for nothing."
	case lost > 0:
		return fmt.Sprintf("%s of what %s for is lost: %d of %d %s.", percent(lost), asking(int(r.Clients)), int64(lost*float64(n)+0.5), n, noun)
	case r.Waited > 0:
		return fmt.Sprintf("Nothing is lost, but %d of %d %s waited, for %v at most.", r.Waited, n, noun, shortTime(r.Wait.Max.Round(1e6)))
	default:
		return fmt.Sprintf("Everything fits: %d %s of %s, at most %d at the same time.", n, noun, clients(int(r.Clients)), r.Held.Peak)
	}
}

// asking returns a number of clients and the verb.
func asking(n int) string {
	if n == 1 {
		return "1 client asks"
	}
	return clients(n) + " ask"
}

// Fits says how many clients fit.
func (o *Outlook) Fits() string {
	c := o.Capacity
	switch {
	case !c.Limited:
		return fmt.Sprintf("At least %s fit.", clients(c.Clients))
	case c.Clients == 0:
		return "No client fits."
	case c.Clients == 1:
		return "1 client fits."
	}
	return clients(c.Clients) + " fit."
}

// plain returns the text of an error without the name of the package that it is
// from.
func plain(err error) string {
	text := err.Error()
	for _, name := range []string{"limits: ", "simulate: ", "forecast: "} {
		text = strings.TrimPrefix(text, name)
	}
	return text
}

// ForecastView is the page of a forecast.
func ForecastView(o *Outlook, err error) View {
	v := View{Name: "forecast", Title: "Forecast – winlimits", Data: o}
	if err != nil {
		o.Problem = plain(err)
		var bad *FieldError
		if errors.As(err, &bad) {
			o.Field, o.Problem = bad.Field, plain(bad.Err)
		}
		v.Title = "Forecast: " + o.Problem
	} else if o.Report != nil {
		v.Title = o.Report.Title() + " – winlimits"
	}
	return v
}
