package simtest_test

import (
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func hello(c net.Conn) { _, _ = io.WriteString(c, "hello") }

func TestDialer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := simtest.NewDialer(t, simtest.NewHost(t, xpPro, nil), simtest.Network{
			Answer:  map[string]func(net.Conn){"up.test:80": hello, "192.0.2.80:80": hello, "mute.test:80": nil},
			Refuse:  []string{"down.test:80", "up.test:81", "[2001:db8::1]:80"},
			Latency: 50 * time.Millisecond,
		}, nil)
		for _, tt := range []struct {
			address string
			err     error
			after   time.Duration
		}{
			{"up.test:80", nil, 50 * time.Millisecond},
			{"192.0.2.80:80", nil, 50 * time.Millisecond},
			{"down.test:80", syscall.ECONNREFUSED, 50 * time.Millisecond},
			{"up.test:81", syscall.ECONNREFUSED, 50 * time.Millisecond},
			{"[2001:db8::1]:80", syscall.ECONNREFUSED, 50 * time.Millisecond},
			{"nowhere.test:80", tcp.ErrConnecting, 21 * time.Second},
			{"192.0.2.81:80", tcp.ErrConnecting, 21 * time.Second},
		} {
			start := time.Now()
			conn, err := d.Dial("tcp", tt.address)
			assert.Equal(t, tt.after, time.Since(start), tt.address)
			if tt.err != nil {
				assert.ErrorIs(t, err, tt.err, tt.address)
				continue
			}
			require.NoError(t, err, tt.address)
			text, err := io.ReadAll(conn)
			assert.NoError(t, err)
			assert.Equal(t, "hello", string(text))
			assert.NoError(t, conn.Close())
		}
		conn, err := d.Dial("tcp", "mute.test:80")
		require.NoError(t, err)
		_, err = conn.Write(make([]byte, 1<<20))
		assert.NoError(t, err)
		assert.NoError(t, conn.Close())
	})
}

// TestDialerQueues has a crawler find fifty dead hosts, and a living one behind
// them.
func TestDialerQueues(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		after   time.Duration
	}{{xpPro, 5 * 21 * time.Second}, {win7, 0}} {
		synctest.Test(t, func(t *testing.T) {
			d := simtest.NewDialer(t, simtest.NewHost(t, tt.windows, nil), simtest.Network{
				Answer: map[string]func(net.Conn){"up.test:80": hello},
			}, nil)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					_, err := d.Dial("tcp", "dead.test:80")
					assert.ErrorIs(t, err, tcp.ErrConnecting)
				})
			}
			synctest.Wait()
			start := time.Now()
			conn, err := d.Dial("tcp", "up.test:80")
			require.NoError(t, err)
			assert.Equal(t, tt.after, time.Since(start))
			assert.NoError(t, conn.Close())
			wg.Wait()
		})
	}
}

func TestDialerLeaves(t *testing.T) {
	network := simtest.Network{Answer: map[string]func(net.Conn){
		"up.test:80":       nil,
		"stubborn.test:80": func(net.Conn) { time.Sleep(time.Minute) },
	}}
	assert.Equal(t, "simtest: 2 connections not closed 5s after the test, to up.test:80, up.test:80",
		failure(t, func(t testing.TB) {
			d := simtest.NewDialer(t, simtest.NewHost(t, xpPro, nil), network, nil)
			for range 2 {
				_, _ = d.Dial("tcp", "up.test:80")
			}
		}))
	assert.Equal(t, "simtest: 1 call of Dial or Network.Answer not returned 5s after the test",
		failure(t, func(t testing.TB) {
			d := simtest.NewDialer(t, simtest.NewHost(t, xpPro, nil), network, nil)
			if conn, err := d.Dial("tcp", "stubborn.test:80"); err == nil {
				conn.Close()
			}
		}))
}
