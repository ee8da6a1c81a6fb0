package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Ver returns the editions that a line of the command ver stands for, such as
// "Microsoft Windows XP [Version 5.1.2600]" or "Microsoft Windows [Version
// 10.0.19045.3803]", in any language. The line tells only the version: every edition
// of that version is a candidate, clients and servers.
//
// A line of another form, or an unknown version, is a *limits.NameError.
func Ver(line string) (Identification, error) {
	if len(line) > names.MaxLength {
		return Identification{}, tooLong(line, names.MaxLength)
	}
	ev, ok := ver(line)
	if !ok {
		return Identification{}, &limits.NameError{Input: line}
	}
	return ev.identify()
}

// ver reads a line of ver.
func ver(line string) (ev evidence, ok bool) {
	if len(line) > names.MaxLength {
		return evidence{}, false
	}
	name, rest, bracketed := strings.Cut(line, "[")
	if !bracketed { // NT 4.0: "Windows NT Version 4.0"
		rest = line
	}
	v, ok := names.FindVersion(rest, 2)
	if !ok || !strings.Contains(strings.ToLower(name), "windows") {
		return evidence{}, false
	}
	ev = evidence{input: line, form: FormVer, id: Identity{Major: v.Major, Minor: v.Minor, Build: v.Build}}
	// The older ones name the product too. The rest of the words are a
	// language's.
	if r := names.ReadExact(strings.TrimSuffix(strings.TrimSpace(name), ".")); r.Unlisted || r.Unread == 0 && !r.Empty() {
		ev.name, ev.named = r, true
	}
	return ev, true
}
