package limits

import "fmt"

// NTStatus is a status code of the Windows NT kernel. Replies of SMB carry one.
type NTStatus uint32

// Win32Error is an error code of the Windows API, as GetLastError and NET USE
// report it.
type Win32Error uint32

// HResult is a result code of COM and of Message Queuing.
type HResult uint32

// The codes that Windows answers with at a limit, and others that are easily taken
// for one of them. They are defined on every GOOS.
const (
	// StatusRequestNotAccepted is the refusal of a session over the limit
	// (ms-erref, smbj-443).
	StatusRequestNotAccepted NTStatus = 0xC00000D0
	// StatusTooManySessions is another limit: too many users on one SMB1
	// connection (ms-cifs).
	StatusTooManySessions NTStatus = 0xC00000CE
	// StatusSharingPaused says that the server is paused (ms-erref).
	StatusSharingPaused NTStatus = 0xC00000CF
	// StatusUserSessionDeleted answers a message on a session that has ended
	// (ms-erref).
	StatusUserSessionDeleted NTStatus = 0xC0000203

	// ErrorReqNotAccep is the Win32 and DOS form of StatusRequestNotAccepted
	// (kb122920).
	ErrorReqNotAccep Win32Error = 71

	// WSAEADDRINUSE is what a connect gets whose pair of ports is still in
	// TIME_WAIT, or a bind to a port that is taken (kb196271).
	WSAEADDRINUSE Win32Error = 10048
	// WSAENOBUFS is what a connect gets that finds no port free, or no socket on
	// 95, 98 and Me (kb196271, kb198663).
	WSAENOBUFS Win32Error = 10055
	// WSAETIMEDOUT is what a connect gets that nothing answers. No limit of the
	// table causes it.
	WSAETIMEDOUT Win32Error = 10060
	// WSAECONNREFUSED is what a connect gets whose SYN is answered with a reset:
	// the backlog is full, or nothing listens (kb113576, kb175523).
	WSAECONNREFUSED Win32Error = 10061

	// HResultReqNotAccep is ErrorReqNotAccep as an HRESULT (kb268500).
	HResultReqNotAccep HResult = 0x80070047
	// MQErrorDependWksLicenseOverflow is the refusal of the eleventh computer
	// by Message Queuing (kb183666).
	MQErrorDependWksLicenseOverflow HResult = 0xC00E0067
)

// Event4226 is the event that TCP/IP logs when it begins to queue connection
// attempts, and Event4226Code its full code (ms-sdk-event-4226).
const (
	Event4226     = 4226
	Event4226Code = 0x80001082
)

// The numbers of other events that Windows logs at its limits.
const (
	// Event4227, of source Tcpip, says that a pair of ports is still in TIME_WAIT
	// (theregime-4227).
	Event4227 = 4227
	// Event4231, of source Tcpip, says that all ports are in use (borncity-4231).
	Event4231 = 4231
	// Event2009, of source Srv, says that a table of the Server service (SMB) is
	// full (kb165815).
	Event2009 = 2009
	// Event201, of source LicenseService, says that no licence was left for a client.
	// A server in Per Server mode logs it: it counts its clients and refuses those
	// above the number of licences (kb321447).
	Event201 = 201
)

// The texts that Windows shows at its limits, letter by letter.
const (
	// TextStatusRequestNotAccepted is the text of StatusRequestNotAccepted
	// (ms-erref).
	TextStatusRequestNotAccepted = "No more connections can be made to this remote computer at this time because the computer has already accepted the maximum number of connections."
	// TextErrorReqNotAccepXP is the text of Win32 error 71 up to XP (kb122920,
	// kb314882). The release in which it changed is unknown.
	TextErrorReqNotAccepXP = "No more connections can be made to this remote computer at this time because there are already as many connections as the computer can accept."
	// TextErrorReqNotAccep is the text of Win32 error 71 today (ms-erref).
	TextErrorReqNotAccep = "No more connections can be made to this remote computer at this time because the computer has accepted the maximum number of connections."
	// TextHTTP4039 is the last line of the page that IIS 5.x refuses with, and
	// TextHTTP4039Cause the one below its heading (kb262635).
	TextHTTP4039      = "HTTP 403.9 - Access Forbidden: Too many users are connected"
	TextHTTP4039Cause = "There are too many people accessing the Web site at this time."
	// TextHTTP503 is the reason phrase of a 503, and the text of its page
	// (gafvert-2007).
	TextHTTP503 = "Service Unavailable"
	// TextPWSTooManyUsers and TextPWSTooManyUsersCause are what Peer Web
	// Services 3.0 say instead (kb101322).
	TextPWSTooManyUsers      = "Too many users."
	TextPWSTooManyUsersCause = "There are too many connected users. Please try again later."
	// TextEvent4226 is the text of event 4226 (tech-recipes-559,
	// ms-event-4226-61).
	TextEvent4226 = "TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts."
	// TextEvent4226NT52 is its text in the releases of version 5.2, Server 2003 and
	// XP Professional x64. Only the latter has the limit (ms-event-4226-52).
	TextEvent4226NT52 = "TCP/IP has reached the security limit imposed on the number of concurrent (incomplete) TCP connect attempts."
	// TextRDPOnlyCurrentUser is what XP Professional tells a user who may not
	// displace the present one (kb280828).
	TextRDPOnlyCurrentUser = "Only the current user or an administrator can log on to this computer."
	// TextRDPExceeded is what Server 2003 tells the session over the limit
	// (4sysops-2008).
	TextRDPExceeded = "The terminal server has exceeded the maximum number of allowed connections."
	// TextRDPAllInUse is what a Remote Desktop client shows instead of
	// TextRDPExceeded.
	TextRDPAllInUse = "The number of connections to this computer is limited and all connections are in use right now. Try connecting later or contact your system administrator."
	// TextRDPAnotherUser is what Windows 10 and 11 ask before the newcomer
	// displaces the present user.
	TextRDPAnotherUser = "Another user is signed in. If you continue, they'll be disconnected."
	// TextNetUseLimit is what NET USE can show for error 71 instead (kb149522).
	TextNetUseLimit = "This remote computer has reached its connection limit, you cannot connect at this time."
	// TextWSAECONNREFUSED is the text of WSAECONNREFUSED (kb175523).
	TextWSAECONNREFUSED = "No connection could be made because the target machine actively refused it."
	// TextWSAENOBUFS is the text of WSAENOBUFS (kb196271).
	TextWSAENOBUFS = "An operation on a socket could not be performed because the system lacked sufficient buffer space or because a queue was full."
	// TextWSAEADDRINUSE is the text of WSAEADDRINUSE (kb196271).
	TextWSAEADDRINUSE = "Only one usage of each socket address (protocol/network address/port) is normally permitted."
	// TextEvent4227 is the text of event 4227 (theregime-4227).
	TextEvent4227 = "TCP/IP failed to establish an outgoing connection because the selected local endpoint was recently used to connect to the same remote endpoint."
	// TextEvent4231 is the text of event 4231 (borncity-4231).
	TextEvent4231 = "A request to allocate an ephemeral port number from the global TCP port space has failed due to all such ports being in use."
	// TextFTPMaximum is the refusal of the FTP server of NT (kb103074).
	TextFTPMaximum = "Maximum clients reached, service unavailable."
)

// String returns the name of the status, or its number.
func (s NTStatus) String() string {
	switch s {
	case StatusRequestNotAccepted:
		return "STATUS_REQUEST_NOT_ACCEPTED"
	case StatusTooManySessions:
		return "STATUS_TOO_MANY_SESSIONS"
	case StatusSharingPaused:
		return "STATUS_SHARING_PAUSED"
	case StatusUserSessionDeleted:
		return "STATUS_USER_SESSION_DELETED"
	}
	return fmt.Sprintf("0x%08X", uint32(s))
}

// String returns the name of the error, or its number.
func (e Win32Error) String() string {
	switch e {
	case ErrorReqNotAccep:
		return "ERROR_REQ_NOT_ACCEP"
	case WSAEADDRINUSE:
		return "WSAEADDRINUSE"
	case WSAENOBUFS:
		return "WSAENOBUFS"
	case WSAETIMEDOUT:
		return "WSAETIMEDOUT"
	case WSAECONNREFUSED:
		return "WSAECONNREFUSED"
	}
	return fmt.Sprintf("Win32 error %d", uint32(e))
}

// String returns the name of the result, or its number.
func (r HResult) String() string {
	switch r {
	case HResultReqNotAccep:
		return "HRESULT_FROM_WIN32(ERROR_REQ_NOT_ACCEP)"
	case MQErrorDependWksLicenseOverflow:
		return "MQ_ERROR_DEPEND_WKS_LICENSE_OVERFLOW"
	}
	return fmt.Sprintf("0x%08X", uint32(r))
}
