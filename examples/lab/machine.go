package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// machine is one of the lab's machines.
type machine struct {
	lab    *lab
	config hostConfig
	host   *simulate.Host
	fronts []*front
	events *history
	done   chan struct{} // closed when the machine ends

	stopObserving func()
	close         func()

	mu     sync.Mutex
	logged map[logKey]int // entries of the event log since the start or a reset

	peers *peers
}

type logKey struct {
	service limits.Service
	id      uint32
}

// prepare makes a machine that does not serve yet. Its fronts have their addresses,
// which may be those of ending machines.
func (l *lab) prepare(ctx context.Context, h hostConfig, ending []*machine) (*machine, error) {
	host, err := simulate.New(h.Windows, &h.Settings)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	m := &machine{
		lab: l, config: h, host: host, events: l.events.newHistory(), done: make(chan struct{}), logged: map[logKey]int{},
		peers: newPeers(),
	}
	m.stopObserving = host.Observe(m.observe)
	m.close = sync.OnceFunc(m.end)
	if err := m.administer(); err != nil {
		m.close()
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	for i := range h.Fronts {
		f, err := newFront(ctx, m, i, ending)
		if err != nil {
			m.close()
			return nil, fmt.Errorf("%s: fronts[%d]: %w", h.Name, i, err)
		}
		m.fronts = append(m.fronts, f)
	}
	return m, nil
}

// administer makes the parts that answer an administrator's commands, even if the
// machine has no front of their service.
func (m *machine) administer() error {
	if _, err := iis.NewServer(m.host); err != nil && !isLack(err) {
		return err
	}
	files, err := fileserver.New(nil)
	if err != nil {
		return err
	}
	if _, err := smb.NewProxy(m.host, files.Dial, nil); err != nil && !isLack(err) {
		return err
	}
	return nil
}

// isLack reports whether the edition has no such service or its limit is not known.
// That does no harm until something needs it.
func isLack(err error) bool {
	return errors.Is(err, simulate.ErrAbsent) || errors.Is(err, limits.ErrNoRule) || errors.Is(err, limits.ErrServicePack)
}

func (m *machine) start() {
	for _, f := range m.fronts {
		f.start()
	}
}

// end ends the machine and returns when nothing of it runs any more.
func (m *machine) end() {
	close(m.done)
	// Fronts first: connections that they have accepted end with the host.
	for _, f := range m.fronts {
		f.stop()
	}
	if err := m.host.Close(); err != nil && !isClosed(err) {
		m.lab.log.Warn("host", "name", m.config.Name, "error", err)
	}
	for _, f := range m.fronts {
		f.close()
	}
	m.stopObserving()
}

// keep is called if the machine goes on after all, with its ports.
func (m *machine) keep() {
	for _, f := range m.fronts {
		f.mu.Lock()
		f.inherited = false
		f.mu.Unlock()
	}
}

// answer returns the machine as the API answers it.
func (m *machine) answer() any {
	type host struct {
		Name     string            `json:"name"`
		Windows  limits.Windows    `json:"windows"`
		Settings simulate.Settings `json:"settings,omitzero"`
		Fronts   []frontAnswer     `json:"fronts"`
	}
	h := host{m.config.Name, m.config.Windows, m.config.Settings, []frontAnswer{}}
	for _, f := range m.fronts {
		h.Fronts = append(h.Fronts, f.answer())
	}
	return h
}

// current returns the configuration of the machine, with the addresses that it has.
func (m *machine) current() hostConfig {
	h := m.config
	h.Fronts = []frontConfig{}
	for _, f := range m.fronts {
		h.Fronts = append(h.Fronts, f.answer().frontConfig)
	}
	return h
}

// gate returns the gate of a service, or an error if it has none.
func (m *machine) gate(s limits.Service) (*simulate.Gate, error) { return m.host.Gate(s) }

// gates returns the gates of all services that have one, in the order of
// limits.Services.
func (m *machine) gates() (gates []*simulate.Gate) {
	for _, s := range limits.Services() {
		if g, err := m.gate(s); err == nil {
			gates = append(gates, g)
		}
	}
	return gates
}

// backlogs returns the fronts that have a backlog.
func (m *machine) backlogs() (fronts []*front) {
	for _, f := range m.fronts {
		if f.gate() != nil {
			fronts = append(fronts, f)
		}
	}
	return fronts
}

// observe is told of every event of the host.
func (m *machine) observe(e simulate.Event) {
	if e.Log != nil {
		m.mu.Lock()
		m.logged[logKey{e.Service, e.Log.ID}]++
		m.mu.Unlock()
	}
	m.peers.observe(e)
	m.lab.events.add(m.events, m.config.Name, e)
}

// logEntries returns the entries of the event log since the start or a reset.
func (m *machine) logEntries() map[logKey]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.logged)
}

// reset sets limits, holds and counters to those of a new machine.
func (m *machine) reset(ctx context.Context, disconnect bool) error {
	gates := m.gates()
	for _, f := range m.backlogs() {
		gates = append(gates, f.gate())
	}
	var errs []error
	for _, g := range gates {
		if g.Limit() != g.Policy().Limit {
			errs = append(errs, g.SetLimit(g.Policy().Limit))
		}
		errs = append(errs, g.SetHolds(0))
	}
	if disconnect {
		m.host.Disconnect()
		for _, f := range m.fronts {
			f.disconnect()
		}
		// The gates hear of the ends of connections a moment later.
		ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		for _, g := range gates {
			if g.Policy().Rule.Service == limits.TCPOutbound {
				continue // ports stay in TIME_WAIT
			}
			errs = append(errs, g.Wait(ctx, func(s simulate.Stats) bool { return s.Held == 0 && s.Queued == 0 }))
		}
	}
	for _, g := range gates {
		g.ResetStats()
	}
	m.mu.Lock()
	clear(m.logged)
	m.mu.Unlock()
	return errors.Join(errs...)
}

func (m *machine) logger() *slog.Logger { return m.lab.log.With("host", m.config.Name) }
