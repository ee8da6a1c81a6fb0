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

// machine is what the proxies of one host have in common: its part in the host.
type machine struct {
	host *simulate.Host
	gate *simulate.Gate

	idleMinutes atomic.Int64 // as "net config server" shows it
	idleEnforce atomic.Bool

	slots sharedSlots

	mu      sync.Mutex
	closed  bool
	proxies []*Proxy
	name    string // as the first proxy that has one says, or empty
	asked   string // computer whose deletion waits for a Y
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
		return fmt.Errorf("smb: Settings.ServerName: %.100q: another proxy of this host says %.100q, and a machine has one name", name, m.name)
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

// remove is the reverse of add. Name and idle time stay as they are: they are
// the machine's.
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

// serverName returns what the machine is called.
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
