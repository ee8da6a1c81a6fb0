package interop

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// The connections in memory behave as net.Conn has to.
func TestFixtureConnPassesNettest(t *testing.T) {
	ends, done := make(chan net.Conn), make(chan struct{})
	d := simtest.NewDialer(t, simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil), simtest.Network{
		Answer: map[string]func(net.Conn){"peer.test:80": func(c net.Conn) { ends <- c; <-done }},
	}, nil)
	defer close(done)
	nettest.TestConn(t, func() (client, server net.Conn, stop func(), err error) {
		client, err = d.Dial("tcp", "peer.test:80")
		require.NoError(t, err)
		server = <-ends
		return client, server, func() { client.Close(); server.Close() }, nil
	})
}
