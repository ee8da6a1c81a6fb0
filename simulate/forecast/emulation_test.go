package forecast

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// An emulation acts a plan out in real time, as clients of a simulate.Gate, a
// tcp.Backlog and a tcp.Dialer, in goroutines of their own. Inside a synctest bubble that takes no time.
type emulation struct {
	plan  *plan
	host  *simulate.Host
	gate  *simulate.Gate
	start time.Time
	group sync.WaitGroup

	// Where the program does not accept at once:
	network  *memnet.Listener
	backlog  *tcp.Backlog
	connects sync.Mutex
	held     chan unacceptedConn // in order of arrival

	mu       sync.Mutex
	outcomes []ClientOutcome

	// Where ports are counted each dial goes to an address of its own, which tells
	// the ports apart.
	dials  int
	last   map[ClientOutcome]string // address of the last dial of a request, see numbers
	freed  map[string]time.Duration // when the port of the dial to the address came free
	logged int64                    // entries in the event log
}

// numbers returns only what says which request it is.
func numbers(o *ClientOutcome) ClientOutcome {
	return ClientOutcome{Client: o.Client, Visit: o.Visit, Connection: o.Connection, Request: o.Request}
}

// address returns where the next dial of a request goes.
func (e *emulation) address(o *ClientOutcome) string {
	if !e.plan.ports {
		return "192.0.2.1:80"
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.dials++
	to := fmt.Sprintf("192.0.2.%d:%d", e.dials>>16, e.dials&0xffff)
	e.last[numbers(o)] = to
	return to
}

// observe notes what is logged about dials, and what becomes of ports.
func (e *emulation) observe(t *testing.T) {
	e.last, e.freed = map[ClientOutcome]string{}, map[string]time.Duration{}
	e.host.Observe(func(event simulate.Event) {
		e.mu.Lock()
		defer e.mu.Unlock()
		switch {
		case event.Service != e.plan.policy.Rule.Service:
		case event.Kind == simulate.Logged:
			e.logged++
		case event.Kind == simulate.Released && e.plan.ports:
			assert.NotContains(t, e.freed, event.Peer)
			e.freed[event.Peer] = event.Time.Sub(e.start)
		}
	})
}

// afterTimeWait fills in when the ports came free. It returns when all are.
func (e *emulation) afterTimeWait(t *testing.T) {
	time.Sleep(time.Duration(e.plan.timeWait))
	synctest.Wait()
	gate, err := e.host.Gate(limits.TCPOutbound)
	require.NoError(t, err)
	require.Zero(t, gate.Stats().Held)
	for i := range e.outcomes {
		o := &e.outcomes[i]
		if freed, ok := e.freed[e.last[numbers(o)]]; ok {
			o.Released = freed
		} else {
			require.Equal(t, NotDialled, o.Answer, "a port was lost")
		}
	}
}

// An unacceptedConn is a connection in the backlog.
type unacceptedConn struct {
	accept   time.Duration
	accepted chan struct{}
}

// emulate must be called inside a bubble.
func emulate(t *testing.T, p *plan, s *Scenario) *emulation {
	host, err := simulate.New(p.windows, &s.Settings)
	require.NoError(t, err)
	e := &emulation{plan: p, host: host, gate: simulate.NewGate(host, p.policy), start: time.Now()}
	if p.dials {
		e.observe(t)
	}
	if p.accept != nil {
		e.network = memnet.NewListener(80)
		e.backlog, err = tcp.NewBacklog(host, e.network, &tcp.BacklogSettings{Listen: s.Backlog})
		require.NoError(t, err)
		e.held = make(chan unacceptedConn, 1000)
		go e.program(t)
	}
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
	if e.backlog != nil {
		close(e.held)
		require.Zero(t, e.backlog.Gate().Stats().Held)
		require.NoError(t, e.backlog.Close())
	}
	if p.ports {
		e.afterTimeWait(t)
	}
	return e
}

// program accepts one connection after the other.
func (e *emulation) program(t *testing.T) {
	for next := range e.held {
		time.Sleep(next.accept)
		conn, err := e.backlog.Accept()
		if assert.NoError(t, err) {
			conn.Close()
		}
		close(next.accepted)
	}
}

// connect returns when the program has accepted a connection, and reports
// whether it was not refused.
func (e *emulation) connect(r *rand.Rand) bool {
	for repeats := 0; ; repeats++ {
		e.connects.Lock()
		conn, err := e.network.Dial(context.Background())
		if err == nil {
			conn.Close()
			next := unacceptedConn{time.Duration(e.plan.accept.draw(r)), make(chan struct{})}
			e.held <- next
			e.connects.Unlock()
			<-next.accepted
			return true
		}
		e.connects.Unlock()
		if repeats == e.plan.synRetries {
			return false
		}
		time.Sleep(time.Duration(e.plan.synInterval))
	}
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
	open := p.accept == nil
	for request := 0; request < p.requests; {
		o := ClientOutcome{Client: int(client), Visit: visit, Connection: connection, Request: request}
		next, gap := request+1, int64(0)
		served := e.request(r, &o, &open, &next, &gap)
		last := next == p.requests
		switch {
		case p.dials:
			if !last {
				gap = p.think.draw(r)
			}
			if served && !p.ports {
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
func (e *emulation) request(r *rand.Rand, o *ClientOutcome, open *bool, next *int, gap *int64) (served bool) {
	p := e.plan
	o.Asked = time.Duration(e.now())
	var d destinationKind
	if p.dials {
		d = p.destination(r)
	}
	for {
		o.Attempts++
		served := e.attempt(r, o, d, open, next, gap)
		if served || o.Attempts > p.retries {
			e.mu.Lock()
			e.outcomes = append(e.outcomes, *o)
			e.mu.Unlock()
			return served
		}
		time.Sleep(time.Duration(p.backoffTime(r, o.Attempts)))
	}
}

func (e *emulation) attempt(r *rand.Rand, o *ClientOutcome, d destinationKind, open *bool, next *int, gap *int64) (served bool) {
	p := e.plan
	o.Answer = NotDialled
	if !*open {
		if !e.connect(r) {
			o.Outcome, o.Answer = simulate.Refused, Reset
			o.Decided, o.Released = time.Duration(e.now()), time.Duration(e.now())
			return false
		}
		*open = p.policy.Rule.Unit == limits.UnitRequests
	}
	limit, gaveUp := int64(never), simulate.TimedOut
	if (p.bound > 0 || p.dials) && (!p.isPatient || p.queueLimit != never) {
		limit, gaveUp = p.waitTime(r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if limit != never {
		if gaveUp == simulate.TimedOut {
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
	var slot simulate.Slot
	err := e.gate.Acquire(ctx, &slot)
	o.Decided, o.Released = time.Duration(e.now()), time.Duration(e.now())
	if err != nil {
		o.Outcome = outcomeOf(err)
		return false
	}
	o.Outcome = simulate.Admitted
	if int64(o.Decided) > tried {
		o.Outcome = simulate.Waited
	}
	var hold int64
	if p.oneRequest {
		hold = p.service.draw(r)
	} else {
		hold, *next, *gap = p.holdTime(r, o.Request)
	}
	time.Sleep(time.Duration(hold))
	slot.Release()
	o.Released = time.Duration(e.now())
	return true
}

func outcomeOf(err error) simulate.Outcome {
	var refused *simulate.LimitError
	switch {
	case errors.As(err, &refused):
		return refused.Outcome
	case errors.Is(err, context.DeadlineExceeded):
		// Its time was over before it asked, and a slot was free. The forecast,
		// which asks first, makes no difference.
		return simulate.TimedOut
	}
	return simulate.UnknownOutcome
}

// dial connects through a Dialer of the host.
func (e *emulation) dial(ctx context.Context, r *rand.Rand, o *ClientOutcome, d destinationKind) (connected bool) {
	tried := e.now()
	var peer net.Conn
	dialer, err := tcp.NewDialer(e.host, &tcp.DialerSettings{
		CountPorts: e.plan.ports,
		Connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
			o.Outcome, o.Decided = simulate.Admitted, time.Duration(e.now())
			if int64(o.Decided) > tried {
				o.Outcome = simulate.Waited
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
			var conn net.Conn
			conn, peer = net.Pipe()
			return conn, nil
		},
	})
	if err != nil {
		panic(err)
	}
	conn, err := dialer.DialContext(ctx, "tcp", e.address(o))
	o.Released = time.Duration(e.now())
	switch {
	case err == nil:
		o.Answer = Connected
	case errors.Is(err, syscall.ECONNREFUSED):
		o.Answer = Reset
	case errors.Is(err, tcp.ErrConnecting):
		o.Answer = Unanswered
	default:
		o.Outcome, o.Decided = outcomeOf(err), o.Released
		if e.plan.ports && o.Outcome == simulate.Refused && !errors.Is(err, syscall.ENOBUFS) {
			panic(err)
		}
	}
	if err == nil && e.plan.ports {
		e.use(conn, peer, r)
	}
	return err == nil
}

// use has the connection closed, by the peer first or by the machine.
func (e *emulation) use(conn, peer net.Conn, r *rand.Rand) {
	open, wait := e.plan.portTime(r)
	time.Sleep(time.Duration(open))
	if wait == 0 {
		peer.Close()
		if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			panic(err)
		}
	}
	conn.Close()
}

// comparable brings outcomes into an order that does not depend on which came
// first of those that tie.
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

// The emulator and the forecast tell every client the same at the same instant.
func TestOneTruth(t *testing.T) {
	const scenarios = 1000
	seen, reopened := oneTruth(t, scenarios, randomScenario)
	for _, o := range []simulate.Outcome{simulate.Admitted, simulate.Waited, simulate.Refused, simulate.TimedOut, simulate.Abandoned} {
		require.Greater(t, seen[o], scenarios/10, "%v is tested too little", o)
	}
	require.Greater(t, reopened, scenarios/20, "connections closed between two requests are tested too little")
}

// The same with a program that takes its time to accept.
func TestOneTruthWithABacklog(t *testing.T) {
	const scenarios = 1000
	refused, windows := 0, 0
	seen, _ := oneTruth(t, scenarios, func(r *rand.Rand) (s Scenario, queue int64, tied bool) {
		for {
			s, queue, tied = randomScenario(r)
			if s.Service != limits.TCPHalfOpen {
				break
			}
		}
		mean := time.Duration(1 + r.Int64N(int64(time.Second)))
		s.AcceptTime = Exponential(mean)
		if tied {
			// Which of those that tie had failed before would be a matter of order.
			s.AcceptTime, s.Retry = Constant(mean), Retry{}
		}
		s.Backlog, s.WindowsClients = 1+r.IntN(6), r.IntN(2) == 0
		report, err := Run(t.Context(), s)
		require.NoError(t, err)
		if report.Backlog.Refused > 0 {
			refused++
		}
		if report.Backlog.Repeated > 0 {
			windows++
		}
		return s, queue, tied
	})
	for _, o := range []simulate.Outcome{simulate.Admitted, simulate.Waited, simulate.Refused, simulate.TimedOut, simulate.Abandoned} {
		require.Greater(t, seen[o], scenarios/10, "%v is tested too little", o)
	}
	require.Greater(t, refused, scenarios/5, "a full backlog is tested too little")
	require.Greater(t, windows, scenarios/5, "clients that repeat their SYN are tested too little")
}

// oneTruth holds the forecast against the emulator. It returns how often each
// outcome was, and how often a connection was opened for a later request.
func oneTruth(t *testing.T, scenarios int, random func(*rand.Rand) (Scenario, int64, bool)) (seen map[simulate.Outcome]int, reopened int) {
	seen = map[simulate.Outcome]int{}
	for i := range uint64(scenarios) {
		s, queue, tied := random(rand.New(rand.NewPCG(i, 7)))
		compile := func() *plan {
			p, err := compileWith(&s, queue)
			require.NoError(t, err)
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
		var e *emulation
		synctest.Test(t, func(t *testing.T) { e = emulate(t, compile(), &s) })
		met := e.outcomes
		require.Equal(t, e.logged, logged(&report), "event log of scenario %d", i)

		predicted, met = comparable(predicted, &s, tied), comparable(met, &s, tied)
		if !slices.Equal(predicted, met) {
			text, err := json.Marshal(s)
			require.NoError(t, err)
			require.Equal(t, predicted, met, "scenario %d (queue %d): %s", i, queue, text)
		}
		require.EqualValues(t, len(predicted), report.Asked)
	}
	return seen, reopened
}

// logged returns how often the event log has that dials waited, or that a port could not
// be had.
func logged(r *Report) (n int64) {
	for _, seen := range r.Seen {
		switch seen.Symptom {
		case limits.SymptomEvent4226, limits.SymptomEvent4227, limits.SymptomEvent4231:
			n += seen.Count
		}
	}
	return n
}

// The same with the ports of outbound connections.
func TestOneTruthOfOutboundPorts(t *testing.T) {
	const scenarios = 200
	inTimeWait, again, logs := 0, 0, 0
	answers := map[Answer]int64{}
	seen, _ := oneTruth(t, scenarios, func(r *rand.Rand) (Scenario, int64, bool) {
		s, tied := randomOutbound(r)
		report, err := Run(t.Context(), s)
		require.NoError(t, err)
		for _, seen := range report.Seen {
			answers[seen.Answer] += seen.Count
		}
		limit, _ := report.Limit.Number()
		if report.Admitted > int64(limit) && report.Refused > 0 {
			again++
		}
		if s.Destinations.PeerCloses > 0 && s.Destinations.PeerCloses < 1 {
			inTimeWait++
		}
		if logged(&report) > 1 {
			logs++
		}
		return s, 0, tied
	})
	for _, o := range []simulate.Outcome{simulate.Admitted, simulate.Refused} {
		require.Greater(t, seen[o], scenarios, "%v is tested too little", o)
	}
	require.Zero(t, seen[simulate.Waited])
	for a := Connected; a <= Unanswered; a++ {
		require.Greater(t, answers[a], int64(scenarios/2), "%v is tested too little", a)
	}
	require.Greater(t, again, scenarios/4, "ports that are used again are tested too little")
	require.Greater(t, inTimeWait, scenarios/4, "peers that close some connections are tested too little")
	require.Greater(t, logs, scenarios/20, "the event log is tested too little")
}

// A dial that has no time left does not take a slot, here as at the dialer.
func TestNoTimeToDial(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, Service: limits.TCPHalfOpen,
		Clients: 20, Arrive: Every(time.Second), Patience: Empirical(0, 5*time.Second), Seed: 1,
		Destinations: Destinations{RoundTrip: Constant(time.Second / 2)},
	}
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.NotZero(t, r.TimedOut)
	assert.Equal(t, int64(20), r.TimedOut+r.Admitted)
	p, err := s.compile()
	require.NoError(t, err)
	timedOut := int64(0)
	synctest.Test(t, func(t *testing.T) {
		for _, o := range emulate(t, p, &s).outcomes {
			if o.Outcome == simulate.TimedOut {
				timedOut++
			}
		}
	})
	assert.Equal(t, timedOut, r.TimedOut)
}
