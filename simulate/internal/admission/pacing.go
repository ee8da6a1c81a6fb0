package admission

import "math"

// Never is the instant that never comes.
const Never = math.MaxInt64

// Pacing says when the attempts in a queue are let in one by one, and when the event log
// gets an entry about the queue. Instants are nanoseconds since a start that the owner
// chooses. The owner calls Begin when a queue begins, and asks for Next. When that
// instant has come, it calls Due and then After:
//
//	release, log := p.Due(now)
//	if release {
//		... let one attempt in, if a slot is free ...
//	}
//	if p.After(now, release, log, whether any is still queued) {
//		... write to the event log ...
//	}
//
// The zero Pacing paces and logs nothing: attempts get in as slots come free.
type Pacing struct {
	// Every is the time between two attempts that are let in, in nanoseconds. 0 lets
	// them in as slots come free.
	Every int64
	// Logs says that a queue is logged when it begins, and again after each Interval
	// for as long as it lasts. If Interval is 0, it is logged only when it begins.
	Logs     bool
	Interval int64

	release, log instant
	last         instant // when the last entry was written
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

// Begin notes that a queue has begun, and reports whether to log that.
func (p *Pacing) Begin(now int64) (log bool) {
	if p.Every > 0 {
		p.release = in(now, p.Every)
	}
	return p.due(now)
}

// due reports whether to write an entry now. If the interval since the last entry is not
// over, an entry is due at its end.
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

// Due reports what is due now: whether to let one attempt in, and whether an entry in the
// log may be due, which After decides.
func (p *Pacing) Due(now int64) (release, log bool) {
	release, log = p.release.set && p.release.at <= now, p.log.set && p.log.at <= now
	p.release.set = p.release.set && !release
	p.log.set = p.log.set && !log
	return release, log
}

// After takes what Due has reported, and whether any attempt is still queued. It sets the
// next instant, and reports whether to write to the log.
func (p *Pacing) After(now int64, release, log, queued bool) (write bool) {
	if release && queued {
		p.release = in(now, p.Every)
	}
	return log && queued && p.due(now)
}
