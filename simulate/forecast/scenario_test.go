package simulate

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestScenarioNamesTheBadField(t *testing.T) {
	for _, c := range []struct {
		field, want string
		spoil       func(*Scenario)
	}{
		{"Clients", "0: want 1 to 1000000000", func(s *Scenario) { s.Clients = 0 }},
		{"Windows", "unknown edition", func(s *Scenario) { s.Windows = limits.Windows{} }},
		{"Windows", "service pack 9", func(s *Scenario) { s.Windows.ServicePack = 9 }},
		{"Service", "unknown is no service", func(s *Scenario) { s.Service = limits.UnknownService }},
		{"Service", "no such service in this edition", func(s *Scenario) { s.Windows.Edition = limits.XPHome }},
		{"Service", "no gate", func(s *Scenario) { s.Service = limits.Licence }},
		{"Settings", "MaxConnections 41", func(s *Scenario) { s.Settings.MaxConnections = 41 }},
		{"Arrive", "gap 0s: want above 0", func(s *Scenario) { s.Arrive = Every(0) }},
		{"Arrive", "trace of 2 times: want one or more, ascending", func(s *Scenario) { s.Arrive = Trace(2, 1) }},
		{"Arrive", "trace of 2 times for 1 clients: want as many", func(s *Scenario) { s.Arrive = Trace(1, 2) }},
		{"Visits", "-2: want -1", func(s *Scenario) { s.Visits = -2 }},
		{"Until", "Visits is Forever", func(s *Scenario) { s.Visits = Forever }},
		{"Until", "-1ns: want 0s", func(s *Scenario) { s.Until = -1 }},
		{"Warmup", "want below Until", func(s *Scenario) { s.Until, s.Warmup = 1, 1 }},
		{"Connections", "1001: want 0 to 1000", func(s *Scenario) { s.Connections = 1001 }},
		{"Requests", "-1: want 0 to", func(s *Scenario) { s.Requests = -1 }},
		{"ServiceTime", "time -1ns", func(s *Scenario) { s.ServiceTime = Constant(-1) }},
		{"ThinkTime", "mean -1ns", func(s *Scenario) { s.ThinkTime = Exponential(-1) }},
		{"Idle", "want the smaller first", func(s *Scenario) { s.Idle = Uniform(2, 1) }},
		{"Away", "empirical without values", func(s *Scenario) { s.Away = Empirical() }},
		{"Away", "0: want above 0", func(s *Scenario) { s.Visits, s.Until = Forever, 1 }},
		{"Away", "0: want above 0", func(s *Scenario) { s.Visits, s.Until, s.Away = Forever, 1, Uniform(0, 0) }},
		{"Patience", "squared coefficient", func(s *Scenario) { s.Patience = Lognormal(1, -1) }},
		{"AutoDisconnect", "-2ns: want 0s", func(s *Scenario) { s.AutoDisconnect = -2 }},
		{"Retry.Max", "-1: want 0", func(s *Scenario) { s.Retry.Max = -1 }},
		{"Retry.Backoff", "time -1ns", func(s *Scenario) { s.Retry.Backoff = Constant(-1) }},
		{"Retry.Factor", "NaN: want 0 or more, and finite", func(s *Scenario) { s.Retry.Factor = math.NaN() }},
		{"Retry.Limit", "-1ns", func(s *Scenario) { s.Retry.Limit = -1 }},
		{"Destinations.Dead", "1.5: want 0 to 1", func(s *Scenario) { s.Destinations.Dead = 1.5 }},
		{"Destinations.Refusing", "-1: want 0 to 1", func(s *Scenario) { s.Destinations.Refusing = -1 }},
		{"Destinations.Refusing + Dead", "1.2: want 0 to 1", func(s *Scenario) { s.Destinations = Destinations{Refusing: 0.6, Dead: 0.6} }},
		{"Destinations.RoundTrip", "time -1ns", func(s *Scenario) { s.Destinations.RoundTrip = Constant(-1) }},
	} {
		t.Run(c.field, func(t *testing.T) {
			s := loss
			s.Clients = 1
			require.NoError(t, s.Valid())
			c.spoil(&s)
			err := s.Valid()
			require.ErrorIs(t, err, ErrScenario)
			var bad *ScenarioError
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, c.field, bad.Field)
			require.ErrorContains(t, err, "simulate: scenario: "+c.field+": ")
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestScenarioSurvivesJSON: a scenario read back gives the same run.
func TestScenarioSurvivesJSON(t *testing.T) {
	for i := range uint64(50) {
		s, _, _ := randomScenario(rand.New(rand.NewPCG(i, 3)))
		text, err := json.Marshal(s)
		require.NoError(t, err)
		var back Scenario
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, s, back)
		first, err := Run(t.Context(), s)
		require.NoError(t, err)
		second, err := Run(t.Context(), back)
		require.NoError(t, err)
		require.Equal(t, first, second)
	}
	var s Scenario
	require.NoError(t, json.Unmarshal([]byte(`{"windows": "Windows XP Professional", "service": "iis", "clients": 40,
		"arrive": "poisson(2s)", "serviceTime": "exponential(30s)", "retry": {"max": 2, "backoff": "5s"}, "until": "1h30m"}`), &s))
	assert.Equal(t, Scenario{
		Windows: limits.Windows{Edition: limits.XPProfessional}, Service: limits.IIS, Clients: 40,
		Arrive: Poisson(2 * time.Second), ServiceTime: Exponential(30 * time.Second),
		Retry: Retry{Max: 2, Backoff: Constant(5 * time.Second)}, Until: Duration(90 * time.Minute),
	}, s)
	require.ErrorContains(t, json.Unmarshal([]byte(`{"until": "soon"}`), &s), "want a number and a unit, such as 1m30s")
}

func TestArrivals(t *testing.T) {
	for _, c := range []struct {
		text string
		want []int64
	}{
		{"at-once", []int64{0, 0, 0}},
		{"every(2s)", []int64{0, 2e9, 4e9}},
		{"trace(1s,1s,5s)", []int64{1e9, 1e9, 5e9}},
	} {
		arrive, err := ParseArrival(c.text)
		require.NoError(t, err)
		assert.Equal(t, c.text, arrive.String())
		assert.Equal(t, c.text == "at-once", arrive.IsZero())
		s := loss
		s.Clients, s.Arrive = 3, arrive
		p, err := s.compile()
		require.NoError(t, err)
		var a arrivals
		a.init(p)
		for _, want := range c.want {
			assert.Equal(t, want, a.draw(p), c.text)
		}
		assert.Equal(t, int64(never), a.draw(p))
	}
	for _, c := range []struct{ text, want string }{
		{"", "want at-once, every(2s)"},
		{"every(0s)", "gap 0s: want above 0"},
		{"every(1s,2s)", "want at-once"},
		{"poisson(x)", "invalid duration"},
		{"trace(2s,1s)", "ascending"},
		{"trace()", "invalid duration"},
	} {
		_, err := ParseArrival(c.text)
		require.ErrorContains(t, err, c.want, c.text)
	}
	_, err := Every(-1).MarshalText()
	require.Error(t, err)
	require.Error(t, Arrival{kind: 99}.Valid())
}

func FuzzParseArrival(f *testing.F) {
	for _, text := range []string{"at-once", "every(2s)", "poisson(2s)", "trace(0s,1s,5s)", "trace(,)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseArrival(text)
		if err != nil {
			return
		}
		require.NoError(t, a.Valid())
		back, err := ParseArrival(a.String())
		require.NoError(t, err)
		require.Equal(t, a.String(), back.String())
	})
}

// TestSettingsText: settings stand in a scenario file as a person writes them.
func TestSettingsText(t *testing.T) {
	const file = `{"limits":{"smb":7},"maxConnections":20,"allowKeepAlive":false,"connectionTimeout":"1m0s","queueTimeout":"2m0s","workerProcesses":2,` +
		`"halfOpen":{"patched":50,"enableConnectionRateLimiting":true,"maxConnectRetransmissions":3,"initialRTT":"1s","releaseRate":0.5,"perDestination":true,"eventInterval":"10s"}}`
	var s Settings
	require.NoError(t, json.Unmarshal([]byte(file), &s))
	assert.Equal(t, time.Minute, s.ConnectionTimeout)
	assert.Equal(t, 10*time.Second, s.HalfOpen.EventInterval)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Equal(t, file, string(text))
	text, err = json.Marshal(Settings{})
	require.NoError(t, err)
	assert.Equal(t, "{}", string(text))
	assert.ErrorContains(t, json.Unmarshal([]byte(`{"conectionTimeout":"1m"}`), &s), "conectionTimeout")
	assert.ErrorContains(t, json.Unmarshal([]byte(`{"queueTimeout":"1"}`), &s), "want a number and a unit")
}

// TestScenarioFileWithSettings: a scenario as a person writes it, read, run and
// written again.
func TestScenarioFileWithSettings(t *testing.T) {
	const file = `{"windows":"XP Pro SP2","service":"tcp-half-open","clients":3,
		"settings":{"connectionTimeout":"1m","halfOpen":{"patched":50,"initialRTT":"1s"}}}`
	var s, back Scenario
	require.NoError(t, json.Unmarshal([]byte(file), &s))
	assert.Equal(t, time.Minute, s.Settings.ConnectionTimeout)
	r, err := Run(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, limits.Number(50), r.Limit)
	text, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Contains(t, string(text), `"settings":{"connectionTimeout":"1m0s","halfOpen":{"patched":50,"initialRTT":"1s"}}`)
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, s, back)

	h, err := json.Marshal(s.Settings.HalfOpen)
	require.NoError(t, err)
	assert.Equal(t, `{"patched":50,"initialRTT":"1s"}`, string(h))
	require.ErrorContains(t, json.Unmarshal([]byte(`{"settings":{"halfOpen":{"initialRtt ":"1s"}}}`), &back), "initialRtt ")
}
