package simulate

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Outcome is how one attempt to get in ended. The zero value is UnknownOutcome. The
// forecast has the same outcomes, but for Superseded.
type Outcome uint8

// The outcomes.
const (
	UnknownOutcome Outcome = iota
	// Admitted: let in at once. (Stats.Admitted counts Waited as well.)
	Admitted
	// Waited: let in after waiting in the queue.
	Waited
	// Refused: turned away at once; the limit was reached or the queue full.
	Refused
	// TimedOut: the time was over before the attempt got in.
	TimedOut
	// Abandoned: cancelled before it got in, or its client went away.
	Abandoned
	// Superseded: cancelled before it got in because it was no longer needed.
	// Another attempt of the same dial succeeded, or its request was answered over
	// another connection.
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

// MarshalText returns what String does; an undeclared value is an error.
func (o Outcome) MarshalText() ([]byte, error) {
	if int(o) >= len(outcomeNames) {
		return nil, fmt.Errorf("simulate: %d is no outcome; want 0 to %d", uint8(o), len(outcomeNames)-1)
	}
	return []byte(outcomeNames[o]), nil
}

// UnmarshalText accepts what String returns for declared values.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: unknown outcome %.100q; want one of %q", text, outcomeNames[1:])
}

// EventKind is the kind of an Event. The zero value is UnknownEvent.
type EventKind uint8

// The kinds of events.
const (
	UnknownEvent EventKind = iota
	// Decided: an attempt to get in has ended with an Outcome.
	Decided
	// Queued: an attempt has entered the queue.
	Queued
	// Released: slots have been given back.
	Released
	// LimitChanged: another limit is in force.
	LimitChanged
	// Logged: an entry was written to the event log of the machine.
	Logged
	// Held: Gate.Hold or SetHolds has taken slots.
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

// MarshalText returns what String does; an undeclared value is an error.
func (k EventKind) MarshalText() ([]byte, error) {
	if int(k) >= len(eventKindNames) {
		return nil, fmt.Errorf("simulate: %d is no kind of event; want 0 to %d", uint8(k), len(eventKindNames)-1)
	}
	return []byte(eventKindNames[k]), nil
}

// UnmarshalText accepts what String returns for declared values.
func (k *EventKind) UnmarshalText(text []byte) error {
	for i, name := range eventKindNames {
		if name == string(text) {
			*k = EventKind(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: unknown kind of event %.100q; want one of %q", text, eventKindNames[1:])
}

// Event is one thing that happened at a gate of a host; see Host.Observe.
type Event struct {
	Time    time.Time      `json:"time"`
	Kind    EventKind      `json:"kind"`
	Windows limits.Windows `json:"windows"`
	Service limits.Service `json:"service"`
	// Peer is the peer that the event is about: an address, the computer and user
	// of a session, or a destination. It is empty if the adapter knows none.
	Peer string `json:"peer,omitempty"`
	// Outcome is set on Decided events.
	Outcome Outcome `json:"outcome,omitzero"`
	// Waited is how long the attempt was queued. It is 0 for an attempt that was
	// queued before a function observed the host.
	Waited time.Duration `json:"waited,omitzero"`
	// Held, Queued and Limit are the state of the gate after the event. Limit is a
	// number or unlimited.
	Held   int          `json:"held"`
	Queued int          `json:"queued"`
	Limit  limits.Limit `json:"limit"`
	// Log is the entry, on Logged events.
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

// eventJSON is Event with Waited as text.
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

// LogEntry is an entry of the machine's event log, as Event Viewer shows it; see
// Host.EventLog.
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
