package limits

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVocabulary(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range vocabulary {
		assert.False(t, seen[w.text], "%q is there twice", w.text)
		seen[w.text] = true
		// What plain would change could never be found.
		assert.Equal(t, w.text, string(plain(nil, w.text)))
		assert.True(t, isLetter(w.text[0]), w.text)
		found, length := longestWord([]byte(w.text))
		if assert.NotNil(t, found, w.text) {
			assert.Equal(t, w.text, found.text)
			assert.Len(t, w.text, length)
		}
	}
}

func TestFamiliesAreProducts(t *testing.T) {
	check := func(f family, name string) {
		if f == (family{}) {
			return
		}
		assert.LessOrEqual(t, f.first, f.last, name)
		products := map[string]bool{}
		for e := f.first; e <= f.last; e++ {
			products[editions[e].product] = true
		}
		if f.first != NT31 || f.last != NT40Server {
			assert.Len(t, products, 1, name)
		}
		for e := range Editions() {
			assert.Equal(t, f.contains(e), products[editions[e].product], "%s and %v", name, e)
		}
	}
	for _, w := range vocabulary {
		check(w.family, w.text)
	}
	for _, n := range numbers {
		check(n.family, n.text)
		assert.Contains(t, editions[n.family.first].product, strings.TrimRight(n.text, "0."), n.text)
	}
}

func TestFullNamesTellEditionsApart(t *testing.T) {
	seen := map[string]map[nameMarks]Edition{}
	for e := range Editions() {
		product := editions[e].product
		if seen[product] == nil {
			seen[product] = map[nameMarks]Edition{}
		}
		assert.Zero(t, seen[product][e.fullName()], e)
		seen[product][e.fullName()] = e
		assert.Equal(t, editions[e].name == coreName, e.fullName() == 0, "%v has no marks", e)
	}
}

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
		assert.Equal(t, want, string(plain(nil, name)))
	}
}

func TestReadStopsOnAnyInput(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("w", maxName),
		strings.Repeat("home serverx ", maxName/13),
		strings.Repeat("sp-", maxName/3),
		strings.Repeat("2k", maxName/2),
		strings.Repeat("64-bit ", maxName/7),
		strings.Repeat("\u023a", maxName/2), // longer in lower case
		string(bytes.Repeat([]byte{0xff}, maxName)),
	} {
		var r reading
		r.read(name)
	}
}
