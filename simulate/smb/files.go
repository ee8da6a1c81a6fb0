package smb

import (
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// fileRequest is a request that opens or closes files and is not answered yet.
type fileRequest struct {
	session *session
	tree    uint32
}

// noteFile remembers a request that opens or closes files if it succeeds.
func (c *conn) noteFile(h smbwire.Header2, s *session, tree uint32) {
	switch h.Command {
	case smbwire.Command2Create, smbwire.Command2Close, smbwire.Command2TreeDisconnect:
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = make(map[uint64]fileRequest)
	}
	if len(c.files) < maxRequests {
		c.files[h.MessageID] = fileRequest{s, tree}
	}
}

// fileDone applies the reply to a request that noteFile has remembered.
func (c *conn) fileDone(h smbwire.Header2) {
	c.mu.Lock()
	r, ok := c.files[h.MessageID]
	if ok && h.Status != smbwire.StatusPending {
		delete(c.files, h.MessageID)
	}
	c.mu.Unlock()
	if !ok || h.Status != smbwire.StatusSuccess {
		return
	}
	switch h.Command {
	case smbwire.Command2Create:
		r.session.opened(r.tree, 1)
	case smbwire.Command2Close:
		r.session.opened(r.tree, -1)
	case smbwire.Command2TreeDisconnect:
		r.session.disconnected(r.tree)
	}
}

// opened adds n, which may be negative, to the open files on a tree.
func (s *session) opened(tree uint32, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opens == nil {
		s.opens = make(map[uint32]int)
	}
	if s.opens[tree] += n; s.opens[tree] <= 0 {
		delete(s.opens, tree)
	}
}

// disconnected forgets the open files on a tree that is disconnected.
func (s *session) disconnected(tree uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.opens, tree)
}

// openFiles returns the number of open files that the proxy has seen.
func (s *session) openFiles() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, opens := range s.opens {
		n += opens
	}
	return n
}
