//go:build !windows

package identify

import (
	"errors"
	"fmt"
)

// Detect returns the identity of the system that the program runs on, for Identify.
// It asks RtlGetVersion, which reports the version whatever the program's manifest
// says, and GetProductInfo. On systems other than Windows the error matches
// errors.ErrUnsupported.
func Detect() (Identity, error) {
	return Identity{}, fmt.Errorf("identify: Detect: %w", errors.ErrUnsupported)
}
