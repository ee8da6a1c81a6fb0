package simtest_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate/simtest"
)

// TestOutsideOfABubble: what does not work in a bubble says so at once.
func TestOutsideOfABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, f := range map[string]func(t testing.TB){
			"NewSamba runs a process": func(t testing.TB) { simtest.NewSamba(t, simtest.NewHost(t, xpHome, nil), nil) },
			"Loopback listens on the network": func(t testing.TB) {
				simtest.NewServer(t, simtest.NewHost(t, win7, nil), nil).Loopback()
			},
		} {
			failures := try(func(inner testing.TB) { f(bubbleT{inner, t}) })
			assert.Equal(t, []string{"simtest: " + what + ", which does not work in a testing/synctest bubble: call it outside"}, failures)
		}
	})
}
