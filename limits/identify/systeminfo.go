package identify

import (
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// maxSysteminfo is the length of the longest output of systeminfo that is
// read, in bytes. A machine with hundreds of updates prints about 20,000.
const maxSysteminfo = 64 << 10

// Systeminfo returns the Windows that an output of the command systeminfo, or of
// msinfo32, stands for, in any language. The lines that are used are OS Name,
// found by its value, and OS Version behind it, as in
//
//	OS Name:                   Microsoft Windows XP Professional
//	OS Version:                5.1.2600 Service Pack 3 Build 2600
//
// The name is read as by Caption. The version adds the service pack, and is a
// *limits.NameError if it is not one of the product.
func Systeminfo(output string) (Identification, error) {
	if len(output) > maxSysteminfo {
		return Identification{}, tooLong(output, maxSysteminfo)
	}
	for line := range strings.Lines(output) {
		_, output, _ = strings.Cut(output, "\n")
		name, ok := osName(line)
		if !ok {
			continue
		}
		version, _, _ := strings.Cut(output, "\n")
		v, ok := names.FindVersion(version, 3)
		if !ok || len(version) > names.MaxLength {
			return Caption(name)
		}
		named, err := Caption(name)
		if err != nil {
			return Identification{}, err
		}
		id := Identity{Major: v.Major, Minor: v.Minor, Build: v.Build, ServicePack: limits.AsReleased}
		if _, pack, ok := strings.Cut(version, "Service Pack "); ok && pack != "" && names.IsDigit(pack[0]) {
			id.ServicePack = limits.ServicePackAt(int(pack[0] - '0'))
		}
		c, _, err := id.product()
		if err != nil {
			return Identification{}, err
		}
		named.Candidates = slices.DeleteFunc(named.Candidates, func(w limits.Windows) bool {
			return !c.contains(w)
		})
		if len(named.Candidates) == 0 {
			return Identification{}, &limits.NameError{Input: name + ", " + id.String()}
		}
		return named, nil
	}
	return Identification{}, &limits.NameError{Input: "systeminfo without a line that names a Microsoft Windows"}
}

// osName returns the part of a line that is the name of a Windows. A host can
// be named nearly as one, but not with a space.
func osName(line string) (name string, ok bool) {
	for i := range line {
		for _, maker := range [...]string{"Microsoft", "Майкрософт"} {
			if len(line)-i < len(maker) || len(line)-i > names.MaxLength || !strings.EqualFold(line[i:i+len(maker)], maker) {
				continue
			}
			words := strings.Fields(string(names.Plain(nil, line[i:])))
			if len(words) > 2 && words[1] == "windows" {
				return strings.TrimSpace(line[i:]), true
			}
		}
	}
	return "", false
}
