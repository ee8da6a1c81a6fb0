package chart

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// ReportText draws a report as text, over time: the slots held, and what was queued,
// in the backlog and refused, if anything was. Report.Summary says the rest.
func ReportText(w io.Writer, r forecast.Report) error {
	var b strings.Builder
	const labels = 8
	columns := len(r.Timeline.Steps)
	for _, p := range panels(&r, 1) {
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
	// One time axis for all charts.
	at, names := timeAxis(r.Length)
	line := []rune(strings.Repeat(" ", text.Width))
	end := 0
	for i := range at {
		column := labels + 2 + int(at[i]*float64(max(1, columns)-1))
		name := []rune(names[i])
		if column < end || column+len(name) > text.Width {
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

// CurvesText draws the curves that Sweep has made of a scenario as text: the share that
// is lost for each number of clients, with a letter for each edition.
func CurvesText(w io.Writer, s forecast.Scenario, curves []forecast.Curve) error {
	var b strings.Builder
	const labels, rows, columns = 6, 11, 70
	low, high := clients(curves)
	grid := make([][]rune, rows)
	for i := range grid {
		grid[i] = []rune(strings.Repeat(" ", columns))
	}
	for i, curve := range curves {
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
	text.Wrap(&b, curvesTitle(s)+" ("+curvesLoad(s)+")")
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
	for i, curve := range curves {
		legend := fmt.Sprintf("%c %v", letter(i), curve.Windows)
		if curve.Problem != "" {
			legend += ": " + curve.Problem
		}
		text.Wrap(&b, legend)
	}
	b.WriteString("* several editions\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func letter(i int) rune { return rune('A' + i%26) }
