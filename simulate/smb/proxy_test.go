package smb_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestStarter: the edition has the service and a limit of 0.
func TestStarter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, limits.Windows{Edition: limits.VistaStarter}, -1, nil)
		c := lab.client("c1")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, c.logon("alice").Status)
		c.Close()
	})
}

// TestPendingTime: 30 s without a dialect, 2 minutes without a session.
func TestPendingTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, nil)
		start := time.Now()
		silent := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		assert.True(t, silent.isClosed())
		assert.Equal(t, 30*time.Second, time.Since(start))

		start = time.Now()
		c := lab.client("c1")
		assert.True(t, c.isClosed())
		assert.Equal(t, 2*time.Minute, time.Since(start))

		start = time.Now()
		c = lab.session("c1", "alice")
		time.Sleep(10 * time.Minute)
		c.command(smbwire.Command2Logoff)
		assert.Equal(t, 0, lab.held())
		assert.True(t, c.isClosed())
		assert.Equal(t, 12*time.Minute, time.Since(start))
	})
}

// TestPendingNumber: a connection without a session over MaxPending ends the oldest of them,
// and no session.
func TestPendingNumber(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, &smb.Settings{MaxPending: 2})
		user := lab.session("c1", "alice")
		first := lab.client("c2")
		second := lab.client("c2")
		third := lab.client("c2")
		assert.True(t, first.isClosed())
		assert.Equal(t, smbwire.StatusSuccess, second.logon("bob").Status)
		assert.Equal(t, smbwire.StatusSuccess, third.logon("bob").Status)
		assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2TreeConnect).Status)
		for _, c := range []*fakeClient{user, second, third} {
			c.Close()
		}
	})
}

// TestBackendGone: clients of a dead file server lose the connection only.
func TestBackendGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, nil)
		lab.dial = func(context.Context) (net.Conn, error) { return nil, io.ErrUnexpectedEOF }
		c := &fakeClient{t: t, Conn: lab.ln.connect("c1")}
		c.send(smbwire.Header2{Command: smbwire.Command2Negotiate}, nil)
		assert.True(t, c.isClosed())
		assert.Equal(t, 0, lab.held())
	})
}

// failingListener fails now and then, as one does without descriptors.
type failingListener struct {
	*pipeListener
	errs chan error
}

type temporaryError struct{ error }

func (temporaryError) Temporary() bool { return true }

func (l failingListener) Accept() (net.Conn, error) {
	select {
	case err := <-l.errs:
		return nil, err
	default:
		return l.pipeListener.Accept()
	}
}

func TestServeSurvivesTemporaryErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, nil)
		l := failingListener{newPipeListener(), make(chan error, 3)}
		l.errs <- temporaryError{io.ErrNoProgress}
		l.errs <- temporaryError{io.ErrNoProgress}
		served := make(chan error)
		go func() { served <- lab.proxy.Serve(l) }()
		c := l.connect("c9")
		synctest.Wait() // until Serve accepts again, so that it takes one more
		l.errs <- io.ErrClosedPipe
		c.Close()
		l.connect("c9").Close()
		assert.ErrorIs(t, <-served, io.ErrClosedPipe)
	})
}

// TestLargeFramesOverTCP: with real sockets, payloads pass from socket to
// socket and stay what they are.
func TestLargeFramesOverTCP(t *testing.T) {
	lab := newLab(t, xpPro, -1, nil)
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer backend.Close()
	go func() {
		for {
			c, err := backend.Accept()
			if err != nil {
				return
			}
			inner, _ := lab.server.dial(t.Context())
			go func() { io.Copy(c, inner); c.Close() }()
			go func() { io.Copy(inner, c); inner.Close() }()
		}
	}()
	lab.dial = smb.Backend(backend.Addr().String())
	c := lab.dialTCP(lab.loopback())
	require.Equal(t, smbwire.StatusSuccess, c.logon("alice").Status)
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	for range 4 {
		h, got := c.do(smbwire.Header2{Command: smbwire.Command2Write, SessionID: c.id}, body)
		require.Equal(t, smbwire.StatusSuccess, h.Status)
		require.True(t, bytes.Equal(body, got))
	}
	c.Close()
	require.NoError(t, lab.gate.WaitHeld(t.Context(), 0))
}

// TestHostileConnections: ten thousand hostile connections, a few hundred at a time, do not
// disturb a session and leave nothing behind.
func TestHostileConnections(t *testing.T) {
	lab := newLab(t, xpPro, -1, &smb.Settings{MaxPending: 64})
	addr := lab.loopback()
	user := lab.dialTCP(addr)
	require.Equal(t, smbwire.StatusSuccess, user.logon("alice").Status)

	attacks := [][]byte{
		nil,
		{0},
		{0, 0xff, 0xff, 0xff},
		[]byte("GET / HTTP/1.1\r\n\r\n"),
		negotiate2(),
		negotiate2()[:30],
		append(negotiate2(), 0, 0xff, 0xff, 0xff),
		bytes.Repeat([]byte{0xff}, 4096),
	}
	attack := func(n int) {
		var wg sync.WaitGroup
		work := make(chan []byte)
		for range 50 {
			wg.Go(func() {
				var held []net.Conn // stalled until there are several
				for b := range work {
					c, err := net.Dial("tcp", addr)
					if !assert.NoError(t, err) {
						continue
					}
					c.(*net.TCPConn).SetLinger(0)
					c.Write(b)
					if held = append(held, c); len(held) == 8 {
						for _, c := range held {
							c.Close()
						}
						held = nil
					}
				}
				for _, c := range held {
					c.Close()
				}
			})
		}
		for i := range n {
			work <- attacks[i%len(attacks)]
		}
		close(work)
		wg.Wait()
	}
	goroutines, files, heap := footprint()
	attack(10_000)
	giveUp := time.Now().Add(time.Minute)
	for {
		goroutines2, files2, heap2 := footprint()
		if goroutines2 <= goroutines+4 && files2 <= files+4 && heap2 < heap+4<<20 {
			break
		}
		require.True(t, time.Now().Before(giveUp), "%d goroutines, %d descriptors, %d bytes; before it were %d, %d, %d",
			goroutines2, files2, heap2, goroutines, files, heap)
	}
	assert.Equal(t, smbwire.StatusSuccess, user.command(smbwire.Command2Read).Status)
	user.Close()
	require.NoError(t, lab.gate.WaitHeld(t.Context(), 0))
}

// footprint returns the goroutines, descriptors and bytes in use.
func footprint() (goroutines, files int, heap uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	fds, _ := os.ReadDir("/proc/self/fd")
	return runtime.NumGoroutine(), len(fds), m.HeapAlloc
}

// TestServeEnds: Serve ends with the proxy, whatever the listener says and however
// long it pauses.
func TestServeEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, -1, nil)
		l := failingListener{newPipeListener(), make(chan error, 100)}
		for range cap(l.errs) {
			l.errs <- temporaryError{io.ErrNoProgress}
		}
		served := make(chan error)
		go func() { served <- lab.proxy.Serve(l) }()
		time.Sleep(10 * time.Second)
		start := time.Now()
		require.NoError(t, lab.proxy.Close())
		require.NoError(t, lab.proxy.Close())
		assert.ErrorIs(t, <-served, net.ErrClosed)
		assert.Zero(t, time.Since(start))
	})
}

// blockingConn is a connection whose RemoteAddr blocks until the address is said, or until
// the connection is closed, unless closed is nil.
type blockingConn struct {
	net.Conn
	said   chan net.Addr
	closed chan struct{} // nil: Close does not end RemoteAddr
	once   *sync.Once
}

func (c blockingConn) RemoteAddr() net.Addr {
	select {
	case addr := <-c.said:
		return addr
	case <-c.closed:
		return nil
	}
}

func (c blockingConn) Close() error {
	c.once.Do(func() {
		if c.closed != nil {
			close(c.closed)
		}
	})
	return c.Conn.Close()
}

// TestBlockingRemoteAddr: a connection may not know its address yet, as behind a proxy that
// announces it. It delays neither another connection nor Close, and is served once it
// knows. Until then the bounds for connections without a session hold for it.
func TestBlockingRemoteAddr(t *testing.T) {
	for _, helps := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, -1, &smb.Settings{MaxPending: 10})
			connect := func() (client net.Conn, said chan net.Addr) {
				client, server := net.Pipe()
				c := blockingConn{Conn: server, said: make(chan net.Addr, 1), once: new(sync.Once)}
				if helps {
					c.closed = make(chan struct{})
				}
				lab.ln.conns <- c
				return client, c.said
			}
			start := time.Now()
			silent, late := connect()
			slow, said := connect()
			other := lab.session("c1", "alice")
			assert.Zero(t, time.Since(start), "delayed by another connection")

			said <- pipeAddr("10.0.0.2:49152")
			c := lab.negotiate(slow)
			require.Equal(t, smbwire.StatusSuccess, c.logon("bob").Status)
			assert.Equal(t, "10.0.0.2", lab.proxy.Sessions()[0].Computer)

			_, err := silent.Read(make([]byte, 1))
			assert.ErrorIs(t, err, io.EOF)
			assert.Equal(t, 30*time.Second, time.Since(start), "as for any that does not negotiate")

			var all []net.Conn
			var ends []chan net.Addr
			for range 20 {
				c, said := connect()
				all, ends = append(all, c), append(ends, said)
			}
			synctest.Wait()
			assert.LessOrEqual(t, lab.proxy.Pending(), 10)
			for _, c := range all[:10] {
				_, err := c.Read(make([]byte, 1))
				assert.ErrorIs(t, err, io.EOF)
			}
			other.Close()
			c.Close()
			require.NoError(t, lab.proxy.Close())
			assert.Equal(t, 30*time.Second, time.Since(start))
			for _, said := range append(ends, late) {
				said <- nil // so that the bubble ends
			}
		})
	}
}
