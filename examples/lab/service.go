package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// counters are the state of a limit as the API answers it.
type counters struct {
	Limit      limits.Limit      `json:"limit"`
	Ceiling    limits.Limit      `json:"ceiling"`
	Discipline limits.Discipline `json:"discipline"`
	Held       int               `json:"held"`
	Holds      int               `json:"holds"`
	Queued     int               `json:"queued"`
	Peak       int               `json:"peak"`
	Admitted   int64             `json:"admitted"`
	Waited     int64             `json:"waited"`
	Refused    int64             `json:"refused"`
	TimedOut   int64             `json:"timedOut"`
	Abandoned  int64             `json:"abandoned"`
	Superseded int64             `json:"superseded,omitzero"`
	Rule       string            `json:"rule"`
}

func countersOf(g *simulate.Gate) counters {
	p, s := g.Policy(), g.Stats()
	return counters{
		Limit: g.Limit(), Ceiling: p.Ceiling, Discipline: p.Discipline,
		Held: s.Held, Holds: g.Holds(), Queued: s.Queued, Peak: s.Peak, Admitted: s.Admitted, Waited: s.Waited,
		Refused: s.Refused, TimedOut: s.TimedOut, Abandoned: s.Abandoned, Superseded: s.Superseded, Rule: p.Rule.String(),
	}
}

// serviceState is a service of a machine as the API answers it.
type serviceState struct {
	Service limits.Service `json:"service"`
	counters
	Error string `json:"error,omitempty"`
}

// state returns the state of a service, with or without a gate.
func (m *machine) state(s limits.Service) serviceState {
	if s == limits.TCPBacklog {
		return m.backlogState()
	}
	if g, err := m.gate(s); err == nil {
		return serviceState{Service: s, counters: countersOf(g)}
	}
	rule, err := limits.Lookup(m.host.Windows(), s)
	if err != nil { // the limit is unknown, and the rule says why
		return serviceState{Service: s, counters: counters{Rule: err.Error()}}
	}
	return serviceState{Service: s, counters: counters{
		Limit: rule.Default, Ceiling: rule.Ceiling, Discipline: rule.Discipline, Rule: rule.String(),
	}}
}

// backlogState returns the sums over the fronts, with the limit of one socket.
func (m *machine) backlogState() serviceState {
	state := serviceState{Service: limits.TCPBacklog}
	if p, err := m.host.Policy(limits.TCPBacklog); err != nil {
		state.Rule = err.Error()
	} else {
		state.Limit, state.Ceiling, state.Discipline, state.Rule = p.Limit, p.Ceiling, p.Discipline, p.Rule.String()
	}
	for _, f := range m.backlogs() {
		c := countersOf(f.gate())
		state.Held += c.Held
		state.Holds += c.Holds
		state.Queued += c.Queued
		state.Peak += c.Peak
		state.Admitted += c.Admitted
		state.Waited += c.Waited
		state.Refused += c.Refused
		state.TimedOut += c.TimedOut
		state.Abandoned += c.Abandoned
		state.Superseded += c.Superseded
	}
	return state
}

// condition is a state that a request waits for.
type condition struct {
	held, queued, refused *int64
	timeout               time.Duration
}

func (c condition) isNone() bool { return c.held == nil && c.queued == nil && c.refused == nil }

func (c condition) holds(s simulate.Stats) bool {
	return (c.held == nil || int64(s.Held) == *c.held) && (c.queued == nil || int64(s.Queued) == *c.queued) &&
		(c.refused == nil || s.Refused >= *c.refused)
}

// defaultWait is how long a request waits that has no timeout.
const defaultWait = 30 * time.Second

func readCondition(r *http.Request) (c condition, err error) {
	values, err := query(r, "held", "queued", "refused", "timeout")
	if err != nil {
		return c, err
	}
	c.timeout = defaultWait
	if c.held, err = readCount(values, "held"); err != nil {
		return c, err
	}
	if c.queued, err = readCount(values, "queued"); err != nil {
		return c, err
	}
	if c.refused, err = readCount(values, "refused"); err != nil {
		return c, err
	}
	if values.Has("timeout") {
		text := values.Get("timeout")
		c.timeout, err = time.ParseDuration(text)
		if err != nil || c.timeout < 0 || c.timeout > maxTimeout {
			return c, bad("timeout=%.40s: want a time from 0s to %v, such as 5s", text, maxTimeout)
		}
	}
	return c, nil
}

func readCount(values url.Values, name string) (*int64, error) {
	if !values.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(values.Get(name), 10, 64)
	if err != nil || n < 0 {
		return nil, bad("%s=%.40s: want a whole number, 0 or more", name, values.Get(name))
	}
	return &n, nil
}

// await waits for a condition of a gate and then answers with the result of state.
func (l *lab) await(w http.ResponseWriter, r *http.Request, g *simulate.Gate, done <-chan struct{}, c condition, state func(err string) any) error {
	release, err := enter(l.waits, "requests that wait")
	if err != nil {
		return err
	}
	defer release()
	ctx, cancel := context.WithTimeout(r.Context(), c.timeout)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-done:
			cancel()
		case <-ended:
		}
	}()
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	err = g.Wait(ctx, c.holds)
	switch {
	case err == nil:
		return reply(w, http.StatusOK, state(""))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return reply(w, http.StatusRequestTimeout, state(fmt.Sprintf("the state was not reached in %v: %v", c.timeout, err)))
	}
	return &problem{http.StatusGone, errors.New("the host ended during the wait")}
}

// service returns the machine and the service that the path names.
func (l *lab) service(r *http.Request) (*machine, limits.Service, error) {
	m, err := l.named(r)
	if err != nil {
		return nil, 0, err
	}
	s, err := limits.ParseService(r.PathValue("service"))
	if err != nil {
		return nil, 0, &problem{http.StatusNotFound, err}
	}
	return m, s, nil
}

// theGate returns the gate of a service, or an error that says why there is none to
// wait for or to change.
func (m *machine) theGate(s limits.Service) (*simulate.Gate, error) {
	if s == limits.TCPBacklog {
		var paths []string
		for i, f := range m.fronts {
			if f.gate() != nil {
				paths = append(paths, fmt.Sprintf("/api/hosts/%s/fronts/%d", m.config.Name, i))
			}
		}
		if len(paths) == 0 {
			return nil, conflict("%v: each listening socket has a limit of its own, and host %q has no front with a backlog", s, m.config.Name)
		}
		return nil, conflict("%v: each listening socket has a limit of its own: want %s", s, strings.Join(paths, " or "))
	}
	g, err := m.gate(s)
	if err != nil {
		return nil, conflict("%v has no limit that is enforced: %w", s, err)
	}
	return g, nil
}

func (l *lab) getService(w http.ResponseWriter, r *http.Request) error {
	m, s, err := l.service(r)
	if err != nil {
		return err
	}
	c, err := readCondition(r)
	if err != nil {
		return err
	}
	if c.isNone() {
		return reply(w, http.StatusOK, m.state(s))
	}
	g, err := m.theGate(s)
	if err != nil {
		return err
	}
	return l.await(w, r, g, m.done, c, func(err string) any {
		state := m.state(s)
		state.Error = err
		return state
	})
}

func (l *lab) patchService(w http.ResponseWriter, r *http.Request) error {
	m, s, err := l.service(r)
	if err != nil {
		return err
	}
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	g, err := m.theGate(s)
	if err != nil {
		return err
	}
	if err := patch(g, text); err != nil {
		return err
	}
	return reply(w, http.StatusOK, m.state(s))
}

// patch moves the limit of a gate, or holds slots.
func patch(g *simulate.Gate, text []byte) error {
	var change struct {
		Limit json.RawMessage `json:"limit"`
		Hold  *int            `json:"hold"`
	}
	if err := decode(text, &change); err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	switch {
	case (change.Limit == nil) == (change.Hold == nil):
		return bad(`want either {"limit":N}, where null is the limit of the settings, or {"hold":N}`)
	case change.Limit == nil && *change.Hold < 0:
		return bad("hold %d: want 0 or more", *change.Hold)
	case change.Limit == nil:
		if err := g.SetHolds(*change.Hold); err != nil {
			return &problem{http.StatusConflict, err}
		}
		return nil
	}
	limit := g.Policy().Limit
	if string(change.Limit) != "null" {
		if err := json.Unmarshal(change.Limit, &limit); err != nil {
			return bad("limit %.40s: %v", change.Limit, err)
		}
	}
	if err := g.SetLimit(limit); err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	return nil
}

// frontState is a front with its counters as the API answers it.
type frontState struct {
	frontAnswer
	Address     string `json:"address"`
	Connections int    `json:"connections"`
	*counters
	Error string `json:"error,omitempty"`
}

func (f *front) state(err string) any {
	s := frontState{frontAnswer: f.answer(), Address: f.address, Connections: f.connections(), Error: err}
	if g := f.gate(); g != nil {
		c := countersOf(g)
		s.counters = &c
	}
	return s
}

// front returns the front that the path names.
func (l *lab) front(r *http.Request) (*front, error) {
	m, err := l.named(r)
	if err != nil {
		return nil, err
	}
	text := r.PathValue("front")
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= len(m.fronts) || strconv.Itoa(n) != text {
		return nil, &problem{http.StatusNotFound, fmt.Errorf("no front %.40q of host %q: it has %d, counted from 0", text, m.config.Name, len(m.fronts))}
	}
	return m.fronts[n], nil
}

func (f *front) theGate() (*simulate.Gate, error) {
	if g := f.gate(); g != nil {
		return g, nil
	}
	return nil, conflict("the front has no backlog, and so no limit of its own: want /api/hosts/%s/services/SERVICE", f.machine.config.Name)
}

func (l *lab) getFront(w http.ResponseWriter, r *http.Request) error {
	f, err := l.front(r)
	if err != nil {
		return err
	}
	c, err := readCondition(r)
	if err != nil {
		return err
	}
	if c.isNone() {
		return reply(w, http.StatusOK, f.state(""))
	}
	g, err := f.theGate()
	if err != nil {
		return err
	}
	return l.await(w, r, g, f.machine.done, c, f.state)
}

func (l *lab) patchFront(w http.ResponseWriter, r *http.Request) error {
	f, err := l.front(r)
	if err != nil {
		return err
	}
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	g, err := f.theGate()
	if err != nil {
		return err
	}
	if err := patch(g, text); err != nil {
		return err
	}
	return reply(w, http.StatusOK, f.state(""))
}
