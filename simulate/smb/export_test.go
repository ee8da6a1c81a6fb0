package smb

import (
	"fmt"
	"slices"
	"strings"
)

// Left returns what a proxy that is closed still keeps, which should be nothing.
func (p *Proxy) Left() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.machine.slots.mu.Lock()
	defer p.machine.slots.mu.Unlock()
	var left []string
	for name, n := range map[string]int{
		"pending": p.pending.Len(), "sessions": len(p.sessions), "live": len(p.live), "conns": len(p.conns),
		"listeners": len(p.listeners), "slots": len(p.machine.slots.byKey),
	} {
		if n > 0 {
			left = append(left, fmt.Sprintf("%d %s", n, name))
		}
	}
	slices.Sort(left)
	return strings.Join(left, ", ")
}

// End ends an SMB2 session although the file server has it, as being idle does.
func (p *Proxy) End(id uint64) { p.Ending(id)() }

// Ending looks up the session that the function ends.
func (p *Proxy) Ending(id uint64) (end func()) {
	s := p.lookup(id)
	return func() { p.kill(s, wasIdle) }
}

// InForce adds to ids the SMB2 sessions that are in force, and to uids the SMB1
// sessions of any connection.
func (p *Proxy) InForce(ids map[uint64]bool, uids map[uint16]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		for _, s := range c.allSessions() {
			switch {
			case s.dead.Load():
			case s.key.smb1:
				uids[uint16(s.key.id)] = true
			default:
				ids[s.key.id] = true
			}
		}
	}
}

// Pending returns the number of connections without a session.
func (p *Proxy) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending.Len()
}
