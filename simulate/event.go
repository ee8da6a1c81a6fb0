package simulate

import (
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Outcome is what became of one attempt to get in. Real-time fronts and
// virtual-time runs use the same five.
type Outcome uint8

// The outcomes.
const (
	UnknownOutcome Outcome = iota
	// Admitted: let in at once.
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
)

var outcomeNames = [...]string{"unknown", "admitted", "waited", "refused", "timed-out", "abandoned"}

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
	// Left: a holder has given its slot back.
	Left
	// LimitChanged: another limit is in force.
	LimitChanged
	// Logged: the emulated Windows has written to its event log.
	Logged
)

var eventKindNames = [...]string{"unknown", "decided", "queued", "left", "limit-changed", "logged"}

// String returns the name of the kind, such as "decided".
func (k EventKind) String() string {
	if int(k) < len(eventKindNames) {
		return eventKindNames[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// Event is something that happened at one gate of a host.
type Event struct {
	Time    time.Time
	Kind    EventKind
	Windows limits.Windows
	Service limits.Service
	// Peer is who it happened to: an address, a session's computer and user, or
	// a destination.
	Peer string
	// Outcome is set on Decided events.
	Outcome Outcome
	// Waited is how long the peer was in the queue.
	Waited time.Duration
	// Held, Waiting and Limit are the state of the gate right after the event.
	// Limit is absent on no gate, and unlimited where nothing limits.
	Held, Waiting int
	Limit         limits.Limit
	// Log is what was written, on Logged events.
	Log *LogEntry
}

// LogEntry is an entry of the emulated Windows' event log.
type LogEntry struct {
	ID       uint32 // such as 4226
	Log      string // such as "System"
	Source   string // such as "Tcpip"
	Level    string // such as "Warning"
	Category string // such as "None"
	Text     string
	Data     []byte // what the Event Viewer shows below the text
	Time     time.Time
}
