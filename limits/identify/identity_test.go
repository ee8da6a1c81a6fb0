package identify_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

const (
	xpUsers    = identify.SuiteSingleUserTS
	serverTS   = identify.SuiteTerminal | identify.SuiteSingleUserTS
	xpHomeMask = xpUsers | identify.SuitePersonal
)

// The numbers of real machines: versions from Microsoft's list, SKUs from the
// GetProductInfo list.
func TestIdentify(t *testing.T) {
	for _, c := range []struct {
		id   identify.Identity
		want string
	}{
		{identify.Identity{Major: 3, Minor: 10, Build: 528, ProductType: identify.TypeWorkstation}, "Windows NT 3.1"},
		{identify.Identity{Major: 3, Minor: 51, Build: 1057, ProductType: identify.TypeServer, ServicePack: 5}, "Windows NT 3.51 Server SP5"},
		{identify.Identity{Major: 4, Minor: 0, Build: 1381, ServicePack: 6, ProductType: identify.TypeWorkstation}, "Windows NT 4.0 Workstation SP6"},
		{identify.Identity{Major: 4, Minor: 0, Build: 1381, ServicePack: 6, ProductType: identify.TypeDomainController}, "Windows NT 4.0 Server SP6"},
		{identify.Identity{Major: 4, Minor: 0, Build: 950}, "Windows 95"},
		{identify.Identity{Major: 4, Minor: 0}, "Windows NT 4.0 Workstation or Windows NT 4.0 Server or Windows 95"},
		{identify.Identity{Major: 4, Minor: 10, Build: 2222}, "Windows 98"},
		{identify.Identity{Major: 4, Minor: 90, Build: 3000}, "Windows Me"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: identify.TypeWorkstation}, "Windows 2000 Professional SP4"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: identify.TypeServer}, "Windows 2000 Server SP4 or Windows 2000 Advanced Server SP4 or Windows 2000 Datacenter Server SP4"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 4, ProductType: identify.TypeServer, Suite: identify.SuiteTerminal}, "Windows 2000 Server SP4"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 3, ProductType: identify.TypeServer, Suite: identify.SuiteEnterprise | identify.SuiteTerminal}, "Windows 2000 Advanced Server SP3"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ServicePack: 2, ProductType: identify.TypeServer, Suite: identify.SuiteEnterprise | identify.SuiteDatacenter}, "Windows 2000 Datacenter Server SP2"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 2, ProductType: identify.TypeWorkstation, Suite: xpHomeMask}, "Windows XP Starter SP2 or Windows XP Home SP2"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 3, ProductType: identify.TypeWorkstation, Suite: xpUsers}, "Windows XP Professional SP3 or Windows XP Media Center SP3 or Windows XP Tablet PC SP3"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 1}, "Windows XP Starter SP1 or Windows XP Home SP1 or Windows XP Professional SP1 or Windows XP Media Center SP1 or Windows XP Tablet PC SP1"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2710, ServicePack: 2, ProductType: identify.TypeWorkstation, Suite: xpUsers}, "Windows XP Media Center SP2 or Windows XP Tablet PC SP2"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeWorkstation, Suite: xpUsers}, "Windows XP Professional x64 SP2"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: limits.AsReleased, ProductType: identify.TypeWorkstation}, "Windows XP Professional x64 SP1"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ProductType: identify.TypeWorkstation}, "Windows XP Professional x64"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeServer, Suite: serverTS}, "Windows Server 2003 Standard SP2"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 1, ProductType: identify.TypeServer, Suite: serverTS | identify.SuiteEnterprise}, "Windows Server 2003 Enterprise SP1"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 1, ProductType: identify.TypeServer, Suite: serverTS | identify.SuiteDatacenter | identify.SuiteEnterprise}, "Windows Server 2003 Datacenter SP1"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeServer, Suite: serverTS | identify.SuiteBlade}, "Windows Server 2003 Web SP2"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeServer, Suite: serverTS | identify.SuiteHomeServer}, "Windows Home Server"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeDomainController, Suite: serverTS | identify.SuiteSmallBusiness | identify.SuiteSmallBusinessRestricted}, "Windows Small Business Server 2003 Standard SP2 or Windows Small Business Server 2003 Premium SP2"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ServicePack: 2, ProductType: identify.TypeDomainController, Suite: serverTS | identify.SuiteSmallBusiness}, "Windows Server 2003 Standard SP2 or Windows Small Business Server 2003 Standard SP2 or Windows Small Business Server 2003 Premium SP2"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6000, ProductType: identify.TypeWorkstation, SKU: identify.SKUHomeBasic}, "Windows Vista Home Basic SP0"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6001, ProductType: identify.TypeWorkstation, SKU: identify.SKUBusinessN}, "Windows Vista Business SP1"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6002, ServicePack: 2, ProductType: identify.TypeWorkstation, SKU: identify.SKUUltimate}, "Windows Vista Ultimate SP2"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6002, ProductType: identify.TypeWorkstation, Suite: xpHomeMask}, "Windows Vista Starter SP2 or Windows Vista Home Basic SP2 or Windows Vista Home Premium SP2"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6001, ProductType: identify.TypeServer, SKU: identify.SKUStandardServerCore}, "Windows Server 2008 Standard SP1"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6003, ServicePack: 2, ProductType: identify.TypeServer, SKU: identify.SKUEnterpriseServerV}, "Windows Server 2008 Enterprise SP2"},
		{identify.Identity{Major: 6, Minor: 0, Build: 6002, ProductType: identify.TypeServer, SKU: identify.SKUWebServer}, "Windows Server 2008 Web SP2"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: identify.TypeWorkstation, SKU: identify.SKUProfessional}, "Windows 7 Professional SP1"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7600, ProductType: identify.TypeWorkstation, SKU: identify.SKUStarter}, "Windows 7 Starter SP0"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7601, ServicePack: 1, SKU: identify.SKUHomePremiumN}, "Windows 7 Home Premium SP1"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: identify.TypeServer, SKU: identify.SKUServerFoundation}, "Windows Server 2008 R2 Foundation SP1"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: identify.TypeDomainController, SKU: identify.SKUDatacenterServer}, "Windows Server 2008 R2 Datacenter SP1"},
		{identify.Identity{Major: 6, Minor: 2, Build: 9200, SKU: identify.SKUCore}, "Windows 8"},
		{identify.Identity{Major: 6, Minor: 2, Build: 9200, SKU: identify.SKUCoreARM}, "Windows 8 RT"},
		{identify.Identity{Major: 6, Minor: 2, Build: 9200, ProductType: identify.TypeWorkstation, SKU: identify.SKUProfessionalWMC}, "Windows 8 Pro"},
		{identify.Identity{Major: 6, Minor: 2, Build: 9200, ProductType: identify.TypeServer, SKU: identify.SKUStandardServer}, "Windows Server 2012 Standard"},
		{identify.Identity{Major: 6, Minor: 3, Build: 9600, SKU: identify.SKUCoreSingleLanguage}, "Windows 8.1"},
		{identify.Identity{Major: 6, Minor: 3, Build: 9600, ProductType: identify.TypeWorkstation, SKU: identify.SKUEnterpriseN}, "Windows 8.1 Enterprise"},
		{identify.Identity{Major: 6, Minor: 3, Build: 9600, ProductType: identify.TypeServer, SKU: identify.SKUDatacenterEvaluationServer}, "Windows Server 2012 R2 Datacenter"},
		{identify.Identity{Major: 10, Minor: 0, Build: 10240, ProductType: identify.TypeWorkstation, SKU: identify.SKUEnterpriseS}, "Windows 10 Enterprise"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: identify.TypeWorkstation, SKU: identify.SKUProfessional}, "Windows 10 Pro"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19045, SKU: identify.SKUCoreCountrySpecific}, "Windows 10 Home"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19044, SKU: identify.SKUIoTEnterpriseS}, "Windows 10 IoT Enterprise"},
		{identify.Identity{Major: 10, Minor: 0, Build: 17763, SKU: identify.SKUIoTUAP}, "Windows 10 IoT Core"},
		{identify.Identity{Major: 6, Minor: 3, Build: 19045, SKU: identify.SKUEducation}, "Windows 10 Education"}, // as in the registry
		{identify.Identity{Major: 10, Minor: 0, Build: 22000, SKU: identify.SKUCore}, "Windows 11 Home"},
		{identify.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: identify.TypeWorkstation, SKU: identify.SKUProfessional}, "Windows 11 Pro"},
		{identify.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: identify.TypeWorkstation, SKU: identify.SKUEnterprise}, "Windows 11 Enterprise"},
		{identify.Identity{Major: 10, Minor: 0, Build: 14393, ProductType: identify.TypeServer, SKU: identify.SKUStandardServer}, "Windows Server 2016 Standard"},
		{identify.Identity{Major: 10, Minor: 0, Build: 17763, ProductType: identify.TypeServer, SKU: identify.SKUDatacenterServer}, "Windows Server 2019 Datacenter"},
		{identify.Identity{Major: 10, Minor: 0, Build: 20348, SKU: identify.SKUStandardEvaluationServer}, "Windows Server 2022 Standard"},
		{identify.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: identify.TypeServer, SKU: identify.SKUDatacenterServer}, "Windows Server 2025 Datacenter"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: identify.TypeWorkstation, SKU: identify.SKUProWorkstation}, "Windows 10 Pro"},
		{identify.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: identify.TypeWorkstation, SKU: identify.SKUProForEducation}, "Windows 11 Pro"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19045, SKU: identify.SKUServerRDSH}, "Windows 10 Enterprise multi-session"},
		{identify.Identity{Major: 10, Minor: 0, Build: 22631, ProductType: identify.TypeServer, SKU: identify.SKUServerRDSH}, "Windows 11 Enterprise multi-session"},
		{identify.Identity{Major: 10, Minor: 0, Build: 20348, ProductType: identify.TypeServer, SKU: identify.SKUDatacenterServerAzureEdition}, "Windows Server 2022 Datacenter Azure Edition"},
		{identify.Identity{Major: 10, Minor: 0, Build: 26100, ProductType: identify.TypeServer, SKU: identify.SKUDatacenterServerCoreAzureEdition}, "Windows Server 2025 Datacenter Azure Edition"},

		// What is not told stays open.
		{identify.Identity{Major: 10, Minor: 0, Build: 26100, SKU: identify.SKUUnlicensed}, "Windows 11 Home or Windows 11 Pro or Windows 11 Enterprise or Windows 11 Education or Windows 11 IoT Enterprise or Windows Server 2025 Standard or Windows Server 2025 Datacenter or Windows Server 2025 Datacenter Azure Edition"},
		{identify.Identity{Major: 10, Minor: 0, Build: 14393, SKU: identify.SKUUndefined, ProductType: identify.TypeServer}, "Windows Server 2016 Standard or Windows Server 2016 Datacenter"},
		{identify.Identity{Major: 6, Minor: 1, SKU: identify.SKUUltimate, ServicePack: limits.AsReleased}, "Windows 7 Ultimate SP0"},
		{identify.Identity{Major: 6, Minor: 1, SKU: identify.SKUUltimate}, "Windows 7 Ultimate"},
		{identify.Identity{Major: 5, Minor: 1}, "Windows XP Starter or Windows XP Home or Windows XP Professional or Windows XP Media Center or Windows XP Tablet PC"},
		{identify.Identity{Major: 10, Minor: 0, Build: 19045, ProductType: identify.TypeWorkstation, SKU: identify.SKUUltimateN}, // Wine
			"Windows 10 Home or Windows 10 Pro or Windows 10 Enterprise or Windows 10 Education or Windows 10 IoT Core or Windows 10 IoT Enterprise"},
	} {
		got, err := identify.Identify(c.id)
		if assert.NoError(t, err, c.id) {
			assert.Equal(t, c.want, got.String(), c.id)
			checkIdentification(t, got)
		}
	}
}

func TestIdentifyUnlisted(t *testing.T) {
	win10 := []limits.Edition{limits.Windows10Home, limits.Windows10Pro, limits.Windows10Enterprise, limits.Windows10Education, limits.Windows10IoTCore, limits.Windows10IoTEnterprise}
	for _, c := range []struct {
		id   identify.Identity
		near []limits.Edition
		text string
	}{
		{identify.Identity{Major: 10, Build: 19045, ProductType: identify.TypeWorkstation, SKU: identify.SKUCloudEdition}, win10, "10.0.19045, workstation, PRODUCT_CLOUDEDITION"},
		{identify.Identity{Major: 10, Build: 19045, SKU: 0x1234}, win10, "10.0.19045, SKU(0x1234)"},
		{identify.Identity{Major: 10, Build: 17763, ProductType: identify.TypeServer, SKU: identify.SKUHyperV}, []limits.Edition{limits.Server2019Standard, limits.Server2019Datacenter}, "PRODUCT_HYPERV"},
		{identify.Identity{Major: 10, Build: 20348, ProductType: identify.TypeServer, SKU: identify.SKUAzureStackHCIServerCore}, []limits.Edition{limits.Server2022Standard, limits.Server2022Datacenter, limits.Server2022DatacenterAzureEdition}, "AZURESTACKHCI"},
		{identify.Identity{Major: 6, Minor: 1, Build: 7601, ProductType: identify.TypeServer, SKU: identify.SKUWebServer}, []limits.Edition{limits.Server2008R2Foundation, limits.Server2008R2Standard, limits.Server2008R2Enterprise, limits.Server2008R2Datacenter}, "PRODUCT_WEB_SERVER"},
		{identify.Identity{Major: 10, Build: 19042, ProductType: identify.TypeServer, SKU: identify.SKUStandardAServerCore}, nil, "10.0.19042, server, PRODUCT_STANDARD_A_SERVER_CORE"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 3, Suite: identify.SuiteEmbeddedNT}, []limits.Edition{limits.XPStarter, limits.XPHome, limits.XPProfessional, limits.XPMediaCenter, limits.XPTabletPC}, "5.1.2600 SP3, suite 0x40"},
		{identify.Identity{Major: 5, Minor: 2, Build: 3790, ProductType: identify.TypeServer, Suite: identify.SuiteStorageServer}, nil, "suite 0x2000"},
		{identify.Identity{Major: 4, Minor: 0, Build: 1381, ProductType: identify.TypeServer, Suite: identify.SuiteTerminal}, []limits.Edition{limits.NT40Server}, "suite 0x10"},
		{identify.Identity{Major: 5, Minor: 0, Build: 2195, ProductType: identify.TypeServer, Suite: identify.SuiteSmallBusinessRestricted}, []limits.Edition{limits.Windows2000Server, limits.Windows2000AdvancedServer, limits.Windows2000DatacenterServer}, "suite 0x20"},
	} {
		got, err := identify.Identify(c.id)
		checkAnswer(t, got, err)
		assert.ErrorContains(t, err, c.text)
		var unlisted *identify.UnlistedError
		require.ErrorAs(t, err, &unlisted)
		if c.near != nil {
			assert.Equal(t, c.near, unlisted.Nearest, c.id)
		}
	}
}

func TestIdentifyUnknown(t *testing.T) {
	for _, c := range []struct {
		id   identify.Identity
		text string
	}{
		{identify.Identity{Major: 12, Build: 1}, "12.0.1"},
		{identify.Identity{}, `""`},
		{identify.Identity{Major: 6, Minor: 1, Build: 7600, ServicePack: 1, SKU: identify.SKUUltimate, ProductType: identify.TypeWorkstation}, "the nearest is Windows 7 Ultimate"},
		{identify.Identity{Major: 10, Build: 19045, ProductType: identify.TypeDomainController}, "domain-controller"},
		{identify.Identity{Major: 5, Minor: 1, Build: 2600, ProductType: identify.TypeServer}, "5.1.2600, server"},
		{identify.Identity{Major: -1, Minor: -1, Build: -1, ServicePack: -7}, "-1.-1.-1"},
		{identify.Identity{Name: "Ubuntu 22.04", Major: 10, Build: 19045}, "Ubuntu"},
		{identify.Identity{Name: "Windows 10 Pro", SKU: identify.SKUUltimate}, "Windows 10 Pro, PRODUCT_ULTIMATE"},
		{identify.Identity{Name: "Windows 10 Pro", EditionID: "ServerStandard"}, "ServerStandard"},
		{identify.Identity{Name: "Windows 7 Ultimate", Major: 10, Build: 22631}, "Windows 7 Ultimate, 10.0.22631"},
		{identify.Identity{Name: "Windows 10 IoT Core", Major: 10, Build: 22631}, "IoT Core"},
	} {
		got, err := identify.Identify(c.id)
		assert.Zero(t, got)
		require.ErrorIs(t, err, limits.ErrUnknownEdition, c.id)
		assert.NotErrorIs(t, err, identify.ErrUnlisted, c.id)
		assert.ErrorContains(t, err, c.text)
	}
}

func TestIdentifyServicePackError(t *testing.T) {
	for _, id := range []identify.Identity{
		{Major: 5, Minor: 1, Build: 2600, ServicePack: 4},
		{Major: 5, Minor: 1, Build: 2600, ServicePack: limits.ServicePackAt(400)},
		{Major: 10, Build: 19045, ServicePack: 1},
		{Major: 6, Minor: 1, Build: 7601, ServicePack: 2},
	} {
		_, err := identify.Identify(id)
		require.ErrorIs(t, err, limits.ErrServicePack, id)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add(5, 1, 2600, int8(2), uint8(1), uint32(0), uint32(0x300))
	f.Add(10, 0, 19045, int8(0), uint8(3), uint32(0x30), uint32(0))
	f.Add(6, 3, 99999, int8(9), uint8(0), uint32(0xABCDABCD), uint32(0xFFFF))
	f.Fuzz(func(t *testing.T, major, minor, build int, pack int8, productType uint8, sku, suite uint32) {
		got, err := identify.Identify(identify.Identity{
			Major: major, Minor: minor, Build: build, ServicePack: limits.ServicePack(pack),
			ProductType: identify.ProductType(productType), SKU: identify.SKU(sku), Suite: identify.SuiteMask(suite),
		})
		checkAnswer(t, got, err)
	})
}

func TestIdentityText(t *testing.T) {
	assert.Equal(t, "5.1.2600 SP2, workstation, suite 0x100",
		identify.Identity{Major: 5, Minor: 1, Build: 2600, ServicePack: 2, ProductType: identify.TypeWorkstation, Suite: identify.SuiteSingleUserTS}.String())
	assert.Equal(t, "4.0", identify.Identity{Major: 4}.String())

	id, err := identify.Nmap("Windows XP Home SP1 or SP2 or Windows Embedded Standard 2009")
	require.NoError(t, err)
	text, err := json.Marshal(id)
	require.NoError(t, err)
	assert.JSONEq(t, `{"candidates": ["Windows XP Home SP1", "Windows XP Home SP2"], "unlisted": ["Windows Embedded Standard 2009"], "form": "name"}`, string(text))
	var back identify.Identification
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, id, back)

	for p := identify.UnknownProductType; p <= identify.TypeServer; p++ {
		text, err := p.MarshalText()
		require.NoError(t, err)
		var back identify.ProductType
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, p, back)
	}
	assert.Error(t, new(identify.ProductType).UnmarshalText([]byte("mainframe")))
	assert.Equal(t, "ProductType(9)", identify.ProductType(9).String())
}

func ExampleIdentify() {
	found, err := identify.Identify(identify.Identity{
		Major: 10, Minor: 0, Build: 22631,
		ProductType: identify.TypeWorkstation,
		SKU:         identify.SKUProfessional,
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
	_, err := identify.Identify(identify.Identity{Major: 10, Build: 26100, ProductType: identify.TypeWorkstation, SKU: identify.SKUCloudEdition})
	fmt.Println(err)
	// Output:
	// identify: the table has no rules for this edition: "10.0.26100, workstation, PRODUCT_CLOUDEDITION": Windows 11 PRODUCT_CLOUDEDITION; the nearest are Windows 11 Home, Windows 11 Pro, Windows 11 Enterprise, Windows 11 Education, Windows 11 IoT Enterprise
}

func TestIdentityJSON(t *testing.T) {
	for text, want := range map[string]identify.Identity{
		`{"Caption":"Microsoft Windows 10 Pro","Version":"10.0.22631","BuildNumber":"22631","ProductType":1,"OperatingSystemSKU":48,"OSProductSuite":256,"CSDVersion":null,"ServicePackMajorVersion":0}`: {
			Name: "Microsoft Windows 10 Pro", Major: 10, Build: 22631, ProductType: identify.TypeWorkstation, SKU: identify.SKUProfessional, Suite: 256, ServicePack: limits.AsReleased,
		},
		`{"Caption":"Microsoft Windows XP Professional","Version":"5.1.2600","CSDVersion":"Service Pack 3","ServicePackMajorVersion":3}`: {
			Name: "Microsoft Windows XP Professional", Major: 5, Minor: 1, Build: 2600, ServicePack: 3,
		},
		`{"Major":5,"Minor":1}`: {Major: 5, Minor: 1}, // no service pack is named
		`{"name":"Microsoft Windows 11 Pro","version":"10.0.22631","major":"10","minor":"0","build":"22631","platform":"windows"}`: {
			Name: "Microsoft Windows 11 Pro", Major: 10, Build: 22631,
		},
		`{"ProductName":"Windows 10 Enterprise","CurrentVersion":"6.3","CurrentBuild":"22631","CurrentMajorVersionNumber":10,"CurrentMinorVersionNumber":0,"EditionID":"Enterprise","InstallationType":"Client","DisplayVersion":"23H2"}`: {
			Name: "Windows 10 Enterprise", Major: 10, Build: 22631, EditionID: "Enterprise", InstallationType: "Client", Release: "23H2",
		},
		`{"Name":"Microsoft Windows 7 Professional |C:\\Windows|\\Device\\Harddisk0\\Partition2","ServicePackMajorVersion":1}`: {
			Name: "Microsoft Windows 7 Professional", ServicePack: 1,
		},
		`{}`: {},
	} {
		var got identify.Identity
		require.NoError(t, json.Unmarshal([]byte(text), &got), text)
		assert.Equal(t, want, got, text)
		again, err := json.Marshal(got)
		require.NoError(t, err)
		var back identify.Identity
		require.NoError(t, json.Unmarshal(again, &back), string(again))
		assert.Equal(t, got, back, string(again))
	}
	for text, want := range map[string]string{
		`{"Major":"ten"}`:             `identify: Major is "ten"; want a number`,
		`{"ProductType":"mainframe"}`: `identify: ProductType is "mainframe"; want unknown, workstation, domain-controller, server or 0 to 3`,
		`{"ServicePack":"SP9"}`:       `limits: bad service pack "SP9"; want SP0 (as released), SP1 to SP7 or unknown`,
		`[1]`:                         `identify: reading an identity: want a JSON object, not "[1]"`,
	} {
		assert.EqualError(t, json.Unmarshal([]byte(text), new(identify.Identity)), want)
	}
}

func FuzzIdentityJSON(f *testing.F) {
	f.Add(`{"Caption":"Microsoft Windows 10 Pro","Version":"10.0.22631","ProductType":1}`)
	f.Add(`{"Major":5,"Minor":1,"Build":2600,"ServicePack":"SP3","SKU":48,"Suite":256}`)
	f.Fuzz(func(t *testing.T, text string) {
		var id identify.Identity
		if json.Unmarshal([]byte(text), &id) != nil {
			return
		}
		data, err := json.Marshal(id)
		if err != nil {
			return // a service pack that no edition had
		}
		var back identify.Identity
		require.NoError(t, json.Unmarshal(data, &back), string(data))
		got, err := identify.Identify(id)
		checkAnswer(t, got, err)
	})
}
