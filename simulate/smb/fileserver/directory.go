package fileserver

import (
	"strings"
	"unicode"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// listing says how far a client has listed an open directory.
type listing struct {
	begun   bool
	pattern string
	dots    int    // how many of . and .. have been returned
	after   string // the last name returned
	told    bool   // an entry has been returned
}

// queryDirectory answers a QUERY_DIRECTORY (MS-SMB2 3.3.5.18).
func (c *conn) queryDirectory(r *request) ([]byte, error) {
	req, err := smbwire.ParseQueryDirectory2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	switch {
	case err != nil:
		return nil, err
	case !f.dir, req.MaxOutput > maxSize:
		return nil, statusInvalidParameter
	case f.access&smbwire.AccessRead == 0:
		return nil, StatusAccessDenied
	case !smbwire.IsDirectoryClass(req.Class):
		return nil, statusInvalidInfoClass
	case len(req.Pattern) > maxName:
		return nil, statusObjectNameInvalid
	}
	l := &f.listing
	if req.Flags&(smbwire.DirectoryRestart|smbwire.DirectoryReopen) != 0 || !l.begun {
		*l = listing{begun: true, pattern: req.Pattern}
		if l.pattern == "" {
			l.pattern = "*"
		}
	}
	var out []byte
	last, full := 0, false
	// add appends an entry that matches, and reports whether there is room for more.
	add := func(name string, info smbwire.FileInfo) bool {
		if !matches(l.pattern, name) {
			return true
		}
		b, at, ok := smbwire.AppendDirectoryEntry2(out, last, req.Class, name, info, int(req.MaxOutput))
		if !ok {
			full = true
			return false
		}
		out, last, l.told = b, at, true
		full = req.Flags&smbwire.DirectorySingle != 0
		return !full
	}
	info, err := f.stat()
	if err != nil {
		return nil, err
	}
	for l.dots < 2 && !full {
		before := len(out)
		if add(strings.Repeat(".", l.dots+1), info); !full || len(out) > before {
			l.dots++
		}
	}
	if !full {
		err = f.list(l.after, func(name string, info smbwire.FileInfo) bool {
			before := len(out)
			more := add(name, info)
			if more || len(out) > before {
				l.after = name
			}
			return more
		})
		if err != nil {
			return nil, err
		}
	}
	switch {
	case len(out) > 0:
		return smbwire.AppendQueryReply2(nil, out), nil
	case full:
		return nil, statusInfoLengthMismatch
	case !l.told:
		return nil, statusNoSuchFile
	}
	return nil, statusNoMoreFiles
}

// matches reports whether a name matches a pattern of Windows (MS-FSA 2.1.4.4).
// Besides * and ? a pattern has < for a * that stops at the last dot, > for a ? that
// may also match nothing before a dot or at the end, and " for a dot that may be
// missing at the end.
func matches(pattern, name string) bool {
	p, n := []rune(strings.ToUpper(pattern)), []rune(strings.ToUpper(name))
	lastDot := -1
	for i, c := range n {
		if c == '.' {
			lastDot = i
		}
	}
	// at[j] says that the first j characters of the pattern can match what has been
	// read of the name.
	at, next := make([]bool, len(p)+1), make([]bool, len(p)+1)
	// reach adds to at the positions behind characters of the pattern that can match
	// nothing before character i of the name.
	reach := func(at []bool, i int) {
		end := i == len(n)
		for j, c := range p {
			if at[j] && (c == '*' || c == '<' || c == '>' && (end || n[i] == '.') || c == '"' && end) {
				at[j+1] = true
			}
		}
	}
	at[0] = true
	reach(at, 0)
	for i, c := range n {
		clear(next)
		for j, want := range p {
			if !at[j] {
				continue
			}
			switch {
			case want == '*', want == '<' && i != lastDot:
				next[j] = true
			case want == '?', want == '>' && c != '.', want == '"' && c == '.', unicode.ToUpper(want) == c:
				next[j+1] = true
			}
		}
		at, next = next, at
		reach(at, i+1)
	}
	return at[len(p)]
}
