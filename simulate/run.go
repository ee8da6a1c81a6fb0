package simulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// ClientOutcome is what became of one thing that asked for a slot: a
// connection, or a request where requests are counted. Clients, visits,
// connections and requests are numbered from 0. Times are virtual, since the
// start of the run.
type ClientOutcome struct {
	Client     int     `json:"client"`
	Visit      int     `json:"visit"`
	Connection int     `json:"connection"`
	Request    int     `json:"request"`
	Outcome    Outcome `json:"outcome"`
	// Answer is what a dial met once it had its slot. It is NotDialled where
	// nothing is dialled, and for a dial that never got a slot.
	Answer Answer `json:"answer,omitempty"`
	// Attempts is how often it tried, retries included.
	Attempts int `json:"attempts"`
	// Asked is when it tried first, and Decided when its last attempt had its
	// outcome. Left is when the slot is given back; it equals Decided if there
	// was none.
	Asked   Duration `json:"asked"`
	Decided Duration `json:"decided"`
	Left    Duration `json:"left"`
}

// Answer is what a dial met.
type Answer uint8

// The answers.
const (
	NotDialled Answer = iota
	// Connected: the destination is live.
	Connected
	// Reset: the destination refused the connection.
	Reset
	// Unanswered: nobody had answered when the dial gave up.
	Unanswered
)

var answerNames = [...]string{"not-dialled", "connected", "reset", "unanswered"}

// String returns the name of the answer, such as "connected".
func (a Answer) String() string {
	if int(a) < len(answerNames) {
		return answerNames[a]
	}
	return fmt.Sprintf("Answer(%d)", uint8(a))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (a Answer) MarshalText() ([]byte, error) {
	if int(a) >= len(answerNames) {
		return nil, fmt.Errorf("simulate: %d is no answer; there are %d", uint8(a), len(answerNames))
	}
	return []byte(answerNames[a]), nil
}

// UnmarshalText accepts the String forms.
func (a *Answer) UnmarshalText(text []byte) error {
	for i, name := range answerNames {
		if name == string(text) {
			*a = Answer(i)
			return nil
		}
	}
	return fmt.Errorf("simulate: unknown answer %q; want one of %q", text, answerNames)
}

// ErrHorizon matches the error of a run that went on past the end of virtual
// time, 292 years.
var ErrHorizon = errors.New("simulate: the run passed the end of virtual time, 292 years")

// Run acts the scenario out in virtual time and returns what happened. It is a
// pure function of the scenario: it starts no goroutine and reads no clock, and
// the same scenario gives the same report. Events are ordered by time, and
// those of one instant by when they were caused; the gate is the one that
// Host.Gate returns.
//
// What it keeps in memory are the clients that are there, and not those who
// have not come or have left.
//
// The error is a *ScenarioError, ErrHorizon, or that of ctx. In the last two
// cases the report says what happened up to then.
func Run(ctx context.Context, s Scenario) (Report, error) {
	var report Report
	err := run(ctx, &s, &report, nil)
	return report, err
}

// Outcomes acts the scenario out as Run does and yields the outcome of each
// connection or request when it is decided. The last element has an error if
// there was one. If report is not nil, it is filled in when the sequence ends,
// be it that the caller broke off.
func Outcomes(ctx context.Context, s Scenario, report *Report) iter.Seq2[ClientOutcome, error] {
	return func(yield func(ClientOutcome, error) bool) {
		if report == nil {
			report = new(Report)
		}
		err := run(ctx, &s, report, func(o ClientOutcome) bool { return yield(o, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(ClientOutcome{}, err)
		}
	}
}

// errStopped is what ends a run whose outcomes nobody wants any more.
var errStopped = errors.New("stopped")

func run(ctx context.Context, s *Scenario, report *Report, yield func(ClientOutcome) bool) error {
	p, err := s.compile()
	if err != nil {
		return err
	}
	return p.run(ctx, report, yield)
}

func (p *plan) run(ctx context.Context, report *Report, yield func(ClientOutcome) bool) error {
	k := newKernel(p)
	k.yield = yield
	err := k.run(ctx)
	k.report(report)
	return err
}

// What is to happen to a connection.
type eventKind uint8

const (
	leaveEvent  eventKind = iota // gives its slot back
	retryEvent                   // tries again
	nextEvent                    // asks for its next request
	doneEvent                    // has nothing more to do
	returnEvent                  // the client comes again
	giveUpEvent                  // has waited long enough

	// These two are nobody's in particular.
	releaseEvent // the fixed rate lets somebody out of the queue of dials
	logEvent     // event 4226 is due again
)

// A conn is a connection from its first attempt until it has nothing more to
// do.
type conn struct {
	waiter  waiter
	src     rand.PCG
	client  int64
	asked   int64  // when this request, or the connection, asked first
	tried   int64  // when this attempt asked
	until   int64  // when this attempt is given up
	pending uint64 // seq of the giveUpEvent that counts, or 0

	visit, request, attempts int32
	connection               uint16
	gaveUp                   Outcome // what giveUpEvent makes of it
	destination              destinationKind
	answer                   Answer // of the dial in progress
	group                    int32
}

// A group is the connections of a client that opens several.
type group struct {
	left   int
	failed bool
}

type kernel struct {
	plan *plan
	adm  *admission
	// bound is the length of the queue; 0 refuses.
	bound int64
	limit int64

	now      int64
	seq      uint64
	calendar calendar
	stale    int // giveUpEvents in the calendar that no longer count

	arrivals  arrivals
	arriveAt  int64
	arriveSeq uint64

	// few is where the slices begin, so that a small run has one thing to
	// allocate.
	few struct {
		conns [16]*conn
		free  [16]int32
	}

	conns      []*conn
	freeConns  []int32
	chunk      []conn
	groups     []group
	freeGroups []int32
	granted    []int32
	onGrant    func(*waiter)

	// Half-open TCP only.
	pace               int64
	releaseSeq, logSeq uint64 // of the events that count
	logged             bool
	loggedAt           int64

	yield   func(ClientOutcome) bool
	stopped bool

	counts
}

func newKernel(p *plan) *kernel {
	k := &kernel{
		plan:  p,
		adm:   &p.gate.admission,
		bound: p.gate.bound,
		limit: p.gate.admission.inForce(),
	}
	k.arrivals.init(p)
	if k.bound > 0 {
		k.onGrant = func(w *waiter) { k.granted = append(k.granted, int32(w.id)) }
	}
	k.freeConns, k.conns = k.few.free[:0], k.few.conns[:0]
	k.counts.init(p)
	return k
}

// contextEvery is the number of events between two looks at the context.
const contextEvery = 1 << 13

func (k *kernel) run(ctx context.Context) error {
	until := k.plan.until
	if until == 0 {
		until = never - 1
	}
	k.nextArrival()
	for n := 0; !k.stopped; n++ {
		if n%contextEvery == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("simulate: run stopped at %v: %w", time.Duration(k.now), err)
			}
		}
		if e := k.calendar.first(); e != nil {
			if e.kind >= giveUpEvent && k.isStale(e) {
				k.calendar.pop()
				continue
			}
			if at := e.at; at < k.arriveAt || at == k.arriveAt && e.seq < k.arriveSeq {
				if at > until {
					break
				}
				kind, id := e.kind, e.id
				if kind >= releaseEvent && k.isStuck() {
					return nil
				}
				k.calendar.pop()
				k.pass(at)
				k.handle(kind, id)
				continue
			}
		}
		if k.arriveAt > until {
			break
		}
		k.pass(k.arriveAt)
		client := k.arrivals.next - 1
		k.nextArrival()
		k.arrive(client, 0)
	}
	if k.stopped {
		return errStopped
	}
	if k.plan.until > 0 {
		k.pass(until)
		return nil
	}
	// Without Until only events that never come are left, or none.
	if k.calendar.len() > 0 || k.came < k.plan.clients {
		return ErrHorizon
	}
	return nil
}

func (k *kernel) nextArrival() {
	k.arriveAt = k.arrivals.draw()
	k.seq++
	k.arriveSeq = k.seq
}

// pass lets time go on to at.
func (k *kernel) pass(at int64) {
	k.counts.pass(k.now, at)
	k.now = at
}

// isStale reports whether e no longer matters, and no time has to pass for it.
func (k *kernel) isStale(e *event) bool {
	switch e.kind {
	case giveUpEvent:
		if k.conns[e.id].pending == e.seq {
			return false
		}
		k.stale--
		return true
	case releaseEvent:
		return k.releaseSeq != e.seq || k.queued == 0
	}
	return k.logSeq != e.seq || k.queued == 0
}

// isStuck reports whether nobody will ever do anything again: all who are there
// wait without end for a limit of 0, and only the gate goes on trying and
// logging.
func (k *kernel) isStuck() bool {
	if k.limit > 0 || k.plan.until > 0 || k.arriveAt != never || len(k.calendar.far) > 0 {
		return false
	}
	for _, e := range k.calendar.near[:k.calendar.n] {
		if e.kind < releaseEvent {
			return false
		}
	}
	return true
}

// handle does what an event is about.
func (k *kernel) handle(kind eventKind, id int32) {
	switch kind {
	case releaseEvent:
		k.adm.admit(1)
		k.admitGranted()
		if k.queued > 0 {
			k.releaseSeq = k.push(after(k.now, k.pace), releaseEvent, 0)
		}
		return
	case logEvent:
		k.log()
		return
	}
	c := k.conns[id]
	switch kind {
	case leaveEvent:
		k.held--
		k.adm.release()
		k.left(c, id)
		if len(k.granted) > 0 {
			k.admitGranted()
		}
	case retryEvent:
		k.try(c, id)
	case nextEvent:
		c.request++
		k.ask(c, id)
	case giveUpEvent:
		c.pending = 0
		k.adm.leave(&c.waiter)
		k.queued--
		k.fail(c, id, c.gaveUp)
	case doneEvent:
		k.done(c, id, true)
	case returnEvent:
		client, visit := c.client, c.visit
		k.free(id)
		k.arrive(client, int(visit)+1)
	}
}

// arrive lets a client open its connections.
func (k *kernel) arrive(client int64, visit int) {
	g := int32(-1)
	if k.plan.connections > 1 {
		g = k.newGroup()
	}
	if visit == 0 {
		k.came++
	}
	for i := range k.plan.connections {
		c, id := k.newConn()
		c.src = k.plan.stream(client, visit, i)
		c.client, c.visit, c.connection, c.group = client, int32(visit), uint16(i), g
		c.request = 0
		k.ask(c, id)
	}
}

// ask is the first attempt of a connection or request.
func (k *kernel) ask(c *conn, id int32) {
	c.asked = k.now
	c.attempts = 0
	if k.now >= k.warmup {
		k.demands++
	}
	if k.plan.dials {
		c.destination = k.plan.destination(rand.New(&c.src))
	}
	k.try(c, id)
}

// try is one attempt.
func (k *kernel) try(c *conn, id int32) {
	c.attempts++
	c.answer = NotDialled
	if c.asked >= k.warmup {
		k.attempts++
	}
	p := k.plan
	if k.bound == 0 && !p.dials {
		if k.adm.try() {
			k.admit(c, id, Admitted)
		} else {
			k.refuse(c, id)
		}
		return
	}
	limit, gaveUp := int64(never), TimedOut
	if !p.patience.isZero() || p.queueLimit != never {
		limit, gaveUp = p.waitTime(rand.New(&c.src))
	}
	c.tried = k.now
	c.until = after(k.now, limit)
	if p.dials && limit <= 0 {
		// As at the dialer, which does not ask for a slot when time is up.
		k.fail(c, id, gaveUp)
		return
	}
	if k.adm.try() {
		k.admit(c, id, Admitted)
		return
	}
	c.waiter.granted, c.waiter.id = k.onGrant, int(id)
	if k.bound == 0 || !k.adm.enqueue(&c.waiter, "", k.bound) {
		k.refuse(c, id)
		return
	}
	if k.queued == 0 {
		k.queueBegins()
	}
	k.enqueued()
	c.gaveUp = gaveUp
	c.pending = 0
	if limit != never {
		c.pending = k.push(c.until, giveUpEvent, id)
	}
	if len(k.granted) > 0 {
		k.admitGranted()
	}
}

// queueBegins does what the gate of half-open TCP does then.
func (k *kernel) queueBegins() {
	h := k.plan.gate.halfOpen
	if h == nil {
		return
	}
	if k.pace = int64(h.pace); k.pace > 0 {
		k.releaseSeq = k.push(after(k.now, k.pace), releaseEvent, 0)
	}
	if h.logs {
		k.log()
	}
}

// log logs event 4226, unless the last one was too short a time ago, and sees
// to the next.
func (k *kernel) log() {
	interval := int64(k.plan.gate.halfOpen.interval)
	if interval > 0 && k.logged && k.now < k.loggedAt+interval {
		k.logSeq = k.push(k.loggedAt+interval, logEvent, 0)
		return
	}
	if k.measuring {
		k.logEntries++
	}
	if interval > 0 {
		k.logged, k.loggedAt = true, k.now
		k.logSeq = k.push(after(k.now, interval), logEvent, 0)
	}
}

// admitGranted lets those in to whom the admission has given a slot.
func (k *kernel) admitGranted() {
	for i := 0; i < len(k.granted); i++ {
		id := k.granted[i]
		c := k.conns[id]
		if c.pending != 0 {
			c.pending = 0
			k.forget()
		}
		k.queued--
		if c.until == k.now {
			// As at the gate, a wait that is over wins against a slot that
			// comes at the same time.
			k.adm.release()
			k.fail(c, id, c.gaveUp)
			continue
		}
		k.admit(c, id, Waited)
	}
	k.granted = k.granted[:0]
}

// admit lets a connection keep the slot that it has got.
func (k *kernel) admit(c *conn, id int32, o Outcome) {
	p := k.plan
	k.entered()
	r := rand.New(&c.src)
	var d int64
	final := true
	if p.dials {
		d = p.answerTime(r, c.destination)
		c.answer = c.destination.answer()
		// The system gives up as well as the caller.
		if left := min(p.giveUp, c.until-k.now); left < d {
			d, c.answer = left, Unanswered
		}
		if c.asked >= k.warmup {
			k.answers[c.answer]++
		}
		final = c.answer == Connected || int(c.attempts) > p.retries
	} else {
		d = p.holdTime(r)
	}
	end := after(k.now, d)
	k.push(end, leaveEvent, id)
	if final {
		k.decide(c, o, end)
	}
}

func (k *kernel) refuse(c *conn, id int32) {
	k.refusedNow(c.asked)
	k.fail(c, id, Refused)
}

// fail ends an attempt that got no slot.
func (k *kernel) fail(c *conn, id int32, o Outcome) {
	if int(c.attempts) <= k.plan.retries {
		k.retry(c, id)
		return
	}
	k.decide(c, o, k.now)
	k.done(c, id, false)
}

func (k *kernel) retry(c *conn, id int32) {
	d := k.plan.backoffTime(rand.New(&c.src), int(c.attempts))
	k.push(after(k.now, d), retryEvent, id)
}

// left goes on with a connection that has given its slot back.
func (k *kernel) left(c *conn, id int32) {
	p := k.plan
	switch {
	case !p.perRequest:
		k.done(c, id, true)
	case p.dials && c.answer != Connected && int(c.attempts) <= p.retries:
		k.retry(c, id)
	case p.dials && c.answer != Connected:
		k.done(c, id, false)
	case int(c.request)+1 < p.requests:
		r := rand.New(&c.src)
		d := p.think.draw(r)
		if p.dials {
			d = after(d, p.service.draw(r))
		}
		k.push(after(k.now, d), nextEvent, id)
	case p.dials && p.visits > 1:
		k.push(after(k.now, p.service.draw(rand.New(&c.src))), doneEvent, id)
	default:
		k.done(c, id, true)
	}
}

// done ends a connection, and the visit with the last one of the client. If it
// was turned away, its further requests are not made.
func (k *kernel) done(c *conn, id int32, served bool) {
	if c.group >= 0 {
		g := &k.groups[c.group]
		g.left--
		g.failed = g.failed || !served
		if g.left > 0 {
			k.free(id)
			return
		}
		served = !g.failed
		k.freeGroups = append(k.freeGroups, c.group)
	}
	k.visited(served)
	if int(c.visit)+1 >= k.plan.visits {
		k.free(id)
		return
	}
	c.src = k.plan.stream(c.client, int(c.visit), awayStream)
	k.push(after(k.now, k.plan.awayTime(rand.New(&c.src))), returnEvent, id)
}

// decide tells the tally and whoever listens what became of a connection or
// request.
func (k *kernel) decide(c *conn, o Outcome, left int64) {
	if c.asked >= k.warmup {
		k.decided(o, k.now-c.tried)
	}
	if k.yield != nil && !k.stopped {
		k.stopped = !k.yield(ClientOutcome{
			Client: int(c.client), Visit: int(c.visit), Connection: int(c.connection), Request: int(c.request),
			Outcome: o, Answer: c.answer, Attempts: int(c.attempts),
			Asked: Duration(c.asked), Decided: Duration(k.now), Left: Duration(left),
		})
	}
}

func (k *kernel) newConn() (*conn, int32) {
	if n := len(k.freeConns); n > 0 {
		id := k.freeConns[n-1]
		k.freeConns = k.freeConns[:n-1]
		return k.conns[id], id
	}
	if len(k.chunk) == 0 {
		k.chunk = make([]conn, min(1024, max(12, len(k.conns))))
	}
	c := &k.chunk[0]
	k.chunk = k.chunk[1:]
	k.conns = append(k.conns, c)
	return c, int32(len(k.conns) - 1)
}

func (k *kernel) free(id int32) { k.freeConns = append(k.freeConns, id) }

func (k *kernel) newGroup() int32 {
	g := group{left: k.plan.connections}
	if n := len(k.freeGroups); n > 0 {
		id := k.freeGroups[n-1]
		k.freeGroups = k.freeGroups[:n-1]
		k.groups[id] = g
		return id
	}
	k.groups = append(k.groups, g)
	return int32(len(k.groups) - 1)
}

// push puts an event into the calendar and returns its seq.
func (k *kernel) push(at int64, kind eventKind, id int32) uint64 {
	k.seq++
	k.calendar.push(event{at, k.seq, id, kind})
	return k.seq
}

// forget notes that a giveUpEvent no longer counts. When half of the calendar
// is such events they are thrown out, so that it grows with those who are there
// only.
func (k *kernel) forget() {
	k.stale++
	if k.stale <= 64 || k.stale <= k.calendar.len()/2 {
		return
	}
	k.stale = 0
	k.calendar.keep(func(e event) bool { return e.kind != giveUpEvent || k.conns[e.id].pending == e.seq })
}
