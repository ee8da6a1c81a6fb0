package chart

import (
	"fmt"
	"html"
	"io"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// The pictures are 800 wide. Colours have a light and a dark form, which the
// viewer chooses, and are told apart also without red and green (the palette is that of Okabe and Ito).
const (
	svgWidth  = 800
	svgLeft   = 70
	svgRight  = 20
	svgHeight = 130 // of a panel
	svgTitle  = 78  // runes that fit beside svgLeft in the size of titles
)

const svgStyle = `<style>
svg { --paper: #ffffff; --ink: #1b1f24; --faint: #c9ced6; --fill: #56b4e9; --edge: #0072b2; --bad: #d55e00;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #a3548a; --c4: #8a6d00; --c5: #1b1f24;
  font: 13px system-ui, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14171c; --ink: #e8ebf0; --faint: #454c57; --fill: #2b6a94; --edge: #7cc6f2; --bad: #ff9a4d;
  --c0: #7cc6f2; --c1: #ff9a4d; --c2: #3fd0a4; --c3: #e29acb; --c4: #f0e442; --c5: #e8ebf0; } }
.paper { fill: var(--paper); } text { fill: var(--ink); } .title { font-size: 16px; font-weight: 600; } .head { font-weight: 600; }
.grid { stroke: var(--faint); stroke-width: 1; } .axis { stroke: var(--ink); stroke-width: 1; }
.mean, .bar { shape-rendering: crispEdges; } .mean { fill: var(--fill); } .peak { fill: none; stroke: var(--edge); stroke-width: 1.5; } .bar { fill: var(--bad); }
.limit { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 4; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.curve { fill: none; stroke-width: 2.5; } .band { opacity: 0.2; stroke: none; }
</style>
`

type svg struct{ strings.Builder }

func (b *svg) open(height int, title, description string) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-labelledby="title description">`+"\n",
		svgWidth, height)
	fmt.Fprintf(b, "<title id=\"title\">%s</title>\n<desc id=\"description\">%s</desc>\n", html.EscapeString(title), html.EscapeString(description))
	b.WriteString(svgStyle)
	fmt.Fprintf(b, "<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", svgWidth, height)
}

func (b *svg) text(x, y float64, class, text string) {
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">%s</text>\n", x, y, class, html.EscapeString(text))
}

func (b *svg) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(b, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class)
}

// ReportSVG draws the run as a self-contained SVG picture: what is held over
// time, and what is queued and refused if anything is. An area is the mean of
// a step, the line above it the peak, and the dashed line the limit.
func ReportSVG(w io.Writer, r forecast.Report) error {
	panels := panels(&r, 1.1)
	const top, gap, foot = 80.0, 45.0, 55.0
	height := int(top + float64(len(panels))*(svgHeight+gap) - gap + foot)
	title := r.Title()
	about := fmt.Sprintf("%d %v asked for, %d admitted (%d after waiting), %d refused, %d timed out, %d gave up",
		r.Asked, r.Unit, r.Admitted, r.Waited, r.Refused, r.TimedOut, r.Abandoned)
	var b svg
	b.open(height, title, about)
	b.text(svgLeft, 24, "title", shorten(title, svgTitle))
	b.text(svgLeft, 43, "", about)

	width := float64(svgWidth - svgLeft - svgRight)
	x := func(i int) float64 { // where step i begins
		if r.Length <= 0 {
			return svgLeft + width*float64(i)/float64(len(r.Timeline.Steps))
		}
		return svgLeft + width*min(1, float64(i)*float64(r.Timeline.Step)/float64(r.Length))
	}
	at, labels := timeAxis(r.Length)
	for n, p := range panels {
		bottom := top + float64(n)*(svgHeight+gap) + svgHeight
		y := func(v float64) float64 { return bottom - svgHeight*v/p.top }
		b.text(svgLeft, bottom-svgHeight-7, "head", p.title)
		for _, v := range []float64{0, p.top / 2, p.top} {
			b.line(svgLeft, y(v), svgLeft+width, y(v), "grid")
			b.text(svgLeft-8, y(v)+4, "end", number(v))
		}
		fmt.Fprintf(&b, "<text transform=\"translate(18 %.1f) rotate(-90)\" class=\"middle\">%s</text>\n", bottom-svgHeight/2, html.EscapeString(p.unit))
		for i, v := range p.mean {
			class := "mean"
			if p.bad {
				class = "bar"
			}
			if v > 0 {
				fmt.Fprintf(&b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", x(i), y(v), x(i+1)-x(i), bottom-y(v), class)
			}
		}
		if p.peak != nil {
			var path strings.Builder
			for i, v := range p.peak {
				op := "L"
				if i == 0 {
					op = "M"
				}
				fmt.Fprintf(&path, "%s%.1f %.1fH%.1f", op, x(i), y(v), x(i+1))
			}
			fmt.Fprintf(&b, "<path d=\"%s\" class=\"peak\"/>\n", path.String())
		}
		if p.line > 0 {
			b.line(svgLeft, y(p.line), svgLeft+width, y(p.line), "limit")
		}
		b.line(svgLeft, bottom, svgLeft+width, bottom, "axis")
		for i := range at {
			b.line(svgLeft+width*at[i], bottom, svgLeft+width*at[i], bottom+5, "axis")
			if n == len(panels)-1 {
				anchor := "middle"
				if at[i] > 0.97 {
					anchor = "end"
				}
				b.text(svgLeft+width*at[i], bottom+19, anchor, labels[i])
			}
		}
	}
	b.text(svgLeft+width/2, float64(height)-14, "middle", "time since the start (area: mean of a step, line: its peak, dashed: the limit)")
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// CurvesSVG draws the curves as a self-contained SVG picture: the share that is
// lost against the number of clients, with the 95 per cent confidence interval
// as a band.
func CurvesSVG(w io.Writer, curves []forecast.Curve) error {
	const top, plot, foot, row = 60.0, 300.0, 60.0, 20.0
	height := int(top + plot + foot + row*float64(len(curves)))
	var b svg
	b.open(height, "Share without a slot against the number of clients", "One curve for each edition")
	b.text(svgLeft, 24, "title", "How much of what clients ask for gets no slot")
	low, high := clients(curves)
	width := float64(svgWidth - svgLeft - svgRight)
	bottom := top + plot
	x := func(n int) float64 { return svgLeft + width*share(n, low, high) }
	y := func(v float64) float64 { return bottom - plot*min(1, max(0, v)) }
	for i := range 6 {
		v := float64(i) / 5
		b.line(svgLeft, y(v), svgLeft+width, y(v), "grid")
		b.text(svgLeft-8, y(v)+4, "end", fmt.Sprintf("%d %%", 20*i))
	}
	for _, n := range countAxis(low, high) {
		b.line(x(n), bottom, x(n), bottom+5, "axis")
		b.text(x(n), bottom+19, "middle", strconv.Itoa(n))
	}
	b.line(svgLeft, bottom, svgLeft+width, bottom, "axis")
	b.text(svgLeft+width/2, bottom+40, "middle", "clients")
	fmt.Fprintf(&b, "<text transform=\"translate(18 %.1f) rotate(-90)\" class=\"middle\">share without a slot</text>\n", bottom-plot/2)
	// Curves that lie on one another show by their dashes.
	dashes := [...]string{"none", "10 6", "3 5", "12 4 3 4", "18 5"}
	for i, curve := range curves {
		colour, dash := fmt.Sprintf("var(--c%d)", i%6), dashes[i%len(dashes)]
		var path, upper, lower strings.Builder
		for j, p := range curve.Points {
			op := "L"
			if j == 0 {
				op = "M"
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", op, x(p.Clients), y(p.Lost.Mean))
			fmt.Fprintf(&upper, "%s%.1f %.1f", op, x(p.Clients), y(p.Lost.Mean+p.Lost.HalfWidth))
			q := curve.Points[len(curve.Points)-1-j]
			fmt.Fprintf(&lower, "L%.1f %.1f", x(q.Clients), y(q.Lost.Mean-q.Lost.HalfWidth))
		}
		legend := bottom + foot + row*float64(i) - 4
		if path.Len() > 0 {
			fmt.Fprintf(&b, "<path d=\"%s%sZ\" class=\"band\" style=\"fill:%s\"/>\n", upper.String(), lower.String(), colour)
			fmt.Fprintf(&b, "<path d=\"%s\" class=\"curve\" style=\"stroke:%s;stroke-dasharray:%s\"/>\n", path.String(), colour, dash)
			fmt.Fprintf(&b, "<path d=\"M%d %.1fh30\" class=\"curve\" style=\"stroke:%s;stroke-dasharray:%s\"/>\n", svgLeft, legend, colour, dash)
		}
		text := curve.Windows.String()
		if curve.Problem != "" {
			text += ": not shown; " + curve.Problem
		}
		b.text(svgLeft+40, legend+4, "", shorten(text, 95))
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func shorten(text string, runes int) string {
	if r := []rune(text); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return text
}

// countAxis returns round numbers from low to high.
func countAxis(low, high int) []int {
	step := 1
	for i := 0; (high-low)/step > 8; i++ {
		step = step * [...]int{2, 5, 2}[i%3] / [...]int{1, 2, 1}[i%3]
	}
	var at []int
	for n := (low + step - 1) / step * step; n <= high; n += step {
		at = append(at, n)
	}
	return at
}
