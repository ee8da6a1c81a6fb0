package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestSysteminfo(t *testing.T) {
	checkAll(t, identify.Systeminfo, map[string]string{
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
		"OS Name: Microsoft Windows 7 Professional\nOS Version: 6.1.7600 Service Pack 1 Build 7600",
		"OS Name: Microsoft Windows 10 Pro\nOS Version: 13.0.1 N/A Build 1",
		strings.Repeat("x", 5<<20),
	} {
		_, err := identify.Systeminfo(text)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, "%.80s", text)
	}
	_, err := identify.Systeminfo("OS Name: Microsoft Windows 11 SE\nOS Version: 10.0.19045 N/A Build 19045")
	assert.ErrorIs(t, err, identify.ErrUnlisted)
	got, err := identify.Systeminfo("OS Name: Microsoft Windows 10 Pro\nOS Version: 10.0.22631 N/A Build 22631")
	assert.NoError(t, err)
	assert.Equal(t, "Windows 11 Pro", got.String())
	assert.Equal(t, []string{"the name says Windows 10, version 10.0.22631 is Windows 11"}, got.Conflicts)
	_, err = identify.Systeminfo("OS Name: Microsoft Windows XP Professional\nOS Version: 5.1.2600 Service Pack 9 Build 2600")
	assert.ErrorIs(t, err, limits.ErrServicePack)
	_, err = identify.Systeminfo("OS Name: Microsoft Windows XP Professional\nOS Version: 5.1.2600 Service Pack ")
	assert.NoError(t, err)
}

func FuzzSysteminfo(f *testing.F) {
	fuzz(f, identify.Systeminfo, systeminfoXP, "Microsoft Windows 7 Ultimate\n6.1.7601 Service Pack ", "Microsoft Windows 7\n")
}

func ExampleSysteminfo() {
	found, err := identify.Systeminfo(`
Host Name:                 RECEPTION
OS Name:                   Microsoft Windows XP Home Edition
OS Version:                5.1.2600 Service Pack 2 Build 2600
OS Manufacturer:           Microsoft Corporation`)
	fmt.Println(found, err)
	// Output: Windows XP Home SP2 <nil>
}
