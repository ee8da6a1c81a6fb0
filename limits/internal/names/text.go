package names

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain appends the name in lower case, with a space for whatever is neither
// letter nor digit nor one of . and -, and without the marks of trade. A + stays
// where it can mean "and later".
func Plain(dst []byte, name string) []byte {
	for i := 0; i < len(name); {
		if name[i] == '(' {
			if n := TradeMark(name[i:]); n > 0 {
				dst = append(dst, ' ')
				i += n
				continue
			}
		}
		c, size := utf8.DecodeRuneInString(name[i:])
		i += size
		switch {
		case c == '.' || c == '-' || '0' <= c && c <= '9':
			dst = append(dst, byte(c))
		case c == '–':
			dst = append(dst, '-')
		case c == '+' && len(dst) > 0 && dst[len(dst)-1] != ' ' && (i == len(name) || !isWordByte(name[i])):
			dst = append(dst, '+')
		case c != utf8.RuneError && unicode.IsLetter(c):
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		default:
			dst = append(dst, ' ')
		}
	}
	return dst
}

// Quote returns a text in quotes for an error, a long one without its end: never
// more than 100 bytes.
func Quote(text string) string {
	const most = 100
	end := len(text)
	for end > most || len(strconv.Quote(text[:end]))+len("...") > most {
		end = min(end-1, most)
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		if quoted := strconv.Quote(text[:end]); len(quoted)+len("...") <= most {
			return quoted + "..."
		}
	}
	return strconv.Quote(text)
}

// TradeMark returns the length of the (R), (TM) or (C) that s begins with.
func TradeMark(s string) int {
	for _, m := range [...]string{"(r)", "(tm)", "(c)"} {
		if len(s) >= len(m) && strings.EqualFold(s[:len(m)], m) {
			return len(m)
		}
	}
	return 0
}

func isWordByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || IsDigit(c) || c >= utf8.RuneSelf
}

// IsDigit reports whether c is a digit.
func IsDigit(c byte) bool { return '0' <= c && c <= '9' }

// isLetter is for the bytes of Plain.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c >= utf8.RuneSelf }

// matchWord returns how much of the text is the word, or -1 if the text does
// not begin with it.
func matchWord(word string, text []byte) int {
	i := 0
	for j := 0; j < len(word); j++ {
		if word[j] == ' ' {
			for i < len(text) && (text[i] == ' ' || text[i] == '-') {
				i++
			}
			continue
		}
		if i == len(text) || text[i] != word[j] {
			return -1
		}
		i++
	}
	if i < len(text) && i > 0 && IsDigit(text[i-1]) && IsDigit(text[i]) {
		return -1
	}
	return i
}

// longestWord returns the longest word that the text begins with and its
// length in the text, or nil.
func longestWord(text []byte) (w *word, length int) {
	for i := range vocabulary {
		if vocabulary[i].text[0] != text[0] {
			continue
		}
		if n := matchWord(vocabulary[i].text, text); n > length {
			if vocabulary[i].kind == wholeWord && n < len(text) && isLetter(text[n]) {
				continue
			}
			w, length = &vocabulary[i], n
		}
	}
	return w, length
}

// nearestWord returns the word of the vocabulary that a misspelt one probably
// is, or nil.
func nearestWord(misspelt []byte) (w *word) {
	const longest = 24
	if len(misspelt) > longest {
		return nil
	}
	nearest := min(2, (len(misspelt)-1)/3) + 1
	for i := range vocabulary {
		text := vocabulary[i].text
		if len(text) < 4 || len(text) > longest {
			continue
		}
		if d := editDistance(text, misspelt); d < nearest {
			w, nearest = &vocabulary[i], d
		}
	}
	return w
}

// editDistance returns the number of letters to insert, delete, replace or
// swap with their neighbour that turn one word into the other. Neither has
// more than 24 bytes.
func editDistance(a string, b []byte) int {
	var rows [3][25]int // the last two and the present one
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, last, beforeLast := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			d := last[j-1]
			if a[i-1] != b[j-1] {
				d++
			}
			d = min(d, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, beforeLast[j-2]+1)
			}
			row[j] = d
		}
	}
	return rows[len(a)%3][len(b)]
}
