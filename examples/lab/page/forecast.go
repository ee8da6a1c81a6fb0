package page

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// MaxSize bounds a scenario: clients times connections.
const MaxSize = 50_000

// maxCompared is how many other editions a forecast compares with.
const maxCompared = 8

// Question is what the form of the forecast asks.
type Question struct {
	Scenario forecast.Scenario
	Compare  []limits.Windows
	Allowed  float64 // the share that may be lost
	// Values are the values of the fields of the form.
	Values map[string]string
	// Query is the question as the query of an address. It is empty for the defaults.
	Query string
}

// A field is an input of the form.
type field struct {
	name, value string // the value is the default
	read        func(q *Question, text string) error
	write       func(q *Question) string
}

func text[T interface {
	UnmarshalText([]byte) error
}](text string, v T) error {
	return v.UnmarshalText([]byte(text))
}

func distField(name, value string, of func(s *forecast.Scenario) *forecast.Dist) field {
	return field{
		name, value,
		func(q *Question, t string) error { return text(t, of(&q.Scenario)) },
		func(q *Question) string {
			if d := of(&q.Scenario); !d.IsZero() {
				return d.String()
			}
			return ""
		},
	}
}

func wholeField(name, value string, most int, of func(s *forecast.Scenario) *int) field {
	return field{
		name, value,
		func(q *Question, t string) (err error) {
			n, err := strconv.Atoi(t)
			if err != nil || n < 0 || n > most {
				return fmt.Errorf("%.40q: want a whole number from 0 to %d", t, most)
			}
			*of(&q.Scenario) = n
			return nil
		},
		func(q *Question) string {
			if n := *of(&q.Scenario); n != 0 {
				return strconv.Itoa(n)
			}
			return ""
		},
	}
}

// fields returns the inputs of the form.
func fields() []field {
	return []field{
		{
			"windows", "Windows 11 Pro",
			func(q *Question, t string) error { return text(t, &q.Scenario.Windows) },
			func(q *Question) string { return q.Scenario.Windows.String() },
		},
		{
			"service", "smb",
			func(q *Question, t string) (err error) { q.Scenario.Service, err = service(t); return err },
			func(q *Question) string { return q.Scenario.Service.String() },
		},
		wholeField("clients", "25", MaxSize, func(s *forecast.Scenario) *int { return &s.Clients }),
		{
			"arrive", "poisson(1m)",
			func(q *Question, t string) error { return text(t, &q.Scenario.Arrive) },
			func(q *Question) string { return q.Scenario.Arrive.String() },
		},
		distField("serviceTime", "exponential(30m)", func(s *forecast.Scenario) *forecast.Dist { return &s.ServiceTime }),
		distField("away", "exponential(30m)", func(s *forecast.Scenario) *forecast.Dist { return &s.Away }),
		distField("idle", "15m", func(s *forecast.Scenario) *forecast.Dist { return &s.Idle }),
		wholeField("connections", "", 1000, func(s *forecast.Scenario) *int { return &s.Connections }),
		wholeField("requests", "", 100_000, func(s *forecast.Scenario) *int { return &s.Requests }),
		distField("thinkTime", "", func(s *forecast.Scenario) *forecast.Dist { return &s.ThinkTime }),
		distField("patience", "", func(s *forecast.Scenario) *forecast.Dist { return &s.Patience }),
		wholeField("retries", "3", 1000, func(s *forecast.Scenario) *int { return &s.Retry.Max }),
		distField("backoff", "1m", func(s *forecast.Scenario) *forecast.Dist { return &s.Retry.Backoff }),
		{
			"until", "8h",
			func(q *Question, t string) (err error) { q.Scenario.Until, err = span(t); return err },
			func(q *Question) string {
				if q.Scenario.Until == 0 {
					return ""
				}
				return shortTime(q.Scenario.Until)
			},
		},
		{
			"limit", "", readLimit,
			func(q *Question) string {
				if n, ok := q.Scenario.Settings.Limits[q.Scenario.Service]; ok {
					return strconv.Itoa(n)
				}
				return ""
			},
		},
		{
			"dead", "",
			func(q *Question, t string) (err error) { q.Scenario.Destinations.Dead, err = share(t); return err },
			func(q *Question) string { return percentOf(q.Scenario.Destinations.Dead) },
		},
		distField("roundTrip", "", func(s *forecast.Scenario) *forecast.Dist { return &s.Destinations.RoundTrip }),
		distField("acceptTime", "", func(s *forecast.Scenario) *forecast.Dist { return &s.AcceptTime }),
		wholeField("backlog", "", 65535, func(s *forecast.Scenario) *int { return &s.Backlog }),
		{
			"seed", "1",
			func(q *Question, t string) (err error) {
				if q.Scenario.Seed, err = strconv.ParseUint(t, 10, 64); err != nil {
					return fmt.Errorf("%.40q: want a whole number from 0 to %d", t, uint64(math.MaxUint64))
				}
				return nil
			},
			func(q *Question) string { return strconv.FormatUint(q.Scenario.Seed, 10) },
		},
		{"compare", "XP Professional SP3, Windows 7 Home Premium, Server 2022 Standard", readCompare, func(q *Question) string {
			var names []string
			for _, w := range q.Compare {
				names = append(names, w.String())
			}
			return strings.Join(names, ", ")
		}},
		{
			"allow", "1",
			func(q *Question, t string) (err error) { q.Allowed, err = share(t); return err },
			func(q *Question) string { return percentOf(q.Allowed) },
		},
	}
}

// service reads the name of a service, or a word about one.
func service(text string) (limits.Service, error) {
	if s, err := limits.ParseService(text); err == nil {
		return s, nil
	}
	found, err := limits.FindServices(text)
	if err != nil {
		return 0, err
	}
	return found[0].Services[0], nil
}

func readLimit(q *Question, t string) error {
	n, err := strconv.Atoi(t)
	if err != nil || n < 0 || n > math.MaxInt32 {
		return fmt.Errorf("%.40q: want a whole number from 0 to %d, or nothing for the limit of the edition", t, math.MaxInt32)
	}
	q.Scenario.Settings.Limits = map[limits.Service]int{q.Scenario.Service: n}
	return nil
}

func readCompare(q *Question, t string) error {
	for name := range strings.SplitSeq(t, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		w, err := limits.ParseWindows(name)
		if err != nil {
			return err
		}
		q.Compare = append(q.Compare, w)
	}
	if len(q.Compare) > maxCompared {
		return fmt.Errorf("%d editions: want at most %d", len(q.Compare), maxCompared)
	}
	return nil
}

// share reads a percentage.
func share(t string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(t, "%")), 64)
	if err != nil || !(v >= 0 && v <= 100) {
		return 0, fmt.Errorf("%.40q: want per cent, from 0 to 100", t)
	}
	return v / 100, nil
}

func percentOf(share float64) string {
	if share == 0 {
		return ""
	}
	return strconv.FormatFloat(math.Round(share*1e8)/1e6, 'f', -1, 64)
}

func span(t string) (time.Duration, error) {
	d, err := time.ParseDuration(t)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%.40q: want a time such as 90s or 8h", t)
	}
	return d, nil
}

// shortTime prints a time without units that are 0: 8h, and not 8h0m0s.
func shortTime(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// FieldError is an error in a field of the form.
type FieldError struct {
	Field string // the name of the input
	Err   error
}

// Error names the field.
func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *FieldError) Unwrap() error { return e.Err }

// ReadQuestion reads the form of the forecast. It has fields, or a whole scenario in
// JSON and the fields compare and allow. Without values the fields have their
// defaults. An error is a *FieldError, and the question then still has the values.
func ReadQuestion(values url.Values) (*Question, error) {
	q := &Question{Values: map[string]string{}, Allowed: 0.01}
	known := fields()
	if len(values) == 0 {
		values = url.Values{}
		for _, f := range known {
			values.Set(f.name, f.value)
		}
	}
	names := []string{"scenario", "picture"}
	for _, f := range known {
		names = append(names, f.name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(names, name):
			return q, &FieldError{fmt.Sprintf("%.40s", name), errors.New("there is no such field: want one of " + strings.Join(names, ", "))}
		case len(values[name]) > 1:
			return q, &FieldError{name, fmt.Errorf("is there %d times: want it once", len(values[name]))}
		}
		q.Values[name] = strings.TrimSpace(values.Get(name))
	}
	whole := q.Values["scenario"] != ""
	if whole {
		if err := json.Unmarshal([]byte(q.Values["scenario"]), &q.Scenario); err != nil {
			return q, &FieldError{"scenario", err}
		}
	}
	for _, f := range known {
		if whole && f.name != "compare" && f.name != "allow" {
			q.Values[f.name] = f.write(q)
			continue
		}
		if t := q.Values[f.name]; t != "" {
			if err := f.read(q, t); err != nil {
				return q, &FieldError{f.name, err}
			}
		}
	}
	if !whole && q.Scenario.Away.Mean() > 0 {
		q.Scenario.Visits = forecast.Forever
	}
	q.Query = q.query(whole)
	return q, q.check()
}

// query returns the question as the query of an address.
func (q *Question) query(whole bool) string {
	v := url.Values{}
	for _, f := range fields() {
		if t := q.Values[f.name]; t != "" && (!whole || f.name == "compare" || f.name == "allow") {
			v.Set(f.name, t)
		}
	}
	if whole {
		v.Set("scenario", q.Values["scenario"])
	}
	return v.Encode()
}

// inputs has the inputs of the form whose names are not those of the scenario.
var inputs = map[string]string{"Retry.Max": "retries", "Retry.Backoff": "backoff", "Destinations.Dead": "dead", "Destinations.RoundTrip": "roundTrip", "Visits": "until", "Settings": "limit"}

func (q *Question) check() error {
	s := &q.Scenario
	switch {
	case s.Windows == limits.Windows{}:
		return &FieldError{"windows", errors.New(`want a name such as "Windows 11 Pro"`)}
	case s.Service == limits.UnknownService:
		return &FieldError{"service", errors.New("want one of the services")}
	case int64(s.Clients) > MaxSize || int64(s.Clients)*int64(max(1, s.Connections)) > MaxSize:
		return &FieldError{"clients", fmt.Errorf("%d with %d connections each: want at most %d connections here", s.Clients, max(1, s.Connections), MaxSize)}
	case s.Visits == forecast.Forever && s.Until == 0:
		return &FieldError{"until", errors.New("clients that come again need an end: want a time such as 8h")}
	}
	err := s.Valid()
	var bad *forecast.ScenarioError
	if !errors.As(err, &bad) {
		return err
	}
	name := cmp.Or(inputs[bad.Field], strings.ToLower(bad.Field[:1])+bad.Field[1:])
	if q.Values["scenario"] != "" {
		return &FieldError{"scenario", err}
	}
	return &FieldError{name, bad.Err}
}

// JSON is the scenario as the API and the program forecast read it.
func (q *Question) JSON() string {
	text, err := json.MarshalIndent(q.Scenario, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Editions are the names that the form proposes.
func (q *Question) Editions() []limits.Edition { return slices.Collect(limits.Editions()) }

// Services are those that the form offers.
func (q *Question) Services() []limits.Service {
	return slices.DeleteFunc(limits.Services(), func(s limits.Service) bool {
		return s == limits.Licence || s == limits.TCPBacklog || s == limits.RADIUS
	})
}

// Is reports whether the service is that of the form.
func (q *Question) Is(s limits.Service) bool { return q.Values["service"] == s.String() }

// percent prints a share as a percentage.
func percent(share float64) string {
	switch p := 100 * share; {
	case p == 0:
		return "0 %"
	case p < 0.1:
		return "< 0.1 %"
	default:
		return strconv.FormatFloat(math.Round(p*10)/10, 'f', -1, 64) + " %"
	}
}
