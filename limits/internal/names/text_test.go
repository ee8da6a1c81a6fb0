package names

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"professional", "professional", 0},
		{"professional", "profesional", 1},
		{"professional", "porfessional", 1}, // two neighbours swapped
		{"ultimate", "utlimat", 2},
		{"kitten", "sitting", 3},
	} {
		assert.Equal(t, c.want, editDistance(c.a, []byte(c.b)), c)
		assert.Equal(t, c.want, editDistance(c.b, []byte(c.a)), c)
	}
}

// obviousDistance is editDistance by its definition.
func obviousDistance(a, b []byte) int {
	switch {
	case len(a) == 0:
		return len(b)
	case len(b) == 0:
		return len(a)
	case a[0] == b[0]:
		return obviousDistance(a[1:], b[1:])
	}
	d := 1 + min(obviousDistance(a[1:], b), obviousDistance(a, b[1:]), obviousDistance(a[1:], b[1:]))
	if len(a) > 1 && len(b) > 1 && a[0] == b[1] && a[1] == b[0] {
		d = min(d, 1+obviousDistance(a[2:], b[2:]))
	}
	return d
}

func FuzzEditDistance(f *testing.F) {
	f.Add("home", "hmoe")
	f.Add("abcdef", "badcfe")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 7 || len(b) > 7 {
			return // the definition takes exponential time
		}
		assert.Equal(t, obviousDistance([]byte(a), []byte(b)), editDistance(a, []byte(b)))
	})
}

func TestPlain(t *testing.T) {
	for name, want := range map[string]string{
		"Microsoft(R) Windows(TM)": "microsoft  windows ",
		"Vista™ Édition":           "vista  édition",
		"7_Home+Premium, (R2)":     "7 home premium   r2 ",
		"SP0 – SP2":                "sp0 - sp2",
		"\xff\x00A\u00a0b":         "  a b",
		"\u0130X":                  "ix",
	} {
		assert.Equal(t, want, string(Plain(nil, name)))
	}
}

func TestQuote(t *testing.T) {
	assert.Equal(t, `"Windows 7"`, Quote("Windows 7"))
	for _, text := range []string{strings.Repeat("x", 10<<20), strings.Repeat("ü", 1000), strings.Repeat("\x00", 1000), strings.Repeat("\U0001F600", 99), strings.Repeat("x", 98), strings.Repeat("x", 99)} {
		got := Quote(text)
		assert.LessOrEqual(t, len(got), 100)
		begin, err := strconv.Unquote(strings.TrimSuffix(got, "..."))
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(text, begin))
		assert.Greater(t, len(got), 90)
	}
}

func TestPlainKeepsPlus(t *testing.T) {
	assert.Equal(t, "sp1+  2016+ x y", string(Plain(nil, "SP1+, 2016+ x+y")))
}
