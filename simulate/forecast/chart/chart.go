// Package chart draws the results of package forecast: a report (ReportSVG,
// ReportText), the curves of Sweep (CurvesSVG, CurvesText), and the summary of an
// inventory (SummarySVG).
//
// A picture is self-contained SVG, for a web page or a document. It is 800 pixels
// wide unless it is scaled, has dark colours where the viewer prefers them, and is
// well-formed XML, whatever the scenario is called. A text is for a terminal of 80
// columns.
//
// A function returns an error only if writing to w fails.
package chart

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// A panel is one chart of a picture: a row of values over a common axis.
type panel struct {
	title string
	unit  string
	top   float64 // the highest value of the axis
	mean  []float64
	peak  []float64 // nil if only the mean is shown
	line  float64   // a horizontal line, the limit, or 0
	bad   bool      // drawn in the colour of warnings
}

// panels returns the charts of a run: the slots held, and what was queued, in the
// backlog and refused, if anything was. headroom is the height of an axis over the
// limit on it.
func panels(r *forecast.Report, headroom float64) []panel {
	held := panel{title: fmt.Sprintf("%v held", r.Unit), unit: r.Unit.String()}
	queued := panel{title: fmt.Sprintf("%v queued", r.Unit), unit: r.Unit.String()}
	refused := panel{title: "attempts refused per step of " + text.Short(r.Timeline.Step), unit: "attempts", bad: true}
	if n, ok := r.Limit.Number(); ok {
		held.line = float64(n)
		held.title += ", limit " + strconv.Itoa(n)
	}
	backlog := panel{title: "connections not accepted yet", unit: "connections"}
	if n, ok := r.Backlog.Limit.Number(); ok {
		backlog.line = float64(n)
		backlog.title += ", limit " + strconv.Itoa(n)
	}
	anyQueued, anyRefused, anyBacklog := false, false, false
	for _, s := range r.Timeline.Steps {
		held.mean, held.peak = append(held.mean, s.Held.Mean), append(held.peak, float64(s.Held.Peak))
		queued.mean, queued.peak = append(queued.mean, s.Queued.Mean), append(queued.peak, float64(s.Queued.Peak))
		backlog.mean, backlog.peak = append(backlog.mean, s.Backlog.Mean), append(backlog.peak, float64(s.Backlog.Peak))
		refused.mean = append(refused.mean, float64(s.Refused))
		anyBacklog = anyBacklog || s.Backlog.Peak > 0
		anyQueued = anyQueued || s.Queued.Peak > 0
		anyRefused = anyRefused || s.Refused > 0
	}
	list := []panel{held}
	if anyQueued {
		list = append(list, queued)
	}
	if anyBacklog {
		list = append(list, backlog)
	}
	if anyRefused {
		list = append(list, refused)
	}
	for i := range list {
		p := &list[i]
		for j := range p.mean {
			p.top = max(p.top, p.mean[j])
			if p.peak != nil {
				p.top = max(p.top, p.peak[j])
			}
		}
		if p.line <= 4*max(1, p.top) { // a limit far away would flatten the rest
			p.top = max(p.top, p.line*headroom)
		} else {
			p.line = 0
		}
		p.top = ceiling(p.top)
	}
	return list
}

// ceiling returns the next round number from v on, for the end of an axis. Half of it
// is a whole number too: 2, 4, 6, 8, 10, 12, 20 ...
func ceiling(v float64) float64 {
	if v <= 2 {
		return 2
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 1.2, 1.4, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10} {
		if c := m * unit; c >= v && (c != math.Trunc(c) || math.Mod(c, 2) == 0) {
			return c
		}
	}
	return 12 * unit
}

// curvesTitle and curvesLoad say what curves are about.
func curvesTitle(s forecast.Scenario) string {
	return fmt.Sprintf("%v: the share of what clients ask for that gets no slot", s.Service)
}

func curvesLoad(s forecast.Scenario) string {
	return fmt.Sprintf("the load: %v, and the same for fewer clients and more", s)
}

// number prints a value of an axis.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// timeAxis divides a length of time: positions from 0 to 1 and their labels.
func timeAxis(length time.Duration) (at []float64, labels []string) {
	if length <= 0 {
		return []float64{0}, []string{"0"}
	}
	step := time.Nanosecond
	for _, unit := range []time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second} {
		for _, m := range []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500} {
			if s := m * unit; s <= length/3 && s <= 30*time.Second {
				step = s
			}
		}
	}
	for _, s := range []time.Duration{
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
	} {
		if s <= length/3 {
			step = s
		}
	}
	for length/step > 8 {
		step *= 2
	}
	for t := time.Duration(0); t <= length; t += step {
		at = append(at, float64(t)/float64(length))
		label := "0"
		if t > 0 {
			label = text.Short(t)
		}
		labels = append(labels, label)
	}
	return at, labels
}

// clients returns the range of the horizontal axis.
func clients(c []forecast.Curve) (low, high int) {
	low = math.MaxInt
	for _, curve := range c {
		for _, p := range curve.Points {
			low, high = min(low, p.Clients), max(high, p.Clients)
		}
	}
	if low > high {
		return 0, 0
	}
	return low, high
}

func share(v, low, high int) float64 {
	if high == low {
		return 0
	}
	return float64(v-low) / float64(high-low)
}
