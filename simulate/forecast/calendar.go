package forecast

import (
	"math/bits"
	"slices"
)

// An event is a place in the calendar. Events of one instant are in the order
// of seq.
type event struct {
	at   int64
	seq  uint64
	id   int32
	kind eventKind
}

// before is 1 if e comes before f, and else 0. It is computed, not branched on:
// which of two events is the earlier, the processor cannot foresee.
func (e *event) before(f *event) int {
	_, borrow := bits.Sub64(e.seq, f.seq, 0)
	_, borrow = bits.Sub64(uint64(e.at), uint64(f.at), borrow)
	return int(borrow)
}

// calendar holds the events to come. The next few are in order; the others, of
// which there are none while few clients are there, are a heap. Its zero value
// is empty. It must not be copied.
type calendar struct {
	near [nearEvents]event // the first n, the latest one first
	n    int
	far  []event // a heap of those later than all of near; empty if near is
}

const nearEvents = 16

func (c *calendar) len() int { return c.n + len(c.far) }

// first returns the next event, or nil.
func (c *calendar) first() *event {
	if c.n == 0 {
		return nil
	}
	return &c.near[uint(c.n-1)%nearEvents]
}

// push adds an event whose seq is the highest so far.
func (c *calendar) push(e event) {
	if c.n == nearEvents && e.at < c.near[0].at {
		const half = nearEvents / 2
		for _, later := range c.near[:half] {
			c.pushFar(later)
		}
		c.n = copy(c.near[:], c.near[half:])
	}
	if c.n == nearEvents || len(c.far) > 0 && e.at >= c.far[0].at {
		c.pushFar(e)
		return
	}
	i := c.n
	c.n++
	for ; i > 0; i-- {
		// The remainders spare the checks of bounds that hold anyway.
		earlier := &c.near[uint(i-1)%nearEvents]
		if earlier.at > e.at {
			break
		}
		c.near[uint(i)%nearEvents] = *earlier
	}
	c.near[uint(i)%nearEvents] = e
}

// pop removes the next event.
func (c *calendar) pop() {
	c.n--
	if c.n == 0 && len(c.far) > 0 {
		c.refill()
	}
}

// refill moves the first half of what near can hold there.
func (c *calendar) refill() {
	for c.n < nearEvents/2 && len(c.far) > 0 {
		c.near[c.n] = c.popFar()
		c.n++
	}
	slices.Reverse(c.near[:c.n])
}

// keep removes the events for which f is false.
func (c *calendar) keep(f func(event) bool) {
	all := append(slices.Clone(c.near[:c.n]), c.far...)
	c.n, c.far = 0, c.far[:0]
	for _, e := range all {
		if f(e) {
			c.pushFar(e)
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
		if e.before(&h[up]) == 0 {
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
		if down+1 < len(h) {
			down += h[down+1].before(&h[down])
		}
		if h[down].before(&e) == 0 {
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
