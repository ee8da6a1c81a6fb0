package limits

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCodesPrint(t *testing.T) {
	for _, test := range []struct {
		code interface{ String() string }
		want string
	}{
		{StatusRequestNotAccepted, "STATUS_REQUEST_NOT_ACCEPTED"},
		{StatusTooManySessions, "STATUS_TOO_MANY_SESSIONS"},
		{StatusSharingPaused, "STATUS_SHARING_PAUSED"},
		{StatusUserSessionDeleted, "STATUS_USER_SESSION_DELETED"},
		{NTStatus(0xC0000001), "0xC0000001"},
		{ErrorReqNotAccep, "ERROR_REQ_NOT_ACCEP"},
		{WSAEADDRINUSE, "WSAEADDRINUSE"},
		{WSAENOBUFS, "WSAENOBUFS"},
		{WSAETIMEDOUT, "WSAETIMEDOUT"},
		{WSAECONNREFUSED, "WSAECONNREFUSED"},
		{Win32Error(5), "Win32 error 5"},
		{HResultReqNotAccep, "HRESULT_FROM_WIN32(ERROR_REQ_NOT_ACCEP)"},
		{MQErrorDependWksLicenseOverflow, "MQ_ERROR_DEPEND_WKS_LICENSE_OVERFLOW"},
		{HResult(1), "0x00000001"},
	} {
		assert.Equal(t, test.want, test.code.String())
	}
}
