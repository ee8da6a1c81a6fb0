package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

// text writes the answer on lines of at most 80 columns.
func (a *answer) text(out io.Writer, readAs string) error {
	var b strings.Builder
	rule, err := limits.Lookup(a.Scenario.Windows, a.Scenario.Service)
	if err != nil {
		return err
	}
	if readAs != "" {
		wrap(&b, readAs)
	}
	if a.Cut {
		wrap(&b, fmt.Sprintf("Cut short: this is what was found up to %v of virtual time.", a.Report.Length.Round(time.Millisecond)))
	}
	b.WriteString(a.Report.Summary())
	wrap(&b, fmt.Sprintf("The load: %v.", a.Scenario))
	wrap(&b, fmt.Sprintf("The rule (%v): %v", rule.Grade, rule))
	b.WriteString("\n")
	if err := chart.ReportText(&b, a.Report); err != nil {
		return err
	}
	b.WriteString("\n")
	if a.Lost != nil {
		wrap(&b, a.means())
	}
	if a.Capacity != nil {
		wrap(&b, a.capacity())
	}
	switch {
	case a.Suitable == nil:
	case len(a.Suitable) == 0:
		wrap(&b, fmt.Sprintf("No edition would do for %s.", counted(a.Scenario.Clients)))
	default:
		wrap(&b, fmt.Sprintf("These editions would do for %s: %s.", counted(a.Scenario.Clients), products(a.Suitable, a.Scenario.Service)))
	}
	a.comparison(&b)
	if len(a.Curves) > 0 {
		b.WriteString("\n")
		if err := chart.CurvesText(&b, a.Scenario, a.Curves); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, b.String())
	return err
}

// means says what happened in all runs, with the confidence of 95 per cent.
func (a *answer) means() string {
	unit := a.Report.Unit
	sentence := fmt.Sprintf("In %d runs like this one, ", a.Runs)
	switch {
	case a.Lost.Mean == 0:
		sentence += fmt.Sprintf("all %v got a slot.", unit)
	case a.Lost.HalfWidth < 1e-6:
		sentence += fmt.Sprintf("%s %% of the %v got no slot each time.", percent(a.Lost.Mean), unit)
	default:
		sentence += fmt.Sprintf("%.2f %% ± %.2f of the %v got no slot (95 %% confidence).", 100*a.Lost.Mean, 100*a.Lost.HalfWidth, unit)
	}
	if a.Waited.Mean > 0 {
		sentence += fmt.Sprintf(" Of those with a slot %.1f %% waited; the wait of all was %.2f s ± %.2f on average.",
			100*a.Waited.Mean, a.MeanWait.Mean, a.MeanWait.HalfWidth)
	}
	return sentence
}

// capacity says how many clients fit.
func (a *answer) capacity() string {
	fit := " fit"
	if a.Capacity.Clients == 1 {
		fit = " fits"
	}
	fit = counted(a.Capacity.Clients) + fit
	switch {
	case !a.Capacity.Limited:
		fit = "At least " + fit
	case a.Capacity.Clients == 0:
		fit = "No client fits"
	}
	return fmt.Sprintf("%s, if up to %s %% of the %v may get no slot.", fit, percent(a.Allowed), a.Report.Unit)
}

// counted returns a number of clients.
func counted(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

func (a *answer) comparison(b *strings.Builder) {
	if len(a.Comparison) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%-34s %9s %9s %8s %8s %6s\n", "", "limit", "admitted", "waited", "refused", "lost")
	for _, c := range a.Comparison {
		if c.Problem != "" {
			problem, _, _ := strings.Cut(c.Problem, ":")
			fmt.Fprintf(b, "%-34.34v %.45s\n", c.Windows, problem)
			continue
		}
		fmt.Fprintf(b, "%-34.34v %9v %9d %8d %8d %5.1f%%\n", c.Windows, c.Report.Limit, c.Report.Admitted, c.Report.Waited, c.Report.Refused, 100*c.Report.Lost())
	}
}

// percent prints a share in per cent as people write it: 7, and neither
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

// products names the products, each with its editions, and the service packs of an
// edition unless it is all of them.
func products(windows []limits.Windows, service limits.Service) string {
	var parts []string
	last := ""
	for i, w := range windows {
		if i > 0 && windows[i-1].Edition == w.Edition {
			continue // named with the first of its service packs
		}
		product, name := w.Edition.Product(), strings.TrimSpace(strings.TrimPrefix(w.Edition.String(), w.Edition.Product()))
		name = strings.TrimSpace(name + " " + servicePacks(windows, w.Edition, service))
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

// servicePacks names the service packs of an edition whose limits one of windows
// has. It names none if it is all of them.
func servicePacks(windows []limits.Windows, e limits.Edition, service limits.Service) string {
	all := e.ServicePacks()
	var do []limits.ServicePack
	for _, pack := range all {
		if slices.ContainsFunc(windows, func(w limits.Windows) bool {
			return w.Edition == e && same(w, limits.Windows{Edition: e, ServicePack: pack}, service) && same(w, limits.Windows{Edition: e, ServicePack: pack}, limits.TCPBacklog)
		}) {
			do = append(do, pack)
		}
	}
	switch n := len(do); {
	case n == len(all) || n == 0:
		return ""
	case n == 1 && do[0] == all[0]:
		return "as released"
	case n == 1:
		return do[0].String()
	case slices.Equal(do, all[:n]):
		return "up to " + do[n-1].String()
	case slices.Equal(do, all[len(all)-n:]):
		return do[0].String() + " and later"
	}
	names := make([]string, len(do))
	for i, pack := range do {
		names[i] = pack.String()
	}
	return strings.Join(names, " and ")
}

// same reports whether two service packs of an edition have one rule for a service.
func same(v, w limits.Windows, service limits.Service) bool {
	a, errA := limits.Lookup(v, service)
	b, errB := limits.Lookup(w, service)
	return errA != nil || errB != nil || a.ServicePackMin == b.ServicePackMin
}
