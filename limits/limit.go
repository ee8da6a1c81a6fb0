package limits

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// Limit is a number of peers, or one of the three things that are not a
// number: unlimited, absent (there is no such service to limit) and unknown.
// The zero Limit is unknown, so that a limit that was never filled in is not taken
// for one of the others. A limit of 0 is a number: the service is there and refuses
// every peer.
//
// Limits are comparable with ==.
type Limit struct {
	kind limitKind
	n    uint32
}

type limitKind uint8

const (
	unknownLimit limitKind = iota
	numberLimit
	unlimitedLimit
	absentLimit
)

// Number returns the limit of n peers. It panics if n is negative or larger
// than 2147483647, so that it fits an int everywhere.
func Number(n int) Limit {
	if n < 0 || n > math.MaxInt32 {
		panic(fmt.Sprintf("limits: Number(%d): a limit is 0 to %d", n, math.MaxInt32))
	}
	return Limit{numberLimit, uint32(n)}
}

// Unlimited returns the limit of a service that takes any number of peers.
func Unlimited() Limit { return Limit{kind: unlimitedLimit} }

// Absent returns the limit of a service that the edition does not have.
func Absent() Limit { return Limit{kind: absentLimit} }

// Number returns the number, and whether the limit is one.
func (l Limit) Number() (n int, ok bool) { return int(l.n), l.kind == numberLimit }

// IsKnown reports whether the limit is anything but unknown.
func (l Limit) IsKnown() bool { return l.kind != unknownLimit }

// IsUnlimited reports whether it is known that nothing limits the service.
func (l Limit) IsUnlimited() bool { return l.kind == unlimitedLimit }

// IsAbsent reports whether the edition does not have the service.
func (l Limit) IsAbsent() bool { return l.kind == absentLimit }

// Holds reports whether n peers fit at the same time. Nothing fits a service
// that is absent, and nothing is known to fit an unknown limit.
func (l Limit) Holds(n int) bool {
	switch l.kind {
	case unlimitedLimit:
		return true
	case numberLimit:
		return int64(n) <= int64(l.n)
	}
	return false
}

// String returns the number, "unlimited", "absent" or "unknown".
func (l Limit) String() string {
	switch l.kind {
	case numberLimit:
		return strconv.FormatUint(uint64(l.n), 10)
	case unlimitedLimit:
		return "unlimited"
	case absentLimit:
		return "absent"
	}
	return unknownName
}

// MarshalText returns the String form.
func (l Limit) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText accepts the String forms.
func (l *Limit) UnmarshalText(text []byte) error {
	switch string(text) {
	case "unlimited":
		*l = Unlimited()
	case "absent":
		*l = Absent()
	case unknownName:
		*l = Limit{}
	default:
		n, err := strconv.ParseUint(string(text), 10, 31)
		if err != nil {
			return fmt.Errorf("limits: bad limit %s; want a number from 0 to %d, unlimited, absent or unknown",
				names.Quote(string(text)), math.MaxInt32)
		}
		*l = Limit{numberLimit, uint32(n)}
	}
	return nil
}

// MarshalJSON returns a JSON number for a number and the String form as a
// JSON string otherwise.
func (l Limit) MarshalJSON() ([]byte, error) {
	if l.kind == numberLimit {
		return []byte(l.String()), nil
	}
	return json.Marshal(l.String())
}

// UnmarshalJSON accepts what MarshalJSON returns.
func (l *Limit) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return l.UnmarshalText(data)
	}
	return l.UnmarshalText([]byte(text))
}
