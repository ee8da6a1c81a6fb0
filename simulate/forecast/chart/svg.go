package chart

import (
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// Lengths in a picture are in pixels, unless the picture is scaled.
const (
	svgWidth  = 800
	svgLeft   = 70
	svgRight  = 20
	svgHeight = 130 // of a panel
	svgTitle  = 72  // runes that fit beside svgLeft in the size of titles
	svgLine   = 105 // runes that fit there in the size of text
)

// An ink is a colour, for light paper and for dark. Each element has the light colour
// as an attribute, which any viewer shows and no Content-Security-Policy blocks.
// A style sheet has the dark colours, for viewers that prefer dark paper and allow a
// style sheet. The colours can be told apart without red and green (the palette is
// that of Okabe and Ito).
type ink struct {
	class, light, dark string
	attribute          string // fill or stroke
}

var (
	paper = ink{"paper", "#ffffff", "#14171c", "fill"}
	words = ink{"words", "#1b1f24", "#e8ebf0", "fill"}
	axis  = ink{"axis", "#1b1f24", "#e8ebf0", "stroke"}
	grid  = ink{"grid", "#c9ced6", "#454c57", "stroke"}
	area  = ink{"area", "#56b4e9", "#2b6a94", "fill"}
	peak  = ink{"peak", "#0072b2", "#7cc6f2", "stroke"}
	bars  = ink{"bars", "#d55e00", "#ff9a4d", "fill"}
	limit = ink{"limit", "#d55e00", "#ff9a4d", "stroke"}
)

// lines are the inks of curves, in their order.
var lines = [...]ink{
	{"line0", "#0072b2", "#7cc6f2", "stroke"},
	{"line1", "#d55e00", "#ff9a4d", "stroke"},
	{"line2", "#009e73", "#3fd0a4", "stroke"},
	{"line3", "#a3548a", "#e29acb", "stroke"},
	{"line4", "#8a6d00", "#f0e442", "stroke"},
	{"line5", "#1b1f24", "#e8ebf0", "stroke"},
}

// band returns the ink of the confidence interval around a curve.
func (i ink) band() ink {
	return ink{strings.Replace(i.class, "line", "band", 1), i.light, i.dark, "fill"}
}

// attributes returns the class and the light colour.
func (i ink) attributes() string {
	return fmt.Sprintf(`class="%s" %s="%s"`, i.class, i.attribute, i.light)
}

// svgClass is the class of the root. It keeps the style sheet of a picture inside a
// page to the picture.
const svgClass = "winlimits"

func style() string {
	var b strings.Builder
	b.WriteString("<style>@media (prefers-color-scheme: dark) {")
	inks := []ink{paper, words, axis, grid, area, peak, bars, limit}
	for _, i := range lines {
		inks = append(inks, i, i.band())
	}
	for _, i := range inks {
		fmt.Fprintf(&b, " .%s .%s { %s: %s }", svgClass, i.class, i.attribute, i.dark)
	}
	b.WriteString(" }</style>\n")
	return b.String()
}

type svg struct{ strings.Builder }

func (b *svg) open(height int, title, description string) {
	fmt.Fprintf(b, `<svg xmlns="http://www.w3.org/2000/svg" class="%s" width="%d" height="%d" viewBox="0 0 %d %d" role="img" `+
		`font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13">`+"\n", svgClass, svgWidth, height, svgWidth, height)
	fmt.Fprintf(b, "<title>%s</title>\n<desc>%s</desc>\n", escape(title), escape(description))
	b.WriteString(style())
	fmt.Fprintf(b, "<rect width=\"%d\" height=\"%d\" %s/>\n", svgWidth, height, paper.attributes())
}

func (b *svg) close(w io.Writer) error {
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// escape makes text part of an XML document: without markup, and without the
// characters that XML cannot hold.
func escape(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case r < ' ' || r == 0xfffe || r == 0xffff:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, string(utf8.RuneError)))
	return html.EscapeString(s)
}

// text writes text with further attributes.
func (b *svg) text(x, y float64, attributes, s string) {
	if attributes != "" {
		attributes += " "
	}
	fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" %s%s>%s</text>\n", x, y, attributes, words.attributes(), escape(s))
}

// The attributes of text.
const (
	inTitle  = `font-size="16" font-weight="600"`
	inHead   = `font-weight="600"`
	toEnd    = `text-anchor="end"`
	toMiddle = `text-anchor="middle"`
)

// sideways writes the name of a vertical axis, upwards.
func (b *svg) sideways(y float64, s string) {
	fmt.Fprintf(b, "<text transform=\"translate(18 %.1f) rotate(-90)\" %s %s>%s</text>\n", y, toMiddle, words.attributes(), escape(s))
}

func (b *svg) line(x1, y1, x2, y2 float64, i ink, attributes string) {
	fmt.Fprintf(b, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s%s/>\n", x1, y1, x2, y2, i.attributes(), attributes)
}

// ReportSVG draws the report of a scenario as an SVG picture, over time: the slots
// held, and what was queued, in the backlog and refused, if anything was. An area is
// the mean of a step, the line above it is the peak, and the dashed line is the limit.
func ReportSVG(w io.Writer, s forecast.Scenario, r forecast.Report) error {
	panels := panels(&r, 1.1)
	const gap, foot = 45.0, 55.0
	title, counts := r.Title(), fmt.Sprintf("%d %v: %s", r.Asked, r.Unit, r.Counts())
	about := append(split(s.String(), svgLine), split(counts, svgLine)...)
	top := 62 + lineHeight*float64(len(about))
	height := int(top + float64(len(panels))*(svgHeight+gap) - gap + foot)
	var b svg
	b.open(height, title, s.String()+"; "+counts)
	b.head(title, about)

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
		b.panel(&p, x, bottom)
		for i := range at {
			b.line(svgLeft+width*at[i], bottom, svgLeft+width*at[i], bottom+5, axis, "")
			if n == len(panels)-1 {
				anchor := toMiddle
				if at[i] > 0.97 {
					anchor = toEnd
				}
				b.text(svgLeft+width*at[i], bottom+19, anchor, labels[i])
			}
		}
	}
	b.text(svgLeft+width/2, float64(height)-14, toMiddle, "time since the start (area: mean of a step, line: peak, dashed line: limit)")
	return b.close(w)
}

// panel draws one chart of a run above bottom. x is where a step begins.
func (b *svg) panel(p *panel, x func(int) float64, bottom float64) {
	right := float64(svgWidth - svgRight)
	y := func(v float64) float64 { return bottom - svgHeight*v/p.top }
	b.text(svgLeft, bottom-svgHeight-7, inHead, p.title)
	for _, v := range []float64{0, p.top / 2, p.top} {
		b.line(svgLeft, y(v), right, y(v), grid, "")
		b.text(svgLeft-8, y(v)+4, toEnd, number(v))
	}
	b.sideways(bottom-svgHeight/2, p.unit)
	filling := area
	if p.bad {
		filling = bars
	}
	for i, v := range p.mean {
		if v > 0 {
			// On whole pixels, so that there is no gap between two steps.
			left, right := math.Round(x(i)), math.Round(x(i+1))
			fmt.Fprintf(b, "<rect x=\"%.0f\" y=\"%.1f\" width=\"%.0f\" height=\"%.1f\" %s shape-rendering=\"crispEdges\"/>\n",
				left, y(v), right-left, bottom-y(v), filling.attributes())
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
		fmt.Fprintf(b, "<path d=\"%s\" %s stroke-width=\"1.5\" fill=\"none\"/>\n", path.String(), peak.attributes())
	}
	if p.line > 0 {
		b.line(svgLeft, y(p.line), right, y(p.line), limit, ` stroke-width="1.5" stroke-dasharray="6 4"`)
	}
	b.line(svgLeft, bottom, right, bottom, axis, "")
}

// CurvesSVG draws the curves that Sweep has made of a scenario as an SVG picture: the
// share that is lost for each number of clients. The band around a curve is the 95
// per cent confidence interval.
func CurvesSVG(w io.Writer, s forecast.Scenario, curves []forecast.Curve) error {
	const plot, foot, row = 300.0, 60.0, 20.0
	title, load := curvesTitle(s), curvesLoad(s)
	about := split(load, svgLine)
	top := 54 + lineHeight*float64(len(about))
	height := int(top + plot + foot + row*float64(len(curves)))
	var b svg
	b.open(height, title, load)
	b.head(title, about)
	low, high := clients(curves)
	width := float64(svgWidth - svgLeft - svgRight)
	bottom := top + plot
	x := func(n int) float64 { return svgLeft + width*share(n, low, high) }
	y := func(v float64) float64 { return bottom - plot*min(1, max(0, v)) }
	for i := range 6 {
		v := float64(i) / 5
		b.line(svgLeft, y(v), svgLeft+width, y(v), grid, "")
		b.text(svgLeft-8, y(v)+4, toEnd, fmt.Sprintf("%d %%", 20*i))
	}
	for _, n := range countAxis(low, high) {
		b.line(x(n), bottom, x(n), bottom+5, axis, "")
		b.text(x(n), bottom+19, toMiddle, strconv.Itoa(n))
	}
	b.line(svgLeft, bottom, svgLeft+width, bottom, axis, "")
	b.text(svgLeft+width/2, bottom+40, toMiddle, "clients")
	b.sideways(bottom-plot/2, "share without a slot")
	// Different dashes show curves that lie on one another.
	dashes := [...]string{"none", "10 6", "3 5", "12 4 3 4", "18 5"}
	for i, curve := range curves {
		line, dash := lines[i%len(lines)], dashes[i%len(dashes)]
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
			fmt.Fprintf(&b, "<path d=\"%s%sZ\" %s opacity=\"0.2\"/>\n", upper.String(), lower.String(), line.band().attributes())
			fmt.Fprintf(&b, "<path d=\"%s\" %s stroke-width=\"2.5\" stroke-dasharray=\"%s\" fill=\"none\"/>\n", path.String(), line.attributes(), dash)
			fmt.Fprintf(&b, "<path d=\"M%d %.1fh36\" %s stroke-width=\"6\" stroke-dasharray=\"%s\" fill=\"none\"/>\n", svgLeft, legend, line.attributes(), dash)
		}
		text := curve.Windows.String()
		if curve.Problem != "" {
			text += ": not shown; " + curve.Problem
		}
		b.text(svgLeft+46, legend+4, "", shorten(text, svgLine-12))
	}
	return b.close(w)
}

// lineHeight is the distance of two lines of text.
const lineHeight = 18

// head writes the title and the lines below it.
func (b *svg) head(title string, about []string) {
	b.text(svgLeft, 24, inTitle, shorten(title, svgTitle))
	for i, line := range about {
		b.text(svgLeft, 43+lineHeight*float64(i), "", line)
	}
}

// split breaks text into at most three lines of so many runes.
func split(text string, runes int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case len(lines) < 3 && utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > runes:
			lines = append(lines, word)
		default:
			*last += " " + word
		}
	}
	for i := range lines {
		lines[i] = shorten(lines[i], runes)
	}
	return lines
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
