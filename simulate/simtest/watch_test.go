package simtest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// inVain returns the lines of a wait that fails.
func inVain(gate *simulate.Gate) []string {
	failures := try(func(t testing.TB) { simtest.WaitRefused(t, gate, 1000) })
	return strings.Split(strings.Join(failures, "\n"), "\n\t")
}

// TestAccountOfRequests: an account has the requests with the handler and those in the queue.
func TestAccountOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		srv := simtest.NewServer(t, simtest.NewHost(t, win7, nil), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
		for _, client := range srv.Clients(12) {
			go func() {
				if resp, err := client.Get(srv.URL + "/slow"); assert.NoError(t, err) {
					resp.Body.Close()
				}
			}()
			time.Sleep(time.Second)
		}
		lines := inVain(srv.Gate)
		require.Len(t, lines, 13)
		assert.Equal(t, "simtest: waited for 1000 refused: iis of Windows 7 Professional: 10 of 10 requests held, 2 queued; so far 10 admitted, 0 refused", lines[0])
		assert.Equal(t, "held by 10.0.0.1:49152 for 1m12s: GET /slow with the handler for 1m12s", lines[1])
		assert.Contains(t, lines[10], "held by 10.0.0.10:49161 for 1m3s: GET ")
		assert.Contains(t, lines[12], "queued: 10.0.0.12:49163 for 1m1s: ")
		close(leave)
		simtest.WaitHeld(t, srv.Gate, 0)
		synctest.Wait()
		assert.Len(t, inVain(srv.Gate), 1, "and nothing is forgotten")
	})
}

// TestAccountOfSessions: an account names the sessions of a file server by computer and user.
func TestAccountOfSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, xpPro, nil), nil)
		for number := range 2 {
			conn, err := files.DialFrom(1+number)(t.Context(), "", "")
			require.NoError(t, err)
			defer conn.Close()
			c := &smbConn{Conn: conn, t: t}
			c.negotiate(smbwire.Dialect21)
			require.Equal(t, smbwire.StatusSuccess, c.logOn())
		}
		assert.Equal(t, []string{
			"simtest: waited for 1000 refused: smb of Windows XP Professional: 2 of 10 sessions held, 0 queued; so far 2 admitted, 0 refused",
			`held by \\10.0.0.1 for 1m0s: idle for 1m0s, 0 files open`,
			`held by \\10.0.0.2 for 1m0s: idle for 1m0s, 0 files open`,
		}, inVain(files.Gate))
	})
}

// TestAccountOfAttempts: an account names the attempts of a dialer by the names dialed.
func TestAccountOfAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		xp := limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}
		d := simtest.NewDialer(t, simtest.NewHost(t, xp, nil), simtest.Network{}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		for range 2 {
			go func() {
				_, err := d.DialContext(ctx, "tcp", "hole.test:80")
				assert.ErrorIs(t, err, context.Canceled)
			}()
		}
		simtest.WaitHeld(t, d.Gate, 2)
		synctest.Wait()
		lines := try(func(t testing.TB) { simtest.WaitRefused(t, d.Gate, -1) }) // in vain, but at once
		assert.Len(t, lines, 1)
		assert.Contains(t, lines[0], "\n\theld by 198.18.0.1:80 for 0s (2 slots): hole.test:80")
		cancel()
		simtest.WaitHeld(t, d.Gate, 0)
	})
}

// TestAccountIsShort names twenty peers of a thousand, and none that has no name.
func TestAccountIsShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, err := simtest.NewHost(t, limits.Windows{Edition: limits.Server2022Standard}, nil).Gate(limits.SMB)
		require.NoError(t, err)
		slots := make([]simulate.Slot, 1001)
		for i := range slots {
			if i > 0 {
				slots[i].Peer = time.Duration(i)
			}
			require.True(t, gate.TryAcquire(&slots[i]))
			defer slots[i].Release()
		}
		lines := inVain(gate)
		require.Len(t, lines, 22)
		assert.Equal(t, "held by 980 more", lines[21])
	})
}
