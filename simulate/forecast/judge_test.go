package forecast_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
)

func seats(n int, service limits.Service) forecast.Scenario {
	return forecast.Scenario{Service: service, Clients: n, ServiceTime: forecast.Constant(time.Minute), Idle: forecast.Constant(0), Seed: 1}
}

func all(names ...string) (list []limits.Windows) {
	for _, name := range names {
		list = append(list, limits.MustParseWindows(name))
	}
	return list
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name       string
		scenario   forecast.Scenario
		candidates []limits.Windows
		verdict    forecast.Verdict
		limit      string
		grade      limits.Grade
		suitable   []string // some of them
		why        string
	}{
		{"as many as the limit", seats(20, limits.SMB), all("Windows 10 Pro"), forecast.Fits, "20", limits.Measured, nil, "Windows 10 Pro takes 20 SMB sessions"},
		{"one", seats(1, limits.SMB), all("Windows 10 Pro"), forecast.Fits, "20", limits.Measured, nil, " Of what 1 client asks for, 0.0% is lost."},
		{"more", seats(25, limits.SMB), all("Windows 10 Pro"), forecast.Server, "20", limits.Measured, []string{"Windows Server 2022"}, "20.0% is lost"},
		{"more than default", seats(30, limits.IIS), all("XP Pro SP3"), forecast.Raise, "10", limits.Reported, nil, "With the limit raised to 40 it is 0.0%."},
		{"more than that", seats(41, limits.IIS), all("XP Pro SP3"), forecast.Server, "10", limits.Documented, nil, "75.6% is lost"},
		{"none there", seats(1, limits.IIS), all("XP Home SP3"), forecast.Server, "absent", limits.Reported, []string{"Windows XP Professional"}, "has no web server"},
		{"both alike", seats(5, limits.SMB), all("XP Home SP3", "XP Pro SP3"), forecast.Fits, "5 to 10", limits.Documented, nil, ""},
		{"they differ", seats(8, limits.SMB), all("XP Home SP3", "XP Pro SP3"), forecast.UnknownVerdict, "5 to 10", limits.Documented, nil, "differ in the answer"},
		{"both too small", seats(12, limits.SMB), all("XP Home SP3", "XP Pro SP3"), forecast.Server, "5 to 10", limits.Documented, []string{"Windows 7"}, ""},
		{"no rule", seats(8, limits.SMB), all("Windows 10 Enterprise multi-session"), forecast.UnknownVerdict, "unknown", limits.UnknownGrade, nil, "The table cannot tell"},
		{"no rule beside one", seats(8, limits.SMB), all("Windows 10 Enterprise multi-session", "Windows 10 Enterprise"), forecast.Fits, "20", limits.Reported, nil, "Windows 10 Enterprise takes"},
		{"nothing known", seats(8, limits.SMB), nil, forecast.UnknownVerdict, "unknown", limits.UnknownGrade, nil, "not known what the machine runs"},
		{"a level that decides", seats(8, limits.TCPHalfOpen), all("XP Pro"), forecast.UnknownVerdict, "unknown", limits.UnknownGrade, nil, "SP2 to SP3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j, err := forecast.Judge(t.Context(), tt.scenario, tt.candidates, 0.01, 1)
			require.NoError(t, err)
			assert.Equal(t, tt.verdict, j.Verdict, j.Why)
			assert.Equal(t, tt.limit, j.Limit.String())
			assert.Equal(t, tt.grade, j.Grade)
			assert.Contains(t, j.Why, tt.why)
			names := j.SuitableNames()
			for _, name := range tt.suitable {
				assert.Contains(t, names, name)
			}
			assert.Equal(t, tt.verdict == forecast.Server, len(names) > 0)
			data, err := json.Marshal(j.Limit)
			require.NoError(t, err)
			var back forecast.LimitRange
			require.NoError(t, json.Unmarshal(data, &back))
			assert.Equal(t, j.Limit, back)
		})
	}
}

// Judge says of some editions without a run that they are suitable. Suitable finds the
// same with runs.
func TestJudgeAgreesWithSuitable(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 0))
	for range 30 {
		s := forecast.Scenario{
			Service: []limits.Service{limits.SMB, limits.IIS, limits.RDP, limits.FTP}[r.IntN(4)], Clients: 1 + r.IntN(60), Connections: r.IntN(3),
			Arrive: forecast.Poisson(time.Second), ServiceTime: forecast.Exponential(time.Duration(1+r.IntN(60)) * time.Second),
			Idle: forecast.Constant(time.Duration(r.IntN(3)) * time.Second), Retry: forecast.Retry{Max: r.IntN(2), Backoff: forecast.Constant(time.Second)}, Seed: r.Uint64(),
		}
		suitable, err := forecast.Suitable(t.Context(), s, 0.05)
		require.NoError(t, err)
		want := []limits.Windows{}
		for _, c := range suitable {
			want = append(want, c.Windows)
		}
		for rule := range limits.ByService(s.Service) {
			j, err := forecast.Judge(t.Context(), s, []limits.Windows{rule.Windows()}, 0.05, 8)
			require.NoError(t, err)
			switch {
			case rule.Default.IsAbsent():
			case j.Verdict == forecast.Fits:
				assert.Contains(t, want, rule.Windows())
			default:
				assert.NotContains(t, want, rule.Windows())
			}
			if j.Verdict == forecast.Server {
				assert.ElementsMatch(t, want, j.Suitable)
				assert.True(t, slices.IsSortedFunc(j.Suitable, func(a, b limits.Windows) int { return int(a.Edition) - int(b.Edition) }))
			}
		}
	}
}

func TestJudgeRejects(t *testing.T) {
	for _, tt := range []struct {
		scenario forecast.Scenario
		allowed  float64
		runs     int
		want     string
	}{
		{seats(0, limits.SMB), 0.01, 1, "Clients"},
		{seats(5, limits.SMB), 2, 1, "want 0 to 1"},
		{seats(5, limits.SMB), 0, 0, "replications"},
	} {
		_, err := forecast.Judge(t.Context(), tt.scenario, all("XP Home SP3"), tt.allowed, tt.runs)
		require.ErrorIs(t, err, forecast.ErrScenario)
		assert.ErrorContains(t, err, tt.want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := forecast.Judge(ctx, seats(5, limits.SMB), all("XP Home SP3"), 0, 1)
	require.ErrorIs(t, err, context.Canceled)
	s := seats(5, limits.SMB)
	s.Settings = simulate.Settings{MaxConnections: 5}
	_, err = forecast.Judge(t.Context(), s, all("Windows 10 Pro"), 0, 1)
	require.ErrorIs(t, err, forecast.ErrScenario)
}

func TestVerdictText(t *testing.T) {
	for v := forecast.UnknownVerdict; v <= forecast.Server; v++ {
		text, err := v.MarshalText()
		require.NoError(t, err)
		var back forecast.Verdict
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, v, back)
	}
	assert.ErrorContains(t, new(forecast.Verdict).UnmarshalText([]byte("maybe")), `"maybe"`)
	_, err := forecast.Verdict(9).MarshalText()
	assert.ErrorContains(t, err, "9 is no verdict")
	var r forecast.LimitRange
	assert.ErrorContains(t, json.Unmarshal([]byte(`{"least":true}`), &r), "range of limits")
	assert.ErrorContains(t, json.Unmarshal([]byte(`"some"`), &r), "range of limits")
}
