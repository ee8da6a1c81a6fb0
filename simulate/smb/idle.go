package smb

import (
	"time"

	"github.com/winlimits/winlimits/limits"
)

// idleLimit returns the idle time after which a session ends, or 0 for never.
func (m *machine) idleLimit() time.Duration {
	minutes := m.idleMinutes.Load()
	if !m.idleEnforce.Load() || minutes == limits.AutoDisconnectNever {
		return 0
	}
	return max(time.Duration(minutes)*time.Minute, limits.AutoDisconnectShortest().Value)
}

// enforceIdle turns AutoDisconnect on, for present and future sessions.
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

// armIdle sets the timer of s to the earliest time at which s can have been idle for
// too long. The proxy is locked.
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
		// s cannot end while it has an open file, and the close of the file is a
		// request, from which the idle time counts anew.
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
