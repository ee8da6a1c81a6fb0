package fileserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// Status is an NTSTATUS code, by which a file server tells a client why a request
// failed. It is an error, for errors.Is, and for the functions in Settings to return. They
// may return any code from 0xC0000000 on, with or without a constant here.
type Status uint32

// Statuses that a log-on, a tree connect or a write can fail with (MS-ERREF 2.3.1).
const (
	StatusAccessDenied          Status = 0xC0000022 // the user may not do that, or a signature is missing
	StatusLogonFailure          Status = 0xC000006D // wrong password or unknown account
	StatusAccountRestriction    Status = 0xC000006E // a policy forbids this log-on, such as an empty password
	StatusInvalidLogonHours     Status = 0xC000006F // the account may not log on at this time
	StatusPasswordExpired       Status = 0xC0000071 // the password has expired
	StatusAccountDisabled       Status = 0xC0000072 // the account is disabled
	StatusDiskFull              Status = 0xC000007F // there is no space for the data
	StatusInsufficientResources Status = 0xC000009A // the server is at a limit of its own
	StatusNotSupported          Status = 0xC00000BB // the server does not have this function
	StatusBadNetworkName        Status = 0xC00000CC // there is no share of this name
	StatusRequestNotAccepted    Status = 0xC00000D0 // the session, or the use of the share, is over the limit
	StatusLogonTypeNotGranted   Status = 0xC000015B // the account may not log on over the network
	StatusPasswordMustChange    Status = 0xC0000224 // the password must be changed before the first log-on
	StatusAccountLockedOut      Status = 0xC0000234 // the account is locked after too many wrong passwords
)

// Statuses of files and sessions, which only this package answers with.
const (
	statusSuccess                    = Status(smbwire.StatusSuccess)
	statusBufferOverflow      Status = 0x80000005
	statusNoMoreFiles         Status = 0x80000006
	statusInvalidInfoClass    Status = 0xC0000003
	statusInfoLengthMismatch  Status = 0xC0000004
	statusInvalidHandle       Status = 0xC0000008
	statusInvalidParameter           = Status(smbwire.StatusInvalidParameter)
	statusNoSuchFile          Status = 0xC000000F
	statusEndOfFile           Status = 0xC0000011
	statusMoreProcessing             = Status(smbwire.StatusMoreProcessingRequired)
	statusObjectNameInvalid   Status = 0xC0000033
	statusObjectNameNotFound  Status = 0xC0000034
	statusObjectNameCollision Status = 0xC0000035
	statusObjectPathNotFound  Status = 0xC000003A
	statusDeletePending       Status = 0xC0000056
	statusFileIsADirectory    Status = 0xC00000BA
	statusNetworkNameDeleted         = Status(smbwire.StatusNetworkNameDeleted)
	statusUnexpectedIOError   Status = 0xC00000E9
	statusDirectoryNotEmpty   Status = 0xC0000101
	statusNotADirectory       Status = 0xC0000103
	statusTooManyOpenedFiles  Status = 0xC000011F
	statusFileClosed          Status = 0xC0000128
	statusUserSessionDeleted         = Status(smbwire.StatusUserSessionDeleted)
	statusNoHashOverlap       Status = 0xC05D0000
	statusUnsupportedForNow   Status = 0x80090302 // the session is still being set up
)

var statusNames = [...]struct {
	status Status
	name   string
}{
	{StatusAccessDenied, "STATUS_ACCESS_DENIED"},
	{StatusLogonFailure, "STATUS_LOGON_FAILURE"},
	{StatusAccountRestriction, "STATUS_ACCOUNT_RESTRICTION"},
	{StatusInvalidLogonHours, "STATUS_INVALID_LOGON_HOURS"},
	{StatusPasswordExpired, "STATUS_PASSWORD_EXPIRED"},
	{StatusAccountDisabled, "STATUS_ACCOUNT_DISABLED"},
	{StatusDiskFull, "STATUS_DISK_FULL"},
	{StatusInsufficientResources, "STATUS_INSUFFICIENT_RESOURCES"},
	{StatusNotSupported, "STATUS_NOT_SUPPORTED"},
	{StatusBadNetworkName, "STATUS_BAD_NETWORK_NAME"},
	{StatusRequestNotAccepted, "STATUS_REQUEST_NOT_ACCEPTED"},
	{StatusLogonTypeNotGranted, "STATUS_LOGON_TYPE_NOT_GRANTED"},
	{StatusPasswordMustChange, "STATUS_PASSWORD_MUST_CHANGE"},
	{StatusAccountLockedOut, "STATUS_ACCOUNT_LOCKED_OUT"},
}

// Error returns the name and the number of the status, such as
// "STATUS_DISK_FULL (0xC000007F)". A status without a constant here has the number only.
func (s Status) Error() string {
	for _, n := range statusNames {
		if n.status == s {
			return fmt.Sprintf("%s (0x%08X)", n.name, uint32(s))
		}
	}
	return fmt.Sprintf("NTSTATUS 0x%08X", uint32(s))
}

// statusOf returns the status that tells a client of err.
func statusOf(err error) Status {
	var status Status
	switch {
	case err == nil:
		return statusSuccess
	case errors.As(err, &status):
		return status
	case errors.Is(err, smbwire.ErrMalformed), errors.Is(err, fs.ErrInvalid):
		return statusInvalidParameter
	case errors.Is(err, fs.ErrNotExist):
		return statusObjectNameNotFound
	case errors.Is(err, fs.ErrExist):
		return statusObjectNameCollision
	case errors.Is(err, fs.ErrPermission):
		return StatusAccessDenied
	case errors.Is(err, io.EOF):
		return statusEndOfFile
	}
	return statusUnexpectedIOError
}

// decided returns the status by which a function of Settings refuses: that of err, or
// otherwise if err is no Status of the error class.
func decided(err error, otherwise Status) error {
	var status Status
	const firstError = 0xC0000000
	if err == nil || errors.As(err, &status) && status >= firstError {
		return err
	}
	return otherwise
}
