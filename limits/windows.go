package limits

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// ServicePack is the service pack that a machine is at: one from 1 to 7,
// AsReleased, or UnknownServicePack, which is the zero value. Do not compare
// service packs with <: one that is not known is neither lower nor higher than 2.
type ServicePack int8

// The service packs that have no number.
const (
	// UnknownServicePack says that the service pack is not known. A limit that
	// depends on it is not known either; see Lookup.
	UnknownServicePack ServicePack = 0
	// AsReleased says that no service pack is installed: the edition is as it was
	// released. Three products were released at level 1 or 2. For them AsReleased
	// and that number are the same; see Edition.ServicePacks.
	AsReleased ServicePack = -1
)

// lastServicePack is the highest number that a ServicePack has.
const lastServicePack = 7

// ServicePackAt returns the service pack at a level. A Rule, its JSON and the
// registry of Windows count in levels: 0 is AsReleased, 2 is service pack 2. A
// number below 0, such as AndLater, is not a level and gives UnknownServicePack. A
// number above 7 gives a service pack that no edition had; Windows.Valid reports
// it.
func ServicePackAt(level int) ServicePack {
	switch {
	case level == 0:
		return AsReleased
	case level < 0:
		return UnknownServicePack
	}
	return ServicePack(min(level, math.MaxInt8))
}

// String returns "SP3" for service pack 3, "SP0" for AsReleased, and nothing for
// UnknownServicePack.
func (p ServicePack) String() string {
	switch {
	case p == UnknownServicePack:
		return ""
	case p == AsReleased:
		return "SP0"
	case p.valid():
		return fmt.Sprintf("SP%d", int8(p))
	}
	return fmt.Sprintf("ServicePack(%d)", int8(p))
}

func (p ServicePack) valid() bool { return AsReleased <= p && p <= lastServicePack }

// MarshalText returns the String form, and "unknown" for UnknownServicePack. A
// value that is not a service pack is an error.
func (p ServicePack) MarshalText() ([]byte, error) {
	switch {
	case p == UnknownServicePack:
		return []byte(unknownName), nil
	case !p.valid():
		return nil, fmt.Errorf("limits: %v is not a service pack; want -1 (as released), 0 (unknown) or 1 to %d", p, lastServicePack)
	}
	return []byte(p.String()), nil
}

// UnmarshalText accepts "SP3" and "Service Pack 3"; for AsReleased "SP0", "RTM"
// and "as released"; for UnknownServicePack "unknown" and an empty text. Case does
// not matter.
func (p *ServicePack) UnmarshalText(text []byte) error {
	folded := strings.ToLower(strings.TrimSpace(string(text)))
	switch folded {
	case "", unknownName:
		*p = UnknownServicePack
		return nil
	case "rtm", "as released":
		*p = AsReleased
		return nil
	}
	for _, prefix := range [...]string{"service pack", "sp"} {
		digit, ok := strings.CutPrefix(folded, prefix)
		if digit = strings.TrimSpace(digit); ok && len(digit) == 1 && '0' <= digit[0] && digit[0] <= '0'+lastServicePack {
			*p = ServicePackAt(int(digit[0] - '0'))
			return nil
		}
	}
	return fmt.Errorf("limits: bad service pack %s; want SP0 (as released), SP1 to SP%d or unknown", names.Quote(string(text)), lastServicePack)
}

// Windows is what a machine runs: an edition of Windows and its service pack. Most
// questions to this package begin with one. It is comparable and can be a map key.
// Its zero value is an unknown edition.
type Windows struct {
	Edition Edition
	// ServicePack is the service pack. Its zero value says that it is not known; a
	// limit that depends on it is then not known either.
	ServicePack ServicePack
}

// String returns the edition and, unless it is unknown, the service pack, such
// as "Windows XP Professional SP2", and SP0 for the edition as released.
func (w Windows) String() string {
	if w.ServicePack == UnknownServicePack {
		return w.Edition.String()
	}
	return w.Edition.String() + " " + w.ServicePack.String()
}

// Valid returns nil if the edition is known and had the service pack, or the
// service pack is not known. The error matches ErrUnknownEdition, or ErrServicePack
// and then names the service packs that the edition had.
func (w Windows) Valid() error {
	if !w.Edition.valid() {
		return fmt.Errorf("%w: %v", ErrUnknownEdition, w.Edition)
	}
	if _, ok := w.levels(); !ok {
		return &ServicePackError{Windows: w}
	}
	return nil
}

// levels returns the levels that w can be at: one, or all that the edition had
// if the service pack is unknown. It is false if there is no such edition or it
// never had the service pack.
func (w Windows) levels() (span levelSpan, ok bool) {
	if !w.Edition.valid() {
		return levelSpan{}, false
	}
	first, last := names.Edition(w.Edition).Levels()
	level := int(w.ServicePack)
	switch w.ServicePack {
	case UnknownServicePack:
		return levelSpan{first, last}, true
	case AsReleased:
		level = first
	}
	return levelSpan{level, level}, first <= level && level <= last
}

// levelSpan is the levels from first to last, both included.
type levelSpan struct{ first, last int }

// MarshalText returns the String form, and "unknown" for the zero value. Any other
// value that Valid rejects is an error.
func (w Windows) MarshalText() ([]byte, error) {
	if w == (Windows{}) {
		return []byte(unknownName), nil
	}
	if err := w.Valid(); err != nil {
		return nil, err
	}
	return []byte(w.String()), nil
}

// UnmarshalText accepts what ParseWindows accepts, and "unknown" for the zero
// value.
func (w *Windows) UnmarshalText(text []byte) error {
	if string(text) == unknownName {
		*w = Windows{}
		return nil
	}
	parsed, err := ParseWindows(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}

// ServicePackError reports a service pack that the edition never had, or a
// question whose answer depends on a service pack that is not known. It matches
// ErrServicePack.
type ServicePackError struct {
	Windows Windows
	// Service is what was asked for, and Rules are the rules of the edition for
	// it, lowest level first. Rules is empty if the edition never had the service
	// pack. A level that none of the rules covers has no known rule.
	Service Service
	Rules   []Rule
}

// Error names the service pack that was asked for and those that the edition had,
// or the answer of each of them.
func (e *ServicePackError) Error() string {
	ed := e.Windows.Edition
	had := ed.ServicePacks()
	if len(e.Rules) > 0 {
		return fmt.Sprintf("limits: the service pack of %v is not known, and %v depends on it: %s",
			ed, e.Service, strings.Join(e.answers(), "; "))
	}
	asked := int(e.Windows.ServicePack)
	if e.Windows.ServicePack == AsReleased {
		asked = 0
	}
	if len(had) == 1 && had[0] == AsReleased {
		return fmt.Sprintf("limits: %v never had a service pack (asked for %d)", ed, asked)
	}
	names := make([]string, 0, len(had))
	for i, pack := range had {
		name := strings.TrimPrefix(pack.String(), "SP")
		if i == 0 {
			name += " (as released)"
		}
		names = append(names, name)
	}
	return fmt.Sprintf("limits: %v never had service pack %d; its levels are %s", ed, asked, strings.Join(names, ", "))
}

// answers returns what the levels of the edition have, each number once.
func (e *ServicePackError) answers() (list []string) {
	for from, all := 0, e.Windows.Edition.ServicePacks(); from < len(all); {
		answer, to := e.answerAt(all[from]), from+1
		for to < len(all) && e.answerAt(all[to]) == answer {
			to++
		}
		levels := all[from].String()
		if to-from > 1 {
			levels += " to " + all[to-1].String()
		}
		list = append(list, levels+" "+answer)
		from = to
	}
	return list
}

func (e *ServicePackError) answerAt(pack ServicePack) string {
	i := slices.IndexFunc(e.Rules, func(r Rule) bool { return r.Covers(Windows{e.Windows.Edition, pack}) })
	if i < 0 {
		return "no known rule"
	}
	r := e.Rules[i]
	answer := r.Default.String()
	if _, ok := r.Default.Number(); ok {
		answer += " " + r.Unit.String()
	}
	if r.Movable() {
		answer += ", at most " + r.Ceiling.String()
	}
	if r.Discipline != None && r.Discipline != AbsentService {
		answer += fmt.Sprintf(" (%v)", r.Discipline)
	}
	return answer
}

// Is makes the error match ErrServicePack.
func (e *ServicePackError) Is(target error) bool { return target == ErrServicePack }
