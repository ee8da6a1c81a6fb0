package simulate

import (
	"fmt"
	"math"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// Policy is the rule of a service under the settings of one machine: what is in
// force when the host is made. Gates, adapters and forecasts read it and derive
// nothing again. It comes from Host.Policy or Gate.Policy. The zero Policy is that
// of no service.
type Policy struct {
	// Rule is what the edition does.
	Rule limits.Rule `json:"rule"`
	// Discipline says what happens to the attempt over the limit. It is that of the
	// rule, unless a setting brings a limit to an edition that has none.
	Discipline limits.Discipline `json:"discipline"`
	// Limit is in force at first. Gate.SetLimit accepts up to Ceiling.
	Limit   limits.Limit `json:"limit"`
	Ceiling limits.Limit `json:"ceiling"`
	// Queue is how many attempts can be queued: a number or unlimited. It is 0 if
	// the discipline is not to queue.
	Queue limits.Limit `json:"queue"`
	// QueueTimeout is how long a request to the web server may be queued; 0 is
	// without end.
	QueueTimeout time.Duration `json:"queueTimeout"`

	// IdleTimeout is how long a connection to the web server may be idle; 0 is
	// without end.
	IdleTimeout time.Duration `json:"idleTimeout"`
	// ClosesAfterRequest says that the web server closes each connection after one
	// request, and ClosesHTTP10 that it closes only those of HTTP/1.0 clients.
	ClosesAfterRequest bool `json:"closesAfterRequest"`
	ClosesHTTP10       bool `json:"closesHTTP10"`

	// SYN is when an outbound attempt sends its SYNs and when it gives up. It is
	// set for limits.TCPHalfOpen and limits.TCPOutbound.
	SYN limits.SYNSchedule `json:"syn"`
	// ReleaseInterval is the time between two attempts that leave the queue. 0 lets
	// each leave when a slot is free.
	ReleaseInterval time.Duration `json:"releaseInterval"`
	// LogsQueue says that event 4226 is logged when a queue begins, and again
	// after each EventInterval while the queue lasts. No event comes sooner
	// than that after the last one. With an EventInterval of 0 it is logged
	// once for each queue.
	LogsQueue     bool          `json:"logsQueue"`
	EventInterval time.Duration `json:"eventInterval"`

	// TimeWait is how long an outbound connection that the machine closed first
	// keeps its port. PerDestination says that each destination has ports of its
	// own, and the limit holds for each. They are set for limits.TCPOutbound.
	TimeWait       limits.TimeWait `json:"timeWait,omitzero"`
	PerDestination bool            `json:"perDestination,omitzero"`
	// RefusalEvent is the ID of the event that is logged at a refusal; 0 is none.
	// Further refusals log nothing until a slot has been given back.
	RefusalEvent int `json:"refusalEvent,omitzero"`
}

// init derives the policy. It is the one place where settings meet a rule; the
// settings have been checked.
func (p *Policy) init(w limits.Windows, s *Settings, service limits.Service) error {
	rule, err := limits.Lookup(w, service)
	switch {
	case err != nil:
		return err
	case rule.Basis != limits.ByCode:
		return fmt.Errorf("simulate: there is no gate for %v: %v", service, rule)
	}
	*p = Policy{
		Rule: rule, Discipline: rule.Discipline, Limit: rule.Default, Ceiling: rule.Ceiling,
		Queue: limits.Number(0),
	}
	set, isSet := s.Limits[service]
	if isSet {
		p.Limit, p.Ceiling = limits.Number(set), limits.Number(set)
	}
	switch {
	case isSet:
	case rule.Default.IsAbsent():
		return fmt.Errorf("%w: %v", ErrAbsent, rule)
	case !rule.Default.IsKnown() || !rule.Ceiling.IsKnown():
		return fmt.Errorf("%w: %v", limits.ErrNoRule, rule)
	}
	switch service {
	case limits.IIS:
		p.initWeb(s, isSet)
	case limits.TCPHalfOpen:
		p.initHalfOpen(s, isSet)
	case limits.TCPOutbound:
		p.initOutbound(s, isSet)
	}
	switch {
	case p.Discipline == limits.None:
		// The edition has no limit, and a setting brings one.
		p.Discipline = limits.Refuse
	case p.Discipline != limits.Queue:
	case rule.Queue.IsKnown():
		p.Queue = rule.Queue
	default:
		p.Queue = limits.Unlimited()
	}
	return nil
}

func (p *Policy) initWeb(s *Settings, isSet bool) {
	if n := s.MaxConnections; n > 0 && !isSet {
		p.Limit = limits.Number(n)
	}
	if k := s.WorkerProcesses; k > 1 && !isSet && p.Rule.Unit == limits.UnitRequests {
		p.Limit, p.Ceiling = times(p.Limit, k), times(p.Ceiling, k)
	}
	if p.Rule.Unit == limits.UnitRequests {
		p.QueueTimeout = s.QueueTimeout
	}
	version := p.Rule.Edition.IISVersion().Value
	p.IdleTimeout = s.ConnectionTimeout
	if p.IdleTimeout == 0 {
		p.IdleTimeout = version.IdleTimeout().Value
	}
	if s.AllowKeepAlive != nil && !*s.AllowKeepAlive {
		p.ClosesHTTP10 = version.KeepsHTTP11().Value
		p.ClosesAfterRequest = !p.ClosesHTTP10
	}
}

func (p *Policy) initHalfOpen(s *Settings, isSet bool) {
	h := &s.HalfOpen
	if !isSet {
		switch {
		case h.Patched.IsKnown():
			p.Limit = h.Patched
		case h.EnableConnectionRateLimiting:
			limited, _ := p.Rule.RateLimited()
			p.Limit = limited.Default
		}
		p.Ceiling = p.Limit
	}
	p.LogsQueue = p.Rule.Discipline == limits.Queue || h.EnableConnectionRateLimiting
	p.EventInterval = h.EventInterval
	if h.ReleaseRate > 0 {
		p.ReleaseInterval = time.Duration(math.Round(float64(time.Second) / h.ReleaseRate))
	}
	p.initSYN(h)
	// Attempts over a limit are queued, also if a setting brings the limit.
	p.Discipline = limits.Queue
}

func (p *Policy) initSYN(h *HalfOpenSettings) {
	p.SYN = p.Rule.Edition.SYNSchedule().Value
	if n := h.MaxConnectRetransmissions; n != nil {
		p.SYN.Retransmissions = *n
	}
	if h.InitialRTT > 0 {
		p.SYN.Initial = h.InitialRTT
	}
}

// Listen is for the policy of limits.TCPBacklog. It returns how many connections
// the machine holds for a program that passes n to listen() and has not accepted
// them. A number above what the edition grants is cut without an error. 0 stands
// for SOMAXCONN, all that the edition grants. From Windows 8 and Server 2012 on, -n
// is SOMAXCONN_HINT(n), granted from 200 to 65535; earlier editions return an error
// (ms-listen).
func (p Policy) Listen(n int) (limits.Limit, error) {
	most, limited := p.Limit.Number()
	switch {
	case n == 0 || !limited && n < 0:
		return p.Limit, nil
	case n > 0 && limited:
		return limits.Number(min(n, most)), nil
	case n > 0:
		return limits.Number(min(n, math.MaxInt32)), nil
	case !p.Rule.Movable():
		return limits.Limit{}, fmt.Errorf("listen %d: %v has no SOMAXCONN_HINT; want 0 or more; %v", n, p.Rule.Edition, p.Rule)
	}
	hint := max(-max(n, -math.MaxInt32), most)
	if ceiling, ok := p.Ceiling.Number(); ok {
		hint = min(hint, ceiling)
	}
	return limits.Number(hint), nil
}

// times returns k times a limit.
func times(l limits.Limit, k int) limits.Limit {
	if n, ok := l.Number(); ok {
		return limits.Number(int(min(int64(n)*int64(k), math.MaxInt32)))
	}
	return l
}

// admission makes a ready to admit as the policy says.
func (p *Policy) admission(a *admission.Admission) {
	a.Paced = p.ReleaseInterval > 0
	a.Init(admission.Slots(p.Limit), admission.Slots(p.Ceiling))
}
