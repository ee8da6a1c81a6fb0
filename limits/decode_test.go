package limits_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestReadJSON(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, limits.WriteJSON(&b, limits.Rules()))
	table, err := limits.ReadJSON(&b)
	require.NoError(t, err)
	assert.Equal(t, limits.Revision, table.Revision)
	assert.Empty(t, table.Skipped)
	assert.Equal(t, slices.Collect(limits.Rules()), table.Rules)
}

// newerRule is a rule as a later revision could have it.
func newerRule(change ...string) string {
	return strings.NewReplacer(change...).Replace(`{"product": "Windows XP", "edition": "Home", "servicePackMin": 0, "servicePackMax": null,
		"service": "smb", "basis": "code", "unit": "sessions", "default": 5, "ceiling": 5, "discipline": "refuse", "queue": null,
		"grade": "documented", "defaultGrade": "documented", "ceilingGrade": "reported",
		"sources": [{"key": "kb314882", "title": "another title", "publisher": "", "kind": "vendor-kb", "url": ""}],
		"rivals": [], "note": "a note"}`)
}

// A file of a later revision is read but for what is new in it.
func TestReadJSONOfALaterRevision(t *testing.T) {
	file := `{"revision": "2031.1.7", "licence": "CC0", "rules": [` + strings.Join([]string{
		newerRule(`"Windows XP"`, `"Windows 12"`),
		newerRule(`"Home"`, `"Palace"`),
		newerRule(`"smb"`, `"quic"`),
		newerRule(`"refuse"`, `"throttle"`),
		newerRule(`"sessions"`, `"streams"`),
		newerRule(`"code"`, `"firmware"`),
		newerRule(`"grade": "documented"`, `"grade": "proved"`),
		newerRule(`"note"`, `"since": {"build": 30000}, "note"`),
		newerRule(`"kb314882"`, `"kb9999999"`, `"vendor-kb"`, `"press"`),
		newerRule(`"kb314882"`, `"podcast-12"`, `"vendor-kb"`, `"podcast"`, `"publisher"`, `"minute": 3, "publisher"`),
		newerRule(`"rivals": []`, `"rivals": [{"value": 7, "source": {"key": "a-blog", "title": "A blog", "kind": "claim"}, "why": "?"}]`),
		newerRule(),
	}, ",") + `]}`
	table, err := limits.ReadJSON(iotest.OneByteReader(strings.NewReader(file)))
	require.NoError(t, err)
	assert.Equal(t, "2031.1.7", table.Revision)
	assert.Equal(t, []limits.Skipped{
		{Rule: -1, Field: "licence", Value: `"CC0"`},
		{Rule: 0, Field: "product", Value: `"Windows 12"`, Whole: true},
		{Rule: 1, Field: "edition", Value: `"Palace"`, Whole: true},
		{Rule: 2, Field: "service", Value: `"quic"`, Whole: true},
		{Rule: 3, Field: "discipline", Value: `"throttle"`, Whole: true},
		{Rule: 4, Field: "unit", Value: `"streams"`, Whole: true},
		{Rule: 5, Field: "basis", Value: `"firmware"`, Whole: true},
		{Rule: 6, Field: "grade", Value: `"proved"`, Whole: true},
		{Rule: 7, Field: "since", Value: `{"build": 30000}`},
		{Rule: 9, Field: "sources[0].minute", Value: "3"},
		{Rule: 9, Field: "sources[0].kind", Value: `"podcast"`},
		{Rule: 10, Field: "rivals[0].why", Value: `"?"`},
	}, table.Skipped)
	require.Len(t, table.Rules, 5)
	for _, r := range table.Rules {
		assert.Equal(t, "Windows XP Home takes 5 SMB sessions at the same time and refuses the next one.", r.String())
		assert.Equal(t, "5 documented, 5 reported", r.Evidence())
	}
	known, ok := limits.LookupSource("kb314882")
	require.True(t, ok)
	assert.Equal(t, []limits.Source{known}, table.Rules[0].Sources(), "a known source is that of the bibliography")
	assert.Equal(t, []limits.Source{{Key: "kb9999999", Title: "another title", Kind: limits.SourcePress}}, table.Rules[1].Sources())
	assert.Equal(t, []limits.Source{{Key: "podcast-12", Title: "another title"}}, table.Rules[2].Sources())
	assert.Equal(t, []limits.Rival{{Value: limits.Number(7), Source: limits.Source{Key: "a-blog", Title: "A blog", Kind: limits.SourceClaim}}}, table.Rules[3].Rivals())
	assert.Equal(t, `rule 0: left out, because its product is "Windows 12"`, table.Skipped[1].String())
	assert.Equal(t, `rule 7: field "since" passed over, {"build": 30000}`, table.Skipped[8].String())
	assert.Equal(t, `the table: field "licence" passed over, "CC0"`, table.Skipped[0].String())

	// Sources and rivals that were kept are written again.
	var b bytes.Buffer
	require.NoError(t, table.WriteJSON(&b))
	again, err := limits.ReadJSON(&b)
	require.NoError(t, err)
	assert.Equal(t, table.Revision, again.Revision, "the rules are not those of this package's revision")
	assert.Equal(t, table.Rules, again.Rules)
	assert.Empty(t, again.Skipped)
	assert.EqualError(t, (&limits.Table{Rules: table.Rules}).WriteJSON(io.Discard), "limits: writing a table: it has no revision")
}

func TestReadJSONErrors(t *testing.T) {
	table := func(rules ...string) string {
		return `{"revision": "2031.1.7", "rules": [` + strings.Join(rules, ",") + `]}`
	}
	long := strings.Repeat("x", 1000)
	for file, want := range map[string]string{
		"":                                 "reading a table: it ends early",
		"[]":                               "a table is an object with a revision and rules",
		"{}":                               "it has no revision",
		`{"revision": 3, "rules": []}`:     "revision: it is a JSON number",
		`{"revision": "2031.1.7"}`:         "it has no rules",
		`{"rules": []}`:                    "it has no revision",
		`{"revision": "1", "rules": {}}`:   "rules is not an array",
		table() + "{}":                     "there is more data after the table",
		table()[:30]:                       "reading a table: it ends early",
		table(newerRule())[:300]:           "reading a table: it ends early",
		`{"rules": [], "rules": []}`:       `there are two "rules"`,
		table(newerRule(), "3"):            "rule 1: it is a JSON number",
		table("{}"):                        `rule 0: it has no "product"`,
		table(newerRule(`"unit"`, `"u"`)):  `rule 0: it has no "unit"`,
		table(newerRule(`"Home"`, `null`)): "rule 0: edition is null",
		table(newerRule(`"smb"`, `7`)):     "rule 0: service: it is a JSON number",
		table(newerRule(`"default": 5`, `"default": "some"`)):                                                       `rule 0: "Windows XP" "smb": limits: bad limit "some"; want a number from 0 to 2147483647, unlimited, absent or unknown`,
		table(newerRule(`"default": 5`, `"default": "`+long+`"`)):                                                   `bad limit "` + long[:90],
		table(newerRule(`"default": 5`, `"default": -1`)):                                                           `bad limit "-1"`,
		table(newerRule(`"servicePackMin": 0`, `"servicePackMin":-1`)):                                              "rule 0: service packs from -1 to null",
		table(newerRule(`"servicePackMax": null`, `"servicePackMax": "3"`)):                                         "servicePackMax is a JSON string",
		table(newerRule(`"servicePackMin": 0, "servicePackMax": null`, `"servicePackMin": 3, "servicePackMax": 2`)): "service packs from 3 to 2",
		table(newerRule(`"key": "kb314882", `, ``)):                                                                 `rule 0: sources[0]: it has no "key"`,
		table(newerRule(`"sources": [`, `"sources": [7,`)):                                                          "rule 0: sources[0]: it is a JSON number",
		table(newerRule(`"rivals": []`, `"rivals": [{}]`)):                                                          `rule 0: rivals[0]: want a "value" and a "source"`,
		table(newerRule(`"rivals": []`, `"rivals": {}`)):                                                            "rule 0: rivals: it is a JSON object",
		table(newerRule(`"rivals": []`, `"rivals": [{"value": "some", "source": {"key": "k"}}]`)):                   `bad limit "some"`,
	} {
		got, err := limits.ReadJSON(strings.NewReader(file))
		assert.Nil(t, got, file)
		if assert.ErrorContains(t, err, want, "%.200s", file) {
			assert.Less(t, len(err.Error()), 400)
		}
	}
	_, err := limits.ReadJSON(iotest.ErrReader(assert.AnError))
	assert.ErrorIs(t, err, assert.AnError)
}

// spaces is an endless file that is never a table.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestReadJSONIsBounded(t *testing.T) {
	_, err := limits.ReadJSON(spaces{})
	assert.EqualError(t, err, "limits: reading a table: it has more than 16777216 bytes")
	_, err = limits.ReadJSON(io.MultiReader(strings.NewReader(`{"revision": "`), spaces{}))
	assert.EqualError(t, err, "limits: reading a table: it has more than 16777216 bytes")

	var b strings.Builder
	b.WriteString(`{"revision": "1"`)
	for i := range 2000 {
		fmt.Fprintf(&b, `, "new%d": "%s"`, i, strings.Repeat("\u00e9", 300))
	}
	b.WriteString(`, "rules": []}`)
	table, err := limits.ReadJSON(strings.NewReader(b.String()))
	require.NoError(t, err)
	assert.Len(t, table.Skipped, 1000)
	assert.LessOrEqual(t, len(table.Skipped[0].Value), 103)
}

func FuzzReadJSON(f *testing.F) {
	f.Add(`{"revision": "2031.1.7", "rules": [` + newerRule() + `]}`)
	f.Add(`{"x": 1, "rules": [` + newerRule(`"note"`, `"n": 1, "note"`, `"key"`, `"k": 2, "key"`, `"Home"`, `"Palace"`) + `], "revision": ""}`)
	f.Add(`{"revision": "1", "rules": [{"product": null}]}`)
	f.Fuzz(func(t *testing.T, file string) {
		table, err := limits.ReadJSON(strings.NewReader(file))
		if err != nil {
			assert.Nil(t, table)
			return
		}
		for _, s := range table.Skipped {
			assert.NotEmpty(t, s.String())
		}
		var b bytes.Buffer
		require.NoError(t, table.WriteJSON(&b))
		again, err := limits.ReadJSON(&b)
		require.NoError(t, err)
		assert.Empty(t, again.Skipped)
		assert.Equal(t, table.Revision, again.Revision)
		assert.Equal(t, table.Rules, again.Rules)
	})
}

func ExampleReadJSON() {
	table, err := limits.ReadJSON(strings.NewReader(`{"revision": "2031.1.7", "rules": [
		{"product": "Windows 12", "edition": "Pro", "service": "smb", "unit": "sessions", "default": 20, "ceiling": 20, "discipline": "refuse", "grade": "reported"},
		{"product": "Windows 10", "edition": "Pro", "service": "smb", "unit": "sessions", "default": 20, "ceiling": 20, "discipline": "refuse", "grade": "measured",
			"sources": [{"key": "a-lab", "title": "Notes of a lab"}]}
	]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range table.Rules {
		fmt.Println(r, r.Sources()[0].Title)
	}
	for _, s := range table.Skipped {
		fmt.Println("skipped:", s)
	}
	// Output:
	// Windows 10 Pro takes 20 SMB sessions at the same time and refuses the next one. Notes of a lab
	// skipped: rule 0: left out, because its product is "Windows 12"
}

func ExampleTable_WriteJSON() {
	file := `{"revision": "2025.1.1", "rules": []}`
	table, err := limits.ReadJSON(strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := table.WriteJSON(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output: {"revision": "2025.1.1", "rules": []}
}
