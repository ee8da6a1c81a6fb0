package limits

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// ErrAmbiguous says that a name fits several editions. An error that matches
// it matches ErrUnknownEdition too.
var ErrAmbiguous = errors.New("limits: ambiguous name of an edition")

// NameError reports a name that does not name one edition. It matches
// ErrUnknownEdition, and ErrAmbiguous where the name fits several.
type NameError struct {
	// Input is the name.
	Input string
	// Ambiguous is set if every Candidate fits the name, and unset if none
	// does.
	Ambiguous bool
	// Candidates are the editions that the name may mean, in order of release:
	// those that fit an ambiguous name, or those nearest to an unknown name. It may
	// be empty.
	Candidates []Edition
}

// Error names the input, or the beginning of a long one, and up to eight of the
// candidates.
func (e *NameError) Error() string {
	var b strings.Builder
	switch {
	case e.Ambiguous:
		fmt.Fprintf(&b, "%v: %s", ErrAmbiguous, names.Quote(e.Input))
	default:
		fmt.Fprintf(&b, "%v: %s", ErrUnknownEdition, names.Quote(e.Input))
	}
	const most = 8
	for i, c := range e.Candidates {
		switch {
		case i == most:
			fmt.Fprintf(&b, " or %d more", len(e.Candidates)-most)
			return b.String()
		case i == 0 && e.Ambiguous:
			b.WriteString("; it can be ")
		case i == 0 && len(e.Candidates) == 1:
			b.WriteString("; the nearest is ")
		case i == 0:
			b.WriteString("; the nearest are ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(c.String())
	}
	return b.String()
}

// Is makes the error match ErrUnknownEdition and, if the name is ambiguous,
// ErrAmbiguous.
func (e *NameError) Is(target error) bool {
	return target == ErrUnknownEdition || target == ErrAmbiguous && e.Ambiguous
}

// ParseEdition returns the edition of a name that people or tools use: "XP
// Pro", "win7 home premium", "2003 std", "NT4 Workstation", "Microsoft®
// Windows Vista™ Business", "Windows Server 2008 R2 Standard", and the String
// form of every edition. Case, spaces and punctuation do not matter, nor do
// marks that leave the limits alone: N and KN, the processor, the language,
// "Evaluation", "LTSC", "in S mode", a release such as 22H2 or a build. Pro for
// Workstations and Pro Education are names of Pro. A service pack is checked as
// ParseWindows does and then left out.
//
// Any other name is a *NameError that lists candidates: all that fit if the name is
// ambiguous ("Windows 7"), otherwise the nearest ("Windows 7 Profesional").
// ParseEdition never guesses. One edition of Windows 8.1, and of some other
// products, has the name of the product alone. ParseEdition reads "Windows 8.1" as
// that edition, whose String form it is; identify.Recognize reads it as any edition
// of the product. A name with the version or the build of another product is
// unknown.
//
// ParseEdition reads names of up to 256 bytes and does not allocate unless it
// fails.
func ParseEdition(name string) (Edition, error) {
	w, err := ParseWindows(name)
	return w.Edition, err
}

// ParseWindows returns the edition and the service pack of a name, such as "xp
// professional sp2", "Microsoft Windows XP Professional Service Pack 3" or
// "Windows 7 Ultimate 7601". It reads the edition as ParseEdition does, with the
// same errors. If the name has no service pack, it is unknown. "SP0", "RTM" and "as
// released" are AsReleased, or the first level of an edition that was released at a
// higher one. A service pack that the edition never had is a *ServicePackError.
func ParseWindows(name string) (Windows, error) {
	if len(name) > names.MaxLength {
		return Windows{}, fmt.Errorf("%w: the name has %d bytes, more than %d, and begins %s", ErrUnknownEdition, len(name), names.MaxLength, names.Quote(name[:40]))
	}
	r := names.Read(name)
	e, ok := r.One()
	if !ok {
		return Windows{}, nameError(name, &r)
	}
	w := Windows{Edition: Edition(e)}
	first, last := e.Levels()
	level := -1
	switch bits.OnesCount16(r.Packs) {
	case 0:
		if last > 0 { // else there is nothing that a build could tell
			level = int(r.Built) - 1
		}
	case 1:
		level = bits.TrailingZeros16(r.Packs)
	default:
		return Windows{}, nameError(name, &r)
	}
	if level >= 0 {
		if level == 0 {
			level = first
		}
		w.ServicePack = ServicePackAt(level)
	}
	if err := w.Valid(); err != nil {
		return Windows{}, err
	}
	return w, nil
}

// MustParseWindows is ParseWindows for names in the source code of a program. It
// panics if ParseWindows returns an error.
func MustParseWindows(name string) Windows {
	w, err := ParseWindows(name)
	if err != nil {
		panic(err)
	}
	return w
}

func nameError(name string, r *names.Reading) error {
	candidates, ambiguous := r.Nearest()
	return &NameError{Input: name, Ambiguous: ambiguous, Candidates: names.As[Edition](candidates)}
}
