package admission

import "math"

// Never is an instant that does not come.
const Never = math.MaxInt64

// Pacing says when the attempts in a queue are let go one by one, and when the
// event log has an entry about the queue. Instants are nanoseconds since a
// start that its owner chooses. Its owner tells it when a queue begins, asks
// for Next, and when that has come calls Due and then After:
//
//	release, log := p.Due(now)
//	if release {
//		... let one attempt go, if a slot is free ...
//	}
//	if p.After(now, release, log, whether any still waits) {
//		... write to the event log ...
//	}
//
// The zero Pacing does nothing: attempts go as slots come free, and nothing is
// logged.
type Pacing struct {
	// Every is the time between two releases; 0 releases as slots come free.
	Every int64
	// Logs says that a queue is logged when it begins, and again each Interval
	// for as long as it lasts. If Interval is 0, it is logged when it begins.
	Logs     bool
	Interval int64

	release, log instant
	last         instant // of the last entry
}

// An instant is a point in time, or none if set is false.
type instant struct {
	at  int64
	set bool
}

func in(now, d int64) instant {
	if sum := now + d; sum >= now {
		return instant{sum, true}
	}
	return instant{Never, true}
}

// IsZero reports whether there is nothing to pace and nothing to log.
func (p *Pacing) IsZero() bool { return p.Every == 0 && !p.Logs }

// Begin tells that a queue has begun, and reports whether that is to be logged.
func (p *Pacing) Begin(now int64) (log bool) {
	if p.Every > 0 {
		p.release = in(now, p.Every)
	}
	return p.due(now)
}

// due reports whether an entry is to be written now. If not, the question is
// asked again when the interval is over.
func (p *Pacing) due(now int64) bool {
	if !p.Logs || p.Interval == 0 {
		return p.Logs
	}
	if next := in(p.last.at, p.Interval); p.last.set && now < next.at {
		p.log = next
		return false
	}
	p.last = instant{now, true}
	p.log = in(now, p.Interval)
	return true
}

// Next returns the instant at which something is due, or Never.
func (p *Pacing) Next() int64 {
	next := int64(Never)
	if p.release.set {
		next = p.release.at
	}
	if p.log.set {
		next = min(next, p.log.at)
	}
	return next
}

// Due reports what is due: to let one attempt go, and to look whether there is
// something to log.
func (p *Pacing) Due(now int64) (release, log bool) {
	release, log = p.release.set && p.release.at <= now, p.log.set && p.log.at <= now
	p.release.set = p.release.set && !release
	p.log.set = p.log.set && !log
	return release, log
}

// After goes on after what was due, with what is left of the queue, and reports
// whether to write to the log.
func (p *Pacing) After(now int64, release, log, queued bool) (write bool) {
	if release && queued {
		p.release = in(now, p.Every)
	}
	return log && queued && p.due(now)
}
