package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestWinver(t *testing.T) {
	checkAll(t, identify.Winver, map[string]string{
		"Version 23H2 (OS Build 22631.3296)":                                any11,
		"Version 22H2 (OS Build 19045.3803)":                                any10,
		"Microsoft Windows\nVersion 1909 (Build 18363.418)\n":               any10,
		"Version 21H2 (Betriebssystembuild 22000.194)":                      any11,
		"Версия 22H2 (Сборка ОС 19045.2965)":                                any10,
		"Version 5.1 (Build 2600.xpsp_sp3_gdr.100427-1636 : Service Pack 3": at("SP3", anyXP51),
		"Version 6.1 (Build 7601: Service Pack 1)":                          at("SP1", any7+" or "+any2008R2),
		"Version 10.0 (Build 10240)":                                        any10,
	})
	for _, text := range []string{"", "Version", "Version 23H2", "Version 1.2.3 (Build 99)", "Version x (Build 22631)", "Release 23H2 (OS Build 22631)", "Version 23H2 (OS Build)", strings.Repeat("Version ", 100)} {
		_, err := identify.Winver(text)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, text)
	}
}

func FuzzWinver(f *testing.F) {
	fuzz(f, identify.Winver, "Version 23H2 (OS Build 22631.3296)", "Version 5.1 (Build 2600.xpsp_sp3 : Service Pack 3")
}

func ExampleWinver() {
	found, err := identify.Winver("Version 24H2 (OS Build 26200.1742)")
	fmt.Println(len(found.Candidates), found.Form, err)
	// A release and a build that disagree: the build goes before.
	found, err = identify.Winver("Version 24H2 (OS Build 22631.3296)")
	fmt.Println(found.Conflicts, err)
	// Output:
	// 5 winver <nil>
	// [release 24H2 is not build 22631] <nil>
}
