package identify

import (
	"fmt"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Caption returns the Windows that a Caption of WMI's Win32_OperatingSystem
// stands for, such as "Microsoft Windows 7 Professional " or "Microsoft(R)
// Windows(R) Server 2003, Standard Edition". A caption has no service pack:
// unless it is written behind, as in "Microsoft Windows XP Professional Service
// Pack 3", every level of the edition is a candidate.
//
// The name is read as by limits.ParseEdition, but an ambiguous one is no error:
// all that fit are candidates; and a version behind the name decides, as in
// Identify. A caption that names none is a *limits.NameError, one of a Windows
// without rows an *UnlistedError, a service pack that none of them had a
// *limits.ServicePackError.
func Caption(caption string) (Identification, error) {
	if len(caption) > names.MaxLength {
		return Identification{}, tooLong(caption, names.MaxLength)
	}
	ev := evidence{input: caption, form: FormCaption, name: names.Read(caption), named: true, caption: true}
	return ev.identify()
}

func tooLong(input string, most int) error {
	return fmt.Errorf("%w: the text has %d bytes, more than %d, and begins %s", limits.ErrUnknownEdition, len(input), most, names.Quote(input[:min(len(input), 40)]))
}
