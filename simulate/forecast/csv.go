package forecast

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"
)

// The CSV of this package is for a spreadsheet: one line of names, then one row
// for each run, edition or point, with plain numbers and times in seconds. A cell
// without a value is empty.

// ReplicationsCSV writes a line of column names and then a row for each report. A
// name that ends in _s is a time in seconds; lost and full_share go from 0 to 1.
func ReplicationsCSV(w io.Writer, r Replications) error {
	return writeCSV(w, reportColumns[:], func(row func(...string)) {
		for i := range r.Reports {
			row(reportRow(&r.Reports[i])...)
		}
	})
}

// ComparisonsCSV writes what Compare or Suitable returns: a row for each edition, with
// the columns of ReplicationsCSV. If an edition has no report, the column problem says
// why.
func ComparisonsCSV(w io.Writer, comparisons []Comparison) error {
	return writeCSV(w, append(reportColumns[:], "problem"), func(row func(...string)) {
		for _, c := range comparisons {
			if c.Problem == "" {
				row(append(reportRow(&c.Report), "")...)
				continue
			}
			cells := make([]string, len(reportColumns)+1)
			cells[0], cells[len(reportColumns)] = c.Windows.String(), c.Problem
			row(cells...)
		}
	})
}

// CurvesCSV writes what Sweep returns: a row for each edition and number of clients.
// If an edition has no points, it has one row, and the column problem says why.
func CurvesCSV(w io.Writer, curves []Curve) error {
	return writeCSV(w, []string{"windows", "clients", "lost", "standard_error", "half_width", "problem"}, func(row func(...string)) {
		for _, c := range curves {
			if c.Problem != "" {
				row(c.Windows.String(), "", "", "", "", c.Problem)
			}
			for _, p := range c.Points {
				row(c.Windows.String(), strconv.Itoa(p.Clients), decimal(p.Lost.Mean), decimal(p.Lost.StandardError), decimal(p.Lost.HalfWidth), "")
			}
		}
	})
}

func writeCSV(w io.Writer, columns []string, fill func(row func(...string))) error {
	out := csv.NewWriter(w)
	row := func(cells ...string) { _ = out.Write(cells) } // out.Error has the error
	row(columns...)
	fill(row)
	out.Flush()
	return out.Error()
}

var reportColumns = [...]string{
	"windows", "service", "unit", "limit", "discipline", "seed", "length_s",
	"clients", "planned", "visits", "served",
	"asked", "admitted", "waited", "refused", "timed_out", "abandoned", "unfinished", "retrying", "attempts", "lost",
	"wait_mean_s", "wait_p50_s", "wait_p90_s", "wait_p95_s", "wait_p99_s", "wait_max_s",
	"held_mean", "held_peak", "queued_mean", "queued_peak", "full_share",
	"backlog_limit", "backlog_mean", "backlog_peak", "backlog_refused", "backlog_repeated", "backlog_wait_mean_s", "backlog_wait_max_s",
}

// reportRow returns the cells of a report, in order of reportColumns.
func reportRow(r *Report) []string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	seconds := func(d time.Duration) string { return decimal(d.Seconds()) }
	cells := []string{
		r.Windows.String(), r.Service.String(), r.Unit.String(), r.Limit.String(), r.Discipline.String(), strconv.FormatUint(r.Seed, 10), seconds(r.Length),
		n(r.Clients), n(r.Planned), n(r.Visits), n(r.Served),
		n(r.Asked), n(r.Admitted), n(r.Waited), n(r.Refused), n(r.TimedOut), n(r.Abandoned), n(r.Unfinished), n(r.Retrying), n(r.Attempts), decimal(r.Lost()),
		seconds(r.Wait.Mean), seconds(r.Wait.P50), seconds(r.Wait.P90), seconds(r.Wait.P95), seconds(r.Wait.P99), seconds(r.Wait.Max),
		decimal(r.Held.Mean), n(r.Held.Peak), decimal(r.Queued.Mean), n(r.Queued.Peak), decimal(r.FullShare),
	}
	if b := r.Backlog; b != (Backlog{}) {
		return append(cells, b.Limit.String(), decimal(b.Held.Mean), n(b.Held.Peak), n(b.Refused), n(b.Repeated), seconds(b.Wait.Mean), seconds(b.Wait.Max))
	}
	return append(cells, make([]string, len(reportColumns)-len(cells))...)
}

// decimal returns a number without an exponent, which not all spreadsheets read.
func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
