package text_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/text"
)

func TestShort(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0 ns"}, {999, "999 ns"}, {1500, "1.5 µs"}, {12345678, "12.3 ms"}, {time.Second, "1 s"},
		{64 * time.Second, "1.07 min"}, {450*time.Second + 1, "7.5 min"}, {25 * time.Hour, "1.04 d"}, {1000 * 24 * time.Hour, "1000 d"},
	} {
		assert.Equal(t, c.want, text.Short(c.d))
	}
}

func TestTime(t *testing.T) {
	for _, want := range []string{"0s", "1ns", "30s", "1m", "1m30s", "10m", "8h", "8h0m1s", "1h1m", "20m0.5s", "-1h", "100h"} {
		d, err := time.ParseDuration(want)
		require.NoError(t, err)
		assert.Equal(t, want, text.Time(d))
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", 1.0 / 3: "0.333", 99.96: "100", 4321: "4321", 1234567.8: "1234568", 1e-5: "0.00001"} {
		assert.Equal(t, want, text.Digits(v))
	}
}

func TestWrap(t *testing.T) {
	var b strings.Builder
	text.Wrap(&b, strings.Repeat("grüße  ", 40))
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	assert.Len(t, lines, 4)
	for i, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), text.Width)
		assert.Equal(t, i > 0, strings.HasPrefix(line, "  g"))
	}
	assert.Equal(t, 40, strings.Count(b.String(), "grüße"))
}

func TestQuote(t *testing.T) {
	for typed, want := range map[string]string{
		"":                        `""`,
		"go":                      `"go"`,
		strings.Repeat("x", 18):   `"xxxxxxxxxxxxxxxxxx"`,
		strings.Repeat("x", 1000): `"xxxxxxxxxxxxxxx"...`,
		strings.Repeat("ü", 1000): `"üüüüüüü"...`,
		strings.Repeat("\x00", 9): `"\x00\x00\x00"...`,
	} {
		got := text.Quote(typed, 20)
		assert.Equal(t, want, got)
		assert.LessOrEqual(t, len(got), 20)
	}
}
