package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestPeers(t *testing.T) {
	p := newPeers()
	tell := func(kind simulate.EventKind, outcome simulate.Outcome, name string) {
		p.observe(simulate.Event{Service: limits.IIS, Kind: kind, Outcome: outcome, Peer: name})
	}
	check := func(held, waiting []count) {
		t.Helper()
		h, w := p.of(limits.IIS)
		assert.Equal(t, held, h.Peers)
		assert.Equal(t, waiting, w.Peers)
	}
	tell(simulate.Decided, simulate.Admitted, "b")
	tell(simulate.Decided, simulate.Admitted, "a")
	tell(simulate.Decided, simulate.Admitted, "a")
	tell(simulate.Decided, simulate.Refused, "c")
	tell(simulate.Decided, simulate.Admitted, "")
	check([]count{{"a", 2}, {"b", 1}}, nil)
	for _, name := range []string{"d", "e", "f", "g"} {
		tell(simulate.Queued, 0, name)
	}
	check([]count{{"a", 2}, {"b", 1}}, []count{{"d", 1}, {"e", 1}, {"f", 1}, {"g", 1}})
	tell(simulate.Released, 0, "b")
	tell(simulate.Decided, simulate.Waited, "d")
	tell(simulate.Decided, simulate.TimedOut, "e")
	tell(simulate.Decided, simulate.Abandoned, "f")
	tell(simulate.Decided, simulate.Superseded, "g")
	check([]count{{"a", 2}, {"d", 1}}, nil)
	held, _ := p.of(limits.SMB)
	assert.Empty(t, held.Peers)
	for _, name := range []string{"a", "a", "d"} {
		tell(simulate.Released, 0, name)
	}
	check(nil, nil)
	assert.Empty(t, p.held)
}

// A page names only so many.
func TestPeersBound(t *testing.T) {
	p := newPeers()
	for i := range maxPeers + 3 {
		p.observe(simulate.Event{Service: limits.SMB, Kind: simulate.Decided, Outcome: simulate.Admitted, Peer: string(rune('a' + i))})
	}
	held, _ := p.of(limits.SMB)
	assert.Len(t, held.Peers, maxPeers)
	assert.Equal(t, 3, held.More)
}
