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
// connections and requests are numbered from 0; where connections are counted,
// Request is the one that the connection was opened for, which is not the first
// if Windows had closed the one before. Times are virtual, since the start of the
// run.
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
// What it keeps in memory are the clients that are there or will come again, and
// not those who have not come or have left for good.
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
	k := kernel{plan: *p, yield: yield}
	k.init()
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
	src   rand.PCG
	asked int64 // when this request, or the connection, asked first

	client, visit, request, attempts int32
	group                            int32
	connection                       uint16
	destination                      destinationKind
	answer                           Answer // of the dial in progress
}

// A ticket is what an attempt has besides where there is a queue.
type ticket struct {
	waiter  waiter
	tried   int64   // when it asked
	until   int64   // when it is given up
	pending uint64  // seq of the giveUpEvent that counts, or 0
	gaveUp  Outcome // what that event makes of it
	failed  bool    // a dial of the connection did
}

// A group is the connections of a client that opens several.
type group struct {
	left   int
	failed bool
}

// A kernel acts a plan out. It does not escape: it lives on the stack.
type kernel struct {
	plan plan
	adm  *admission
	// bound is the length of the queue; 0 refuses.
	bound int64
	// spare are slots that were left and not given back to the gate as yet.
	// While nobody waits for them, that is time enough when somebody tries.
	spare int64

	now      int64
	seq      uint64
	calendar calendar
	stale    int // giveUpEvents in the calendar that no longer count

	arrivals  arrivals
	arriveAt  int64
	arriveSeq uint64

	plain *rand.PCG // for arrivePlain; nil where more can happen

	conns      []conn    // by id; it moves when it grows
	firstFree  int32     // its group is the id of the next, and so on, or -1
	tickets    []*ticket // by id; none without a queue
	chunk      []ticket
	groups     []group
	freeGroups []int32
	granted    *[]int32 // ids; nil without a queue
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

// fewConns is how many connections a small run may have before it allocates
// again.
const fewConns = 16

func (k *kernel) init() {
	p := &k.plan
	k.adm, k.bound = &p.gate.admission, p.gate.bound
	k.arrivals.init(p)
	k.firstFree = -1
	once := p.connections == 1 && p.requests == 1 && p.visits == 1 && p.retries == 0
	if once && p.oneRequest && k.bound == 0 && k.yield == nil {
		k.plain = new(rand.PCG)
	} else {
		k.conns = make([]conn, 0, fewConns)
	}
	if k.bound > 0 {
		granted := new([]int32)
		k.granted, k.tickets = granted, make([]*ticket, 0, fewConns)
		k.onGrant = func(w *waiter) { *granted = append(*granted, int32(w.id)) }
	}
	k.counts.init(p)
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
		at, e := k.arriveAt, k.calendar.first()
		if e != nil {
			if e.kind >= giveUpEvent && k.isStale(e) {
				k.calendar.pop()
				continue
			}
			if e.at > at || e.at == at && e.seq > k.arriveSeq {
				e = nil
			} else {
				at = e.at
			}
		}
		if at > until {
			break
		}
		if e != nil && e.kind >= releaseEvent && k.isStuck() {
			return nil
		}
		if at >= k.boundary {
			k.now = k.cross(k.now, at)
		}
		k.spend(at - k.now)
		k.now = at
		if e == nil {
			client := k.arrivals.next - 1
			k.nextArrival()
			if k.plain != nil {
				k.arrivePlain(client)
			} else {
				k.arrive(client, 0)
			}
			continue
		}
		kind, id := e.kind, e.id
		k.calendar.pop()
		if kind == leaveEvent {
			k.leave(id)
		} else {
			k.handle(kind, id)
		}
	}
	if k.stopped {
		return errStopped
	}
	if k.plan.until > 0 {
		k.spend(until - k.cross(k.now, until))
		k.now = until
		return nil
	}
	// Without Until only events that never come are left, or none.
	if k.calendar.len() > 0 || k.came < k.plan.clients {
		return ErrHorizon
	}
	return nil
}

func (k *kernel) nextArrival() {
	k.arriveAt = k.arrivals.draw(&k.plan)
	k.seq++
	k.arriveSeq = k.seq
}

// isStale reports whether e no longer matters, and no time has to pass for it.
func (k *kernel) isStale(e *event) bool {
	switch e.kind {
	case giveUpEvent:
		if k.tickets[e.id].pending == e.seq {
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

// leave gives the slot of a connection back.
func (k *kernel) leave(id int32) {
	k.held--
	if k.queued == 0 {
		k.spare++
	} else {
		k.adm.release(1)
	}
	if k.plain != nil {
		k.visited(true)
		return
	}
	switch c, p := &k.conns[id], &k.plan; {
	case p.dials:
		k.dialled(c, id)
	case int(c.request)+1 == p.requests:
		k.done(c, id, true)
	case p.perRequest:
		k.push(after(k.now, p.think.draw(rand.New(&c.src))), nextEvent, id)
	}
	// Else Windows has closed a connection at rest, and there will be another.

	if k.granted != nil && len(*k.granted) > 0 {
		k.admitGranted()
	}
}

// handle does what any other event is about.
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
	c := &k.conns[id]
	switch kind {
	case retryEvent:
		k.try(c, id)
	case nextEvent:
		c.request++
		k.ask(c, id)
	case giveUpEvent:
		w := k.tickets[id]
		w.pending = 0
		k.adm.leave(&w.waiter)
		k.queued--
		k.fail(c, id, w.gaveUp)
	case doneEvent:
		k.done(c, id, !k.tickets[id].failed)
	case returnEvent:
		client, visit := int64(c.client), int(c.visit)
		k.free(id)
		k.arrive(client, visit+1)
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
		c.client, c.visit, c.connection, c.group = int32(client), int32(visit), uint16(i), g
		c.request = 0
		k.ask(c, id)
	}
}

// arrivePlain is arrive for clients who are let in or turned away, leave, and
// nobody asks which of them it was, so that there need be no conn. They are what
// is most often asked about.
func (k *kernel) arrivePlain(client int64) {
	k.came++
	measured, outcome := k.now >= k.warmup, Admitted
	if k.admits() {
		k.entered()
		*k.plain = k.plan.stream(client, 0, 0)
		k.push(after(k.now, k.plan.service.draw(rand.New(k.plain))), leaveEvent, 0)
	} else {
		outcome = Refused
		k.refusedNow(k.now)
		k.visited(false)
	}
	if measured {
		k.attempts++
		k.demands++
		k.outcomes[outcome]++
	}
}

// admits takes a slot if one is free and nobody waits for it.
func (k *kernel) admits() bool {
	if k.spare > 0 {
		k.adm.release(k.spare)
		k.spare = 0
	}
	return k.adm.try()
}

// ask is the first attempt of a connection or request.
func (k *kernel) ask(c *conn, id int32) {
	c.asked, c.attempts = k.now, 0
	k.try(c, id)
}

// try is one attempt.
func (k *kernel) try(c *conn, id int32) {
	c.attempts++
	if c.asked >= k.warmup {
		k.attempts++
		if c.attempts == 1 {
			k.demands++
		}
	}
	switch {
	case k.bound > 0:
		k.tryOrQueue(c, id)
	case k.admits():
		k.admit(c, id, Admitted)
	default:
		k.refuse(c, id)
	}
}

// tryOrQueue is an attempt where there is a queue, as there always is for dials.
func (k *kernel) tryOrQueue(c *conn, id int32) {
	p := &k.plan
	if p.dials {
		if c.attempts == 1 {
			c.destination = p.destination(rand.New(&c.src))
		} else if c.answer != NotDialled && c.asked >= k.warmup {
			k.retrying--
		}
		c.answer = NotDialled
	}
	limit, gaveUp := int64(never), TimedOut
	if !p.patience.isZero() || p.queueLimit != never {
		limit, gaveUp = p.waitTime(rand.New(&c.src))
	}
	if p.dials {
		k.ticket(id).until = after(k.now, limit)
		if limit <= 0 {
			// As at the dialer, which does not ask for a slot when time is up.
			k.fail(c, id, gaveUp)
			return
		}
	}
	if k.admits() {
		k.admit(c, id, Admitted)
		return
	}
	w := k.ticket(id)
	w.tried, w.until = k.now, after(k.now, limit)
	if !k.adm.enqueue(&w.waiter, "", k.bound) {
		k.refuse(c, id)
		return
	}
	if k.queued == 0 {
		k.queueBegins()
	}
	k.enqueued()
	w.gaveUp, w.pending = gaveUp, 0
	if limit != never {
		w.pending = k.push(w.until, giveUpEvent, id)
	}
	if len(*k.granted) > 0 {
		k.admitGranted()
	}
}

// queueBegins does what the gate of half-open TCP does then.
func (k *kernel) queueBegins() {
	h := k.plan.gate.halfOpen
	if h == nil {
		return
	}
	if k.pace = int64(h.pace); k.pace > 0 && k.limit > 0 {
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
	for i := 0; i < len(*k.granted); i++ {
		id := (*k.granted)[i]
		c, w := &k.conns[id], k.tickets[id]
		if w.pending != 0 {
			w.pending = 0
			k.forget()
		}
		k.queued--
		if w.until == k.now {
			// As at the gate, a wait that is over wins against a slot that
			// comes at the same time.
			k.adm.release(1)
			k.fail(c, id, w.gaveUp)
			continue
		}
		k.admit(c, id, Waited)
	}
	*k.granted = (*k.granted)[:0]
}

// admit lets a connection keep the slot that it has got.
func (k *kernel) admit(c *conn, id int32, o Outcome) {
	k.entered()
	p := &k.plan
	if p.dials {
		k.dial(c, id, o)
		return
	}
	r := rand.New(&c.src)
	if p.oneRequest {
		end := after(k.now, p.service.draw(r))
		k.push(end, leaveEvent, id)
		k.decide(c, id, o, end)
		return
	}
	hold, next, gap := p.holdTime(r, int(c.request))
	end := after(k.now, hold)
	k.push(end, leaveEvent, id)
	k.decide(c, id, o, end)
	c.request = int32(next) - 1
	if next < p.requests {
		k.push(after(end, gap), nextEvent, id)
	}
}

// dial is what a connection attempt does with its slot.
func (k *kernel) dial(c *conn, id int32, o Outcome) {
	p := &k.plan
	d := p.answerTime(rand.New(&c.src), c.destination)
	c.answer = c.destination.answer()
	// The system gives up as well as the caller.
	if left := min(p.giveUp, k.tickets[id].until-k.now); left < d {
		d, c.answer = left, Unanswered
	}
	end := after(k.now, d)
	k.push(end, leaveEvent, id)
	if c.answer == Connected || int(c.attempts) > p.retries {
		k.decide(c, id, o, end)
	} else if c.asked >= k.warmup {
		k.retrying++
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
	k.decide(c, id, o, k.now)
	if k.plan.dials {
		k.nextDial(c, id)
		return
	}
	k.done(c, id, false)
}

func (k *kernel) retry(c *conn, id int32) {
	d := k.plan.backoffTime(rand.New(&c.src), int(c.attempts))
	k.push(after(k.now, d), retryEvent, id)
}

// dialled goes on with a dial that has given its slot back.
func (k *kernel) dialled(c *conn, id int32) {
	if c.asked >= k.warmup {
		k.answers[c.answer]++
	}
	if c.answer != Connected && int(c.attempts) <= k.plan.retries {
		k.retry(c, id)
		return
	}
	k.nextDial(c, id)
}

// nextDial sees to what follows a dial, whatever became of it: the next one, or
// the end.
func (k *kernel) nextDial(c *conn, id int32) {
	p, w, r := &k.plan, k.tickets[id], rand.New(&c.src)
	w.failed = w.failed && c.request > 0 || c.answer != Connected
	kind, d := doneEvent, int64(0)
	if int(c.request)+1 < p.requests {
		kind, d = nextEvent, p.think.draw(r)
	}
	if c.answer == Connected && (kind == nextEvent || p.visits > 1) {
		d = after(d, p.service.draw(r))
	}
	if kind == doneEvent && d == 0 {
		k.done(c, id, !w.failed)
		return
	}
	k.push(after(k.now, d), kind, id)
}

// done ends a connection, and the visit with the last one of the client.
func (k *kernel) done(c *conn, id int32, served bool) {
	if c.group >= 0 || k.plan.visits > 1 {
		k.doneOfSeveral(c, id, served)
		return
	}
	k.visited(served)
	k.free(id)
}

func (k *kernel) doneOfSeveral(c *conn, id int32, served bool) {
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
	c.src = k.plan.stream(int64(c.client), int(c.visit), awayStream)
	k.push(after(k.now, k.plan.awayTime(rand.New(&c.src))), returnEvent, id)
}

// decide tells the tally and whoever listens what became of a connection or
// request.
func (k *kernel) decide(c *conn, id int32, o Outcome, left int64) {
	if c.asked >= k.warmup {
		k.outcomes[o]++
	}
	if o == Waited || k.yield != nil {
		k.tell(c, id, o, left)
	}
}

func (k *kernel) tell(c *conn, id int32, o Outcome, left int64) {
	if o == Waited && c.asked >= k.warmup {
		k.waits.add(k.now - k.tickets[id].tried)
	}
	if k.yield != nil && !k.stopped {
		k.stopped = !k.yield(ClientOutcome{
			Client: int(c.client), Visit: int(c.visit), Connection: int(c.connection), Request: int(c.request),
			Outcome: o, Answer: c.answer, Attempts: int(c.attempts),
			Asked: Duration(c.asked), Decided: Duration(k.now), Left: Duration(left),
		})
	}
}

// newConn returns a connection and its id. It moves the others.
func (k *kernel) newConn() (*conn, int32) {
	if id := k.firstFree; id >= 0 {
		c := &k.conns[id]
		k.firstFree = c.group
		return c, id
	}
	k.conns = append(k.conns, conn{})
	id := len(k.conns) - 1
	return &k.conns[id], int32(id)
}

// ticket returns the ticket with which a connection waits.
func (k *kernel) ticket(id int32) *ticket {
	for int(id) >= len(k.tickets) {
		k.tickets = append(k.tickets, nil)
	}
	w := k.tickets[id]
	if w == nil {
		if len(k.chunk) == 0 {
			k.chunk = make([]ticket, min(1024, max(fewConns, len(k.conns))))
		}
		w, k.chunk = &k.chunk[0], k.chunk[1:]
		w.waiter.granted, w.waiter.id = k.onGrant, int(id)
		k.tickets[id] = w
	}
	return w
}

func (k *kernel) free(id int32) { k.conns[id].group, k.firstFree = k.firstFree, id }

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
	k.calendar.keep(func(e event) bool { return e.kind != giveUpEvent || k.tickets[e.id].pending == e.seq })
}
