package simtest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// TestEachShowsEveryNumber: every limit that is common for a service occurs among the
// editions of a nil list.
func TestEachShowsEveryNumber(t *testing.T) {
	for service, want := range map[limits.Service][]limits.Limit{
		limits.SMB:         {limits.Number(0), limits.Number(5), limits.Number(10), limits.Number(20)},
		limits.IIS:         {limits.Number(1), limits.Number(3), limits.Number(10), limits.Unlimited()},
		limits.TCPHalfOpen: {limits.Number(10), limits.Unlimited()},
	} {
		seen := map[limits.Limit]bool{}
		simtest.Each(t, service, nil, func(t *testing.T, c simtest.Case) {
			t.Parallel()
			rule, err := limits.Lookup(c.Windows, service)
			require.NoError(t, err)
			assert.Equal(t, rule, c.Rule)
			gate, err := simtest.NewHost(t, c.Windows, nil).Gate(service)
			require.NoError(t, err)
			assert.Equal(t, gate.Limit(), c.Limit)
		})
		simtest.Each(t, service, nil, func(_ *testing.T, c simtest.Case) { seen[c.Limit] = true })
		for _, limit := range want {
			assert.True(t, seen[limit], "%v %v", service, limit)
		}
	}
}

func TestEachOfAList(t *testing.T) {
	var names []string
	simtest.Each(t, limits.IIS, []limits.Windows{xpHome, xpPro, win7}, func(t *testing.T, c simtest.Case) {
		names = append(names, c.Windows.String())
	})
	assert.Equal(t, []string{xpPro.String(), win7.String()}, names, "XP Home has no web server")
}
