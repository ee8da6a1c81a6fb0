package forecast

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDistDraws(t *testing.T) {
	for _, c := range []struct {
		text string
		mean time.Duration
		scv  float64
	}{
		{"30s", 30 * time.Second, 0},
		{"0s", 0, 0},
		{"uniform(10s,50s)", 30 * time.Second, 4. / 27},
		{"exponential(30s)", 30 * time.Second, 1},
		{"lognormal(30s,2.5)", 30 * time.Second, 2.5},
		{"hyperexponential(30s,6)", 30 * time.Second, 6},
		{"empirical(1s,2s,2s,9s)", 3500 * time.Millisecond, 10.25 / 12.25},
	} {
		t.Run(c.text, func(t *testing.T) {
			d, err := ParseDist(c.text)
			require.NoError(t, err)
			assert.Equal(t, c.text, d.String())
			assert.Equal(t, c.mean, d.Mean())
			assert.False(t, d.IsZero())
			text, err := json.Marshal(d)
			require.NoError(t, err)
			var back Dist
			require.NoError(t, json.Unmarshal(text, &back))
			assert.True(t, back.Equal(d))

			const n = 50_000
			s := d.sampler()
			r := rand.New(rand.NewPCG(1, 2))
			var sum, squares float64
			for range n {
				v := float64(s.draw(r))
				require.GreaterOrEqual(t, v, 0.0)
				sum += v
				squares += v * v
			}
			mean := sum / n
			assert.InDelta(t, float64(c.mean), mean, 0.03*float64(c.mean))
			if c.mean > 0 {
				assert.InDelta(t, c.scv, squares/n/(mean*mean)-1, 0.15*c.scv+1e-9)
			}
		})
	}
}

// A time that is not given is not a time of 0.
func TestDistNotGiven(t *testing.T) {
	var d Dist
	assert.True(t, d.IsZero())
	assert.False(t, d.Equal(Constant(0)))
	require.NoError(t, d.Valid())
	assert.Zero(t, d.Mean())
	assert.Equal(t, "not given", d.String())
	text, err := d.MarshalText()
	require.NoError(t, err)
	assert.Empty(t, text)
	back := Constant(1)
	require.NoError(t, back.UnmarshalText(text))
	assert.True(t, back.IsZero())
	_, err = ParseDist("not given")
	require.Error(t, err)
	_, err = ParseDist("not given(1s)")
	require.Error(t, err)

	var s Scenario
	require.NoError(t, json.Unmarshal([]byte(`{"idle": "0s"}`), &s))
	assert.True(t, s.Idle.Equal(Constant(0)))
	assert.True(t, s.Patience.IsZero())
	given, err := json.Marshal(s)
	require.NoError(t, err)
	assert.Contains(t, string(given), `"idle":"0s"`)
	assert.NotContains(t, string(given), "patience")
}

func TestDistErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "want a time such as 30s, uniform(10s,50s)"},
		{"soon", `distribution "soon"`},
		{"-1s", "time -1s: want 0 to 8760h0m0s"},
		{"9000h", "time 9000h0m0s"},
		{"uniform(1s)", "want a time such as"},
		{"uniform(5s,1s)", "want the smaller first"},
		{"exponential(-1s)", "mean -1s"},
		{"exponential(x)", "invalid duration"},
		{"lognormal(1s,0)", "squared coefficient of variation 0: want above 0"},
		{"lognormal(1s,NaN)", "squared coefficient of variation NaN"},
		{"lognormal(1s,x)", `invalid number "x"`},
		{"hyperexponential(1s,0.5)", "want 1 to 1e6"},
		{"empirical()", "invalid duration"},
		{"empirical(1s,-2s)", "value -2s"},
		{"poisson(1s)", "want a time such as"},
		{"exponential(1s", "want a time such as"},
	} {
		_, err := ParseDist(c.text)
		require.ErrorContains(t, err, c.want, c.text)
	}
	for _, d := range []Dist{Constant(-1), Uniform(2, 1), Exponential(-1), Lognormal(1, math.NaN()), Hyperexponential(1, 0), Empirical(), {kind: 99, a: 1}} {
		require.Error(t, d.Valid(), d)
		_, err := json.Marshal(d)
		require.Error(t, err)
	}
}

func FuzzParseDist(f *testing.F) {
	for _, text := range []string{"30s", "uniform(10s,50s)", " Exponential( 30s )", "lognormal(30s,2.5)", "hyperexponential(30s,6)", "empirical(1s,2s)", "((,)", "empirical(,)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDist(text)
		if err != nil {
			return
		}
		require.NoError(t, d.Valid())
		back, err := ParseDist(d.String())
		require.NoError(t, err, d.String())
		require.True(t, back.Equal(d), "%v and %v", d, back)
		s, r := d.sampler(), rand.New(rand.NewPCG(1, 1))
		for range 10 {
			v := s.draw(r)
			require.GreaterOrEqual(t, v, int64(0))
			require.LessOrEqual(t, v, int64(100*longest))
		}
	})
}
