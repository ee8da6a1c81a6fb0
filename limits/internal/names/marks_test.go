package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFullNamesTellEditionsApart(t *testing.T) {
	seen := map[string]map[Marks]Edition{}
	for e := range all {
		product := e.Product()
		if seen[product] == nil {
			seen[product] = map[Marks]Edition{}
		}
		assert.Zero(t, seen[product][e.Marks()], e)
		seen[product][e.Marks()] = e
		assert.Equal(t, e.Name() == Core, e.Marks() == 0, "%v has no marks", e)
	}
}
