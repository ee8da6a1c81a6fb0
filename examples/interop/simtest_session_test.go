package interop

import (
	"testing"

	"github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/require"
	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
)

func TestSession21(t *testing.T) {
	host := simtest.NewHost(t, limits.MustParseWindows("Windows 11 Pro"), nil)
	files := simtest.NewFileServer(t, host, nil)
	simtest.Hold(t, files.Gate, 20) // sessions of other clients

	dialer := &smb2.Dialer{Initiator: &smb2.NTLMInitiator{User: "alice", Password: "secret"}}
	_, err := dialer.Dial(t.Context(), files.Loopback())
	require.ErrorIs(t, err, smb2.ErrRequestNotAccepted)
}
