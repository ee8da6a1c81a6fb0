package identify

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// tokenKind says what a token of a text is.
type tokenKind uint8

const (
	wordToken  tokenKind = iota
	commaToken           // , and /
	orToken              // or, and
	openToken            // ( and [
	closeToken           // ) and ]
	stopToken            // the end of a line or a sentence, and what no name goes across
)

// A token is a piece of a text. What lies between two words and is no token of
// its own, as a hyphen, belongs to the names that go across it.
type token struct {
	kind       tokenKind
	start, end int
}

// tokens splits a text.
func tokens(text string) (list []token) {
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRuneInString(text[i:])
		start := i
		i += size
		switch {
		case c == ',' || c == '/':
			list = append(list, token{commaToken, start, i})
		case c == '(' && names.TradeMark(text[start:]) > 0:
			i = start + names.TradeMark(text[start:])
		case c == '(' || c == '[':
			list = append(list, token{openToken, start, i})
		case c == ')' || c == ']':
			list = append(list, token{closeToken, start, i})
		case strings.ContainsRune("\n\r;|\"<>{}=\\!?", c):
			list = append(list, token{stopToken, start, i})
		case (c == '\'' || c == '’') && possessive(text[i:]):
			list = append(list, token{stopToken, start, i})
		case wordRune(c):
			for i < len(text) {
				c, size := utf8.DecodeRuneInString(text[i:])
				next := i+1 < len(text) && isAlphanumeric(text[i+1])
				if !wordRune(c) && (c != '.' || !next) && (c != '+' || next) {
					break
				}
				i += size
			}
			list = append(list, token{wordToken, start, i})
			if i < len(text) && text[i] == '.' && !abbreviated(text[start:i]) {
				list = append(list, token{stopToken, i, i + 1})
			}
		}
	}
	for i := range list {
		if t := &list[i]; t.kind == wordToken && t.end-t.start <= 3 {
			switch strings.ToLower(text[t.start:t.end]) {
			case "or", "and":
				if i+1 == len(list) || list[i+1].kind != wordToken || !laterWord(text[list[i+1].start:list[i+1].end]) {
					t.kind = orToken
				}
			}
		}
	}
	return list
}

// wordRune reports whether a letter or digit belongs to a word. The rest between
// two words can be of a name as well.
func wordRune(c rune) bool { return c != utf8.RuneError && (unicode.IsLetter(c) || unicode.IsDigit(c)) }

func isAlphanumeric(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// possessive reports whether a text behind an apostrophe goes on as in "Windows
// 10's limit".
func possessive(rest string) bool {
	return len(rest) > 0 && rest[0]|0x20 == 's' && (len(rest) == 1 || !isAlphanumeric(rest[1]))
}

// abbreviated reports whether a dot behind the word is none of a sentence.
func abbreviated(word string) bool {
	switch strings.ToLower(word) {
	case "v", "ver", "vers", "ed", "ent", "std", "prof", "adv", "no":
		return true
	}
	return false
}

// laterWord reports whether a word goes with or, as in "SP1 or later".
func laterWord(word string) bool {
	switch strings.ToLower(word) {
	case "later", "newer", "above", "higher", "greater", "up":
		return true
	}
	return false
}
