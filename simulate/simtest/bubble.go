package simtest

import (
	"testing"
	"time"
)

// inBubble reports whether the test is in a testing/synctest bubble. The only sign of
// it is that Deadline panics there.
func inBubble(t testing.TB) (in bool) {
	has, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return false
	}
	defer func() { in = recover() != nil }()
	has.Deadline()
	return false
}

// notInBubble fails a test that is in a bubble, for what waits for the world outside:
// the bubble would report that as a deadlock, or its clock would stand still.
func notInBubble(t testing.TB, what string) {
	t.Helper()
	if inBubble(t) {
		t.Fatalf("simtest: %s, which does not work in a testing/synctest bubble: call it outside", what)
	}
}
