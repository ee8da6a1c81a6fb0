package forecast

import (
	"fmt"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Assumption is what a run supposes where the scenario leaves something open that the
// report depends on. A scenario that sets the field named at the constant has no such
// assumption. The zero value is UnknownAssumption, which no report has.
type Assumption uint8

// The assumptions.
const (
	UnknownAssumption Assumption = iota
	// KeptForAMinute: Idle is not given, and clients of a web server that counts
	// connections keep theirs open for a minute.
	KeptForAMinute
	// KeptInTimeWait: Destinations.PeerCloses is 0, and each outbound connection
	// keeps its port for the TIME_WAIT of the edition after it is closed.
	KeptInTimeWait
	// AcceptedAtOnce: AcceptTime is not given, and the connections of the clients
	// that came for the first time at one instant of the run are more than the listen
	// backlog holds. It is about IIS, FTP, SMTP, Telnet and other programs that listen
	// on a socket.
	AcceptedAtOnce
	// WaitForEver: Patience is not given, and clients waited in the queue.
	WaitForEver
	// NoQueueTimeout: Settings.QueueTimeout is 0, and a request waited longer
	// than the web server keeps an idle connection.
	NoQueueTimeout
	// NeverDisconnected: AutoDisconnect is 0, sessions were refused, and Idle is
	// longer than the documented time after which Windows ends an idle session.
	NeverDisconnected
	// NotPaced: Settings.HalfOpen.ReleaseRate is 0, and dials waited.
	NotPaced
)

var assumptions = [...]struct{ name, text string }{
	UnknownAssumption: {name: "unknown", text: "nothing"},
	KeptForAMinute: {"kept-for-a-minute",
		"each client keeps its connection open for a minute after its last request, as Internet Explorer does; an idle time of 0 closes it at once"},
	KeptInTimeWait: {"kept-in-time-wait",
		"the machine closes its connections first, so that each keeps its port for the TIME_WAIT of the edition"},
	AcceptedAtOnce: {"accepted-at-once",
		"the program accepts every connection at once; if it takes time to accept one, the listen backlog refuses some of those that come together"},
	WaitForEver: {"wait-for-ever",
		"clients wait in the queue for as long as it takes; with less patience some would give up"},
	NoQueueTimeout: {"no-queue-timeout",
		"requests may wait in the queue for as long as it takes; it is not known whether the connection timeout of the web server ends the wait"},
	NeverDisconnected: {"never-disconnected",
		"Windows never ends an idle session, as was seen on Windows 11; its documentation speaks of 15 minutes"},
	NotPaced: {"not-paced",
		"attempts leave the queue when slots come free; the vendor speaks of a fixed rate and gives no number"},
}

// String returns the assumption as a clause, such as "clients wait in the queue for
// as long as it takes; ...".
func (a Assumption) String() string {
	if int(a) < len(assumptions) {
		return assumptions[a].text
	}
	return fmt.Sprintf("Assumption(%d)", uint8(a))
}

// MarshalText returns the name of the assumption, such as "kept-for-a-minute".
// A value that is not declared is an error.
func (a Assumption) MarshalText() ([]byte, error) {
	if int(a) >= len(assumptions) {
		return nil, fmt.Errorf("forecast: %d is no assumption; there are %d", uint8(a), len(assumptions)-1)
	}
	return []byte(assumptions[a].name), nil
}

// UnmarshalText accepts the names that MarshalText returns.
func (a *Assumption) UnmarshalText(text []byte) error {
	for i, known := range assumptions {
		if known.name == string(text) {
			*a = Assumption(i)
			return nil
		}
	}
	return fmt.Errorf("forecast: unknown assumption %.100q", text)
}

// assumeIdle sets the Idle time that is assumed where none is given and the report
// depends on it.
func (p *plan) assumeIdle(s *Scenario) {
	switch {
	case !s.Idle.IsZero() || p.perRequest || p.policy.ClosesAfterRequest:
	case s.Service == limits.IIS:
		p.idleAssumed, p.assumedIdleTime = KeptForAMinute, limits.BrowserKeepAlive().Value
	}
}

// assumeAccept sets the listen backlog that would matter if the program did not accept
// at once.
func (p *plan) assumeAccept(host *simulate.Host, s *Scenario) {
	switch s.Service {
	case limits.IIS, limits.FTP, limits.SMTP, limits.Telnet, limits.TCPOther:
	default: // no program of Windows Sockets listens, or what it does is not known
		return
	}
	if !s.AcceptTime.IsZero() || s.Arrive.together(s.Clients)*p.connections == 1 {
		return
	}
	if policy, err := host.Policy(limits.TCPBacklog); err == nil {
		p.backlogIfSlow, _ = policy.Listen(s.Backlog)
	}
}

// assume returns what the scenario left open and the report depends on.
func (p *plan) assume(r *Report) []Assumption {
	var list []Assumption
	add := func(a Assumption, depends bool) {
		if depends {
			list = append(list, a)
		}
	}
	add(p.idleAssumed, p.idleAssumed != UnknownAssumption)
	add(KeptInTimeWait, p.ports && p.peerCloses == 0)
	if p.backlogIfSlow.IsKnown() {
		together := p.arrive.together(int(r.Clients)) * p.connections
		add(AcceptedAtOnce, together > 1 && !p.backlogIfSlow.Holds(together))
	}
	if r.Queued.Peak > 0 {
		add(WaitForEver, p.isPatient)
		add(NoQueueTimeout, p.policy.Rule.Unit == limits.UnitRequests && p.queueLimit == never && r.Wait.Max > p.policy.IdleTimeout)
		add(NotPaced, p.dials && p.policy.ReleaseInterval == 0)
	}
	add(NeverDisconnected, p.disconnectAssumed && r.Refused > 0)
	return list
}
