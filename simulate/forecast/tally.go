package forecast

import "github.com/winlimits/winlimits/simulate"

// tally folds a run into what the report needs.
type tally struct {
	came, visits, served int64

	warmup, until        int64
	demands, attempts    int64
	outcomes             [simulate.Abandoned + 1]int64
	answers              [Unanswered + 1]int64
	retrying             int64
	refusals, logEntries int64
	inVain               int64 // tries whose wait ended without a slot
	waits                waits
	held, queued         int64
	limit                int64
	backlog              *backlog // nil if the program accepts at once

	measuring                bool // the warm-up is over; peaks and full count from then
	heldPeak, queuedPeak     int64
	full                     int64   // time without a free slot
	heldBefore, queuedBefore float64 // areas of the warm-up

	steps        []Step // the steps that are over; a Mean is an area until the report
	current      Step
	step         int64 // length of a step
	stepEnd, end int64 // of the current step, and of the last there can be
	boundary     int64 // when the step, or the warm-up, ends
}

// timelineSteps is the largest number of steps. When they are used up, two become one.
const timelineSteps = 64

// The timeline has this many steps if the guess at the length of the run is right: one
// for every few clients. Finer steps have nothing to show and take time.
const (
	leastExpectedSteps = 16
	mostExpectedSteps  = 40
	clientsPerStep     = 8
)

func (t *tally) init(p *plan) {
	t.warmup, t.until = p.warmup, p.until
	if p.accept != nil {
		t.backlog = new(backlog)
		t.backlog.init(p)
	}
	t.limit = p.limit
	t.measuring = t.warmup == 0
	// The guess at the length saves memory and merging; it may be wrong.
	expected := min(mostExpectedSteps, max(leastExpectedSteps, p.clients/clientsPerStep))
	t.step = roundUp(p.expected / expected)
	t.end = t.step * timelineSteps
	if p.until > 0 {
		t.step, t.end = (p.until+timelineSteps-1)/timelineSteps, never
	}
	t.steps = make([]Step, 0, expected+expected/2)
	t.endStep(t.step)
	t.setBoundary()
}

// roundUp returns a time of at least d whose text has two digits.
func roundUp(d int64) int64 {
	unit := int64(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return (d/unit + 1) * unit
}

// endStep sets the end of the current step. The last one of a run that is cut
// short ends with the run, whose last instant is in it.
func (t *tally) endStep(end int64) {
	if t.stepEnd = end; t.until > 0 && end >= t.until {
		t.stepEnd = never
	}
}

// setBoundary finds the end of the current step, or of the warm-up before it.
func (t *tally) setBoundary() {
	t.boundary = t.stepEnd
	if !t.measuring {
		t.boundary = min(t.boundary, t.warmup)
	}
}

// spend adds up a time in which nothing changes.
func (t *tally) spend(d int64) {
	long := float64(d)
	t.current.Held.Mean += long * float64(t.held)
	t.current.Queued.Mean += long * float64(t.queued)
	if t.backlog != nil {
		t.current.Backlog.Mean += long * float64(t.backlog.held())
	}
	if t.held >= t.limit {
		t.full += d
	}
}

// cross lets time go on over the ends of steps. It returns the beginning of the step in
// which to lies.
func (t *tally) cross(from, to int64) int64 {
	for to >= t.boundary {
		t.spend(t.boundary - from)
		from = t.boundary
		if !t.measuring && from >= t.warmup {
			t.measuring = true
			t.heldBefore, t.queuedBefore = t.areas()
			t.full = 0
			t.heldPeak, t.queuedPeak = t.held, t.queued
			if b := t.backlog; b != nil {
				b.before, b.peak = t.backlogArea(), b.held()
			}
		}
		if from == t.stepEnd {
			t.steps = append(t.steps, t.current)
			t.current = Step{Held: Level{0, t.held}, Queued: Level{0, t.queued}}
			if t.backlog != nil {
				t.current.Backlog.Peak = t.backlog.held()
			}
			t.endStep(after(t.stepEnd, t.step))
			// A long time without events is not gone through step by step.
			for to >= t.end {
				t.merge()
			}
		}
		t.setBoundary()
	}
	return from
}

// areas adds up what was held and queued so far.
func (t *tally) areas() (held, queued float64) {
	for _, s := range t.steps {
		held += s.Held.Mean
		queued += s.Queued.Mean
	}
	return held + t.current.Held.Mean, queued + t.current.Queued.Mean
}

// backlogArea adds up what was in the backlog so far.
func (t *tally) backlogArea() float64 {
	area := t.current.Backlog.Mean
	for _, s := range t.steps {
		area += s.Backlog.Mean
	}
	return area
}

// merge makes one step of two. A step that is over and has no partner becomes the first
// half of the current step.
func (t *tally) merge() {
	n := len(t.steps) / 2
	if 2*n < len(t.steps) {
		t.current.add(t.steps[2*n])
	}
	for i := range n {
		t.steps[i] = t.steps[2*i]
		t.steps[i].add(t.steps[2*i+1])
	}
	t.steps = t.steps[:n]
	t.step *= 2
	t.stepEnd, t.end = t.step, after(t.end, t.end)
	for range n {
		t.stepEnd = after(t.stepEnd, t.step)
	}
}

// add adds up areas and counts.
func (s *Step) add(o Step) {
	s.Held = Level{s.Held.Mean + o.Held.Mean, max(s.Held.Peak, o.Held.Peak)}
	s.Queued = Level{s.Queued.Mean + o.Queued.Mean, max(s.Queued.Peak, o.Queued.Peak)}
	s.Backlog = Level{s.Backlog.Mean + o.Backlog.Mean, max(s.Backlog.Peak, o.Backlog.Peak)}
	s.Admitted += o.Admitted
	s.Refused += o.Refused
}

// entered counts one more slot held.
func (t *tally) entered() {
	t.held++
	t.current.Admitted++
	t.current.Held.Peak = max(t.current.Held.Peak, t.held)
	t.heldPeak = max(t.heldPeak, t.held)
}

// enqueued counts one more attempt in the queue.
func (t *tally) enqueued() {
	t.queued++
	t.current.Queued.Peak = max(t.current.Queued.Peak, t.queued)
	t.queuedPeak = max(t.queuedPeak, t.queued)
}

// refusedNow counts a refused attempt of a connection that asked first at asked.
func (t *tally) refusedNow(asked int64) {
	t.current.Refused++
	if asked >= t.warmup {
		t.refusals++
	}
}
