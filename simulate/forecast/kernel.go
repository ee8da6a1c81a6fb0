package forecast

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

func (p *plan) run(ctx context.Context, report *Report, yield func(ClientOutcome) bool) error {
	k := kernel{plan: *p, yield: yield}
	k.init()
	err := k.run(ctx)
	k.report(report)
	return err
}

// An eventKind is what is to happen to a connection.
type eventKind uint8

const (
	releaseEvent   eventKind = iota // gives its slot back
	retryEvent                      // tries again
	nextEvent                       // asks for its next request
	doneEvent                       // has nothing more to do
	returnEvent                     // the client comes again
	connectEvent                    // repeats its SYN
	acceptEvent                     // is accepted
	connectedEvent                  // is connected, with the port that it keeps
	closeEvent                      // is closed, and its port in TIME_WAIT
	portEvent                       // of no connection: a port is free after TIME_WAIT
	giveUpEvent                     // has waited long enough
	paceEvent                       // of no connection: something is due about the queue
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
	accepted                         bool   // the connection is, and stays open
	repeats                          uint8  // of the SYN
}

// A group is the connections of a client that opens several.
type group struct {
	left   int
	failed bool
}

// A kernel runs a plan. Nothing on the heap points to it, so that a run does not
// allocate it.
type kernel struct {
	plan plan
	adm  *admission.Admission

	now      int64
	seq      uint64
	calendar calendar

	arrivals  arrivals
	arriveAt  int64
	arriveSeq uint64

	conns      []conn // by id; it moves when it grows
	firstFree  int32  // head of the free list, or -1; the group of a free conn is the next id
	groups     []group
	freeGroups []int32
	queue      queue

	// refusing says that an attempt was refused since a slot last came free. The
	// event log has one entry for all such refusals, where refusals are logged.
	refusing bool

	yield   func(ClientOutcome) bool
	stopped bool

	tally
}

// fewConns is how many connections a small run may have before it allocates
// again.
const fewConns = 16

func (k *kernel) init() {
	p := &k.plan
	k.arrivals.init(p)
	k.firstFree = -1
	k.conns = make([]conn, 0, fewConns)
	k.queue.init(p)
	k.adm = &admission.Admission{Paced: p.policy.ReleaseInterval > 0}
	k.adm.Init(p.limit, p.limit)
	k.tally.init(p)
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
				return fmt.Errorf("forecast: run stopped at %v: %w", time.Duration(k.now), err)
			}
		}
		at, e := k.arriveAt, k.calendar.first()
		switch {
		case e == nil:
		case k.isStale(e):
			k.calendar.pop()
			continue
		case e.at < at || e.at == at && e.seq < k.arriveSeq:
			at = e.at
		default:
			e = nil // a client arrives before it
		}
		if at > until {
			break
		}
		if at >= k.boundary {
			k.now = k.cross(k.now, at)
		}
		k.spend(at - k.now)
		k.now = at
		if e == nil {
			if most := k.plan.maxPresent; len(k.conns) >= most || k.calendar.len() >= 3*most {
				return fmt.Errorf("%w: at %v, when %d of %d clients had come", ErrCrowd, time.Duration(k.now), k.came, k.plan.clients)
			}
			client := k.arrivals.next - 1
			k.nextArrival()
			k.arrive(client, 0)
			continue
		}
		kind, id := e.kind, e.id
		k.calendar.pop()
		k.handle(kind, id)
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

// handle does what an event is about.
func (k *kernel) handle(kind eventKind, id int32) {
	c := &k.conns[id]
	switch kind {
	case releaseEvent:
		k.release(c, id)
	case retryEvent:
		k.try(c, id)
	case nextEvent:
		c.request++
		k.ask(c, id)
	case doneEvent:
		k.done(c, id, !k.queue.tickets[id].failed)
	case returnEvent:
		client, visit := int64(c.client), int(c.visit)
		k.free(id)
		k.arrive(client, visit+1)
	case connectEvent:
		k.connect(c, id)
	case acceptEvent:
		k.accepted()
	case connectedEvent:
		k.answered(c)
	case closeEvent:
		k.dialled(c, id)
	case portEvent:
		k.freeSlot()
	case giveUpEvent:
		k.giveUp(c, id)
	case paceEvent:
		k.pace()
	}
}

// release gives the slot of a connection back.
func (k *kernel) release(c *conn, id int32) {
	k.freeSlot()
	switch p := &k.plan; {
	case p.dials:
		k.dialled(c, id)
	case int(c.request)+1 == p.requests:
		k.done(c, id, true)
	case p.perRequest:
		k.push(after(k.now, p.think.draw(rand.New(&c.src))), nextEvent, id)
	}
	// Otherwise Windows has closed an idle connection, and the client opens another.

	if k.queue.granted != nil && len(*k.queue.granted) > 0 {
		k.admitGranted()
	}
}

func (k *kernel) freeSlot() {
	k.held--
	k.refusing = false
	k.adm.Release(1)
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
		c.request, c.accepted = 0, false
		k.ask(c, id)
	}
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
	if k.backlog != nil && !c.accepted {
		k.connect(c, id)
		return
	}
	k.seek(c, id)
}

// seek asks for a slot.
func (k *kernel) seek(c *conn, id int32) {
	p := &k.plan
	if p.dials {
		k.redial(c)
	}
	limit, gaveUp := int64(never), simulate.TimedOut
	if p.dials || p.bound > 0 {
		limit, gaveUp = p.waitTime(rand.New(&c.src))
	}
	if p.dials {
		k.ticket(id).until = after(k.now, limit)
		if limit <= 0 {
			// The dialer does not ask for a slot either when time is up.
			k.fail(c, id, gaveUp)
			return
		}
	}
	switch {
	case k.adm.Try():
		k.admit(c, id, simulate.Admitted)
	case p.bound == 0 || !k.enqueue(id, limit, gaveUp):
		k.refuse(c, id)
	}
}

// admit lets a connection keep the slot that it has got.
func (k *kernel) admit(c *conn, id int32, o simulate.Outcome) {
	k.entered()
	p := &k.plan
	if p.dials {
		k.dial(c, id, o)
		return
	}
	r := rand.New(&c.src)
	if p.oneRequest {
		end := after(k.now, p.service.draw(r))
		k.push(end, releaseEvent, id)
		k.decide(c, id, o, end)
		return
	}
	hold, next, gap := p.holdTime(r, int(c.request))
	end := after(k.now, hold)
	k.push(end, releaseEvent, id)
	k.decide(c, id, o, end)
	c.request = int32(next) - 1
	if next < p.requests {
		k.push(after(end, gap), nextEvent, id)
	}
}

func (k *kernel) refuse(c *conn, id int32) {
	k.refusedNow(c.asked)
	if k.plan.policy.RefusalEvent != 0 && !k.refusing {
		k.refusing = true
		k.log(true)
	}
	k.fail(c, id, simulate.Refused)
}

// fail ends an attempt that got no slot.
func (k *kernel) fail(c *conn, id int32, o simulate.Outcome) {
	if o != simulate.Refused && c.asked >= k.warmup {
		k.inVain++
	}
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

// done ends a connection, and the visit with the last one of the client.
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
	k.visits++
	if served {
		k.served++
	}
	if int(c.visit)+1 >= k.plan.visits {
		k.free(id)
		return
	}
	c.src = k.plan.stream(int64(c.client), int(c.visit), awayStream)
	k.push(after(k.now, k.plan.awayTime(rand.New(&c.src))), returnEvent, id)
}

// decide tells the tally and the caller what became of a connection or request.
func (k *kernel) decide(c *conn, id int32, o simulate.Outcome, released int64) {
	if c.asked >= k.warmup {
		k.outcomes[o]++
		if o == simulate.Waited {
			k.waits.add(k.now - k.queue.tickets[id].tried)
		}
	}
	if k.yield != nil && !k.stopped {
		k.stopped = !k.yield(ClientOutcome{
			Client: int(c.client), Visit: int(c.visit), Connection: int(c.connection), Request: int(c.request),
			Outcome: o, Answer: c.answer, Attempts: int(c.attempts),
			Asked: time.Duration(c.asked), Decided: time.Duration(k.now), Released: time.Duration(released),
		})
	}
}

// newConn returns a connection and its id. It may move the others.
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
