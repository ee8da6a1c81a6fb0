package simtest

import (
	"testing"
	"time"
)

// inBubble reports whether the test says that it is in a testing/synctest bubble,
// which it does by the panic of Deadline.
func inBubble(t testing.TB) (in bool) {
	has, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return false
	}
	defer func() { in = recover() != nil }()
	has.Deadline()
	return false
}

// notInBubble fails a test that is in a bubble, for something that waits for the
// world outside: the bubble would take that for a standstill, or never be still.
func notInBubble(t testing.TB, what string) {
	t.Helper()
	if inBubble(t) {
		t.Fatalf("simtest: %s, which does not work in a testing/synctest bubble: call it outside", what)
	}
}
