package simulate

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Host is one emulated machine: an edition of Windows with its settings. What is
// made from a host shares its limits, as the programs on one machine do.
//
// A Host comes from New. The zero Host has no edition, and its Policy and Gate
// return errors. Close ends what was made from a host; one that has only gates
// needs no Close. A Host may be used by many goroutines.
type Host struct {
	windows   limits.Windows
	settings  Settings
	gates     [int(limits.Licence) + 1]atomic.Pointer[Gate] // by service
	mu        sync.Mutex                                    // guards all that follows, and making a gate
	observers atomic.Pointer[[]*func(Event)]
	parts     []any      // in the order in which they were made
	eventLog  []LogEntry // the last entries
	closed    bool
}

// ErrAbsent is wrapped by the error for a service that the edition does not have,
// such as the web server of XP Home.
var ErrAbsent = errors.New("simulate: no such service in this edition")

// New returns a host that runs w; settings may be nil. It fails if w names no
// edition, or a service pack that the edition never had, or if w would not accept a
// setting. The error names the value and what is accepted.
func New(w limits.Windows, settings *Settings) (*Host, error) {
	if err := w.Valid(); err != nil {
		return nil, err
	}
	h := &Host{windows: w}
	if settings != nil {
		h.settings = *settings
		h.settings.Limits = maps.Clone(settings.Limits)
	}
	if err := h.settings.check(w); err != nil {
		return nil, err
	}
	return h, nil
}

// Windows returns the edition and service pack that the host runs.
func (h *Host) Windows() limits.Windows { return h.windows }

// Settings returns a copy of the settings that the host was made with.
func (h *Host) Settings() Settings {
	s := h.settings
	s.Limits = maps.Clone(s.Limits)
	return s
}

// Policy returns what is in force for a service, fixed when the host is made. The
// error wraps ErrAbsent if the edition does not have the service, and
// limits.ErrNoRule if its limit is unknown. Nothing enforces limits.Licence, so it
// has no policy.
func (h *Host) Policy(s limits.Service) (Policy, error) {
	var p Policy
	err := p.init(h.windows, &h.settings, s)
	return p, err
}

// Gate returns the gate of a service, the same one at each call. The errors are
// those of Policy. Gate also fails for limits.TCPBacklog, of which each listening
// socket has a gate (see package tcp), and for limits.TCPOutbound with
// OutboundSettings.PerDestination, of which each destination has one.
func (h *Host) Gate(s limits.Service) (*Gate, error) {
	if int(s) < len(h.gates) {
		if g := h.gates[s].Load(); g != nil {
			return g, nil
		}
	}
	p, err := h.Policy(s)
	switch {
	case err != nil:
		return nil, err
	case s == limits.TCPBacklog:
		return nil, fmt.Errorf("simulate: %v of %v: each listening socket has a gate of its own; tcp.NewBacklog makes one", s, h.windows)
	case p.PerDestination:
		return nil, fmt.Errorf("simulate: %v of %v: each destination has ports of its own (Outbound.PerDestination), and so no gate is that of the machine", s, h.windows)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if g := h.gates[s].Load(); g != nil {
		return g, nil
	}
	g := NewGate(h, p)
	h.gates[s].Store(g)
	return g, nil
}

// Pool is for adapters. It returns the gate that all TCP sockets share on Windows
// 95, 98 and Me, and nil on every other edition. The gate is that of
// limits.TCPOther: a hundred sockets by default, those in the backlog and in
// TIME_WAIT included. A connection of another service takes a slot of the pool
// besides its own.
func (h *Host) Pool() *Gate {
	if !h.windows.Edition.PoolsSockets() {
		return nil
	}
	g, err := h.Gate(limits.TCPOther)
	if err != nil {
		return nil
	}
	return g
}

// Part is for packages of adapters. It returns the part of type T of a host, and
// makes it at the first call. A part is what such a package keeps for each machine:
// the state that its commands change, and what it has made from the host. T is a
// type of that package, so that no other package finds the part.
//
// The host calls these methods of its parts, where they have them, in the order in
// which the parts were made:
//
//	Close() error                                               // for Host.Close
//	Disconnect()                                                // for Host.Disconnect
//	Console(line string) (output string, known bool, err error) // for Host.Console
//
// make must not call methods of the host. No part can be made once the host is
// closed; the error wraps ErrClosed.
func Part[T any](h *Host, make func() *T) (*T, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.parts {
		if p, ok := p.(*T); ok {
			return p, nil
		}
	}
	if h.closed {
		return nil, fmt.Errorf("simulate: %v: %w", reflect.TypeFor[T](), ErrClosed)
	}
	p := make()
	h.parts = append(h.parts, p)
	return p, nil
}

// ErrClosed is wrapped by the errors of a host that has been closed.
var ErrClosed = errors.New("simulate: host closed")

func (h *Host) partList() []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.parts)
}

// Close closes the servers, proxies and listeners that were made from the host,
// with their connections, and ends the dials of its dialers. It returns when that
// is done, with their errors. Nothing can be made from the host afterwards. Its
// gates stay, so that slots can be released.
func (h *Host) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	var errs []error
	for _, p := range h.partList() {
		if c, ok := p.(interface{ Close() error }); ok {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Disconnect ends the open connections of the host's servers, proxies and
// listeners, which go on to accept.
func (h *Host) Disconnect() {
	for _, p := range h.partList() {
		if d, ok := p.(interface{ Disconnect() }); ok {
			d.Disconnect()
		}
	}
}

// Observe calls f for every event at every gate of the host, until stop is called.
// Several goroutines may call f at the same time. f must not block, since the
// attempt that caused the event waits for it.
func (h *Host) Observe(f func(Event)) (stop func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	entry := &f
	h.setObservers(append(slices.Clone(h.observerList()), entry))
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.setObservers(slices.DeleteFunc(slices.Clone(h.observerList()), func(o *func(Event)) bool { return o == entry }))
	}
}

func (h *Host) observerList() []*func(Event) {
	if list := h.observers.Load(); list != nil {
		return *list
	}
	return nil
}

func (h *Host) setObservers(list []*func(Event)) {
	if len(list) == 0 {
		h.observers.Store(nil)
		return
	}
	h.observers.Store(&list)
}

// IsObserved reports whether a function observes the host. An adapter need not name
// its peers if none does.
func (h *Host) IsObserved() bool { return h.observers.Load() != nil }

func (h *Host) emit(e Event) {
	e.Time, e.Windows = time.Now(), h.windows
	for _, f := range h.observerList() {
		(*f)(e)
	}
}
