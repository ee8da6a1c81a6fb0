package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Winver returns the editions that the text of winver stands for. winver is the
// command that shows the version in a window, such as "Version 23H2 (OS Build
// 22631.3296)" or "Version 5.1 (Build 2600.xpsp_sp3_gdr.100427-1636 : Service Pack
// 3)". The text has no name, so that Recognize reads it only if the word Windows is
// near.
//
// A text of another form is a *limits.NameError.
func Winver(text string) (Identification, error) {
	if len(text) > names.MaxLength {
		return Identification{}, tooLong(text, names.MaxLength)
	}
	for line := range strings.Lines(text) {
		if ev, ok := winver(strings.TrimSpace(line)); ok {
			return ev.identify()
		}
	}
	return Identification{}, &limits.NameError{Input: text}
}

// winver reads the line of the version, in any language: "Version X (OS Build
// N)".
func winver(line string) (ev evidence, ok bool) {
	word, rest, ok := strings.Cut(line, " ")
	if !ok || len(line) > names.MaxLength || !strings.HasPrefix(strings.ToLower(word), "vers") && !strings.EqualFold(word, "версия") && word != "版本" {
		return evidence{}, false
	}
	version, build, ok := strings.Cut(rest, "(")
	if !ok {
		return evidence{}, false
	}
	version = strings.TrimSpace(version)
	ev = evidence{input: line, form: FormWinver}
	if release, ok := names.Release(version); ok && release.Parts > 0 {
		ev.id.Release = version
	} else if v, ok := names.FindVersion(version, 2); ok && v.Parts == 2 {
		ev.id.Major, ev.id.Minor = v.Major, v.Minor
	} else {
		return evidence{}, false
	}
	if ev.id.Build, ok = buildBehind(build); !ok {
		return evidence{}, false
	}
	ev.id.ServicePack = servicePackIn(build, limits.UnknownServicePack)
	return ev, true
}
