package conns

import (
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
)

// Set has the open listeners and connections of one machine. It is a part of a
// simulate.Host, which closes it. It may be used by many goroutines.
type Set struct {
	mu        sync.Mutex
	closed    bool
	listeners map[io.Closer]struct{}
	open      map[io.Closer]struct{}
	locals    map[net.Addr]*Entry // by the own local address of the connection; see ownAddr
}

// NewSet returns an empty set.
func NewSet() *Set {
	return &Set{
		listeners: make(map[io.Closer]struct{}),
		open:      make(map[io.Closer]struct{}),
		locals:    make(map[net.Addr]*Entry),
	}
}

// Add puts the connection of e into the set until the connection is closed. If the set
// has been closed, Add closes the connection.
func (s *Set) Add(e *Entry) {
	s.mu.Lock()
	closed := s.closed
	if !closed && !e.closed.Load() {
		s.open[e.conn] = struct{}{}
		if isOwn(e.own) {
			s.locals[e.own] = e
		}
	}
	s.mu.Unlock()
	if closed {
		e.conn.Close()
	}
}

// remove takes a closed connection out of the set, and returns the function of
// AfterClose, or nil.
func (s *Set) remove(e *Entry) (then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, e.conn)
	if isOwn(e.own) && s.locals[e.own] == e {
		delete(s.locals, e.own)
	}
	e.removed = true
	return e.then
}

// onRemove makes remove return f. It reports false if e has been removed already.
func (s *Set) onRemove(e *Entry, f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.removed {
		e.then = f
	}
	return !e.removed
}

// locate returns the own local address of e, and makes it from a at the first call.
func (s *Set) locate(e *Entry, a net.Addr) net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.own != nil {
		return e.own
	}
	if isOwn(a) && s.locals[a] != nil {
		e.around.Store(true)
	}
	e.own = ownAddr(a)
	if _, open := s.open[e.conn]; open && isOwn(e.own) {
		s.locals[e.own] = e
	}
	return e.own
}

// Find returns the entry of the open connection that has a as its own local address, or
// nil. It compares pointers, so that another connection with an equal address is not
// found. A wrapper's LocalAddr returns the address of the connection inside.
func (s *Set) Find(a net.Addr) *Entry {
	if !isOwn(a) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locals[a]
}

// Track makes Close and Disconnect close c, which is not a Conn, until Untrack.
func (s *Set) Track(c io.Closer) {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.open[c] = struct{}{}
	}
	s.mu.Unlock()
	if closed {
		c.Close()
	}
}

// Untrack forgets c.
func (s *Set) Untrack(c io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// Listen makes Close close a listener, until Unlisten. It reports false if the set has
// been closed.
func (s *Set) Listen(l io.Closer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.listeners[l] = struct{}{}
	}
	return !s.closed
}

// Unlisten forgets a listener.
func (s *Set) Unlisten(l io.Closer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// Close closes the listeners and the connections, and each connection that is added
// later.
func (s *Set) Close() error {
	s.mu.Lock()
	s.closed = true
	listeners := slices.Collect(maps.Keys(s.listeners))
	s.mu.Unlock()
	var errs []error
	for _, l := range listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.Disconnect()
	return errors.Join(errs...)
}

// IsClosed reports whether Close has been called.
func (s *Set) IsClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Disconnect closes the connections.
func (s *Set) Disconnect() {
	s.mu.Lock()
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, c := range open {
		c.Close() // the program that uses the connection gets its error
	}
}
