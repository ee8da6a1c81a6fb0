package fileserver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

func TestStatus(t *testing.T) {
	assert.EqualError(t, fileserver.StatusLogonFailure, "STATUS_LOGON_FAILURE (0xC000006D)")
	assert.EqualError(t, fileserver.Status(0xC0000203), "NTSTATUS 0xC0000203")
}
