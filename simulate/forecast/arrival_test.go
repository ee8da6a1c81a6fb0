package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestArrivals(t *testing.T) {
	for _, c := range []struct {
		text string
		want []time.Duration
	}{
		{"at-once", []time.Duration{0, 0, 0}},
		{"every(2s)", []time.Duration{0, 2e9, 4e9}},
		{"trace(1s,1s,5s)", []time.Duration{1e9, 1e9, 5e9}},
	} {
		arrive, err := forecast.ParseArrival(c.text)
		require.NoError(t, err)
		assert.Equal(t, c.text, arrive.String())
		assert.Equal(t, c.text == "at-once", arrive.IsZero())
		s := forecast.LossScenario(3)
		s.Arrive = arrive
		var got []time.Duration
		for o, err := range forecast.Outcomes(t.Context(), s, nil) {
			require.NoError(t, err)
			got = append(got, o.Asked)
		}
		assert.Equal(t, c.want, got, c.text)
	}
	for _, c := range []struct{ text, want string }{
		{"", "want at-once, every(2s)"},
		{"every(0s)", "gap 0s: want above 0"},
		{"every(1s,2s)", "want at-once"},
		{"poisson(x)", "invalid duration"},
		{"trace(2s,1s)", "ascending"},
		{"trace()", "invalid duration"},
	} {
		_, err := forecast.ParseArrival(c.text)
		require.ErrorContains(t, err, c.want, c.text)
	}
	_, err := forecast.Every(-1).MarshalText()
	require.Error(t, err)
}

func FuzzParseArrival(f *testing.F) {
	for _, text := range []string{"at-once", "every(2s)", "poisson(2s)", "trace(0s,1s,5s)", "trace(,)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := forecast.ParseArrival(text)
		if err != nil {
			return
		}
		require.NoError(t, a.Valid())
		back, err := forecast.ParseArrival(a.String())
		require.NoError(t, err)
		require.Equal(t, a.String(), back.String())
	})
}
