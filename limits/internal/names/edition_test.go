package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEveryEditionHasARow(t *testing.T) {
	seen := map[string]bool{}
	for e := range all {
		assert.NotEmpty(t, e.Product(), "edition %d", e)
		assert.NotEmpty(t, e.Name(), "edition %d of %s", e, e.Product())
		name := e.Product() + " " + e.Name()
		assert.False(t, seen[name], name)
		seen[name] = true
		first, last := e.Levels()
		assert.LessOrEqual(t, first, last, name)
	}
	assert.False(t, UnknownEdition.Valid())
	assert.False(t, Edition(255).Valid())
}

func TestAs(t *testing.T) {
	assert.Equal(t, []uint8{uint8(XPHome), uint8(NT31)}, As[uint8]([]Edition{XPHome, NT31}))
	assert.Nil(t, As[uint8](nil))
}
