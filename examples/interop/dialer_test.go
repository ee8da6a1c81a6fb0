package interop

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/proxy"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// What takes a proxy.ContextDialer, as torrent and SSH clients do, takes a
// tcp.Dialer.
func TestDialerBehindProxySettings(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, nil)
	require.NoError(t, err)
	dialer, err := tcp.NewDialer(host, nil)
	require.NoError(t, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)

	perHost := proxy.NewPerHost(proxy.Direct, dialer)
	perHost.AddIP(net.IPv4(127, 0, 0, 1))
	conn, err := perHost.DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	conn.Close()
	assert.EqualValues(t, 1, gate.Stats().Admitted)
}
