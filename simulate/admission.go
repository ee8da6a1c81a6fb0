package simulate

import (
	"math"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// unlimited is the limit of a service that nothing limits. Its slots are held
// and counted all the same.
const unlimited = math.MaxInt64

// admission is the admission rule: who gets in, who waits, who leaves. It has
// no clock, no counters and starts no goroutine, and so serves the real-time
// Gate and the virtual-time Run alike.
//
// The semaphore has as many slots as the ceiling. The difference between the
// ceiling and the limit in force is held back, which is how the limit moves
// while slots are held. A limit lowered below the number of holders leaves a
// debt, paid from the slots that come free, and nobody is thrown out.
//
// Waiters stand in lines of their own process and the lines are served in turn;
// with one line that is plain first in, first out.
type admission struct {
	sem *semaphore.Weighted
	// busy is waiters plus debt. While it is 0, a semaphore is all there is to
	// it.
	busy    atomic.Int64
	waiting atomic.Int64 // waiters in all lines; written under mu
	queues  atomic.Int64 // how often somebody began to wait where nobody did

	// paced leaves waiters in line when a slot comes free; admit lets them in.
	paced bool

	mu    sync.Mutex
	size  int64 // the ceiling
	limit int64
	debt  int64 // slots still to be held back
	lines []*line
	turn  int // index into lines of the one to serve next
}

// A waiter waits for a slot. Whoever enqueues it sets granted, which is called
// with the admission locked, once, and only if the waiter has not left.
type waiter struct {
	granted    func(*waiter)
	id         int // for the caller
	line       *line
	prev, next *waiter
}

// A line holds the waiters of one process, in order of arrival.
type line struct {
	process    string
	head, tail *waiter
}

func (a *admission) init(limit, ceiling int64) {
	a.sem = semaphore.NewWeighted(ceiling)
	a.size, a.limit = ceiling, ceiling
	if limit != ceiling {
		a.move(limit)
	}
}

// try takes a slot if one is free and nobody waits for it.
func (a *admission) try() bool {
	return a.busy.Load() == 0 && a.sem.TryAcquire(1)
}

// enqueue puts w at the end of the line of its process. It reports false, and
// does nothing, if bound waiters wait already. A slot that came free since try
// is given out at once, so w may have been granted when enqueue returns.
func (a *admission) enqueue(w *waiter, process string, bound int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	before := a.waiting.Load()
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
	// The count goes up before the semaphore is asked again: a release either
	// sees the waiter or comes before the question.
	a.waiting.Add(1)
	a.busy.Add(1)
	if !a.paced {
		a.grant(unlimited)
	}
	if before == 0 && w.line != nil {
		a.queues.Add(1)
	}
	return true
}

func (a *admission) lineOf(process string) *line {
	for _, l := range a.lines {
		if l.process == process {
			return l
		}
	}
	l := &line{process: process}
	a.lines = append(a.lines, l)
	return l
}

// leave takes w out of its line. It reports false if w waits no longer.
func (a *admission) leave(w *waiter) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if w.line == nil {
		return false
	}
	a.unlink(w)
	return true
}

func (a *admission) unlink(w *waiter) {
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
	w.line, w.prev, w.next = nil, nil, nil
	a.waiting.Add(-1)
	a.busy.Add(-1)
}

// release gives n slots back.
func (a *admission) release(n int64) {
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
	a.sem.Release(n - paid)
	if !a.paced {
		a.grant(unlimited)
	}
}

// settle is for a release that was overtaken: somebody has come to wait, or the
// limit was lowered, when the slot was already free.
func (a *admission) settle() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.payDebt()
	if !a.paced {
		a.grant(unlimited)
	}
}

func (a *admission) owe(n int64) {
	a.debt += n
	a.busy.Add(n)
}

// admit lets in at most n waiters for whom a slot is free, and reports how many
// it let in.
func (a *admission) admit(n int64) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.grant(n)
}

func (a *admission) grant(n int64) (granted int64) {
	for granted < n && a.waiting.Load() > 0 && a.debt == 0 && a.sem.TryAcquire(1) {
		w := a.pop()
		w.granted(w)
		granted++
	}
	return granted
}

// pop takes the head of the line whose turn it is. Somebody must be waiting.
func (a *admission) pop() *waiter {
	for a.lines[a.turn].head == nil {
		a.turn = (a.turn + 1) % len(a.lines)
	}
	w := a.lines[a.turn].head
	a.unlink(w)
	a.turn = (a.turn + 1) % len(a.lines)
	return w
}

// move puts limit in force, which lies between 0 and the ceiling.
func (a *admission) move(limit int64) {
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
	if !a.paced {
		a.grant(unlimited)
	}
}

// payDebt holds back slots that are free. Most often these cover all of the
// debt; if not, what is missing is at most the number of holders, so that the
// search is short.
func (a *admission) payDebt() {
	for n := a.debt; n > 0; n-- {
		if a.sem.TryAcquire(n) {
			a.owe(-n)
			return
		}
	}
}

// inForce returns the limit in force.
func (a *admission) inForce() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.limit
}
