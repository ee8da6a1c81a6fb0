package limits

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Table is a table of rules that was read from a file.
type Table struct {
	// Revision is the revision of the file. The constant Revision is that of this
	// package.
	Revision string
	// Rules are the rules in the order of the file, without those that were
	// skipped.
	Rules []Rule
	// Skipped says what was skipped because this version of the package does not know
	// it, in the order of the file. It has at most 1000 entries.
	Skipped []Skipped
}

// Skipped is something in a file of rules that ReadJSON has skipped, because this
// version of the package does not know it.
type Skipped struct {
	// Rule is the index of the rule in the file, or -1 for a field of the table
	// itself.
	Rule int
	// Field is the name of the field in JSON, and Value its value, cut to 100 bytes.
	Field, Value string
	// Whole is true if the whole rule was skipped, for the value of its product,
	// edition, service, unit, basis, discipline or grade. It is false if only the
	// field was skipped: a new field, or the kind of a source.
	Whole bool
}

// String returns a sentence such as "rule 12: left out, because its product is
// \"Windows 12\"".
func (s Skipped) String() string {
	where := "the table"
	if s.Rule >= 0 {
		where = fmt.Sprintf("rule %d", s.Rule)
	}
	if s.Whole {
		return fmt.Sprintf("%s: left out, because its %s is %s", where, s.Field, s.Value)
	}
	return fmt.Sprintf("%s: field %q passed over, %s", where, s.Field, s.Value)
}

const (
	maxTable   = 16 << 20 // bytes of a file; the table of this revision has about 1 MB
	maxSkipped = 1000
	maxValue   = 100 // bytes of a Skipped.Value
)

// ReadJSON reads a table that WriteJSON has written, also one of a later revision.
// It skips what this version of the package does not know, and says so in
// Table.Skipped. A source that the bibliography does not have is kept as it is
// written.
//
// ReadJSON reads up to 16 MB. A longer file, one that is not a table or ends early,
// and one with a bad value, such as a limit of "some", is an error that names the
// rule and the value.
func ReadJSON(r io.Reader) (*Table, error) {
	in := &io.LimitedReader{R: r, N: maxTable}
	d := tableReader{json: json.NewDecoder(in)}
	err := d.read()
	switch {
	case err == nil:
		return &d.table, nil
	case in.N <= 0:
		return nil, fmt.Errorf("limits: reading a table: it has more than %d bytes", maxTable)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("limits: reading a table: it ends early")
	}
	return nil, fmt.Errorf("limits: reading a table: %w", err)
}

// A tableReader reads one table.
type tableReader struct {
	json     *json.Decoder
	table    Table
	position int // of the present rule, -1 = outside of one
}

func (d *tableReader) read() error {
	if err := d.delimiter('{', "a table is an object with a revision and rules"); err != nil {
		return err
	}
	var hasRules bool
	for d.json.More() {
		d.position = -1
		name, err := d.json.Token()
		if err != nil {
			return err
		}
		switch name {
		case "revision":
			if err := d.json.Decode(&d.table.Revision); err != nil {
				return fmt.Errorf("revision: %w", plainError(err))
			}
		case "rules":
			if hasRules {
				return errors.New(`there are two "rules"`)
			}
			hasRules = true
			if err := d.rules(); err != nil {
				return err
			}
		default:
			var value json.RawMessage
			if err := d.json.Decode(&value); err != nil {
				return plainError(err)
			}
			d.skip(fmt.Sprint(name), value, false)
		}
	}
	if _, err := d.json.Token(); err != nil {
		return err
	}
	switch {
	case d.table.Revision == "":
		return errors.New("it has no revision")
	case !hasRules:
		return errors.New("it has no rules")
	}
	if _, err := d.json.Token(); err != io.EOF {
		return errors.New("there is more data after the table")
	}
	return nil
}

// delimiter takes in one brace or bracket.
func (d *tableReader) delimiter(want json.Delim, otherwise string) error {
	token, err := d.json.Token()
	switch {
	case err != nil:
		return err
	case token != want:
		return errors.New(otherwise)
	}
	return nil
}

func (d *tableReader) rules() error {
	if err := d.delimiter('[', "rules is not an array"); err != nil {
		return err
	}
	for d.position = 0; d.json.More(); d.position++ {
		var data json.RawMessage
		if err := d.json.Decode(&data); err != nil {
			return err
		}
		if err := d.rule(data); err != nil {
			return fmt.Errorf("rule %d: %w", d.position, err)
		}
	}
	_, err := d.json.Token()
	return err
}

// The fields of a rule whose values may be new, those that it cannot do without,
// and all that it and its sources have.
var (
	enumFields = [...]struct {
		name  string
		names []string
	}{
		{"service", serviceNames()}, {"basis", basisNames[:]}, {"unit", unitNames[:]}, {"discipline", disciplineNames[:]},
		{"grade", gradeNames[:]}, {"defaultGrade", gradeNames[:]}, {"ceilingGrade", gradeNames[:]},
	}
	mandatory = [...]string{"product", "edition", "service", "unit", "default", "ceiling", "discipline", "grade"}
	ruleNames = [...]string{
		"product", "edition", "servicePackMin", "servicePackMax", "service", "basis", "unit", "default", "ceiling",
		"discipline", "queue", "grade", "defaultGrade", "ceilingGrade", "sources", "rivals", "note",
	}
	sourceNames = [...]string{"key", "title", "publisher", "kind", "year", "url"}
)

// rule reads one rule, or skips it.
func (d *tableReader) rule(data json.RawMessage) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return plainError(err)
	}
	for _, name := range mandatory {
		if fields[name] == nil {
			return fmt.Errorf("it has no %q", name)
		}
	}
	known, err := d.knows(fields)
	if err != nil || !known {
		return err
	}
	d.passOver("", fields, ruleNames[:])
	if fields["sources"], err = d.sources("sources", fields["sources"]); err != nil {
		return err
	}
	if fields["rivals"], err = d.rivals(fields["rivals"]); err != nil {
		return err
	}
	if data, err = json.Marshal(fields); err != nil {
		return err
	}
	var r Rule
	if err := json.Unmarshal(data, &r); err != nil {
		return fmt.Errorf("%s %s: %w", fields["product"], fields["service"], plainError(err))
	}
	if r.ServicePackMin < 0 || r.ServicePackMax != AndLater && r.ServicePackMax < r.ServicePackMin {
		return fmt.Errorf("service packs from %s to %s", fields["servicePackMin"], fields["servicePackMax"])
	}
	d.table.Rules = append(d.table.Rules, r)
	return nil
}

// knows reports whether the edition and all words of a rule are known, and skips
// the rule if not.
func (d *tableReader) knows(fields map[string]json.RawMessage) (bool, error) {
	text := func(name string) (s string, err error) {
		if string(fields[name]) == "null" {
			return "", fmt.Errorf("%s is null", name)
		}
		if err := json.Unmarshal(fields[name], &s); err != nil {
			return "", fmt.Errorf("%s: %w", name, plainError(err))
		}
		return s, nil
	}
	product, err := text("product")
	if err != nil {
		return false, err
	}
	edition, err := text("edition")
	if err != nil {
		return false, err
	}
	if _, err := editionOf(product, edition); err != nil {
		field := "product"
		for e := range Editions() {
			if e.Product() == product {
				field = "edition"
			}
		}
		d.skip(field, fields[field], true)
		return false, nil
	}
	for _, f := range enumFields {
		if fields[f.name] == nil {
			continue
		}
		s, err := text(f.name)
		if err != nil {
			return false, err
		}
		if !slices.ContainsFunc(f.names, func(name string) bool { return strings.EqualFold(name, s) }) {
			d.skip(f.name, fields[f.name], true)
			return false, nil
		}
	}
	return true, nil
}

// passOver takes the fields out that are not in names.
func (d *tableReader) passOver(prefix string, fields map[string]json.RawMessage, names []string) {
	var unknown []string
	for name := range fields {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		d.skip(prefix+name, fields[name], false)
		delete(fields, name)
	}
}

// sources returns the sources without what is not known of them.
func (d *tableReader) sources(name string, data json.RawMessage) (json.RawMessage, error) {
	var list []json.RawMessage
	if data == nil {
		return json.RawMessage("[]"), nil
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainError(err))
	}
	for i := range list {
		var err error
		if list[i], err = d.source(fmt.Sprintf("%s[%d]", name, i), list[i]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(list)
}

func (d *tableReader) source(name string, data json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("%s: %w", name, plainError(err))
	}
	if fields["key"] == nil {
		return nil, fmt.Errorf(`%s: it has no "key"`, name)
	}
	d.passOver(name+".", fields, sourceNames[:])
	var kind SourceKind
	if k := fields["kind"]; k != nil && json.Unmarshal(k, &kind) != nil {
		d.skip(name+".kind", k, false)
		delete(fields, "kind")
	}
	return json.Marshal(fields)
}

func (d *tableReader) rivals(data json.RawMessage) (json.RawMessage, error) {
	var list []map[string]json.RawMessage
	if data == nil {
		return json.RawMessage("[]"), nil
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("rivals: %w", plainError(err))
	}
	for i, fields := range list {
		name := fmt.Sprintf("rivals[%d]", i)
		if fields["value"] == nil || fields["source"] == nil {
			return nil, fmt.Errorf(`%s: want a "value" and a "source"`, name)
		}
		d.passOver(name+".", fields, []string{"value", "source"})
		var err error
		if fields["source"], err = d.source(name+".source", fields["source"]); err != nil {
			return nil, err
		}
	}
	return json.Marshal(list)
}

// skip notes what is not read.
func (d *tableReader) skip(field string, value json.RawMessage, whole bool) {
	if len(d.table.Skipped) == maxSkipped {
		return
	}
	d.table.Skipped = append(d.table.Skipped, Skipped{Rule: d.position, Field: cut(field), Value: cut(string(value)), Whole: whole})
}

// cut keeps the first hundred bytes.
func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "..."
}

// plainError says in JSON's words what a value is that Go could not take.
func plainError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field != "" {
			return fmt.Errorf("%s is a JSON %s", wrong.Field, wrong.Value)
		}
		return fmt.Errorf("it is a JSON %s", wrong.Value)
	}
	return err
}
