package forecast

import (
	"fmt"

	"github.com/winlimits/winlimits/limits"
)

// Assumption is something that a scenario leaves open and that its report
// depends on. The field that the constant names does away with it.
type Assumption uint8

// The assumptions.
const (
	UnknownAssumption Assumption = iota
	// KeptForAMinute: Idle is not given, and clients of a web server that counts
	// connections keep theirs open for a minute.
	KeptForAMinute
	// KeptInTimeWait: Destinations.PeerCloses is not given, and each outbound
	// connection keeps its port for the TIME_WAIT of the edition after it is closed.
	KeptInTimeWait
	// AcceptedAtOnce: AcceptTime is not given, and the connections of clients
	// that come for the first time at the same instant are more than the listen
	// backlog holds. It is about IIS, FTP, SMTP, Telnet and other programs that
	// listen on a socket.
	AcceptedAtOnce
	// WaitForEver: Patience is not given, and some waited in the queue.
	WaitForEver
	// NoQueueTimeout: Settings.QueueTimeout is not given, and a request waited
	// longer than the web server keeps an idle connection.
	NoQueueTimeout
	// NeverDisconnected: AutoDisconnect is not given, some were refused, and
	// sessions stay idle for longer than is documented that Windows lets them.
	NeverDisconnected
	// NotPaced: Settings.HalfOpen.ReleaseRate is not given, and dials waited.
	NotPaced
)

var assumptions = [...]struct{ name, text string }{
	UnknownAssumption: {name: "unknown", text: "nothing"},
	KeptForAMinute: {"kept-for-a-minute",
		"each client keeps its connection open for a minute after its last request, as Internet Explorer does; an idle time of 0 closes it at once"},
	KeptInTimeWait: {"kept-in-time-wait",
		"the machine closes its connections first, so that each keeps its port for the TIME_WAIT of the edition"},
	AcceptedAtOnce: {"accepted-at-once",
		"the program accepts every connection at once; if that takes it time, the listen backlog refuses part of those that come together"},
	WaitForEver: {"wait-for-ever",
		"clients wait in the queue for as long as it takes; with a patience some would leave"},
	NoQueueTimeout: {"no-queue-timeout",
		"requests may wait in the queue for as long as it takes; whether the connection timeout of the web server ends that is not known"},
	NeverDisconnected: {"never-disconnected",
		"Windows keeps idle sessions for ever, as Windows 11 was seen to; an automatic disconnect after 15 minutes is documented"},
	NotPaced: {"not-paced",
		"attempts leave the queue as slots come free; the vendor speaks of a fixed rate and gives no number"},
}

// String returns the assumption as a clause, for people.
func (a Assumption) String() string {
	if int(a) < len(assumptions) {
		return assumptions[a].text
	}
	return fmt.Sprintf("Assumption(%d)", uint8(a))
}

// MarshalText returns the name of the assumption, such as "kept-for-a-minute"; a
// value that is not declared is an error.
func (a Assumption) MarshalText() ([]byte, error) {
	if int(a) >= len(assumptions) {
		return nil, fmt.Errorf("forecast: %d is no assumption; there are %d", uint8(a), len(assumptions)-1)
	}
	return []byte(assumptions[a].name), nil
}

// UnmarshalText accepts the names.
func (a *Assumption) UnmarshalText(text []byte) error {
	for i, known := range assumptions {
		if known.name == string(text) {
			*a = Assumption(i)
			return nil
		}
	}
	return fmt.Errorf("forecast: unknown assumption %.100q", text)
}

// assumeIdle sets the Idle time that is assumed if it is not given, where it
// matters.
func (p *plan) assumeIdle(s *Scenario) {
	switch {
	case !s.Idle.IsZero() || p.perRequest || p.policy.ClosesAfterRequest:
	case s.Service == limits.IIS:
		p.idleAssumed, p.assumedIdleTime = KeptForAMinute, limits.BrowserKeepAlive().Value
	}
}

// meetsBacklog reports whether more connections come at one instant than the
// socket of the program holds. They are no matter where it accepts at once.
func (p *plan) meetsBacklog(s *Scenario) bool {
	switch s.Service {
	case limits.IIS, limits.FTP, limits.SMTP, limits.Telnet, limits.TCPOther:
	default: // no program of Windows Sockets listens, or what it does is not known
		return false
	}
	together := s.Arrive.together(s.Clients) * max(1, s.Connections)
	rule, err := limits.Lookup(s.Windows, limits.TCPBacklog)
	return err == nil && together > 1 && rule.Default.IsKnown() && !rule.Default.Holds(together)
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
	add(AcceptedAtOnce, p.acceptAssumed)
	if r.Queued.Peak > 0 {
		add(WaitForEver, p.isPatient)
		add(NoQueueTimeout, p.policy.Rule.Unit == limits.UnitRequests && p.queueLimit == never && r.Wait.Max > p.policy.IdleTimeout)
		add(NotPaced, p.dials && p.policy.ReleaseInterval == 0)
	}
	add(NeverDisconnected, p.disconnectAssumed && r.Refused > 0)
	return list
}
