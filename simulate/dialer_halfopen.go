package simulate

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// HalfOpenSettings are what can be set about outbound connection attempts, in
// Windows or, where nobody knows what Windows does, in the model. The zero
// value is a Windows out of the box and the recommended model.
type HalfOpenSettings struct {
	// Patched is the number that a patch program wrote into tcpip.sys; the
	// unknown Limit, which is zero, is an unpatched system. On XP it is a DWORD,
	// for which the best known program proposed 50 (jsi-tip-10301, lvllord-faq).
	// From Vista on it is one byte, 1 to 255, or unlimited (half-open-com). A
	// system without a limit in force has nothing to patch.
	Patched limits.Limit
	// EnableConnectionRateLimiting is the DWORD of Vista SP2 and Server 2008 SP2
	// that brings the limit of ten back (kb969710). It is said to work on
	// Windows 7 too, without a word from the vendor (mydigitallife-2009). Its
	// number cannot be set.
	EnableConnectionRateLimiting bool

	// MaxConnectRetransmissions is the DWORD TcpMaxConnectRetransmissions, 0 to
	// 255: how many more SYNs follow the first (ms-cc758896). Nil is the default
	// of the version.
	MaxConnectRetransmissions *int
	// InitialRTT is TcpInitialRTT: how long after the first SYN the second
	// follows. It doubles with each. 0 is the default of the version; others go
	// up to 65535 s (ms-cc938207).
	InitialRTT time.Duration

	// ReleaseRate lets waiting attempts go at this many a second, instead of as
	// slots come free. 0 is the latter. The vendor speaks of a fixed rate and
	// gives no number (ms-xpsp2-network). With a rate, attempts leave the queue
	// one by one, 1/ReleaseRate apart, the first that long after the queue began;
	// a turn at which no slot is free lets nobody go.
	ReleaseRate float64
	// PerDestination counts as the patent has it: an attempt to an IP address
	// that is being tried, or has answered, takes no slot (us7784096). No test of
	// a shipped Windows is known to show that.
	PerDestination bool
	// EventInterval is how long after an event 4226 the next one is logged if
	// attempts are then still waiting. 0 logs one whenever a queue begins. The
	// interval of Windows is unknown.
	EventInterval time.Duration
}

// halfOpenDefault is the limit where there is one (ntl-evid4226, kb969710).
const halfOpenDefault = 10

func (h *Host) checkHalfOpenSettings() error {
	s := &h.settings.HalfOpen
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: HalfOpen.%s %v: %s", h.windows, name, value, want)
	}
	if _, set := h.settings.Limits[limits.TCPHalfOpen]; set && s.Patched.IsKnown() {
		return bad("Patched", s.Patched, "want either that or Limits[tcp-half-open]")
	}
	if s.EnableConnectionRateLimiting && !hasRateLimitingSwitch(h.windows) {
		return bad("EnableConnectionRateLimiting", true,
			"this Windows does not read the value, which came with Vista SP2 and Server 2008 SP2 and is not known later than Windows 7")
	}
	if s.Patched.IsKnown() {
		rule, err := limits.Lookup(h.windows, limits.TCPHalfOpen)
		if err != nil {
			return err
		}
		if want := patchWant(rule, s); want != "" {
			return bad("Patched", s.Patched, want)
		}
	}
	switch n := s.MaxConnectRetransmissions; {
	case n != nil && (*n < 0 || *n > math.MaxUint8):
		return bad("MaxConnectRetransmissions", *n, "want 0 to 255")
	case s.InitialRTT < 0 || s.InitialRTT > math.MaxUint16*time.Second:
		return bad("InitialRTT", s.InitialRTT, "want 0 to 65535 s")
	case !(s.ReleaseRate >= 0 && s.ReleaseRate <= 1e6):
		return bad("ReleaseRate", s.ReleaseRate, "want 0 to 1000000 a second")
	case s.ReleaseRate > 0 && s.ReleaseRate < 1e-6:
		return bad("ReleaseRate", s.ReleaseRate, "want 0, or one in a million seconds at least")
	case s.EventInterval < 0:
		return bad("EventInterval", s.EventInterval, "want 0 or more")
	}
	return nil
}

// hasRateLimitingSwitch reports whether w reads EnableConnectionRateLimiting.
func hasRateLimitingSwitch(w limits.Windows) bool {
	switch w.Edition.Product() {
	case "Windows Vista", "Windows Server 2008":
		return w.ServicePack == 2 // the last of both
	case "Windows 7":
		return true
	}
	return false
}

// patchWant returns what a patch of the system could have written, or nothing
// if it could have written s.Patched.
func patchWant(rule limits.Rule, s *HalfOpenSettings) string {
	n, isNumber := s.Patched.Number()
	switch product := rule.Edition.Product(); {
	case s.Patched.IsAbsent() || isNumber && n == 0:
		return "want a number from 1, or unlimited"
	case rule.Discipline != limits.Queue && s.EnableConnectionRateLimiting, product == "Windows Vista", product == "Windows Server 2008":
		if rule.Discipline != limits.Queue && !s.EnableConnectionRateLimiting {
			return "there is no limit in force to patch; set EnableConnectionRateLimiting"
		}
		if isNumber && n > math.MaxUint8 {
			return "the limit is one byte in the tcpip.sys of this Windows; want 1 to 255, or unlimited"
		}
	case rule.Discipline != limits.Queue && hasRateLimitingSwitch(rule.Windows()):
		return "there is no limit in force to patch; set EnableConnectionRateLimiting"
	case rule.Discipline != limits.Queue:
		return "there is no limit to patch: " + rule.String()
	case s.Patched.IsUnlimited():
		return fmt.Sprintf("the limit is a DWORD in the tcpip.sys of this Windows; want a number from 1 to %d", math.MaxInt32)
	}
	return ""
}

// halfOpenCapacity applies the settings to the limit of the rule.
func (h *Host) halfOpenCapacity(limit int64) int64 {
	s := &h.settings.HalfOpen
	switch {
	case s.Patched.IsKnown():
		return toSlots(s.Patched)
	case s.EnableConnectionRateLimiting:
		return halfOpenDefault
	}
	return limit
}

// SYNSchedule is when a Windows sends the SYNs of an attempt that nobody
// answers, and when it gives the attempt up.
type SYNSchedule struct {
	// Initial is the time between the first SYN and the second; from there on it
	// doubles.
	Initial time.Duration
	// Retransmissions is how many SYNs follow the first.
	Retransmissions int
	// Grade is how good the evidence is. UnknownGrade says that there is none for
	// this version, and the schedule of its neighbours is used.
	Grade limits.Grade
}

// SYNSchedule returns the schedule of the host: SYNs at 0, 3 and 9 s, given up
// at 21 s, from Windows 2000 to 7 (ms-cc938207, ms-cc758896, kb2786464; XP, Vista
// and Server 2008 are taken alike), and one SYN more and 45 s on Windows NT 3.5
// to 4.0 (kb140552). For Windows 8 and later, NT 3.1, 95, 98 and Me none is
// known. HalfOpenSettings change it.
func (h *Host) SYNSchedule() SYNSchedule {
	schedule := SYNSchedule{Initial: 3 * time.Second, Retransmissions: 2}
	switch h.windows.Edition.Product() {
	case "Windows NT 3.5", "Windows NT 3.51", "Windows NT 4.0":
		schedule.Retransmissions, schedule.Grade = 3, limits.Documented
	case "Windows 2000", "Windows Server 2003", "Windows Small Business Server 2003", "Windows 7", "Windows Server 2008 R2":
		schedule.Grade = limits.Documented
	case "Windows XP", "Windows Home Server", "Windows Vista", "Windows Server 2008":
		schedule.Grade = limits.Inferred
	}
	if n := h.settings.HalfOpen.MaxConnectRetransmissions; n != nil {
		schedule.Retransmissions = *n
	}
	if rtt := h.settings.HalfOpen.InitialRTT; rtt > 0 {
		schedule.Initial = rtt
	}
	return schedule
}

// Sent returns when the i-th SYN is sent, counted from 0, after the first. A
// time beyond what a Duration holds is the largest Duration.
func (s SYNSchedule) Sent(i int) time.Duration {
	return time.Duration(min(float64(s.Initial)*(math.Pow(2, float64(i))-1), math.MaxInt64>>1))
}

// GiveUp returns how long after the first SYN the attempt is given up: twice
// the last interval after the last SYN.
func (s SYNSchedule) GiveUp() time.Duration { return s.Sent(s.Retransmissions + 1) }

// halfOpen is what the gate of TCPHalfOpen does beyond the admission rule: it
// logs event 4226, releases waiters at a fixed rate, and knows destinations.
type halfOpen struct {
	gate     *Gate
	logs     bool
	interval time.Duration // between log entries; 0 = one for each queue
	pace     time.Duration // between releases; 0 = as slots come free

	mu       sync.Mutex
	queue    int64 // number of the queue that was dealt with
	logged   time.Time
	logTimer *time.Timer
	release  *time.Timer

	// destinations is nil unless attempts are counted per destination.
	destinations map[netip.Addr]destination
}

// newHalfOpen returns the extension of g, whose settings have been checked.
func newHalfOpen(g *Gate) *halfOpen {
	s := &g.host.settings.HalfOpen
	q := &halfOpen{
		gate:     g,
		logs:     g.rule.Discipline == limits.Queue || s.EnableConnectionRateLimiting,
		interval: s.EventInterval,
	}
	if s.ReleaseRate > 0 {
		q.pace = time.Duration(math.Round(float64(time.Second) / s.ReleaseRate))
	}
	if s.PerDestination {
		q.destinations = map[netip.Addr]destination{}
	}
	return q
}

// queued is called by everybody who has been put in the queue.
func (q *halfOpen) queued() {
	if !q.logs && q.pace == 0 {
		return
	}
	q.mu.Lock()
	n := q.gate.admission.queues.Load()
	begins := n != q.queue
	if begins {
		q.queue = n
		if q.pace > 0 {
			setTimer(&q.release, q.pace, q.releaseOne)
		}
	}
	due := begins && q.due()
	q.mu.Unlock()
	if due {
		q.log()
	}
}

// due reports whether event 4226 is to be logged now. If not, it sees to it
// that this is asked again when the interval is over.
func (q *halfOpen) due() bool {
	if !q.logs || q.interval == 0 {
		return q.logs
	}
	now := time.Now()
	if wait := q.interval - now.Sub(q.logged); !q.logged.IsZero() && wait > 0 {
		setTimer(&q.logTimer, wait, q.logAgain)
		return false
	}
	q.logged = now
	setTimer(&q.logTimer, q.interval, q.logAgain)
	return true
}

func (q *halfOpen) logAgain() {
	q.mu.Lock()
	due := q.gate.admission.waiting.Load() > 0 && q.due()
	q.mu.Unlock()
	if due {
		q.log()
	}
}

func (q *halfOpen) log() {
	if q.gate.host.isObserved() {
		q.gate.changed(Event{Kind: Logged, Log: entry4226(q.gate.rule.Edition, time.Now())})
	}
}

// releaseOne takes one turn of the fixed rate.
func (q *halfOpen) releaseOne() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gate.admission.admit(1)
	if q.gate.admission.waiting.Load() > 0 {
		q.release.Reset(q.pace)
	}
}

// setTimer makes t call f after d, whatever it was up to.
func setTimer(t **time.Timer, d time.Duration, f func()) {
	if *t == nil {
		*t = time.AfterFunc(d, f)
		return
	}
	(*t).Reset(d)
}

// A destination is what is known of an IP address: the patent's route cache
// entry, which is constrained while a counted attempt is in progress, and
// reachable once an attempt has succeeded.
type destination struct {
	inProgress int
	reachable  bool
}

// maxDestinations bounds the memory for reachable addresses. Which of them is
// forgotten beyond that is left to chance.
const maxDestinations = 1 << 16

// enter lets an attempt to dst go if it need not be counted, or if a slot is
// free; that one is in s then. If it reports false, the attempt has to queue.
func (q *halfOpen) enter(s *Slot, dst netip.Addr) bool {
	q.mu.Lock()
	d := q.destinations[dst]
	if d.reachable || d.inProgress > 0 {
		q.mu.Unlock()
		return true
	}
	free := q.gate.admission.try()
	if free {
		d.inProgress++
		q.destinations[dst] = d
	}
	q.mu.Unlock()
	if free {
		q.gate.seat(s)
	}
	return free
}

// counted notes that an attempt to dst has been given a slot after waiting.
func (q *halfOpen) counted(dst netip.Addr) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := q.destinations[dst]
	d.inProgress++
	q.destinations[dst] = d
}

// ended notes with which error, or none, an attempt to dst ended. One that was
// refused or abandoned says nothing of the destination.
func (q *halfOpen) ended(dst netip.Addr, counted bool, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	d := q.destinations[dst]
	if counted {
		d.inProgress--
	}
	if err == nil {
		d.reachable = true
	} else if noAnswer := (*ConnectError)(nil); errors.As(err, &noAnswer) && noAnswer.GivenUp {
		d.reachable = false
	}
	if d == (destination{}) {
		delete(q.destinations, dst)
		return
	}
	q.destinations[dst] = d
	if len(q.destinations) <= maxDestinations {
		return
	}
	for other, d := range q.destinations {
		if d.inProgress == 0 && other != dst {
			delete(q.destinations, other)
			return
		}
	}
}
