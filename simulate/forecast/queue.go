package forecast

import (
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// A ticket is the state of a connection that only a run with a queue, or with dials,
// needs.
type ticket struct {
	waiter  admission.Waiter
	tried   int64            // when it asked
	until   int64            // when it is given up
	pending uint64           // seq of the giveUpEvent that counts, or 0
	gaveUp  simulate.Outcome // the outcome at that event
	failed  bool             // one of its dials has failed
}

// queue is the state that a run needs if attempts can wait for a slot. Its zero value
// is for a run in which they cannot.
type queue struct {
	tickets []*ticket // by id of the connection
	granted *[]int32  // ids; nil if attempts cannot wait
	onGrant func(*admission.Waiter)
	stale   int // events in the calendar that no longer count

	// pacing lets attempts go one by one and logs event 4226. Of its events only
	// the one for what is due next counts.
	pacing admission.Pacing
	due    uint64 // seq of that paceEvent, or 0
	dueAt  int64
}

func (q *queue) init(p *plan) {
	if p.bound == 0 {
		return
	}
	granted := new([]int32)
	q.granted, q.tickets = granted, make([]*ticket, 0, fewConns)
	q.onGrant = func(w *admission.Waiter) { *granted = append(*granted, int32(w.ID)) }
	q.pacing = admission.Pacing{
		Every: int64(p.policy.ReleaseInterval), Logs: p.policy.LogsQueue, Interval: int64(p.policy.EventInterval),
	}
	if p.limit == 0 {
		q.pacing.Every = 0 // there is no slot to let one go into
	}
}

// isStale reports whether e no longer matters. Such an event is dropped, and time does
// not go on to it.
func (k *kernel) isStale(e *event) bool {
	switch {
	case e.kind != giveUpEvent && e.kind != paceEvent: // most are not
		return false
	case !k.queue.counts(e):
		k.queue.stale--
		return true
	case e.kind == paceEvent && (k.queued == 0 || k.isStuck()):
		k.queue.due = 0
		return true
	}
	return false
}

// counts reports whether what e is about has not been done, or put off, since e was
// pushed.
func (q *queue) counts(e *event) bool {
	switch e.kind {
	case giveUpEvent:
		return q.tickets[e.id].pending == e.seq
	case paceEvent:
		return q.due == e.seq
	}
	return true
}

// isStuck reports whether only entries in the event log are still to come: all clients
// wait without end, because the limit is 0.
func (k *kernel) isStuck() bool {
	return k.plan.limit == 0 && k.plan.until == 0 && k.arriveAt == never && k.calendar.len() == 1
}

// enqueue puts an attempt into the queue, and reports false if that is full.
func (k *kernel) enqueue(id int32, limit int64, gaveUp simulate.Outcome) bool {
	w := k.ticket(id)
	w.tried, w.until = k.now, after(k.now, limit)
	if !k.adm.Enqueue(&w.waiter, "", k.plan.bound) {
		return false
	}
	begins := k.queued == 0
	k.enqueued()
	if begins && !k.queue.pacing.IsZero() {
		k.log(k.queue.pacing.Begin(k.now))
		k.wind()
	}
	w.gaveUp, w.pending = gaveUp, 0
	if limit != never {
		w.pending = k.push(w.until, giveUpEvent, id)
	}
	if len(*k.queue.granted) > 0 {
		k.admitGranted()
	}
	return true
}

// wind puts the event for what is due next into the calendar. It takes the place of the
// one that is there: the first turn of a queue that begins may come before it.
func (k *kernel) wind() {
	q := &k.queue
	next := q.pacing.Next()
	if next == never || q.due != 0 && q.dueAt == next {
		return
	}
	if q.due != 0 {
		q.due = 0
		k.forget()
	}
	q.due, q.dueAt = k.push(next, paceEvent, 0), next
}

// pace does what is due: it lets an attempt go, or logs event 4226, or both.
func (k *kernel) pace() {
	q := &k.queue
	q.due = 0
	release, log := q.pacing.Due(k.now)
	if release {
		k.adm.Admit(1)
		k.admitGranted()
	}
	k.log(q.pacing.After(k.now, release, log, k.queued > 0))
	k.wind()
}

// log counts an entry in the event log, if there is one.
func (k *kernel) log(write bool) {
	if write && k.measuring {
		k.logEntries++
	}
}

// admitGranted admits the attempts that the admission has given a slot.
func (k *kernel) admitGranted() {
	granted := k.queue.granted
	for i := 0; i < len(*granted); i++ {
		id := (*granted)[i]
		c, w := &k.conns[id], k.queue.tickets[id]
		if w.pending != 0 {
			w.pending = 0
			k.forget()
		}
		k.queued--
		if w.until == k.now {
			// As at the gate, an attempt whose wait is over does not get a slot
			// that comes free at the same time.
			k.adm.Release(1)
			k.fail(c, id, w.gaveUp)
			continue
		}
		k.admit(c, id, simulate.Waited)
	}
	*granted = (*granted)[:0]
}

// giveUp ends the wait of an attempt.
func (k *kernel) giveUp(c *conn, id int32) {
	w := k.queue.tickets[id]
	w.pending = 0
	k.adm.Leave(&w.waiter)
	k.queued--
	k.fail(c, id, w.gaveUp)
}

// forget notes that an event no longer counts. When half of the calendar is such
// events, it removes them, so that the calendar does not grow with clients that have
// left.
func (k *kernel) forget() {
	q := &k.queue
	q.stale++
	if q.stale <= 64 || q.stale <= k.calendar.len()/2 {
		return
	}
	q.stale = 0
	k.calendar.keep(func(e event) bool { return q.counts(&e) })
}

// ticket returns the ticket with which a connection waits.
func (k *kernel) ticket(id int32) *ticket {
	q := &k.queue
	for int(id) >= len(q.tickets) {
		q.tickets = append(q.tickets, nil)
	}
	w := q.tickets[id]
	if w == nil {
		w = &ticket{waiter: admission.Waiter{Granted: q.onGrant, ID: int(id)}}
		q.tickets[id] = w
	}
	return w
}
