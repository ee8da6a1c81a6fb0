package tcp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

var (
	xpPro = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	win7  = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
)

// listen returns a limited listener on loopback whose connections are accepted
// and kept, and its gate.
func listen(t *testing.T, w limits.Windows, s limits.Service) (net.Listener, *simulate.Gate) {
	t.Helper()
	h, err := simulate.New(w, nil)
	require.NoError(t, err)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ln, err := tcp.NewListener(h, s, inner, nil)
	require.NoError(t, err)
	g, err := h.Gate(s)
	require.NoError(t, err)
	accepted := make(chan net.Conn, 100)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			c, err := ln.Accept()
			if err != nil {
				assert.ErrorIs(t, err, net.ErrClosed)
				return
			}
			accepted <- c
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		<-stopped // Close unblocks Accept
		close(accepted)
		for c := range accepted {
			c.Close()
		}
		assert.Zero(t, g.Stats().Held)
	})
	return ln, g
}

func dial(t *testing.T, ln net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestListenerOfFTP(t *testing.T) {
	ln, g := listen(t, xpPro, limits.FTP)
	for range 10 {
		dial(t, ln)
	}
	require.NoError(t, g.WaitHeld(t.Context(), 10))
	line, err := bufio.NewReader(dial(t, ln)).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "421 Maximum clients reached, service unavailable.\r\n", line)
}

func TestListenerOfSMTPHangsUp(t *testing.T) {
	ln, g := listen(t, xpPro, limits.SMTP)
	require.NoError(t, g.SetLimit(limits.Number(0)))
	_, err := dial(t, ln).Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}

func TestListenerDoesNotLimitThirdParties(t *testing.T) {
	ln, g := listen(t, xpPro, limits.TCPOther)
	for range 40 {
		dial(t, ln)
	}
	require.NoError(t, g.WaitHeld(t.Context(), 40))
	assert.Zero(t, g.Stats().Refused)
}

func TestNewListenerErrors(t *testing.T) {
	inner := memnet.NewListener(21)
	defer inner.Close()
	xp, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	seven, err := simulate.New(win7, nil)
	require.NoError(t, err)
	ftp, err := tcp.NewListener(xp, limits.FTP, inner, nil)
	require.NoError(t, err)
	for _, tt := range []struct {
		host    *simulate.Host
		service limits.Service
		inner   net.Listener
		handOn  bool
		want    string
	}{
		{seven, limits.IIS, inner, true, "tcp: iis of Windows 7 Professional SP1 counts requests, not connections"},
		{seven, limits.SMB, inner, false, "counts sessions, not connections"},
		{xp, limits.IIS, inner, false, "refuses in HTTP: use package iis, or set HandOn"},
		{xp, limits.FTP, nil, false, "needs a listener, not nil"},
		{xp, limits.FTP, ftp, false, "counts for ftp of Windows XP Professional SP3 already"},
	} {
		_, err := tcp.NewListener(tt.host, tt.service, tt.inner, &tcp.ListenerSettings{HandOn: tt.handOn})
		assert.ErrorContains(t, err, tt.want)
	}
	require.NoError(t, xp.Close())
	_, err = tcp.NewListener(xp, limits.FTP, inner, nil)
	assert.ErrorIs(t, err, simulate.ErrClosed)
}

// A listener around another one of its host, with a wrapper between them whose
// connections can be looked into, counts once.
func TestListenerAroundAListener(t *testing.T) {
	host, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	inner := memnet.NewListener(21)
	ln, err := tcp.NewListener(host, limits.FTP, inner, nil)
	require.NoError(t, err)
	outer, err := tcp.NewListener(host, limits.FTP, wrapper{ln, func(c net.Conn) net.Conn { return clear{c} }}, nil)
	require.NoError(t, err)
	defer outer.Close()
	_, c := connect(t, inner, outer)
	g, err := host.Gate(limits.FTP)
	require.NoError(t, err)
	assert.EqualValues(t, 1, g.Stats().Admitted)
	assert.Same(t, g, tcp.GateOf(c))
	assert.Nil(t, tcp.RefusalOf(c))
	require.NoError(t, c.Close())
	assert.Zero(t, g.Stats().Held)
}

// connect returns both ends of a connection to inner, which ln accepts.
func connect(t *testing.T, inner *memnet.Listener, ln net.Listener) (client, server net.Conn) {
	t.Helper()
	dialled := make(chan error, 1)
	go func() {
		var err error
		client, err = inner.Dial(t.Context())
		dialled <- err
	}()
	server, err := ln.Accept()
	require.NoError(t, err)
	require.NoError(t, <-dialled)
	return client, server
}

// wrapper is a listener of another package.
type wrapper struct {
	net.Listener
	wrap func(net.Conn) net.Conn
}

func (l wrapper) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.wrap(c), nil
}

// clear can be looked into.
type clear struct{ net.Conn }

func (c clear) NetConn() net.Conn { return c.Conn }

// shy does not know its address until the peer has said so, as a connection of
// the PROXY protocol.
type shy struct {
	net.Conn
	known chan struct{}
}

func (c shy) RemoteAddr() net.Addr { <-c.known; return c.Conn.RemoteAddr() }
func (c shy) LocalAddr() net.Addr  { <-c.known; return c.Conn.LocalAddr() }

// A connection whose address blocks stops nothing; events have its name once it
// is known.
func TestBlockingAddrStopsNothing(t *testing.T) {
	host, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	var events []simulate.Event // Accept, Close and the test take turns
	defer host.Observe(func(e simulate.Event) { events = append(events, e) })()
	known := make(chan struct{})
	inner := memnet.NewListener(21)
	ln, err := tcp.NewListener(host, limits.FTP, wrapper{inner, func(c net.Conn) net.Conn { return shy{c, known} }}, nil)
	require.NoError(t, err)
	defer ln.Close()
	var conns []net.Conn
	for range 2 {
		_, c := connect(t, inner, ln)
		conns = append(conns, c)
	}
	close(known)
	assert.Equal(t, "192.0.2.2:49152", conns[0].RemoteAddr().String())
	for _, c := range conns {
		require.NoError(t, c.Close())
	}
	var peers []string
	for _, e := range events {
		peers = append(peers, e.Kind.String()+" "+e.Peer)
	}
	assert.Equal(t, []string{"decided ", "decided ", "released 192.0.2.2:49152", "released "}, peers)
}

// A connection over the limit that is never answered is closed after half a
// minute, and with the listener at the latest. There are never too many of them.
func TestSilentRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, err := simulate.New(xpPro, nil)
		require.NoError(t, err)
		g, err := host.Gate(limits.IIS)
		require.NoError(t, err)
		require.NoError(t, g.SetLimit(limits.Number(0)))
		inner := memnet.NewListener(80)
		ln, err := tcp.NewListener(host, limits.IIS, inner, &tcp.ListenerSettings{HandOn: true})
		require.NoError(t, err)
		dial := func() net.Conn {
			client, err := inner.Dial(t.Context())
			require.NoError(t, err)
			return client
		}
		accepted := make(chan net.Conn)
		go func() {
			defer close(accepted)
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		open := func(c net.Conn) bool {
			synctest.Wait()
			require.NoError(t, c.SetReadDeadline(time.Now().Add(1)))
			_, err := c.Read(make([]byte, 1))
			return errors.Is(err, os.ErrDeadlineExceeded)
		}
		first := dial()
		over := tcp.RefusalOf(<-accepted)
		require.NotNil(t, over)
		answered := dial()
		tcp.RefusalOf(<-accepted).Answering()
		clients := make([]net.Conn, 0, 1100)
		for len(clients) < 1022 { // 1024 with those
			c := dial()
			<-accepted
			clients = append(clients, c)
		}
		more := dial()
		assert.False(t, open(more), "too many of the too many")
		assert.True(t, open(clients[0]))
		time.Sleep(30 * time.Second)
		assert.False(t, open(first))
		assert.False(t, open(clients[0]))
		assert.True(t, open(answered))
		time.Sleep(90 * time.Second)
		assert.False(t, open(answered))

		late := dial()
		<-accepted
		require.NoError(t, ln.Close())
		assert.False(t, open(late))
		_, accepts := <-accepted
		assert.False(t, accepts)
		assert.EqualValues(t, 1026, g.Stats().Refused)
	})
}

// Host.Close ends listeners and connections, Disconnect connections.
func TestHostEndsWhatWasAccepted(t *testing.T) {
	host, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	inner := memnet.NewListener(21)
	ln, err := tcp.NewListener(host, limits.FTP, inner, nil)
	require.NoError(t, err)
	g, err := host.Gate(limits.FTP)
	require.NoError(t, err)
	for _, end := range []func(){host.Disconnect, func() { assert.NoError(t, host.Close()) }} {
		client, _ := connect(t, inner, ln)
		assert.Equal(t, 1, g.Stats().Held)
		end()
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		assert.Zero(t, g.Stats().Held)
	}
	_, err = ln.Accept()
	assert.ErrorIs(t, err, net.ErrClosed)
}
