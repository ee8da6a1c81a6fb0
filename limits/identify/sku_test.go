package identify

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/internal/names"
)

func TestSKUsAreSorted(t *testing.T) {
	assert.True(t, slices.IsSortedFunc(skus[:], func(a, b skuRow) int {
		if a.sku < b.sku {
			return -1
		}
		return 1 // two of one number are not sorted either
	}))
	names := map[string]bool{}
	for _, row := range skus {
		assert.False(t, names[row.name], row.name)
		names[row.name] = true
		assert.Equal(t, row.name, row.sku.String())
		assert.True(t, slices.IsSorted(row.editions), row.name)
		products := map[string]bool{}
		for _, e := range row.editions {
			assert.False(t, products[e.Product()], "%s is two editions of %s", row.name, e.Product())
			products[e.Product()] = true
			assert.False(t, row.unlisted.contains(e), row.name)
		}
	}
}

func TestSKUReachesEveryEditionSinceVista(t *testing.T) {
	reached := map[names.Edition]bool{}
	for _, row := range skus {
		for _, e := range row.editions {
			reached[e] = true
		}
	}
	// The Essentials of 2012 have a SKU that Microsoft's list gives to Small
	// Business Server 2011 Essentials alone.
	for e := names.VistaStarter; e.Valid(); e++ {
		assert.Equal(t, e != names.Server2012Essentials && e != names.Server2012R2Essentials, reached[e], e)
	}
}

func TestSKU(t *testing.T) {
	assert.Equal(t, "PRODUCT_UNDEFINED", SKU(0).String())
	assert.Equal(t, "PRODUCT_UNLICENSED", SKU(0xABCDABCD).String())
	assert.Equal(t, "SKU(0x1234)", SKU(0x1234).String())
	assert.Nil(t, SKU(0x1234).Editions())
	assert.Nil(t, SKUCloudEdition.Editions())
	assert.Equal(t, []limits.Edition{limits.Windows10Pro, limits.Windows11Pro}, SKUProWorkstation.Editions())
	assert.Equal(t, []limits.Edition{limits.VistaUltimate, limits.Windows7Ultimate}, SKUUltimateN.Editions())
	SKUUltimateN.Editions()[0] = 0 // a copy
	assert.Equal(t, []limits.Edition{limits.VistaUltimate, limits.Windows7Ultimate}, SKUUltimateN.Editions())
}

func ExampleSKU() {
	sku := SKU(48) // Win32_OperatingSystem.OperatingSystemSKU
	fmt.Println(sku, sku.Editions())
	// Output: PRODUCT_PROFESSIONAL [Windows 7 Professional Windows 8 Pro Windows 8.1 Pro Windows 10 Pro Windows 11 Pro]
}
