package tcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// ports has the local ports of a machine that outbound connections hold. It is the
// part of the host that its dialers share.
type ports struct {
	host   *simulate.Host
	policy simulate.Policy
	gate   *simulate.Gate // of the machine; only for events if each destination has its own
	pool   *simulate.Gate // of all sockets, or nil

	mu           sync.Mutex
	destinations map[netip.AddrPort]*destination
	waiting      map[pair]int // connections in TIME_WAIT from a port that a program chose
}

// A destination has ports of its own.
type destination struct {
	gate *simulate.Gate
	held int // ports, those in TIME_WAIT included
}

// A pair is a local port and a destination.
type pair struct {
	local uint16
	to    netip.AddrPort
}

func newPorts(host *simulate.Host) (*ports, error) {
	policy, err := host.Policy(limits.TCPOutbound)
	if err != nil {
		return nil, err
	}
	gate, pool := simulate.NewGate(host, policy), host.Pool()
	if !policy.PerDestination {
		if gate, err = host.Gate(limits.TCPOutbound); err != nil {
			return nil, err
		}
	}
	return simulate.Part(host, func() *ports {
		return &ports{
			host: host, policy: policy, gate: gate, pool: pool,
			destinations: make(map[netip.AddrPort]*destination), waiting: make(map[pair]int),
		}
	})
}

// A port is held by one connection or attempt.
type port struct {
	of   *ports
	pair pair // whose local port is 0 if the system chose it
	slot simulate.Slot
	pool simulate.Slot // of the pool
	kept bool
}

// take takes a port for an attempt at to, by a program that binds its socket to
// local, if that is not nil.
func (ps *ports) take(to netip.AddrPort, local net.Addr, process string) (*port, error) {
	p := &port{of: ps, pair: pair{to: to}}
	if tcp, ok := local.(*net.TCPAddr); ok {
		p.pair.local = uint16(tcp.Port)
	}
	for _, s := range []*simulate.Slot{&p.slot, &p.pool} {
		s.Process = process
		if ps.host.IsObserved() {
			s.Peer = net.TCPAddrFromAddrPort(to)
		}
	}
	if ps.pool != nil {
		if err := ps.acquire(ps.pool, &p.pool, syscall.ENOBUFS); err != nil {
			return nil, err
		}
	}
	if p.pair.local != 0 {
		// The program's port is none of those that the system chooses from.
		if ps.isWaiting(p.pair) {
			p.pool.Release()
			ps.gate.LogEvent(limits.Event4227)
			return nil, os.NewSyscallError("connect", syscall.EADDRINUSE)
		}
		return p, nil
	}
	gate, refusal := ps.gate, syscall.ENOBUFS
	if ps.policy.PerDestination {
		gate = ps.begin(to)
	}
	if local != nil || ps.policy.PerDestination {
		refusal = syscall.EADDRINUSE
	}
	if err := ps.acquire(gate, &p.slot, refusal); err != nil {
		p.pool.Release()
		ps.end(to)
		return nil, err
	}
	return p, nil
}

func (ps *ports) acquire(gate *simulate.Gate, s *simulate.Slot, refusal syscall.Errno) error {
	err := gate.Acquire(context.Background(), s)
	var limit *simulate.LimitError
	if errors.As(err, &limit) {
		limit.Err = os.NewSyscallError("connect", refusal)
	}
	return err
}

// begin returns the gate of a destination, which ends as often as it begins.
func (ps *ports) begin(to netip.AddrPort) *simulate.Gate {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	d := ps.destinations[to]
	if d == nil {
		d = &destination{gate: simulate.NewGate(ps.host, ps.policy)}
		ps.destinations[to] = d
	}
	d.held++
	return d.gate
}

func (ps *ports) end(to netip.AddrPort) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if d := ps.destinations[to]; d != nil {
		if d.held--; d.held == 0 {
			delete(ps.destinations, to)
		}
	}
}

func (ps *ports) isWaiting(p pair) bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return ps.waiting[p] > 0
}

// keep returns conn, which frees the port when it has been closed.
func (p *port) keep(conn net.Conn) net.Conn {
	p.kept = true
	return newOutbound(conn, p)
}

// free gives the port back, unless a connection keeps it.
func (p *port) free() {
	if !p.kept {
		p.giveBack()
	}
}

func (p *port) giveBack() {
	p.slot.Release()
	p.pool.Release()
	if p.pair.local == 0 {
		p.of.end(p.pair.to)
	}
}

// wait gives the port back when it has been in TIME_WAIT.
func (p *port) wait() {
	ps := p.of
	d := ps.policy.TimeWait.IPv4
	if p.pair.to.Addr().Unmap().Is6() {
		d = ps.policy.TimeWait.IPv6
	}
	if p.pair.local != 0 {
		ps.mu.Lock()
		ps.waiting[p.pair]++
		ps.mu.Unlock()
	}
	time.AfterFunc(d, func() {
		if p.pair.local != 0 {
			ps.mu.Lock()
			if ps.waiting[p.pair]--; ps.waiting[p.pair] == 0 {
				delete(ps.waiting, p.pair)
			}
			ps.mu.Unlock()
		}
		p.giveBack()
	})
}
