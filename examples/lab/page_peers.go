package main

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// peers knows from the events of a machine which peers hold slots and which are
// queued. Attempts without a name are not in it.
type peers struct {
	mu      sync.Mutex
	held    map[peer]int
	waiting map[peer]int
}

type peer struct {
	service limits.Service
	name    string
}

func newPeers() *peers { return &peers{held: map[peer]int{}, waiting: map[peer]int{}} }

func (p *peers) observe(e simulate.Event) {
	if e.Peer == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	who := peer{e.Service, e.Peer}
	switch e.Kind {
	case simulate.Queued:
		p.waiting[who]++
	case simulate.Released:
		take(p.held, who)
	case simulate.Decided:
		switch e.Outcome {
		case simulate.Admitted:
			p.held[who]++
		case simulate.Waited:
			take(p.waiting, who)
			p.held[who]++
		case simulate.TimedOut, simulate.Abandoned, simulate.Superseded:
			take(p.waiting, who)
		}
	}
}

func take(counts map[peer]int, who peer) {
	if counts[who]--; counts[who] <= 0 {
		delete(counts, who)
	}
}

// count is a peer and the number of slots that it holds or is queued for.
type count struct {
	Name string
	N    int
}

// of returns the peers that hold slots of a service, and those that are queued.
func (p *peers) of(s limits.Service) (held, waiting counts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return countsOf(p.held, s), countsOf(p.waiting, s)
}

// counts are peers, sorted by name. More is how many are left out.
type counts struct {
	Peers []count
	More  int
}

// maxPeers is how many peers a page names.
const maxPeers = 64

func countsOf(all map[peer]int, s limits.Service) (c counts) {
	for who := range maps.Keys(all) {
		if who.service == s {
			c.Peers = append(c.Peers, count{who.name, all[who]})
		}
	}
	slices.SortFunc(c.Peers, func(a, b count) int { return strings.Compare(a.Name, b.Name) })
	if len(c.Peers) > maxPeers {
		c.More = len(c.Peers) - maxPeers
		c.Peers = c.Peers[:maxPeers]
	}
	return c
}
