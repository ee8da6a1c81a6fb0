// Package forecast acts out in virtual time what many clients meet at the limit
// of a service: which get in, which wait, which are refused.
//
// A Scenario is the question: an edition, one of its services, and the clients
// that will use it. Run answers it with a Report, and Outcomes tells what became
// of each client. The other functions ask more of the same scenario: Replicate
// how sure a number is, Compare what other editions make of it, Suitable which
// of them do, Capacity how many clients fit, and Sweep what is lost as clients
// become more. Package chart draws reports and curves.
//
// The limit is that of package simulate, and for one seed each client meets the
// same here as at a simulate.Gate in real time.
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

// Scenario is a question for the forecast: an edition, one of its services, and
// the clients that will use it. Run answers it.
//
// A Scenario is a plain value and survives JSON, where times are text. Of its
// fields only Windows, Service and Clients must be set. What a slot of the limit
// is, and so how long a client holds one, follows from the rule:
//
//   - Where connections or sessions are counted (SMB, IIS up to 6.0, and most
//     others), a connection takes one slot. It holds it for all its requests,
//     the think times between them, and the Idle time after the last, unless
//     Windows closes it before. Browsers keep it for a minute.
//   - Where requests are counted (IIS 7.0 and later), each request takes a slot
//     for its ServiceTime, and a connection at rest takes none.
//   - Where attempts are counted (half-open TCP), each request is a dial. It
//     takes a slot until the destination has answered or the dial is given up;
//     see Destinations. The ServiceTime follows, without a slot.
//   - Where outbound ports are counted (limits.TCPOutbound), each request is a
//     dial as well. It takes a port until it fails, or, once connected, for the
//     ServiceTime and then the TIME_WAIT of the machine (simulate.Policy.TimeWait,
//     that of IPv4), unless the peer closed first: see Destinations.PeerCloses.
//     The client goes on when the connection is closed. The limit of half-open
//     attempts, which some editions have too, has no part in it.
//
// Where Windows would let the newcomer displace the present user (Remote Desktop
// on client editions), the newcomer does not: it is refused.
//
// A Dist that is not given is a time of 0 unless the field says otherwise.
type Scenario struct {
	// Name is for people.
	Name string `json:"name,omitempty"`
	// Windows and Service select the rule. Settings are those of the machine;
	// the zero value is Windows out of the box.
	Windows  limits.Windows    `json:"windows"`
	Service  limits.Service    `json:"service"`
	Settings simulate.Settings `json:"settings,omitzero"`

	// Clients is the number of clients, from 1 to 1e9.
	Clients int `json:"clients"`
	// Arrive says when they come for the first time. The zero value is all at
	// once.
	Arrive Arrival `json:"arrive,omitzero"`
	// Visits is how often each client comes: 0 is once, and Forever, which
	// needs Until, without end. Away is the time from the end of a visit to the
	// next, a nanosecond at least. A visit ends when the last of its
	// connections is closed; where requests are counted, with the last request,
	// and for dials, with the ServiceTime of the last. Clients that come again
	// are a finite population: one that is there does not come a second time.
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
	// session is in use, and for an outbound connection how long it is open.
	ServiceTime Dist `json:"serviceTime,omitzero"`
	ThinkTime   Dist `json:"thinkTime,omitzero"`
	// Idle is how long a client leaves its connection or session open after the
	// last request. Windows ends it sooner: the web server after
	// Settings.ConnectionTimeout, SMB after AutoDisconnect. Where connections
	// are counted, a ThinkTime longer than that ends one as well, and the next
	// request asks for another.
	//
	// Where requests or dials are counted, Idle changes nothing. Clients speak
	// HTTP/1.1, so that simulate.Policy.ClosesHTTP10 changes nothing either.
	//
	// If it is not given, a client of a web server that counts connections
	// keeps its connection open for a minute, as Internet Explorer does
	// (limits.BrowserKeepAlive), and the report says so; Constant(0) closes at
	// once. Clients of other services close at once if it is not given.
	Idle Dist `json:"idle,omitzero"`
	// AutoDisconnect is the time after which Windows ends an idle SMB session.
	// 0 is never, which is the default of package smb too: 15 minutes are
	// documented (kb138365, kb314882), but Windows 11 was seen to keep idle
	// sessions for hours.
	AutoDisconnect time.Duration `json:"autoDisconnect,omitzero"`

	// AcceptTime is how long the program takes to accept a connection, one
	// after the other. Until then a connection is in the listen backlog of its
	// socket, which has the limit of limits.TCPBacklog: a connection that finds
	// it full is refused before the service sees it. Where requests are
	// counted, a connection is accepted once, whatever becomes of its requests.
	// If it is not given, or 0, the program accepts at once, and the backlog
	// refuses none. It is not for dials.
	AcceptTime Dist `json:"acceptTime,omitzero"`
	// Backlog is the number that the program passes to listen; see
	// simulate.Policy.Listen. 0 is as much as it can get.
	Backlog int `json:"backlog,omitempty"`
	// WindowsClients says that the clients run Windows, which repeats a SYN
	// that the backlog refused, at 0.5, 1.0 and 1.5 s, before it reports the
	// refusal (limits.RefusedConnectRetries). Clients of other systems fail at
	// once. A SYN that is repeated is no further try.
	WindowsClients bool `json:"windowsClients,omitempty"`

	// Patience is how long a client waits in the queue before it goes away; a
	// dial counts it from the call to the connection, as a program's connect
	// timeout does. The outcome is simulate.Abandoned, and simulate.TimedOut
	// for a dial. A dial whose Patience is over gets no slot, even if one is
	// free. If it is not given, clients wait for ever.
	Patience Dist `json:"patience,omitzero"`
	// Retry says what a client does after a failure. The zero value is nothing.
	Retry Retry `json:"retry,omitzero"`
	// Destinations describes what dials meet. The zero value is live
	// destinations with no round-trip time.
	Destinations Destinations `json:"destinations,omitzero"`

	// Until ends the run, after what happens at that time; 0 is when the last
	// client has left, and the last port is out of TIME_WAIT. Attempts still
	// undecided then are counted as unfinished.
	Until time.Duration `json:"until,omitzero"`
	// Warmup keeps what is asked for before that time out of the counts, so
	// that a run that starts empty can tell about a busy hour. Levels, and what
	// Windows logs, count from then on.
	Warmup time.Duration `json:"warmup,omitzero"`
	// Seed selects the random numbers. Each connection of each visit has its
	// own, which do not depend on Windows: two editions meet the same clients.
	// What is drawn after one of its tries depends on how that ended, so that a
	// connection is no longer the same after the first try that two editions
	// decide differently.
	Seed uint64 `json:"seed,omitempty"`
}

// Forever is the number of Visits of clients that never stop coming.
const Forever = -1

// Retry is what a client does after it was refused, timed out, gave up waiting
// or, dialling, was not connected.
type Retry struct {
	// Max is how often it tries again.
	Max int `json:"max,omitempty"`
	// Backoff is the time before the first retry; each further one is Factor
	// times longer, 0 being 1, and none longer than Limit, 0 being no limit.
	Backoff Dist          `json:"backoff,omitzero"`
	Factor  float64       `json:"factor,omitempty"`
	Limit   time.Duration `json:"limit,omitzero"`
}

// Destinations is what dials meet: those of limits.TCPHalfOpen and of
// limits.TCPOutbound. Each goes to a destination of its own; a retry goes to the
// same one. How long a dial to a dead one keeps its slot is the SYN schedule of
// the edition (simulate.Policy.SYN), which Settings.HalfOpen can change. Where each
// destination has ports of its own (Settings.Outbound.PerDestination), the
// scenario is about the ports of one address to which all dials go.
type Destinations struct {
	// Refusing and Dead are the shares of destinations, from 0 to 1, that
	// answer with a reset and not at all. The others are live.
	Refusing float64 `json:"refusing,omitempty"`
	Dead     float64 `json:"dead,omitempty"`
	// RoundTrip is how long a live or refusing destination takes to answer.
	RoundTrip Dist `json:"roundTrip,omitzero"`
	// PeerCloses is the share of outbound connections, from 0 to 1, that the peer
	// closes first, or resets. Their ports are free at once. The machine closes the
	// others, whose ports stay in TIME_WAIT. It is for limits.TCPOutbound.
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

// MarshalJSON writes what is given, with times as text.
func (s Scenario) MarshalJSON() ([]byte, error) {
	return json.Marshal(scenarioJSON{
		(*scenarioFields)(&s), jsontime.Duration(s.AutoDisconnect), jsontime.Duration(s.Until), jsontime.Duration(s.Warmup),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no field is an
// error. What the JSON does not name keeps its value. The error is a
// *ScenarioError that names the field as the JSON does, if it is about one.
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

// MarshalJSON writes what is given, with times as text.
func (r Retry) MarshalJSON() ([]byte, error) {
	return json.Marshal(retryJSON{(*retryFields)(&r), jsontime.Duration(r.Limit)})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no field is an
// error. What the JSON does not name keeps its value.
func (r *Retry) UnmarshalJSON(data []byte) error {
	t := retryJSON{(*retryFields)(r), jsontime.Duration(r.Limit)}
	if err := jsontime.Decode(data, &t); err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	r.Limit = time.Duration(t.Limit)
	return nil
}

// ErrScenario matches every ScenarioError.
var ErrScenario = errors.New("forecast: bad scenario")

// ScenarioError names the field of a Scenario that has a bad value.
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

// Unwrap returns the reason.
func (e *ScenarioError) Unwrap() error { return e.Err }

// missing is the error for a field that must be given.
type missing struct {
	is   error // what it matches
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

// String returns the load of the scenario as a line, such as "40 clients at
// once, each for 30s".
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
		bad("Arrive", fmt.Errorf("trace of %d times for %d clients: want as many", len(s.Arrive.times), s.Clients))
	}
	within("Visits", s.Visits, Forever, maxVisits)
	if s.Visits == Forever && s.Until == 0 {
		bad("Until", errors.New("0: want a time, because Visits is Forever"))
	}
	within("Connections", s.Connections, 0, maxConnections)
	within("Requests", s.Requests, 0, maxRequests)
	bad("Away", s.Away.Valid())
	// Without a time away a run has next to no end.
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
