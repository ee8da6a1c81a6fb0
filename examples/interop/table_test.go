package interop

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTableSchema validates the table that the program prints against the schema
// in the repository, with a third-party validator.
func TestTableSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../limits/rules.schema.json")
	require.NoError(t, err)
	for _, args := range [][]string{
		nil,
		{"-windows", "XP Pro SP3"},
		{"-service", "tcp-backlog"},
		{"-symptom", "HTTP 403.9"},
	} {
		out, err := exec.Command("go", append([]string{"run", "github.com/winlimits/winlimits/examples/table", "-format", "json"}, args...)...).Output()
		require.NoError(t, err, args)
		table, err := jsonschema.UnmarshalJSON(bytes.NewReader(out))
		require.NoError(t, err, args)
		assert.NoError(t, schema.Validate(table), args)
	}
}

// TestTableSchemaRefuses: the schema refuses tables that are wrong.
func TestTableSchemaRefuses(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../limits/rules.schema.json")
	require.NoError(t, err)
	const rule = `{"product": "Windows XP", "edition": "Home", "servicePackMin": 0, "servicePackMax": null,
		"service": "smb", "basis": "code", "unit": "sessions", "default": 5, "ceiling": 5, "discipline": "refuse", "queue": null,
		"grade": "documented", "defaultGrade": "documented", "ceilingGrade": "documented",
		"sources": [{"key": "kb314882", "title": "a title", "publisher": "Microsoft", "kind": "vendor-kb", "year": 2004, "url": ""}],
		"rivals": [{"value": "unlimited", "source": {"key": "k", "title": "t", "publisher": "p", "kind": "claim", "url": ""}}], "note": "a note"}`
	valid := func(revision, rule string) bool {
		table, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"revision": "` + revision + `", "rules": [` + rule + `]}`))
		require.NoError(t, err)
		return schema.Validate(table) == nil
	}
	require.True(t, valid("2026.11.3", rule))
	assert.False(t, valid("soon", rule))
	for _, change := range [][2]string{
		{`"default": 5`, `"default": "some"`},
		{`"default": 5`, `"default": -1`},
		{`"default": 5`, `"default": 5.5`},
		{`"default": 5`, `"default": "absent"`},
		{`"ceiling": 5, `, ``},
		{`"smb"`, `"SMB"`},
		{`"smb"`, `"licence"`},
		{`"refuse"`, `"absent"`},
		{`"queue": null`, `"queue": true`},
		{`"grade": "documented"`, `"grade": "unknown"`},
		{`"servicePackMax": null`, `"servicePackMax": "3"`},
		{`"vendor-kb"`, `"rumour"`},
		{`"key": "kb314882"`, `"key": ""`},
		{`"value": "unlimited", `, ``},
	} {
		require.Contains(t, rule, change[0])
		assert.False(t, valid("2026.11.3", strings.Replace(rule, change[0], change[1], 1)), change)
	}
	assert.True(t, valid("2026.11.3", strings.Replace(rule, `"note"`, `"since": 30000, "note"`, 1)), "a later revision may add fields")
	assert.True(t, valid("2026.11.3", strings.Replace(rule, `"ceilingGrade": "documented"`, `"ceilingGrade": "unknown"`, 1)))
}
