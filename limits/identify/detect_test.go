package identify_test

import (
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestDetect(t *testing.T) {
	id, err := identify.Detect()
	if runtime.GOOS != "windows" {
		assert.ErrorIs(t, err, errors.ErrUnsupported)
		assert.Zero(t, id)
		return
	}
	require.NoError(t, err)
	assert.NotZero(t, id.Major)
	assert.NotZero(t, id.Build)
	assert.NotZero(t, id.ProductType)
}

// A program that asks what it runs on, and on anything but Windows says so.
func ExampleDetect() {
	id, err := identify.Detect()
	if errors.Is(err, errors.ErrUnsupported) {
		fmt.Println("this is not Windows")
		return
	}
	found, err := identify.Identify(id)
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, _ := found.Range(limits.SMB)
	fmt.Println(found, "takes", sessions, "SMB sessions")
}
