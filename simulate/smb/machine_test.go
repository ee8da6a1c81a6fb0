package smb_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// second returns a second proxy of the lab's host, with a file server and clients
// of its own.
func (lab *lab) second(settings *smb.Settings) *lab {
	lab.t.Helper()
	other := *lab
	other.server = &fakeServer{t: lab.t, sessions: make(map[uint64]bool)}
	other.ln = newPipeListener()
	proxy, err := smb.NewProxy(lab.host, other.server.dial, settings)
	require.NoError(lab.t, err)
	other.proxy = proxy
	served := make(chan error, 1)
	go func() { served <- proxy.Serve(other.ln) }()
	lab.t.Cleanup(func() {
		proxy.Close()
		assert.ErrorIs(lab.t, <-served, net.ErrClosed)
		other.server.wait()
	})
	return &other
}

// TestMachine: the proxies of a host are one machine, with one limit, one list
// of sessions and one idle time.
func TestMachine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 3, &smb.Settings{ServerName: "OFFICE"})
		other := lab.second(nil)
		a, b := lab.session("10.0.0.1", "alice"), other.session("10.0.0.2", "bob")
		c := other.session("10.0.0.1", "alice")
		d := lab.client("10.0.0.3")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, d.logon("carol").Status)
		assert.Len(t, lab.proxy.Sessions(), 1)
		assert.Len(t, other.proxy.Sessions(), 2)
		out := lab.console("net session")
		assert.Equal(t, 2, strings.Count(out, `\\10.0.0.1 `), out)
		assert.Equal(t, 1, strings.Count(out, `\\10.0.0.2 `), out)
		assert.Contains(t, lab.console("net config server"), `\\OFFICE`)

		lab.console(`net session \\10.0.0.1 /delete`)
		assert.True(t, a.isClosed())
		assert.True(t, c.isClosed())
		assert.Equal(t, 1, lab.held())

		lab.console("net config server /autodisconnect:3")
		e := lab.session("10.0.0.4", "erin")
		start := time.Now()
		assert.True(t, b.isClosed())
		assert.True(t, e.isClosed())
		assert.Equal(t, 3*time.Minute, time.Since(start))
	})
}

// TestMachineAutoDisconnect: one proxy that ends idle sessions turns that on for
// the machine, and what the administrator has set stays when a proxy goes.
func TestMachineAutoDisconnect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 3, nil)
		a := lab.session("c1", "alice")
		time.Sleep(time.Hour)
		require.Equal(t, 1, lab.held())
		require.Equal(t, smbwire.StatusSuccess, a.command(smbwire.Command2Read).Status)
		start := time.Now()
		other := lab.second(&smb.Settings{AutoDisconnect: true})
		assert.True(t, a.isClosed())
		assert.Equal(t, 15*time.Minute, time.Since(start))

		lab.console("net config server /autodisconnect:2")
		require.NoError(t, other.proxy.Close())
		b := lab.session("c1", "alice")
		start = time.Now()
		assert.True(t, b.isClosed())
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

// TestMachineSharedSlots: sessions that share a slot share it on all proxies of the machine.
func TestMachineSharedSlots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, &smb.Settings{Count: smb.CountComputers})
		other := lab.second(&smb.Settings{Count: smb.CountComputers})
		a, b := lab.session("10.0.0.1", "alice"), other.session("10.0.0.1", "bob")
		assert.Equal(t, 1, lab.held())
		a.Close()
		assert.Equal(t, 1, lab.held())
		b.Close()
		assert.Equal(t, 0, lab.held())
	})
}

// TestMachineName: a machine has one name.
func TestMachineName(t *testing.T) {
	h, err := simulate.New(limits.Windows{Edition: limits.XPHome}, nil)
	require.NoError(t, err)
	for _, name := range []string{"", "OFFICE", "", "OFFICE"} {
		_, err := smb.NewProxy(h, smb.Backend("x"), &smb.Settings{ServerName: name})
		require.NoError(t, err)
	}
	_, err = smb.NewProxy(h, smb.Backend("x"), &smb.Settings{ServerName: "HOME"})
	assert.EqualError(t, err, `smb: Settings.ServerName: "HOME": another proxy of this host has "OFFICE", and a machine has one name`)
	require.NoError(t, h.Close())
}

// TestHostEnds: Host.Close ends the proxies, and Host.Disconnect the connections alone.
func TestHostEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 3, nil)
		other := lab.second(nil)
		a, b := lab.session("c1", "alice"), other.session("c2", "bob")
		lab.host.Disconnect()
		assert.True(t, a.isClosed())
		assert.True(t, b.isClosed())
		assert.Equal(t, 0, lab.held())

		a = lab.session("c1", "alice")
		require.NoError(t, lab.host.Close())
		assert.True(t, a.isClosed())
		assert.Equal(t, 0, lab.held())
		assert.ErrorIs(t, lab.proxy.Serve(newPipeListener()), net.ErrClosed)
		_, err := smb.NewProxy(lab.host, func(context.Context) (net.Conn, error) { return nil, nil }, nil)
		assert.ErrorIs(t, err, simulate.ErrClosed)
	})
}
