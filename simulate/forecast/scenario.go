package forecast

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// Scenario is the question that a forecast answers: an edition, one of its services,
// and the clients that will use it. Only Windows, Service and Clients must be set. The
// error of Valid says what a field accepts. A Scenario is a plain value, and its JSON
// has times as text.
//
// The rule says what takes a slot, and so how long a client holds one:
//
//   - Where connections or sessions are counted (SMB, IIS up to 6.0, and most
//     others), a connection takes one slot. It holds the slot for all its requests,
//     the think times between them, and the Idle time after the last, unless
//     Windows closes the connection before.
//   - Where requests are counted (IIS 7.0 and later), each request takes a slot
//     for its ServiceTime. A connection between requests takes none.
//   - Where attempts are counted (limits.TCPHalfOpen), each request is a dial. It
//     takes a slot until the destination has answered or the dial is given up;
//     see Destinations. The ServiceTime follows, without a slot.
//   - Where outbound ports are counted (limits.TCPOutbound), each request is a
//     dial as well. It takes a port until it fails. Once connected, it keeps the
//     port for the ServiceTime and then for the TIME_WAIT of the machine
//     (simulate.Policy.TimeWait, IPv4), unless the peer closed first: see
//     Destinations.PeerCloses. The client goes on when the connection is closed.
//     The limit on half-open attempts, which some editions have too, plays no
//     part here.
//
// On client editions a newcomer to Remote Desktop may displace the present user. In
// a forecast it does not: it is refused.
//
// A Dist that is not given (the zero Dist) is a time of 0, unless the field says
// otherwise.
type Scenario struct {
	// Name is the first part of Report.Title. Nothing else depends on it.
	Name string `json:"name,omitempty"`
	// Windows and Service select the rule. Settings are those of the machine;
	// the zero value is Windows out of the box.
	Windows  limits.Windows    `json:"windows"`
	Service  limits.Service    `json:"service"`
	Settings simulate.Settings `json:"settings,omitzero"`

	// Clients is the number of clients, from 1 to 1e9.
	Clients int `json:"clients"`
	// Arrive says when each client comes for the first time. The zero value is
	// all at once.
	Arrive Arrival `json:"arrive,omitzero"`
	// Visits is how often each client comes. 0 is once, and Forever is without
	// end and needs Until. Away is the time from the end of a visit to the next,
	// a nanosecond at least. A visit ends when the last of its connections is
	// closed; where requests are counted, with the last request, and for dials,
	// with the ServiceTime of the last. A client makes one visit at a time (a
	// finite population), so that while many are there, fewer come.
	Visits int  `json:"visits,omitempty"`
	Away   Dist `json:"away,omitzero"`

	// Connections is how many connections a client opens at the same time. 0 is
	// one. Browsers open 2 (IE 4 to 7) or 6 (IE 8) to a host (kb183110,
	// ms-cc197013).
	Connections int `json:"connections,omitempty"`
	// Requests is how many requests a connection makes, one after the other,
	// with the ThinkTime between them. 0 is one. A request that gets no slot,
	// retries included, is the last on its connection. A dial that fails is not:
	// the next one follows.
	Requests int `json:"requests,omitempty"`
	// ServiceTime is how long one request executes. For SMB it is how long a
	// session is in use, and for an outbound connection how long it is open.
	ServiceTime Dist `json:"serviceTime,omitzero"`
	ThinkTime   Dist `json:"thinkTime,omitzero"`
	// Idle is how long a client leaves its connection or session open after the
	// last request. Windows may end it sooner: the web server after
	// Settings.ConnectionTimeout, SMB after AutoDisconnect. Where connections
	// are counted, Windows also ends a connection in a ThinkTime longer than
	// that, and the next request needs another connection.
	//
	// Where requests or dials are counted, Idle changes nothing. Clients speak
	// HTTP/1.1, so that simulate.Policy.ClosesHTTP10 changes nothing either.
	//
	// If Idle is not given, a client of a web server that counts connections
	// keeps its connection open for a minute, as Internet Explorer does
	// (limits.BrowserKeepAlive), and the report says so. Constant(0) closes at
	// once. Clients of other services close at once if Idle is not given.
	Idle Dist `json:"idle,omitzero"`
	// AutoDisconnect is the time after which Windows ends an idle SMB session.
	// 0 is never, which is the default of package smb too: 15 minutes are
	// documented (kb138365, kb314882), but Windows 11 was seen to keep idle
	// sessions for hours.
	AutoDisconnect time.Duration `json:"autoDisconnect,omitzero"`

	// AcceptTime is how long the program takes to accept a connection, one
	// after the other. Until then a connection is in the listen backlog of its
	// socket, which has the limit of limits.TCPBacklog. A connection that finds
	// the backlog full is refused before the service sees it. Where requests are
	// counted, a connection is accepted once, whatever becomes of its requests.
	// If AcceptTime is not given, or 0, the program accepts at once, and the
	// backlog refuses none. A dial has no AcceptTime.
	AcceptTime Dist `json:"acceptTime,omitzero"`
	// Backlog is the number that the program passes to listen; see
	// simulate.Policy.Listen. 0 is as much as the program can get.
	Backlog int `json:"backlog,omitempty"`
	// WindowsClients says that the clients run Windows. After a refusal by the
	// backlog Windows repeats the SYN at 0.5, 1.0 and 1.5 s before it reports
	// the refusal (limits.RefusedConnectRetries). Other systems report it at
	// once. A repeated SYN is not another attempt.
	WindowsClients bool `json:"windowsClients,omitempty"`

	// Patience is how long a client waits in the queue before it goes away. Its
	// outcome is then simulate.Abandoned. For a dial Patience is the connect
	// timeout of the program: it runs from the call until the connection is
	// made, and the outcome in the queue is simulate.TimedOut. A dial whose
	// Patience is over gets no slot, even if one is free. If Patience is not
	// given, clients wait without end.
	Patience Dist `json:"patience,omitzero"`
	// Retry says what a client does after a failure. The zero value is nothing.
	Retry Retry `json:"retry,omitzero"`
	// Destinations describes what dials meet. The zero value is live
	// destinations that answer at once.
	Destinations Destinations `json:"destinations,omitzero"`

	// Until ends the run, after what happens at that time. Demands that are
	// still undecided then count as unfinished. 0 ends the run when the last
	// client has left and the last port is out of TIME_WAIT.
	Until time.Duration `json:"until,omitzero"`
	// Warmup is a first part of the run that is not counted, so that a run that
	// starts empty can tell about a busy hour. Demands whose first attempt is
	// before that time are left out, with their retries. Levels, and what
	// Windows logs, count from then on.
	Warmup time.Duration `json:"warmup,omitzero"`
	// Seed selects the random numbers. Each connection of each visit has its
	// own, which do not depend on Windows: two editions meet the same clients.
	// How an attempt ends decides what is drawn next. So a connection differs
	// between two editions after the first attempt that they decide differently.
	Seed uint64 `json:"seed,omitempty"`
}

// Forever, as the number of Visits, lets clients come again and again without end.
const Forever = -1

// Retry is what a client does after an attempt that was refused or timed out, after
// it gave up waiting, and after a dial that did not connect. The zero Retry does not
// try again.
type Retry struct {
	// Max is the number of retries, at most.
	Max int `json:"max,omitempty"`
	// Backoff is the time before the first retry. Each further time is Factor
	// times as long, but not longer than Limit. A Factor of 0 is 1, and a Limit
	// of 0 is none.
	Backoff Dist          `json:"backoff,omitzero"`
	Factor  float64       `json:"factor,omitempty"`
	Limit   time.Duration `json:"limit,omitzero"`
}

// Destinations describes the other ends of dials, for limits.TCPHalfOpen and
// limits.TCPOutbound. The zero value is live destinations that answer at once.
//
// Each dial has a destination of its own, and its retries go to the same one. If
// ports are counted for each destination (Settings.Outbound.PerDestination), all
// dials go to one address.
//
// The edition says when it gives up a dial to a dead destination
// (simulate.Policy.SYN); Settings.HalfOpen can change that.
type Destinations struct {
	// Refusing is the share of destinations that answer with a reset, and Dead
	// the share that do not answer. Both go from 0 to 1, and so does their sum.
	// The others are live.
	Refusing float64 `json:"refusing,omitempty"`
	Dead     float64 `json:"dead,omitempty"`
	// RoundTrip is how long a live or refusing destination takes to answer.
	RoundTrip Dist `json:"roundTrip,omitzero"`
	// PeerCloses is the share of outbound connections, from 0 to 1, that the peer
	// closes first, or resets. Their ports are free at once. The machine closes the
	// others, whose ports stay in TIME_WAIT. Only limits.TCPOutbound uses it.
	PeerCloses float64 `json:"peerCloses,omitempty"`
}

// scenarioJSON is Scenario with its times as text.
type scenarioJSON struct {
	*scenarioFields
	AutoDisconnect jsontime.Duration `json:"autoDisconnect,omitzero"`
	Until          jsontime.Duration `json:"until,omitzero"`
	Warmup         jsontime.Duration `json:"warmup,omitzero"`
}

type scenarioFields Scenario

// MarshalJSON writes the fields that are not zero, with times as text.
func (s Scenario) MarshalJSON() ([]byte, error) {
	return json.Marshal(scenarioJSON{
		(*scenarioFields)(&s), jsontime.Duration(s.AutoDisconnect), jsontime.Duration(s.Until), jsontime.Duration(s.Warmup),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A field that the JSON does not name
// keeps its value. An unknown field is an error. An error about one field is a
// *ScenarioError that names the field as the JSON does.
func (s *Scenario) UnmarshalJSON(data []byte) error {
	t := scenarioJSON{
		(*scenarioFields)(s), jsontime.Duration(s.AutoDisconnect), jsontime.Duration(s.Until), jsontime.Duration(s.Warmup),
	}
	if err := jsontime.Decode(data, &t); err != nil {
		var field *jsontime.FieldError
		if errors.As(err, &field) {
			return &ScenarioError{field.Field, field.Err}
		}
		return fmt.Errorf("forecast: scenario: %w", err)
	}
	s.AutoDisconnect, s.Until, s.Warmup = time.Duration(t.AutoDisconnect), time.Duration(t.Until), time.Duration(t.Warmup)
	return nil
}

// retryJSON is Retry with its time as text.
type retryJSON struct {
	*retryFields
	Limit jsontime.Duration `json:"limit,omitzero"`
}

type retryFields Retry

// MarshalJSON writes the fields that are not zero, with times as text.
func (r Retry) MarshalJSON() ([]byte, error) {
	return json.Marshal(retryJSON{(*retryFields)(&r), jsontime.Duration(r.Limit)})
}

// UnmarshalJSON reads what MarshalJSON writes. A field that the JSON does not name
// keeps its value. An unknown field is an error.
func (r *Retry) UnmarshalJSON(data []byte) error {
	t := retryJSON{(*retryFields)(r), jsontime.Duration(r.Limit)}
	if err := jsontime.Decode(data, &t); err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	r.Limit = time.Duration(t.Limit)
	return nil
}

// ErrScenario says that a field of a scenario, or another argument, has a bad value.
// Every *ScenarioError matches it (errors.Is).
var ErrScenario = errors.New("forecast: bad scenario")

// ScenarioError is the error for a bad value: it names the field of the Scenario, or
// the argument of the function.
type ScenarioError struct {
	Field string // such as "Retry.Max"
	Err   error  // what is wrong with it, and what is accepted
}

// Error names the field and says what is accepted.
func (e *ScenarioError) Error() string {
	return fmt.Sprintf("forecast: scenario: %s: %v", e.Field, e.Err)
}

// Is makes the error match ErrScenario.
func (e *ScenarioError) Is(target error) bool { return target == ErrScenario }

// Unwrap returns Err.
func (e *ScenarioError) Unwrap() error { return e.Err }

// missing is the error for a field that must be given.
type missing struct {
	is   error // for errors.Is
	want string
}

func (e *missing) Error() string { return "not given: want " + e.want }

func (e *missing) Unwrap() error { return e.is }

const (
	maxClients     = 1_000_000_000
	maxVisits      = 1_000_000_000
	maxConnections = 1000
	maxRequests    = 1_000_000
	maxRetries     = 1_000_000
	maxBacklog     = 1<<31 - 1
)

// Valid returns nil if the scenario can be run. The error is a *ScenarioError
// that names the first bad field and what is accepted.
func (s *Scenario) Valid() error {
	_, err := s.compile()
	return err
}

// String returns the load of the scenario as a line, such as "40 clients at once,
// each for 30s". The edition and the service are not in it.
func (s Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d clients", s.Clients)
	if s.Clients == 1 {
		b.Reset()
		b.WriteString("1 client")
	}
	say := func(ok bool, format string, args ...any) {
		if ok {
			fmt.Fprintf(&b, format, args...)
		}
	}
	switch {
	case s.Arrive.IsZero():
		b.WriteString(" at once")
	case s.Arrive.kind == trace:
		b.WriteString(" at recorded times")
	default:
		say(true, ", arriving %v", s.Arrive)
	}
	given := func(d Dist) bool { return d.sampler() != nil }
	say(s.Connections > 1, ", %d connections each", s.Connections)
	say(s.Requests > 1, ", %d requests on each", s.Requests)
	say(given(s.ServiceTime), ", each for %v", s.ServiceTime)
	say(s.Requests > 1 && given(s.ThinkTime), " and %v between them", s.ThinkTime)
	say(given(s.Idle), ", kept idle for %v", s.Idle)
	say(!s.Idle.IsZero() && !given(s.Idle), ", closing at once")
	say(s.Visits > 1, ", %d visits", s.Visits)
	say(given(s.Away), ", away for %v", s.Away)
	say(given(s.AcceptTime), ", accepted one after the other in %v", s.AcceptTime)
	say(!s.Patience.IsZero(), ", patient for %v", s.Patience)
	if n := s.Retry.Max; n > 0 {
		say(n == 1, ", 1 retry")
		say(n > 1, ", %d retries", n)
		say(given(s.Retry.Backoff), " after %v", s.Retry.Backoff)
	}
	say(s.Destinations.Dead > 0, ", %v %% of the destinations dead", text.Digits(100*s.Destinations.Dead))
	say(s.Destinations.Refusing > 0, ", %v %% refusing", text.Digits(100*s.Destinations.Refusing))
	say(s.Destinations.PeerCloses > 0, ", %v %% of the connections closed by the peer", text.Digits(100*s.Destinations.PeerCloses))
	say(s.Until > 0, ", until %s", text.Time(s.Until))
	return b.String()
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
	span := func(field string, v time.Duration) {
		if v < 0 || v > longest {
			bad(field, fmt.Errorf("%v: want 0s to %v", v, longest))
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
		bad("Arrive", fmt.Errorf("trace of %d times for %d clients: want a time for each", len(s.Arrive.times), s.Clients))
	}
	within("Visits", s.Visits, Forever, maxVisits)
	if s.Visits == Forever && s.Until == 0 {
		bad("Until", errors.New("0: want a time, because Visits is Forever"))
	}
	within("Connections", s.Connections, 0, maxConnections)
	within("Requests", s.Requests, 0, maxRequests)
	bad("Away", s.Away.Valid())
	// With no time away a client would come each nanosecond.
	if s.Visits == Forever && s.Away.Mean() == 0 {
		bad("Away", errors.New("0: want above 0, because Visits is Forever"))
	}
	bad("ServiceTime", s.ServiceTime.Valid())
	bad("ThinkTime", s.ThinkTime.Valid())
	bad("Idle", s.Idle.Valid())
	bad("AcceptTime", s.AcceptTime.Valid())
	within("Backlog", s.Backlog, -maxBacklog, maxBacklog)
	bad("Patience", s.Patience.Valid())
	bad("Retry.Backoff", s.Retry.Backoff.Valid())
	bad("Destinations.RoundTrip", s.Destinations.RoundTrip.Valid())
	span("AutoDisconnect", s.AutoDisconnect)
	within("Retry.Max", s.Retry.Max, 0, maxRetries)
	if f := s.Retry.Factor; !(f >= 0) || math.IsInf(f, 1) {
		bad("Retry.Factor", fmt.Errorf("%v: want 0 or more, and finite", f))
	}
	span("Retry.Limit", s.Retry.Limit)
	share("Destinations.Refusing", s.Destinations.Refusing)
	share("Destinations.Dead", s.Destinations.Dead)
	share("Destinations.Refusing + Dead", s.Destinations.Refusing+s.Destinations.Dead)
	share("Destinations.PeerCloses", s.Destinations.PeerCloses)
	span("Until", s.Until)
	span("Warmup", s.Warmup)
	if s.Until > 0 && s.Warmup >= s.Until {
		bad("Warmup", fmt.Errorf("%v: want below Until, %v", s.Warmup, s.Until))
	}
	return first
}
