package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Systeminfo returns the editions that an output of the command systeminfo, or of
// msinfo32, stands for, in any language, as a list or as CSV. It reads the line OS
// Name, which it finds by its value, and the line OS Version behind it:
//
//	OS Name:                   Microsoft Windows XP Professional
//	OS Version:                5.1.2600 Service Pack 3 Build 2600
//
// It reads the name as Caption does. The version has the service pack, and decides if
// it is not a version of the product. The output may be in UTF-8, in UTF-16 or in a
// code page; see Recognize.
func Systeminfo(output string) (Identification, error) {
	if len(output) > maxText {
		return Identification{}, tooLong(output, maxText)
	}
	var (
		best    Identification
		bestErr error = &limits.NameError{Input: "systeminfo without a line that names an edition of Windows"}
	)
	for _, text := range decode(output) {
		ev, _, ok := systeminfo(text)
		if !ok {
			ev, _, ok = systeminfo(csvLines(text))
		}
		if !ok {
			continue
		}
		if id, err := ev.identify(); better(id, err, best, bestErr) || bestErr != nil {
			best, bestErr = id, err
		}
	}
	return best, bestErr
}

// systeminfo reads the first line that names an edition, and the version in the
// line behind it. It is false if there is none.
func systeminfo(output string) (ev evidence, versioned, ok bool) {
	for rest := output; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		name, ok := osName(line)
		if !ok {
			continue
		}
		version, _, _ := strings.Cut(rest, "\n")
		ev := evidence{input: name, form: FormSysteminfo, caption: true, named: true, name: names.ReadExact(name)}
		v, versioned := names.FindVersion(version, 3)
		if versioned = versioned && len(version) <= names.MaxLength; versioned {
			ev.id = Identity{
				Major: v.Major, Minor: v.Minor, Build: v.Build,
				ServicePack: servicePackIn(version, limits.AsReleased),
			}
			ev.input = name + ", " + ev.id.String()
		}
		return ev, versioned, true
	}
	return evidence{}, false, false
}

// servicePackIn returns the service pack that a text names, and another if it
// names none.
func servicePackIn(text string, none limits.ServicePack) limits.ServicePack {
	if _, pack, ok := strings.Cut(text, "Service Pack "); ok && pack != "" && names.IsDigit(pack[0]) {
		return limits.ServicePackAt(int(pack[0] - '0'))
	}
	return none
}

// osName returns the part of a line that is the name of an edition. A host can have
// nearly such a name, but not with a space.
func osName(line string) (name string, ok bool) {
	for i := range line {
		for _, maker := range [...]string{"Microsoft", "Майкрософт"} {
			if len(line)-i < len(maker) || len(line)-i > names.MaxLength || !strings.EqualFold(line[i:i+len(maker)], maker) {
				continue
			}
			r := names.ReadExact(line[i:])
			words := strings.Fields(string(names.Plain(nil, line[i:])))
			if r.Marks&names.MarkWindows != 0 && len(words) > 2 {
				return strings.TrimSpace(line[i:]), true
			}
		}
	}
	return "", false
}
