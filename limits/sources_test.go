package limits

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourcesAreSorted(t *testing.T) {
	for i := 1; i < len(sources); i++ {
		before, s := sources[i-1].Key, sources[i].Key
		require.NotEqual(t, before, s, "source %s is there twice", s)
		if s > before {
			continue
		}
		if i == 1 || sources[i-2].Key < s { // without the one before, the keys would be sorted
			s = before
		}
		require.Fail(t, fmt.Sprintf("source %s is not in order; the keys are sorted", s))
	}
	for s := range Sources() {
		got, ok := LookupSource(s.Key)
		require.True(t, ok, s.Key)
		assert.Equal(t, s, got)
		assert.NotEmpty(t, s.Title, s.Key)
		assert.NotEmpty(t, s.Publisher, s.Key)
		assert.NotEqual(t, UnknownSourceKind, s.Kind, s.Key)
	}
	_, ok := LookupSource("nonsense")
	assert.False(t, ok)
}

// isListed finds a source that stands in the wrong place as well, which
// LookupSource does not: TestSourcesAreSorted names it, and no row is to blame.
func isListed(key SourceKey) bool {
	return slices.ContainsFunc(sources[:], func(s Source) bool { return s.Key == key })
}

func TestSourceString(t *testing.T) {
	s, ok := LookupSource("kb314882")
	require.True(t, ok)
	assert.Equal(t, "Inbound connections limit in Windows XP. Microsoft, 2004. https://ftp.zx.net.nz/pub/archive/ftp.microsoft.com/MISC/KB/en-us/314/882.HTM [kb314882]", s.String())
	assert.Equal(t, "T. P [k]", Source{Key: "k", Title: "T", Publisher: "P"}.String())
}

func TestSourceKindText(t *testing.T) {
	for k := UnknownSourceKind; int(k) < len(sourceKindNames); k++ {
		text, err := k.MarshalText()
		require.NoError(t, err)
		var back SourceKind
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, k, back)
	}
	assert.ErrorContains(t, new(SourceKind).UnmarshalText([]byte("rumour")), `unknown kind of source "rumour"`)
}
