package smb

import (
	"strings"
	"sync"

	"github.com/winlimits/winlimits/simulate"
)

// sharedSlots are the slots that the sessions of a machine hold. A slot is held by one
// session, or shared by those that Count counts as one.
type sharedSlots struct {
	admitting sync.Mutex // serializes acquire

	mu    sync.Mutex
	byKey map[string]*sharedSlot // the slots that can be shared
}

// sharedSlot is a slot and the number of sessions that share it.
type sharedSlot struct {
	slot simulate.Slot
	refs int
	key  string // its key in sharedSlots.byKey, or empty if it cannot be shared
}

// slotKey returns the key of the slot that s shares with others, or the empty string if
// it has a slot of its own.
func (c Count) slotKey(s *session) string {
	switch {
	case c == CountComputers:
		return s.computer
	case c == CountComputerUsers && s.named && s.user != "":
		return s.computer + "\x00" + strings.ToLower(s.user)
	}
	return ""
}

// acquire returns the slot for a session with the key, or nil if none is free.
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
	// ss.mu is not locked here: TryAcquire calls observers, which may call the proxies.
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

// giveBack gives back one session's share of a slot. It reports whether that was the
// last share: the caller then releases the slot, when it holds no lock.
func (ss *sharedSlots) giveBack(shared *sharedSlot) (last bool) {
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
