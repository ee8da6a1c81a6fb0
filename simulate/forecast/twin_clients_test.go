package forecast_test

import (
	"math"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func (t *twin) dials() bool {
	return t.s.Service == limits.TCPHalfOpen || t.s.Service == limits.TCPOutbound
}

func (t *twin) last(k twinKey) bool { return k.request == max(1, t.s.Requests)-1 }

// arrive has a client come when it is its time, which causes that of the next.
func (t *twin) arrive(client int) {
	if client == t.s.Clients {
		return
	}
	t.after(t.draws.arrivals[client]-t.now, func() {
		t.clients++
		t.arrive(client + 1)
		t.visit(client, 0)
	})
}

// visit opens the connections of a visit. The next visit follows when all of
// them are over.
func (t *twin) visit(client, visit int) {
	open, good := max(1, t.s.Connections), true
	over := func() {
		if open--; open > 0 {
			return
		}
		t.visits++
		if good {
			t.served++
		}
		if visit+1 < max(1, t.s.Visits) || t.s.Visits == forecast.Forever {
			t.after(max(1, t.s.Away.Mean()), func() { t.visit(client, visit+1) })
		}
	}
	for c := range open {
		t.request(twinKey{client, visit, c, 0}, false, &good, over)
	}
}

// request asks for what the request needs: a dial, a slot for itself, or one
// for its connection. open says that its connection is open already.
func (t *twin) request(k twinKey, open bool, good *bool, over func()) {
	thing := &twinThing{twinKey: k, asked: t.now}
	t.things = append(t.things, thing)
	draw := t.draws.of(k)
	thing.failed = func() { *good = false; over() }
	switch {
	case t.dials():
		goOn := func(used time.Duration) {
			switch {
			case !t.last(k):
				t.after(used+draw.think, func() { t.request(k.next(), false, good, over) })
			case used > 0:
				t.after(used, over)
			default:
				over()
			}
		}
		thing.failed = func() { *good = false; goOn(0) }
		thing.got = func() { t.dial(thing, draw, goOn) }
	case t.p.Rule.Unit == limits.UnitRequests:
		thing.got = func() {
			t.decide(thing, draw.service, forecast.NotDialled)
			t.after(draw.service, func() {
				if t.last(k) {
					over()
				} else {
					t.after(draw.think, func() { t.request(k.next(), true, good, over) })
				}
				t.release()
			})
		}
	default:
		thing.got = func() {
			used, idle, last := t.connection(k)
			t.decide(thing, used+idle, forecast.NotDialled)
			if !t.last(last) { // another connection is needed
				t.after(used, func() {
					t.after(t.draws.of(last).think, func() { t.request(last.next(), false, good, over) })
				})
			}
			t.after(used+idle, func() {
				if t.last(last) {
					over()
				}
				t.release()
			})
		}
	}
	t.try(thing, open)
}

// connection returns how long a connection that is opened for a request is
// used, how long it is idle after that, and the last request on it.
func (t *twin) connection(k twinKey) (used, idle time.Duration, last twinKey) {
	for ; ; k = k.next() {
		used += t.draws.of(k).service
		idle = t.draws.of(k).think
		if t.last(k) {
			idle = t.idle()
		}
		if ends := t.idleTimeout(); idle > ends || t.p.ClosesAfterRequest {
			return used, ends, k
		}
		if t.last(k) {
			return used, idle, k
		}
		used += idle
	}
}

// idle is how long a client leaves its connection open after the last request.
func (t *twin) idle() time.Duration {
	if t.s.Idle.IsZero() && t.s.Service == limits.IIS {
		return limits.BrowserKeepAlive().Value
	}
	return t.s.Idle.Mean()
}

// idleTimeout is when Windows closes a connection that is idle.
func (t *twin) idleTimeout() time.Duration {
	switch {
	case t.p.ClosesAfterRequest:
		return 0
	case t.s.Service == limits.IIS && t.p.IdleTimeout > 0:
		return t.p.IdleTimeout
	case t.s.Service == limits.SMB && t.s.AutoDisconnect > 0:
		return t.s.AutoDisconnect
	}
	return math.MaxInt64
}

// dial dials: it has its slot.
func (t *twin) dial(thing *twinThing, draw twinDraw, goOn func(used time.Duration)) {
	answer, ends := draw.destination, draw.roundTrip
	if answer == forecast.Unanswered || ends > t.p.SYN.GiveUp() {
		answer, ends = forecast.Unanswered, t.p.SYN.GiveUp()
	}
	if left := t.s.Patience.Mean() - thing.waited; !t.s.Patience.IsZero() && ends > left {
		answer, ends = forecast.Unanswered, left
	}
	connected := answer == forecast.Connected
	open, slot := time.Duration(0), ends // how long the connection is open with its slot, and the slot held
	if connected && t.s.Service == limits.TCPOutbound {
		open = draw.service
		slot += open
		if !draw.peerCloses {
			slot += t.p.TimeWait.IPv4
		}
	}
	retries := !connected && thing.attempts <= t.s.Retry.Max
	if !retries {
		t.decide(thing, slot, answer)
	}
	t.after(ends, func() {
		t.mark(map[forecast.Answer]twinMarkKind{
			forecast.Connected: markConnected, forecast.Reset: markReset, forecast.Unanswered: markUnanswered,
		}[answer], thing)
	})
	t.after(ends+open, func() {
		switch {
		case retries:
			t.again(thing)
		case !connected:
			thing.failed()
		default:
			goOn(draw.service - open)
		}
	})
	t.after(slot, t.release)
}

// decide writes down what became of a thing that holds a slot for a time.
func (t *twin) decide(thing *twinThing, held time.Duration, answer forecast.Answer) {
	thing.decided = true
	t.outcomes = append(t.outcomes, forecast.ClientOutcome{
		Client: thing.client, Visit: thing.visit, Connection: thing.connection, Request: thing.request,
		Outcome: thing.outcome, Answer: answer, Attempts: thing.attempts,
		Asked: thing.asked, Decided: t.now, Released: t.now + held,
	})
}
