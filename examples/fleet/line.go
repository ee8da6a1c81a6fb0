package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// seats is the load of a line that names none, as in the program forecast. For eight
// hours 25 seats use the machine for half an hour and do something else for half an
// hour. After a refusal each tries again a minute later, up to three times.
func seats() forecast.Scenario {
	return forecast.Scenario{
		Service: limits.SMB, Clients: 25, Visits: forecast.Forever,
		Arrive: forecast.Poisson(time.Minute), ServiceTime: forecast.Exponential(30 * time.Minute),
		Away: forecast.Exponential(30 * time.Minute), Until: 8 * time.Hour, Seed: 1,
		Idle:         forecast.Constant(15 * time.Minute),
		Retry:        forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
		Destinations: forecast.Destinations{RoundTrip: forecast.Constant(50 * time.Millisecond)},
	}
}

// A machine is a line of input.
type machine struct {
	id       string
	text     string // what describes the machine
	scenario forecast.Scenario
	load     string // the fields of the scenario as text, sorted by name
}

// The lengths of the longest line and of the longest id, in bytes. The beginning of a
// line without an id is its id.
const (
	maxLine = 1 << 20
	maxID   = 100
)

// parseJSON reads a line of JSON. With an error it returns what it has read.
func parseJSON(line []byte) (machine, error) {
	m := machine{id: shortened(string(line)), scenario: seats()}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return m, fmt.Errorf("not a line of JSON: %w", err)
	}
	text := func(name string) (string, error) {
		raw, ok := fields[name]
		delete(fields, name)
		if !ok {
			return "", nil
		}
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return "", fmt.Errorf("%s %.100s: want a text", name, raw)
		}
		return s, nil
	}
	id, idErr := text("id")
	what, textErr := text("text")
	record, hasRecord := fields["record"]
	delete(fields, "record")
	if m.text = what; hasRecord {
		m.text = string(record)
	}
	switch {
	case id != "":
		m.id = shortened(id)
	case what != "":
		m.id = shortened(what)
	}
	switch {
	case idErr != nil:
		return m, idErr
	case textErr != nil:
		return m, textErr
	case hasRecord && what != "":
		return m, errors.New("text and record: want only one of them")
	case hasRecord && (len(record) == 0 || record[0] != '{'):
		return m, fmt.Errorf("record %.100s: want an object", record)
	case m.text == "":
		return m, errors.New("neither text nor record is there: want one that describes the machine")
	}
	return m, m.setLoad(fields)
}

// setLoad puts the fields of a scenario into m.
func (m *machine) setLoad(fields map[string]json.RawMessage) error {
	if _, ok := fields["windows"]; ok {
		return errors.New("windows: want text or record in its place")
	}
	if raw, ok := fields["service"]; ok {
		service, err := readService(raw)
		if err != nil {
			return err
		}
		fields["service"] = service
	}
	all, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	m.load = string(all)
	return m.scenario.UnmarshalJSON(all)
}

// readService returns the name of a service, in JSON, for a word about it.
func readService(raw json.RawMessage) (json.RawMessage, error) {
	var word string
	if err := json.Unmarshal(raw, &word); err != nil {
		return nil, fmt.Errorf("service %.100s: want a text", raw)
	}
	if _, err := limits.ParseService(word); err == nil {
		return raw, nil
	}
	found, err := limits.FindServices(word)
	if err != nil {
		return nil, err
	}
	return json.Marshal(found[0].Services[0])
}

// parseCSV reads a record of CSV. The names are those of its columns.
func parseCSV(names, record []string) (machine, error) {
	m := machine{id: shortened(strings.Join(record, ",")), scenario: seats()}
	if len(record) != len(names) {
		return m, fmt.Errorf("%d columns: want %d, as in the first line", len(record), len(names))
	}
	fields := map[string]json.RawMessage{}
	for i, name := range names {
		value := strings.TrimSpace(record[i])
		switch {
		case value == "":
		case name == "id":
			m.id = shortened(value)
		case name == "text":
			m.text = value
		case json.Valid([]byte(value)):
			fields[name] = json.RawMessage(value)
		default:
			fields[name], _ = json.Marshal(value)
		}
	}
	if m.text == "" {
		return m, errors.New("text is empty: want what describes the machine")
	}
	for i, name := range names {
		if name == "id" && record[i] != "" {
			return m, m.setLoad(fields)
		}
	}
	m.id = shortened(m.text)
	return m, m.setLoad(fields)
}

// checkColumns returns an error unless the columns of CSV have different names and
// one of them is text.
func checkColumns(names []string) error {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("the first line has the column %.100q twice", name)
		}
		seen[name] = true
	}
	if !seen["text"] {
		return fmt.Errorf("the first line %.200q: want the names of the columns, and text as one of them", strings.Join(names, ","))
	}
	return nil
}

// shortened returns the first line of a text, at most maxID bytes of it.
func shortened(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	text = strings.ToValidUTF8(text, "\ufffd")
	if len(text) > maxID {
		text = strings.ToValidUTF8(text[:maxID], "")
	}
	return strings.TrimRight(text, "\r")
}

// recognize returns the editions that a text describes.
func recognize(text string) (identify.Identification, error) { return identify.Recognize(text) }

// isBlank reports whether a line has nothing on it.
func isBlank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }
