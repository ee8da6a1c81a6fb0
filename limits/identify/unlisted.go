package identify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// ErrUnlisted says that a text or an identity is of a Windows for which the
// table has no rows, as Windows Embedded or a server of the semi-annual channel.
// limits.ErrUnknownEdition says that it is not known to be a Windows at all.
var ErrUnlisted = errors.New("identify: a Windows without rows in the table")

// UnlistedError reports a Windows for which the table has no rows. It matches
// ErrUnlisted.
type UnlistedError struct {
	// Input is what was to be identified.
	Input string
	// Unlisted is what it can be, in the words of the input or of Microsoft.
	Unlisted []string
	// Nearest are editions of the table that come near, in order of release. They
	// are for people: their limits are not those of what is unlisted.
	Nearest []limits.Edition
}

// Error names what it can be and up to eight of the nearest editions.
func (e *UnlistedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %s", ErrUnlisted, names.Quote(e.Input))
	if what := strings.Join(e.Unlisted, " or "); what != e.Input {
		fmt.Fprintf(&b, ": %.80s", what)
	}
	_, near, _ := strings.Cut((&limits.NameError{Candidates: e.Nearest}).Error(), `""`)
	return b.String() + near
}

// Is makes the error match ErrUnlisted.
func (e *UnlistedError) Is(target error) bool { return target == ErrUnlisted }
