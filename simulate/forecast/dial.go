package forecast

import (
	"fmt"
	"math/rand/v2"

	"github.com/winlimits/winlimits/simulate"
)

// Answer is what a dial met once it had its slot. The zero value is NotDialled.
type Answer uint8

// The answers.
const (
	// NotDialled: there was no dial, or it got no slot.
	NotDialled Answer = iota
	// Connected: the destination accepted the connection.
	Connected
	// Reset: the destination, or a listen backlog, refused the connection.
	Reset
	// Unanswered: there was no answer when the dial gave up.
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

// MarshalText returns the text of String. A value that is not declared is an error.
func (a Answer) MarshalText() ([]byte, error) {
	if int(a) >= len(answerNames) {
		return nil, fmt.Errorf("forecast: %d is no answer; there are %d", uint8(a), len(answerNames))
	}
	return []byte(answerNames[a]), nil
}

// UnmarshalText accepts the texts of String.
func (a *Answer) UnmarshalText(text []byte) error {
	for i, name := range answerNames {
		if name == string(text) {
			*a = Answer(i)
			return nil
		}
	}
	return fmt.Errorf("forecast: unknown answer %.100q; want one of %q", text, answerNames)
}

// A destinationKind is how a destination answers a dial.
type destinationKind uint8

const (
	liveDestination destinationKind = iota
	refusingDestination
	deadDestination
)

func (d destinationKind) answer() Answer { return Connected + Answer(d) }

// destination draws the kind of destination that the next dial goes to.
func (p *plan) destination(r *rand.Rand) destinationKind {
	if p.refusing == 0 && p.dead == 0 {
		return liveDestination
	}
	switch x := r.Float64(); {
	case x < p.dead:
		return deadDestination
	case x < p.dead+p.refusing:
		return refusingDestination
	}
	return liveDestination
}

// answerTime draws how long a destination takes to answer a dial.
func (p *plan) answerTime(r *rand.Rand, d destinationKind) int64 {
	if d == deadDestination {
		return p.giveUp
	}
	return p.trip.draw(r)
}

// redial makes a connection ready for an attempt. A retry goes to the destination of
// the attempt before.
func (k *kernel) redial(c *conn) {
	if c.attempts == 1 {
		c.destination = k.plan.destination(rand.New(&c.src))
	} else if c.answer != NotDialled && c.asked >= k.warmup {
		k.retrying--
	}
	c.answer = NotDialled
}

// dial lets a connection attempt that has its slot dial.
func (k *kernel) dial(c *conn, id int32, o simulate.Outcome) {
	p := &k.plan
	d := p.answerTime(rand.New(&c.src), c.destination)
	c.answer = c.destination.answer()
	// The dial ends when the first of system and caller gives up.
	if left := min(p.giveUp, k.queue.tickets[id].until-k.now); left < d {
		d, c.answer = left, Unanswered
	}
	end := after(k.now, d)
	if p.ports && c.answer == Connected {
		end = k.keepPort(c, id, end)
	} else {
		k.push(end, releaseEvent, id)
	}
	if c.answer == Connected || int(c.attempts) > p.retries {
		k.decide(c, id, o, end)
	} else if c.asked >= k.warmup {
		k.retrying++
	}
}

// portTime draws how long a connection is open, and how long its port is in
// TIME_WAIT after that.
func (p *plan) portTime(r *rand.Rand) (open, wait int64) {
	open, wait = p.service.draw(r), p.timeWait
	if p.peerCloses > 0 && r.Float64() < p.peerCloses {
		wait = 0
	}
	return open, wait
}

// keepPort lets a dial that connected keep its port, and returns when the port comes
// free. The client goes on when the connection is closed.
func (k *kernel) keepPort(c *conn, id int32, answered int64) (free int64) {
	open, wait := k.plan.portTime(rand.New(&c.src))
	closed := after(answered, open)
	k.push(answered, connectedEvent, id)
	if wait == 0 {
		k.push(closed, releaseEvent, id)
		return closed
	}
	k.push(closed, closeEvent, id)
	free = after(closed, wait)
	k.push(free, portEvent, id)
	return free
}

// dialled goes on after a dial: when it has failed, when it has its answer (where
// attempts are counted), or when its connection has been closed (where ports are).
func (k *kernel) dialled(c *conn, id int32) {
	if c.answer != Connected || !k.plan.ports { // else there was a connectedEvent
		k.answered(c)
	}
	if c.answer != Connected && int(c.attempts) <= k.plan.retries {
		k.retry(c, id)
		return
	}
	k.nextDial(c, id)
}

// answered counts what a dial has met.
func (k *kernel) answered(c *conn) {
	if c.asked >= k.warmup {
		k.answers[c.answer]++
	}
}

// nextDial begins what follows a dial, failed or not: the next dial, or the end.
func (k *kernel) nextDial(c *conn, id int32) {
	p, w, r := &k.plan, k.queue.tickets[id], rand.New(&c.src)
	w.failed = w.failed && c.request > 0 || c.answer != Connected
	kind, d := doneEvent, int64(0)
	if int(c.request)+1 < p.requests {
		kind, d = nextEvent, p.think.draw(r)
	}
	if c.answer == Connected && !p.ports {
		d = after(d, p.service.draw(r))
	}
	if kind == doneEvent && d == 0 {
		k.done(c, id, !w.failed)
		return
	}
	k.push(after(k.now, d), kind, id)
}
