package iis

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStateOf(t *testing.T) {
	for head, want := range map[string]headState{
		"":                                    headUnknown,
		"P":                                   headUnknown,
		"PRI * HTTP/2.0":                      headUnknown,
		"PRI * HTTP/2.0\r\n":                  headForeign,
		"PROXY":                               headUnknown,
		"PROXY ":                              headForeign,
		"PROPFIND / HTTP/1.1\r\n":             headUnknown,
		"\x16":                                headForeign,
		"\x16\x03\x01":                        headForeign,
		"\r\n\r\n":                            headUnknown,
		"\r\n\r\n\x00\r\nQUIT\n":              headForeign,
		"\r\n\r\nGET":                         headWhole,
		"GET / HTTP/1.1\r\nHost: a\r\n":       headUnknown,
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n":   headWhole,
		"GET / HTTP/1.0\n\n":                  headWhole,
		"GET /":                               headUnknown,
		"GET /\r\n":                           headWhole,
		"BAD\n":                               headWhole,
		strings.Repeat("a", maxRefusalHead-1): headUnknown,
		strings.Repeat("a", maxRefusalHead):   headWhole,
		"\x16" + strings.Repeat("a", 1<<20):   headForeign,
		"GET / HTTP/1.1\r\n" + strings.Repeat("a", 1<<20): headWhole,
	} {
		assert.Equal(t, want, stateOf([]byte(head)), "%.40q", head)
	}
}

func FuzzStateOf(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\nbody"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		// What is decided does not change with what follows.
		state := headUnknown
		for n := range len(b) + 1 {
			now := stateOf(b[:n])
			if state != headUnknown {
				assert.Equal(t, state, now)
			}
			state = now
		}
		if bytes.Contains(b, []byte("\r\n\r\n\r\n\r\n")) {
			assert.NotEqual(t, headUnknown, state)
		}
	})
}
