package simtest_test

import (
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Forty clients meet a program that is busy for a second.
func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := simtest.NewListener(t, simtest.NewHost(t, xpPro, nil), nil)
		assert.Equal(t, tcp.RefusesDial, ln.Refusal())
		go func() {
			time.Sleep(time.Second)
			for range 10 {
				c, err := ln.Accept()
				if !assert.NoError(t, err) {
					return
				}
				c.Write([]byte(c.RemoteAddr().(*net.TCPAddr).IP.String()))
				c.Close()
			}
		}()
		var conns []net.Conn
		for i := range 40 {
			c, err := ln.DialFrom(i+1)(t.Context(), "tcp", "")
			if err != nil {
				require.ErrorIs(t, err, syscall.ECONNREFUSED)
				continue
			}
			defer c.Close()
			conns = append(conns, c)
		}
		simtest.WaitRefused(t, ln.Gate(), 30)
		require.Len(t, conns, 10)
		for _, c := range conns {
			text, err := io.ReadAll(c)
			require.NoError(t, err)
			assert.Equal(t, c.LocalAddr().(*net.TCPAddr).IP.String(), string(text))
		}
	})
}

func TestListenerFailsTheTest(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		ln := simtest.NewListener(t, simtest.NewHost(t, xpPro, nil), nil)
		for range 3 {
			if _, err := ln.Dial(t.Context(), "tcp", ""); err != nil {
				t.Errorf("%v", err)
			}
		}
		if _, err := ln.Accept(); err != nil { // and does not close it; the others are not accepted
			t.Errorf("%v", err)
		}
	})
	assert.Equal(t, "simtest: 1 connection still open 5s after the test:\n\t192.0.2.2:49152", text)
	assert.Contains(t, failure(t, func(t testing.TB) {
		simtest.NewListener(t, simtest.NewHost(t, xpPro, nil), &tcp.BacklogSettings{Listen: -300})
	}), "has no SOMAXCONN_HINT")
}

// Ports in TIME_WAIT are no slots that a test has left.
func TestTimeWaitIsNoSlotLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := simtest.NewHost(t, xpPro, nil)
		d := simtest.NewDialer(t, host, simtest.Network{Answer: map[string]func(net.Conn){"server:80": nil}}, &tcp.DialerSettings{CountPorts: true})
		c, err := d.DialContext(t.Context(), "tcp", "server:80")
		require.NoError(t, err)
		require.NoError(t, c.Close())
	})
}
