package forecast

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// What ends an idle connection bounds the guess at the
// length of a run.
func TestExpectedLength(t *testing.T) {
	s := Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB, Clients: 1,
		ServiceTime: Constant(time.Second), Idle: Constant(24 * time.Hour), AutoDisconnect: time.Minute,
	}
	p, err := s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(61*time.Second), p.expected)
	s.AutoDisconnect = 0
	p, err = s.compile()
	require.NoError(t, err)
	assert.Equal(t, int64(24*time.Hour+time.Second), p.expected)
}
