package smb

import (
	"strings"
	"sync"

	"github.com/winlimits/winlimits/simulate"
)

// sharedSlots are the slots of a machine, each held by one session or shared by
// those that Count takes for one.
type sharedSlots struct {
	admitting sync.Mutex // one admission at a time

	mu    sync.Mutex
	byKey map[string]*sharedSlot
}

// sharedSlot is a slot and the number of sessions that share it.
type sharedSlot struct {
	slot simulate.Slot
	refs int
	key  string // in sharedSlots.byKey, or empty
}

// slotKey returns what the sessions that share a slot with s have in common, or
// nothing if it shares with none.
func (c Count) slotKey(s *session) string {
	switch {
	case c == CountComputers:
		return s.computer
	case c == CountComputerUsers && s.named && s.user != "":
		return s.computer + "\x00" + strings.ToLower(s.user)
	}
	return ""
}

// acquire returns the slot for a session with the key, or nil if there is none.
func (ss *sharedSlots) acquire(gate *simulate.Gate, key string, p peer) *sharedSlot {
	ss.admitting.Lock()
	defer ss.admitting.Unlock()
	ss.mu.Lock()
	if shared := ss.byKey[key]; shared != nil {
		shared.refs++
		ss.mu.Unlock()
		return shared
	}
	ss.mu.Unlock()
	// Not under ss.mu: observers may look at the proxies.
	shared := &sharedSlot{refs: 1, key: key}
	shared.slot.Peer = p
	if !gate.TryAcquire(&shared.slot) {
		return nil
	}
	if key != "" {
		ss.mu.Lock()
		if ss.byKey == nil {
			ss.byKey = make(map[string]*sharedSlot)
		}
		ss.byKey[key] = shared
		ss.mu.Unlock()
	}
	return shared
}

// leave gives up one share of a slot, and reports whether it was the last: then
// the caller releases the slot, when no lock is held.
func (ss *sharedSlots) leave(shared *sharedSlot) (last bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if shared.refs--; shared.refs > 0 {
		return false
	}
	if shared.key != "" {
		delete(ss.byKey, shared.key)
	}
	return true
}
