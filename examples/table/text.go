package main

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/winlimits/winlimits/limits"
)

// text prints the rules for people.
func (q *question) text(w *wrapper, rules iter.Seq[limits.Rule], explain bool) error {
	took := q.took()
	for _, line := range took {
		w.line(line)
	}
	if len(q.windows.Editions()) > 1 {
		q.ranges(w)
	}
	if len(took) > 0 {
		w.line("")
	}
	n := 0
	for r := range rules {
		if n++; explain {
			w.lines(r.Explain())
			continue
		}
		w.line(fmt.Sprintf("%v [%s]", r, r.Evidence()))
	}
	switch {
	case n == 0 && q.symptom != limits.UnknownSymptom:
		w.line("None of these rules has that symptom.")
	case n == 0:
		return fmt.Errorf("%w: the table has no row for this, which does not mean that there is no limit", limits.ErrNoRule)
	}
	if q.symptom != limits.UnknownSymptom {
		w.line("What else to check: " + q.symptom.Otherwise())
	}
	rule := "rules"
	if n == 1 {
		rule = "rule"
	}
	w.line(fmt.Sprintf("%d %s, revision %s", n, rule, limits.Revision))
	return w.err
}

// ranges prints the lowest and the highest limit of the candidates.
func (q *question) ranges(w *wrapper) {
	for _, s := range limits.Services() {
		byDefault, ceiling := q.windows.Range(s)
		switch {
		case !q.about(s) || !byDefault.Min.IsKnown():
			continue
		case byDefault == ceiling:
			w.line(fmt.Sprintf("  %-14v %v", s, byDefault))
		default:
			w.line(fmt.Sprintf("  %-14v %v (raised: %v)", s, byDefault, ceiling))
		}
	}
}

// A wrapper writes lines of at most width columns, or of any width if that is 0. It
// keeps the first error.
type wrapper struct {
	out   io.Writer
	width int
	err   error
}

// lines writes each line of the text.
func (w *wrapper) lines(text string) {
	for line := range strings.SplitSeq(text, "\n") {
		w.line(line)
	}
}

// line writes one line. What does not fit goes on the next ones, with the same
// indentation.
func (w *wrapper) line(text string) {
	for _, part := range wrap(text, w.width) {
		if w.err == nil {
			_, w.err = fmt.Fprintln(w.out, part)
		}
	}
}

// wrap breaks a line at its spaces into lines of at most width columns. A word
// that is longer has a line of its own.
func wrap(line string, width int) []string {
	words := strings.Fields(line)
	if width == 0 || utf8.RuneCountInString(line) <= width || len(words) == 0 {
		return []string{line}
	}
	body := strings.TrimLeft(line, " ")
	indent := strings.Repeat(" ", len(line)-len(body))
	if rest, ok := strings.CutPrefix(body, "- "); ok {
		words = strings.Fields(rest)
		indent += "  "
	}
	parts := []string{indent}
	for _, word := range words {
		last := &parts[len(parts)-1]
		switch {
		case *last == indent:
			*last += word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) > width:
			parts = append(parts, indent+word)
		default:
			*last += " " + word
		}
	}
	if strings.HasPrefix(body, "- ") {
		parts[0] = indent[:len(indent)-2] + "- " + parts[0][len(indent):]
	}
	return slices.Clip(parts)
}
