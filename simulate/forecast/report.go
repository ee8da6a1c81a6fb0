package simulate

import (
	"math/bits"
	"slices"

	"github.com/winlimits/winlimits/limits"
)

// Report is what happened in a run: a plain value that survives JSON. It counts
// what the limit counts (see Unit): connections, sessions, requests or dials.
// What was asked for before Scenario.Warmup is not counted, with its retries;
// Clients, Visits, Served and the Timeline are of the whole run.
type Report struct {
	Name    string         `json:"name,omitempty"`
	Windows limits.Windows `json:"windows"`
	Service limits.Service `json:"service"`
	// Unit is what the rule counts, Limit the one in force, Discipline what met
	// the one too many. limits.Lookup has the rest of the rule.
	Unit       limits.Unit       `json:"unit"`
	Limit      limits.Limit      `json:"limit"`
	Discipline limits.Discipline `json:"discipline"`
	Seed       uint64            `json:"seed"`
	// Length is the virtual time that passed.
	Length Duration `json:"length"`

	// Clients is how many came, Visits how many visits they finished, and
	// Served in how many of those nothing was turned away and every dial
	// connected.
	Clients int64 `json:"clients"`
	Visits  int64 `json:"visits"`
	Served  int64 `json:"served"`

	// Asked is how many connections, sessions, requests or dials wanted a slot.
	// Each of them ended in one of the next lines, Unfinished being those that
	// a run cut short left undecided. Admitted counts all who got in, and
	// Waited those of them who had to wait first, as Stats does. Retrying counts
	// those of Unfinished whose last try got its slot: dials that do not connect
	// and will be tried again.
	Asked      int64 `json:"asked"`
	Admitted   int64 `json:"admitted"`
	Waited     int64 `json:"waited"`
	Refused    int64 `json:"refused"`
	TimedOut   int64 `json:"timedOut"`
	Abandoned  int64 `json:"abandoned"`
	Unfinished int64 `json:"unfinished"`
	Retrying   int64 `json:"retrying,omitempty"`
	// Attempts counts every try, retries included.
	Attempts int64 `json:"attempts"`

	// Wait is how long those who were admitted had been in the queue.
	Wait Waits `json:"wait"`
	// Held and Queued are the slots held and the attempts waiting; FullShare is
	// the share of the time in which no slot was free.
	Held      Level   `json:"held"`
	Queued    Level   `json:"queued"`
	FullShare float64 `json:"fullShare"`

	// Seen is what the clients saw and what Windows logged, what did not happen
	// being left out.
	Seen []Sight `json:"seen,omitempty"`
	// Timeline is the run from its start to its end, warm-up included, in at
	// most 64 steps of equal length.
	Timeline Timeline `json:"timeline"`
}

// Waits sums up waiting times. Mean is over all who were admitted, those who
// did not wait included, and so are the percentiles, which are right to 1.6 per
// cent. Max is exact.
type Waits struct {
	Mean Duration `json:"mean"`
	P50  Duration `json:"p50"`
	P90  Duration `json:"p90"`
	P95  Duration `json:"p95"`
	P99  Duration `json:"p99"`
	Max  Duration `json:"max"`
}

// Level is the mean over time, and the peak, of a number.
type Level struct {
	Mean float64 `json:"mean"`
	Peak int64   `json:"peak"`
}

// Sight is something that was seen, and how often.
type Sight struct {
	What  string `json:"what"`
	Count int64  `json:"count"`
}

// Timeline is a run in steps of equal length.
type Timeline struct {
	Step  Duration `json:"step"`
	Steps []Step   `json:"steps"`
}

// Step is one step of a Timeline: what was held and queued, how many attempts
// the limit let in, and how many it refused.
type Step struct {
	Held     Level `json:"held"`
	Queued   Level `json:"queued"`
	Admitted int64 `json:"admitted"`
	Refused  int64 `json:"refused"`
}

// Lost is the share of what was asked for whose last try got no slot: refused,
// timed out, abandoned, or, when the run was cut short, still in the queue or
// between two tries. That a dial has its slot and does not connect is not the
// limit's doing, so that Retrying is left out. Lost is 0 if nothing was asked for.
func (r *Report) Lost() float64 {
	return ratio(r.Refused+r.TimedOut+r.Abandoned+r.Unfinished-r.Retrying, r.Asked)
}

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// counts folds a run into what the report needs.
type counts struct {
	came, visits, served int64

	warmup               int64
	demands, attempts    int64
	outcomes             [Abandoned + 1]int64
	answers              [Unanswered + 1]int64
	retrying             int64
	refusals, logEntries int64
	waits                waits
	held, queued         int64
	limit                int64

	measuring                bool // warm-up is over; what follows is since then
	heldPeak, queuedPeak     int64
	full                     int64   // time without a free slot
	heldBefore, queuedBefore float64 // areas of the warm-up

	steps        []Step // those that are over; their means are areas as yet
	current      Step
	step         int64 // length of a step
	stepEnd, end int64 // of the current step, and of the last there can be
	boundary     int64 // when the step, or the warm-up, ends
}

// timelineSteps is how many steps a timeline has at most. When they are used
// up, two become one.
const timelineSteps = 64

// The timeline has this many steps if the guess at the length of the run is
// right: one for every few clients, since finer ones have nothing to show, and
// take their time.
const (
	leastExpectedSteps = 16
	mostExpectedSteps  = 40
	clientsPerStep     = 8
)

func (f *counts) init(p *plan) {
	f.warmup = p.warmup
	f.limit = p.gate.admission.inForce()
	f.measuring = f.warmup == 0
	// The guess at the length saves memory and merging; it may be wrong.
	expected := min(mostExpectedSteps, max(leastExpectedSteps, p.clients/clientsPerStep))
	f.step = p.expected/expected + 1
	if p.until > 0 {
		f.step = p.until/timelineSteps + 1
	}
	f.steps = make([]Step, 0, expected+expected/2)
	f.stepEnd, f.end = f.step, f.step*timelineSteps
	f.setBoundary()
}

// setBoundary finds the end of the current step, or of the warm-up before it.
func (f *counts) setBoundary() {
	f.boundary = f.stepEnd
	if !f.measuring {
		f.boundary = min(f.boundary, f.warmup)
	}
}

// spend adds up a time in which nothing changes.
func (f *counts) spend(d int64) {
	t := float64(d)
	f.current.Held.Mean += t * float64(f.held)
	if f.queued != 0 {
		f.current.Queued.Mean += t * float64(f.queued)
	}
	if f.held < f.limit {
		d = 0
	}
	f.full += d
}

// cross lets time go on over the ends of steps, and returns how far it came: to
// the begin of the step that to lies in.
func (f *counts) cross(from, to int64) int64 {
	for to >= f.boundary {
		f.spend(f.boundary - from)
		from = f.boundary
		if !f.measuring && from >= f.warmup {
			f.measuring = true
			f.heldBefore, f.queuedBefore = f.areas()
			f.full = 0
			f.heldPeak, f.queuedPeak = f.held, f.queued
		}
		if from == f.stepEnd {
			f.steps = append(f.steps, f.current)
			f.current = Step{Held: Level{0, f.held}, Queued: Level{0, f.queued}}
			f.stepEnd = after(f.stepEnd, f.step)
			// A long time without events is not gone through step by step.
			for to >= f.end {
				f.merge()
			}
		}
		f.setBoundary()
	}
	return from
}

// areas adds up what was held and queued so far.
func (f *counts) areas() (held, queued float64) {
	for _, s := range f.steps {
		held += s.Held.Mean
		queued += s.Queued.Mean
	}
	return held + f.current.Held.Mean, queued + f.current.Queued.Mean
}

// merge makes one step of two. One that is over and has no partner becomes the
// first half of the current one.
func (f *counts) merge() {
	n := len(f.steps) / 2
	if 2*n < len(f.steps) {
		f.current.add(f.steps[2*n])
	}
	for i := range n {
		f.steps[i] = f.steps[2*i]
		f.steps[i].add(f.steps[2*i+1])
	}
	f.steps = f.steps[:n]
	f.step *= 2
	f.stepEnd, f.end = f.step, after(f.end, f.end)
	for range n {
		f.stepEnd = after(f.stepEnd, f.step)
	}
}

// add adds up areas and counts.
func (s *Step) add(t Step) {
	s.Held = Level{s.Held.Mean + t.Held.Mean, max(s.Held.Peak, t.Held.Peak)}
	s.Queued = Level{s.Queued.Mean + t.Queued.Mean, max(s.Queued.Peak, t.Queued.Peak)}
	s.Admitted += t.Admitted
	s.Refused += t.Refused
}

// entered counts one more slot held.
func (f *counts) entered() {
	f.held++
	f.current.Admitted++
	f.current.Held.Peak = max(f.current.Held.Peak, f.held)
	f.heldPeak = max(f.heldPeak, f.held)
}

// enqueued counts one more waiting.
func (f *counts) enqueued() {
	f.queued++
	f.current.Queued.Peak = max(f.current.Queued.Peak, f.queued)
	f.queuedPeak = max(f.queuedPeak, f.queued)
}

// refusedNow counts a refused attempt of somebody who asked first at asked.
func (f *counts) refusedNow(asked int64) {
	f.current.Refused++
	if asked >= f.warmup {
		f.refusals++
	}
}

// visited counts the end of a visit.
func (f *counts) visited(served bool) {
	f.visits++
	if served {
		f.served++
	}
}

// report fills in the report.
func (k *kernel) report(r *Report) {
	f := &k.counts
	if !f.measuring {
		f.heldPeak, f.queuedPeak, f.full = 0, 0, 0
		f.heldBefore, f.queuedBefore = f.areas()
	}
	held, queued := f.areas()
	// Merging rounds the areas, so that a difference of nothing may be a little.
	if f.heldPeak == 0 {
		held = f.heldBefore
	}
	if f.queuedPeak == 0 {
		queued = f.queuedBefore
	}
	p, rule := &k.plan, &k.plan.gate.rule
	measured := float64(max(0, k.now-f.warmup))
	*r = Report{
		Name: p.name, Windows: p.gate.host.windows, Service: rule.Service, Seed: p.seed,
		Unit: rule.Unit, Limit: toLimit(f.limit), Discipline: k.plan.gate.discipline,
		Length:  Duration(k.now),
		Clients: f.came, Visits: f.visits, Served: f.served,
		Asked:    f.demands,
		Admitted: f.outcomes[Admitted] + f.outcomes[Waited], Waited: f.outcomes[Waited],
		Refused: f.outcomes[Refused], TimedOut: f.outcomes[TimedOut], Abandoned: f.outcomes[Abandoned],
		Attempts: f.attempts,
		Held:     Level{mean(held-f.heldBefore, measured), f.heldPeak},
		Queued:   Level{mean(queued-f.queuedBefore, measured), f.queuedPeak},
	}
	r.FullShare = mean(float64(f.full), measured)
	r.Unfinished = r.Asked - r.Admitted - r.Refused - r.TimedOut - r.Abandoned
	r.Retrying = f.retrying
	r.Wait = f.waits.sum(r.Admitted)
	see := func(n int64, what string) {
		if n > 0 {
			r.Seen = append(r.Seen, Sight{what, n})
		}
	}
	if f.refusals > 0 {
		see(f.refusals, refusalSight(rule))
	}
	if rule.Unit == limits.UnitRequests {
		see(r.Waited+r.TimedOut+r.Abandoned, limits.SymptomHTTPNoAnswer.String())
	}
	if k.plan.dials {
		see(f.logEntries, limits.SymptomEvent4226.String())
		see(f.answers[Connected], "connected")
		see(f.answers[Reset], "connection reset by the destination")
		see(f.answers[Unanswered], "no answer from the destination")
		see(r.TimedOut, "timed out waiting for a slot")
	}
	r.Timeline.Step = Duration(f.step)
	r.Timeline.Steps = append(f.steps, f.current)
	for i := range r.Timeline.Steps {
		// The last step ends with the run.
		length := float64(min(f.step, k.now-int64(i)*f.step))
		s := &r.Timeline.Steps[i]
		s.Held.Mean = mean(s.Held.Mean, length)
		s.Queued.Mean = mean(s.Queued.Mean, length)
	}
}

func mean(area, length float64) float64 {
	if length <= 0 {
		return 0
	}
	return area / length
}

// refusalSight is what a refused client sees.
func refusalSight(rule *limits.Rule) string {
	symptom := limits.UnknownSymptom
	switch rule.Service {
	case limits.SMB:
		symptom = limits.SymptomStatusRequestNotAccepted
	case limits.IIS:
		symptom = limits.SymptomHTTP4039
		if iisVersion(rule.Edition) >= 6 {
			symptom = limits.SymptomHTTP503
		}
	case limits.MSMQ:
		symptom = limits.SymptomMSMQOverflow
	case limits.FTP:
		symptom = limits.SymptomFTP421
	case limits.RDP:
		symptom = limits.SymptomRDPExceeded
		if rule.Discipline == limits.Displace {
			symptom = limits.SymptomRDPDisplace
		}
	default:
		return "refused"
	}
	return symptom.String()
}

// waits is a histogram of waiting times, in buckets no wider than 1/64 of what
// is in them. Rows are made when needed. The first few times are kept as they
// are, so that a short run needs none.
type waits struct {
	n, longest int64
	total      float64
	few        [32]int64
	rows       *[58]*[waitColumns]waitBucket
}

const waitColumns = 64

type waitBucket struct {
	n   int64
	sum float64
}

func (w *waits) add(v int64) {
	w.total += float64(v)
	w.longest = max(w.longest, v)
	switch n := int(w.n); {
	case n < len(w.few):
		w.few[n] = v
	case n == len(w.few):
		for _, first := range w.few {
			w.put(first)
		}
		fallthrough
	default:
		w.put(v)
	}
	w.n++
}

// put puts a time into its bucket.
func (w *waits) put(v int64) {
	row, column := 0, v
	if v >= waitColumns {
		row = bits.Len64(uint64(v)) - 6
		column = v >> (row - 1) % waitColumns // of 64 to 127
	}
	if w.rows == nil {
		w.rows = new([58]*[waitColumns]waitBucket)
	}
	if w.rows[row] == nil {
		w.rows[row] = new([waitColumns]waitBucket)
	}
	b := &w.rows[row][column]
	b.n++
	b.sum += float64(v)
}

// sum returns the percentiles over n who were admitted, of whom those that w
// has not seen did not wait.
func (w *waits) sum(n int64) Waits {
	var out Waits
	if n == 0 {
		return out
	}
	out.Mean, out.Max = Duration(w.total/float64(n)), Duration(w.longest)
	targets := [...]struct {
		share float64
		to    *Duration
	}{{0.5, &out.P50}, {0.9, &out.P90}, {0.95, &out.P95}, {0.99, &out.P99}}
	next, seen := 0, int64(0)
	// see takes note of so many who waited that long, in ascending order.
	see := func(many int64, long Duration) {
		seen += many
		for next < len(targets) && float64(seen) >= targets[next].share*float64(n) {
			*targets[next].to = long
			next++
		}
	}
	see(n-w.n, 0)
	if int(w.n) <= len(w.few) {
		few := w.few[:w.n]
		slices.Sort(few)
		for _, v := range few {
			see(1, Duration(v))
		}
		return out
	}
	for _, row := range w.rows {
		if row == nil {
			continue
		}
		for _, b := range row {
			if b.n > 0 {
				see(b.n, Duration(b.sum/float64(b.n)))
			}
		}
	}
	return out
}
