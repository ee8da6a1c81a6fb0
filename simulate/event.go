package simulate

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Outcome is what became of one attempt to get in. Emulator and forecast use the
// same; Superseded is the emulator's alone.
type Outcome uint8

// The outcomes.
const (
	UnknownOutcome Outcome = iota
	// Admitted: let in at once. (The counts called Admitted include Waited.)
	Admitted
	// Waited: let in after waiting in the queue.
	Waited
	// Refused: turned away at once, the limit or the queue being full.
	Refused
	// TimedOut: gave up waiting when its time was over.
	TimedOut
	// Abandoned: left the queue for another reason; it was cancelled or the
	// client went away.
	Abandoned
	// Superseded: left the queue because it was needed no longer. Another attempt
	// of the same dial was quicker, or what the dial was for was had over another
	// connection. Nothing was lost.
	Superseded
)

var outcomeNames = [...]string{"unknown", "admitted", "waited", "refused", "timed-out", "abandoned", "superseded"}

// String returns the name of the outcome, such as "refused".
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeNames) {
		return nil, fmt.Errorf("simulate: %d is no outcome; there are %d", uint8(o), len(outcomeNames)-1)
	}
	return []byte(outcomeNames[o]), nil
}

// UnmarshalText accepts the String forms.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: unknown outcome %q; want one of %q", text, outcomeNames[1:])
}

// EventKind says what happened.
type EventKind uint8

// The kinds of events.
const (
	UnknownEvent EventKind = iota
	// Decided: an attempt to get in has its outcome.
	Decided
	// Queued: an attempt has begun to wait.
	Queued
	// Released: a slot has been given back.
	Released
	// LimitChanged: another limit is in force.
	LimitChanged
	// Logged: the machine has written to its event log.
	Logged
	// Held: slots have been taken that are no peer's; see Gate.Hold.
	Held
)

var eventKindNames = [...]string{"unknown", "decided", "queued", "released", "limit-changed", "logged", "held"}

// String returns the name of the kind, such as "decided".
func (k EventKind) String() string {
	if int(k) < len(eventKindNames) {
		return eventKindNames[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (k EventKind) MarshalText() ([]byte, error) {
	if int(k) >= len(eventKindNames) {
		return nil, fmt.Errorf("simulate: %d is no kind of event; there are %d", uint8(k), len(eventKindNames)-1)
	}
	return []byte(eventKindNames[k]), nil
}

// UnmarshalText accepts the String forms.
func (k *EventKind) UnmarshalText(text []byte) error {
	for i, name := range eventKindNames {
		if name == string(text) {
			*k = EventKind(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: unknown kind of event %.100q; want one of %q", text, eventKindNames[1:])
}

// Event is something that happened at one gate of a host.
type Event struct {
	Time    time.Time      `json:"time"`
	Kind    EventKind      `json:"kind"`
	Windows limits.Windows `json:"windows"`
	Service limits.Service `json:"service"`
	// Peer is what it happened to: an address, a session's computer and user, or
	// a destination.
	Peer string `json:"peer,omitempty"`
	// Outcome is set on Decided events.
	Outcome Outcome `json:"outcome,omitzero"`
	// Waited is how long the peer was in the queue.
	Waited time.Duration `json:"waited,omitzero"`
	// Held, Queued and Limit are the state of the gate right after the event.
	// Limit is absent on no gate, and unlimited where nothing limits.
	Held   int          `json:"held"`
	Queued int          `json:"queued"`
	Limit  limits.Limit `json:"limit"`
	// Log is what was written, on Logged events.
	Log *LogEntry `json:"log,omitempty"`
}

// String returns the event as a line without its time, such as "smb decided
// refused 192.0.2.1 (10 held, 0 queued, limit 10)".
func (e Event) String() string {
	text := fmt.Sprintf("%v %v", e.Service, e.Kind)
	if e.Outcome != UnknownOutcome {
		text += " " + e.Outcome.String()
	}
	if e.Peer != "" {
		text += " " + e.Peer
	}
	if e.Waited > 0 {
		text += fmt.Sprintf(" after %v", e.Waited)
	}
	if e.Log != nil {
		text += fmt.Sprintf(" event %d", e.Log.ID)
	}
	return fmt.Sprintf("%s (%d held, %d queued, limit %v)", text, e.Held, e.Queued, e.Limit)
}

// eventJSON is Event with its time in the queue as text.
type eventJSON struct {
	*eventFields
	Waited jsontime.Duration `json:"waited,omitzero"`
}

type eventFields Event

// MarshalJSON writes Waited as text, such as "1.5s".
func (e Event) MarshalJSON() ([]byte, error) {
	return json.Marshal(eventJSON{(*eventFields)(&e), jsontime.Duration(e.Waited)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Event) UnmarshalJSON(data []byte) error {
	t := eventJSON{(*eventFields)(e), jsontime.Duration(e.Waited)}
	if err := json.Unmarshal(data, &t); err != nil {
		return fmt.Errorf("simulate: event: %w", err)
	}
	e.Waited = time.Duration(t.Waited)
	return nil
}

// LogEntry is an entry of the machine's event log.
type LogEntry struct {
	ID       uint32    `json:"id"`       // such as 4226
	Log      string    `json:"log"`      // such as "System"
	Source   string    `json:"source"`   // such as "Tcpip"
	Level    string    `json:"level"`    // such as "Warning"
	Category string    `json:"category"` // such as "None"
	Text     string    `json:"text"`
	Data     []byte    `json:"data,omitempty"` // what the Event Viewer shows below the text
	Time     time.Time `json:"time"`
}
