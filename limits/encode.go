package limits

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// ruleJSON is how a rule looks in JSON.
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

// MarshalJSON returns the rule with its evidence spelt out. Limits are numbers,
// "unlimited", "absent" or "unknown"; servicePackMax is null for "and later",
// and queue is null where nothing queues or the length is not known.
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

// UnmarshalJSON reads what MarshalJSON wrote, back to an equal rule. Of sources
// it keeps the keys; titles and addresses are those of this bibliography.
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
	grades := split{in.Grade, in.Grade}
	if in.DefaultGrade != nil {
		grades.def = *in.DefaultGrade
	}
	if in.CeilingGrade != nil {
		grades.ceiling = *in.CeilingGrade
	}
	if grades != (split{in.Grade, in.Grade}) {
		r.grades = grades
	}
	for _, s := range in.Sources {
		r.sources = append(r.sources, s.Key)
	}
	for _, v := range in.Rivals {
		r.rivals = append(r.rivals, rival{v.Value, v.Source.Key})
	}
	return nil
}

func editionOf(product, name string) (Edition, error) {
	if product == unknownName && name == unknownName {
		return UnknownEdition, nil
	}
	for e := range Editions() {
		if editions[e].product == product && editions[e].name == name {
			return e, nil
		}
	}
	return 0, fmt.Errorf("%w: product %q, edition %q", ErrUnknownEdition, product, name)
}

// WriteJSON writes the rules as a JSON array, one rule a line.
func WriteJSON(w io.Writer, rules iter.Seq[Rule]) error {
	separator := "[\n"
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
	end := "\n]\n"
	if separator == "[\n" {
		end = "[]\n"
	}
	_, err := io.WriteString(w, end)
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
	for _, key := range r.sources {
		sources = append(sources, string(key))
	}
	for _, v := range r.rivals {
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
