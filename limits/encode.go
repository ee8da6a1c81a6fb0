package limits

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// ruleJSON is how a rule looks in JSON. The schema is rules.schema.json.
type ruleJSON struct {
	Product        string     `json:"product"`
	Edition        string     `json:"edition"`
	ServicePackMin int        `json:"servicePackMin"`
	ServicePackMax *int       `json:"servicePackMax"` // null = and later
	Service        Service    `json:"service"`
	Basis          Basis      `json:"basis"`
	Unit           Unit       `json:"unit"`
	Default        Limit      `json:"default"`
	Ceiling        Limit      `json:"ceiling"`
	Discipline     Discipline `json:"discipline"`
	Queue          *Limit     `json:"queue"` // null = does not queue, or length unknown
	Grade          Grade      `json:"grade"`
	DefaultGrade   *Grade     `json:"defaultGrade"` // absent = grade
	CeilingGrade   *Grade     `json:"ceilingGrade"` // absent = grade
	Sources        []Source   `json:"sources"`
	Rivals         []Rival    `json:"rivals"`
	Note           string     `json:"note"`
}

// MarshalJSON returns the rule with its evidence, in the form of WriteJSON. Limits
// are numbers, "unlimited", "absent" or "unknown". servicePackMax is null for "and
// later". queue is null if nothing queues or the length is not known. grade is that
// of the whole rule, defaultGrade and ceilingGrade those of its two numbers.
func (r Rule) MarshalJSON() ([]byte, error) {
	out := ruleJSON{
		Product: r.Edition.Product(), Edition: r.Edition.Name(),
		ServicePackMin: r.ServicePackMin,
		Service:        r.Service, Basis: r.Basis, Unit: r.Unit,
		Default: r.Default, Ceiling: r.Ceiling, Discipline: r.Discipline,
		Grade: r.Grade, Sources: r.Sources(), Rivals: r.Rivals(), Note: r.Note,
	}
	byDefault, ceiling := r.DefaultGrade(), r.CeilingGrade()
	out.DefaultGrade, out.CeilingGrade = &byDefault, &ceiling
	if r.ServicePackMax != AndLater {
		out.ServicePackMax = &r.ServicePackMax
	}
	if r.Queue.IsKnown() {
		out.Queue = &r.Queue
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON has written, and makes an equal rule of it. A
// source that the bibliography has is taken from there; others are kept as they are
// written. A value that this version of the package does not know is an error.
// ReadJSON skips the rule instead.
func (r *Rule) UnmarshalJSON(data []byte) error {
	var in ruleJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	edition, err := editionOf(in.Product, in.Edition)
	if err != nil {
		return err
	}
	*r = Rule{
		Edition:        edition,
		ServicePackMin: in.ServicePackMin, ServicePackMax: AndLater,
		Service: in.Service, Basis: in.Basis, Unit: in.Unit,
		Default: in.Default, Ceiling: in.Ceiling, Discipline: in.Discipline,
		Grade: in.Grade, Note: in.Note,
	}
	if in.ServicePackMax != nil {
		r.ServicePackMax = *in.ServicePackMax
	}
	if in.Queue != nil {
		r.Queue = *in.Queue
	}
	var on evidence
	grades := split{in.Grade, in.Grade}
	if in.DefaultGrade != nil {
		grades.def = *in.DefaultGrade
	}
	if in.CeilingGrade != nil {
		grades.ceiling = *in.CeilingGrade
	}
	if grades != (split{in.Grade, in.Grade}) {
		on.grades = grades
	}
	for _, s := range in.Sources {
		on.sources = append(on.sources, s.Key)
		on.keep(s)
	}
	for _, v := range in.Rivals {
		on.rivals = append(on.rivals, rival{v.Value, v.Source.Key})
		on.keep(v.Source)
	}
	if on.sources != nil || on.rivals != nil || on.grades != (split{}) {
		r.evidence = &on
	}
	return nil
}

// keep keeps a source that the bibliography does not have.
func (e *evidence) keep(s Source) {
	_, known := LookupSource(s.Key)
	if !known && !slices.ContainsFunc(e.foreign, func(f Source) bool { return f.Key == s.Key }) && s != (Source{Key: s.Key}) {
		e.foreign = append(e.foreign, s)
	}
}

func editionOf(product, name string) (Edition, error) {
	if product == unknownName && name == unknownName {
		return UnknownEdition, nil
	}
	for e := range Editions() {
		if e.Product() == product && e.Name() == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("%w: product %s, edition %s", ErrUnknownEdition, names.Quote(product), names.Quote(name))
}

// WriteJSON writes the rules as a table in JSON, one rule a line:
//
//	{"revision": "2026.11.3", "rules": [
//	{"product": "Windows XP", "edition": "Home", "service": "smb", ...},
//	...
//	]}
//
// The JSON Schema of the table is the file rules.schema.json in the directory of
// this package.
//
// A later revision may add rules, fields, and values of product, edition, service,
// unit, discipline and kind. A reader must skip what it does not know, as ReadJSON
// does. Before version 2 of the module no field is renamed or removed, and none
// changes its meaning or the form of its values. The revision changes whenever a
// rule or a source does. The rules are in order of release. Product, edition,
// service and servicePackMin together name one rule.
//
// WriteJSON writes the revision of this package. To write rules that ReadJSON has
// read, use Table.WriteJSON, which writes their own revision.
func WriteJSON(w io.Writer, rules iter.Seq[Rule]) error {
	return writeJSON(w, Revision, rules)
}

// WriteJSON writes the table in the form of the function WriteJSON, with the
// revision of the table. What ReadJSON has skipped is not written. A table without a
// revision is an error.
func (t *Table) WriteJSON(w io.Writer) error {
	if t.Revision == "" {
		return errors.New("limits: writing a table: it has no revision")
	}
	return writeJSON(w, t.Revision, slices.Values(t.Rules))
}

func writeJSON(w io.Writer, revision string, rules iter.Seq[Rule]) error {
	name, err := json.Marshal(revision)
	if err != nil {
		return err
	}
	separator := fmt.Sprintf("{\"revision\": %s, \"rules\": [\n", name)
	begin := separator
	for r := range rules {
		data, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, data); err != nil {
			return err
		}
		separator = ",\n"
	}
	end := "\n]}\n"
	if separator == begin {
		end = strings.TrimSuffix(begin, "\n") + "]}\n"
	}
	_, err = io.WriteString(w, end)
	return err
}

// columns are the columns of the CSV and Markdown forms.
var columns = [...]string{"product", "edition", "service packs", "service", "basis", "unit", "default", "ceiling", "discipline", "queue", "grade", "sources", "rivals", "note"}

// fields returns the rule in these columns; several sources or rivals are
// separated by semicolons.
func (r Rule) fields() []string {
	packs := strconv.Itoa(r.ServicePackMin)
	switch {
	case r.ServicePackMax == AndLater && r.ServicePackMin == 0:
		packs = "all"
	case r.ServicePackMax == AndLater:
		packs += "+"
	case r.ServicePackMax != r.ServicePackMin:
		packs += "-" + strconv.Itoa(r.ServicePackMax)
	}
	queue := ""
	if r.Queue.IsKnown() {
		queue = r.Queue.String()
	}
	var sources, rivals []string
	on := r.rests()
	for _, key := range on.sources {
		sources = append(sources, string(key))
	}
	for _, v := range on.rivals {
		rivals = append(rivals, v.value.String()+":"+string(v.source))
	}
	return []string{
		r.Edition.Product(), r.Edition.Name(), packs, r.Service.String(), r.Basis.String(), r.Unit.String(),
		r.Default.String(), r.Ceiling.String(), r.Discipline.String(), queue, r.Grade.String(),
		strings.Join(sources, ";"), strings.Join(rivals, ";"), r.Note,
	}
}

// WriteCSV writes the rules as CSV with a line of column names. Several sources
// or rivals of a rule are separated by semicolons.
func WriteCSV(w io.Writer, rules iter.Seq[Rule]) error {
	out := csv.NewWriter(w)
	if err := out.Write(columns[:]); err != nil {
		return err
	}
	for r := range rules {
		if err := out.Write(r.fields()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteMarkdown writes the rules as a Markdown table.
func WriteMarkdown(w io.Writer, rules iter.Seq[Rule]) error {
	var b strings.Builder
	line := func(fields []string) {
		for _, f := range fields {
			b.WriteString("| " + strings.ReplaceAll(f, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	line(columns[:])
	b.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	for r := range rules {
		line(r.fields())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
