package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// SMB returns the editions that a banner of SMB or NTLM stands for: the native OS of
// SMB1, such as "Windows 5.1" or "Windows Server 2003 3790 Service Pack 2", or what
// scanners make of the version in NTLM, such as "Windows 10.0 Build 26100 x64" or
// "10.0.20348". Servers of the builds 19042 to 19045 report 19041 there. Samba reports
// Windows 6.1 and its own name; that is a *limits.NameError.
func SMB(banner string) (Identification, error) {
	if len(banner) > names.MaxLength {
		return Identification{}, tooLong(banner, names.MaxLength)
	}
	text := banner
	if !strings.Contains(strings.ToLower(banner), "win") {
		text = "Windows " + strings.TrimSpace(banner)
	}
	id, err := readNames(text, false)
	if err == nil {
		id.Form = FormSMB
	}
	return id, err
}
