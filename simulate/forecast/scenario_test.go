package forecast_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestScenarioNamesTheBadField(t *testing.T) {
	for _, c := range []struct {
		field, want string
		spoil       func(*forecast.Scenario)
	}{
		{"Clients", "0: want 1 to 1000000000", func(s *forecast.Scenario) { s.Clients = 0 }},
		{"Windows", `not given: want an edition, such as "Windows XP Professional SP3"`, func(s *forecast.Scenario) { s.Windows = limits.Windows{} }},
		{"Windows", "service pack 9", func(s *forecast.Scenario) { s.Windows.ServicePack = 9 }},
		{"Service", "not given: want a service, such as smb", func(s *forecast.Scenario) { s.Service = limits.UnknownService }},
		{"Service", "no such service in this edition", func(s *forecast.Scenario) { s.Windows.Edition = limits.XPHome }},
		{"Service", "no gate", func(s *forecast.Scenario) { s.Service = limits.Licence }},
		{"Settings", "MaxConnections 41", func(s *forecast.Scenario) { s.Settings.MaxConnections = 41 }},
		{"Arrive", "gap 0s: want above 0", func(s *forecast.Scenario) { s.Arrive = forecast.Every(0) }},
		{"Arrive", "trace of 2 times: want one or more, ascending", func(s *forecast.Scenario) { s.Arrive = forecast.Trace(2, 1) }},
		{"Arrive", "trace of 2 times for 1 clients: want a time for each", func(s *forecast.Scenario) { s.Arrive = forecast.Trace(1, 2) }},
		{"Visits", "-2: want -1", func(s *forecast.Scenario) { s.Visits = -2 }},
		{"Until", "Visits is Forever", func(s *forecast.Scenario) { s.Visits = forecast.Forever }},
		{"Until", "-1ns: want 0s", func(s *forecast.Scenario) { s.Until = -1 }},
		{"Warmup", "want below Until", func(s *forecast.Scenario) { s.Until, s.Warmup = 1, 1 }},
		{"Connections", "1001: want 0 to 1000", func(s *forecast.Scenario) { s.Connections = 1001 }},
		{"Requests", "-1: want 0 to", func(s *forecast.Scenario) { s.Requests = -1 }},
		{"ServiceTime", "time -1ns", func(s *forecast.Scenario) { s.ServiceTime = forecast.Constant(-1) }},
		{"ThinkTime", "mean -1ns", func(s *forecast.Scenario) { s.ThinkTime = forecast.Exponential(-1) }},
		{"Idle", "want the smaller first", func(s *forecast.Scenario) { s.Idle = forecast.Uniform(2, 1) }},
		{"Away", "empirical without values", func(s *forecast.Scenario) { s.Away = forecast.Empirical() }},
		{"Away", "0: want above 0", func(s *forecast.Scenario) { s.Visits, s.Until = forecast.Forever, 1 }},
		{"Away", "0: want above 0", func(s *forecast.Scenario) { s.Visits, s.Until, s.Away = forecast.Forever, 1, forecast.Uniform(0, 0) }},
		{"Patience", "squared coefficient", func(s *forecast.Scenario) { s.Patience = forecast.Lognormal(1, -1) }},
		{"AutoDisconnect", "-2ns: want 0s", func(s *forecast.Scenario) { s.AutoDisconnect = -2 }},
		{"Retry.Max", "-1: want 0", func(s *forecast.Scenario) { s.Retry.Max = -1 }},
		{"Retry.Backoff", "time -1ns", func(s *forecast.Scenario) { s.Retry.Backoff = forecast.Constant(-1) }},
		{"Retry.Factor", "NaN: want 0 or more, and finite", func(s *forecast.Scenario) { s.Retry.Factor = math.NaN() }},
		{"Retry.Limit", "-1ns", func(s *forecast.Scenario) { s.Retry.Limit = -1 }},
		{"Destinations.Dead", "1.5: want 0 to 1", func(s *forecast.Scenario) { s.Destinations.Dead = 1.5 }},
		{"Destinations.Refusing", "-1: want 0 to 1", func(s *forecast.Scenario) { s.Destinations.Refusing = -1 }},
		{"Destinations.Refusing + Dead", "1.2: want 0 to 1", func(s *forecast.Scenario) { s.Destinations = forecast.Destinations{Refusing: 0.6, Dead: 0.6} }},
		{"Destinations.PeerCloses", "-0.1: want 0 to 1", func(s *forecast.Scenario) { s.Destinations.PeerCloses = -0.1 }},
		{"Destinations.RoundTrip", "time -1ns", func(s *forecast.Scenario) { s.Destinations.RoundTrip = forecast.Constant(-1) }},
	} {
		t.Run(c.field, func(t *testing.T) {
			s := forecast.LossScenario(1)
			s.Clients = 1
			require.NoError(t, s.Valid())
			c.spoil(&s)
			err := s.Valid()
			require.ErrorIs(t, err, forecast.ErrScenario)
			var bad *forecast.ScenarioError
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, c.field, bad.Field)
			require.ErrorContains(t, err, "forecast: scenario: "+c.field+": ")
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A scenario read back gives the same run.
func TestScenarioSurvivesJSON(t *testing.T) {
	for i := range uint64(50) {
		s := forecast.RandomScenario(rand.New(rand.NewPCG(i, 3)))
		text, err := json.Marshal(s)
		require.NoError(t, err)
		var back forecast.Scenario
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, s, back)
		first, err := forecast.Run(t.Context(), s)
		require.NoError(t, err)
		second, err := forecast.Run(t.Context(), back)
		require.NoError(t, err)
		require.Equal(t, first, second)
	}
	var s forecast.Scenario
	require.NoError(t, json.Unmarshal([]byte(`{"windows": "Windows XP Professional", "service": "iis", "clients": 40,
		"arrive": "poisson(2s)", "serviceTime": "exponential(30s)", "retry": {"max": 2, "backoff": "5s"}, "until": "1h30m"}`), &s))
	assert.Equal(t, forecast.Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 40,
		Arrive: forecast.Poisson(2 * time.Second), ServiceTime: forecast.Exponential(30 * time.Second),
		Retry: forecast.Retry{Max: 2, Backoff: forecast.Constant(5 * time.Second)}, Until: 90 * time.Minute,
	}, s)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"until": "soon"}`), &s), "want a number and a unit, such as 1m30s")
}

// A scenario as a person writes it, read, run and
// written again.
func TestScenarioFileWithSettings(t *testing.T) {
	const file = `{"windows":"XP Pro SP2","service":"tcp-half-open","clients":3,
		"settings":{"connectionTimeout":"1m","halfOpen":{"patched":50,"initialRTT":"1s"}}}`
	var s, back forecast.Scenario
	require.NoError(t, json.Unmarshal([]byte(file), &s))
	assert.Equal(t, time.Minute, s.Settings.ConnectionTimeout)
	r, err := forecast.Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, limits.Number(50), r.Limit)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.JSONEq(t, `{"windows":"Windows XP Professional SP2","service":"tcp-half-open","clients":3,
		"settings":{"connectionTimeout":"1m0s","halfOpen":{"patched":50,"initialRTT":"1s"}}}`, string(text))
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, s, back)

	h, err := json.Marshal(s.Settings.HalfOpen)
	require.NoError(t, err)
	assert.Equal(t, `{"patched":50,"initialRTT":"1s"}`, string(h))
	require.ErrorContains(t, json.Unmarshal([]byte(`{"settings":{"halfOpen":{"initialRtt ":"1s"}}}`), &back), "initialRtt ")
}

// A scenario that can be read can be written, and reads back the same.
func FuzzScenario(f *testing.F) {
	f.Add([]byte(`{"windows": "XP Pro SP2", "service": "iis", "clients": 3, "settings": {"limits": {"smb": 3}}, "retry": {"max": 2, "limit": "1s"}}`))
	f.Add([]byte(`{"arrive": "trace(0s,1s)", "idle": "", "acceptTime": "uniform(1s,2s)", "until": "1h", "destinations": {"dead": 0.5}}`))
	f.Add([]byte(`{"until": 30, "x": [{}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s, back forecast.Scenario
		if json.Unmarshal(data, &s) != nil {
			return
		}
		_ = s.Valid()
		_ = s.String()
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &back), "%s", text)
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.Equal(t, string(text), string(again))
	})
}

func TestScenarioString(t *testing.T) {
	for _, c := range []struct {
		s    forecast.Scenario
		want string
	}{
		{forecast.Scenario{Clients: 1}, "1 client at once"},
		{forecast.Scenario{Clients: 2, Arrive: forecast.Trace(0, 1), Idle: forecast.Constant(0)}, "2 clients at recorded times, closing at once"},
		{forecast.Scenario{
			Clients: 25, Arrive: forecast.Poisson(time.Minute), Connections: 2, Requests: 3, ServiceTime: forecast.Exponential(30 * time.Minute),
			ThinkTime: forecast.Constant(time.Second), Idle: forecast.Constant(15 * time.Minute), Visits: 3, Away: forecast.Constant(8 * time.Hour),
			AcceptTime: forecast.Constant(time.Millisecond), Patience: forecast.Constant(0), Until: 90 * time.Second,
			Retry: forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
		}, "25 clients, arriving poisson(1m), 2 connections each, 3 requests on each, each for exponential(30m) and 1s between them, kept idle for 15m, " +
			"3 visits, away for 8h, accepted one after the other in 1ms, patient for 0s, 3 retries after 1m, until 1m30s"},
		{forecast.Scenario{Clients: 2, Retry: forecast.Retry{Max: 1}, Destinations: forecast.Destinations{Dead: 1. / 3, Refusing: 0.5}},
			"2 clients at once, 1 retry, 33.3 % of the destinations dead, 50 % refusing"},
		{forecast.Scenario{Clients: 2, Destinations: forecast.Destinations{PeerCloses: 0.25}}, "2 clients at once, 25 % of the connections closed by the peer"},
	} {
		assert.Equal(t, c.want, c.s.String())
	}
}
