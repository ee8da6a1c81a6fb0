package forecast_test

import (
	"math"
	"slices"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// report counts what the twin has written down. The length of a step of the
// timeline is the report's own choice.
func (t *twin) report(step time.Duration) forecast.Report {
	r := forecast.Report{
		Name: t.s.Name, Windows: t.s.Windows, Service: t.s.Service,
		Unit: t.p.Rule.Unit, Limit: t.p.Limit, Discipline: t.p.Discipline,
		Seed: t.s.Seed, Length: t.now,
		Clients: t.clients, Planned: int64(t.s.Clients), Visits: t.visits, Served: t.served,
		Timeline: forecast.Timeline{Step: step, Steps: t.steps(step)},
	}
	var waits, accepts []time.Duration
	for _, thing := range t.things {
		if !t.counts(thing) {
			continue
		}
		r.Asked++
		r.Attempts += int64(thing.attempts)
		accepts = append(accepts, thing.backlog...)
		in := thing.outcome == simulate.Admitted || thing.outcome == simulate.Waited
		switch {
		case !thing.decided:
			r.Unfinished++
			if in {
				r.Retrying++
			}
		case in:
			r.Admitted++
			waits = append(waits, thing.waited)
			if thing.outcome == simulate.Waited {
				r.Waited++
			}
		case thing.outcome == simulate.Refused:
			r.Refused++
			if thing.refused {
				r.Backlog.Refused++
			}
		case thing.outcome == simulate.TimedOut:
			r.TimedOut++
		default:
			r.Abandoned++
		}
	}
	r.Wait = sumUp(waits)
	level := func(of func(twinLevels) int) forecast.Level {
		return t.level(t.s.Warmup, t.now, math.MaxInt64, of)
	}
	r.Held = level(func(l twinLevels) int { return l.held })
	r.Queued = level(func(l twinLevels) int { return l.queued })
	r.FullShare = level(func(l twinLevels) int {
		if t.p.Limit.Holds(l.held + 1) {
			return 0
		}
		return 1
	}).Mean
	if t.s.AcceptTime.Mean() > 0 {
		r.Backlog.Limit = t.backlog
		r.Backlog.Held = level(func(l twinLevels) int { return l.backlog })
		r.Backlog.Repeated = t.count(markBacklogRepeated)
		r.Backlog.Wait = sumUp(accepts)
	}
	r.Seen = t.seen()
	r.Assumed = t.assumed(r)
	return r
}

// counts reports whether a thing is in the counts, being asked for after the
// warm-up.
func (t *twin) counts(thing *twinThing) bool { return thing.asked >= t.s.Warmup }

// count returns how many marks of a kind are in the counts.
func (t *twin) count(kind twinMarkKind) int64 {
	var n int64
	for _, m := range t.marks {
		if m.kind == kind && (m.thing == nil && m.at >= t.s.Warmup || m.thing != nil && t.counts(m.thing)) {
			n++
		}
	}
	return n
}

// level is the mean over time of a number between two times, and its peak in
// what happens before the third.
func (t *twin) level(from, to, before time.Duration, of func(twinLevels) int) forecast.Level {
	var level forecast.Level
	sum := 0.0
	for i, l := range t.levels {
		until := to
		if i+1 < len(t.levels) {
			until = min(to, t.levels[i+1].at)
		}
		if begin := max(from, l.at); until > begin {
			sum += float64(of(l)) * (until - begin).Seconds()
		}
		if l.at < before && until >= from {
			level.Peak = max(level.Peak, int64(of(l)))
		}
	}
	if to > from {
		level.Mean = sum / (to - from).Seconds()
	}
	return level
}

// steps are the timeline. What happens where a step ends belongs to the next,
// also at the end of the run, if that makes no more than 64 steps.
func (t *twin) steps(step time.Duration) []forecast.Step {
	n := int((t.now + step - 1) / step)
	if n < 64 && t.happened == time.Duration(n)*step {
		n++
	}
	steps := make([]forecast.Step, n)
	for i := range steps {
		from := time.Duration(i) * step
		to, before := min(from+step, t.now), from+step
		if i == n-1 {
			before = math.MaxInt64
		}
		steps[i] = forecast.Step{
			Held:    t.level(from, to, before, func(l twinLevels) int { return l.held }),
			Queued:  t.level(from, to, before, func(l twinLevels) int { return l.queued }),
			Backlog: t.level(from, to, before, func(l twinLevels) int { return l.backlog }),
		}
		for _, m := range t.marks {
			switch {
			case m.at < from || m.at >= before:
			case m.kind == markAdmitted:
				steps[i].Admitted++
			case m.kind == markRefused || m.kind == markBacklogRefused:
				steps[i].Refused++
			}
		}
	}
	return steps
}

func sumUp(waits []time.Duration) forecast.Waits {
	if len(waits) == 0 {
		return forecast.Waits{}
	}
	var sum time.Duration
	for _, w := range waits {
		sum += w
	}
	slices.Sort(waits)
	rank := func(percent int) time.Duration { return waits[(len(waits)*percent+99)/100-1] }
	return forecast.Waits{
		Mean: sum / time.Duration(len(waits)),
		P50:  rank(50), P90: rank(90), P95: rank(95), P99: rank(99),
		Max: waits[len(waits)-1],
	}
}

// seen is what the clients saw and what Windows logged.
func (t *twin) seen() []forecast.Seen {
	rule := t.p.Rule // as it is under the settings
	rule.Default, rule.Ceiling, rule.Discipline, rule.Queue = t.p.Limit, t.p.Ceiling, t.p.Discipline, t.p.Queue
	timedOut, abandoned := t.count(markTimedOut), t.count(markAbandoned)
	var all []forecast.Seen
	if rule.Unit == limits.UnitRequests {
		all = append(all, forecast.Seen{Symptom: rule.Symptom(), Count: t.count(markWaited) + timedOut + abandoned})
	} else {
		all = append(all, forecast.Seen{Outcome: simulate.TimedOut, Count: timedOut}, forecast.Seen{Outcome: simulate.Abandoned, Count: abandoned})
	}
	refused := forecast.Seen{Symptom: rule.Refusal(), Count: t.count(markRefused)}
	if refused.Symptom == limits.UnknownSymptom {
		refused.Outcome = simulate.Refused
	}
	log := limits.SymptomEvent4231
	if t.p.PerDestination { // the ports of one destination are used up, and not those of the machine
		refused.Symptom, log = limits.SymptomAddressInUse, limits.SymptomEvent4227
	}
	all = append(all, refused,
		forecast.Seen{Symptom: limits.SymptomConnectionRefused, Count: t.count(markBacklogRefused)},
		forecast.Seen{Symptom: limits.SymptomSlowConnect, Count: t.count(markBacklogRepeated)},
		forecast.Seen{Symptom: limits.SymptomEvent4226, Count: t.count(markQueueLogged)},
		forecast.Seen{Symptom: log, Count: t.count(markRefusalLogged)},
		forecast.Seen{Answer: forecast.Connected, Count: t.count(markConnected)},
		forecast.Seen{Answer: forecast.Reset, Count: t.count(markReset)},
		forecast.Seen{Answer: forecast.Unanswered, Count: t.count(markUnanswered)},
	)
	return slices.DeleteFunc(all, func(s forecast.Seen) bool { return s.Count == 0 })
}

// assumed is what the scenario left open and the report depends on.
func (t *twin) assumed(r forecast.Report) []forecast.Assumption {
	together := 0 // the most connections that come for the first time at one instant
	came := t.draws.arrivals[:t.clients]
	for _, at := range came {
		n := 0
		for _, other := range came {
			if other == at {
				n += max(1, t.s.Connections)
			}
		}
		together = max(together, n)
	}
	connections := t.p.Rule.Unit == limits.UnitConnections
	accepts := slices.Contains([]limits.Service{limits.IIS, limits.FTP, limits.SMTP, limits.Telnet, limits.TCPOther}, t.s.Service)
	atRest := t.s.Idle.Mean()
	if t.s.Requests > 1 {
		atRest = max(atRest, t.s.ThinkTime.Mean())
	}
	var all []forecast.Assumption
	for assumption, is := range map[forecast.Assumption]bool{
		forecast.KeptForAMinute: t.s.Service == limits.IIS && connections && t.s.Idle.IsZero() && !t.p.ClosesAfterRequest,
		forecast.KeptInTimeWait: t.s.Service == limits.TCPOutbound && t.s.Destinations.PeerCloses == 0,
		forecast.AcceptedAtOnce: accepts && t.s.AcceptTime.IsZero() && !t.backlog.Holds(together),
		forecast.WaitForEver:    t.s.Patience.IsZero() && r.Queued.Peak > 0,
		forecast.NoQueueTimeout: t.s.Service == limits.IIS && t.s.Settings.QueueTimeout == 0 && t.p.IdleTimeout > 0 && r.Wait.Max > t.p.IdleTimeout,
		forecast.NeverDisconnected: t.s.Service == limits.SMB && t.s.AutoDisconnect == 0 && r.Refused > 0 &&
			atRest > t.s.Windows.Edition.AutoDisconnect().Value,
		forecast.NotPaced: t.s.Service == limits.TCPHalfOpen && t.s.Settings.HalfOpen.ReleaseRate == 0 && r.Queued.Peak > 0,
	} {
		if is {
			all = append(all, assumption)
		}
	}
	return all
}
