package forecast_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestAssumptions(t *testing.T) {
	const hour = time.Hour
	web := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, Service: limits.IIS, Clients: 12,
		Arrive: forecast.Every(time.Second), ServiceTime: forecast.Constant(time.Second),
	}
	with := func(s forecast.Scenario, change func(*forecast.Scenario)) forecast.Scenario {
		change(&s)
		return s
	}
	queued := with(web, func(s *forecast.Scenario) {
		s.Windows = limits.Windows{Edition: limits.Windows10Pro}
		s.Arrive, s.ServiceTime = forecast.AtOnce(), forecast.Constant(hour)
	})
	files := with(web, func(s *forecast.Scenario) {
		s.Windows, s.Service = limits.Windows{Edition: limits.XPHome}, limits.SMB
		s.Idle = forecast.Exponential(hour)
	})
	dials := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, Service: limits.TCPHalfOpen, Clients: 12,
		Destinations: forecast.Destinations{Dead: 1},
	}
	off := false
	for _, c := range []struct {
		name string
		s    forecast.Scenario
		want []forecast.Assumption
	}{
		{"a web server that counts connections", web, []forecast.Assumption{forecast.KeptForAMinute}},
		{"closing at once", with(web, func(s *forecast.Scenario) { s.Idle = forecast.Constant(0) }), nil},
		{"closed by the server", with(web, func(s *forecast.Scenario) { s.Settings.AllowKeepAlive = &off }), nil},
		{"eleven at once", with(web, func(s *forecast.Scenario) { s.Arrive, s.Clients = forecast.AtOnce(), 11 }),
			[]forecast.Assumption{forecast.KeptForAMinute, forecast.AcceptedAtOnce}},
		{"ten at once", with(web, func(s *forecast.Scenario) { s.Arrive, s.Clients = forecast.AtOnce(), 10 }),
			[]forecast.Assumption{forecast.KeptForAMinute}},
		{"six browsers at once", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Connections = forecast.Trace(0, 1, 1, 1, 1, 1, 1, 2), 8, 2
		}), []forecast.Assumption{forecast.KeptForAMinute, forecast.AcceptedAtOnce}},
		{"nine at once, and eleven after the run", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Until = forecast.Trace(slices.Concat(make([]time.Duration, 9), slices.Repeat([]time.Duration{hour}, 11))...), 20, hour-1
		}), []forecast.Assumption{forecast.KeptForAMinute}},
		{"nine at once, and eleven at the end of the run", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Until = forecast.Trace(slices.Concat(make([]time.Duration, 9), slices.Repeat([]time.Duration{hour}, 11))...), 20, hour
		}), []forecast.Assumption{forecast.KeptForAMinute, forecast.AcceptedAtOnce}},
		{"one client with many connections", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Connections = forecast.Poisson(hour), 2, 11
		}), []forecast.Assumption{forecast.KeptForAMinute, forecast.AcceptedAtOnce}},
		{"four connections and a backlog of three", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Connections, s.Backlog = forecast.Poisson(hour), 2, 4, 3
		}), []forecast.Assumption{forecast.KeptForAMinute, forecast.AcceptedAtOnce}},
		{"four connections and a backlog of four", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Connections, s.Backlog = forecast.Poisson(hour), 2, 4, 4
		}), []forecast.Assumption{forecast.KeptForAMinute}},
		{"no client", with(web, func(s *forecast.Scenario) {
			s.Arrive, s.Clients, s.Connections, s.Until = forecast.Poisson(1000*hour), 2, 11, 1
		}), []forecast.Assumption{forecast.KeptForAMinute}},
		{"a queue", queued, []forecast.Assumption{forecast.WaitForEver, forecast.NoQueueTimeout}},
		{"a short queue", with(queued, func(s *forecast.Scenario) { s.ServiceTime = forecast.Constant(time.Second) }),
			[]forecast.Assumption{forecast.WaitForEver}},
		{"a queue with patience and time-out", with(queued, func(s *forecast.Scenario) {
			s.Patience, s.Settings.QueueTimeout = forecast.Constant(5*hour), 2*hour
		}), nil},
		{"nothing waits", with(queued, func(s *forecast.Scenario) { s.Clients = 10 }), nil},
		{"idle sessions", files, []forecast.Assumption{forecast.NeverDisconnected}},
		{"idle sessions that are ended", with(files, func(s *forecast.Scenario) { s.AutoDisconnect = 15 * time.Minute }), nil},
		{"sessions of fifteen minutes", with(files, func(s *forecast.Scenario) { s.Idle = forecast.Constant(15 * time.Minute) }), nil},
		{"few idle sessions", with(files, func(s *forecast.Scenario) { s.Clients = 5 }), nil},
		{"dials", dials, []forecast.Assumption{forecast.WaitForEver, forecast.NotPaced}},
		{"paced dials", with(dials, func(s *forecast.Scenario) {
			s.Settings.HalfOpen.ReleaseRate, s.Patience = 1, forecast.Constant(time.Minute)
		}), nil},
		{"outbound ports", with(web, func(s *forecast.Scenario) { s.Service = limits.TCPOutbound }), []forecast.Assumption{forecast.KeptInTimeWait}},
		{"outbound ports that peers free", with(web, func(s *forecast.Scenario) {
			s.Service, s.Destinations.PeerCloses = limits.TCPOutbound, 0.1
		}), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := forecast.Run(t.Context(), c.s)
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Assumed)
			all, err := forecast.Compare(t.Context(), c.s, limits.Windows{Edition: limits.Server2022Standard}, c.s.Windows)
			require.NoError(t, err)
			assert.Equal(t, c.want, all[1].Report.Assumed)
		})
	}
}

// Of sixty clients that each fetch a page about once a minute, a web server that
// counts connections turns none away if they close their connections at once,
// and about half if they keep them for a minute.
func TestKeptForAMinute(t *testing.T) {
	s := forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, Service: limits.IIS, Clients: 60,
		Arrive: forecast.Poisson(2 * time.Second), ServiceTime: forecast.Constant(250 * time.Millisecond),
		Away: forecast.Exponential(time.Minute), Visits: forecast.Forever, Until: 2 * time.Hour, Seed: 1,
		Retry: forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
	}
	lost := func() float64 {
		r, err := forecast.Replicate(t.Context(), s, 4)
		require.NoError(t, err)
		return r.Lost.Mean
	}
	assumed := lost()
	assert.InDelta(t, 0.45, assumed, 0.05)
	s.Idle = forecast.Constant(time.Minute)
	assert.InDelta(t, assumed, lost(), 0, "what is assumed is what it says")
	s.Idle = forecast.Constant(0)
	assert.Zero(t, lost())
	s.Idle, s.Retry = forecast.Dist{}, forecast.Retry{}
	assert.InDelta(t, 0.80, lost(), 0.05)
}

func TestAssumptionText(t *testing.T) {
	for a := forecast.UnknownAssumption; a <= forecast.NotPaced; a++ {
		text, err := json.Marshal(a)
		require.NoError(t, err)
		var back forecast.Assumption
		require.NoError(t, json.Unmarshal(text, &back))
		assert.Equal(t, a, back)
		assert.NotEmpty(t, a.String())
	}
	_, err := forecast.Assumption(99).MarshalText()
	require.Error(t, err)
	require.ErrorContains(t, new(forecast.Assumption).UnmarshalText([]byte("none")), `unknown assumption "none"`)
	assert.Equal(t, "Assumption(99)", forecast.Assumption(99).String())
}
