package limits_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestEditions(t *testing.T) {
	all := slices.Collect(limits.Editions())
	assert.Equal(t, limits.NT31, all[0])
	assert.Equal(t, limits.Server2025DatacenterAzureEdition, all[len(all)-1])
	assert.NotContains(t, all, limits.UnknownEdition)
	seen := map[string]bool{}
	for _, e := range all {
		assert.NotEmpty(t, e.Product(), e)
		assert.NotEmpty(t, e.Name(), e)
		assert.False(t, seen[e.String()], "two editions are %v", e)
		seen[e.String()] = true
		require.NotEmpty(t, e.ServicePacks(), e)
	}
	for range limits.Editions() {
		break // a stopped iteration must not panic
	}
}

func TestEditionStrings(t *testing.T) {
	for e, want := range map[limits.Edition][3]string{
		limits.UnknownEdition:          {"unknown", "unknown", "unknown"},
		limits.Edition(255):            {"Edition(255)", "unknown", "unknown"},
		limits.XPProfessional:          {"Windows XP Professional", "Windows XP", "Professional"},
		limits.Windows8:                {"Windows 8", "Windows 8", "Core"},
		limits.Windows81RT:             {"Windows 8.1 RT", "Windows 8.1", "RT"},
		limits.Server2008R2Standard:    {"Windows Server 2008 R2 Standard", "Windows Server 2008 R2", "Standard"},
		limits.Windows2000Professional: {"Windows 2000 Professional", "Windows 2000", "Professional"},
	} {
		assert.Equal(t, want, [3]string{e.String(), e.Product(), e.Name()})
	}
}

func TestEditionServer(t *testing.T) {
	for e, want := range map[limits.Edition]bool{
		limits.UnknownEdition:                 false,
		limits.Edition(255):                   false,
		limits.NT31:                           false,
		limits.NT31AdvancedServer:             true,
		limits.NT40Workstation:                false,
		limits.NT40Server:                     true,
		limits.Windows2000Professional:        false,
		limits.Windows2000DatacenterServer:    true,
		limits.XPProfessionalX64:              false,
		limits.SmallBusinessServer2003Premium: true,
		limits.HomeServer:                     true,
		limits.Server2025Datacenter:           true,
		limits.Windows11IoTEnterprise:         false,
	} {
		assert.Equal(t, want, e.Server(), e)
	}
}

func TestEditionServicePacks(t *testing.T) {
	for e, want := range map[limits.Edition][]limits.ServicePack{
		limits.UnknownEdition:     nil,
		limits.XPProfessional:     {limits.AsReleased, 1, 2, 3},
		limits.XPProfessionalX64:  {1, 2},
		limits.Server2008Standard: {1, 2},
		limits.HomeServer:         {2},
		limits.Windows7Ultimate:   {limits.AsReleased, 1},
		limits.Windows11Pro:       {limits.AsReleased},
	} {
		assert.Equal(t, want, e.ServicePacks(), e)
	}
}

func ExampleEdition_ServicePacks() {
	fmt.Println(limits.XPProfessional.ServicePacks())
	fmt.Println(limits.Server2008Standard.ServicePacks())
	// Output:
	// [SP0 SP1 SP2 SP3]
	// [SP1 SP2]
}

func ExampleEdition_Server() {
	fmt.Println(limits.Windows10Pro.Server(), limits.Server2019Standard.Server())
	// Output: false true
}

func ExampleEditions() {
	for e := range limits.Editions() {
		if e.Product() == "Windows Vista" {
			fmt.Println(e.Name())
		}
	}
	// Output:
	// Starter
	// Home Basic
	// Home Premium
	// Business
	// Enterprise
	// Ultimate
}
