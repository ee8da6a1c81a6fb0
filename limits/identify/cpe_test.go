package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestCPE(t *testing.T) {
	checkAll(t, identify.CPE, map[string]string{
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
		"cpe:/o:microsoft:windows-nt:xp:sp2":                                  at("SP2", anyXP),
	})
	for _, name := range []string{
		"", "cpe", "cpe:", "cpe:/", "cpe:2.3:", "cpe:2.3:o:microsoft", "cpe:/o:microsoft:windows", "cpe:/o:linux:linux_kernel",
		"cpe:/a:microsoft:ie:6", "cpe:/o:microsoft:office", "cpe:/o:apple:windows_7", "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*:*",
		"cpe:/o:microsoft:windows_xp::sp2:professional:en:too:many", "cpe:/o:microsoft:windows_xp::sp2:~a", "cpe:/o:microsoft:windows_7%zz",
		"cpe:/o:microsoft:windows_7%4", "cpe:2.3:o:microsoft:windows_7\\", strings.Repeat("cpe:", 1000),
	} {
		_, err := identify.CPE(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	_, err := identify.CPE("cpe:/o:microsoft:windows_2000::sp6")
	assert.ErrorIs(t, err, limits.ErrServicePack)
	for _, name := range []string{
		"cpe:/o:microsoft:windows_xp:::embedded", "cpe:2.3:o:microsoft:windows_server_2008:r2:sp1:*:*:*:*:itanium:*",
		"cpe:2.3:o:microsoft:windows_server_2022_23h2:*:*:*:*:*:*:*:*", "cpe:2.3:o:microsoft:windows_server_20h2:*:*:*:*:*:*:*:*",
		"cpe:/o:microsoft:windows_mobile:6",
	} {
		got, err := identify.CPE(name)
		assert.ErrorIs(t, err, identify.ErrUnlisted, name)
		checkAnswer(t, got, err)
	}
	var unlisted *identify.UnlistedError
	_, err = identify.CPE("cpe:/o:microsoft:windows_xp:::embedded")
	require.ErrorAs(t, err, &unlisted)
	assert.Equal(t, "cpe:/o:microsoft:windows_xp:::embedded", unlisted.Input)
	assert.Contains(t, unlisted.Nearest, limits.XPProfessional)
}

func FuzzCPE(f *testing.F) {
	fuzz(f, identify.CPE, "cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*", "cpe:/o:microsoft:windows_7%3a::sp1:~~a~~b~", `cpe:2.3:o:microsoft:windows_8\.1:\`)
}

func ExampleCPE() {
	found, err := identify.CPE("cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:professional:*:*:*")
	fmt.Println(found, err)
	// Output: Windows XP Professional SP2 <nil>
}
