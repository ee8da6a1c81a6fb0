package forecast_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// table reads CSV into rows by the names of its columns.
func table(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewBufferString(text)).ReadAll() // each row has as many cells
	require.NoError(t, err)
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			require.NotContains(t, row, name)
			row[name] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestReplicationsCSV(t *testing.T) {
	s := forecast.QueueScenario(500)
	s.AcceptTime = forecast.Constant(10 * time.Millisecond)
	r, err := forecast.Replicate(t.Context(), s, 3)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, forecast.ReplicationsCSV(&b, r))
	rows := table(t, b.String())
	require.Len(t, rows, 3)
	for i, row := range rows {
		one := &r.Reports[i]
		assert.Equal(t, "Windows 7 Professional", row["windows"])
		assert.Equal(t, "iis", row["service"])
		assert.Equal(t, "10", row["limit"])
		assert.Equal(t, strconv.FormatUint(one.Seed, 10), row["seed"])
		assert.Equal(t, "500", row["asked"])
		number := func(name string) float64 {
			v, err := strconv.ParseFloat(row[name], 64)
			require.NoError(t, err, name)
			return v
		}
		assert.InDelta(t, one.Wait.Mean.Seconds(), number("wait_mean_s"), 0)
		assert.InDelta(t, one.Length.Seconds(), number("length_s"), 0)
		assert.InDelta(t, one.Held.Mean, number("held_mean"), 0)
		assert.InDelta(t, one.Lost(), number("lost"), 0)
		assert.Equal(t, "200", row["backlog_limit"])
		assert.InDelta(t, one.Backlog.Wait.Max.Seconds(), number("backlog_wait_max_s"), 0)
		assert.NotContains(t, row["held_mean"]+row["full_share"], "e")
	}
}

func TestComparisonsCSV(t *testing.T) {
	all, err := forecast.Compare(t.Context(), fortyAtOnce(), limits.Windows{Edition: limits.XPHome}, limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.Server2022Standard})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, forecast.ComparisonsCSV(&b, all))
	rows := table(t, b.String())
	require.Len(t, rows, 3)
	assert.Equal(t, "Windows XP Home", rows[0]["windows"])
	assert.Contains(t, rows[0]["problem"], "no such service")
	assert.Empty(t, rows[0]["asked"])
	assert.Equal(t, "30", rows[1]["refused"])
	assert.Equal(t, "0.75", rows[1]["lost"])
	assert.Empty(t, rows[1]["problem"])
	assert.Equal(t, "unlimited", rows[2]["limit"])
}

func TestCurvesCSV(t *testing.T) {
	curves, err := forecast.Sweep(t.Context(), fortyAtOnce(), []int{10, 40}, limits.Windows{Edition: limits.XPProfessional}, limits.Windows{Edition: limits.XPHome})
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, forecast.CurvesCSV(&b, curves))
	rows := table(t, b.String())
	require.Len(t, rows, 3)
	assert.Equal(t, "10", rows[0]["clients"])
	assert.Equal(t, "0", rows[0]["lost"])
	assert.Equal(t, "0.75", rows[1]["lost"])
	assert.Contains(t, rows[2]["problem"], "no such service")
}

type fullDisk struct{}

var errFull = errors.New("disk full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestCSVReportsWhatCannotBeWritten(t *testing.T) {
	require.ErrorIs(t, forecast.ReplicationsCSV(fullDisk{}, forecast.Replications{}), errFull)
	require.ErrorIs(t, forecast.ComparisonsCSV(fullDisk{}, nil), errFull)
	require.ErrorIs(t, forecast.CurvesCSV(fullDisk{}, nil), errFull)
}
