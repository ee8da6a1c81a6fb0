package simulate

import (
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/admission"
)

// A pacer drives the pacing of a gate by a timer: it lets waiting attempts go
// one by one, and logs event 4226.
type pacer struct {
	gate  *Gate
	start time.Time

	mu     sync.Mutex
	pacing admission.Pacing
	queue  int64 // number of the queue that was dealt with
	timer  *time.Timer
}

// newPacer returns the pacer of a gate, or nil if it has nothing to do.
func newPacer(g *Gate) *pacer {
	p := &pacer{gate: g, pacing: admission.Pacing{
		Every: int64(g.policy.ReleaseInterval), Logs: g.policy.LogsQueue, Interval: int64(g.policy.EventInterval),
	}}
	if p.pacing.IsZero() {
		return nil
	}
	p.start = time.Now()
	return p
}

func (p *pacer) now() int64 { return int64(time.Since(p.start)) }

// queued is called for every attempt that has been put in the queue.
func (p *pacer) queued() {
	p.mu.Lock()
	log := false
	if n := p.gate.admission.Queues(); n != p.queue {
		p.queue = n
		log = p.pacing.Begin(p.now())
		p.wind()
	}
	p.mu.Unlock()
	if log {
		p.log()
	}
}

// wind sets the timer for what is due next. p is locked.
func (p *pacer) wind() {
	next := p.pacing.Next()
	if next == admission.Never {
		return
	}
	d := time.Duration(next - p.now())
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.tick)
		return
	}
	p.timer.Reset(d)
}

// tick does what is due.
func (p *pacer) tick() {
	p.mu.Lock()
	now := p.now()
	release, log := p.pacing.Due(now)
	if release {
		p.gate.admission.Admit(1)
	}
	write := p.pacing.After(now, release, log, p.gate.admission.Queued() > 0)
	p.wind()
	p.mu.Unlock()
	if write {
		p.log()
	}
}

func (p *pacer) log() { p.gate.log(entryOf(p.gate.policy.Rule.Edition, limits.Event4226)) }
