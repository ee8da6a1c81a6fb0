//go:build !windows

package identify

import (
	"errors"
	"fmt"
)

// Detect returns the identity of the Windows that the program runs on, for
// Identify. It asks RtlGetVersion, which tells the version whatever the
// program's manifest says, and GetProductInfo. On other systems the error
// matches errors.ErrUnsupported.
func Detect() (Identity, error) {
	return Identity{}, fmt.Errorf("identify: Detect: %w", errors.ErrUnsupported)
}
