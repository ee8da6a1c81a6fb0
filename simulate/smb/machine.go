package smb

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/simulate"
)

// machine is what the proxies of one host have in common. It is the part of this
// package in the host (simulate.Part).
type machine struct {
	host *simulate.Host
	gate *simulate.Gate

	idleMinutes atomic.Int64 // as "net config server" shows it; limits.AutoDisconnectNever for never
	idleEnforce atomic.Bool  // AutoDisconnect is on

	slots sharedSlots

	mu      sync.Mutex
	closed  bool
	proxies []*Proxy
	name    string // the ServerName of the first proxy that set one, or empty
	asked   string // the computer whose sessions "net session" has asked whether to delete, or empty
}

func newMachine(host *simulate.Host, gate *simulate.Gate) *machine {
	m := &machine{host: host, gate: gate}
	m.idleMinutes.Store(int64(host.Windows().Edition.AutoDisconnect().Value / time.Minute))
	return m
}

// add makes p a proxy of the machine.
func (m *machine) add(p *Proxy) error {
	m.mu.Lock()
	name := p.settings.ServerName
	switch {
	case m.closed:
		m.mu.Unlock()
		return fmt.Errorf("smb: %w", simulate.ErrClosed)
	case name != "" && m.name != "" && name != m.name:
		defer m.mu.Unlock()
		return fmt.Errorf("smb: Settings.ServerName: %.100q: another proxy of this host has %.100q, and a machine has one name", name, m.name)
	}
	if name != "" {
		m.name = name
	}
	m.proxies = append(m.proxies, p)
	m.mu.Unlock()
	if p.settings.AutoDisconnect {
		m.enforceIdle()
	}
	return nil
}

// remove takes p from the machine. The name and the idle time stay, as they belong to
// the machine.
func (m *machine) remove(p *Proxy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.proxies = slices.DeleteFunc(m.proxies, func(q *Proxy) bool { return q == p })
}

// list returns the proxies of the machine.
func (m *machine) list() []*Proxy {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.proxies)
}

// serverName returns the name of the machine.
func (m *machine) serverName() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.name == "" {
		return defaultServerName
	}
	return m.name
}

// Close closes the proxies, for Host.Close.
func (m *machine) Close() error {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	var errs []error
	for _, p := range m.list() {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// Disconnect ends the connections, for Host.Disconnect.
func (m *machine) Disconnect() {
	for _, p := range m.list() {
		p.disconnect("disconnected with the host")
	}
}
