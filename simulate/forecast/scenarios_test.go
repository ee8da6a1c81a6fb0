package forecast

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// LossScenario is the customers of an M/M/10/10 with 7 erlangs.
func LossScenario(n int) Scenario {
	return Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS,
		Clients: n, Arrive: Poisson(time.Second / 7), ServiceTime: Exponential(time.Second), Idle: Constant(0), Seed: 1,
	}
}

// QueueScenario is the customers of an M/M/10 with 7 erlangs.
func QueueScenario(n int) Scenario {
	s := LossScenario(n)
	s.Windows = limits.Windows{Edition: limits.Windows7Professional}
	return s
}

// SeatsScenario is what examples/forecast asks without flags: 25 clients that
// come and go for eight hours at a file server that takes 20.
func SeatsScenario() Scenario {
	return Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB,
		Clients: 25, Arrive: Poisson(time.Minute), Visits: Forever, Away: Exponential(30 * time.Minute), Until: 8 * time.Hour, Seed: 1,
		ServiceTime: Exponential(30 * time.Minute), Idle: Constant(15 * time.Minute), Retry: Retry{Max: 3, Backoff: Constant(time.Minute)},
	}
}

// Traffic offers load erlangs to c slots.
func Traffic(s Scenario, c int, load float64, clients int) Scenario {
	s.Settings.Limits = map[limits.Service]int{s.Service: c}
	s.Clients = clients
	s.Arrive = Poisson(time.Duration(float64(time.Second) / load))
	s.ServiceTime = Exponential(time.Second)
	// Neither the start, with no client there, nor the end, with none to come,
	// counts.
	s.Warmup = 20 * time.Second
	s.Until = time.Duration(0.97 * float64(clients) / load * float64(time.Second))
	return s
}

// Within4 checks an estimate against the exact value.
func Within4(t *testing.T, exact float64, e Estimate, what string) {
	t.Helper()
	assert.InDelta(t, exact, e.Mean, 4*e.StandardError, "%s: %v", what, e)
	assert.Less(t, e.StandardError, 0.1*exact, "%s: too few clients to tell", what)
}

// Seeds is how many runs a test of a formula takes.
const Seeds = 30

// RandomScenario is randomScenario for the tests outside the package.
func RandomScenario(r *rand.Rand) Scenario {
	s, _, _ := randomScenario(r)
	return s
}

// compileWith compiles a scenario whose queue has another length than that of
// Windows, which cannot be set.
func compileWith(s *Scenario, queue int64) (*plan, error) {
	p, err := s.compile()
	p.bound = queue
	if p.policy.Queue = limits.Unlimited(); queue < admission.Unlimited {
		p.policy.Queue = limits.Number(int(queue))
	}
	return p, err
}

// randomScenario makes a scenario up. No two events of different kinds fall on
// one instant in it: the times are continuous, so that none do, or, where
// clients tie (tied), all constant, and there are no second requests or visits
// that would meet those of others.
func randomScenario(r *rand.Rand) (s Scenario, queue int64, tied bool) {
	s = Scenario{
		Clients: 1 + r.IntN(24),
		Seed:    r.Uint64(),
	}
	switch r.IntN(4) {
	case 0:
		s.Windows, s.Service = limits.Windows{Edition: limits.XPProfessional}, limits.IIS
		switch r.IntN(3) {
		case 0:
			s.Settings.AllowKeepAlive = new(bool)
		case 1:
			s.Settings.ConnectionTimeout = time.Duration(1 + r.Int64N(int64(3*time.Second)))
		}
	case 1:
		s.Windows, s.Service = limits.Windows{Edition: limits.XPHome}, limits.SMB
		s.AutoDisconnect = time.Duration(r.Int64N(int64(8 * time.Second)))
	case 2:
		s.Windows, s.Service = limits.Windows{Edition: limits.Windows7Professional}, limits.IIS
		if r.IntN(3) == 0 {
			s.Settings.QueueTimeout = time.Duration(1 + r.Int64N(int64(20*time.Second)))
		}
		queue = r.Int64N(6)
	default:
		s.Windows, s.Service = limits.Windows{Edition: limits.XPProfessional, ServicePack: limits.ServicePackAt(1 + r.IntN(3))}, limits.TCPHalfOpen
		s.Destinations.Dead = r.Float64() / 2
		s.Destinations.Refusing = r.Float64() / 2
		if r.IntN(2) == 0 {
			s.Settings.HalfOpen.InitialRTT = time.Duration(1 + r.Int64N(int64(5*time.Second)))
			retransmissions := r.IntN(3)
			s.Settings.HalfOpen.MaxConnectRetransmissions = &retransmissions
		}
		if r.IntN(3) == 0 {
			s.Settings.HalfOpen.ReleaseRate = 0.1 + r.Float64()
		}
		if r.IntN(3) == 0 {
			s.Settings.HalfOpen.EventInterval = time.Duration(1 + r.Int64N(int64(20*time.Second)))
		}
		queue = admission.Unlimited
	}
	s.Settings.Limits = map[limits.Service]int{s.Service: r.IntN(6)}
	if queue > 0 { // with a limit of 0 they would wait for ever
		s.Settings.Limits[s.Service] = 1 + r.IntN(5)
	}
	switch r.IntN(4) {
	case 0:
		tied = true
	case 1:
		s.Arrive = Every(time.Duration(1 + r.Int64N(int64(3*time.Second))))
	default:
		s.Arrive = Poisson(time.Duration(1 + r.Int64N(int64(3*time.Second))))
	}
	if r.IntN(3) == 0 {
		s.Connections = 2 + r.IntN(3)
		tied = true
	}
	if tied && s.Service == limits.TCPHalfOpen {
		// Which of those that tie has the dead destination would be a matter of
		// order.
		s.Destinations.Dead, s.Destinations.Refusing = float64(r.IntN(2)), 0
	}
	dist := func(scale time.Duration) Dist {
		mean := time.Duration(1 + r.Int64N(int64(scale)))
		if tied {
			return Constant(mean)
		}
		switch r.IntN(4) {
		case 0:
			return Uniform(mean/2, mean*2)
		case 1:
			return Lognormal(mean, 0.1+3*r.Float64())
		case 2:
			return Hyperexponential(mean, 1+5*r.Float64())
		}
		return Exponential(mean)
	}
	some := func(scale time.Duration) Dist {
		if r.IntN(2) == 0 {
			return Dist{}
		}
		return dist(scale)
	}
	s.ServiceTime = dist(20 * time.Second)
	s.ThinkTime = some(5 * time.Second)
	s.Idle = some(30 * time.Second)
	s.Patience = some(20 * time.Second)
	s.Destinations.RoundTrip = dist(3 * time.Second)
	s.Requests = r.IntN(4)
	if r.IntN(2) == 0 {
		s.Retry = Retry{Max: 1 + r.IntN(3), Backoff: dist(10 * time.Second)}
		if r.IntN(2) == 0 {
			s.Retry.Factor = math.Round(1+20*r.Float64()) / 10
			limit := time.Duration(1 + r.Int64N(int64(20*time.Second)))
			// The time in which a dial gives up is a constant already, and two
			// of them make ties.
			if s.Service != limits.TCPHalfOpen {
				s.Retry.Limit = limit
			}
		}
	}
	if r.IntN(3) == 0 {
		s.Visits = 2 + r.IntN(2)
		s.Away = dist(30 * time.Second)
	}
	if tied {
		s.Requests, s.Visits = 0, 0
		if s.Service == limits.TCPHalfOpen || queue > 0 && (!s.Patience.IsZero() || s.Settings.QueueTimeout > 0) {
			s.Retry = Retry{}
		}
	}
	return s, queue, tied
}

// randomOutbound makes a scenario up whose dials meet no limit but that of ports.
func randomOutbound(r *rand.Rand) (s Scenario, tied bool) {
	for s.Service != limits.TCPHalfOpen {
		s, _, tied = randomScenario(r)
	}
	editions := []limits.Windows{
		{Edition: limits.Windows98}, {Edition: limits.NT40Workstation}, {Edition: limits.Windows2000Professional},
		{Edition: limits.XPProfessional, ServicePack: limits.ServicePackAt(1)}, {Edition: limits.XPProfessional, ServicePack: 3},
		{Edition: limits.Windows7Professional}, {Edition: limits.Windows11Pro},
	}
	s.Windows, s.Service = editions[r.IntN(len(editions))], limits.TCPOutbound
	s.Settings.HalfOpen.ReleaseRate = 0
	if s.Windows.ServicePack == 3 { // which limits half-open attempts to 10
		s.Settings.HalfOpen.Patched = limits.Number(1000)
	}
	s.Settings.Limits = map[limits.Service]int{s.Service: r.IntN(8)}
	if r.IntN(2) == 0 && !s.Windows.Edition.PoolsSockets() {
		s.Settings.Outbound.TimedWaitDelay = limits.TimedWaitDelayMin + time.Duration(r.Int64N(int64(limits.TimedWaitDelayMax-limits.TimedWaitDelayMin)))
	}
	switch {
	case !tied && r.IntN(3) > 0:
		s.Destinations.PeerCloses = r.Float64()
	default:
		s.Destinations.PeerCloses = float64(r.IntN(2))
	}
	if !tied && r.IntN(2) == 0 { // some of which find a port that was in TIME_WAIT
		s.Arrive = Poisson(time.Duration(1 + r.Int64N(int64(time.Minute))))
	}
	return s, tied
}
