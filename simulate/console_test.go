package simulate_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// queueAttempts makes n attempts of a full machine wait and give up.
func queueAttempts(t *testing.T, g *simulate.Gate, n int) {
	t.Helper()
	release, err := g.Hold(10)
	require.NoError(t, err)
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var all sync.WaitGroup
	for range n {
		all.Go(func() { assert.ErrorIs(t, g.Acquire(ctx, new(simulate.Slot)), simulate.ErrLimit) })
	}
	all.Wait()
}

func TestConsoleShowsTheEventLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, xpSP2, limits.TCPHalfOpen, nil)
		h := g.Host()
		output, err := h.Console("eventquery")
		require.NoError(t, err)
		assert.Equal(t, "INFO: No records available for the specified log(s).\r\n", output)
		queueAttempts(t, g, 5)
		queueAttempts(t, g, 1)
		require.Len(t, h.EventLog(), 2, "one for each queue, whether the host is observed or not")
		assert.Equal(t, time.Second, h.EventLog()[1].Time.Sub(h.EventLog()[0].Time))

		for line, want := range map[string]int{
			"eventquery": 2,
			`cscript //nologo C:\Windows\eventquery.vbs`: 2,
			"cscript eventquery.vbs /l System /fo list":  2,
			"eventquery /r 1":                               1,
			"eventquery /l Application":                     0,
			"EVENTQUERY.VBS /l system /fo table /r 1000000": 2,
		} {
			output, err := h.Console(line)
			require.NoError(t, err, line)
			assert.Equal(t, want, strings.Count(output, "4226"), line)
		}
		for _, line := range []string{"eventquery /x", "eventquery /r", "eventquery /r 0", "eventquery /fo csv", "wevtutil qe System /f:text", "cscript", "cscript //nologo"} {
			_, err := h.Console(line)
			assert.Error(t, err, line)
		}
	})
}

func TestConsoleOfVista(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, vistaSP1, limits.TCPHalfOpen, nil)
		h := g.Host()
		queueAttempts(t, g, 1)
		queueAttempts(t, g, 1)
		for line, want := range map[string]int{
			"wevtutil qe System /f:text":                          2,
			"wevtutil.exe query-events system /F:Text /RD:True":   2,
			"wevtutil qe System /f:text /c:1":                     1,
			`C:\Windows\System32\wevtutil qe Application /f:text`: 0,
		} {
			output, err := h.Console(line)
			require.NoError(t, err, line)
			assert.Equal(t, want, strings.Count(output, "Event ID: 4226\r\n"), line)
		}
		for _, line := range []string{"eventquery", "wevtutil", "wevtutil el", "wevtutil qe System", "wevtutil qe System /f:text /c:x", "wevtutil qe System /f:text /q:*"} {
			_, err := h.Console(line)
			assert.Error(t, err, line)
		}
	})
}

// An edition has the command that came with it, or none.
func TestConsoleHasTheCommandOfItsEdition(t *testing.T) {
	for name, want := range map[string]string{
		"Windows 98": "", "NT 4.0 Server": "", "2000 Professional": "", "XP Home": "eventquery",
		"Server 2003 Standard": "eventquery", "Vista Business": "wevtutil",
	} {
		h, err := simulate.New(limits.MustParseWindows(name), nil)
		require.NoError(t, err)
		for _, line := range []string{"eventquery", "wevtutil qe System /f:text"} {
			_, err := h.Console(line)
			if want != "" && strings.HasPrefix(line, want) {
				assert.NoError(t, err, "%s: %s", name, line)
				continue
			}
			assert.ErrorIs(t, err, simulate.ErrCommand, "%s: %s", name, line)
			assert.ErrorContains(t, err, want)
		}
	}
}

// The log is bounded.
func TestEventLogForgetsTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, xpSP2, limits.TCPHalfOpen, nil)
		for range 1005 {
			queueAttempts(t, g, 1)
		}
		log := g.Host().EventLog()
		assert.Len(t, log, 1000)
		assert.Equal(t, 999*time.Second, log[999].Time.Sub(log[0].Time))
	})
}
