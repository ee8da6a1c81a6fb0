package forecast_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/forecast"
)

// The summary of the whole is that of its parts, in any order.
func TestSummariesMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	for range 20 {
		var whole forecast.Summary
		parts := make([]forecast.Summary, 1+r.IntN(5))
		for i := range 100 {
			part := &parts[r.IntN(len(parts))]
			if r.IntN(10) == 0 {
				whole.AddError()
				part.AddError()
				continue
			}
			var suitable []string
			v := forecast.Verdict(r.IntN(4))
			if v == forecast.Server {
				suitable = []string{fmt.Sprint("edition ", r.IntN(3)), "edition 9"}
			}
			lost := float64(r.IntN(5)) / 4
			whole.Add(fmt.Sprint(i), v, lost, suitable)
			part.Add(fmt.Sprint(i), v, lost, suitable)
		}
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		var merged forecast.Summary
		for _, p := range parts {
			data, err := json.Marshal(p)
			require.NoError(t, err)
			var back forecast.Summary
			require.NoError(t, json.Unmarshal(data, &back))
			merged.Merge(back)
		}
		assert.Equal(t, whole, merged)
		assert.Len(t, whole.Worst, 10)
		assert.Equal(t, 100, whole.Machines)
		assert.Equal(t, "edition 9", whole.Editions()[0])
	}
	var none forecast.Summary
	none.Merge(forecast.Summary{})
	assert.Equal(t, forecast.Summary{}, none)
}

func ExampleSummary() {
	var north, south forecast.Summary
	north.Add("office 7", forecast.Fits, 0, nil)
	north.Add("office 8", forecast.Server, 0.2, []string{"Windows Server 2025"})
	south.Add("shop", forecast.Server, 0.5, []string{"Windows Server 2022", "Windows Server 2025"})
	north.Merge(south)
	fmt.Println(north.Machines, north.Verdicts[forecast.Server], north.Worst[0].ID, north.Editions())
	// Output: 3 2 shop [Windows Server 2025 Windows Server 2022]
}
