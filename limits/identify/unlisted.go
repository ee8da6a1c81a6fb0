package identify

import (
	"errors"
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// ErrUnlisted says that a text or an identity stands for an edition that the table
// has no rules for, such as Windows Embedded or a server of the semi-annual channel.
// limits.ErrUnknownEdition says that it is not known to stand for Windows at all.
var ErrUnlisted = errors.New("identify: the table has no rules for this edition")

// UnlistedError reports an edition that the table has no rules for. It matches
// ErrUnlisted.
type UnlistedError struct {
	// Input is the text or the identity, in words.
	Input string
	// Unlisted are the editions that it may be, in the words of the input or of
	// Microsoft.
	Unlisted []string
	// Nearest are editions of the table that are similar, in order of release. They
	// are for people to read: their limits need not be those of the edition.
	Nearest []limits.Edition
}

// Error names the editions that it may be, and up to eight of the nearest.
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
