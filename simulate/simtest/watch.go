package simtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// watch knows which peers hold the slots of a host and which are queued for them, by
// the names in the events of the host. It asks the fixtures of the host what the peers
// are doing.
type watch struct {
	observing sync.Once

	mu      sync.Mutex
	held    map[limits.Service]peers
	queued  map[limits.Service]peers
	tellers []func(peer string) string // of the fixtures; see tellOf
}

// peers are the peers of one service, by name.
type peers map[string]peerState

type peerState struct {
	count int       // slots held, or attempts queued
	since time.Time // the time of the first of them
}

// maxTold is how many peers an account names; the others it counts.
const maxTold = 20

// watchOf returns the watch of a host. It sees what happens after the first call.
func watchOf(host *simulate.Host) (*watch, error) {
	w, err := simulate.Part(host, func() *watch {
		return &watch{held: make(map[limits.Service]peers), queued: make(map[limits.Service]peers)}
	})
	if err != nil {
		return nil, err
	}
	w.observing.Do(func() { host.Observe(w.note) })
	return w, nil
}

// tellOf adds a function of a fixture that says what a peer is doing. It returns the
// empty string for a peer that the fixture does not know.
func (w *watch) tellOf(tell func(peer string) string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tellers = append(w.tellers, tell)
}

// note observes every event of the host. The watch leaves out a peer without a name:
// it could not be told from another.
func (w *watch) note(e simulate.Event) {
	if e.Peer == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e.Kind {
	case simulate.Queued:
		add(w.queued, e, 1)
	case simulate.Released:
		add(w.held, e, -1)
	case simulate.Decided:
		if e.Outcome != simulate.Admitted && e.Outcome != simulate.Refused {
			add(w.queued, e, -1)
		}
		if e.Outcome == simulate.Admitted || e.Outcome == simulate.Waited {
			add(w.held, e, 1)
		}
	}
}

func add(all map[limits.Service]peers, e simulate.Event, n int) {
	list := all[e.Service]
	if list == nil {
		list = make(peers)
		all[e.Service] = list
	}
	p := list[e.Peer]
	if p.count == 0 {
		p.since = e.Time
	}
	if p.count += n; p.count > 0 {
		list[e.Peer] = p
	} else {
		delete(list, e.Peer)
	}
}

// account lists the peers of a service that hold slots and those that are queued, one
// a line, the earliest first.
func (w *watch) account(s limits.Service) string {
	w.mu.Lock()
	held, queued := maps.Clone(w.held[s]), maps.Clone(w.queued[s])
	tellers := slices.Clone(w.tellers)
	w.mu.Unlock()
	var b strings.Builder
	list := func(prefix string, all peers) {
		names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
			return cmp.Or(all[a].since.Compare(all[b].since), cmp.Compare(a, b))
		})
		for i, name := range names {
			if i == maxTold {
				fmt.Fprintf(&b, "\n\t%s %d more", prefix, len(names)-i)
				return
			}
			p := all[name]
			fmt.Fprintf(&b, "\n\t%s %s for %v", prefix, name, age(p.since))
			if p.count > 1 {
				fmt.Fprintf(&b, " (%d slots)", p.count)
			}
			for _, tell := range tellers {
				if text := tell(name); text != "" {
					fmt.Fprintf(&b, ": %s", text)
				}
			}
		}
	}
	list("held by", held)
	list("queued:", queued)
	return b.String()
}

// age returns the time since t, as an account shows it.
func age(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
