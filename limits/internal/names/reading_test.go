package names

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestReading(t *testing.T) {
	r := Read("Windows Server 2008 R2 SP1 Build 7601 nonsense")
	assert.Equal(t, Family{Server2008R2Foundation, Server2008R2Datacenter}, r.Family)
	assert.Equal(t, uint16(1<<1), r.Packs)
	assert.Equal(t, int8(2), r.Built)
	assert.True(t, r.Second)
	assert.Equal(t, 1, r.Unread)
	_, ok := r.One()
	assert.False(t, ok)
}

func TestReadStopsOnAnyInput(t *testing.T) {
	for _, name := range []string{
		strings.Repeat("w", MaxLength),
		strings.Repeat("home serverx ", MaxLength/13),
		strings.Repeat("sp-", MaxLength/3),
		strings.Repeat("2k", MaxLength/2),
		strings.Repeat("64-bit ", MaxLength/7),
		strings.Repeat("\u023a", MaxLength/2), // longer in lower case
		string(bytes.Repeat([]byte{0xff}, MaxLength)),
	} {
		Read(name)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"w2k3 r2 std x64 sp1a", "Windows 7 Profesional", "(r)(tm)®", "7 - 10", "\xff\xfe", "2k2k2k", "sp sp sp9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > MaxLength {
			return
		}
		r := Read(name)
		e, ok := r.One()
		assert.Equal(t, ok, e.Valid())
		if ok {
			assert.Contains(t, r.All(), e)
			return
		}
		candidates, ambiguous := r.Nearest()
		assert.True(t, slices.IsSorted(candidates))
		assert.False(t, ambiguous && len(candidates) == 0)
		for _, e := range candidates {
			assert.True(t, e.Valid())
		}
	})
}
