package simulate_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// badWords are the words that no text of this repository has: a client, a program
// and a connection are things, and Windows is not a thing that can be counted.
var badWords = [...]*regexp.Regexp{
	regexp.MustCompile(`(?i)\b(the one too many|whoever|nobody|somebody|be it that)\b`),
	// As in "a machine that runs it": an article, the name, and then no noun.
	regexp.MustCompile(`\b(?:[Aa]|[Aa]nother|[Ee]ach|[Ee]very|[Nn]o|[Oo]ne) Windows(?:[.,;:)?!]|$| (?:and|as|at|besides|by|can|does|for|from|has|in|is|it|may|of|on|or|stands|than|that|to|too|was|which|whose|with|without)\b)`),
	regexp.MustCompile(`\b[Tt]he Windows (?:it|of|that|which|whose)\b`),
}

// quotes are the files whose strings are the words of others: titles of sources, and
// the words that people use.
var quotes = []string{"limits/sources.go", "limits/symptomwords.go"}

// Comments, strings outside of tests, documents and pages are in plain words. The
// strings of tests can be what people say.
func TestWords(t *testing.T) {
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	texts := 0
	check := func(where, text string) {
		texts++
		text = strings.Join(strings.Fields(text), " ")
		for _, bad := range badWords {
			for _, at := range bad.FindAllStringIndex(text, -1) {
				assert.Fail(t, "a word to avoid", "%s: ...%s...", where, text[max(at[0]-30, 0):min(at[1]+30, len(text))])
			}
		}
	}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		switch filepath.Ext(name) {
		case ".go":
			checkGo(t, path, name, check)
		case ".md", ".html", ".js", ".svg", ".py", ".sh", ".yml":
			checkFile(t, path, name, check)
		default:
			if strings.HasPrefix(name, ".ci/") || strings.HasSuffix(name, ".schema.json") {
				checkFile(t, path, name, check)
			}
		}
		return nil
	}))
	assert.Greater(t, texts, 5000, "it looked at the whole repository")
}

func checkFile(t *testing.T, path, name string, check func(where, text string)) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for i, paragraph := range strings.Split(string(data), "\n\n") {
		check(name+", paragraph "+strconv.Itoa(i+1), paragraph)
	}
}

func checkGo(t *testing.T, path, name string, check func(where, text string)) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	require.NoError(t, err)
	where := func(node ast.Node) string { return name + ":" + strconv.Itoa(files.Position(node.Pos()).Line) }
	for _, group := range file.Comments {
		check(where(group), group.Text())
	}
	if strings.HasSuffix(name, "_test.go") || slices.Contains(quotes, name) {
		return
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			text, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			check(where(literal), text)
		}
		return true
	})
}

// The rules find what they are for and leave the rest alone.
func TestBadWords(t *testing.T) {
	found := func(text string) bool {
		return slices.ContainsFunc(badWords[:], func(r *regexp.Regexp) bool { return r.MatchString(text) })
	}
	for _, text := range []string{
		"It refuses the one too many.", "Whoever asks", "nobody knows", "a Windows that runs", "No Windows.", "every Windows", "the Windows of the target",
		"It is not a Windows, but", "each Windows without rows", "the Windows that it runs on",
	} {
		assert.True(t, found(text), text)
	}
	for _, text := range []string{
		"a Windows 7 machine", "a Windows client", "the Windows API", "Windows that is not patched", "an edition of Windows", "a Windows SMB2 client", "the Windows Server",
		"a limits.Windows that is valid", "each of Windows and Linux",
	} {
		assert.False(t, found(text), text)
	}
}
