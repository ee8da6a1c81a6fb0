package limits_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestParseEdition(t *testing.T) {
	for name, want := range map[string]limits.Edition{
		"XP Pro":                                 limits.XPProfessional,
		"xp home":                                limits.XPHome,
		"winxp home edition":                     limits.XPHome,
		"Microsoft Windows XP Professional":      limits.XPProfessional,
		"Windows XP Professional K":              limits.XPProfessional,
		"XP x64":                                 limits.XPProfessionalX64,
		"XP 64-bit":                              limits.XPProfessionalX64,
		"Windows XP Professional 64-bit Edition": limits.XPProfessionalX64,
		"Microsoft(R) Windows(R) XP Professional x64 Edition": limits.XPProfessionalX64,
		"XP Pro x86":                                         limits.XPProfessional,
		"Windows XP Media Center Edition 2005":               limits.XPMediaCenter,
		"XP MCE":                                             limits.XPMediaCenter,
		"Windows XP Tablet PC Edition 2005":                  limits.XPTabletPC,
		"Windows 7 Home Premium":                             limits.Windows7HomePremium,
		"win7 home premium":                                  limits.Windows7HomePremium,
		"WIN7HOMEPREMIUM":                                    limits.Windows7HomePremium,
		"windows-7_home.premium":                             limits.Windows7HomePremium,
		"Windows 7 Home Premium N":                           limits.Windows7HomePremium,
		"Windows 7 Professional KN":                          limits.Windows7Professional,
		"Windows\u00a07\tUltimate\u2122":                     limits.Windows7Ultimate,
		"Windows 7 Enterprise for x64-based Systems":         limits.Windows7Enterprise,
		"win11 pro":                                          limits.Windows11Pro,
		"Windows 11 Home Single Language":                    limits.Windows11Home,
		"Windows 10 Pro 64-bit":                              limits.Windows10Pro,
		"Windows 10 Pro 22H2":                                limits.Windows10Pro,
		"Windows 10 Pro 1909":                                limits.Windows10Pro,
		"Windows 10 Pro, version 22H2 (OS Build 19045.3803)": limits.Windows10Pro,
		"Windows 10 Core":                                    limits.Windows10Home,
		"Windows 10 Enterprise":                              limits.Windows10Enterprise,
		"Windows 10 Enterprise 2016 LTSB":                    limits.Windows10Enterprise,
		"Windows 10 IoT Enterprise LTSC 2021":                limits.Windows10IoTEnterprise,
		"Windows 10 IoT Core":                                limits.Windows10IoTCore,
		"Windows 8":                                          limits.Windows8,
		"Windows 8.1":                                        limits.Windows81,
		"win8.1":                                             limits.Windows81,
		"win81":                                              limits.Windows81,
		"Windows 8.1 with Bing":                              limits.Windows81,
		"Windows 8.1 Pro with Media Center":                  limits.Windows81Pro,
		"Windows 8.1 Pro Update 1":                           limits.Windows81Pro,
		"Windows RT":                                         limits.Windows8RT,
		"Windows RT 8.1":                                     limits.Windows81RT,
		"w2k pro":                                            limits.Windows2000Professional,
		"Win2KPro":                                           limits.Windows2000Professional,
		"Windows 2000 Server":                                limits.Windows2000Server,
		"Windows 2000 AS":                                    limits.Windows2000AdvancedServer,
		"Windows 2000 Datacenter":                            limits.Windows2000DatacenterServer,
		"2003 std":                                           limits.Server2003Standard,
		"w2k3 ent":                                           limits.Server2003Enterprise,
		"Microsoft(R) Windows(R) Server 2003, Standard Edition": limits.Server2003Standard,
		"Windows Server 2003 R2 Enterprise x64 Edition":         limits.Server2003Enterprise,
		"SBS 2003 Premium":                       limits.SmallBusinessServer2003Premium,
		"Small Business Server 2003 Standard":    limits.SmallBusinessServer2003Standard,
		"WHS":                                    limits.HomeServer,
		"Windows Home Server v1":                 limits.HomeServer,
		"Microsoft® Windows Vista™ Business":     limits.VistaBusiness,
		"Microsoft® Windows Vista™ Home Basic N": limits.VistaHomeBasic,
		"Microsoft® Windows Server® 2008 Standard without Hyper-V": limits.Server2008Standard,
		"2k8r2 std":                                         limits.Server2008R2Standard,
		"Windows Server R2 2008 Standard":                   limits.Server2008R2Standard,
		"Windows Server 2008 R2 Standard":                   limits.Server2008R2Standard,
		"Server 2012 R2 Datacenter":                         limits.Server2012R2Datacenter,
		"ServerDatacenter 2012":                             limits.Server2012Datacenter,
		"Windows Server 2019 Datacenter Evaluation":         limits.Server2019Datacenter,
		"Windows Server 2022 Standard (Desktop Experience)": limits.Server2022Standard,
		"Windows Server 2016 Standard Core":                 limits.Server2016Standard,
		"NT4 Workstation":                                   limits.NT40Workstation,
		"Windows NT Workstation 4.0":                        limits.NT40Workstation,
		"NT Server 3.51":                                    limits.NT351Server,
		"Windows NT 3.1":                                    limits.NT31,
		"Windows 95 OSR 2.1":                                limits.Windows95,
		"Windows 98SE":                                      limits.Windows98,
		"Windows 98 Second Edition":                         limits.Windows98,
		"Windows Millennium Edition":                        limits.WindowsMe,
		"Microsoft Windows 10 Professionnel":                limits.Windows10Pro,
		"Microsoft Windows 7 Édition Intégrale":             limits.Windows7Ultimate,
		"Майкрософт Windows 7 Профессиональная": limits.Windows7Professional,
		"Microsoft Windows 10 专业版":              limits.Windows10Pro,
	} {
		got, err := limits.ParseEdition(name)
		if assert.NoError(t, err, name) {
			assert.Equal(t, want, got, name)
		}
	}
}

func TestParseEditionReadsEveryString(t *testing.T) {
	for e := range limits.Editions() {
		for _, name := range []string{
			e.String(),
			strings.ToUpper(e.String()),
			strings.ReplaceAll(strings.ToLower(e.String()), " ", ""),
			"Microsoft(R) " + strings.ReplaceAll(e.String(), " ", "_") + "®",
			strings.TrimPrefix(e.String(), "Windows "),
			e.Product() + ", " + strings.Replace(e.Name(), "Core", "", 1) + " Edition",
		} {
			if e == limits.Windows10IoTCore {
				name = strings.ReplaceAll(name, "IoT  Edition", "IoT Core Edition")
			}
			if e == limits.NT31 && !strings.Contains(strings.ToLower(name), "nt") {
				continue
			}
			got, err := limits.ParseEdition(name)
			if assert.NoError(t, err, name) {
				assert.Equal(t, e, got, name)
			}
		}
	}
}

func assertParses(t *testing.T, name string, want limits.Windows) {
	t.Helper()
	got, err := limits.ParseWindows(name)
	if assert.NoError(t, err, name) {
		assert.Equal(t, want, got, name)
	}
}

func TestParseWindowsReadsEveryString(t *testing.T) {
	for e := range limits.Editions() {
		assertParses(t, e.String(), limits.Windows{Edition: e})
		for i, sp := range e.ServicePacks() {
			w := limits.Windows{Edition: e, ServicePack: sp}
			names := []string{w.String()}
			for level := range 8 {
				if limits.ServicePackAt(level) == sp {
					names = append(names, fmt.Sprintf("%v Service Pack %d", e, level), fmt.Sprintf("%vSP%d", e, level))
				}
			}
			if i == 0 {
				names = append(names, e.String()+" SP0", e.String()+" RTM", e.String()+" (as released)", e.String()+" (no service pack)")
			}
			for _, name := range names {
				assertParses(t, name, w)
			}
		}
	}
}

func TestParseWindows(t *testing.T) {
	for name, want := range map[string]limits.Windows{
		"xp professional sp2": {limits.XPProfessional, 2},
		"xppro sp3":           {limits.XPProfessional, 3},
		"XP Home SP1a":        {limits.XPHome, 1},
		"Microsoft Windows XP Professional Service Pack 3":              {limits.XPProfessional, 3},
		"Microsoft Windows XP Professional Version 2002 Service Pack 3": {limits.XPProfessional, 3},
		"Windows XP Professional 2600 Service Pack 2":                   {limits.XPProfessional, 2},
		"XP Pro RTM":                                                  {limits.XPProfessional, limits.AsReleased},
		"Windows XP Home (no service pack)":                           {limits.XPHome, limits.AsReleased},
		"Windows NT 4.0 Server SP6a":                                  {limits.NT40Server, 6},
		"Windows 7 Professional 7601":                                 {limits.Windows7Professional, 1},
		"Windows 7 Professional 6.1.7601":                             {limits.Windows7Professional, 1},
		"Windows 7 Ultimate 7601 Service Pack 1":                      {limits.Windows7Ultimate, 1},
		"Windows Server 2003 Standard Edition R2 3790 Service Pack 2": {limits.Server2003Standard, 2},
		"Windows Server (R) 2008 Standard 6001 Service Pack 1":        {limits.Server2008Standard, 1},
		"Windows Server 2008 Standard":                                {Edition: limits.Server2008Standard},
		"Windows Server 2008 Standard RTM":                            {limits.Server2008Standard, 1},
		"XP x64 as released":                                          {limits.XPProfessionalX64, 1},
		"WHS SP0":                                                     {limits.HomeServer, 2},
		"XP Pro":                                                      {Edition: limits.XPProfessional},
		"XP Pro as released":                                          {limits.XPProfessional, limits.AsReleased},
		"2000 AS as released":                                         {limits.Windows2000AdvancedServer, limits.AsReleased},
		"Windows Vista Business 6000":                                 {limits.VistaBusiness, limits.AsReleased},
		"Vista Ultimate SP 2":                                         {limits.VistaUltimate, 2},
	} {
		got, err := limits.ParseWindows(name)
		if assert.NoError(t, err, name) {
			assert.Equal(t, want, got, name)
		}
	}
}

func TestParseWindowsServicePackError(t *testing.T) {
	for name, want := range map[string]string{
		"Windows 7 Pro SP2":  "limits: Windows 7 Professional never had service pack 2; its levels are 0 (as released), 1",
		"XP x64 SP3":         "limits: Windows XP Professional x64 never had service pack 3; its levels are 1 (as released), 2",
		"Windows 10 Pro SP1": "limits: Windows 10 Pro never had a service pack (asked for 1)",
		"WHS SP1":            "limits: Windows Home Server never had service pack 1; its levels are 2 (as released)",
	} {
		for _, parse := range []func(string) error{
			func(s string) error { _, err := limits.ParseWindows(s); return err },
			func(s string) error { _, err := limits.ParseEdition(s); return err },
		} {
			err := parse(name)
			require.ErrorIs(t, err, limits.ErrServicePack, name)
			var sp *limits.ServicePackError
			require.ErrorAs(t, err, &sp, name)
			assert.EqualError(t, err, want)
		}
	}
}

func TestParseEditionAmbiguous(t *testing.T) {
	for name, want := range map[string][]limits.Edition{
		"Windows 7":                              {limits.Windows7Starter, limits.Windows7HomeBasic, limits.Windows7HomePremium, limits.Windows7Professional, limits.Windows7Enterprise, limits.Windows7Ultimate},
		"win7 home":                              {limits.Windows7HomeBasic, limits.Windows7HomePremium},
		"Home Premium":                           {limits.VistaHomePremium, limits.Windows7HomePremium},
		"Windows 10 IoT":                         {limits.Windows10IoTCore, limits.Windows10IoTEnterprise},
		"XPSP2":                                  {limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPProfessionalX64, limits.XPMediaCenter, limits.XPTabletPC},
		"XP x86":                                 {limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPMediaCenter, limits.XPTabletPC},
		"Windows 2000":                           {limits.Windows2000Professional, limits.Windows2000Server, limits.Windows2000AdvancedServer, limits.Windows2000DatacenterServer},
		"NT Workstation":                         {limits.NT35Workstation, limits.NT351Workstation, limits.NT40Workstation},
		"R2 Enterprise":                          {limits.Server2008R2Enterprise},
		"R2 Standard":                            {limits.Server2008R2Standard, limits.Server2012R2Standard},
		"SBS":                                    {limits.SmallBusinessServer2003Standard, limits.SmallBusinessServer2003Premium},
		"SBS Premium":                            {limits.SmallBusinessServer2003Premium}, // of 2003, 2008 or 2011
		"Windows 2003 for Small Business Server": {limits.SmallBusinessServer2003Standard, limits.SmallBusinessServer2003Premium},
	} {
		_, err := limits.ParseEdition(name)
		if name == "R2 Enterprise" { // there was but one
			assert.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, limits.ErrAmbiguous, name)
		require.ErrorIs(t, err, limits.ErrUnknownEdition, name)
		var nameErr *limits.NameError
		require.ErrorAs(t, err, &nameErr)
		assert.Equal(t, name, nameErr.Input)
		assert.True(t, nameErr.Ambiguous)
		assert.Equal(t, want, nameErr.Candidates, name)
	}
}

func TestParseEditionUnknown(t *testing.T) {
	xp := []limits.Edition{limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPProfessionalX64, limits.XPMediaCenter, limits.XPTabletPC}
	for name, want := range map[string][]limits.Edition{
		"":                                nil,
		"Windows":                         nil,
		"Windows 9":                       nil,
		"NT3.5Wo2kstation ":               {limits.NT35Workstation, limits.NT35Server},
		"Windows 3.1":                     nil,
		"MS-DOS 4.0":                      nil,
		"Linux":                           nil,
		"x64":                             nil,
		"Windows Server 1909":             nil,
		"Windows Server 2018":             nil,
		"unknown":                         nil,
		"Windows 7 Profesional":           {limits.Windows7Professional},
		"Windows 7 Porfessional":          {limits.Windows7Professional},
		"Windows 7 Utlimate":              {limits.Windows7Ultimate},
		"Widnows 7 Ultimate":              {limits.Windows7Ultimate},
		"Windows Vsta Ultimate":           {limits.VistaUltimate},
		"Windows 10 Pro Starter":          {limits.Windows10Pro},
		"Windows 10 Enterprise Education": {limits.Windows10Enterprise, limits.Windows10Education, limits.Windows10IoTEnterprise},
		"Windows 11 SE":                   {limits.Windows11Home, limits.Windows11Pro, limits.Windows11Enterprise, limits.Windows11Education, limits.Windows11IoTEnterprise},
		"Windows XP Embedded":             xp,
		"Windows XP 64-Bit Edition":       xp,
		"Windows XP Professional 2005":    {limits.XPProfessional},
		"XP Home x64":                     {limits.XPHome, limits.XPProfessionalX64},
		"NT 4.0 Terminal Server Edition":  {limits.NT40Server},
		"Windows Home Server 2011":        {limits.HomeServer},
		"Windows Server 2019 Datacenter Azure Edition": {limits.Server2019Datacenter},
		"Windows 7 Professional 22H2":                  {limits.Windows10Pro, limits.Windows11Pro},
		"Windows 7 Professional 7600 SP1":              {limits.Windows7Professional},
		"Windows 7 Professional 7600 7601":             {limits.Windows7Professional},
		"Windows 7 Professional 9200":                  {limits.Windows8Pro},
		"Windows XP Professional SP99":                 {limits.XPProfessional},
		"Windows 7 R2 Ultimate":                        {limits.Windows7Ultimate},
		"Windows XP Vista Business":                    {limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPProfessionalX64, limits.XPMediaCenter, limits.XPTabletPC},
		"Windows 10 Server":                            {limits.Windows10Home, limits.Windows10Pro, limits.Windows10Enterprise, limits.Windows10Education, limits.Windows10IoTCore, limits.Windows10IoTEnterprise},
	} {
		got, err := limits.ParseEdition(name)
		assert.Zero(t, got)
		require.ErrorIs(t, err, limits.ErrUnknownEdition, name)
		assert.NotErrorIs(t, err, limits.ErrAmbiguous, name)
		var nameErr *limits.NameError
		require.ErrorAs(t, err, &nameErr, name)
		assert.Equal(t, want, nameErr.Candidates, name)
	}
}

func TestParseWindowsTwoServicePacks(t *testing.T) {
	_, err := limits.ParseWindows("XP Pro SP2 SP3")
	require.ErrorIs(t, err, limits.ErrAmbiguous)
}

func TestNameErrorText(t *testing.T) {
	for name, want := range map[string]string{
		"win7 home":                 `limits: ambiguous name of an edition: "win7 home"; it can be Windows 7 Home Basic, Windows 7 Home Premium`,
		"Windows 7 Profesional":     `limits: unknown edition: "Windows 7 Profesional"; the nearest is Windows 7 Professional`,
		"Windows 10 Home Education": `limits: unknown edition: "Windows 10 Home Education"; the nearest are Windows 10 Home, Windows 10 Education`,
		"Plan 9":                    `limits: unknown edition: "Plan 9"`,
		"Windows Server": `limits: ambiguous name of an edition: "Windows Server"; it can be Windows NT 3.1 Advanced Server, ` +
			`Windows NT 3.5 Server, Windows NT 3.51 Server, Windows NT 4.0 Server, Windows 2000 Server, ` +
			`Windows 2000 Advanced Server, Windows 2000 Datacenter Server, Windows Server 2003 Web or 32 more`,
	} {
		_, err := limits.ParseEdition(name)
		assert.EqualError(t, err, want)
	}
}

func TestParseEditionTooLong(t *testing.T) {
	_, err := limits.ParseEdition("Windows XP Professional" + strings.Repeat(" ", 1000))
	require.ErrorIs(t, err, limits.ErrUnknownEdition)
	assert.EqualError(t, err, `limits: unknown edition: the name has 1023 bytes, more than 256, and begins "Windows XP Professional                 "`)
}

func TestParseEditionDoesNotAllocate(t *testing.T) {
	for _, name := range []string{"XP Pro", "Microsoft® Windows Server® 2008 R2 Standard Service Pack 1", "w2k pro"} {
		assert.Zero(t, testing.AllocsPerRun(100, func() {
			if _, err := limits.ParseEdition(name); err != nil {
				panic(err)
			}
		}), name)
	}
}

func FuzzParseWindows(f *testing.F) {
	for e := range limits.Editions() {
		f.Add(e.String() + " SP2")
	}
	for _, s := range []string{"w2k3 r2 std x64 sp1a", "Windows 7 Profesional", "(r)(tm)®", "7 - 10", "\xff\xfe", "64-bit 32 bit edition", "2k2k2k", "sp sp sp9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		w, err := limits.ParseWindows(name)
		e, editionErr := limits.ParseEdition(name)
		assert.Equal(t, err, editionErr)
		if err != nil {
			assert.Zero(t, w)
			assert.Zero(t, e)
			assert.True(t, errors.Is(err, limits.ErrUnknownEdition) || errors.Is(err, limits.ErrServicePack), err)
			var nameErr *limits.NameError
			if errors.As(err, &nameErr) {
				assert.True(t, slices.IsSorted(nameErr.Candidates))
				assert.NotContains(t, nameErr.Candidates, limits.UnknownEdition)
			}
			return
		}
		assert.Equal(t, w.Edition, e)
		require.NoError(t, w.Valid())
		again, err := limits.ParseWindows(w.String())
		require.NoError(t, err)
		assert.Equal(t, w, again)
		shouted, err := limits.ParseWindows(strings.ToUpper(w.String()))
		require.NoError(t, err)
		assert.Equal(t, w, shouted)
	})
}

func ExampleParseEdition() {
	for _, name := range []string{"XP Pro", "win7 home premium", "Microsoft® Windows Vista™ Business", "NT4 Workstation"} {
		e, err := limits.ParseEdition(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e)
	}
	// Output:
	// Windows XP Professional
	// Windows 7 Home Premium
	// Windows Vista Business
	// Windows NT 4.0 Workstation
}

func ExampleParseEdition_ambiguous() {
	_, err := limits.ParseEdition("win7 home")
	fmt.Println(errors.Is(err, limits.ErrAmbiguous))

	var name *limits.NameError
	if errors.As(err, &name) {
		fmt.Println(name.Candidates)
	}

	_, err = limits.ParseEdition("Windows 7 Profesional")
	fmt.Println(err)
	// Output:
	// true
	// [Windows 7 Home Basic Windows 7 Home Premium]
	// limits: unknown edition: "Windows 7 Profesional"; the nearest is Windows 7 Professional
}

func ExampleParseWindows() {
	w, err := limits.ParseWindows("Microsoft Windows XP Professional Service Pack 3")
	fmt.Println(w, err)

	_, err = limits.ParseWindows("Windows 7 Professional SP2")
	fmt.Println(err)
	// Output:
	// Windows XP Professional SP3 <nil>
	// limits: Windows 7 Professional never had service pack 2; its levels are 0 (as released), 1
}

// A limits.Windows can be a flag: flag.TextVar needs no more than its text form.
func ExampleWindows_flag() {
	flags := flag.NewFlagSet("crawl", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var target limits.Windows
	flags.TextVar(&target, "windows", limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, "the edition of the target")

	fmt.Println(flags.Parse([]string{"-windows", "win11 pro"}), target)
	fmt.Println(flags.Parse([]string{"-windows", "win7 home"}))
	// Output:
	// <nil> Windows 11 Pro
	// invalid value "win7 home" for flag -windows: limits: ambiguous name of an edition: "win7 home"; it can be Windows 7 Home Basic, Windows 7 Home Premium
}

func BenchmarkParseWindows(b *testing.B) {
	for _, name := range []string{"XP Pro", "Microsoft® Windows Server® 2008 R2 Standard Service Pack 1"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := limits.ParseWindows(name); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestMustParseWindows(t *testing.T) {
	assert.Equal(t, limits.Windows{Edition: limits.XPHome, ServicePack: 2}, limits.MustParseWindows("XP Home SP2"))
	assert.Panics(t, func() { limits.MustParseWindows("Windows 7") })
}
