package forecast

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// never is a virtual time that does not come.
const never = admission.Never

// A plan is a Scenario made ready for a run: the policy in force and the random choices
// of the clients. Each connection of a visit draws from a stream of its own, in an order
// that depends on what happens to that connection only. So the forecast and a test in
// real time meet the same clients.
type plan struct {
	windows limits.Windows
	policy  simulate.Policy
	// limit is the number of slots; bound is the length of the queue, and 0
	// refuses.
	limit, bound int64
	// perRequest is true where each request takes a slot, and dials where that
	// request is a connection attempt of the machine itself.
	perRequest, dials bool
	// ports is true where a dial that connects keeps its slot, which is a port.
	ports bool
	// oneRequest is true where a slot is held for one request and no longer;
	// otherwise see holdTime.
	oneRequest bool

	connections, requests, visits                       int
	service, think, idle, away, patience, backoff, trip *sampler
	isPatient                                           bool // patience is not given
	factor                                              float64
	backoffLimit, idleLimit, queueLimit, giveUp         int64
	timeWait                                            int64
	refusing, dead, peerCloses                          float64
	key                                                 uint64

	// For a program that does not accept at once: see backlog.
	accept      *sampler // nil if the program accepts at once
	backlog     limits.Limit
	synRetries  int
	synInterval int64

	// Of the scenario. The plan does not point to it, so that it need not
	// outlive the call.
	name                   string
	seed                   uint64
	arrive                 Arrival
	clients, until, warmup int64
	retries                int
	expected               int64 // guess at the length of the run
	maxPresent             int   // connections to keep

	// What the scenario leaves open: see assume.
	idleAssumed       Assumption
	assumedIdleTime   time.Duration
	backlogIfSlow     limits.Limit // unknown where it does not matter
	disconnectAssumed bool
}

// compile checks the scenario and makes it ready. It is small enough to be inlined, so
// that a plan that does not outlive the caller is not allocated.
func (s *Scenario) compile() (*plan, error) {
	p := new(plan)
	return p, p.init(s)
}

func (p *plan) init(s *Scenario) error {
	if err := s.check(); err != nil {
		return err
	}
	switch {
	case s.Windows == limits.Windows{}:
		return &ScenarioError{"Windows", &missing{limits.ErrUnknownEdition, `an edition, such as "Windows XP Professional SP3"`}}
	case s.Service == limits.UnknownService:
		return &ScenarioError{"Service", &missing{limits.ErrNoRule, "a service, such as smb, iis or tcp-other"}}
	}
	host, err := simulate.New(s.Windows, &s.Settings)
	if err != nil {
		field := "Settings"
		if s.Windows.Valid() != nil {
			field = "Windows"
		}
		return &ScenarioError{field, err}
	}
	policy, err := host.Policy(s.Service)
	if err != nil {
		return &ScenarioError{"Service", err}
	}
	*p = plan{
		windows:      s.Windows,
		policy:       policy,
		limit:        admission.Slots(policy.Limit),
		bound:        admission.Slots(policy.Queue),
		name:         s.Name,
		seed:         s.Seed,
		arrive:       s.Arrive,
		clients:      int64(s.Clients),
		until:        int64(s.Until),
		warmup:       int64(s.Warmup),
		retries:      s.Retry.Max,
		connections:  max(1, s.Connections),
		requests:     max(1, s.Requests),
		visits:       s.Visits,
		service:      s.ServiceTime.sampler(),
		think:        s.ThinkTime.sampler(),
		away:         s.Away.sampler(),
		patience:     s.Patience.sampler(),
		isPatient:    s.Patience.IsZero(),
		backoff:      s.Retry.Backoff.sampler(),
		trip:         s.Destinations.RoundTrip.sampler(),
		factor:       s.Retry.Factor,
		backoffLimit: int64(s.Retry.Limit),
		idleLimit:    never,
		queueLimit:   never,
		refusing:     s.Destinations.Refusing,
		dead:         s.Destinations.Dead,
		peerCloses:   s.Destinations.PeerCloses,
		maxPresent:   maxPresent,
		key:          mix(s.Seed + 0x9e3779b97f4a7c15),
	}
	switch {
	case p.visits == 0:
		p.visits = 1
	case p.visits == Forever:
		p.visits = math.MaxInt32
	}
	if p.factor == 0 {
		p.factor = 1
	}
	if p.backoffLimit == 0 {
		p.backoffLimit = never
	}
	if err := p.initBacklog(host, s); err != nil {
		return err
	}
	switch policy.Rule.Unit {
	case limits.UnitRequests:
		p.perRequest = true
		if policy.QueueTimeout > 0 {
			p.queueLimit = int64(policy.QueueTimeout)
		}
	case limits.UnitAttempts:
		p.perRequest, p.dials = true, true
		p.giveUp = int64(policy.SYN.GiveUp())
	}
	if s.Service == limits.TCPOutbound {
		p.perRequest, p.dials, p.ports = true, true, true
		p.giveUp, p.timeWait = int64(policy.SYN.GiveUp()), int64(policy.TimeWait.IPv4)
	}
	idle := s.Idle
	if p.assumeIdle(s); p.idleAssumed != UnknownAssumption {
		idle = Constant(p.assumedIdleTime)
	}
	p.idle = idle.sampler()
	p.assumeAccept(host, s)
	p.disconnectAssumed = s.Service == limits.SMB && s.AutoDisconnect == 0 && s.Idle.exceeds(s.Windows.Edition.AutoDisconnect().Value)
	switch {
	case s.Service == limits.SMB && s.AutoDisconnect > 0:
		p.idleLimit = int64(s.AutoDisconnect)
	case policy.ClosesAfterRequest:
		p.perRequest, p.idleLimit = true, 0
	case policy.IdleTimeout > 0 && !p.perRequest && (!p.idle.isZero() || !p.think.isZero() && p.requests > 1):
		p.idleLimit = int64(policy.IdleTimeout)
	}
	p.oneRequest = p.perRequest || p.requests == 1 && p.idle.isZero()
	p.expected = p.expectedLength(s, int64(idle.Mean()))
	return nil
}

// mix scatters the bits of x (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Streams beside those of the connections.
const (
	awayStream    = maxConnections + 1
	arrivalStream = maxConnections + 2
)

// stream returns the random numbers of a connection of a visit.
func (p *plan) stream(client int64, visit, connection int) (src rand.PCG) {
	src.Seed(p.key+uint64(visit)<<16+uint64(connection), mix(p.key^uint64(client)*0x9e3779b97f4a7c15))
	return src
}

// after adds a time to an instant. The sum is never if it lies beyond the end of
// virtual time.
func after(at, d int64) int64 {
	if sum := at + d; sum >= at {
		return sum
	}
	return never
}

// holdTime draws how long a connection that makes more than one request keeps
// its slot. It is for request and those that follow it. If Windows closes the
// connection before the client is done, next is the request that will need
// another one, and gap is the time until then; else next is the number of
// requests.
func (p *plan) holdTime(r *rand.Rand, request int) (hold int64, next int, gap int64) {
	hold = p.service.draw(r)
	for next = request + 1; next < p.requests; next++ {
		think := p.think.draw(r)
		if think > p.idleLimit {
			return after(hold, p.idleLimit), next, think - p.idleLimit
		}
		hold = after(hold, think)
		hold = after(hold, p.service.draw(r))
	}
	return after(hold, min(p.idleLimit, p.idle.draw(r))), next, 0
}

// waitTime draws how long an attempt may wait, and its outcome when that time is over.
func (p *plan) waitTime(r *rand.Rand) (int64, simulate.Outcome) {
	limit, outcome := p.queueLimit, simulate.TimedOut
	if !p.isPatient {
		if d := p.patience.draw(r); d < limit {
			limit = d
			if !p.dials {
				outcome = simulate.Abandoned
			}
		}
	}
	return limit, outcome
}

// backoffTime draws the time before retry n, counted from 1.
func (p *plan) backoffTime(r *rand.Rand, n int) int64 {
	d := float64(p.backoff.draw(r))
	if d != 0 && p.factor != 1 {
		d *= math.Pow(p.factor, float64(n-1))
	}
	return int64(min(d, float64(min(p.backoffLimit, int64(longest)))))
}

// awayTime draws the time until the client comes again. Clients that come for
// ever take at least a nanosecond, so that time goes on.
func (p *plan) awayTime(r *rand.Rand) int64 {
	return max(1, p.away.draw(r))
}

// expectedLength guesses how long the run will be. Only the length of the first steps
// of the timeline depends on it.
func (p *plan) expectedLength(s *Scenario, idle int64) int64 {
	length := float64(s.Arrive.gap) * float64(s.Clients)
	if n := len(s.Arrive.times); n > 0 {
		length = float64(s.Arrive.times[n-1])
	}
	once := float64(s.ServiceTime.Mean()) * float64(p.requests)
	if !p.perRequest {
		once += float64(s.ThinkTime.Mean())*float64(p.requests-1) + float64(min(idle, p.idleLimit))
	}
	if p.accept != nil {
		length = max(length, float64(s.AcceptTime.Mean())*float64(s.Clients)*float64(p.connections))
	}
	return int64(min(length+once*float64(min(p.visits, 1000))+float64(p.timeWait), float64(longest)))
}
