package identify

import (
	"fmt"
	"strings"
)

// Form is the form in which a text was read. The zero value is UnknownForm.
type Form uint8

// The forms.
const (
	UnknownForm Form = iota
	// FormIdentity is an Identity, not a text.
	FormIdentity
	// FormName is a name that people, nmap or p0f use, or a list of such names.
	FormName
	// FormCaption is the name that Windows gives itself, as in WMI's Caption.
	FormCaption
	// FormVer is a line of the command ver.
	FormVer
	// FormNTVersion is a version of Windows NT beside the word Windows, as .NET, Node
	// and Python print it.
	FormNTVersion
	// FormSMB is a banner of SMB or NTLM, such as "Windows 10.0 Build 26100 x64".
	FormSMB
	// FormActiveDirectory is the attributes operatingSystem and
	// operatingSystemVersion of Active Directory.
	FormActiveDirectory
	// FormWinver is the text in the window of the command winver.
	FormWinver
	// FormSysteminfo is an output of systeminfo or msinfo32.
	FormSysteminfo
	// FormRegistry is a listing of the registry key Windows NT\CurrentVersion.
	FormRegistry
	// FormRecord is a record of names and values from WMI, PowerShell, osquery, Wazuh,
	// FusionInventory, Ansible or another tool, as a list, JSON, XML or CSV.
	FormRecord
	// FormSysDescr is sysDescr of SNMP.
	FormSysDescr
	// FormIdentifier is an identifier of a virtual machine's guest, an image or a
	// container.
	FormIdentifier
	// FormUserAgent is the User-Agent of a browser.
	FormUserAgent
	// FormCPE is a CPE name.
	FormCPE
)

var formNames = [...]string{
	"unknown", "identity", "name", "caption", "ver", "nt-version", "smb", "active-directory", "winver",
	"systeminfo", "registry", "record", "sysdescr", "identifier", "user-agent", "cpe",
}

// String returns the name of the form, such as "caption".
func (f Form) String() string {
	if int(f) < len(formNames) {
		return formNames[f]
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (f Form) MarshalText() ([]byte, error) {
	if int(f) >= len(formNames) {
		return nil, fmt.Errorf("identify: %d is not a form; want 0 to %d", uint8(f), len(formNames)-1)
	}
	return []byte(f.String()), nil
}

// UnmarshalText accepts the String forms, in any case.
func (f *Form) UnmarshalText(text []byte) error {
	for i, name := range formNames {
		if strings.EqualFold(name, string(text)) {
			*f = Form(i)
			return nil
		}
	}
	return fmt.Errorf("identify: unknown form %.40q; want one of %s", text, strings.Join(formNames[1:], ", "))
}
