package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// A judged is a line of output. The fields of a line with an error are the id, the
// error and the verdict.
type judged struct {
	ID         string               `json:"id"`
	Candidates []string             `json:"candidates,omitempty"`
	Unlisted   []string             `json:"unlisted,omitempty"`
	Service    limits.Service       `json:"service,omitzero"`
	Limit      *forecast.LimitRange `json:"limit,omitempty"`
	Grade      limits.Grade         `json:"grade,omitzero"`
	Clients    int                  `json:"clients,omitempty"`
	Lost       *float64             `json:"lost,omitempty"`
	LostError  *float64             `json:"lostError,omitempty"`
	Verdict    forecast.Verdict     `json:"verdict"`
	Suitable   []string             `json:"suitable,omitempty"`
	Why        string               `json:"why,omitempty"`
	Error      string               `json:"error,omitempty"`
}

// judge answers one line. It returns an error only if ctx has ended.
func (o *options) judge(ctx context.Context, m machine, parseErr error, known *cache) (judged, error) {
	out := judged{ID: m.id}
	if parseErr != nil {
		out.Error = parseErr.Error()
		return out, nil
	}
	found, err := known.recognize(m.text)
	switch {
	case errors.Is(err, identify.ErrUnlisted):
		out.Unlisted = found.Unlisted
		out.Service, out.Clients = m.scenario.Service, m.scenario.Clients
		out.Why = "The table has no rules for " + strings.Join(found.Unlisted, ", ") + "."
		return out, nil
	case err != nil:
		out.Error = err.Error()
		return out, nil
	}
	out.Candidates, out.Unlisted = found.names, found.Unlisted
	out.Service, out.Clients = m.scenario.Service, m.scenario.Clients
	j, names, err := known.judge(ctx, m.scenario, m.load, found, o.allowed, o.runs)
	if ctx.Err() != nil {
		return out, ctx.Err()
	}
	if err != nil {
		return judged{ID: m.id, Error: err.Error()}, nil
	}
	out.Verdict, out.Suitable, out.Why = j.Verdict, names, j.Why
	if len(found.Unlisted) > 0 && out.Verdict != forecast.UnknownVerdict {
		out.Verdict, out.Suitable = forecast.UnknownVerdict, nil
		out.Why = fmt.Sprintf("It can be %s, for which the table has no rules. If it is not: %s", strings.Join(found.Unlisted, ", "), j.Why)
	}
	if !j.Limit.Least.IsKnown() {
		return out, nil
	}
	out.Limit, out.Grade, out.Lost = &j.Limit, j.Grade, &j.Lost.Mean
	if o.runs > 1 {
		out.LostError = &j.Lost.StandardError
	}
	return out, nil
}

// appendJSON appends the line.
func (j *judged) appendJSON(b []byte) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(j); err != nil {
		return b, err
	}
	return append(b, buf.Bytes()...), nil
}

// columns are the names of the columns in CSV.
var columns = [...]string{"id", "candidates", "unlisted", "service", "limit", "grade", "clients", "lost", "lostError", "verdict", "suitable", "why", "error"}

// listSeparator stands between the names in a column.
const listSeparator = "; "

// appendCSV appends the line. Line breaks within it become spaces.
func (j *judged) appendCSV(b []byte) ([]byte, error) {
	number := func(v *float64) string {
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'g', -1, 64)
	}
	record := [len(columns)]string{
		j.ID, strings.Join(j.Candidates, listSeparator), strings.Join(j.Unlisted, listSeparator), "", "", "", "",
		number(j.Lost), number(j.LostError), j.Verdict.String(), strings.Join(j.Suitable, listSeparator), j.Why, j.Error,
	}
	if j.Service != limits.UnknownService {
		record[3] = j.Service.String()
	}
	if j.Limit != nil {
		record[4], record[5] = j.Limit.String(), j.Grade.String()
	}
	if j.Clients > 0 {
		record[6] = strconv.Itoa(j.Clients)
	}
	for i := range record {
		record[i] = strings.Join(strings.FieldsFunc(record[i], func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	return appendRecord(b, record[:])
}

func appendRecord(b []byte, record []string) ([]byte, error) {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	if err := w.Write(record); err != nil {
		return b, err
	}
	w.Flush()
	return append(b, buf.Bytes()...), w.Error()
}

// add adds the line to a summary.
func (j *judged) add(s *forecast.Summary) {
	if j.Error != "" {
		s.AddError()
		return
	}
	lost := 0.0
	if j.Lost != nil {
		lost = *j.Lost
	}
	s.Add(j.ID, j.Verdict, lost, j.Suitable)
}
