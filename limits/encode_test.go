package limits

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, WriteJSON(&b, Rules()))
	var back struct {
		Revision string `json:"revision"`
		Rules    []Rule `json:"rules"`
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &back))
	assert.Equal(t, Revision, back.Revision)
	assert.Equal(t, slices.Collect(Rules()), back.Rules)

	b.Reset()
	require.NoError(t, WriteJSON(&b, ByEdition(UnknownEdition)))
	assert.JSONEq(t, `{"revision": "`+Revision+`", "rules": []}`, b.String())
}

// The words of the schema are those of the package, and a rule has the fields
// that it requires.
func TestSchemaHasTheWords(t *testing.T) {
	type property struct {
		Enum []string `json:"enum"`
	}
	type object struct {
		property
		Required   []string            `json:"required"`
		Properties map[string]property `json:"properties"`
	}
	var schema struct {
		Defs map[string]json.RawMessage `json:"$defs"`
	}
	data, err := os.ReadFile("rules.schema.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &schema))
	var rule, source object
	var grade property
	require.NoError(t, json.Unmarshal(schema.Defs["rule"], &rule))
	require.NoError(t, json.Unmarshal(schema.Defs["source"], &source))
	require.NoError(t, json.Unmarshal(schema.Defs["grade"], &grade))
	assert.Equal(t, serviceNames()[1:], rule.Properties["service"].Enum)
	assert.Equal(t, basisNames[1:], rule.Properties["basis"].Enum)
	assert.Equal(t, unitNames[1:], rule.Properties["unit"].Enum)
	assert.Equal(t, disciplineNames[1:], rule.Properties["discipline"].Enum)
	assert.Equal(t, sourceKindNames[1:], source.Properties["kind"].Enum)
	assert.Equal(t, gradeNames[1:], grade.Enum)
	assert.ElementsMatch(t, ruleNames, rule.Required)
	assert.ElementsMatch(t, ruleNames, slices.Collect(maps.Keys(rule.Properties)))
	assert.ElementsMatch(t, sourceNames, slices.Collect(maps.Keys(source.Properties)))

	text, err := json.Marshal(Rule{})
	require.NoError(t, err)
	var fields map[string]any
	require.NoError(t, json.Unmarshal(text, &fields))
	assert.ElementsMatch(t, ruleNames, slices.Collect(maps.Keys(fields)))
}

func TestJSONForm(t *testing.T) {
	r, err := Lookup(Windows{XPProfessional, 1}, TCPHalfOpen)
	require.NoError(t, err)
	data, err := json.Marshal(r)
	require.NoError(t, err)
	var m map[string]any
	require.NoError(t, json.Unmarshal(data, &m))
	assert.Equal(t, "Windows XP", m["product"])
	assert.Equal(t, "Professional", m["edition"])
	assert.EqualValues(t, 1, m["servicePackMax"])
	assert.Equal(t, "unlimited", m["default"])
	assert.Contains(t, m, "queue")
	assert.Nil(t, m["queue"])
	sources, ok := m["sources"].([]any)
	require.True(t, ok)
	source, ok := sources[0].(map[string]any)
	require.True(t, ok)
	assert.Equal(t, "libtorrent-2010", source["key"])
	assert.Equal(t, "program", source["kind"])
}

func TestRuleWrittenByHandSurvivesJSON(t *testing.T) {
	for _, r := range []Rule{{}, {Edition: XPHome, ServicePackMin: 1, ServicePackMax: 2, Service: SMB, Unit: UnitSessions, Default: Number(3), Ceiling: Number(4), Discipline: Queue, Queue: Number(0), Note: "a|b"}} {
		data, err := json.Marshal(r)
		require.NoError(t, err)
		var back Rule
		require.NoError(t, json.Unmarshal(data, &back))
		assert.Equal(t, r, back)
	}
	for text, want := range map[string]string{
		`{"product": "Windows XP", "edition": "Palace"}`:                           `product "Windows XP", edition "Palace"`,
		`{"product": "Windows XP", "edition": "Home", "default": "some"}`:          `bad limit "some"`,
		`{"product": "Windows XP", "edition": "Home", "service": "gopher"}`:        `unknown service "gopher"`,
		`{"product": "Windows XP", "edition": "Home", "default": -3}`:              `bad limit "-3"`,
		`{"product": "Windows XP", "edition": "Home", "discipline": "forbidding"}`: `unknown discipline "forbidding"`,
	} {
		assert.ErrorContains(t, json.Unmarshal([]byte(text), new(Rule)), want)
	}
}

func TestCSV(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteCSV(&b, Rules()))
	records, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	require.NoError(t, err)
	assert.Len(t, records, 1+len(slices.Collect(Rules())))
	assert.Equal(t, columns[:], records[0])
	var packs []string
	for r := range ByEdition(VistaUltimate) {
		if r.Service == TCPHalfOpen {
			packs = append(packs, r.fields()[2])
		}
	}
	assert.Equal(t, []string{"0", "1", "2+"}, packs)
	assert.Contains(t, b.String(), "Windows XP,Professional,0-1,tcp-half-open")
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteMarkdown(&b, slices.Values([]Rule{{Note: "a|b"}})))
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	require.Len(t, lines, 3)
	assert.Contains(t, lines[2], `a\|b`)
	for _, l := range lines[:2] {
		assert.Equal(t, len(columns)+1, strings.Count(l, "|"))
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, assert.AnError }

func TestWritersReportErrors(t *testing.T) {
	assert.ErrorIs(t, WriteJSON(failingWriter{}, Rules()), assert.AnError)
	assert.ErrorIs(t, WriteCSV(failingWriter{}, Rules()), assert.AnError)
	assert.ErrorIs(t, WriteMarkdown(failingWriter{}, Rules()), assert.AnError)
}

func FuzzRuleJSON(f *testing.F) {
	for r := range ByEdition(XPProfessional) {
		data, err := json.Marshal(r)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var r Rule
		if json.Unmarshal(data, &r) != nil {
			return
		}
		again, err := json.Marshal(r)
		require.NoError(t, err)
		var back Rule
		require.NoError(t, json.Unmarshal(again, &back))
		assert.Equal(t, r, back)
	})
}
