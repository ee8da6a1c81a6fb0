package limits

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRowsAreSound(t *testing.T) {
	assert.Regexp(t, regexp.MustCompile(`^20\d\d\.\d\d?\.\d+$`), Revision)
	type claim struct {
		e Edition
		s Service
	}
	covered := make(map[claim][]levels)
	for i, r := range rows {
		require.NotEmpty(t, r.editions, "row %d", i)
		require.NotEmpty(t, r.sources, "row %d", i)
		assert.NotEmpty(t, r.note, "row %d", i)
		assert.NotEqual(t, UnknownUnit, r.unit, "row %d", i)
		assert.NotEqual(t, UnknownDiscipline, r.discipline, "row %d", i)
		assert.NotEqual(t, UnknownGrade, r.grade, "row %d", i)
		assert.True(t, r.def.IsKnown() && r.ceiling.IsKnown(), "row %d", i)
		assert.Equal(t, r.def.IsAbsent(), r.discipline == AbsentService, "row %d", i)
		assert.Equal(t, r.service == Licence, r.basis == ByLicence, "row %d", i)
		if n, ok := r.def.Number(); ok {
			assert.True(t, r.ceiling.Holds(n), "row %d: a ceiling below the default", i)
			assert.Equal(t, r.basis == ByLicence, r.discipline == None, "row %d", i)
		}
		if r.queue.IsKnown() {
			assert.Equal(t, Queue, r.discipline, "row %d", i)
		}
		for _, key := range r.sources {
			_, ok := LookupSource(key)
			assert.True(t, ok, "row %d: source %s", i, key)
		}
		for _, v := range r.rivals {
			_, ok := LookupSource(v.source)
			assert.True(t, ok, "row %d: source %s", i, v.source)
			assert.True(t, v.value.IsKnown(), "row %d", i)
		}
		for _, e := range r.editions {
			require.True(t, e.valid(), "row %d", i)
			// No two rows for the same service packs of an edition's service.
			for _, other := range covered[claim{e, r.service}] {
				assert.True(t, r.levels.end != 0 && r.levels.end <= other.min || other.end != 0 && other.end <= r.levels.min,
					"row %d overlaps another for %v %v", i, e, r.service)
			}
			covered[claim{e, r.service}] = append(covered[claim{e, r.service}], r.levels)
		}
	}
}
