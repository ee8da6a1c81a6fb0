package interop

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestREADME: the tests that the README and the documentation of simtest show are
// tests of this directory, to the letter, and what the README links to is there.
func TestREADME(t *testing.T) {
	var code strings.Builder
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		code.Write(text)
	}
	root := filepath.Join("..", "..")
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	doc, err := os.ReadFile(filepath.Join(root, "simulate", "simtest", "doc.go"))
	require.NoError(t, err)
	shown := regexp.MustCompile(`(?ms)^func (Test|\(p \*pool\) ).*?^}$`)
	tests := shown.FindAllString(string(readme), -1)
	assert.GreaterOrEqual(t, len(tests), 3)
	tests = append(tests, shown.FindAllString(strings.ReplaceAll(string(doc), "//\t", ""), -1)...)
	for _, test := range tests {
		assert.Contains(t, code.String(), test+"\n")
	}

	for _, link := range regexp.MustCompile(`\]\(([a-z][a-z/_.]*)\)`).FindAllStringSubmatch(string(readme), -1) {
		_, err := os.Stat(filepath.Join(root, link[1]))
		assert.NoError(t, err)
	}
	for _, name := range regexp.MustCompile(`\[(Test\w+)\]\(examples/interop/\w+\.go\)`).FindAllStringSubmatch(string(readme), -1) {
		assert.Contains(t, code.String(), "\nfunc "+name[1]+"(t *testing.T) {\n")
	}
}
