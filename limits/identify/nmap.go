package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

// Nmap returns the editions that a name of nmap's OS detection stands for, such as
// "Microsoft Windows XP SP2 or SP3" or "Microsoft Windows 7 SP1 or Windows Server 2008
// R2", or the os of its script smb-os-discovery, such as "Windows 7 Professional 7601
// Service Pack 1". A product without an edition stands for all its editions, and an
// edition without a service pack for all its service packs. "or", commas and slashes
// separate the names; a part without a product belongs to the product before it.
//
// Editions that the table has no rules for are Unlisted. If the text names no others,
// the error is an *UnlistedError. A text that does not name Windows is a
// *limits.NameError, and a service pack that none of the editions had a
// *limits.ServicePackError.
func Nmap(name string) (Identification, error) {
	if len(name) > names.MaxLength {
		return Identification{}, tooLong(name, names.MaxLength)
	}
	if !strings.Contains(strings.ToLower(name), "win") {
		return Identification{}, &limits.NameError{Input: name}
	}
	return readNames(strings.ReplaceAll(name, "microsoft-ds", " "), true)
}
