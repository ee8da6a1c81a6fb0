package chart

import (
	"fmt"
	"io"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// SummarySVG draws the verdicts on many machines as an SVG picture with a bar for each
// verdict.
func SummarySVG(w io.Writer, s *forecast.Summary) error {
	rows := []struct {
		label string
		n     int
		bad   bool
	}{
		{"fits", s.Verdicts[forecast.Fits], false},
		{"fits with a raised limit", s.Verdicts[forecast.Raise], false},
		{"needs another edition", s.Verdicts[forecast.Server], true},
		{"not known", s.Verdicts[forecast.UnknownVerdict], true},
		{"could not be judged", s.Errors, true},
	}
	const top, row, left, right = 60.0, 34.0, 220.0, 730.0
	height := int(top + row*float64(len(rows)) + 20)
	title := fmt.Sprintf("%d machines", s.Machines)
	if s.Machines == 1 {
		title = "1 machine"
	}
	var b svg
	b.open(height, title, "How many of them take their load")
	b.head(title, nil)
	for i, r := range rows {
		y := top + row*float64(i)
		b.text(left-10, y+16, toEnd, r.label)
		filling := area
		if r.bad {
			filling = bars
		}
		width := 0.0
		if s.Machines > 0 {
			width = (right - left) * float64(r.n) / float64(s.Machines)
		}
		fmt.Fprintf(&b, "<rect x=\"%.0f\" y=\"%.1f\" width=\"%.1f\" height=\"22\" %s/>\n", left, y, width, filling.attributes())
		b.text(left+width+8, y+16, "", fmt.Sprint(r.n))
	}
	b.line(left, top-8, left, top+row*float64(len(rows)), axis, "")
	return b.close(w)
}
