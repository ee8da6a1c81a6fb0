package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestVer(t *testing.T) {
	checkAll(t, identify.Ver, map[string]string{
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
		"ReactOS [Version 0.4.15]", "Linux 6.1.7601",
		strings.Repeat("x", 5000),
	} {
		_, err := identify.Ver(line)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, line)
	}
	_, err := identify.Ver("Windows Phone [Version 8.10.1]")
	assert.ErrorIs(t, err, identify.ErrUnlisted)
	got, err := identify.Ver("Windows XP [Version 6.1.7601]")
	assert.NoError(t, err)
	assert.Equal(t, at("SP1", any7), got.String())
	assert.Equal(t, []string{"the name says Windows XP, version 6.1.7601 is Windows 7"}, got.Conflicts)
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

func FuzzVer(f *testing.F) {
	fuzz(f, identify.Ver, "Microsoft Windows XP [Version 5.1.2600]", "Windows NT Version 4.0  ", "windows[99999999999999999999.1")
}

func ExampleVer() {
	found, err := identify.Ver("Microsoft Windows [Version 10.0.20348.587]")
	fmt.Println(found, err)
	// Output: Windows Server 2022 Standard or Windows Server 2022 Datacenter or Windows Server 2022 Datacenter Azure Edition <nil>
}
