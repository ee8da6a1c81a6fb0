package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// SMB returns the Windows that a banner of SMB or NTLM stands for: the native OS
// of SMB1, such as "Windows 5.1" or "Windows Server 2003 3790 Service Pack 2", and
// what scanners make from the version of NTLM, such as "Windows 10.0 Build 26100
// x64" or "10.0.20348" alone. The servers of builds 19042 to 19045 say 19041
// there, and Samba says Windows 6.1 as well as its own name, which is a
// *limits.NameError.
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
