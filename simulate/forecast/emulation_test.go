package simulate

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// An emulation acts a plan out in real time, as clients of the real Gate, in
// goroutines of their own. Inside a synctest bubble that takes no time.
type emulation struct {
	plan  *plan
	start time.Time
	group sync.WaitGroup

	mu       sync.Mutex
	outcomes []ClientOutcome
}

// emulate must be called inside a bubble.
func emulate(p *plan) []ClientOutcome {
	e := &emulation{plan: p, start: time.Now()}
	var a arrivals
	a.init(p)
	for at := a.draw(p); at != never; at = a.draw(p) {
		client := a.next - 1
		e.group.Go(func() {
			time.Sleep(time.Until(e.start.Add(time.Duration(at))))
			e.client(client)
		})
	}
	e.group.Wait()
	return e.outcomes
}

func (e *emulation) now() int64 { return int64(time.Since(e.start)) }

func (e *emulation) client(client int64) {
	for visit := range e.plan.visits {
		var connections sync.WaitGroup
		for i := range e.plan.connections {
			connections.Go(func() { e.connection(client, visit, i) })
		}
		connections.Wait()
		if visit+1 < e.plan.visits {
			src := e.plan.stream(client, visit, awayStream)
			time.Sleep(time.Duration(e.plan.awayTime(rand.New(&src))))
		}
	}
}

func (e *emulation) connection(client int64, visit, connection int) {
	p := e.plan
	src := p.stream(client, visit, connection)
	r := rand.New(&src)
	for request := 0; request < p.requests; {
		o := ClientOutcome{Client: int(client), Visit: visit, Connection: connection, Request: request}
		next, gap := request+1, int64(0)
		served := e.request(r, &o, &next, &gap)
		last := next == p.requests
		switch {
		case p.dials:
			if !last {
				gap = p.think.draw(r)
			}
			if served && (!last || p.visits > 1) {
				gap += p.service.draw(r)
			}
		case !served:
			return
		case p.perRequest && !last:
			gap = p.think.draw(r)
		}
		time.Sleep(time.Duration(gap))
		request = next
	}
}

// request tries until it is served or has no retry left. A connection that ends
// before its last request says which comes next, and when.
func (e *emulation) request(r *rand.Rand, o *ClientOutcome, next *int, gap *int64) (served bool) {
	p := e.plan
	o.Asked = Duration(e.now())
	var d destinationKind
	if p.dials {
		d = p.destination(r)
	}
	for {
		o.Attempts++
		served := e.attempt(r, o, d, next, gap)
		if served || o.Attempts > p.retries {
			e.mu.Lock()
			e.outcomes = append(e.outcomes, *o)
			e.mu.Unlock()
			return served
		}
		time.Sleep(time.Duration(p.backoffTime(r, o.Attempts)))
	}
}

func (e *emulation) attempt(r *rand.Rand, o *ClientOutcome, d destinationKind, next *int, gap *int64) (served bool) {
	p := e.plan
	o.Answer = NotDialled
	limit, gaveUp := int64(never), TimedOut
	if (p.gate.bound > 0 || p.dials) && (!p.patience.isZero() || p.queueLimit != never) {
		limit, gaveUp = p.waitTime(r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if limit != never {
		if gaveUp == TimedOut {
			ctx, cancel = context.WithTimeout(ctx, time.Duration(limit))
		} else {
			defer time.AfterFunc(time.Duration(limit), cancel).Stop()
		}
	}
	defer cancel()
	if p.dials {
		return e.dial(ctx, r, o, d)
	}
	tried := e.now()
	var slot Slot
	err := p.gate.Acquire(ctx, &slot)
	o.Decided, o.Left = Duration(e.now()), Duration(e.now())
	if err != nil {
		o.Outcome = outcomeOf(err)
		return false
	}
	o.Outcome = Admitted
	if int64(o.Decided) > tried {
		o.Outcome = Waited
	}
	var hold int64
	if p.oneRequest {
		hold = p.service.draw(r)
	} else {
		hold, *next, *gap = p.holdTime(r, o.Request)
	}
	time.Sleep(time.Duration(hold))
	slot.Release()
	o.Left = Duration(e.now())
	return true
}

func outcomeOf(err error) Outcome {
	var refused *LimitError
	if errors.As(err, &refused) {
		return refused.Outcome
	}
	return UnknownOutcome
}

// dial connects through the Dialer of the host.
func (e *emulation) dial(ctx context.Context, r *rand.Rand, o *ClientOutcome, d destinationKind) (connected bool) {
	tried := e.now()
	dialer, err := e.plan.gate.host.Dialer(&DialerSettings{
		Connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
			o.Outcome, o.Decided = Admitted, Duration(e.now())
			if int64(o.Decided) > tried {
				o.Outcome = Waited
			}
			answer := make(<-chan time.Time)
			if d != deadDestination {
				answer = time.After(time.Duration(e.plan.answerTime(r, d)))
			}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-answer:
			}
			if d == refusingDestination {
				return nil, syscall.ECONNREFUSED
			}
			conn, _ := net.Pipe()
			return conn, nil
		},
	})
	if err != nil {
		panic(err)
	}
	_, err = dialer.DialContext(ctx, "tcp", "192.0.2.1:80")
	o.Left = Duration(e.now())
	switch {
	case err == nil:
		o.Answer = Connected
	case errors.Is(err, ErrLimit):
		o.Outcome, o.Decided = outcomeOf(err), o.Left
	case errors.Is(err, syscall.ECONNREFUSED):
		o.Answer = Reset
	case errors.Is(err, ErrConnecting):
		o.Answer = Unanswered
	}
	return err == nil
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
		s.AutoDisconnect = Duration(r.Int64N(int64(8 * time.Second)))
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
		queue = unlimited
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
		// Which of those who tie has the dead destination would be a matter of
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
			limit := Duration(1 + r.Int64N(int64(20*time.Second)))
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

// comparable brings outcomes into an order that does not depend on who came
// first of those who tie.
func comparable(outcomes []ClientOutcome, s *Scenario, tied bool) []ClientOutcome {
	outcomes = slices.Clone(outcomes)
	for i := range outcomes {
		if tied {
			outcomes[i].Connection = 0
			if s.Arrive.IsZero() {
				outcomes[i].Client = 0
			}
		}
	}
	text := func(o ClientOutcome) string {
		b, err := json.Marshal(o)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	slices.SortFunc(outcomes, func(a, b ClientOutcome) int { return strings.Compare(text(a), text(b)) })
	return outcomes
}

// TestOneTruth: the emulator and the forecast tell every client the same at the
// same instant.
func TestOneTruth(t *testing.T) {
	const scenarios = 1000
	seen, reopened := map[Outcome]int{}, 0
	for i := range uint64(scenarios) {
		s, queue, tied := randomScenario(rand.New(rand.NewPCG(i, 7)))
		compile := func() *plan {
			p, err := s.compile()
			require.NoError(t, err)
			p.gate.bound = queue
			return p
		}
		var predicted []ClientOutcome
		var report Report
		p := compile()
		require.NoError(t, p.run(t.Context(), &report, func(o ClientOutcome) bool {
			predicted = append(predicted, o)
			seen[o.Outcome]++
			if o.Request > 0 && !p.perRequest {
				reopened++
			}
			return true
		}))
		var met []ClientOutcome
		synctest.Test(t, func(*testing.T) { met = emulate(compile()) })

		predicted, met = comparable(predicted, &s, tied), comparable(met, &s, tied)
		if !slices.Equal(predicted, met) {
			text, err := json.Marshal(s)
			require.NoError(t, err)
			require.Equal(t, predicted, met, "scenario %d (queue %d): %s", i, queue, text)
		}
		require.EqualValues(t, len(predicted), report.Asked)
	}
	for _, o := range []Outcome{Admitted, Waited, Refused, TimedOut, Abandoned} {
		require.Greater(t, seen[o], scenarios/10, "%v is tested too little", o)
	}
	require.Greater(t, reopened, scenarios/20, "connections closed between two requests are tested too little")
}
