// Package simulate acts out what Windows does to connections.
//
// A Host is one emulated machine. It has a Gate for each service, built from
// the Policy: the rule that package limits knows, under the settings of the
// machine. A Gate is the limit itself, and what most programs need is an adapter
// that stands on it:
//
//   - package iis: the web servers, on net/http
//   - package smb: the limit on file sharing, as a proxy in front of a real file
//     server
//   - package tcp: what the TCP stack does, as a listener and a dialer
//   - package forecast: what many clients will see, in virtual time
//   - package simtest: fixtures for unit tests
//
// All adapters of a host that speak one service share its gate. What is refused
// is refused at the layer and with the bytes that Windows uses. Everything that
// a gate decides can be counted (Stats), waited for (Wait) and watched (Observe).
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

// Host is one emulated machine. Its gates are shared by everything made from
// it, as the limits of a machine are shared by its programs. It may be used by
// many goroutines.
//
// A Host comes from New. Close ends what was made from it; a host from which
// only gates were taken needs no Close.
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

// ErrAbsent matches the error for a service that the edition does not have.
var ErrAbsent = errors.New("simulate: no such service in this edition")

// New returns a host that runs w with the settings, or as Windows is out of the
// box if settings is nil. It fails if there is no such Windows or Windows would
// not accept a setting; the error names the value and what is accepted.
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

// Windows returns which Windows the host runs.
func (h *Host) Windows() limits.Windows { return h.windows }

// Settings returns a copy of the settings that the host was made with.
func (h *Host) Settings() Settings {
	s := h.settings
	s.Limits = maps.Clone(s.Limits)
	return s
}

// Policy returns what is in force for a service of the host, as it was fixed
// when the host was made. The error matches ErrAbsent if the edition does not
// have the service, and limits.ErrNoRule if the table does not know.
func (h *Host) Policy(s limits.Service) (Policy, error) {
	var p Policy
	err := p.init(h.windows, &h.settings, s)
	return p, err
}

// Gate returns the gate of a service, which is the same one each time. The
// errors are those of Policy. TCPBacklog has no such gate, as each listening
// socket has one of its own: see NewGate, and Backlog of package tcp. Neither has
// TCPOutbound if the settings say that each destination has ports of its own.
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

// Pool returns the gate of the pool that all TCP sockets of the machine share, and
// nil where there is none. On Windows 95, 98 and Me that is the gate of TCPOther:
// connections that are accepted, dialled, waiting to be accepted and in TIME_WAIT
// are a hundred in all. What makes one of another service takes a slot of the pool
// as well.
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

// Part returns the part of type T of a host. The first call makes it. A part is
// what a package of adapters keeps for each machine: the state that its commands
// change, and what it has made from the host. T is a type of that package's own,
// so that no other finds it.
//
// The host asks its parts in the order in which they were made, as far as they
// have these methods:
//
//	Close() error                                       // for Host.Close
//	Disconnect()                                        // for Host.Disconnect
//	Console(line string) (output string, known bool, err error) // for Host.Console
//
// make must not call back into the host. Part fails once the host is closed.
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

// ErrClosed matches the error of a host that has been closed.
var ErrClosed = errors.New("simulate: host closed")

func (h *Host) partList() []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.parts)
}

// Close ends what was made from the host: servers, proxies and dialers and their
// connections. It returns when that is done, with the errors of all of them. No
// adapter can be made afterwards. Gates go on, for whoever holds a slot.
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

// Disconnect ends the connections that the adapters of the host have open, and
// keeps their listeners.
func (h *Host) Disconnect() {
	for _, p := range h.partList() {
		if d, ok := p.(interface{ Disconnect() }); ok {
			d.Disconnect()
		}
	}
}

// Observe calls f for every event at every gate of the host, from then on until
// stop is called. Events of one gate may come from several goroutines at once,
// and f must not block: what caused the event waits for it. Time is read only
// while the host is observed.
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

// IsObserved reports whether a function observes the host, so that an adapter
// need not name its peers if none does.
func (h *Host) IsObserved() bool { return h.observers.Load() != nil }

func (h *Host) emit(e Event) {
	e.Time, e.Windows = time.Now(), h.windows
	for _, f := range h.observerList() {
		(*f)(e)
	}
}
