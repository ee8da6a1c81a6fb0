package interop

import (
	"testing"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// newFixture starts the file server, in memory, of a machine that runs w.
func newFixture(t testing.TB, w limits.Windows, settings *fileserver.Settings) *simtest.FileServer {
	t.Helper()
	return simtest.NewFileServer(t, simtest.NewHost(t, w, nil), &simtest.FileServerSettings{Server: *settings})
}
