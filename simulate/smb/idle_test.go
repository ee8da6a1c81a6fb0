package smb_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

func TestAutoDisconnect(t *testing.T) {
	type step struct {
		after   time.Duration
		command smbwire.Command2
	}
	for _, tt := range []struct {
		name    string
		off     bool
		minutes string // typed by the administrator
		steps   []step
		ends    time.Duration // 0: never
	}{
		{name: "default", ends: 15 * time.Minute},
		{name: "off", off: true},
		{name: "a request starts the time again",
			steps: []step{{14 * time.Minute, smbwire.Command2Read}}, ends: 29 * time.Minute},
		{name: "an open file holds the session",
			steps: []step{{0, smbwire.Command2Create}}},
		{name: "until it is closed",
			steps: []step{{0, smbwire.Command2Create}, {16 * time.Minute, smbwire.Command2Close}}, ends: 31 * time.Minute},
		{name: "or its tree is",
			steps: []step{{0, smbwire.Command2Create}, {40 * time.Minute, smbwire.Command2TreeDisconnect}}, ends: 55 * time.Minute},
		{name: "never", minutes: "-1"},
		{name: "0 is a few seconds", minutes: "0", ends: 5 * time.Second},
		{name: "60", minutes: "60", ends: time.Hour},
		{name: "the administrator turns it on", off: true, minutes: "2", ends: 2 * time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, &smb.Settings{AutoDisconnect: !tt.off})
				start := time.Now()
				c := lab.session("c1", "alice")
				if tt.minutes != "" {
					_, err := lab.host.Console("net config server /autodisconnect:" + tt.minutes)
					require.NoError(t, err)
				}
				for _, s := range tt.steps {
					time.Sleep(s.after)
					assert.Equal(t, smbwire.StatusSuccess, c.command(s.command).Status)
				}
				if tt.ends == 0 {
					time.Sleep(1000 * time.Hour)
					assert.Equal(t, 1, lab.held())
					c.Close()
					return
				}
				assert.True(t, c.isClosed())
				assert.Equal(t, tt.ends, time.Since(start))
				assert.Equal(t, 0, lab.held())
			})
		})
	}
}

// TestAutoDisconnectLeavesOthers: an idle session goes, another one on its
// connection stays.
func TestAutoDisconnectLeavesOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 2, &smb.Settings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		idle := c.id
		require.Equal(t, smbwire.StatusSuccess, c.logon("bob").Status)
		for range 10 {
			time.Sleep(5 * time.Minute)
			assert.Equal(t, smbwire.StatusSuccess, c.command(smbwire.Command2Read).Status)
		}
		assert.Equal(t, 1, lab.held())
		c.id = idle
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.command(smbwire.Command2Read).Status)
		c.Close()
	})
}

// TestEncryptedIdle: an encrypted session ends for being idle alone, as its open files cannot
// be seen.
func TestEncryptedIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, &smb.Settings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		start := time.Now()
		msg := append([]byte("\xfdSMB"), make([]byte, 60)...)
		msg[36] = 12
		msg[44] = byte(c.id)
		time.Sleep(10 * time.Minute)
		_, err := c.Write(frame(msg))
		require.NoError(t, err)
		_, err = readFrame(c)
		require.NoError(t, err)
		assert.True(t, c.isClosed())
		assert.Equal(t, 25*time.Minute, time.Since(start))
	})
}

// TestCompressedIsNotIdle: a compressed message keeps a session in use.
func TestCompressedIsNotIdle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, &smb.Settings{AutoDisconnect: true})
		c := lab.session("c1", "alice")
		msg := compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: c.id})
		for range 6 {
			time.Sleep(5 * time.Minute)
			if _, err := c.Write(msg); !assert.NoError(t, err) {
				return
			}
			if _, err := readFrame(c); !assert.NoError(t, err) {
				return
			}
		}
		c.Close()
	})
}
