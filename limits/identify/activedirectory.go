package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// ActiveDirectory returns the editions that three attributes of a computer in Active
// Directory stand for: operatingSystem, operatingSystemVersion and
// operatingSystemServicePack, such as "Windows XP Professional", "5.1 (2600)" and
// "Service Pack 3", or "Windows 11 Enterprise", "10.0 (22631)" and "". Each can be
// empty. An empty service pack is unknown.
//
// A version is enough. Recognize needs a name before it.
func ActiveDirectory(operatingSystem, version, servicePack string) (Identification, error) {
	input := strings.Join(strings.Fields(operatingSystem+" "+version+" "+servicePack), " ")
	if len(input) > names.MaxLength {
		return Identification{}, tooLong(input, names.MaxLength)
	}
	ev := evidence{input: input, form: FormActiveDirectory, caption: true}
	if strings.TrimSpace(operatingSystem) != "" {
		ev.name, ev.named = names.Read(operatingSystem), true
	}
	if version = strings.TrimSpace(version); version != "" {
		ev.id.addVersion("", version, sameRecord)
		if ev.id.Major == 0 {
			return Identification{}, &limits.NameError{Input: input}
		}
	}
	if strings.TrimSpace(servicePack) != "" {
		ev.id.addPack("", strings.TrimSpace(servicePack), false)
	}
	if !ev.named && ev.id.Major == 0 {
		return Identification{}, &limits.NameError{Input: input}
	}
	return ev.identify()
}
