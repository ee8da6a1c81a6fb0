package interop

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// newFixture starts the file server of a w in memory.
func newFixture(t testing.TB, w limits.Windows, settings *fileserver.Settings) *simtest.FileServer {
	t.Helper()
	s, err := fileserver.New(settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return simtest.NewFileServer(t, simtest.NewHost(t, w, nil), &simulate.SMBSettings{Dial: s.Dial})
}
