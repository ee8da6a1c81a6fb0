package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestNmap(t *testing.T) {
	checkAll(t, identify.Nmap, map[string]string{
		// Names of nmap's database of operating systems.
		"Microsoft Windows XP SP2 or SP3":                                             strings.Replace(at("SP2/SP3", anyXP), "x64 SP2/SP3", "x64 SP2", 1),
		"Microsoft Windows XP SP2 - SP3":                                              strings.Replace(at("SP2/SP3", anyXP), "x64 SP2/SP3", "x64 SP2", 1),
		"Microsoft Windows XP SP3":                                                    at("SP3", anyXP51),
		"Microsoft Windows XP SP 2":                                                   at("SP2", anyXP),
		"Microsoft Windows XP Professional SP2 (firewall enabled)":                    "Windows XP Professional SP2",
		"Microsoft Windows XP Home SP1 (French)":                                      "Windows XP Home SP1",
		"Microsoft Windows XP SP2 Media Center Edition":                               "Windows XP Media Center SP2",
		"Microsoft Windows 2000 Professional (no service pack)":                       "Windows 2000 Professional SP0",
		"Microsoft Windows 2000 AS SP4":                                               "Windows 2000 Advanced Server SP4",
		"Microsoft Windows 2000 SP0/SP2/SP4":                                          at("SP0/SP2/SP4", any2000),
		"Microsoft Windows 2000 SP4 or Windows XP Professional SP1":                   at("SP4", any2000) + " or Windows XP Professional SP1",
		"Microsoft Windows NT 4.0 SP5 - SP6a":                                         "Windows NT 4.0 Workstation SP5/SP6 or Windows NT 4.0 Server SP5/SP6",
		"Microsoft Windows Server 2003 SP1 or SP2":                                    at("SP1/SP2", any2003),
		"Microsoft Windows Server 2003 R2":                                            at("SP1/SP2", any2003),
		"Microsoft Windows Small Business Server 2003 SP1":                            at("SP1", anySBS),
		"Microsoft Windows 7 SP0 - SP1":                                               any7,
		"Microsoft Windows 7 SP1 or Windows Server 2008 R2":                           at("SP1", any7) + " or " + any2008R2,
		"Microsoft Windows 7 SP1 or Windows Server 2008 SP2 or 2008 R2 SP1":           at("SP2", any2008) + " or " + at("SP1", any7+" or "+any2008R2),
		"Microsoft Windows 7 or 8.1 R1":                                               any7 + " or " + any81,
		"Microsoft Windows Vista Home Premium SP1, Windows 7, or Windows Server 2008": "Windows Vista Home Premium SP1 or " + any2008 + " or " + any7,
		"Microsoft Windows 8.1 Update 1":                                              any81,
		"Microsoft Windows 10 1709 - 1909":                                            any10,
		"Microsoft Windows 10 10586 - 14393":                                          any10,
		"Microsoft Windows Server 2012 Data Center":                                   "Windows Server 2012 Datacenter",
		"Microsoft Windows Server 2016 build 10586 - 14393":                           "Windows Server 2016 Standard or Windows Server 2016 Datacenter",
		"Microsoft Windows Millennium Edition (Me)":                                   "Windows Me",
		"Microsoft Windows 98 SE":                                                     "Windows 98",
		"Microsoft Windows XP SP2 or SP3, or Windows Embedded Standard 2009":          strings.Replace(at("SP2/SP3", anyXP), "x64 SP2/SP3", "x64 SP2", 1) + " or Windows Embedded Standard 2009 (not in the table)",
		"Microsoft Windows 3.11 for Workgroups or Windows NT 3.51":                    "Windows NT 3.51 Workstation or Windows NT 3.51 Server or Microsoft Windows 3.11 for Workgroups (not in the table)",
		// Its service probes and its script smb-os-discovery.
		"Microsoft Windows 7 - 10 microsoft-ds":                                                       any7 + " or " + any8 + " or " + any81 + " or " + any10,
		"Microsoft Windows Server 2008 R2 - 2012 microsoft-ds":                                        any2008R2 + " or " + any2012,
		"Windows XP (Windows 2000 LAN Manager)":                                                       anyXP,
		"Windows 7 Professional 7601 Service Pack 1 (Windows 7 Professional 6.1)":                     "Windows 7 Professional SP1",
		"Windows Server (R) 2008 Standard 6001 Service Pack 1 (Windows Server (R) 2008 Standard 6.0)": "Windows Server 2008 Standard SP1",
		"Windows Server 2003 R2 3790 Service Pack 2 (Windows Server 2003 R2 5.2)":                     at("SP2", any2003),
	})
	for _, name := range []string{
		"", "(", ")(", " or ", "SP3", "Linux 5.4", "Sun Solaris 9 or 10", "Cisco 500, 2000-, 3000-, 4000-, 5000-series, or 6506 switch", strings.Repeat("Windows 7 or ", 100),
	} {
		_, err := identify.Nmap(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	for name, want := range map[string][]string{
		"Microsoft Windows Longhorn":                                             {"Microsoft Windows Longhorn"},
		"Microsoft Windows 7 Ultimate Beta (build 7000)":                         {"Microsoft Windows 7 Ultimate Beta"},
		"LaCie NAS device (Windows XP Embedded)":                                 {"Windows XP Embedded"},
		"Microsoft Windows Home Server 2011 (Windows Server 2008 R2)":            {"Microsoft Windows Home Server 2011"},
		"Microsoft Windows 3.11 for Workgroups":                                  {"Microsoft Windows 3.11 for Workgroups"},
		"Microsoft Windows Phone 7.5 or Windows Embedded Compact 7":              {"Microsoft Windows Phone 7.5", "Windows Embedded Compact 7"},
		"Microsoft Windows Phone 7.5 or 8.0":                                     {"Microsoft Windows Phone 7.5", "8.0"},
		"Microsoft Windows NT 4.0 Terminal Server Edition SP6":                   {"Microsoft Windows NT 4.0 Terminal Server Edition SP6"},
		"Microsoft Windows Mobile 5.0 - 6.1 or Zune audio player (firmware 2.2)": {"Microsoft Windows Mobile 5.0 - 6.1", "Zune audio player"},
	} {
		got, err := identify.Nmap(name)
		assert.ErrorIs(t, err, identify.ErrUnlisted, name)
		assert.Equal(t, want, got.Unlisted, name)
	}
	// There are such entries in its database.
	for _, name := range []string{"Microsoft Windows 2000 SP6", "Microsoft Windows NT 4.0 SP7", "Microsoft Windows Server 2003 SP3"} {
		_, err := identify.Nmap(name)
		assert.ErrorIs(t, err, limits.ErrServicePack, name)
	}
}

func FuzzNmap(f *testing.F) {
	fuzz(f, identify.Nmap, "Microsoft Windows XP SP2 or SP3, or Windows Embedded Standard 2009", "Windows 7 - 10 (no service pack) or SP1/SP0-SP1", "((or or))")
}

func ExampleNmap() {
	found, err := identify.Nmap("Microsoft Windows XP Professional SP2 or Windows Server 2003")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found)
	sessions, _ := found.Range(limits.SMB)
	fmt.Println(sessions, "SMB sessions")
	// Output:
	// Windows XP Professional SP2 or Windows Server 2003 Web or Windows Server 2003 Standard or Windows Server 2003 Enterprise or Windows Server 2003 Datacenter
	// 10 to unlimited SMB sessions
}
