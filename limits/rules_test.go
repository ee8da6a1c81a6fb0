package limits

import (
	"fmt"
	"regexp"
	"slices"
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
			assert.True(t, isListed(key), "row %d, %v of %v: no source %s", i, r.service, r.editions[0], key)
		}
		for _, v := range r.rivals {
			assert.True(t, isListed(v.source), "row %d, %v of %v: no source %s", i, r.service, r.editions[0], v.source)
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

// The evidence for the default and for the ceiling differs in these rows, and in
// no others. Beside them the grade of a row is the weaker of the two.
func TestGradesOfDefaultAndCeiling(t *testing.T) {
	var differ []string
	for i, r := range rows {
		if r.grades == (split{}) {
			continue
		}
		assert.NotEqual(t, UnknownGrade, r.grades.def, "row %d", i)
		assert.Equal(t, r.grade, max(r.grades.def, r.grades.ceiling), "row %d", i)
		assert.NotEqual(t, r.grades.def, r.grades.ceiling, "row %d", i)
		assert.NotEqual(t, r.def, r.ceiling, "row %d", i)
		differ = append(differ, fmt.Sprintf("%v of %v: %s", r.service, r.editions[0], r.rule(r.editions[0], &evidence{grades: r.grades}).Evidence()))
	}
	assert.Equal(t, []string{
		"iis of Windows XP Professional: 10 documented, 40 reported",
		"telnet of Windows XP Professional: 2 inferred, upper bound unknown",
		"telnet of Windows Server 2003 Web: 2 documented, upper bound unknown",
		"tcp-backlog of Windows 8: 200 reported, 65535 documented",
		"tcp-backlog of Windows Server 2012 Foundation: 200 reported, 65535 documented",
		"tcp-backlog of Windows 10 Home: 200 reported, 65535 documented",
		"tcp-backlog of Windows 11 Home: 200 reported, 65535 documented",
		"tcp-backlog of Windows Server 2025 Standard: 200 reported, 65535 documented",
		"tcp-outbound of Windows 98: 100 documented, 3976 reported",
		"tcp-other of Windows 95: 100 documented, upper bound unknown",
		"tcp-other of Windows 98: 100 documented, upper bound unknown",
		"tcp-other of Windows Me: 100 reported, upper bound unknown",
	}, differ)
}

// released is the year of general availability.
var released = map[string]int{
	"Windows NT 3.1": 1993, "Windows NT 3.5": 1994, "Windows NT 3.51": 1995, "Windows NT 4.0": 1996,
	"Windows 95": 1995, "Windows 98": 1998, "Windows Me": 2000, "Windows 2000": 2000, "Windows XP": 2001,
	"Windows Server 2003": 2003, "Windows Small Business Server 2003": 2003, "Windows Home Server": 2007,
	"Windows Vista": 2007, "Windows Server 2008": 2008, "Windows 7": 2009, "Windows Server 2008 R2": 2009,
	"Windows 8": 2012, "Windows 8.1": 2013, "Windows Server 2012": 2012, "Windows Server 2012 R2": 2013,
	"Windows 10": 2015, "Windows 11": 2021, "Windows Server 2016": 2016, "Windows Server 2019": 2018,
	"Windows Server 2022": 2021, "Windows Server 2025": 2024,
}

// A source that is older than the product can only have been carried over. It is
// never the first source of a row that is not inferred, and no rule is its own
// rival.
func TestSourcesThatCannotKnow(t *testing.T) {
	older := map[string][]Edition{}
	for _, r := range rows {
		for _, v := range r.rivals {
			assert.NotContains(t, r.sources, v.source, "%v of %v: a source is its own rival", r.service, r.editions[0])
		}
		for _, e := range r.editions {
			year := released[e.Product()]
			require.NotZero(t, year, e)
			for i, key := range r.sources {
				source, _ := LookupSource(key)
				if source.Year == 0 || source.Year >= year || r.grade == Inferred {
					continue
				}
				assert.NotZero(t, i, "%v of %v rests on %s of %d", r.service, e, key, source.Year)
				cites := fmt.Sprintf("%v: %s of %d", r.service, key, source.Year)
				older[cites] = append(older[cites], e)
			}
		}
	}
	for _, editions := range older {
		slices.Sort(editions)
	}
	assert.Equal(t, map[string][]Edition{
		"rdp: ms-askperf-2008 of 2008": {
			Server2008R2Standard, Server2008R2Enterprise, Server2008R2Datacenter,
			Server2012Standard, Server2012Datacenter, Server2012R2Standard, Server2012R2Datacenter,
			Server2016Standard, Server2016Datacenter, Server2019Standard, Server2019Datacenter,
		},
		"tcp-backlog: ms-css-backlog of 2023": {Server2025Standard, Server2025Datacenter, Server2025DatacenterAzureEdition},
	}, older)
}
