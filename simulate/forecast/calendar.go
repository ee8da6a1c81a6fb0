package forecast

import (
	"slices"
)

// An event is an entry in the calendar. Events of one instant are in the order of seq.
type event struct {
	at   int64
	seq  uint64
	id   int32
	kind eventKind
}

// before reports whether e comes before f.
func (e *event) before(f *event) bool {
	return e.at < f.at || e.at == f.at && e.seq < f.seq
}

// calendar holds the events to come. The next ones are in order, and the others are a
// heap, which stays empty while few clients are there. The zero calendar is empty. It
// must not be copied.
type calendar struct {
	near [nearEvents]event // the first n, the latest one first
	n    int
	far  []event // a heap of the events later than all of near; empty if near is empty
}

// nearEvents was chosen by BenchmarkRun: with 2 each of its scenarios takes a
// tenth longer, and 64 gain nothing.
const nearEvents = 32

func (c *calendar) len() int { return c.n + len(c.far) }

// first returns the next event, or nil.
func (c *calendar) first() *event {
	if c.n == 0 {
		return nil
	}
	return &c.near[c.n-1]
}

// push adds an event whose seq is the highest so far.
func (c *calendar) push(e event) {
	full := c.n == nearEvents
	if full && e.at >= c.near[0].at || len(c.far) > 0 && e.at >= c.far[0].at {
		c.pushFar(e)
		return
	}
	if full {
		c.pushFar(c.near[0])
		c.n = copy(c.near[:], c.near[1:])
	}
	i := c.n
	for ; i > 0 && c.near[i-1].at <= e.at; i-- {
		c.near[i] = c.near[i-1]
	}
	c.near[i] = e
	c.n++
}

// pop removes the next event.
func (c *calendar) pop() {
	c.n--
	c.refill()
}

// refill moves the first of far to near if that is empty.
func (c *calendar) refill() {
	if c.n == 0 && len(c.far) > 0 {
		c.near[0], c.n = c.popFar(), 1
	}
}

// keep removes the events for which f is false.
func (c *calendar) keep(f func(event) bool) {
	c.n = len(slices.DeleteFunc(c.near[:c.n], func(e event) bool { return !f(e) }))
	all := c.far
	c.far = all[:0]
	for _, e := range all {
		if f(e) {
			c.pushFar(e) // in all, not beyond e
		}
	}
	c.refill()
}

func (c *calendar) pushFar(e event) {
	c.far = append(c.far, e)
	h := c.far
	i := len(h) - 1
	for i > 0 {
		up := (i - 1) / 2
		if !e.before(&h[up]) {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = e
}

func (c *calendar) popFar() event {
	h := c.far
	first, e := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	c.far = h
	i := 0
	for down := 1; down < len(h); down = 2*i + 1 {
		if down+1 < len(h) && h[down+1].before(&h[down]) {
			down++
		}
		if !h[down].before(&e) {
			break
		}
		h[i] = h[down]
		i = down
	}
	if len(h) > 0 {
		h[i] = e
	}
	return first
}
