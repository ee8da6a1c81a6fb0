package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"
)

// lab has the machines and what they share.
type lab struct {
	public bool
	names  []string // names of the API in Host headers, besides addresses and localhost
	log    *slog.Logger
	ctx    context.Context // ends with the lab
	stop   context.CancelFunc

	events  *feed
	streams chan struct{} // has one element for each that is open
	waits   chan struct{}
	runs    chan struct{} // forecasts

	change   sync.Mutex // held while machines begin and end
	mu       sync.RWMutex
	machines []*machine
	closed   bool
}

func newLab(public bool, log *slog.Logger) *lab {
	l := &lab{
		public: public, log: log, events: newFeed(time.Now()),
		streams: make(chan struct{}, maxStreams), waits: make(chan struct{}, maxWaits), runs: make(chan struct{}, 1),
	}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

// close ends everything and returns when it has ended.
func (l *lab) close() {
	l.stop()
	l.change.Lock()
	defer l.change.Unlock()
	l.mu.Lock()
	machines := l.machines
	l.machines, l.closed = nil, true
	l.mu.Unlock()
	end(machines)
}

func end(machines []*machine) {
	var ending sync.WaitGroup
	for _, m := range machines {
		ending.Go(m.close)
	}
	ending.Wait()
}

// list returns the machines in the order in which they were made.
func (l *lab) list() []*machine {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return slices.Clone(l.machines)
}

// find returns the machine of a name, or nil.
func (l *lab) find(name string) *machine {
	for _, m := range l.list() {
		if m.config.Name == name {
			return m
		}
	}
	return nil
}

// The errors of a change that depend on the state of the lab.
var (
	errExists  = errors.New("already exists")
	errTooMany = errors.New("too many")
	errEnding  = errors.New("the lab is ending")
)

// add makes one more machine.
func (l *lab) add(ctx context.Context, h hostConfig) (*machine, error) {
	l.change.Lock()
	defer l.change.Unlock()
	machines := l.list()
	switch {
	case l.find(h.Name) != nil:
		return nil, fmt.Errorf("host %q %w: want another name, or delete it first, or PUT /api/config", h.Name, errExists)
	case len(machines) >= maxHosts:
		return nil, fmt.Errorf("%w hosts: want at most %d", errTooMany, maxHosts)
	}
	m, err := l.prepare(ctx, h, nil)
	if err != nil {
		return nil, err
	}
	if !l.replace(append(machines, m)) {
		m.close()
		return nil, errEnding
	}
	m.start()
	return m, nil
}

// remove ends a machine. It reports false if there is none of that name.
func (l *lab) remove(name string) bool {
	l.change.Lock()
	defer l.change.Unlock()
	machines := l.list()
	i := slices.IndexFunc(machines, func(m *machine) bool { return m.config.Name == name })
	if i < 0 {
		return false
	}
	m := machines[i]
	l.replace(slices.Delete(machines, i, i+1))
	m.close()
	return true
}

// apply makes the machines those of the configuration. A machine that does not change
// stays as it is. All that can fail happens before anything ends.
func (l *lab) apply(ctx context.Context, hosts []hostConfig) error {
	l.change.Lock()
	defer l.change.Unlock()
	ending := l.list()
	next := make([]*machine, len(hosts))
	for i, h := range hosts {
		if m := l.find(h.Name); m != nil && h.same(m) {
			next[i] = m
			ending = slices.DeleteFunc(ending, func(o *machine) bool { return o == m })
		}
	}
	var begun []*machine
	for i, h := range hosts {
		if next[i] != nil {
			continue
		}
		m, err := l.prepare(ctx, h, ending)
		if err != nil {
			end(begun)
			for _, m := range ending {
				m.keep()
			}
			return err
		}
		next[i], begun = m, append(begun, m)
	}
	if !l.replace(next) {
		end(begun)
		return errEnding
	}
	end(ending)
	for _, m := range begun {
		m.start()
	}
	return nil
}

func (l *lab) replace(machines []*machine) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.machines = machines
	return true
}

// listen returns a listener for a front. If a front of a machine that ends has the
// address, it returns a second listener for the same socket, so that the port is
// never free in between.
func (l *lab) listen(name string, index int, address string, ending []*machine) (*net.TCPListener, error) {
	resolved, err := loopback(address, l.public)
	if err != nil {
		return nil, fmt.Errorf("listen %w", err)
	}
	if old := inherited(name, index, address, ending); old != nil {
		ln, err := old.inherit()
		if err != nil {
			return nil, fmt.Errorf("listen %s: %w", address, err)
		}
		return ln, nil
	}
	ln, err := net.Listen("tcp", resolved)
	if err != nil {
		return nil, fmt.Errorf("listen %s: %w", address, err)
	}
	return ln.(*net.TCPListener), nil
}

// inherited returns the front, of a machine that ends, whose port a new front gets.
// That is the front with the same index of the same machine, or another front of that
// machine, or a front of another machine with exactly that address.
func inherited(name string, index int, address string, ending []*machine) *front {
	var found *front
	for _, m := range ending {
		for i, f := range m.fronts {
			switch {
			case f.isInherited():
			case m.config.Name == name && f.listensOn(address):
				if i == index {
					return f
				}
				if found == nil || found.machine != m {
					found = f
				}
			case found == nil && f.address == address:
				found = f
			}
		}
	}
	return found
}
