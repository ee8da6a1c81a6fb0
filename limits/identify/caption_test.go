package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestCaption(t *testing.T) {
	checkAll(t, identify.Caption, map[string]string{
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
		"Microsoft Windows 10 Business":                                 "Windows 10 Pro",
		"Microsoft® Windows Vista™ Professionnel":                       "Windows Vista Business",
		"Microsoft Windows 10 Pro 10.0.22631":                           "Windows 11 Pro",
		"Microsoft Windows Server Datacenter":                           "Windows Server 2019 Datacenter or a semi-annual release of Windows Server (not in the table)",
		"Microsoft Windows Small Business Server":                       anySBS + " or another release of Windows Small Business Server (not in the table)",
	})
	for _, name := range []string{
		"", "Microsoft Windows", "Microsoft Windows 7 Professional for Workstations", "Microsoft Windows 10 Enterprise Education", "Microsoft Windows 10 multi-session Home",
		"Microsoft Windows 7 Enterprise for Virtual Desktops", "Microsoft Windows Server 2019 Datacenter Azure Edition", "Ubuntu 24.04", strings.Repeat("Windows 7", 100),
	} {
		_, err := identify.Caption(name)
		assert.ErrorIs(t, err, limits.ErrUnknownEdition, name)
	}
	for _, name := range []string{
		"Microsoft Windows 11 SE", "Microsoft Hyper-V Server 2016", "Microsoft Windows Storage Server 2012 R2 Standard", "Microsoft Windows Embedded Standard",
		"Microsoft Windows Web Server 2008 R2", "Microsoft Windows Server 2019 Essentials", "Microsoft Windows 10 S", "Microsoft Windows 10 Mobile",
	} {
		got, err := identify.Caption(name)
		assert.ErrorIs(t, err, identify.ErrUnlisted, name)
		assert.NotErrorIs(t, err, limits.ErrUnknownEdition, name)
		assert.Equal(t, []string{name}, got.Unlisted)
		checkAnswer(t, got, err)
	}
	_, err := identify.Caption("Microsoft Windows 7 Professional Service Pack 3")
	assert.ErrorIs(t, err, limits.ErrServicePack)
}

func FuzzCaption(f *testing.F) {
	fuzz(f, identify.Caption, "Microsoft(R) Windows(R) Server 2003, Standard Edition", "Майкрософт Windows 7", "Windows SBS SP9")
}

func ExampleCaption() {
	found, err := identify.Caption("Microsoft® Windows Vista™ Business  Service Pack 2")
	fmt.Println(found, err)
	_, err = identify.Caption("Microsoft Windows 11 Professional Server")
	fmt.Println(err)
	// Output:
	// Windows Vista Business SP2 <nil>
	// limits: unknown edition: "Microsoft Windows 11 Professional Server"; the nearest is Windows 11 Pro
}
