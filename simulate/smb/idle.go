package smb

import (
	"time"

	"github.com/winlimits/winlimits/limits"
)

// idleLimit returns after which idle time sessions end, or 0 for never.
func (m *machine) idleLimit() time.Duration {
	minutes := m.idleMinutes.Load()
	if !m.idleEnforce.Load() || minutes == limits.AutoDisconnectNever {
		return 0
	}
	return max(time.Duration(minutes)*time.Minute, limits.AutoDisconnectShortest().Value)
}

// enforceIdle has present and future sessions end by the idle time in force.
func (m *machine) enforceIdle() {
	m.idleEnforce.Store(true)
	for _, p := range m.list() {
		p.mu.Lock()
		for s := range p.live {
			p.armIdle(s)
		}
		p.mu.Unlock()
	}
}

// armIdle sets the timer of s to the earliest moment at which it can be idle
// for too long. The proxy is locked.
func (p *Proxy) armIdle(s *session) {
	if s.idle != nil {
		s.idle.Stop()
	}
	limit := p.machine.idleLimit()
	if limit == 0 {
		return
	}
	wait := limit - s.idleTime()
	if s.openFiles() > 0 {
		// The close of its last file will be a request, so that it cannot be
		// due before this.
		wait = limit
	}
	s.idle = time.AfterFunc(max(wait, 0), func() { p.checkIdle(s) })
}

// checkIdle ends s if it has been idle for too long.
func (p *Proxy) checkIdle(s *session) {
	p.mu.Lock()
	if _, live := p.live[s]; !live {
		p.mu.Unlock()
		return
	}
	limit := p.machine.idleLimit()
	if limit == 0 || s.openFiles() > 0 || s.idleTime() < limit {
		p.armIdle(s)
		p.mu.Unlock()
		return
	}
	p.mu.Unlock()
	p.kill(s, wasIdle)
}
