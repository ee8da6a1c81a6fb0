package facts

import (
	"time"

	"github.com/winlimits/winlimits/limits"
)

// AutoDisconnect of the Server service, in minutes: the default (kb122920,
// ms-srvs), the value for never, and the largest that the command line takes
// (kb138365, kb134346).
const (
	AutoDisconnectDefault = 15
	AutoDisconnectNever   = -1
	AutoDisconnectMax     = 65535
)

// AutoDisconnectShortest is what an AutoDisconnect of 0 minutes amounts to. The
// sources say "a few seconds" (kb138365); five is a choice.
const AutoDisconnectShortest = 5 * time.Second

// OpenFilesPerSession returns how many files a session with the Server service
// of an edition can have open: 2048 up to Windows NT 4.0, 16384 from there on
// (ms-srvs, kb219956).
func OpenFilesPerSession(e limits.Edition) int {
	switch e.Product() {
	case "Windows NT 3.1", "Windows NT 3.5", "Windows NT 3.51", "Windows NT 4.0", "Windows 95", "Windows 98", "Windows Me":
		return 2048
	}
	return 16384
}

// ListsTransportsIndented reports whether "net config server" of an edition
// indents its transports. The output is known of Windows 10 (win10-net-config)
// and Server 2008 R2 (ws2008r2-net-config); from Windows 8 on it is taken to be
// that of the first, before that of the second.
func ListsTransportsIndented(e limits.Edition) bool { return e >= limits.Windows8 }
