package simulate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Scenario is a question for the forecast: a Windows, one of its services, and
// the clients that will use it. Run answers it.
//
// A Scenario is a plain value and survives JSON. Of its fields only Windows,
// Service and Clients must be set. What a slot of the limit is, and so how long
// a client holds one, follows from the rule:
//
//   - Where connections or sessions are counted (SMB, IIS up to 6.0, and most
//     others), a connection takes one slot. It holds it for all its requests,
//     the think times between them, and the Idle time after the last, unless
//     Windows closes it before.
//   - Where requests are counted (IIS 7.0 and later), each request takes a slot
//     for its ServiceTime, and a connection at rest takes none.
//   - Where attempts are counted (half-open TCP), each request is a dial. It
//     takes a slot until the destination has answered or the dial is given up;
//     see Destinations. The ServiceTime follows, without a slot.
//
// Where the Windows would offer the newcomer the place of who is there (Remote
// Desktop on client editions), nobody takes the offer: he is refused.
//
// The zero value of a time is a constant 0 unless the field says otherwise.
type Scenario struct {
	// Name is for people.
	Name string `json:"name,omitempty"`
	// Windows and Service select the rule. Settings are those of the Host; the
	// zero value is a Windows out of the box.
	Windows  limits.Windows `json:"windows"`
	Service  limits.Service `json:"service"`
	Settings Settings       `json:"settings,omitzero"`

	// Clients is the number of clients, from 1 to 1e9.
	Clients int `json:"clients"`
	// Arrive says when they come for the first time. The zero value is all at
	// once.
	Arrive Arrival `json:"arrive,omitzero"`
	// Visits is how often each client comes: 0 is once, and Forever, which
	// needs Until, without end. Away is the time from the end of a visit to the
	// next. Clients that come again are a finite population: one that is there
	// does not come a second time.
	Visits int  `json:"visits,omitempty"`
	Away   Dist `json:"away,omitzero"`

	// Connections is how many connections a client opens at the same time, 0
	// being 1: browsers open 2 (IE 4 to 7) or 6 (IE 8) to a host (kb183110,
	// ms-cc197013).
	Connections int `json:"connections,omitempty"`
	// Requests is how many requests follow one another on a connection, 0 being
	// 1, with the ThinkTime between them. One that is turned away, after its
	// retries, is the last: the further ones are not made. Dials go on whatever
	// became of the last one.
	Requests int `json:"requests,omitempty"`
	// ServiceTime is how long one request executes. For SMB it is how long a
	// session is in use.
	ServiceTime Dist `json:"serviceTime,omitzero"`
	ThinkTime   Dist `json:"thinkTime,omitzero"`
	// Idle is how long a client leaves its connection or session open after the
	// last request. Windows ends it sooner: the web server after
	// Settings.ConnectionTimeout, SMB after AutoDisconnect. Where connections
	// are counted, a ThinkTime longer than that ends one as well, and the next
	// request asks for another.
	Idle Dist `json:"idle,omitzero"`
	// AutoDisconnect is the time after which Windows ends an idle SMB session.
	// 0 is never, which is the default of the SMB front too: 15 minutes are
	// documented (kb138365, kb314882), but Windows 11 was seen to keep idle
	// sessions for hours.
	AutoDisconnect Duration `json:"autoDisconnect,omitzero"`

	// Patience is how long a client waits in the queue before it goes away; a
	// dial counts it from the call to the connection, as a program's connect
	// timeout does. The zero value is for ever.
	Patience Dist `json:"patience,omitzero"`
	// Retry says what a client does after a failure. The zero value is nothing.
	Retry Retry `json:"retry,omitzero"`
	// Destinations describes what dials meet. The zero value is live
	// destinations with no round-trip time.
	Destinations Destinations `json:"destinations,omitzero"`

	// Until ends the run; 0 is when nobody is left. Attempts still undecided
	// then are counted as unfinished.
	Until Duration `json:"until,omitzero"`
	// Warmup keeps what is asked for before that time out of the counts, so
	// that a run that starts empty can tell about a busy hour.
	Warmup Duration `json:"warmup,omitzero"`
	// Seed selects the random numbers. Each connection of each visit has its
	// own, which do not depend on the Windows: two Windows meet the same
	// clients.
	Seed uint64 `json:"seed,omitempty"`
}

// Forever is the number of Visits of clients that never stop coming.
const Forever = -1

// Retry is what a client does after it was refused, timed out, gave up waiting
// or, dialling, found nobody.
type Retry struct {
	// Max is how often it tries again.
	Max int `json:"max,omitempty"`
	// Backoff is the time before the first retry; each further one is Factor
	// times longer, 0 being 1, and none longer than Limit, 0 being no limit.
	Backoff Dist     `json:"backoff,omitzero"`
	Factor  float64  `json:"factor,omitempty"`
	Limit   Duration `json:"limit,omitzero"`
}

// Destinations is what the dials of a half-open scenario meet. Each goes to a
// destination of its own, so that Settings.HalfOpen.PerDestination makes no
// difference; a retry goes to the same one. How long a dial to a dead one keeps
// its slot is the SYN schedule of the Windows (Host.SYNSchedule), which
// Settings.HalfOpen can change.
type Destinations struct {
	// Refusing and Dead are the shares of destinations, from 0 to 1, that
	// answer with a reset and not at all. The others are live.
	Refusing float64 `json:"refusing,omitempty"`
	Dead     float64 `json:"dead,omitempty"`
	// RoundTrip is how long a live or refusing destination takes to answer.
	RoundTrip Dist `json:"roundTrip,omitzero"`
}

// Duration is a time.Duration that is text in JSON, such as "1m30s".
type Duration time.Duration

// String returns the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText returns the String form.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText accepts what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("simulate: time %q: want a number and a unit, such as 1m30s", text)
	}
	*d = Duration(v)
	return nil
}

// settingsText is Settings as a scenario file has them: with its names, and with
// times as text.
type settingsText struct {
	Limits            map[limits.Service]int `json:"limits,omitempty"`
	MaxConnections    int                    `json:"maxConnections,omitzero"`
	AllowKeepAlive    *bool                  `json:"allowKeepAlive,omitempty"`
	ConnectionTimeout Duration               `json:"connectionTimeout,omitzero"`
	QueueTimeout      Duration               `json:"queueTimeout,omitzero"`
	WorkerProcesses   int                    `json:"workerProcesses,omitzero"`
	HalfOpen          HalfOpenSettings       `json:"halfOpen,omitzero"`
}

type halfOpenText struct {
	Patched                      limits.Limit `json:"patched,omitzero"`
	EnableConnectionRateLimiting bool         `json:"enableConnectionRateLimiting,omitzero"`
	MaxConnectRetransmissions    *int         `json:"maxConnectRetransmissions,omitempty"`
	InitialRTT                   Duration     `json:"initialRTT,omitzero"`
	ReleaseRate                  float64      `json:"releaseRate,omitzero"`
	PerDestination               bool         `json:"perDestination,omitzero"`
	EventInterval                Duration     `json:"eventInterval,omitzero"`
}

// MarshalJSON writes the settings that are set, with times as text.
func (s Settings) MarshalJSON() ([]byte, error) {
	return json.Marshal(settingsText{
		s.Limits, s.MaxConnections, s.AllowKeepAlive, Duration(s.ConnectionTimeout), Duration(s.QueueTimeout), s.WorkerProcesses, s.HalfOpen,
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error.
func (s *Settings) UnmarshalJSON(b []byte) error {
	var t settingsText
	if err := decodeStrictly(b, &t); err != nil {
		return fmt.Errorf("simulate: settings: %w", err)
	}
	*s = Settings{
		t.Limits, t.MaxConnections, t.AllowKeepAlive, time.Duration(t.ConnectionTimeout), time.Duration(t.QueueTimeout), t.WorkerProcesses, t.HalfOpen,
	}
	return nil
}

// MarshalJSON writes the settings that are set, with times as text.
func (h HalfOpenSettings) MarshalJSON() ([]byte, error) {
	return json.Marshal(halfOpenText{
		h.Patched, h.EnableConnectionRateLimiting, h.MaxConnectRetransmissions, Duration(h.InitialRTT),
		h.ReleaseRate, h.PerDestination, Duration(h.EventInterval),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error.
func (h *HalfOpenSettings) UnmarshalJSON(b []byte) error {
	var t halfOpenText
	if err := decodeStrictly(b, &t); err != nil {
		return fmt.Errorf("simulate: half-open settings: %w", err)
	}
	*h = HalfOpenSettings{
		t.Patched, t.EnableConnectionRateLimiting, t.MaxConnectRetransmissions, time.Duration(t.InitialRTT),
		t.ReleaseRate, t.PerDestination, time.Duration(t.EventInterval),
	}
	return nil
}

// decodeStrictly makes a misspelt name an error, since whoever decodes a scenario
// cannot ask for that inside an UnmarshalJSON.
func decodeStrictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Arrival is when clients come. The zero Arrival is all at once. It prints,
// parses and marshals as text:
//
//	at-once              all at the start
//	every(2s)            the first at the start, then one every 2 s
//	poisson(2s)          at random, 2 s apart in the mean
//	trace(0s,1.5s,9s)    at these times; as many as there are clients
type Arrival struct {
	kind  arrivalKind
	gap   time.Duration
	times []time.Duration
}

type arrivalKind uint8

const (
	atOnce arrivalKind = iota
	evenly
	poisson
	trace
)

// AtOnce is all clients at the start.
func AtOnce() Arrival { return Arrival{} }

// Every is one client every gap, the first at the start.
func Every(gap time.Duration) Arrival { return Arrival{kind: evenly, gap: gap} }

// Poisson is clients at random: a Poisson process whose gaps have the mean.
func Poisson(mean time.Duration) Arrival { return Arrival{kind: poisson, gap: mean} }

// Trace is clients at the times given, in ascending order. It keeps times.
func Trace(times ...time.Duration) Arrival { return Arrival{kind: trace, times: times} }

// IsZero reports whether a is the zero Arrival, all at once.
func (a Arrival) IsZero() bool { return a.kind == atOnce }

// Valid returns nil if clients can come as a says.
func (a Arrival) Valid() error {
	switch a.kind {
	case atOnce:
	case evenly, poisson:
		if a.gap <= 0 || a.gap > longest {
			return fmt.Errorf("gap %v: want above 0, up to %v", a.gap, longest)
		}
	case trace:
		if len(a.times) == 0 || a.times[0] < 0 || a.times[len(a.times)-1] > longest || !slices.IsSorted(a.times) {
			return fmt.Errorf("trace of %d times: want one or more, ascending, from 0 to %v", len(a.times), longest)
		}
	default:
		return fmt.Errorf("%d is no kind of arrival", a.kind)
	}
	return nil
}

// String returns the text form.
func (a Arrival) String() string {
	switch a.kind {
	case evenly:
		return fmt.Sprintf("every(%v)", a.gap)
	case poisson:
		return fmt.Sprintf("poisson(%v)", a.gap)
	case trace:
		return "trace(" + joinDurations(a.times) + ")"
	}
	return "at-once"
}

// ParseArrival reads the text form. The error for anything else shows the
// forms.
func ParseArrival(text string) (Arrival, error) {
	fail := func(err error) (Arrival, error) {
		const forms = "at-once, every(2s), poisson(2s) or trace(0s,1s,5s)"
		if err != nil {
			return Arrival{}, fmt.Errorf("simulate: arrival %q: %w; want %s", text, err, forms)
		}
		return Arrival{}, fmt.Errorf("simulate: arrival %q: want %s", text, forms)
	}
	if strings.EqualFold(strings.TrimSpace(text), "at-once") {
		return AtOnce(), nil
	}
	name, args := splitCall(text)
	times := make([]time.Duration, len(args))
	for i, arg := range args {
		v, err := time.ParseDuration(arg)
		if err != nil {
			return fail(err)
		}
		times[i] = v
	}
	var a Arrival
	switch {
	case name == "trace" && len(times) > 0:
		a = Trace(times...)
	case name == "every" && len(times) == 1:
		a = Every(times[0])
	case name == "poisson" && len(times) == 1:
		a = Poisson(times[0])
	default:
		return fail(nil)
	}
	if err := a.Valid(); err != nil {
		return fail(err)
	}
	return a, nil
}

// MarshalText returns the text form; an Arrival that is not valid is an error.
func (a Arrival) MarshalText() ([]byte, error) {
	if err := a.Valid(); err != nil {
		return nil, fmt.Errorf("simulate: arrival: %w", err)
	}
	return []byte(a.String()), nil
}

// UnmarshalText is ParseArrival.
func (a *Arrival) UnmarshalText(text []byte) error {
	parsed, err := ParseArrival(string(text))
	if err != nil {
		return err
	}
	*a = parsed
	return nil
}

// ErrScenario matches every ScenarioError.
var ErrScenario = errors.New("simulate: bad scenario")

// ScenarioError names the field of a Scenario that has a bad value.
type ScenarioError struct {
	Field string // such as "Retry.Max"
	Err   error  // what is wrong with it, and what is accepted
}

// Error names the field and says what is accepted.
func (e *ScenarioError) Error() string {
	return fmt.Sprintf("simulate: scenario: %s: %v", e.Field, e.Err)
}

// Is makes the error match ErrScenario.
func (e *ScenarioError) Is(target error) bool { return target == ErrScenario }

// Unwrap returns the reason.
func (e *ScenarioError) Unwrap() error { return e.Err }

const (
	maxClients     = 1_000_000_000
	maxVisits      = 1_000_000_000
	maxConnections = 1000
	maxRequests    = 1_000_000
	maxRetries     = 1_000_000
)

// Valid returns nil if the scenario can be run. The error is a *ScenarioError
// that names the first bad field and what is accepted.
func (s *Scenario) Valid() error {
	_, err := s.compile()
	return err
}

// check checks all fields but Windows, Service and Settings.
func (s *Scenario) check() error {
	var first error
	bad := func(field string, err error) {
		if err != nil && first == nil {
			first = &ScenarioError{field, err}
		}
	}
	within := func(field string, v, least, most int) {
		if v < least || v > most {
			bad(field, fmt.Errorf("%d: want %d to %d", v, least, most))
		}
	}
	span := func(field string, v, least Duration) {
		if v < least || v > Duration(longest) {
			bad(field, fmt.Errorf("%v: want %v to %v", v, least, longest))
		}
	}
	share := func(field string, v float64) {
		if !(v >= 0 && v <= 1) {
			bad(field, fmt.Errorf("%v: want 0 to 1", v))
		}
	}
	within("Clients", s.Clients, 1, maxClients)
	bad("Arrive", s.Arrive.Valid())
	if s.Arrive.kind == trace && len(s.Arrive.times) != s.Clients {
		bad("Arrive", fmt.Errorf("trace of %d times for %d clients: want as many", len(s.Arrive.times), s.Clients))
	}
	within("Visits", s.Visits, Forever, maxVisits)
	if s.Visits == Forever && s.Until == 0 {
		bad("Until", errors.New("0: want a time, because Visits is Forever"))
	}
	within("Connections", s.Connections, 0, maxConnections)
	within("Requests", s.Requests, 0, maxRequests)
	bad("Away", s.Away.Valid())
	// Without a time away a run could have no end that anybody lives to see.
	if s.Visits == Forever && s.Away.Mean() == 0 {
		bad("Away", errors.New("0: want above 0, because Visits is Forever"))
	}
	bad("ServiceTime", s.ServiceTime.Valid())
	bad("ThinkTime", s.ThinkTime.Valid())
	bad("Idle", s.Idle.Valid())
	bad("Patience", s.Patience.Valid())
	bad("Retry.Backoff", s.Retry.Backoff.Valid())
	bad("Destinations.RoundTrip", s.Destinations.RoundTrip.Valid())
	span("AutoDisconnect", s.AutoDisconnect, 0)
	within("Retry.Max", s.Retry.Max, 0, maxRetries)
	if f := s.Retry.Factor; !(f >= 0) || math.IsInf(f, 1) {
		bad("Retry.Factor", fmt.Errorf("%v: want 0 or more, and finite", f))
	}
	span("Retry.Limit", s.Retry.Limit, 0)
	share("Destinations.Refusing", s.Destinations.Refusing)
	share("Destinations.Dead", s.Destinations.Dead)
	share("Destinations.Refusing + Dead", s.Destinations.Refusing+s.Destinations.Dead)
	span("Until", s.Until, 0)
	span("Warmup", s.Warmup, 0)
	if s.Until > 0 && s.Warmup >= s.Until {
		bad("Warmup", fmt.Errorf("%v: want below Until, %v", s.Warmup, s.Until))
	}
	return first
}

func (d Duration) seconds() float64 { return time.Duration(d).Seconds() }
