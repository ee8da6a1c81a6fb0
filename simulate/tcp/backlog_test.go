package tcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
)

var windows10 = limits.Windows{Edition: limits.Windows10Pro}

func newHost(t testing.TB, w limits.Windows, settings *simulate.Settings) *simulate.Host {
	t.Helper()
	host, err := simulate.New(w, settings)
	require.NoError(t, err)
	return host
}

// newBacklog returns a backlog around inner that closes with the test.
func newBacklog(t testing.TB, w limits.Windows, inner net.Listener) *tcp.Backlog {
	t.Helper()
	b, err := tcp.NewBacklog(newHost(t, w, nil), inner, nil)
	require.NoError(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

// What a program gets that asks for a backlog.
func TestBacklogGrant(t *testing.T) {
	for _, tt := range []struct {
		windows  limits.Windows
		listen   int
		settings *simulate.Settings
		limit    limits.Limit
		err      string
	}{
		{windows: xpSP2, limit: limits.Number(10)},
		{windows: xpSP2, listen: 5, limit: limits.Number(5)},
		{windows: xpSP2, listen: 50, limit: limits.Number(10)},
		{windows: xpSP2, listen: -300, err: "tcp: listen -300: Windows XP Professional has no SOMAXCONN_HINT; want 0 or more; Windows XP Professional holds 10 TCP connections"},
		{windows: nt4, limit: limits.Number(5)},
		{windows: limits.Windows{Edition: limits.Windows98}, listen: 1, limit: limits.Number(1)},
		{windows: windows10, limit: limits.Number(200)},
		{windows: windows10, listen: 1000, limit: limits.Number(200)},
		{windows: windows10, listen: -1000, limit: limits.Number(1000)},
		{windows: windows10, listen: -1, limit: limits.Number(200)},
		{windows: windows10, listen: -100000, limit: limits.Number(65535)},
		{windows: windows7, listen: -1000, err: "has no SOMAXCONN_HINT"},
		{windows: xpSP2, settings: &simulate.Settings{Limits: map[limits.Service]int{limits.TCPBacklog: 3}}, listen: 50, limit: limits.Number(3)},
		{windows: xpSP2, settings: &simulate.Settings{Limits: map[limits.Service]int{limits.TCPBacklog: 0}}, limit: limits.Number(0)},
	} {
		t.Run(fmt.Sprintf("%v, %d", tt.windows, tt.listen), func(t *testing.T) {
			host := newHost(t, tt.windows, tt.settings)
			inner := memnet.NewListener(80)
			defer inner.Close()
			b, err := tcp.NewBacklog(host, inner, &tcp.BacklogSettings{Listen: tt.listen})
			if tt.err != "" {
				require.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			defer b.Close()
			assert.Equal(t, tt.limit, b.Gate().Limit())
			assert.Equal(t, limits.TCPBacklog, b.Gate().Policy().Rule.Service)
			_, err = host.Gate(limits.TCPBacklog)
			require.ErrorContains(t, err, "each listening socket has a gate of its own")
		})
	}
}

func TestBacklogRefusesNonsense(t *testing.T) {
	host := newHost(t, xpSP2, nil)
	inner := memnet.NewListener(80)
	defer inner.Close()
	_, err := tcp.NewBacklog(host, nil, nil)
	require.EqualError(t, err, "tcp: NewBacklog needs a listener, not nil")
	b, err := tcp.NewBacklog(host, inner, nil)
	require.NoError(t, err)
	_, err = tcp.NewBacklog(host, b, nil)
	require.ErrorContains(t, err, "tcp: a backlog around a *tcp.Backlog: want the backlog first")
	limited, err := tcp.NewListener(host, limits.TCPOther, memnet.NewListener(81), nil)
	require.NoError(t, err)
	_, err = tcp.NewBacklog(host, limited, nil)
	require.ErrorContains(t, err, "tcp: a backlog around a *tcp.Listener: want the backlog first")
	require.NoError(t, host.Close())
	_, err = tcp.NewBacklog(host, memnet.NewListener(82), nil)
	require.ErrorIs(t, err, simulate.ErrClosed)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	_, err = tcp.NewBacklog(newHost(t, xpSP2, nil), closed, nil)
	if err == nil { // where the kernel is not asked, Accept says so
		t.Skip("the listener is not looked at here")
	}
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestBacklogRefusalText(t *testing.T) {
	for r, name := range map[tcp.BacklogRefusal]string{
		tcp.RefusesSYN: "refuses-syn", tcp.ResetsConnection: "resets-connection", tcp.RefusesDial: "refuses-dial",
	} {
		text, err := json.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, `"`+name+`"`, string(text))
		var back tcp.BacklogRefusal
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, r, back)
	}
	assert.Equal(t, "BacklogRefusal(9)", tcp.BacklogRefusal(9).String())
	_, err := tcp.BacklogRefusal(9).MarshalText()
	require.Error(t, err)
	require.ErrorContains(t, new(tcp.BacklogRefusal).UnmarshalText([]byte("rst")), `unknown way to refuse "rst"`)
}

// In memory the backlog is exact: of 40 clients that dial at once, each edition's
// number wait and the others are refused in the dial.
func TestBacklogInMemory(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		clients int
		held    int
	}{
		{xpSP2, 40, 10},
		{nt4, 40, 5},
		{windows10, 240, 200},
	} {
		t.Run(tt.windows.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				inner := memnet.NewListener(80)
				b := newBacklog(t, tt.windows, inner)
				assert.Equal(t, tcp.RefusesDial, b.Refusal())
				var mu sync.Mutex
				var conns []net.Conn
				refused := 0
				var clients sync.WaitGroup
				for range tt.clients {
					clients.Go(func() {
						c, err := inner.Dial(t.Context())
						mu.Lock()
						defer mu.Unlock()
						if err != nil {
							assert.ErrorIs(t, err, syscall.ECONNREFUSED)
							refused++
							return
						}
						conns = append(conns, c)
					})
				}
				clients.Wait()
				assert.Len(t, conns, tt.held)
				assert.Equal(t, tt.clients-tt.held, refused)
				assert.EqualValues(t, tt.clients-tt.held, b.Gate().Stats().Refused)

				// One that is accepted makes room for one, one that is reset as
				// well, and one that closes does not.
				ours := make(map[string]net.Conn) // that have been accepted, by the client's address
				accept := func() {
					c, err := b.Accept()
					require.NoError(t, err)
					t.Cleanup(func() { c.Close() })
					ours[c.RemoteAddr().String()] = c
				}
				accept()
				assert.Equal(t, tt.held-1, b.Gate().Stats().Held)
				c, err := inner.Dial(t.Context())
				require.NoError(t, err)
				conns = append(conns, c)
				_, err = inner.Dial(t.Context())
				require.ErrorIs(t, err, syscall.ECONNREFUSED)

				waiting := func() net.Conn { // the first of the clients that wait
					for i, c := range conns {
						if ours[c.LocalAddr().String()] == nil {
							conns = slices.Delete(conns, i, i+1)
							return c
						}
					}
					return nil
				}
				gone := waiting()
				require.NoError(t, gone.(*memnet.Conn).SetLinger(0))
				require.NoError(t, gone.Close())
				assert.Equal(t, tt.held-1, b.Gate().Stats().Held)
				c, err = inner.Dial(t.Context())
				require.NoError(t, err)
				conns = append(conns, c)

				done := waiting()
				_, err = done.Write([]byte("last words"))
				require.NoError(t, err)
				require.NoError(t, done.Close())
				_, err = inner.Dial(t.Context())
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				for ours[done.LocalAddr().String()] == nil {
					accept()
				}
				text, err := io.ReadAll(ours[done.LocalAddr().String()])
				require.NoError(t, err)
				assert.Equal(t, "last words", string(text))
				assert.Nil(t, ours[gone.LocalAddr().String()])

				require.NoError(t, b.Close())
				assert.Zero(t, b.Gate().Stats().Held)
				_, err = inner.Dial(t.Context())
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				_, err = b.Accept()
				require.ErrorIs(t, err, net.ErrClosed)
				for _, c := range conns {
					if ours[c.LocalAddr().String()] == nil {
						_, err := c.Read(make([]byte, 1))
						require.ErrorIs(t, err, syscall.ECONNRESET)
					}
					c.Close()
				}
			})
		})
	}
}

// Connections are accepted in order, with what their clients have sent, those that
// have closed included.
func TestBacklogKeepsWhatWaits(t *testing.T) {
	for _, tt := range []struct {
		name string
		dial func(t *testing.T) (net.Listener, func() (net.Conn, error))
	}{
		{"memory", func(*testing.T) (net.Listener, func() (net.Conn, error)) {
			l := memnet.NewListener(80)
			return l, func() (net.Conn, error) { return l.Dial(context.Background()) }
		}},
		{"loopback", func(t *testing.T) (net.Listener, func() (net.Conn, error)) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			return l, func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inner, dial := tt.dial(t)
			b := newBacklog(t, xpSP2, inner)
			for i := range 5 {
				c, err := dial()
				require.NoError(t, err)
				fmt.Fprintf(c, "message %d", i)
				require.NoError(t, c.Close())
				require.NoError(t, b.Gate().WaitHeld(t.Context(), i+1))
			}
			for i := range 5 {
				c, err := b.Accept()
				require.NoError(t, err)
				text, err := io.ReadAll(c)
				require.NoError(t, err)
				assert.Equal(t, fmt.Sprintf("message %d", i), string(text))
				require.NoError(t, c.Close())
				assert.Equal(t, 4-i, b.Gate().Stats().Held)
			}
		})
	}
}

func TestBacklogFollowsTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := memnet.NewListener(80)
		b := newBacklog(t, windows10, inner)
		require.NoError(t, b.Gate().SetLimit(limits.Number(1)))
		c, err := inner.Dial(t.Context())
		require.NoError(t, err)
		defer c.Close()
		_, err = inner.Dial(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		release, err := func() (func(), error) {
			require.NoError(t, b.Gate().SetLimit(limits.Number(3)))
			return b.Gate().Hold(1)
		}()
		require.NoError(t, err)
		c, err = inner.Dial(t.Context())
		require.NoError(t, err)
		defer c.Close()
		_, err = inner.Dial(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED, "a place that is held is none")
		release()
		c, err = inner.Dial(t.Context())
		require.NoError(t, err)
		defer c.Close()
	})
}

// A slow program loses clients that a quick one does not lose.
func TestBacklogEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, xpSP2, nil)
		var mu sync.Mutex
		var seen []string
		defer host.Observe(func(e simulate.Event) {
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, fmt.Sprintf("%v %v %v %v %d", e.Service, e.Kind, e.Outcome, e.Peer, e.Held))
		})()
		inner := memnet.NewListener(80)
		b, err := tcp.NewBacklog(host, inner, &tcp.BacklogSettings{Listen: 1})
		require.NoError(t, err)
		defer b.Close()
		first, err := inner.Dial(t.Context())
		require.NoError(t, err)
		defer first.Close()
		_, err = inner.Dial(t.Context())
		require.Error(t, err)
		c, err := b.Accept()
		require.NoError(t, err)
		defer c.Close()
		assert.Equal(t, []string{
			"tcp-backlog decided admitted 192.0.2.2:49152 1",
			"tcp-backlog decided refused 192.0.2.2:49153 1",
			"tcp-backlog released unknown 192.0.2.2:49152 0",
		}, seen)
	})
}

// The limit on connections goes around the backlog: ten wait in the one, and the
// other lets as many in as before.
func TestBacklogInFrontOfAListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, xpSP2, &simulate.Settings{Limits: map[limits.Service]int{limits.TCPOther: 2}})
		inner := memnet.NewListener(80)
		b, err := tcp.NewBacklog(host, inner, nil)
		require.NoError(t, err)
		ln, err := tcp.NewListener(host, limits.TCPOther, b, nil)
		require.NoError(t, err)
		gate, err := host.Gate(limits.TCPOther)
		require.NoError(t, err)
		dial := func(n int) (refused int) {
			for range n {
				c, err := inner.Dial(t.Context())
				if err != nil {
					require.ErrorIs(t, err, syscall.ECONNREFUSED)
					refused++
					continue
				}
				t.Cleanup(func() { c.Close() })
			}
			return refused
		}
		assert.Equal(t, 2, dial(12))
		assert.Equal(t, 10, b.Gate().Stats().Held)
		var served []net.Conn
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				served = append(served, c)
			}
		}()
		synctest.Wait()
		assert.Len(t, served, 2)
		assert.Equal(t, 2, gate.Stats().Held)
		assert.EqualValues(t, 8, gate.Stats().Refused)
		assert.Zero(t, b.Gate().Stats().Held)
		require.NoError(t, host.Close())
		_, err = inner.Dial(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		synctest.Wait()
	})
}

// IIS goes around the backlog too. Before it serves, ten wait and the next is
// refused; when it serves, ten are connected and the next reads its page.
func TestBacklogInFrontOfIIS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, xpSP2, nil)
		inner := memnet.NewListener(80)
		b, err := tcp.NewBacklog(host, inner, nil)
		require.NoError(t, err)
		web, err := iis.NewServer(host)
		require.NoError(t, err)
		var clients []net.Conn
		for range 10 {
			c, err := inner.Dial(t.Context())
			require.NoError(t, err)
			defer c.Close()
			clients = append(clients, c)
		}
		_, err = inner.Dial(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		assert.Equal(t, 10, b.Gate().Stats().Held)

		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "It works.") })}
		go web.Serve(srv, b)
		synctest.Wait()
		assert.Zero(t, b.Gate().Stats().Held)
		assert.Equal(t, 10, web.Gate().Stats().Held)
		over, err := inner.Dial(t.Context())
		require.NoError(t, err)
		defer over.Close()
		for _, c := range []net.Conn{over, clients[9]} {
			_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
		}
		page, err := io.ReadAll(over)
		require.NoError(t, err)
		assert.Contains(t, string(page), "HTTP 403.9")
		page, err = io.ReadAll(clients[9])
		require.NoError(t, err)
		assert.Contains(t, string(page), "It works.")
		require.NoError(t, host.Close())
		synctest.Wait()
		_, err = inner.Dial(t.Context())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

// Where neither the kernel nor a listener in memory refuses, a connection over the
// limit is reset.
func TestBacklogAroundAnything(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := newBacklog(t, xpSP2, struct{ net.Listener }{inner})
	assert.Equal(t, tcp.ResetsConnection, b.Refusal())
	var conns []net.Conn
	for i := range 10 {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		conns = append(conns, c)
		require.NoError(t, b.Gate().WaitHeld(t.Context(), i+1))
	}
	over, err := net.Dial("tcp", inner.Addr().String())
	if err == nil {
		_, err = over.Read(make([]byte, 1))
		over.Close()
	}
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.EqualValues(t, 1, b.Gate().Stats().Refused)

	c, err := b.Accept()
	require.NoError(t, err)
	defer c.Close()
	again, err := net.Dial("tcp", inner.Addr().String())
	require.NoError(t, err)
	defer again.Close()
	require.NoError(t, b.Gate().WaitHeld(t.Context(), 10))
	require.NoError(t, b.Close())
	_, err = conns[5].Read(make([]byte, 1))
	require.ErrorIs(t, err, syscall.ECONNRESET, "Close resets what waits")
	_, err = b.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// failing is a listener whose Accept returns errors, and connections between them.
type failing struct {
	net.Listener
	results chan error
	done    chan struct{}
}

func (l *failing) Accept() (net.Conn, error) {
	select {
	case err := <-l.results:
		if err == nil {
			_, server := net.Pipe()
			return server, nil
		}
		return nil, err
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *failing) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

func (l *failing) Close() error { close(l.done); return nil }

func TestBacklogPassesErrorsOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := &failing{results: make(chan error, 4), done: make(chan struct{})}
		b := newBacklog(t, xpSP2, inner)
		inner.results <- nil
		inner.results <- syscall.EMFILE
		inner.results <- syscall.ENFILE
		inner.results <- nil
		synctest.Wait()
		assert.Equal(t, 1, b.Gate().Stats().Held, "an error stops the acceptance until Accept has returned it")
		c, err := b.Accept()
		require.NoError(t, err, "what came first")
		c.Close()
		for _, want := range []error{syscall.EMFILE, syscall.ENFILE} {
			_, err = b.Accept()
			require.ErrorIs(t, err, want)
		}
		c, err = b.Accept()
		require.NoError(t, err)
		c.Close()
		inner.results <- fmt.Errorf("from outside: %w", net.ErrClosed)
		for range 3 {
			_, err = b.Accept()
			require.ErrorContains(t, err, "from outside")
		}
	})
}

func TestHostCloseEndsABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := newHost(t, xpSP2, nil)
		inner := memnet.NewListener(80)
		b, err := tcp.NewBacklog(host, inner, nil)
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { assert.NoError(t, host.Close()) })
		_, err = b.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
		require.True(t, errors.Is(b.Close(), nil) || errors.Is(b.Close(), net.ErrClosed), "again")
	})
}

func TestHostDisconnectResetsWhatWaits(t *testing.T) {
	host := newHost(t, xpSP2, nil)
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b, err := tcp.NewBacklog(host, inner, &tcp.BacklogSettings{Listen: 2})
	require.NoError(t, err)
	defer b.Close()
	for range 2 { // full each time
		var clients [2]net.Conn
		for i := range clients {
			clients[i], err = net.Dial("tcp", b.Addr().String())
			require.NoError(t, err)
			defer clients[i].Close()
		}
		require.NoError(t, b.Gate().WaitHeld(t.Context(), 2))
		host.Disconnect()
		for _, c := range clients {
			_, err := io.Copy(io.Discard, c)
			require.ErrorIs(t, err, syscall.ECONNRESET)
		}
		require.NoError(t, b.Gate().WaitHeld(t.Context(), 0))
	}
	c, err := net.Dial("tcp", b.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	accepted, err := b.Accept()
	require.NoError(t, err)
	accepted.Close()
}
