package tcp

import "net"

// A resetWatch notices that the peer of a connection resets it, while nothing else
// uses the connection. A nil resetWatch watches nothing.
type resetWatch struct{ end func() }

// A resetNotifier is a connection in memory.
type resetNotifier interface {
	// NotifyReset calls f once the peer has reset the connection, until stop is
	// called.
	NotifyReset(f func()) (stop func())
}

// watchReset calls f, from another goroutine, if c is reset before stop is called.
// It reads nothing. It returns nil if it cannot watch c.
func watchReset(c net.Conn, f func()) *resetWatch {
	if memory, ok := c.(resetNotifier); ok {
		return &resetWatch{memory.NotifyReset(f)}
	}
	return watchSocket(c, f)
}

// stop ends the watch, and leaves the connection as it was. If f has been called,
// it has returned when stop does, or comes too late to be heard.
func (w *resetWatch) stop() {
	if w != nil {
		w.end()
	}
}
