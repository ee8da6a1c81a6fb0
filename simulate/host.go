// Package simulate acts out what a Windows does to connections.
//
// A Host is one emulated machine. It has a Gate for each service, built from
// the rule that package limits knows for it, and all fronts that speak the
// service share the gate. In real time, with real peers:
//
//   - WrapServer puts the web server limits of the Windows on an *http.Server;
//     Listener and Handler are its two halves.
//   - SMBProxy stands in front of a real file server and refuses the session
//     that is one too many.
//   - Dialer has no more connection attempts in progress than the Windows.
//   - Gate is the limit itself, for any other front.
//
// And in virtual time, where Run, Replicate and Compare tell what the clients
// of a Scenario will see, by asking the same gates.
//
// What a front refuses, it refuses at the layer and with the bytes that Windows
// uses. Everything it decides can be counted (Stats), waited for (Wait) and
// watched (Observe). Fixtures for tests are in package simtest.
package simulate

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// Host is one emulated machine. Its gates are shared by everything made from
// it, as the limits of a machine are shared by its programs. It may be used by
// many goroutines.
type Host struct {
	windows   limits.Windows
	settings  Settings
	gates     [int(limits.Licence)]atomic.Pointer[Gate] // by service
	mu        sync.Mutex                                // guards making a gate, and observers
	observers atomic.Pointer[[]*func(Event)]

	// What Adsutil can change while the host is in use.
	noKeepAlive atomic.Bool
	idleTimeout atomic.Int64 // nanoseconds; 0 = the default of the version
}

// Settings are what can be set on a Windows. The zero value is a Windows out of
// the box. They are plain values and survive JSON.
type Settings struct {
	// Limits replaces the limit of a service, default and ceiling, by a number
	// that no administrator could set, say for a test or for what patches did.
	// To lower a limit, or raise it as far as the Windows accepts, use
	// Gate.SetLimit or the settings below.
	Limits map[limits.Service]int

	// MaxConnections is the metabase property of IIS 4.0 to 6.0: the open
	// connections that the web server takes. 0 is the default of the edition;
	// other values go from 1 to the ceiling of the edition, which is 10, or 40
	// on XP Professional.
	MaxConnections int
	// AllowKeepAlive is the metabase property of IIS 4.0 to 6.0, and true if
	// nil. If false, a connection is closed after its request; IIS 4.0 does
	// that to HTTP/1.0 clients only (kb195179, cazzulino-gazitt).
	AllowKeepAlive *bool
	// ConnectionTimeout is the idle time after which the web server closes a
	// connection. 0 is the default of the version: 900 s on IIS 4.0 and 5.0,
	// 300 s on XP, 120 s from IIS 6.0 on (iis4-help-timeouts,
	// iis5-timeout-summary, cazzulino-gazitt, iis-docs-site-limits; for 6.0 it
	// is taken from 7.0). The metabase holds 0 to 2147483647 s.
	ConnectionTimeout time.Duration
	// QueueTimeout ends the wait of a request that IIS 7.0 or later has queued.
	// 0 is never. Whether queued requests fall under the 120 s that
	// iis-docs-site-limits gives is unknown.
	QueueTimeout time.Duration
	// WorkerProcesses multiplies the request limit of IIS 7.0 and later, which
	// one source says holds for each worker process (carehart-2011). 0 is 1.
	WorkerProcesses int

	// HalfOpen is about outbound connection attempts.
	HalfOpen HalfOpenSettings
}

// ErrAbsent matches the error for a service that the edition does not have.
var ErrAbsent = errors.New("simulate: no such service in this edition")

// New returns a host that is a w with the settings, or out of the box if
// settings is nil. It fails if there is no such Windows or the Windows would
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
	if err := h.checkSettings(); err != nil {
		return nil, err
	}
	h.noKeepAlive.Store(h.settings.AllowKeepAlive != nil && !*h.settings.AllowKeepAlive)
	h.idleTimeout.Store(int64(h.settings.ConnectionTimeout))
	return h, nil
}

func (h *Host) checkSettings() error {
	s := &h.settings
	if len(s.Limits) == 0 { // a forecast has no time for the nothing below
		return errors.Join(h.checkWebSettings(), h.checkHalfOpenSettings())
	}
	for _, service := range slices.Sorted(maps.Keys(s.Limits)) {
		n := s.Limits[service]
		if n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("simulate: Limits[%v]: %d is not from 0 to %d", service, n, math.MaxInt32)
		}
		if service == limits.Licence {
			return fmt.Errorf("simulate: Limits[%v]: nothing enforces a licence, so there is no gate for it", service)
		}
		if _, err := limits.Lookup(h.windows, service); err != nil {
			return fmt.Errorf("simulate: Limits[%v]: %w", service, err)
		}
	}
	return errors.Join(h.checkWebSettings(), h.checkHalfOpenSettings())
}

// Windows returns which Windows the host is.
func (h *Host) Windows() limits.Windows { return h.windows }

// Gate returns the gate of a service. The error matches ErrAbsent if the
// edition does not have the service, and limits.ErrNoRule if the table does not
// know.
func (h *Host) Gate(s limits.Service) (*Gate, error) {
	if int(s) < len(h.gates) {
		if g := h.gates[s].Load(); g != nil {
			return g, nil
		}
	}
	rule, err := limits.Lookup(h.windows, s)
	switch {
	case err != nil:
		return nil, err
	case rule.Basis != limits.ByCode:
		return nil, fmt.Errorf("simulate: there is no gate for %v: %v", s, rule)
	}
	return h.gate(rule)
}

func (h *Host) gate(rule limits.Rule) (*Gate, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := rule.Service
	if g := h.gates[s].Load(); g != nil {
		return g, nil
	}
	g := &Gate{host: h, rule: rule}
	limit, ceiling, err := h.capacity(rule)
	if err != nil {
		return nil, err
	}
	g.ceiling = ceiling
	g.discipline = rule.Discipline
	if g.discipline == limits.None {
		// A limit was set where the edition has none.
		g.discipline = limits.Refuse
	}
	if s == limits.TCPHalfOpen {
		g.discipline = limits.Queue
		g.halfOpen = newHalfOpen(g)
		g.admission.paced = g.halfOpen.pace > 0
	}
	if g.discipline == limits.Queue {
		g.bound = unlimited
		if n, ok := rule.Queue.Number(); ok {
			g.bound = int64(n)
		}
	}
	g.admission.init(limit, ceiling)
	h.gates[s].Store(g)
	return g, nil
}

// capacity returns the limit in force and the ceiling of a rule under the
// host's settings.
func (h *Host) capacity(rule limits.Rule) (limit, ceiling int64, err error) {
	if n, ok := h.settings.Limits[rule.Service]; ok {
		return int64(n), int64(n), nil
	}
	limit, ceiling = toSlots(rule.Default), toSlots(rule.Ceiling)
	switch {
	case rule.Default.IsAbsent():
		return 0, 0, fmt.Errorf("%w: %v", ErrAbsent, rule)
	case !rule.Default.IsKnown() || !rule.Ceiling.IsKnown():
		return 0, 0, fmt.Errorf("%w: %v", limits.ErrNoRule, rule)
	case rule.Service == limits.IIS:
		limit, ceiling = h.webCapacity(rule, limit, ceiling)
	case rule.Service == limits.TCPHalfOpen:
		limit = h.halfOpenCapacity(limit)
		ceiling = limit
	}
	return limit, ceiling, nil
}

func toSlots(l limits.Limit) int64 {
	if n, ok := l.Number(); ok {
		return int64(n)
	}
	return unlimited
}

// Observe calls f for every event at every gate of the host, from then on until
// stop is called. Events of one gate may come from several goroutines at once,
// and f must not block: whoever caused the event waits for it. Time is read
// only while somebody observes.
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

func (h *Host) isObserved() bool { return h.observers.Load() != nil }

func (h *Host) emit(e Event) {
	e.Time, e.Windows = time.Now(), h.windows
	for _, f := range h.observerList() {
		(*f)(e)
	}
}
