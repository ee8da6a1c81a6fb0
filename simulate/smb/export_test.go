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
func (p *Proxy) End(id uint64) { p.kill(p.lookup(id), wasIdle) }

// Dead returns the ids of the SMB2 sessions that are dead, and the UIDs that are
// so if there is one connection only: a UID has no meaning on another.
func (p *Proxy) Dead() (ids map[uint64]bool, uids map[uint16]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ids, uids = make(map[uint64]bool), make(map[uint16]bool)
	for _, s := range p.sessions {
		if s.key.id != 0 && s.dead.Load() {
			ids[s.key.id] = true
		}
	}
	for c := range p.conns {
		for _, s := range c.allSessions() {
			if len(p.conns) == 1 && s.key.smb1 && s.key.id != 0 && s.dead.Load() {
				uids[uint16(s.key.id)] = true
			}
		}
	}
	return ids, uids
}

// Pending returns the number of connections without a session.
func (p *Proxy) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pending.Len()
}
