package simtest

import (
	"context"
	"net"
	"testing"

	"github.com/winlimits/winlimits/simulate/internal/memnet"
)

// maxComputers is how many client computers have an address.
const maxComputers = 1<<16 - 2

// computer returns the address of the client computer with the number: a private one
// (RFC 1918).
func computer(t testing.TB, number int) net.IP {
	t.Helper()
	if number < 1 || number > maxComputers {
		t.Fatalf("simtest: no client computer has number %d; want 1 to %d", number, maxComputers)
	}
	return net.IPv4(10, 0, byte(number>>8), byte(number))
}

// dialFrom returns what DialFrom of a fixture returns.
func dialFrom(l *memnet.Listener, from net.IP) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, err := l.DialFrom(ctx, from)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// loopback makes a fixture listen on loopback, and returns its address there.
func loopback(t testing.TB, l *memnet.Listener) string {
	t.Helper()
	notInBubble(t, "Loopback listens on the network")
	addr, err := l.Loopback()
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	return addr
}
