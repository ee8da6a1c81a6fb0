package identify

import (
	"fmt"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Caption returns the editions that a caption stands for: the Caption of WMI's
// Win32_OperatingSystem, such as "Microsoft Windows 7 Professional " or "Microsoft(R)
// Windows(R) Server 2003, Standard Edition". A caption has no service pack, so that
// the edition is a candidate at all its service packs, unless one follows the name,
// as in "Microsoft Windows XP Professional Service Pack 3".
//
// Caption reads the name as limits.ParseEdition does, but an ambiguous name is not an
// error: all editions that fit are candidates. A version behind the name decides, as
// in Identify. A text that is not the name of an edition is a *limits.NameError, an
// edition that the table has no rules for an *UnlistedError, and a service pack that
// none of the editions had a *limits.ServicePackError.
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
