package identify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestSMB(t *testing.T) {
	checkAll(t, identify.SMB, map[string]string{
		"Windows 5.1":                  anyXP51,
		"5.0":                          any2000,
		"10.0 Build 20348":             any2022,
		"Windows 10.0 Build 19041 x64": any10,
		"Windows 6.1 Build 7601 x32":   at("SP1", any7+" or "+any2008R2),
		"Windows 10 Enterprise 22631":  "Windows 11 Enterprise",
		"Windows Server 2003 3790 Service Pack 1, v.3309":                                at("SP1", any2003),
		"Windows 5.1 (Windows 2000 LAN Manager)":                                         anyXP51,
		"Domain=[W] OS=[Windows 5.1] Server=[Windows 2000 LAN Manager]":                  anyXP51,
		"Windows Server 2019 Standard 17763 (Windows Server 2019 Standard 6.3)":          "Windows Server 2019 Standard",
		"Windows 10 / Server 2019 Build 17763 x64 (name:DC) (domain:lab) (signing:True)": any10 + " or Windows Server 2019 Standard or Windows Server 2019 Datacenter",
		"Windows Vista (TM) Home Premium 6002 Service Pack 2":                            "Windows Vista Home Premium SP2",
	})
	for _, banner := range []string{"", "Unix", "Samba 4.9.5-Debian", "Windows 6.1 (Samba 4.9.5-Debian)", "99.1", "Build 1"} {
		_, err := identify.SMB(banner)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, banner)
	}
	_, err := identify.SMB("Windows 10 Professional 10130")
	assert.ErrorIs(t, err, identify.ErrUnlisted)
}

func FuzzSMB(f *testing.F) {
	fuzz(f, identify.SMB, "Windows 5.1", "10.0 Build 26100 x64", "Windows Server 2003 3790 Service Pack 1, v.3309")
}

func ExampleSMB() {
	found, err := identify.SMB("10.0 Build 20348")
	fmt.Println(found, err)
	// Output: Windows Server 2022 Standard or Windows Server 2022 Datacenter or Windows Server 2022 Datacenter Azure Edition <nil>
}
