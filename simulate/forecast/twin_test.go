package forecast_test

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// A twin acts a scenario out a second time. It knows Scenario, Policy and what
// their documentation says, and shares no code with Run. It is slow and plain:
// it looks through all events for the next one, writes every change down, and
// counts when the run is over (see report).
type twin struct {
	s       forecast.Scenario
	p       simulate.Policy
	backlog limits.Limit // how many connections the socket of the program holds
	draws   twinDraws

	now      time.Duration
	happened time.Duration // the last event
	events   []*twinEvent
	caused   int // how many events there have been

	held      int
	queue     []*twinWait
	turns     []*twinEvent  // the next turn to leave the queue
	quiet     time.Duration // no event 4226 is logged before
	logged    bool          // a refusal was logged, and no slot given back since
	arrived   []*twinWait   // in the backlog
	accepting bool

	clients, visits, served int64
	things                  []*twinThing
	outcomes                []forecast.ClientOutcome
	levels                  []twinLevels
	marks                   []twinMark
}

// twinDraws are the random choices of a scenario.
type twinDraws struct {
	arrivals []time.Duration // when each client comes for the first time
	of       func(twinKey) twinDraw
}

// twinDraw is what is drawn for one request.
type twinDraw struct {
	service, think, roundTrip time.Duration
	// destination is what a dial meets: Connected, Reset, or Unanswered if it is
	// dead.
	destination forecast.Answer
	peerCloses  bool
}

type twinKey struct{ client, visit, connection, request int }

func (k twinKey) next() twinKey { k.request++; return k }

// twinEvent is something that is going to happen.
type twinEvent struct {
	at     time.Duration
	caused int
	do     func()
	idle   bool // it keeps no run going
}

// twinThing is one thing that wants a slot, with all its tries.
type twinThing struct {
	twinKey
	asked    time.Duration
	attempts int
	decided  bool
	outcome  simulate.Outcome // of the last try; unknown as long as it has none
	waited   time.Duration    // of the last try, in the queue
	refused  bool             // by the backlog, at the last try
	backlog  []time.Duration  // how long each try that was accepted was there
	got      func()           // goes on when the last try has its slot
	failed   func()           // goes on when the last try has none
}

// twinWait is one try in the queue or in the backlog.
type twinWait struct {
	thing *twinThing
	since time.Duration
	ends  []*twinEvent // what ends the wait without a slot
}

// twinLevels are the numbers that hold from a time on.
type twinLevels struct {
	at                    time.Duration
	held, queued, backlog int
}

// twinMark is something that happened to one try, or to none.
type twinMark struct {
	at    time.Duration
	kind  twinMarkKind
	thing *twinThing
}

type twinMarkKind uint8

const (
	markAdmitted twinMarkKind = iota
	markWaited
	markRefused
	markTimedOut
	markAbandoned
	markBacklogRefused
	markBacklogRepeated
	markConnected
	markReset
	markUnanswered
	markQueueLogged
	markRefusalLogged
)

// newTwin returns the twin of a scenario. The error is that of a machine that
// cannot be.
func newTwin(s forecast.Scenario, draws twinDraws) (*twin, error) {
	host, err := simulate.New(s.Windows, &s.Settings)
	if err != nil {
		return nil, err
	}
	t := &twin{s: s, draws: draws}
	if t.p, err = host.Policy(s.Service); err != nil {
		return nil, err
	}
	backlog, err := host.Policy(limits.TCPBacklog)
	if err == nil {
		t.backlog, err = backlog.Listen(s.Backlog)
	}
	return t, err
}

// run acts out all there is.
func (t *twin) run() {
	t.change()
	t.arrive(0)
	for slices.ContainsFunc(t.events, func(e *twinEvent) bool { return !e.idle || t.s.Until > 0 }) {
		next := slices.MinFunc(t.events, func(a, b *twinEvent) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.caused, b.caused))
		})
		if t.s.Until > 0 && next.at > t.s.Until {
			break
		}
		t.cancel(next)
		t.now, t.happened = next.at, next.at
		next.do()
	}
	t.now = max(t.now, t.s.Until)
}

// after has something happen later.
func (t *twin) after(d time.Duration, do func()) *twinEvent {
	t.caused++
	e := &twinEvent{at: t.now + d, caused: t.caused, do: do}
	t.events = append(t.events, e)
	return e
}

func (t *twin) cancel(events ...*twinEvent) {
	for _, e := range events {
		t.events = slices.DeleteFunc(t.events, func(other *twinEvent) bool { return other == e })
	}
}

func (t *twin) change() {
	t.levels = append(t.levels, twinLevels{t.now, t.held, len(t.queue), len(t.arrived)})
}

func (t *twin) mark(kind twinMarkKind, thing *twinThing) {
	t.marks = append(t.marks, twinMark{t.now, kind, thing})
}

// try makes one try, which goes through the backlog unless the connection is
// open.
func (t *twin) try(thing *twinThing, open bool) {
	thing.attempts++
	thing.outcome, thing.refused = simulate.UnknownOutcome, false
	if open || t.s.AcceptTime.Mean() == 0 {
		t.ask(thing)
	} else {
		t.syn(thing, 0)
	}
}

// syn sends the n-th SYN of a try.
func (t *twin) syn(thing *twinThing, n int) {
	again := limits.RefusedConnectRetries().Value
	switch {
	case t.backlog.Holds(len(t.arrived) + 1):
		if n > 0 {
			t.mark(markBacklogRepeated, thing)
		}
		t.arrived = append(t.arrived, &twinWait{thing: thing, since: t.now})
		t.change()
		t.accept()
	case t.s.WindowsClients && n < again.Count:
		t.after(again.Interval, func() { t.syn(thing, n+1) })
	default:
		thing.refused = true
		t.fail(thing, simulate.Refused, markBacklogRefused)
	}
}

// accept has the program accept the connection that has waited longest.
func (t *twin) accept() {
	if t.accepting || len(t.arrived) == 0 {
		return
	}
	t.accepting = true
	t.after(t.s.AcceptTime.Mean(), func() {
		w := t.arrived[0]
		t.arrived = t.arrived[1:]
		t.change()
		w.thing.backlog = append(w.thing.backlog, t.now-w.since)
		t.accepting = false
		t.accept()
		t.ask(w.thing)
	})
}

// ask asks the limit for a slot.
func (t *twin) ask(thing *twinThing) {
	switch {
	case t.dials() && !t.s.Patience.IsZero() && t.s.Patience.Mean() == 0:
		t.fail(thing, simulate.TimedOut, markTimedOut)
	case t.p.Limit.Holds(t.held+1) && len(t.queue) == 0:
		t.admit(thing, simulate.Admitted, 0)
	case t.p.Discipline == limits.Queue && t.p.Queue.Holds(len(t.queue)+1):
		t.wait(&twinWait{thing: thing, since: t.now})
	default:
		if t.p.RefusalEvent != 0 && !t.logged {
			t.logged = true
			t.mark(markRefusalLogged, nil)
		}
		t.fail(thing, simulate.Refused, markRefused)
	}
}

// wait puts a try into the queue.
func (t *twin) wait(w *twinWait) {
	t.queue = append(t.queue, w)
	t.change()
	ends := func(after time.Duration, outcome simulate.Outcome, kind twinMarkKind) {
		w.ends = append(w.ends, t.after(after, func() {
			t.leave(w)
			t.fail(w.thing, outcome, kind)
		}))
	}
	switch {
	case t.s.Patience.IsZero():
	case t.dials():
		ends(t.s.Patience.Mean(), simulate.TimedOut, markTimedOut)
	default:
		ends(t.s.Patience.Mean(), simulate.Abandoned, markAbandoned)
	}
	if t.p.QueueTimeout > 0 {
		ends(t.p.QueueTimeout, simulate.TimedOut, markTimedOut)
	}
	if len(t.queue) == 1 {
		t.log()
		t.turn()
	}
}

// leave takes a try out of the queue.
func (t *twin) leave(w *twinWait) {
	t.cancel(w.ends...)
	t.queue = slices.DeleteFunc(t.queue, func(other *twinWait) bool { return other == w })
	t.change()
	if len(t.queue) == 0 {
		t.cancel(t.turns...)
	}
}

// log logs event 4226, but no sooner than an EventInterval after the last one,
// and again an EventInterval later if attempts wait then.
func (t *twin) log() {
	if !t.p.LogsQueue || t.now < t.quiet {
		return
	}
	t.mark(markQueueLogged, nil)
	if t.p.EventInterval > 0 {
		t.quiet = t.now + t.p.EventInterval
		t.after(t.p.EventInterval, func() {
			if len(t.queue) > 0 {
				t.log()
			}
		}).idle = true
	}
}

// turn lets one attempt leave the queue, a ReleaseInterval from now.
func (t *twin) turn() {
	if t.p.ReleaseInterval == 0 {
		return
	}
	e := t.after(t.p.ReleaseInterval, func() {
		t.next()
		if len(t.queue) > 0 {
			t.turn()
		}
	})
	e.idle = !t.p.Limit.Holds(1)
	t.turns = []*twinEvent{e}
}

// next gives a slot to the try that has waited longest and whose wait does not
// end at this instant.
func (t *twin) next() {
	for len(t.queue) > 0 && t.p.Limit.Holds(t.held+1) {
		w := t.queue[0]
		over := slices.IndexFunc(w.ends, func(e *twinEvent) bool { return e.at <= t.now })
		if over < 0 {
			t.leave(w)
			t.admit(w.thing, simulate.Waited, t.now-w.since)
			return
		}
		w.ends[over].do()
	}
}

func (t *twin) admit(thing *twinThing, outcome simulate.Outcome, waited time.Duration) {
	t.held++
	t.change()
	thing.outcome, thing.waited = outcome, waited
	t.mark(markAdmitted, thing)
	if outcome == simulate.Waited {
		t.mark(markWaited, thing)
	}
	thing.got()
}

func (t *twin) release() {
	t.held--
	t.change()
	t.logged = false
	if t.p.ReleaseInterval == 0 {
		t.next()
	}
}

// fail ends a try that got no slot.
func (t *twin) fail(thing *twinThing, outcome simulate.Outcome, kind twinMarkKind) {
	t.mark(kind, thing)
	thing.outcome = outcome
	switch {
	case thing.attempts <= t.s.Retry.Max:
		t.again(thing)
		return
	case thing.refused:
		t.decide(thing, 0, forecast.Reset)
	default:
		t.decide(thing, 0, forecast.NotDialled)
	}
	thing.failed()
}

// again tries again. A request whose connection was accepted stays on it.
func (t *twin) again(thing *twinThing) {
	wait := float64(t.s.Retry.Backoff.Mean())
	if t.s.Retry.Factor > 0 {
		wait *= math.Pow(t.s.Retry.Factor, float64(thing.attempts-1))
	}
	if t.s.Retry.Limit > 0 {
		wait = min(wait, float64(t.s.Retry.Limit))
	}
	open := t.p.Rule.Unit == limits.UnitRequests && (thing.request > 0 || len(thing.backlog) > 0)
	t.after(time.Duration(wait), func() { t.try(thing, open) })
}
