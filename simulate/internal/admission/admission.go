// Package admission has the admission rule and the pacing of a queue as state machines
// without a clock. The gate drives them by timers in real time, and the forecast by its
// calendar in virtual time. So both decide alike.
package admission

import (
	"math"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"github.com/winlimits/winlimits/limits"
)

// Unlimited is the limit of a service that nothing limits. Its slots are held
// and counted all the same.
const Unlimited = math.MaxInt64

// Slots returns the number of slots that a limit allows, or Unlimited.
func Slots(l limits.Limit) int64 {
	if n, ok := l.Number(); ok {
		return int64(n)
	}
	return Unlimited
}

// Admission is the admission rule: it says which attempt gets a slot, and which waiter
// gets the slot that comes free. It reads no clock and starts no goroutine. The zero
// value is not usable; Init makes it ready. It may be used by many goroutines.
//
// The semaphore has as many slots as the ceiling. The difference between the ceiling
// and the limit in force is held back, so that the limit can move while slots are held.
// A limit that is lowered below the number of slots held leaves a debt, which is paid
// from the slots that come free.
//
// Each process has a line of waiters, and the lines are served in turn. One line alone
// is first in, first out.
type Admission struct {
	// Paced leaves waiters in line when a slot comes free. Only Admit lets them in.
	Paced bool

	sem *semaphore.Weighted
	// busy is the number of waiters plus the debt. While it is 0, the semaphore alone
	// decides.
	busy   atomic.Int64
	queued atomic.Int64 // waiters in all lines; written under mu
	queues atomic.Int64 // how often a waiter found the queue empty

	mu    sync.Mutex
	size  int64 // the ceiling
	limit int64
	debt  int64 // slots still to be held back

	turn  *line            // the line to serve next, in the ring of those that are not empty
	named map[string]*line // the ring by process; unused while it has one line at most
	spare *line            // an empty line, to be used again
}

// A Waiter waits for a slot. Its owner sets Granted, which is called when the waiter gets
// a slot: once, with the admission locked, and never after Leave.
type Waiter struct {
	Granted func(*Waiter)
	ID      int // for the owner's use

	line       *line
	prev, next *Waiter
}

// A line has the waiters of one process, in order of arrival. It is in the ring of lines
// while it is not empty.
type line struct {
	process    string
	head, tail *Waiter
	prev, next *line
}

// Init makes a ready: limit slots are free, and Move accepts up to ceiling.
func (a *Admission) Init(limit, ceiling int64) {
	a.sem = semaphore.NewWeighted(ceiling)
	a.size, a.limit = ceiling, ceiling
	if limit != ceiling {
		a.Move(limit)
	}
}

// Try takes a slot if one is free and no waiter is in line. It reports whether it did.
func (a *Admission) Try() bool {
	return a.busy.Load() == 0 && a.sem.TryAcquire(1)
}

// Take takes n slots if so many are free and no waiter is in line, and none otherwise. It
// reports whether it did.
func (a *Admission) Take(n int64) bool {
	return a.busy.Load() == 0 && a.sem.TryAcquire(n)
}

// Enqueue puts w at the end of the line of its process. It reports false, and does
// nothing, if bound waiters are in line already. A slot that has come free since Try is
// given out at once, so w may have been granted one when Enqueue returns.
func (a *Admission) Enqueue(w *Waiter, process string, bound int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.queued.Load()
	if before >= bound {
		return false
	}
	l := a.lineOf(process)
	w.line, w.prev = l, l.tail
	if l.tail == nil {
		l.head = w
	} else {
		l.tail.next = w
	}
	l.tail = w
	// The count goes up before the semaphore is asked again. So a release sees the
	// waiter, or its slot is free when the semaphore is asked.
	a.queued.Add(1)
	a.busy.Add(1)
	if !a.Paced {
		a.grant(Unlimited)
	}
	if before == 0 && w.line != nil {
		a.queues.Add(1)
	}
	return true
}

// lineOf returns the line of a process. A new one is the last of the ring.
func (a *Admission) lineOf(process string) *line {
	if a.turn != nil && a.turn.process == process {
		return a.turn
	}
	if l := a.named[process]; l != nil {
		return l
	}
	l := a.spare
	if l == nil {
		l = new(line)
	}
	a.spare = nil
	l.process = process
	if a.turn == nil {
		l.prev, l.next = l, l
		a.turn = l
		return l
	}
	if a.named == nil {
		a.named = make(map[string]*line)
	}
	a.named[a.turn.process], a.named[process] = a.turn, l
	l.prev, l.next = a.turn.prev, a.turn
	l.prev.next, l.next.prev = l, l
	return l
}

// drop takes an empty line out of the ring, so that no memory of its process stays.
func (a *Admission) drop(l *line) {
	if a.turn == l {
		a.turn = l.next
	}
	if l.next == l {
		a.turn = nil
	}
	l.prev.next, l.next.prev = l.next, l.prev
	delete(a.named, l.process)
	if a.turn == nil {
		a.named = nil
	}
	*l = line{}
	a.spare = l
}

// Leave takes w out of its line. It reports false if w is in none any more.
func (a *Admission) Leave(w *Waiter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w.line == nil {
		return false
	}
	a.unlink(w)
	return true
}

func (a *Admission) unlink(w *Waiter) {
	l := w.line
	if w.prev == nil {
		l.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		l.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	if l.head == nil {
		a.drop(l)
	}
	w.line, w.prev, w.next = nil, nil, nil
	a.queued.Add(-1)
	a.busy.Add(-1)
}

// Release gives n slots back: to the debt first, then to waiters, and the rest to
// the semaphore.
func (a *Admission) Release(n int64) {
	if a.busy.Load() == 0 {
		a.sem.Release(n)
		if a.busy.Load() == 0 {
			return
		}
		a.settle()
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	paid := min(a.debt, n)
	a.owe(-paid)
	n -= paid
	for ; n > 0 && a.turn != nil && !a.Paced; n-- {
		a.serve()
	}
	if n > 0 {
		a.sem.Release(n)
	}
}

// settle gives out slots that were free before a waiter came or the limit was lowered.
// Release calls it when that has happened while it gave its slots back.
func (a *Admission) settle() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.payDebt()
	if !a.Paced {
		a.grant(Unlimited)
	}
}

func (a *Admission) owe(n int64) {
	a.debt += n
	a.busy.Add(n)
}

// Admit gives at most n waiters a slot, as far as slots are free.
func (a *Admission) Admit(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.grant(n)
}

func (a *Admission) grant(n int64) {
	for granted := int64(0); granted < n && a.turn != nil && a.debt == 0 && a.sem.TryAcquire(1); granted++ {
		a.serve()
	}
}

// serve gives a slot to the first waiter of the line whose turn it is. That line
// becomes the last of the ring.
func (a *Admission) serve() {
	w := a.turn.head
	a.turn = a.turn.next
	a.unlink(w)
	w.Granted(w)
}

// Move puts a limit in force, which is from 0 to the ceiling.
func (a *Admission) Move(limit int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delta := limit - a.limit
	a.limit = limit
	if delta < 0 {
		a.owe(-delta)
		a.payDebt()
		return
	}
	forgiven := min(a.debt, delta)
	a.owe(-forgiven)
	a.sem.Release(delta - forgiven)
	if !a.Paced {
		a.grant(Unlimited)
	}
}

// payDebt holds back slots that are free. Most often they cover the whole debt. If not,
// at most as many are missing as slots are held, so that the search is short.
func (a *Admission) payDebt() {
	for n := a.debt; n > 0; n-- {
		if a.sem.TryAcquire(n) {
			a.owe(-n)
			return
		}
	}
}

// InForce returns the limit in force.
func (a *Admission) InForce() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit
}

// Queued returns the number of waiters in all lines.
func (a *Admission) Queued() int64 { return a.queued.Load() }

// Queues returns how often a queue has begun: how often a waiter came when none was in
// line.
func (a *Admission) Queues() int64 { return a.queues.Load() }
