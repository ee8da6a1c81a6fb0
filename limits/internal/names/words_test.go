package names

import (
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
		assert.Equal(t, w.text, string(Plain(nil, w.text)))
		assert.True(t, isLetter(w.text[0]), w.text)
		found, length := longestWord([]byte(w.text))
		if assert.NotNil(t, found, w.text) {
			assert.Equal(t, w.text, found.text)
			assert.Len(t, w.text, length)
		}
	}
}

func TestFamiliesAreProducts(t *testing.T) {
	check := func(f Family, name string) {
		if f == (Family{}) {
			return
		}
		assert.LessOrEqual(t, f.First, f.Last, name)
		products := map[string]bool{}
		for e := f.First; e <= f.Last; e++ {
			products[e.Product()] = true
		}
		if f.First != NT31 || f.Last != NT40Server {
			assert.Len(t, products, 1, name)
		}
		for e := range all {
			assert.Equal(t, f.Contains(e), products[e.Product()], "%s and %v", name, e)
		}
	}
	for _, w := range vocabulary {
		check(w.family, w.text)
	}
	for _, n := range numbers {
		check(n.family, n.text)
		number := n.text
		if number == "81" { // as in "win81"
			number = "8.1"
		}
		assert.Contains(t, n.family.First.Product(), strings.TrimRight(number, "0."), n.text)
	}
}
