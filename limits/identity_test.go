package limits_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

const (
	xpUsers    = limits.SuiteSingleUserTS
	serverTS   = limits.SuiteTerminal | limits.SuiteSingleUserTS
	xpHomeMask = xpUsers | limits.SuitePersonal
)

// The numbers of real machines: versions from Microsoft's list, SKUs from the
// GetProductInfo list.
func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		id   limits.Identity
		want string
	}{
		{limits.Identity{Major: 3, Minor: 10, Build: 528, ProductType: limits.TypeWorkstation}, "Windows NT 3.1"},
		{limits.Identity{Major: 3, Minor: 51, Build: 1057, ProductType: limits.TypeServer, ServicePack: 5}, "Windows NT 3.51 Server SP5"},
		{limits.Identity{Major: 4, Minor: 0, Build: 1381, ServicePack: 6, ProductType: limits.TypeWorkstation}, "Windows NT 4.0 Workstation SP6"},
		{limits.Identity{Major: 4, Minor: 0, Build: 1381, ServicePack: 6, ProductType: limits.TypeDomainController}, "Windows NT 4.0 Server SP6"},
		{limits.Identity{Major: 4, Minor: 0, Build: 950}, "Windows 95"},
		{limits.Identity{Major: 4, Minor: 0}, "Windows NT 4.0 Workstation or Windows NT 4.0 Server or Windows 95"},
		{limits.Identity{Major: 4, Minor: 10, Build: 2222}, "Windows 98"},
		{limits.Identity{Major: 4, Minor: 90, Build: 3000}, "Windows Me"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: limits.TypeWorkstation}, "Windows 2000 Professional SP4"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: limits.TypeServer}, "Windows 2000 Server SP4 or Windows 2000 Advanced Server SP4 or Windows 2000 Datacenter Server SP4"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: limits.TypeServer, Suite: limits.SuiteTerminal}, "Windows 2000 Server SP4"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 3, ProductType: limits.TypeServer, Suite: limits.SuiteEnterprise | limits.SuiteTerminal}, "Windows 2000 Advanced Server SP3"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 2, ProductType: limits.TypeServer, Suite: limits.SuiteEnterprise | limits.SuiteDatacenter}, "Windows 2000 Datacenter Server SP2"},
		{limits.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 2, ProductType: limits.TypeWorkstation, Suite: xpHomeMask}, "Windows XP Starter SP2 or Windows XP Home SP2"},
		{limits.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 3, ProductType: limits.TypeWorkstation, Suite: xpUsers}, "Windows XP Professional SP3 or Windows XP Media Center SP3 or Windows XP Tablet PC SP3"},
		{limits.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 1}, "Windows XP Starter SP1 or Windows XP Home SP1 or Windows XP Professional SP1 or Windows XP Media Center SP1 or Windows XP Tablet PC SP1"},
		{limits.Identity{Major: 5, Minor: 1, Build: 2710, ServicePack: 2, ProductType: limits.TypeWorkstation, Suite: xpUsers}, "Windows XP Media Center SP2 or Windows XP Tablet PC SP2"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeWorkstation, Suite: xpUsers}, "Windows XP Professional x64 SP2"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: limits.AsReleased, ProductType: limits.TypeWorkstation}, "Windows XP Professional x64 SP1"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ProductType: limits.TypeWorkstation}, "Windows XP Professional x64"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeServer, Suite: serverTS}, "Windows Server 2003 Standard SP2"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 1, ProductType: limits.TypeServer, Suite: serverTS | limits.SuiteEnterprise}, "Windows Server 2003 Enterprise SP1"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 1, ProductType: limits.TypeServer, Suite: serverTS | limits.SuiteDatacenter | limits.SuiteEnterprise}, "Windows Server 2003 Datacenter SP1"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeServer, Suite: serverTS | limits.SuiteBlade}, "Windows Server 2003 Web SP2"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeServer, Suite: serverTS | limits.SuiteHomeServer}, "Windows Home Server"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeDomainController, Suite: serverTS | limits.SuiteSmallBusiness | limits.SuiteSmallBusinessRestricted}, "Windows Small Business Server 2003 Standard SP2 or Windows Small Business Server 2003 Premium SP2"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: limits.TypeDomainController, Suite: serverTS | limits.SuiteSmallBusiness}, "Windows Server 2003 Standard SP2 or Windows Small Business Server 2003 Standard SP2 or Windows Small Business Server 2003 Premium SP2"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6000, ProductType: limits.TypeWorkstation, SKU: limits.SKUHomeBasic}, "Windows Vista Home Basic SP0"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6001, ProductType: limits.TypeWorkstation, SKU: limits.SKUBusinessN}, "Windows Vista Business SP1"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6002, ServicePack: 2, ProductType: limits.TypeWorkstation, SKU: limits.SKUUltimate}, "Windows Vista Ultimate SP2"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6002, ProductType: limits.TypeWorkstation, Suite: xpHomeMask}, "Windows Vista Starter SP2 or Windows Vista Home Basic SP2 or Windows Vista Home Premium SP2"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6001, ProductType: limits.TypeServer, SKU: limits.SKUStandardServerCore}, "Windows Server 2008 Standard SP1"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6003, ServicePack: 2, ProductType: limits.TypeServer, SKU: limits.SKUEnterpriseServerV}, "Windows Server 2008 Enterprise SP2"},
		{limits.Identity{Major: 6, Minor: 0, Build: 6002, ProductType: limits.TypeServer, SKU: limits.SKUWebServer}, "Windows Server 2008 Web SP2"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: limits.TypeWorkstation, SKU: limits.SKUProfessional}, "Windows 7 Professional SP1"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7600, ProductType: limits.TypeWorkstation, SKU: limits.SKUStarter}, "Windows 7 Starter SP0"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7601, ServicePack: 1, SKU: limits.SKUHomePremiumN}, "Windows 7 Home Premium SP1"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: limits.TypeServer, SKU: limits.SKUServerFoundation}, "Windows Server 2008 R2 Foundation SP1"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: limits.TypeDomainController, SKU: limits.SKUDatacenterServer}, "Windows Server 2008 R2 Datacenter SP1"},
		{limits.Identity{Major: 6, Minor: 2, Build: 9200, SKU: limits.SKUCore}, "Windows 8"},
		{limits.Identity{Major: 6, Minor: 2, Build: 9200, SKU: limits.SKUCoreARM}, "Windows 8 RT"},
		{limits.Identity{Major: 6, Minor: 2, Build: 9200, ProductType: limits.TypeWorkstation, SKU: limits.SKUProfessionalWMC}, "Windows 8 Pro"},
		{limits.Identity{Major: 6, Minor: 2, Build: 9200, ProductType: limits.TypeServer, SKU: limits.SKUStandardServer}, "Windows Server 2012 Standard"},
		{limits.Identity{Major: 6, Minor: 3, Build: 9600, SKU: limits.SKUCoreSingleLanguage}, "Windows 8.1"},
		{limits.Identity{Major: 6, Minor: 3, Build: 9600, ProductType: limits.TypeWorkstation, SKU: limits.SKUEnterpriseN}, "Windows 8.1 Enterprise"},
		{limits.Identity{Major: 6, Minor: 3, Build: 9600, ProductType: limits.TypeServer, SKU: limits.SKUDatacenterEvaluationServer}, "Windows Server 2012 R2 Datacenter"},
		{limits.Identity{Major: 10, Minor: 0, Build: 10240, ProductType: limits.TypeWorkstation, SKU: limits.SKUEnterpriseS}, "Windows 10 Enterprise"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: limits.TypeWorkstation, SKU: limits.SKUProfessional}, "Windows 10 Pro"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19045, SKU: limits.SKUCoreCountrySpecific}, "Windows 10 Home"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19044, SKU: limits.SKUIoTEnterpriseS}, "Windows 10 IoT Enterprise"},
		{limits.Identity{Major: 10, Minor: 0, Build: 17763, SKU: limits.SKUIoTUAP}, "Windows 10 IoT Core"},
		{limits.Identity{Major: 6, Minor: 3, Build: 19045, SKU: limits.SKUEducation}, "Windows 10 Education"}, // as in the registry
		{limits.Identity{Major: 10, Minor: 0, Build: 22000, SKU: limits.SKUCore}, "Windows 11 Home"},
		{limits.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: limits.TypeWorkstation, SKU: limits.SKUProfessional}, "Windows 11 Pro"},
		{limits.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: limits.TypeWorkstation, SKU: limits.SKUEnterprise}, "Windows 11 Enterprise"},
		{limits.Identity{Major: 10, Minor: 0, Build: 14393, ProductType: limits.TypeServer, SKU: limits.SKUStandardServer}, "Windows Server 2016 Standard"},
		{limits.Identity{Major: 10, Minor: 0, Build: 17763, ProductType: limits.TypeServer, SKU: limits.SKUDatacenterServer}, "Windows Server 2019 Datacenter"},
		{limits.Identity{Major: 10, Minor: 0, Build: 20348, SKU: limits.SKUStandardEvaluationServer}, "Windows Server 2022 Standard"},
		{limits.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: limits.TypeServer, SKU: limits.SKUDatacenterServer}, "Windows Server 2025 Datacenter"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: limits.TypeWorkstation, SKU: limits.SKUProWorkstation}, "Windows 10 Pro"},
		{limits.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: limits.TypeWorkstation, SKU: limits.SKUProForEducation}, "Windows 11 Pro"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19045, SKU: limits.SKUServerRDSH}, "Windows 10 Enterprise multi-session"},
		{limits.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: limits.TypeServer, SKU: limits.SKUServerRDSH}, "Windows 11 Enterprise multi-session"},
		{limits.Identity{Major: 10, Minor: 0, Build: 20348, ProductType: limits.TypeServer, SKU: limits.SKUDatacenterServerAzureEdition}, "Windows Server 2022 Datacenter Azure Edition"},
		{limits.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: limits.TypeServer, SKU: limits.SKUDatacenterServerCoreAzureEdition}, "Windows Server 2025 Datacenter Azure Edition"},

		// What is not told stays open.
		{limits.Identity{Major: 10, Minor: 0, Build: 26100, SKU: limits.SKUUnlicensed}, "Windows 11 Home or Windows 11 Pro or Windows 11 Enterprise or Windows 11 Education or Windows 11 IoT Enterprise or Windows Server 2025 Standard or Windows Server 2025 Datacenter or Windows Server 2025 Datacenter Azure Edition"},
		{limits.Identity{Major: 10, Minor: 0, Build: 14393, SKU: limits.SKUUndefined, ProductType: limits.TypeServer}, "Windows Server 2016 Standard or Windows Server 2016 Datacenter"},
		{limits.Identity{Major: 6, Minor: 1, SKU: limits.SKUUltimate, ServicePack: limits.AsReleased}, "Windows 7 Ultimate SP0"},
		{limits.Identity{Major: 6, Minor: 1, SKU: limits.SKUUltimate}, "Windows 7 Ultimate"},
		{limits.Identity{Major: 5, Minor: 1}, "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Media Center or Windows XP Tablet PC"},
		{limits.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: limits.TypeWorkstation, SKU: limits.SKUUltimateN}, // Wine
			"Windows 10 Home or Windows 10 Pro or Windows 10 Enterprise or Windows 10 Education or Windows 10 IoT Core or Windows 10 IoT Enterprise"},
	} {
		got, err := limits.Identify(c.id)
		if assert.NoError(t, err, c.id) {
			assert.Equal(t, c.want, got.String(), c.id)
			checkIdentification(t, got)
		}
	}
}

// checkIdentification checks what holds for every answer.
func checkIdentification(t testing.TB, id limits.Identification) {
	t.Helper()
	require.NotEmpty(t, id.Candidates)
	assert.True(t, slices.IsSortedFunc(id.Candidates, func(a, b limits.Windows) int {
		return slices.Compare([]int{int(a.Edition), int(a.ServicePack)}, []int{int(b.Edition), int(b.ServicePack)})
	}))
	assert.Len(t, slices.Compact(slices.Clone(id.Candidates)), len(id.Candidates))
	for _, w := range id.Candidates {
		assert.NoError(t, w.Valid())
		if packs := w.Edition.ServicePacks(); packs[len(packs)-1] == limits.AsReleased {
			assert.Equal(t, limits.UnknownServicePack, w.ServicePack, "%v never had one", w.Edition)
		} else {
			assert.Contains(t, packs, w.ServicePack)
		}
	}
	for _, s := range limits.Services() {
		byDefault, ceiling := id.Range(s)
		for _, w := range id.Candidates {
			if r, err := limits.Lookup(w, s); err == nil && byDefault.Min.IsKnown() {
				assert.False(t, byDefault.Min.Holds(1) && !r.Default.Holds(1))
				assert.False(t, r.Ceiling.Holds(1) && !ceiling.Max.Holds(1))
			}
		}
	}
}

func TestIdentifyUnlisted(t *testing.T) {
	win10 := []limits.Edition{limits.Windows10Home, limits.Windows10Pro, limits.Windows10Enterprise, limits.Windows10Education, limits.Windows10IoTCore, limits.Windows10IoTEnterprise}
	for _, c := range []struct {
		id   limits.Identity
		near []limits.Edition
		text string
	}{
		{limits.Identity{Major: 10, Build: 19045, ProductType: limits.TypeWorkstation, SKU: limits.SKUCloudEdition}, win10, "10.0.19045, workstation, PRODUCT_CLOUDEDITION"},
		{limits.Identity{Major: 10, Build: 19045, SKU: 0x1234}, win10, "10.0.19045, SKU(0x1234)"},
		{limits.Identity{Major: 10, Build: 17763, ProductType: limits.TypeServer, SKU: limits.SKUHyperV}, []limits.Edition{limits.Server2019Standard, limits.Server2019Datacenter}, "PRODUCT_HYPERV"},
		{limits.Identity{Major: 10, Build: 20348, ProductType: limits.TypeServer, SKU: limits.SKUAzureStackHCIServerCore}, []limits.Edition{limits.Server2022Standard, limits.Server2022Datacenter, limits.Server2022DatacenterAzureEdition}, "AZURESTACKHCI"},
		{limits.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: limits.TypeServer, SKU: limits.SKUWebServer}, []limits.Edition{limits.Server2008R2Foundation, limits.Server2008R2Standard, limits.Server2008R2Enterprise, limits.Server2008R2Datacenter}, "PRODUCT_WEB_SERVER"},
		{limits.Identity{Major: 10, Build: 19042, ProductType: limits.TypeServer, SKU: limits.SKUStandardAServerCore}, nil, "10.0.19042, server, PRODUCT_STANDARD_A_SERVER_CORE"},
		{limits.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 3, Suite: limits.SuiteEmbeddedNT}, []limits.Edition{limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPMediaCenter, limits.XPTabletPC}, "5.1.2600 SP3, suite 0x40"},
		{limits.Identity{Major: 5, Minor: 2, Build: 3790, ProductType: limits.TypeServer, Suite: limits.SuiteStorageServer}, nil, "suite 0x2000"},
		{limits.Identity{Major: 4, Minor: 0, Build: 1381, ProductType: limits.TypeServer, Suite: limits.SuiteTerminal}, []limits.Edition{limits.NT40Server}, "suite 0x10"},
		{limits.Identity{Major: 5, Minor: 0, Build: 2195, ProductType: limits.TypeServer, Suite: limits.SuiteSmallBusinessRestricted}, []limits.Edition{limits.Windows2000Server, limits.Windows2000AdvancedServer, limits.Windows2000DatacenterServer}, "suite 0x20"},
		{limits.Identity{Major: 12, Build: 1}, nil, "12.0.1"},
		{limits.Identity{}, nil, `"0.0"`},
		{limits.Identity{Major: 6, Minor: 1, Build: 7600, ServicePack: 1, SKU: limits.SKUUltimate, ProductType: limits.TypeWorkstation}, []limits.Edition{limits.Windows7Starter, limits.Windows7HomeBasic, limits.Windows7HomePremium, limits.Windows7Professional, limits.Windows7Enterprise, limits.Windows7Ultimate}, "6.1.7600 SP1"},
		{limits.Identity{Major: -1, Minor: -1, Build: -1, ServicePack: -7}, nil, "-1.-1.-1"},
	} {
		got, err := limits.Identify(c.id)
		assert.Zero(t, got)
		require.ErrorIs(t, err, limits.ErrUnknownEdition, c.id)
		assert.ErrorContains(t, err, c.text)
		var name *limits.NameError
		require.ErrorAs(t, err, &name)
		if c.near != nil {
			assert.Equal(t, c.near, name.Candidates, c.id)
		}
	}
}

func TestIdentifyServicePackError(t *testing.T) {
	for _, id := range []limits.Identity{
		{Major: 5, Minor: 1, Build: 2600, ServicePack: 4},
		{Major: 5, Minor: 1, Build: 2600, ServicePack: limits.ServicePackAt(400)},
		{Major: 10, Build: 19045, ServicePack: 1},
		{Major: 6, Minor: 1, Build: 7601, ServicePack: 2},
	} {
		_, err := limits.Identify(id)
		require.ErrorIs(t, err, limits.ErrServicePack, id)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(5, 1, 2600, int8(2), uint8(1), uint32(0), uint32(0x300))
	f.Add(10, 0, 19045, int8(0), uint8(3), uint32(0x30), uint32(0))
	f.Add(6, 3, 99999, int8(9), uint8(0), uint32(0xABCDABCD), uint32(0xFFFF))
	f.Fuzz(func(t *testing.T, major, minor, build int, pack int8, productType uint8, sku, suite uint32) {
		got, err := limits.Identify(limits.Identity{
			Major: major, Minor: minor, Build: build, ServicePack: limits.ServicePack(pack),
			ProductType: limits.ProductType(productType), SKU: limits.SKU(sku), Suite: limits.SuiteMask(suite),
		})
		checkAnswer(t, got, err)
	})
}

func TestRange(t *testing.T) {
	for _, c := range []struct {
		name    string
		service limits.Service
		def     string
		ceiling string
	}{
		{"Microsoft Windows XP Professional SP3", limits.SMB, "10", "10"},
		{"Microsoft Windows XP Professional SP3", limits.IIS, "10", "40"},
		{"Microsoft Windows XP Home SP2 or Windows XP Professional SP2", limits.SMB, "5 to 10", "5 to 10"},
		{"Microsoft Windows XP Home SP2 or Windows XP Professional SP2", limits.IIS, "absent to 10", "absent to 40"},
		{"Microsoft Windows XP Professional SP1 or Windows XP Professional SP2", limits.TCPHalfOpen, "10 to unlimited", "10 to unlimited"},
		{"Microsoft Windows XP Professional SP3", limits.TCPOther, "unlimited", "unlimited"},
		{"Microsoft Windows XP Professional SP3 or Windows Embedded Standard 2009", limits.SMB, "unknown", "unknown"},
		{"Microsoft Windows XP Professional SP3", limits.UnknownService, "unknown", "unknown"},
	} {
		id, err := limits.IdentifyNmap(c.name)
		require.NoError(t, err, c.name)
		def, ceiling := id.Range(c.service)
		assert.Equal(t, c.def, def.String(), "%s %v", c.name, c.service)
		assert.Equal(t, c.ceiling, ceiling.String(), "%s %v", c.name, c.service)
	}
	def, ceiling := limits.Identification{}.Range(limits.SMB)
	assert.Zero(t, def)
	assert.Zero(t, ceiling)
}

func TestIdentificationOne(t *testing.T) {
	id, err := limits.IdentifyNmap("Microsoft Windows XP Professional SP3")
	require.NoError(t, err)
	w, ok := id.One()
	assert.True(t, ok)
	assert.Equal(t, limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, w)
	assert.Equal(t, []limits.Edition{limits.XPProfessional}, id.Editions())

	for _, name := range []string{"Microsoft Windows XP Professional", "Microsoft Windows XP Professional SP3 or Windows Embedded Standard 2009"} {
		id, err := limits.IdentifyNmap(name)
		require.NoError(t, err)
		_, ok := id.One()
		assert.False(t, ok, name)
		assert.Equal(t, []limits.Edition{limits.XPProfessional}, id.Editions())
	}
	assert.Equal(t, "unknown", limits.Identification{}.String())
	assert.Empty(t, limits.Identification{}.Editions())
}

func TestIdentityText(t *testing.T) {
	assert.Equal(t, "5.1.2600 SP2, workstation, suite 0x100",
		limits.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 2, ProductType: limits.TypeWorkstation, Suite: limits.SuiteSingleUserTS}.String())
	assert.Equal(t, "4.0", limits.Identity{Major: 4}.String())

	id, err := limits.IdentifyNmap("Windows XP Home SP1 or SP2 or Windows Embedded Standard 2009")
	require.NoError(t, err)
	text, err := json.Marshal(id)
	require.NoError(t, err)
	assert.JSONEq(t, `{"candidates": ["Windows XP Home SP1", "Windows XP Home SP2"], "unlisted": ["Windows Embedded Standard 2009"]}`, string(text))
	var back limits.Identification
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, id, back)

	for p := limits.UnknownProductType; p <= limits.TypeServer; p++ {
		text, err := p.MarshalText()
		require.NoError(t, err)
		var back limits.ProductType
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, p, back)
	}
	assert.Error(t, new(limits.ProductType).UnmarshalText([]byte("mainframe")))
	assert.Equal(t, "ProductType(9)", limits.ProductType(9).String())
}

func ExampleIdentify() {
	found, err := limits.Identify(limits.Identity{
		Major: 10, Minor: 0, Build: 22631,
		ProductType: limits.TypeWorkstation,
		SKU:         limits.SKUProfessional,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sessions, _ := found.Range(limits.SMB)
	fmt.Println(found, "takes", sessions, "SMB sessions")
	// Output: Windows 11 Pro takes 20 SMB sessions
}

// A SKU that the table has no rows for is an error with the nearest editions.
func ExampleIdentify_unlisted() {
	_, err := limits.Identify(limits.Identity{Major: 10, Build: 26100, ProductType: limits.TypeWorkstation, SKU: limits.SKUCloudEdition})
	fmt.Println(err)
	// Output:
	// limits: unknown edition: "10.0.26100, workstation, PRODUCT_CLOUDEDITION"; the nearest are Windows 11 Home, Windows 11 Pro, Windows 11 Enterprise, Windows 11 Education, Windows 11 IoT Enterprise
}

// What an inventory does not tell yields a range, never a guess.
func ExampleIdentification_Range() {
	found, err := limits.IdentifyCPE("cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:*:*:*:*")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(found.Candidates), "candidates")
	for _, s := range []limits.Service{limits.SMB, limits.IIS, limits.TCPOther} {
		byDefault, ceiling := found.Range(s)
		fmt.Printf("%v: %v, at most %v\n", s, byDefault, ceiling)
	}
	// Output:
	// 5 candidates
	// smb: absent to 10, at most absent to 10
	// iis: absent to 10, at most absent to 40
	// tcp-other: unlimited, at most unlimited
}

func ExampleIdentification_One() {
	found, _ := limits.IdentifyCaption("Microsoft Windows 10 Pro")
	fmt.Println(found.One())
	found, _ = limits.IdentifyCaption("Microsoft Windows 7 Professional") // with which service pack?
	fmt.Println(found.One())
	// Output:
	// Windows 10 Pro true
	// unknown false
}
