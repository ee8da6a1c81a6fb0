package limits_test

import (
	"encoding/json"
	"errors"
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
	for e, want := range map[limits.Edition][]int{
		limits.UnknownEdition:     nil,
		limits.XPProfessional:     {0, 1, 2, 3},
		limits.XPProfessionalX64:  {1, 2},
		limits.Server2008Standard: {1, 2},
		limits.HomeServer:         {2},
		limits.Windows7Ultimate:   {0, 1},
		limits.Windows11Pro:       {0},
	} {
		assert.Equal(t, want, e.ServicePacks(), e)
	}
}

func TestWindowsValid(t *testing.T) {
	for e := range limits.Editions() {
		had := e.ServicePacks()
		for sp := -1; sp <= 10; sp++ {
			err := limits.Windows{Edition: e, ServicePack: sp}.Valid()
			if sp == 0 || slices.Contains(had, sp) {
				assert.NoError(t, err)
				continue
			}
			require.ErrorIs(t, err, limits.ErrServicePack)
			var spErr *limits.ServicePackError
			require.ErrorAs(t, err, &spErr)
			assert.Equal(t, limits.Windows{Edition: e, ServicePack: sp}, spErr.Windows)
		}
	}
	assert.ErrorIs(t, limits.Windows{}.Valid(), limits.ErrUnknownEdition)
	assert.ErrorIs(t, limits.Windows{Edition: 255}.Valid(), limits.ErrUnknownEdition)
}

func TestWindowsTextRoundTrip(t *testing.T) {
	type machine struct {
		Edition limits.Edition
		Windows limits.Windows
		Of      map[limits.Windows]int
	}
	check := func(w limits.Windows) {
		in := machine{w.Edition, w, map[limits.Windows]int{w: 1}}
		text, err := json.Marshal(in)
		require.NoError(t, err)
		var out machine
		require.NoError(t, json.Unmarshal(text, &out), "%s", text)
		assert.Equal(t, in, out)
	}
	check(limits.Windows{})
	for e := range limits.Editions() {
		for _, sp := range append(e.ServicePacks(), 0) {
			check(limits.Windows{Edition: e, ServicePack: sp})
		}
	}
}

func TestWindowsMarshalRejects(t *testing.T) {
	_, err := limits.Edition(255).MarshalText()
	assert.EqualError(t, err, "limits: Edition(255) is not an edition")
	_, err = limits.Windows{Edition: 255}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrUnknownEdition)
	_, err = limits.Windows{Edition: limits.Windows10Pro, ServicePack: 1}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrServicePack)
	_, err = limits.Windows{ServicePack: 1}.MarshalText()
	assert.ErrorIs(t, err, limits.ErrUnknownEdition)
}

func TestWindowsUnmarshalKeepsOnError(t *testing.T) {
	w := limits.Windows{Edition: limits.XPHome, ServicePack: 2}
	require.ErrorIs(t, w.UnmarshalText([]byte("XP Home SP4")), limits.ErrServicePack)
	require.ErrorIs(t, w.UnmarshalText([]byte("Windows 7")), limits.ErrAmbiguous)
	assert.Equal(t, limits.Windows{Edition: limits.XPHome, ServicePack: 2}, w)

	e := limits.XPHome
	require.ErrorIs(t, e.UnmarshalText([]byte("Windows 7")), limits.ErrAmbiguous)
	assert.Equal(t, limits.XPHome, e)
	require.NoError(t, e.UnmarshalText([]byte("unknown")))
	assert.Zero(t, e)
}

func ExampleEdition_ServicePacks() {
	fmt.Println(limits.XPProfessional.ServicePacks())
	fmt.Println(limits.Server2008Standard.ServicePacks())
	// Output:
	// [0 1 2 3]
	// [1 2]
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

func ExampleWindows_Valid() {
	err := limits.Windows{Edition: limits.XPHome, ServicePack: 4}.Valid()
	fmt.Println(errors.Is(err, limits.ErrServicePack))
	fmt.Println(err)
	// Output:
	// true
	// limits: Windows XP Home never had service pack 4; its levels are 0 (as released), 1, 2, 3
}

func ExampleWindows_json() {
	text, _ := json.Marshal(map[string]limits.Windows{"target": {Edition: limits.XPProfessional, ServicePack: 2}})
	fmt.Println(string(text))

	var read map[string]limits.Windows
	fmt.Println(json.Unmarshal([]byte(`{"target": "xp pro sp2"}`), &read), read["target"])
	// Output:
	// {"target":"Windows XP Professional SP2"}
	// <nil> Windows XP Professional SP2
}
