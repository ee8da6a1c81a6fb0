// Package text writes numbers, times and sentences for people who read them on a
// terminal.
package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Width is the number of columns that every terminal has.
const Width = 80

// Short returns a time in its largest unit with at most three digits: "1.07 min".
func Short(d time.Duration) string {
	for _, u := range []struct {
		unit time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= u.unit {
			return Digits(float64(d)/float64(u.unit)) + " " + u.name
		}
	}
	return fmt.Sprintf("%d ns", int64(d))
}

// Time returns a time as time.ParseDuration reads it, without trailing units that are 0:
// "1m30s", "8h", "0s".
func Time(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Digits returns a number with at most three significant digits, as a whole number from
// 100 on, and without an exponent.
func Digits(v float64) string {
	digits := max(0, 2-math.Floor(math.Log10(max(v, 1e-9))))
	scale := math.Pow(10, digits)
	return strconv.FormatFloat(math.Round(v*scale)/scale, 'f', -1, 64)
}

// Wrap writes a sentence in lines of at most Width columns. The lines after the first are
// indented.
func Wrap(b *strings.Builder, sentence string) {
	column := 0
	for i, word := range strings.Fields(sentence) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > Width:
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

// Quote returns a text that was typed, in quotes, for an error. Of a long one it returns
// the beginning, so that the result has at most that many bytes.
func Quote(typed string, most int) string {
	if q := strconv.Quote(typed[:min(len(typed), most)]); len(typed) <= most && len(q) <= most {
		return q
	}
	for end := min(len(typed), most); end > 0; end-- {
		if end < len(typed) && !utf8.RuneStart(typed[end]) {
			continue // within a letter
		}
		if q := strconv.Quote(typed[:end]) + "..."; len(q) <= most {
			return q
		}
	}
	return `""...`
}
