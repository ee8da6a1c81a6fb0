package limits_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

const (
	anyXP     = "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Professional x64 or Windows XP Media Center or Windows XP Tablet PC"
	anyXP51   = "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Media Center or Windows XP Tablet PC"
	any2000   = "Windows 2000 Professional or Windows 2000 Server or Windows 2000 Advanced Server or Windows 2000 Datacenter Server"
	any2003   = "Windows Server 2003 Web or Windows Server 2003 Standard or Windows Server 2003 Enterprise or Windows Server 2003 Datacenter"
	any2008   = "Windows Server 2008 Web or Windows Server 2008 Standard or Windows Server 2008 Enterprise or Windows Server 2008 Datacenter"
	any7      = "Windows 7 Starter or Windows 7 Home Basic or Windows 7 Home Premium or Windows 7 Professional or Windows 7 Enterprise or Windows 7 Ultimate"
	any2008R2 = "Windows Server 2008 R2 Foundation or Windows Server 2008 R2 Standard or Windows Server 2008 R2 Enterprise or Windows Server 2008 R2 Datacenter"
	any8      = "Windows 8 or Windows 8 Pro or Windows 8 Enterprise or Windows 8 RT"
	any81     = "Windows 8.1 or Windows 8.1 Pro or Windows 8.1 Enterprise or Windows 8.1 RT"
	any10     = "Windows 10 Home or Windows 10 Pro or Windows 10 Enterprise or Windows 10 Education or Windows 10 IoT Core or Windows 10 IoT Enterprise"
	any11     = "Windows 11 Home or Windows 11 Pro or Windows 11 Enterprise or Windows 11 Education or Windows 11 IoT Enterprise"
	any2012   = "Windows Server 2012 Foundation or Windows Server 2012 Essentials or Windows Server 2012 Standard or Windows Server 2012 Datacenter"
	any2022   = "Windows Server 2022 Standard or Windows Server 2022 Datacenter or Windows Server 2022 Datacenter Azure Edition"
	anySBS    = "Windows Small Business Server 2003 Standard or Windows Small Business Server 2003 Premium"
)

// at adds the levels to each of the alternatives.
func at(levels, names string) string {
	return strings.ReplaceAll(names, " or ", " "+levels+" or ") + " " + levels
}

type identify func(string) (limits.Identification, error)

func checkAll(t *testing.T, f identify, table map[string]string) {
	t.Helper()
	for name, want := range table {
		got, err := f(name)
		if assert.NoError(t, err, name) {
			assert.Equal(t, want, got.String(), name)
			checkIdentification(t, got)
		}
	}
}

// checkAnswer checks what holds for every answer and error.
func checkAnswer(t testing.TB, id limits.Identification, err error) {
	t.Helper()
	if err == nil {
		checkIdentification(t, id)
		assert.NotEmpty(t, id.String())
		return
	}
	assert.Zero(t, id)
	assert.True(t, errors.Is(err, limits.ErrUnknownEdition) || errors.Is(err, limits.ErrServicePack), err)
	assert.NotEmpty(t, err.Error())
}

func TestIdentifyCaption(t *testing.T) {
	checkAll(t, limits.IdentifyCaption, map[string]string{
		"Microsoft Windows XP Professional":                             "Windows XP Professional",
		"Microsoft Windows XP Home Edition":                             "Windows XP Home",
		"Microsoft Windows XP Professional Service Pack 3":              "Windows XP Professional SP3",
		"Microsoft(R) Windows(R) XP Professional x64 Edition":           "Windows XP Professional x64",
		"Microsoft Windows XP":                                          anyXP,
		"Microsoft Windows 2000 Professional":                           "Windows 2000 Professional",
		"Microsoft Windows 2000 Server":                                 "Windows 2000 Server",
		"Microsoft Windows 2000 Advanced Server":                        "Windows 2000 Advanced Server",
		"Microsoft(R) Windows(R) Server 2003, Standard Edition":         "Windows Server 2003 Standard",
		"Microsoft(R) Windows(R) Server 2003 Enterprise x64 Edition":    "Windows Server 2003 Enterprise",
		"Microsoft(R) Windows(R) Server 2003, Web Edition":              "Windows Server 2003 Web",
		"Microsoft(R) Windows(R) Server 2003 for Small Business Server": anySBS,
		"Microsoft® Windows Vista™ Business ":                           "Windows Vista Business",
		"Microsoft® Windows Vista™ Home Premium":                        "Windows Vista Home Premium",
		"Microsoft® Windows Server® 2008 Standard ":                     "Windows Server 2008 Standard",
		"Microsoft® Windows Server® 2008 Enterprise without Hyper-V":    "Windows Server 2008 Enterprise",
		"Microsoft Windows 7 Professional ":                             "Windows 7 Professional",
		"Microsoft Windows 7 Édition Familiale Premium ":                "Windows 7 Home Premium",
		"Майкрософт Windows 7 Максимальная":                             "Windows 7 Ultimate",
		"Microsoft Windows Server 2008 R2 Enterprise ":                  "Windows Server 2008 R2 Enterprise",
		"Microsoft Windows 8":                                           "Windows 8",
		"Microsoft Windows 8.1 Single Language":                         "Windows 8.1",
		"Microsoft Windows 8.1 Pro with Media Center":                   "Windows 8.1 Pro",
		"Microsoft Windows Server 2012 R2 Essentials":                   "Windows Server 2012 R2 Essentials",
		"Microsoft Windows 10 Pro":                                      "Windows 10 Pro",
		"Microsoft Windows 10 Home Single Language":                     "Windows 10 Home",
		"Microsoft Windows 10 Enterprise LTSC":                          "Windows 10 Enterprise",
		"Microsoft Windows 10 Enterprise 2016 LTSB":                     "Windows 10 Enterprise",
		"Microsoft Windows 10 Famille":                                  "Windows 10 Home",
		"Microsoft Windows 10 专业版":                                      "Windows 10 Pro",
		"Microsoft Windows 11 IoT Enterprise":                           "Windows 11 IoT Enterprise",
		"Microsoft Windows 11 Pro for Workstations":                     "Windows 11 Pro",
		"Microsoft Windows 10 Pro N for Workstations":                   "Windows 10 Pro",
		"Microsoft Windows 10 专业工作站版":                                   "Windows 10 Pro",
		"Microsoft Windows 10 Pro Education N":                          "Windows 10 Pro",
		"Microsoft Windows 10 Pro in S mode":                            "Windows 10 Pro",
		"Microsoft Windows 11 Home in S mode":                           "Windows 11 Home",
		"Microsoft Windows 10 Enterprise for Virtual Desktops":          "Windows 10 Enterprise multi-session",
		"Microsoft Windows 11 Enterprise multi-session":                 "Windows 11 Enterprise multi-session",
		"Microsoft Windows 11 Enterprise":                               "Windows 11 Enterprise",
		"Microsoft Windows Server 2022 Datacenter Azure Edition":        "Windows Server 2022 Datacenter Azure Edition",
		"Microsoft Windows Server 2025 Datacenter: Azure Edition":       "Windows Server 2025 Datacenter Azure Edition",
		"Microsoft Windows Server 2025 Azure Edition":                   "Windows Server 2025 Datacenter Azure Edition",
		"Microsoft Windows Server 2016 Standard Evaluation":             "Windows Server 2016 Standard",
		"Microsoft Windows Server 2025 Datacenter":                      "Windows Server 2025 Datacenter",
		"Microsoft Windows NT Workstation":                              "Windows NT 3.5 Workstation or Windows NT 3.51 Workstation or Windows NT 4.0 Workstation",
		"Microsoft Windows Small Business Server":                       anySBS + " or another release of Windows Small Business Server (not in the table)",
	})
	for _, name := range []string{
		"", "Microsoft Windows", "Microsoft Windows 11 SE", "Microsoft Windows 7 Professional for Workstations", "Microsoft Windows 10 Enterprise Education", "Microsoft Windows 10 multi-session Home", "Microsoft Hyper-V Server 2016",
		"Microsoft Windows 7 Enterprise for Virtual Desktops", "Microsoft Windows Server 2019 Datacenter Azure Edition",
		"Microsoft Windows Storage Server 2012 R2 Standard", "Microsoft Windows Embedded Standard", "Ubuntu 24.04", strings.Repeat("Windows 7", 100),
	} {
		_, err := limits.IdentifyCaption(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	_, err := limits.IdentifyCaption("Microsoft Windows 7 Professional Service Pack 3")
	assert.ErrorIs(t, err, limits.ErrServicePack)
}

func TestIdentifyVer(t *testing.T) {
	checkAll(t, limits.IdentifyVer, map[string]string{
		"Windows NT Version 4.0  ":                            "Windows NT 4.0 Workstation or Windows NT 4.0 Server",
		"Windows 95. [Version 4.00.950]":                      "Windows 95",
		"Windows 98 [Version 4.10.2222]":                      "Windows 98",
		"Windows Millennium [Version 4.90.3000]":              "Windows Me",
		"Microsoft Windows 2000 [Version 5.00.2195]":          any2000,
		"Microsoft Windows XP [Version 5.1.2600]":             anyXP51,
		"Microsoft Windows [Version 5.2.3790]":                "Windows XP Professional x64 or " + any2003 + " or " + anySBS + " or Windows Home Server",
		"Microsoft Windows [Version 6.0.6000]":                "Windows Vista Starter SP0 or Windows Vista Home Basic SP0 or Windows Vista Home Premium SP0 or Windows Vista Business SP0 or Windows Vista Enterprise SP0 or Windows Vista Ultimate SP0",
		"Microsoft Windows [Version 6.1.7601]":                at("SP1", any7+" or "+any2008R2),
		"Microsoft Windows [Versión 6.1.7601]":                at("SP1", any7+" or "+any2008R2),
		"Microsoft Windows [Version 6.2.9200]":                any8 + " or " + any2012,
		"\r\nMicrosoft Windows [Version 10.0.19045.3803]\r\n": any10,
		"Microsoft Windows [版本 10.0.22631.3155]":              any11,
		"Microsoft Windows [Version 10.0.20348.587]":          any2022,
		"Microsoft Windows [Version 10.0.26100.1742]":         any11 + " or Windows Server 2025 Standard or Windows Server 2025 Datacenter or Windows Server 2025 Datacenter Azure Edition",
	})
	for _, line := range []string{
		"", "[", "Windows", "Microsoft Windows [Version", "Microsoft Windows [Version 12.0.1]", "Microsoft Windows [Version 10]",
		"ReactOS [Version 0.4.15]", "Linux 6.1.7601", "Windows XP [Version 6.1.7601]", "Windows Phone [Version 8.10.1]",
		strings.Repeat("x", 5000),
	} {
		_, err := limits.IdentifyVer(line)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, line)
	}
}

const systeminfoXP = `
Host Name:                 MICROSOFT-WINDOWS-7-PRO
OS Name:                   Microsoft Windows XP Professional
OS Version:                5.1.2600 Service Pack 3 Build 2600
OS Manufacturer:           Microsoft Corporation
OS Configuration:          Standalone Workstation
BIOS Version:              6.1.7601
Windows Directory:         C:\WINDOWS
`

func TestIdentifySysteminfo(t *testing.T) {
	checkAll(t, limits.IdentifySysteminfo, map[string]string{
		systeminfoXP: "Windows XP Professional SP3",
		strings.ReplaceAll(systeminfoXP, "\n", "\r\n"):                                                                     "Windows XP Professional SP3",
		"OS Name:                   Microsoft Windows XP Professional\nOS Version:                5.1.2600 N/A Build 2600": "Windows XP Professional SP0",
		"OS Name\tMicrosoft Windows XP Home Edition\nVersion\t5.1.2600 Service Pack 2 Build 2600":                          "Windows XP Home SP2",
		"Betriebssystemname: Microsoft Windows 7 Professional\nBetriebssystemversion: 6.1.7601 Service Pack 1 Build 7601":  "Windows 7 Professional SP1",
		"Название ОС: Майкрософт Windows 7 Профессиональная\nВерсия ОС: 6.1.7601 Service Pack 1 сборка 7601":               "Windows 7 Professional SP1",
		"İşletim Sistemi Adı: Microsoft Windows 11 Pro\nİşletim Sistemi Sürümü: 10.0.22631 Yok Derleme 22631":              "Windows 11 Pro",
		"OS Name:                   Microsoft Windows 10 Pro\nOS Version:                10.0.19045 N/A Build 19045":       "Windows 10 Pro",
		"OS Name: Microsoft® Windows Server® 2008 Standard \nOS Version: 6.0.6002 Service Pack 2 Build 6002":               "Windows Server 2008 Standard SP2",
		"OS Name: Microsoft(R) Windows(R) Server 2003, Enterprise Edition\nOS Version: 5.2.3790 Service Pack 1 Build 3790": "Windows Server 2003 Enterprise SP1",
		"OS Name: Microsoft Windows XP Professional\n":                                                                     "Windows XP Professional", // the version is cut off
		"OS Name: Microsoft Windows 7 Ultimate \nService Pack":                                                             "Windows 7 Ultimate",
	})
	for _, text := range []string{
		"", "\n\n", "OS Name: Linux", "Registered Owner: Microsoft",
		"OS Name: Microsoft Windows 10 Pro\nOS Version: 6.1.7601 N/A Build 7601",
		"OS Name: Microsoft Windows 7 Professional\nOS Version: 6.1.7600 Service Pack 1 Build 7600",
		"OS Name: Microsoft Windows 11 SE\nOS Version: 10.0.19045 N/A Build 19045",
		"OS Name: Microsoft Windows 10 Pro\nOS Version: 13.0.1 N/A Build 1",
		strings.Repeat("x", 70000),
	} {
		_, err := limits.IdentifySysteminfo(text)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, "%.80s", text)
	}
	_, err := limits.IdentifySysteminfo("OS Name: Microsoft Windows XP Professional\nOS Version: 5.1.2600 Service Pack 9 Build 2600")
	assert.ErrorIs(t, err, limits.ErrServicePack)
	_, err = limits.IdentifySysteminfo("OS Name: Microsoft Windows XP Professional\nOS Version: 5.1.2600 Service Pack ")
	assert.NoError(t, err)
}

func TestIdentifyNmap(t *testing.T) {
	checkAll(t, limits.IdentifyNmap, map[string]string{
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
		"", "(", ")(", " or ", "SP3", "Linux 5.4", "Microsoft Windows Longhorn", "Microsoft Windows 7 Ultimate Beta (build 7000)",
		"LaCie NAS device (Windows XP Embedded)", "Microsoft Windows Home Server 2011 (Windows Server 2008 R2)",
		"Microsoft Windows 3.11 for Workgroups", "Microsoft Windows Phone 7.5 or Windows Embedded Compact 7",
		"Microsoft Windows NT 4.0 Terminal Server Edition SP6", strings.Repeat("Windows 7 or ", 100),
	} {
		_, err := limits.IdentifyNmap(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	// There are such entries in its database.
	for _, name := range []string{"Microsoft Windows 2000 SP6", "Microsoft Windows NT 4.0 SP7", "Microsoft Windows Server 2003 SP3"} {
		_, err := limits.IdentifyNmap(name)
		assert.ErrorIs(t, err, limits.ErrServicePack, name)
	}
}

func TestIdentifyCPE(t *testing.T) {
	checkAll(t, limits.IdentifyCPE, map[string]string{
		"cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*":         "Windows XP Professional SP2",
		"cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:x64:*":       "Windows XP Professional x64 SP2",
		"cpe:2.3:o:microsoft:windows_xp:-:sp2:x64:*:*:*:*:*":                  "Windows XP Professional x64 SP2",
		"cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:*:*:x86:*":                  at("SP3", anyXP51),
		"cpe:2.3:o:microsoft:windows_xp:*:sp3:*:*:*:*:*:*":                    at("SP3", anyXP51),
		"cpe:2.3:o:microsoft:windows_xp:*:*:*:*:*:*:*:*":                      anyXP,
		"cpe:2.3:o:microsoft:windows_xp:-:-:*:*:home:*:*:*":                   "Windows XP Home SP0",
		"cpe:2.3:o:microsoft:windows_xp:-:gold:*:*:professional:*:*:*":        "Windows XP Professional SP0",
		"cpe:/o:microsoft:windows_xp::sp2:professional":                       "Windows XP Professional SP2",
		"cpe:/o:microsoft:windows_xp::sp2:media_center":                       "Windows XP Media Center SP2",
		"cpe:/o:microsoft:windows_xp::sp1a":                                   at("SP1", anyXP),
		"cpe:/o:microsoft:windows_xp:-:sp2:~~professional~~x64~":              "Windows XP Professional x64 SP2",
		"cpe:/o:microsoft:windows_nt:4.0:sp6a:server":                         "Windows NT 4.0 Server SP6",
		"cpe:/o:microsoft:windows_2000::sp4:advanced_server":                  "Windows 2000 Advanced Server SP4",
		"cpe:/o:microsoft:windows_2000::sp4:server":                           "Windows 2000 Server SP4",
		"cpe:2.3:o:microsoft:windows_2000:*:sp4:*:*:*:*:*:*":                  at("SP4", any2000),
		"cpe:2.3:o:microsoft:windows_server_2003:*:sp2:*:*:*:*:*:*":           at("SP2", any2003),
		"cpe:/o:microsoft:windows_server_2003::r2_sp2":                        at("SP2", any2003),
		"cpe:/o:microsoft:windows_2003_server:r2:sp1:enterprise":              "Windows Server 2003 Enterprise SP1",
		"cpe:2.3:o:microsoft:windows_vista:-:sp2:*:*:*:*:*:*":                 "Windows Vista Starter SP2 or Windows Vista Home Basic SP2 or Windows Vista Home Premium SP2 or Windows Vista Business SP2 or Windows Vista Enterprise SP2 or Windows Vista Ultimate SP2",
		"cpe:/o:microsoft:windows_vista::sp1:home_premium":                    "Windows Vista Home Premium SP1",
		"cpe:2.3:o:microsoft:windows_server_2008:-:sp2:*:*:*:*:*:*":           at("SP2", any2008),
		"cpe:2.3:o:microsoft:windows_server_2008:r2:sp1:*:*:*:*:x64:*":        at("SP1", any2008R2),
		"cpe:2.3:o:microsoft:windows_7:-:sp1:*:*:*:*:*:*":                     at("SP1", any7),
		"cpe:2.3:o:microsoft:windows_7:-:*:*:*:*:*:*:*":                       any7,
		"cpe:2.3:o:microsoft:windows_7:6.1.7601:*:*:*:*:*:x64:*":              at("SP1", any7),
		"cpe:/o:microsoft:windows_7::sp1:ultimate":                            "Windows 7 Ultimate SP1",
		"cpe:2.3:o:microsoft:windows_8:-:*:*:*:*:*:*:*":                       any8,
		"cpe:2.3:o:microsoft:windows_8.1:-:*:*:*:*:*:*:*":                     any81,
		"cpe:2.3:o:microsoft:windows_8\\.1:-:*:*:*:*:*:*:*":                   any81,
		"cpe:2.3:o:microsoft:windows_rt:-:*:*:*:*:*:*:*":                      "Windows 8 RT",
		"cpe:2.3:o:microsoft:windows_rt_8.1:-:*:*:*:*:*:*:*":                  "Windows 8.1 RT",
		"cpe:2.3:o:microsoft:windows_server_2012:r2:*:*:*:*:*:*:*":            strings.ReplaceAll(any2012, "2012", "2012 R2"),
		"cpe:2.3:o:microsoft:windows_10:1607:*:*:*:*:*:x64:*":                 any10,
		"cpe:2.3:o:microsoft:windows_10_22h2:*:*:*:*:*:*:x86:*":               any10,
		"cpe:2.3:o:microsoft:windows_10_1809:10.0.17763.5329:*:*:*:*:*:*:*":   any10,
		"cpe:2.3:o:microsoft:windows_11_23h2:10.0.22631.3155:*:*:*:*:*:x64:*": any11,
		"cpe:2.3:o:microsoft:windows_11_24h2:*:*:*:*:*:*:arm64:*":             any11,
		"cpe:2.3:o:microsoft:windows_10:-:*:*:*:enterprise:*:*:*":             "Windows 10 Enterprise",
		"cpe:/o:microsoft:windows_10:::iot":                                   "Windows 10 IoT Core or Windows 10 IoT Enterprise",
		"cpe:2.3:o:microsoft:windows_server_2016:-:*:*:*:*:*:*:*":             "Windows Server 2016 Standard or Windows Server 2016 Datacenter",
		"CPE:2.3:O:Microsoft:Windows_Server_2019:*":                           "Windows Server 2019 Standard or Windows Server 2019 Datacenter",
		"cpe:/o:microsoft:windows_98se":                                       "Windows 98",
		"cpe:/o:microsoft:windows_me":                                         "Windows Me",
		"cpe:/o:microsoft:windows_7%3a":                                       any7,
	})
	for _, name := range []string{
		"", "cpe", "cpe:", "cpe:/", "cpe:2.3:", "cpe:2.3:o:microsoft", "cpe:/o:microsoft:windows", "cpe:/o:linux:linux_kernel",
		"cpe:/a:microsoft:ie:6", "cpe:/o:microsoft:office", "cpe:/o:apple:windows_7", "cpe:/o:microsoft:windows_xp:::embedded",
		"cpe:2.3:o:microsoft:windows_server_2008:r2:sp1:*:*:*:*:itanium:*", "cpe:2.3:o:microsoft:windows_server_2022_23h2:*:*:*:*:*:*:*:*",
		"cpe:2.3:o:microsoft:windows_server_20h2:*:*:*:*:*:*:*:*", "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*:*",
		"cpe:/o:microsoft:windows_xp::sp2:professional:en:too:many", "cpe:/o:microsoft:windows_xp::sp2:~a", "cpe:/o:microsoft:windows_7%zz",
		"cpe:/o:microsoft:windows_7%4", "cpe:2.3:o:microsoft:windows_7\\", "cpe:/o:microsoft:windows_mobile:6", strings.Repeat("cpe:", 1000),
	} {
		_, err := limits.IdentifyCPE(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	_, err := limits.IdentifyCPE("cpe:/o:microsoft:windows_2000::sp6")
	assert.ErrorIs(t, err, limits.ErrServicePack)
	var name *limits.NameError
	_, err = limits.IdentifyCPE("cpe:/o:microsoft:windows_xp:::embedded")
	require.ErrorAs(t, err, &name)
	assert.Equal(t, "cpe:/o:microsoft:windows_xp:::embedded", name.Input)
	assert.Contains(t, name.Candidates, limits.XPProfessional)
}

// fuzzIdentify fuzzes a function that reads names.
func fuzzIdentify(f *testing.F, identify identify, seeds ...string) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		id, err := identify(name)
		checkAnswer(t, id, err)
		again, _ := identify(name)
		assert.Equal(t, id, again)
	})
}

func FuzzIdentifyCaption(f *testing.F) {
	fuzzIdentify(f, limits.IdentifyCaption, "Microsoft(R) Windows(R) Server 2003, Standard Edition", "Майкрософт Windows 7", "Windows SBS SP9")
}

func FuzzIdentifyVer(f *testing.F) {
	fuzzIdentify(f, limits.IdentifyVer, "Microsoft Windows XP [Version 5.1.2600]", "Windows NT Version 4.0  ", "windows[99999999999999999999.1")
}

func FuzzIdentifySysteminfo(f *testing.F) {
	fuzzIdentify(f, limits.IdentifySysteminfo, systeminfoXP, "Microsoft Windows 7 Ultimate\n6.1.7601 Service Pack ", "Microsoft Windows 7\n")
}

func FuzzIdentifyNmap(f *testing.F) {
	fuzzIdentify(f, limits.IdentifyNmap, "Microsoft Windows XP SP2 or SP3, or Windows Embedded Standard 2009", "Windows 7 - 10 (no service pack) or SP1/SP0-SP1", "((or or))")
}

func FuzzIdentifyCPE(f *testing.F) {
	fuzzIdentify(f, limits.IdentifyCPE, "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*", "cpe:/o:microsoft:windows_7%3a::sp1:~~a~~b~", `cpe:2.3:o:microsoft:windows_8\.1:\`)
}

func ExampleIdentifyCaption() {
	found, err := limits.IdentifyCaption("Microsoft® Windows Vista™ Business  Service Pack 2")
	fmt.Println(found, err)
	_, err = limits.IdentifyCaption("Microsoft Windows 11 Professional Server")
	fmt.Println(err)
	// Output:
	// Windows Vista Business SP2 <nil>
	// limits: unknown edition: "Microsoft Windows 11 Professional Server"; the nearest is Windows 11 Pro
}

func ExampleIdentifyVer() {
	found, err := limits.IdentifyVer("Microsoft Windows [Version 10.0.20348.587]")
	fmt.Println(found, err)
	// Output: Windows Server 2022 Standard or Windows Server 2022 Datacenter or Windows Server 2022 Datacenter Azure Edition <nil>
}

func ExampleIdentifySysteminfo() {
	found, err := limits.IdentifySysteminfo(`
Host Name:                 RECEPTION
OS Name:                   Microsoft Windows XP Home Edition
OS Version:                5.1.2600 Service Pack 2 Build 2600
OS Manufacturer:           Microsoft Corporation`)
	fmt.Println(found, err)
	// Output: Windows XP Home SP2 <nil>
}

func ExampleIdentifyNmap() {
	found, err := limits.IdentifyNmap("Microsoft Windows XP Professional SP2 or Windows Server 2003")
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

func ExampleIdentifyCPE() {
	found, err := limits.IdentifyCPE("cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*")
	fmt.Println(found, err)
	// Output: Windows XP Professional SP2 <nil>
}
