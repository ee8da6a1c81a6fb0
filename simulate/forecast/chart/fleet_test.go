package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/forecast/chart"
)

func TestSummarySVG(t *testing.T) {
	var s forecast.Summary
	for range 3 {
		s.Add("a", forecast.Fits, 0, nil)
	}
	s.Add("b", forecast.Server, 0.3, []string{"Windows Server 2025"})
	s.AddError()
	for _, sum := range []*forecast.Summary{&s, {}} {
		var out bytes.Buffer
		require.NoError(t, chart.SummarySVG(&out, sum))
		for d := xml.NewDecoder(bytes.NewReader(out.Bytes())); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
		}
		if sum.Machines > 0 {
			assert.Contains(t, out.String(), "<title>5 machines</title>")
			assert.Contains(t, out.String(), `width="306.0"`, "three of five")
		}
	}
}
