package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

// rules answers the rules of the table that the query asks for.
func (l *lab) rules(w http.ResponseWriter, r *http.Request) error {
	values, err := query(r, "windows", "service", "symptom")
	if err != nil {
		return err
	}
	rules, err := selectRules(values.Get("windows"), values.Get("service"), values.Get("symptom"))
	if err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	var text bytes.Buffer
	if err := limits.WriteJSON(&text, rules); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text.Bytes())
	return nil
}

// selectRules returns the rules for an edition, a service and a symptom. Each of them
// may be empty, which means any.
func selectRules(windows, service, symptom string) (iter.Seq[limits.Rule], error) {
	var found identify.Identification
	var services []limits.Service
	var err error
	if windows != "" {
		if _, err = limits.ParseWindows(windows); err != nil && !errors.Is(err, limits.ErrAmbiguous) {
			return nil, err
		}
		if found, err = identify.Caption(windows); err != nil {
			return nil, err
		}
	}
	if service != "" {
		matches, err := limits.FindServices(service)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			services = append(services, m.Services...)
		}
	}
	rules := limits.Rules()
	if symptom != "" {
		s, err := limits.ParseSymptom(symptom)
		if err != nil {
			return nil, err
		}
		rules = s.Rules()
	}
	return func(yield func(limits.Rule) bool) {
		for r := range rules {
			if (windows == "" || slices.ContainsFunc(found.Candidates, r.Covers)) &&
				(service == "" || slices.Contains(services, r.Service)) && !yield(r) {
				return
			}
		}
	}, nil
}

// The bounds of a forecast. The program examples/forecast takes larger ones.
const (
	maxForecast     = 10 * time.Second
	maxForecastSize = 50_000 // clients times connections
)

func (l *lab) forecast(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	var s forecast.Scenario
	if err := decode(text, &s); err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	if n := int64(s.Clients) * int64(max(s.Connections, 1)); n > maxForecastSize || int64(s.Clients) > maxForecastSize {
		return bad("scenario: Clients %d with Connections %d: want at most %d connections here; examples/forecast takes more", s.Clients, s.Connections, maxForecastSize)
	}
	ctx, cancel, err := l.enterForecast(r.Context())
	if err != nil {
		return err
	}
	defer cancel()
	report, err := forecast.Run(ctx, s)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return bad("scenario: the forecast takes longer than %v: want fewer clients, visits or requests, or an earlier until", maxForecast)
	case err != nil:
		return &problem{http.StatusBadRequest, err}
	}
	if !wantsPicture(r) {
		return reply(w, http.StatusOK, report)
	}
	var picture bytes.Buffer
	if err := chart.ReportSVG(&picture, s, report); err != nil {
		return fmt.Errorf("the picture: %w", err)
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write(picture.Bytes())
	return nil
}

// wantsPicture reports whether the client accepts the picture, and has not named JSON
// before it.
func wantsPicture(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for kind := range strings.SplitSeq(accept, ",") {
			kind, _, _ = strings.Cut(kind, ";")
			switch strings.ToLower(strings.TrimSpace(kind)) {
			case "image/svg+xml":
				return true
			case "application/json":
				return false
			}
		}
	}
	return false
}
