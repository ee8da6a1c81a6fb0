package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTextFitsATerminal(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"-explain"},
		{"-help"},
		{"-windows", "Windows Server"},
		{"-symptom", "71"},
		{"-symptom", strings.Repeat("error 71 ", 1000)},
		{"-why", "-windows", "XP", "-service", "iis and smb", "-clients", "40"},
	} {
		var narrow, wide bytes.Buffer
		require.NoError(t, run(args, &narrow, 80))
		require.NoError(t, run(args, &wide, 0))
		assert.Equal(t, strings.Fields(wide.String()), strings.Fields(narrow.String()), "no word is lost")
		for line := range strings.Lines(narrow.String()) {
			line = strings.TrimSuffix(line, "\n")
			if utf8.RuneCountInString(line) > 80 {
				assert.Len(t, strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "- ")), 1, line) // an address
			}
		}
	}
}

func TestWrap(t *testing.T) {
	for _, test := range []struct {
		line  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"   ", 2, []string{"   "}},
		{"short", 10, []string{"short"}},
		{"one two three", 0, []string{"one two three"}},
		{"one two three", 7, []string{"one two", "three"}},
		{"  one two three", 7, []string{"  one", "  two", "  three"}},
		{"  - one two three", 9, []string{"  - one", "    two", "    three"}},
		{"- abcdefghijkl m", 8, []string{"- abcdefghijkl", "  m"}},
		{"abcdefghijkl m", 8, []string{"abcdefghijkl", "m"}},
		{"ääää öööö", 9, []string{"ääää öööö"}},
	} {
		assert.Equal(t, test.want, wrap(test.line, test.width), test.line)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, assert.AnError }

func TestTextReportsErrors(t *testing.T) {
	assert.ErrorIs(t, run([]string{"-service", "smb"}, full{}, 0), assert.AnError)
	assert.ErrorIs(t, run([]string{"-why", "-windows", "XP Pro", "-service", "smb", "-clients", "3"}, full{}, 0), assert.AnError)
}
