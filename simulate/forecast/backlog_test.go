package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// burst is forty clients of a program of one's own, all at once.
func burst(e limits.Edition, accept time.Duration) forecast.Scenario {
	return forecast.Scenario{
		Windows: limits.Windows{Edition: e}, Service: limits.TCPOther, Clients: 40, AcceptTime: forecast.Constant(accept), Until: time.Minute,
	}
}

// Forty clients come at once to a program that does not accept. The backlog of the
// edition takes as many as it can hold, and refuses the others.
func TestBacklogOfAProgramThatDoesNotAccept(t *testing.T) {
	for _, c := range []struct {
		edition limits.Edition
		asks    int
		held    int64
	}{
		{limits.XPProfessional, 0, 10},
		{limits.XPProfessional, 500, 10},
		{limits.XPProfessional, 3, 3},
		{limits.Windows2000Professional, 0, 5},
		{limits.Windows10Pro, 0, 40},
		{limits.Windows10Pro, 5, 5},
	} {
		s := burst(c.edition, time.Hour)
		s.Backlog = c.asks
		r, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, c.held, r.Backlog.Held.Peak, "%v, %d", c.edition, c.asks)
		assert.InDelta(t, float64(c.held), r.Backlog.Held.Mean, 1e-9)
		assert.Equal(t, 40-c.held, r.Backlog.Refused)
		assert.Equal(t, 40-c.held, r.Refused)
		assert.Equal(t, c.held, r.Unfinished)
		assert.Zero(t, r.Held)
		if r.Refused > 0 {
			assert.Equal(t, []forecast.Seen{{Symptom: limits.SymptomConnectionRefused, Count: r.Refused}}, r.Seen)
		}
		assert.Equal(t, r.Refused, r.Timeline.Steps[0].Refused)
		assert.Equal(t, forecast.Level{Mean: float64(c.held), Peak: c.held}, r.Timeline.Steps[9].Backlog)
	}
}

// A client that runs Windows sends its SYN three more times before it fails.
func TestWindowsClientsRepeatTheirSYN(t *testing.T) {
	s := burst(limits.XPProfessional, 100*time.Millisecond)
	var got []time.Duration
	for o, err := range forecast.Outcomes(t.Context(), s, nil) {
		require.NoError(t, err)
		if o.Outcome == simulate.Refused {
			require.Equal(t, forecast.Reset, o.Answer)
			require.Zero(t, o.Decided)
			continue
		}
		require.Equal(t, forecast.NotDialled, o.Answer)
		got = append(got, o.Decided)
	}
	require.Len(t, got, 10)
	for i, at := range got {
		assert.Equal(t, time.Duration(i+1)*100*time.Millisecond, at, "one after the other")
	}

	// At 0.5 s four have been accepted, since the fifth is accepted right after;
	// at 1.0 and 1.5 s five more each.
	s.WindowsClients = true
	var r forecast.Report
	refused := 0
	for o, err := range forecast.Outcomes(t.Context(), s, &r) {
		require.NoError(t, err)
		require.Equal(t, 1, o.Attempts)
		if o.Outcome == simulate.Refused {
			refused++
			require.Equal(t, 1500*time.Millisecond, o.Decided)
		}
	}
	assert.Equal(t, 16, refused)
	assert.EqualValues(t, 24, r.Admitted)
	assert.EqualValues(t, 14, r.Backlog.Repeated)
	assert.EqualValues(t, 16, r.Backlog.Refused)
	assert.EqualValues(t, 40, r.Attempts)
	assert.Equal(t, time.Second, r.Backlog.Wait.Max)
	assert.Equal(t, []forecast.Seen{
		{Symptom: limits.SymptomConnectionRefused, Count: 16}, {Symptom: limits.SymptomSlowConnect, Count: 14},
	}, r.Seen)
	assert.Contains(t, r.Summary(), "Listen backlog of 10: peak 10, 16 refused; accepted after ")
}

// The backlog is in front of the service's own limit: ten connections get in,
// and the web server shows its page to those that the program accepts after.
func TestBacklogInFrontOfALimit(t *testing.T) {
	s := burst(limits.XPProfessional, 10*time.Millisecond)
	s.Service, s.WindowsClients, s.ServiceTime = limits.IIS, true, forecast.Constant(time.Hour)
	s.Clients = 45
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 10, r.Admitted)
	assert.EqualValues(t, 35, r.Refused)
	assert.EqualValues(t, 5, r.Backlog.Refused, "at 0.5, 1.0 and 1.5 s ten get in")
	assert.Equal(t, []forecast.Seen{
		{Symptom: limits.SymptomConnectionRefused, Count: 5}, {Symptom: limits.SymptomSlowConnect, Count: 30}, {Symptom: limits.SymptomHTTP4039, Count: 30},
	}, r.Seen)
	assert.NotContains(t, r.Assumed, forecast.AcceptedAtOnce)
}

// A connection is accepted once for all of its requests where requests are counted.
// Each new connection is accepted where connections are counted.
func TestConnectionsAreAcceptedOnce(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows10Pro}, Service: limits.IIS, Clients: 1,
		Requests: 3, AcceptTime: forecast.Constant(time.Second), ServiceTime: forecast.Constant(time.Second),
	}
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 4*time.Second, r.Length)

	off := false
	s.Windows.Edition, s.Settings.AllowKeepAlive = limits.XPProfessional, &off
	r, err = forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 6*time.Second, r.Length)
}

// A refused connection is tried again like any other.
func TestRetryAfterTheBacklogRefused(t *testing.T) {
	s := burst(limits.XPProfessional, time.Second)
	s.Retry = forecast.Retry{Max: 3, Backoff: forecast.Constant(11 * time.Second)}
	s.Until = 0
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.EqualValues(t, 40, r.Admitted)
	assert.Zero(t, r.Refused)
	assert.Zero(t, r.Backlog.Refused)
	assert.EqualValues(t, 40+30+20+10, r.Attempts)
	assert.Equal(t, []forecast.Seen{{Symptom: limits.SymptomConnectionRefused, Count: 30 + 20 + 10}}, r.Seen)
}

// No time to accept, given or not, changes nothing.
func TestAcceptedAtOnce(t *testing.T) {
	for _, s := range []forecast.Scenario{forecast.LossScenario(1000), forecast.QueueScenario(1000), burst(limits.XPProfessional, 0)} {
		s.AcceptTime = forecast.Dist{}
		want, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		s.AcceptTime, s.WindowsClients, s.Backlog = forecast.Constant(0), true, 1
		got, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		want.Assumed, got.Assumed = nil, nil
		assert.Equal(t, want, got)
	}
}

func TestBacklogErrors(t *testing.T) {
	s := burst(limits.XPProfessional, time.Second)
	s.Windows.ServicePack, s.Service = 2, limits.TCPHalfOpen
	require.EqualError(t, s.Valid(), "forecast: scenario: AcceptTime: 1s: want none, because tcp-half-open is about connections that the machine makes")
	s.Service, s.Backlog = limits.TCPOther, math.MinInt32
	require.EqualError(t, s.Valid(), "forecast: scenario: Backlog: -2147483648: want -2147483647 to 2147483647")
	s.Backlog = -300
	require.ErrorContains(t, s.Valid(), "forecast: scenario: Backlog: listen -300: Windows XP Professional has no SOMAXCONN_HINT; want 0 or more; ")
	all, err := forecast.Compare(t.Context(), s, s.Windows, limits.Windows{Edition: limits.Windows10Pro})
	require.NoError(t, err)
	assert.Contains(t, all[0].Problem, "has no SOMAXCONN_HINT")
	assert.Equal(t, limits.Number(300), all[1].Report.Backlog.Limit)
	s.Backlog, s.AcceptTime = 0, forecast.Constant(-1)
	require.EqualError(t, s.Valid(), "forecast: scenario: AcceptTime: time -1ns: want 0 to 8760h0m0s")
}
