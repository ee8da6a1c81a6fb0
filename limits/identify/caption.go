package identify

import (
	"fmt"
	"math/bits"

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
// all that fit are candidates. A caption that names none is a *limits.NameError,
// a service pack that none of them had a *limits.ServicePackError.
func Caption(caption string) (Identification, error) {
	if len(caption) > names.MaxLength {
		return Identification{}, tooLong(caption, names.MaxLength)
	}
	r := names.Read(caption)
	if e, ok := r.One(); ok {
		return identify(caption, &r, []names.Edition{e})
	}
	return identify(caption, &r, r.All())
}

// identify returns the editions at the service packs that were read.
func identify(name string, r *names.Reading, all []names.Edition) (Identification, error) {
	var c candidates
	if err := c.collect(name, r, all); err != nil {
		return Identification{}, err
	}
	id := Identification{Candidates: c.windows()}
	if r.Vague {
		id.Unlisted = []string{"another release of Windows Small Business Server"}
	}
	return id, nil
}

// collect adds the editions at the service packs that were read.
func (c *candidates) collect(name string, r *names.Reading, all []names.Edition) error {
	if r.Unread > 0 || len(all) == 0 {
		near, ambiguous := r.Nearest()
		return &limits.NameError{Input: name, Ambiguous: ambiguous, Candidates: names.As[limits.Edition](near)}
	}
	packs := r.Packs
	switch {
	case packs != 0:
	case r.Built > 0:
		packs = 1 << (r.Built - 1)
	case r.Second && r.Family.First == names.Server2003Web:
		packs = 1<<1 | 1<<2 // R2 was released with service pack 1
	}
	var found candidates
	for _, e := range all {
		found.add(e, packs)
	}
	if found.empty() {
		last := limits.ServicePackAt(bits.Len16(packs) - 1)
		return &limits.ServicePackError{Windows: limits.Windows{Edition: limits.Edition(all[0]), ServicePack: last}}
	}
	for e := range found {
		c[e] |= found[e]
	}
	return nil
}

func tooLong(input string, most int) error {
	return fmt.Errorf("%w: the name has %d bytes, more than %d, and begins %.40q", limits.ErrUnknownEdition, len(input), most, input)
}
