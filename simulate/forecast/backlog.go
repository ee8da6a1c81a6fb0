package forecast

import (
	"fmt"
	"math/rand/v2"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// Backlog is what happened to connections before the program accepted them. The zero
// Backlog says that the program accepts at once: Scenario.AcceptTime is not given,
// or 0.
type Backlog struct {
	// Limit is how many connections the listen backlog can hold, and Held how many
	// it held.
	Limit limits.Limit `json:"limit"`
	Held  Level        `json:"held"`
	// Refused is the part of Report.Refused whose last attempt found the backlog
	// full. Repeated counts the attempts that the backlog took at a repeated SYN.
	// Such a connect takes half a second longer, or more.
	Refused  int64 `json:"refused"`
	Repeated int64 `json:"repeated"`
	// Wait is how long accepted connections had been in the backlog.
	Wait Waits `json:"wait"`
}

// initBacklog finds the limit on connections that the program has not accepted.
func (p *plan) initBacklog(host *simulate.Host, s *Scenario) error {
	accept := s.AcceptTime.sampler()
	if accept == nil {
		return nil
	}
	if service := s.Service; service == limits.TCPHalfOpen || service == limits.TCPOutbound {
		return &ScenarioError{"AcceptTime", fmt.Errorf("%v: want none, because %v is about connections that the machine makes", s.AcceptTime, service)}
	}
	policy, err := host.Policy(limits.TCPBacklog)
	if err != nil {
		return &ScenarioError{"Service", fmt.Errorf("its listen backlog: %w", err)}
	}
	p.accept = accept
	if p.backlog, err = policy.Listen(s.Backlog); err != nil {
		return &ScenarioError{"Backlog", err}
	}
	if s.WindowsClients {
		repeat := limits.RefusedConnectRetries().Value
		p.synRetries, p.synInterval = repeat.Count, int64(repeat.Interval)
	}
	return nil
}

// A backlog holds the connections that the program has not accepted. It accepts
// them one after the other, in the order in which they came.
type backlog struct {
	limit int64
	line  []unaccepted // from first on
	first int

	refusals, refused, repeated int64
	waits                       waits
	before                      float64 // area of the warm-up
	peak                        int64
}

// An unaccepted connection is in the backlog.
type unaccepted struct {
	id     int32
	since  int64
	accept int64 // how long it takes to accept it
}

func (b *backlog) init(p *plan) {
	b.limit = admission.Slots(p.backlog)
	b.line = make([]unaccepted, 0, min(b.limit, fewConns))
}

func (b *backlog) held() int64 { return int64(len(b.line) - b.first) }

func (b *backlog) push(u unaccepted) {
	if len(b.line) == cap(b.line) && b.first > 0 {
		b.line = append(b.line[:0], b.line[b.first:]...)
		b.first = 0
	}
	b.line = append(b.line, u)
}

// connect puts a connection into the backlog, or refuses it.
func (k *kernel) connect(c *conn, id int32) {
	b, p := k.backlog, &k.plan
	if b.held() >= b.limit {
		if int(c.repeats) == p.synRetries {
			k.refuseConnect(c, id)
			return
		}
		c.repeats++
		k.push(after(k.now, p.synInterval), connectEvent, id)
		return
	}
	if c.repeats > 0 && c.asked >= k.warmup {
		b.repeated++
	}
	c.repeats = 0
	u := unaccepted{id, k.now, p.accept.draw(rand.New(&c.src))}
	b.push(u)
	held := b.held()
	b.peak = max(b.peak, held)
	k.current.Backlog.Peak = max(k.current.Backlog.Peak, held)
	if held == 1 {
		k.push(after(k.now, u.accept), acceptEvent, id)
	}
}

// refuseConnect ends an attempt that found the backlog full.
func (k *kernel) refuseConnect(c *conn, id int32) {
	c.repeats, c.answer = 0, Reset
	k.current.Refused++
	if c.asked >= k.warmup {
		k.backlog.refusals++
		if int(c.attempts) > k.plan.retries {
			k.backlog.refused++
		}
	}
	k.fail(c, id, simulate.Refused)
}

// accepted takes the first connection out of the backlog, and lets it ask for
// its slot.
func (k *kernel) accepted() {
	b := k.backlog
	u := b.line[b.first]
	b.first++
	if b.held() > 0 {
		next := b.line[b.first]
		k.push(after(k.now, next.accept), acceptEvent, next.id)
	}
	c := &k.conns[u.id]
	if c.asked >= k.warmup {
		b.waits.add(k.now - u.since)
	}
	// Where requests are counted, a connection stays open between its requests.
	c.accepted, c.answer = k.plan.policy.Rule.Unit == limits.UnitRequests, NotDialled
	k.seek(c, u.id)
}
