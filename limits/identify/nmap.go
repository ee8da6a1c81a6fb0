package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Nmap returns the Windows that a name of nmap's OS detection stands for, such
// as "Microsoft Windows XP SP2 or SP3" or "Microsoft Windows 7 SP1 or Windows
// Server 2008 R2", or the os of its script smb-os-discovery, such as "Windows 7
// Professional 7601 Service Pack 1". A product without an edition is all its
// editions, one without a service pack all its levels. What stands between "or",
// commas and slashes and names no product goes on with the name before it.
//
// Alternatives that the table has no rows for are Unlisted. If there is nothing
// else, the error is an *UnlistedError; for a text that is no Windows it is a
// *limits.NameError, and a *limits.ServicePackError if the editions never had the
// service packs.
func Nmap(name string) (Identification, error) {
	if len(name) > names.MaxLength {
		return Identification{}, tooLong(name, names.MaxLength)
	}
	if !strings.Contains(strings.ToLower(name), "win") {
		return Identification{}, &limits.NameError{Input: name}
	}
	return readNames(strings.ReplaceAll(name, "microsoft-ds", " "), true)
}
