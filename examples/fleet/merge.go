package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

// merge reads outputs, one after the other, and returns their summary.
func merge(in io.Reader, format string) (forecast.Summary, error) {
	var sum forecast.Summary
	r := newReader(in, "json") // it is used for its lines, whatever their form
	for n := 1; ; n++ {
		line, tooLong, err := r.line()
		switch {
		case errors.Is(err, io.EOF):
			return sum, nil
		case err != nil:
			return sum, err
		case tooLong:
			return sum, fmt.Errorf("line %d is longer than %d bytes", n, maxLine)
		case isBlank(line), format == "csv" && bytes.HasPrefix(line, []byte(columns[0]+","+columns[1])):
			continue
		}
		j, err := parseOutput(line, format)
		if err != nil {
			return sum, fmt.Errorf("line %d is not output of fleet: %w", n, err)
		}
		j.add(&sum)
	}
}

// parseOutput reads a line of output.
func parseOutput(line []byte, format string) (judged, error) {
	var j judged
	if format != "csv" {
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&j); err != nil {
			return j, err
		}
		return j, nil
	}
	record, err := csv.NewReader(bytes.NewReader(line)).Read()
	switch {
	case err != nil:
		return j, err
	case len(record) != len(columns):
		return j, fmt.Errorf("%d columns: want %d", len(record), len(columns))
	}
	column := func(name string) string { return record[slices.Index(columns[:], name)] }
	j.ID, j.Error = column("id"), column("error")
	if err := j.Verdict.UnmarshalText([]byte(column("verdict"))); err != nil {
		return j, err
	}
	if text := column("lost"); text != "" {
		lost, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return j, fmt.Errorf("lost %.100q: want a number", text)
		}
		j.Lost = &lost
	}
	if text := column("suitable"); text != "" {
		j.Suitable = strings.Split(text, listSeparator)
	}
	return j, nil
}

// report writes the summary to where the flags say.
func (o *options) report(sum *forecast.Summary, out io.Writer) error {
	if o.svg != "" {
		f, err := os.Create(o.svg)
		if err != nil {
			return err
		}
		if err := errors.Join(chart.SummarySVG(f, sum), f.Close()); err != nil {
			return err
		}
	}
	switch o.summary {
	case "":
		return nil
	case "-":
		return writeSummary(out, sum)
	}
	f, err := os.Create(o.summary)
	if err != nil {
		return err
	}
	return errors.Join(writeSummary(f, sum), f.Close())
}

// editionsListed is how many editions a summary names.
const editionsListed = 10

// writeSummary writes the summary for people.
func writeSummary(w io.Writer, sum *forecast.Summary) error {
	var b bytes.Buffer
	machines := "machines"
	if sum.Machines == 1 {
		machines = "machine"
	}
	fmt.Fprintf(&b, "%d %s\n\n", sum.Machines, machines)
	line := func(name string, n int, means string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-8s %8d  %-32s %s", name, n, means, bar(n, sum.Machines)), " ") + "\n")
	}
	for _, v := range []struct {
		verdict forecast.Verdict
		means   string
	}{
		{forecast.Fits, "take their load"},
		{forecast.Raise, "do once their limit is raised"},
		{forecast.Server, "need another edition"},
		{forecast.UnknownVerdict, "cannot be told"},
	} {
		line(v.verdict.String(), sum.Verdicts[v.verdict], v.means)
	}
	line("errors", sum.Errors, "could not be read")
	if len(sum.Worst) > 0 {
		fmt.Fprint(&b, "\nThe machines that lose the largest share of what their clients ask for:\n")
		for _, l := range sum.Worst {
			fmt.Fprintf(&b, "  %5.1f%%  %s\n", 100*l.Lost, l.ID)
		}
	}
	if editions := sum.Editions(); len(editions) > 0 {
		fmt.Fprint(&b, "\nThe editions that would do for most of those that need another:\n")
		for _, name := range editions[:min(len(editions), editionsListed)] {
			fmt.Fprintf(&b, "  %8d  %s\n", sum.Suitable[name], name)
		}
		if more := len(editions) - editionsListed; more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// bar draws the size of a part of a whole.
func bar(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return strings.Repeat("#", int(math.Ceil(30*float64(part)/float64(whole))))
}
