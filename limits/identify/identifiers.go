package identify

import (
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// identifiers says what the identifiers of guests stand for, in lower case and
// without what only tells the processor: those of VMware, whose 7 and 8 are also
// the server of the time, and the types of VirtualBox, which has none for an R2.
// Each is a name that the reader of names understands.
var identifiers = [...]struct{ id, name string }{
	{"winntguest", "Windows NT 4.0"},
	{"win2000proguest", "Windows 2000 Professional"}, {"win2000pro", "Windows 2000 Professional"},
	{"win2000servguest", "Windows 2000 Server"}, {"win2000serv", "Windows 2000 Server"},
	{"win2000advservguest", "Windows 2000 Advanced Server"}, {"win2000advserv", "Windows 2000 Advanced Server"},
	{"winxphomeguest", "Windows XP Home"}, {"winxphome", "Windows XP Home"},
	{"winxpproguest", "Windows XP Professional x86"}, {"winxppro", "Windows XP Professional x86"},
	{"winxppro64guest", "Windows XP Professional x64"}, {"winxppro64", "Windows XP Professional x64"},
	{"winnetwebguest", "Windows Server 2003 Web"}, {"winnetweb", "Windows Server 2003 Web"},
	{"winnetstandardguest", "Windows Server 2003 Standard"}, {"winnetstandard64guest", "Windows Server 2003 Standard"}, {"winnetstandard", "Windows Server 2003 Standard"},
	{"winnetenterpriseguest", "Windows Server 2003 Enterprise"}, {"winnetenterprise64guest", "Windows Server 2003 Enterprise"}, {"winnetenterprise", "Windows Server 2003 Enterprise"},
	{"winnetdatacenterguest", "Windows Server 2003 Datacenter"}, {"winnetdatacenter64guest", "Windows Server 2003 Datacenter"}, {"winnetdatacenter", "Windows Server 2003 Datacenter"},
	{"winnetbusinessguest", "Windows Small Business Server 2003"}, {"winnetbusiness", "Windows Small Business Server 2003"},
	{"winvistaguest", "Windows Vista"}, {"winvista64guest", "Windows Vista"},
	{"winlonghornguest", "Windows Server 2008"}, {"winlonghorn64guest", "Windows Server 2008"},
	{"windows7guest", "Windows 7"}, {"windows7-64guest", "Windows 7"},
	{"windows7server64guest", "Windows Server 2008 R2"}, {"windows7srv-64", "Windows Server 2008 R2"},
	{"windows8guest", "Windows 8 - 8.1"}, {"windows8-64guest", "Windows 8 - 8.1"},
	{"windows8server64guest", "Windows Server 2012 - 2012 R2"}, {"windows8srv-64", "Windows Server 2012 - 2012 R2"},
	{"windows9guest", "Windows 10"}, {"windows9-64guest", "Windows 10"}, {"windows9", "Windows 10"}, {"windows9-64", "Windows 10"},
	{"windows9server64guest", "Windows Server 2016 or later"}, {"windows9srv-64", "Windows Server 2016 or later"},
	{"windows11-64guest", "Windows 11"},
	{"windows2019srv-64guest", "Windows Server 2019"}, {"windows2019srv-64", "Windows Server 2019"},
	{"windows2019srvnext-64guest", "Windows Server 2022"}, {"windows2019srvnext-64", "Windows Server 2022"},
	{"windows2022srvnext-64guest", "Windows Server 2025"}, {"windows2022srvnext-64", "Windows Server 2025"},
	{"windowshypervguest", "Windows Hyper-V Server"},

	{"windows31", "Windows 3.1"}, {"windowsnt3x", "Windows NT 3.1 - 3.51"}, {"windowsnt4", "Windows NT 4.0"},
	{"windowsxp-64", "Windows XP Professional x64"}, {"windows2003-64", "Windows Server 2003"}, {"windowsvista-64", "Windows Vista"},
	{"windows2008", "Windows Server 2008 - 2008 R2"}, {"windows2008-64", "Windows Server 2008 - 2008 R2"}, {"windows7-64", "Windows 7"}, {"windows8-64", "Windows 8"},
	{"windows81", "Windows 8.1"}, {"windows81-64", "Windows 8.1"}, {"win81", "Windows 8.1"}, {"win81-x64", "Windows 8.1"}, {"win81-x86", "Windows 8.1"}, {"win81-arm", "Windows 8.1"},
	{"windows2012-64", "Windows Server 2012 - 2012 R2"}, {"windows10-64", "Windows 10"}, {"windows10-arm64", "Windows 10"}, {"windows11-64", "Windows 11"}, {"windows11-arm64", "Windows 11"},
	{"windows2016-64", "Windows Server 2016"}, {"windows2019-64", "Windows Server 2019"}, {"windows2022-64", "Windows Server 2022"}, {"windows2025-64", "Windows Server 2025"},
}

// guest returns the name that an identifier of a guest stands for.
func guest(word string) (name string, ok bool) {
	word = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	for i := range identifiers {
		if identifiers[i].id == word {
			return identifiers[i].name, true
		}
	}
	return "", false
}

// image returns the name that a SKU of an Azure image or a container image
// stands for, such as "2016-datacenter-server-core-smalldisk-g2" or
// "mcr.microsoft.com/windows/servercore:ltsc2022".
func image(word string) (name string, ok bool) {
	word = strings.ToLower(word)
	if path, tag, found := strings.Cut(word, ":"); found {
		repository := strings.TrimPrefix(path, "mcr.microsoft.com/")
		for _, prefix := range [...]string{"microsoft/", "windows/", "core/"} {
			repository = strings.TrimPrefix(repository, prefix)
		}
		switch repository {
		case "windows", "server", "servercore", "nanoserver", "windowsservercore", "iis", "dotnet-framework":
		default:
			return "", false
		}
		if !strings.Contains(path, "windows") && !strings.Contains(path, "servercore") && !strings.Contains(path, "nanoserver") {
			return "", false
		}
		tag, _, _ = strings.Cut(strings.TrimPrefix(tag, "windowsservercore-"), "-")
		if year, ok := strings.CutPrefix(tag, "ltsc"); ok {
			return "Windows Server " + year, true
		}
		if v := names.ReadExact("Windows Server version " + tag); v.Unread == 0 && v.Versioned > 0 {
			return "Windows Server version " + tag, true
		}
		return "", false
	}
	year, rest, found := strings.Cut(word, "-")
	if !found || len(year) != 4 {
		return "", false
	}
	r2 := ""
	if after, ok := strings.CutPrefix(rest, "r2-"); ok {
		r2, rest = " R2", after
	}
	switch {
	case strings.HasPrefix(rest, "datacenter-azure-edition"):
		name = "Windows Server " + year + " Datacenter Azure Edition"
	case rest == "datacenter" || strings.HasPrefix(rest, "datacenter-"):
		name = "Windows Server " + year + r2 + " Datacenter"
	case year == "2008" && rest == "sp1":
		name = "Windows Server 2008" + r2 + " SP1"
	default:
		return "", false
	}
	r := names.ReadExact(name)
	return name, !r.Broken() && len(r.All()) > 0
}

// readIdentifier returns the editions that the first identifier in a text stands
// for. It is false if there is none.
func readIdentifier(text string) (id Identification, err error, ok bool) {
	for word := range strings.FieldsFuncSeq(text, func(c rune) bool { return c <= ' ' || strings.ContainsRune("\"',;()[]{}<>=|`", c) }) {
		if len(word) < 5 || len(word) > 100 {
			continue
		}
		word = strings.TrimRight(word, ".")
		name, found := guest(word)
		if !found {
			name, found = image(word)
		}
		if !found {
			continue
		}
		ev := evidence{input: word, form: FormIdentifier, name: names.ReadExact(name), named: true}
		id, err := ev.identify()
		return id, err, true
	}
	return Identification{}, nil, false
}
