package forecast_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestSummary(t *testing.T) {
	s := fortyAtOnce()
	s.Until = 64 * time.Second
	s.ServiceTime = forecast.Constant(32 * time.Second)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, `Windows XP Professional, iis: 10 connections, the next one is refused
40 clients asked for 40 connections: 10 admitted, 30 refused. Lost: 75 %.
Held over 1.07 min: mean 5, peak 10; no slot was free 50 % of the time.
Seen 30 times: HTTP 403.9: There are too many people accessing the Web site at
  this time.
Assumed: the program accepts every connection at once; if it takes time to
  accept one, the listen backlog refuses some of those that come together.
`, r.Summary())
}

func TestPlainNumbers(t *testing.T) {
	s := fortyAtOnce()
	s.Clients = 1
	one, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, one.Summary(), "\n1 client asked for 1 connection: 1 admitted.\n")
	s.Clients = 40
	s.Settings.Limits = map[limits.Service]int{limits.IIS: 0}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "40 refused. Lost: 100 %.")
	s.Settings.Limits[limits.IIS], s.Clients = 1, 250
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "249 refused. Lost: 99.6 %.")
	s.Settings.Limits[limits.IIS], s.Clients = 5000, 4321
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "Held over 1 s: mean 4321, peak 4321; a slot was always free.\n")
	s.Windows = limits.Windows{Edition: limits.Server2022Standard}
	s.Settings.Limits = nil
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "Held over 1 s: mean 4321, peak 4321.\n")
}

// Requests and attempts are made, not asked for, and a thing seen once is seen once.
func TestPlainVerbs(t *testing.T) {
	s := fortyAtOnce()
	s.Windows.Edition, s.Clients = limits.Windows10Pro, 11
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, r.Summary(), "\n11 clients made 11 requests: 11 admitted (1 after waiting).\n")
	assert.Contains(t, r.Summary(), "\nWait of all admitted: 90.9 ms on average, 95 % within 1 s, 1 s at most.\n")
	assert.Contains(t, r.Summary(), "\nSeen once: ")
}

// A limit that displaces does not merely refuse.
func TestDisplacingLimit(t *testing.T) {
	r, err := forecast.Run(t.Context(), forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.RDP, Clients: 3, ServiceTime: forecast.Constant(time.Second),
	})
	require.NoError(t, err)
	assert.Equal(t, limits.Displace, r.Discipline)
	assert.Contains(t, strings.ReplaceAll(r.Summary(), "\n  ", " "), "1 session, the next one may displace one (counted as refused)")
}
