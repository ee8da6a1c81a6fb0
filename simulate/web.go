package simulate

import (
	"fmt"
	"math"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// iisVersion returns the version of the web server that comes with an edition:
// 3.0 for the Peer Web Services of NT Workstation 4.0, 4.0 for Personal Web
// Server, 0 where there is none.
func iisVersion(e limits.Edition) float64 {
	switch e.Product() {
	case "Windows NT 4.0":
		return 3.0
	case "Windows 95", "Windows 98":
		return 4.0
	case "Windows 2000":
		return 5.0
	case "Windows XP":
		if e == limits.XPProfessionalX64 {
			return 6.0
		}
		return 5.1
	case "Windows Server 2003", "Windows Small Business Server 2003", "Windows Home Server":
		return 6.0
	case "Windows Vista", "Windows Server 2008":
		return 7.0
	case "Windows 7", "Windows Server 2008 R2":
		return 7.5
	case "Windows 8", "Windows Server 2012":
		return 8.0
	case "Windows 8.1", "Windows Server 2012 R2":
		return 8.5
	case "Windows NT 3.1", "Windows NT 3.5", "Windows NT 3.51", "Windows Me":
		return 0
	}
	return 10.0
}

func (h *Host) checkWebSettings() error {
	s, version := &h.settings, iisVersion(h.windows.Edition)
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: %s %v: %s", h.windows, name, value, want)
	}
	rule, err := limits.Lookup(h.windows, limits.IIS)
	hasMetabase := err == nil && !rule.Default.IsAbsent() && version < 7
	switch {
	case s.MaxConnections == 0:
	case !hasMetabase:
		return bad("MaxConnections", s.MaxConnections, "want 0; the property belongs to IIS 4.0 to 6.0, which this Windows does not have")
	case s.MaxConnections < 0 || s.MaxConnections > math.MaxInt32 || !rule.Ceiling.Holds(s.MaxConnections):
		return bad("MaxConnections", s.MaxConnections, fmt.Sprintf("want 1 to %v, or 0 for the default; %v", rule.Ceiling, rule))
	}
	switch {
	case s.AllowKeepAlive != nil && !hasMetabase:
		return bad("AllowKeepAlive", *s.AllowKeepAlive, "want nil; the property belongs to IIS 4.0 to 6.0, which this Windows does not have")
	case s.ConnectionTimeout < 0 || s.ConnectionTimeout > math.MaxInt32*time.Second:
		return bad("ConnectionTimeout", s.ConnectionTimeout, "want 0 to 2147483647 s")
	case s.QueueTimeout < 0:
		return bad("QueueTimeout", s.QueueTimeout, "want 0 or more")
	case s.WorkerProcesses < 0 || s.WorkerProcesses > 1024:
		return bad("WorkerProcesses", s.WorkerProcesses, "want 0 to 1024")
	}
	return nil
}

// webCapacity applies the settings to the capacity of the web server.
func (h *Host) webCapacity(rule limits.Rule, limit, ceiling int64) (int64, int64) {
	if n := h.settings.MaxConnections; n > 0 {
		limit = int64(n)
	}
	if n := int64(h.settings.WorkerProcesses); n > 1 && rule.Unit == limits.Requests && ceiling != unlimited {
		limit, ceiling = limit*n, ceiling*n
	}
	return limit, ceiling
}
