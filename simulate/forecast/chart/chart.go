package simulate

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// A panel is one chart of a picture: a row of values over a common axis.
type panel struct {
	title string
	unit  string
	top   float64 // the highest value of the axis
	mean  []float64
	peak  []float64 // nil if only the mean is shown
	line  float64   // a horizontal line, the limit, or 0
	bad   bool      // what is shown is bad
}

// panels returns what there is to draw of a run: what is held always, and what
// waits and is refused if anything does.
// headroom is what the axis goes beyond the limit.
func (r *Report) panels(headroom float64) []panel {
	held := panel{title: fmt.Sprintf("%v held", r.Unit), unit: r.Unit.String()}
	queued := panel{title: fmt.Sprintf("%v waiting", r.Unit), unit: r.Unit.String()}
	refused := panel{title: "attempts refused per step of " + r.Timeline.Step.short(), unit: "attempts", bad: true}
	if n, ok := r.Limit.Number(); ok {
		held.line = float64(n)
		held.title += ", limit " + strconv.Itoa(n)
	}
	anyQueued, anyRefused := false, false
	for _, s := range r.Timeline.Steps {
		held.mean, held.peak = append(held.mean, s.Held.Mean), append(held.peak, float64(s.Held.Peak))
		queued.mean, queued.peak = append(queued.mean, s.Queued.Mean), append(queued.peak, float64(s.Queued.Peak))
		refused.mean = append(refused.mean, float64(s.Refused))
		anyQueued = anyQueued || s.Queued.Peak > 0
		anyRefused = anyRefused || s.Refused > 0
	}
	panels := []panel{held}
	if anyQueued {
		panels = append(panels, queued)
	}
	if anyRefused {
		panels = append(panels, refused)
	}
	for i := range panels {
		p := &panels[i]
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
	return panels
}

// ceiling is the next number from v on that looks well at the end of an axis
// and has a half: 2, 4, 6, 8, 10, 12, 20 ...
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

// short prints a time with three digits at most.
func (d Duration) short() string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if time.Duration(d) >= u.unit {
			return strconv.FormatFloat(round3(float64(d)/float64(u.unit)), 'f', -1, 64) + " " + u.name
		}
	}
	return fmt.Sprintf("%d ns", int64(d))
}

// round3 rounds to three significant digits, and to whole numbers from 100 on.
func round3(v float64) float64 {
	digits := max(0, 2-math.Floor(math.Log10(max(v, 1e-9))))
	scale := math.Pow(10, digits)
	return math.Round(v*scale) / scale
}

// number prints a value of an axis.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// timeAxis divides a length of time: positions from 0 to 1 and their labels.
func timeAxis(length Duration) (at []float64, labels []string) {
	if length <= 0 {
		return []float64{0}, []string{"0"}
	}
	step := time.Nanosecond
	for _, unit := range []time.Duration{time.Nanosecond, time.Microsecond, time.Millisecond, time.Second} {
		for _, m := range []time.Duration{1, 2, 5, 10, 20, 50, 100, 200, 500} {
			if s := m * unit; s <= time.Duration(length)/3 && s <= 30*time.Second {
				step = s
			}
		}
	}
	for _, s := range []time.Duration{
		15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour,
	} {
		if s <= time.Duration(length)/3 {
			step = s
		}
	}
	for time.Duration(length)/step > 8 {
		step *= 2
	}
	for t := time.Duration(0); t <= time.Duration(length); t += step {
		at = append(at, float64(t)/float64(length))
		label := "0"
		if t > 0 {
			label = Duration(t).short()
		}
		labels = append(labels, label)
	}
	return at, labels
}

// Summary returns what the report says in sentences, on lines of at most 80
// columns.
func (r *Report) Summary() string {
	var b strings.Builder
	line := func(format string, args ...any) { wrap(&b, fmt.Sprintf(format, args...), textWidth) }
	title := fmt.Sprintf("%v, %v: %s", r.Windows, r.Service, r.limitText())
	if r.Name != "" {
		title = r.Name + ": " + title
	}
	line("%s", title)
	parts := []string{fmt.Sprintf("%d admitted", r.Admitted)}
	if r.Waited > 0 {
		parts[0] += fmt.Sprintf(" (%d after waiting)", r.Waited)
	}
	for _, p := range []struct {
		n    int64
		what string
	}{{r.Refused, "refused"}, {r.TimedOut, "timed out waiting"}, {r.Abandoned, "gave up waiting"}, {r.Unfinished, "undecided at the end"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.what))
		}
	}
	if r.Retrying > 0 {
		parts[len(parts)-1] += fmt.Sprintf(" (%d of them to be dialled again)", r.Retrying)
	}
	lost := ""
	if r.Lost() > 0 {
		lost = " " + number(round3(100*r.Lost())) + " % got none."
	}
	line("%d clients asked for %d %v: %s.%s", r.Clients, r.Asked, r.Unit, strings.Join(parts, ", "), lost)
	if r.Attempts > r.Asked {
		line("With retries that made %d attempts.", r.Attempts)
	}
	if r.Waited > 0 {
		line("Wait: mean %s, 95 %% within %s, longest %s.", r.Wait.Mean.short(), r.Wait.P95.short(), r.Wait.Max.short())
	}
	line("Held: mean %s, peak %d; no slot was free %.1f %% of the time (%s).", number(round3(r.Held.Mean)), r.Held.Peak, 100*r.FullShare, r.Length.short())
	for _, s := range r.Seen {
		line("Seen %d×: %s", s.Count, s.What)
	}
	return b.String()
}

func (r *Report) limitText() string {
	if r.Limit.IsUnlimited() {
		return "not limited"
	}
	unit := r.Unit.String()
	if n, ok := r.Limit.Number(); ok && n == 1 {
		unit = strings.TrimSuffix(unit, "s")
	}
	next := "is refused"
	switch r.Discipline {
	case limits.Queue:
		next = "waits"
	case limits.Displace:
		next = "may displace (counted as refused)"
	}
	return fmt.Sprintf("%v %s, the next one %s", r.Limit, unit, next)
}

// textWidth is the width of text pictures, in columns.
const textWidth = 80

// wrap writes a sentence on lines of at most width columns.
func wrap(b *strings.Builder, text string, width int) {
	column := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > width:
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

// WriteText draws the run for a terminal of 80 columns: what is held over time,
// and what waits and is refused if anything does.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	const labels = 8
	columns := len(r.Timeline.Steps)
	for _, p := range r.panels(1) {
		fmt.Fprintf(&b, "%s\n", p.title)
		const rows = 6
		for row := range rows {
			label := ""
			switch row {
			case 0:
				label = number(p.top)
			case rows / 2:
				label = number(p.top / 2)
			}
			fmt.Fprintf(&b, "%*s |", labels, label)
			var line strings.Builder
			for i := range columns {
				line.WriteString(blocks(p.mean[i]/p.top*rows - float64(rows-1-row)))
			}
			b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
		fmt.Fprintf(&b, "%*s +%s\n", labels, "0", strings.Repeat("-", max(1, columns)))
	}
	// The time axis, once.
	at, names := timeAxis(r.Length)
	line := []rune(strings.Repeat(" ", textWidth))
	end := 0
	for i := range at {
		column := labels + 2 + int(at[i]*float64(max(1, columns)-1))
		name := []rune(names[i])
		if column < end || column+len(name) > textWidth {
			continue
		}
		copy(line[column:], name)
		end = column + len(name) + 1
	}
	b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// blocks is one column of one row, filled by a share from 0 to 1.
func blocks(share float64) string {
	i := int(math.Ceil(min(1, max(0, share)) * 8))
	return string([]rune(" ▁▂▃▄▅▆▇█")[i])
}

// WriteText draws the curves for a terminal of 80 columns: the share that is
// lost against the number of clients, a letter for each Windows.
func (c Curves) WriteText(w io.Writer) error {
	var b strings.Builder
	const labels, rows, columns = 6, 11, 70
	low, high := c.clients()
	grid := make([][]rune, rows)
	for i := range grid {
		grid[i] = []rune(strings.Repeat(" ", columns))
	}
	for i, curve := range c {
		own := map[[2]int]bool{} // a curve that meets itself is still one
		for _, p := range curve.Points {
			x := int(share(p.Clients, low, high) * (columns - 1))
			y := rows - 1 - int(math.Round(min(1, max(0, p.Lost.Mean))*(rows-1)))
			switch at := [2]int{x, y}; {
			case own[at]:
			case grid[y][x] != ' ':
				grid[y][x] = '*'
			default:
				grid[y][x] = letter(i)
				own[at] = true
			}
		}
	}
	b.WriteString("share without a slot\n")
	for i, line := range grid {
		label := ""
		if i%5 == 0 {
			label = fmt.Sprintf("%d %%", 100-10*i)
		}
		fmt.Fprintf(&b, "%*s |%s\n", labels, label, strings.TrimRight(string(line), " "))
	}
	first, last := strconv.Itoa(low), strconv.Itoa(high)+" clients"
	fmt.Fprintf(&b, "%*s +%s\n", labels, "", strings.Repeat("-", columns))
	fmt.Fprintf(&b, "%*s  %s%*s\n", labels, "", first, columns-len(first), last)
	for i, curve := range c {
		text := fmt.Sprintf("%c %v", letter(i), curve.Windows)
		if curve.Problem != "" {
			text += ": " + curve.Problem
		}
		wrap(&b, text, textWidth)
	}
	b.WriteString("* several of them\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func letter(i int) rune { return rune('A' + i%26) }

// clients returns the range of the horizontal axis.
func (c Curves) clients() (low, high int) {
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
