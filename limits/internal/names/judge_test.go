package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUnlisted(t *testing.T) {
	for name, want := range map[string]bool{
		"Windows Server 2019 Essentials":     true,
		"Windows Server 2012 Essentials":     false,
		"Windows Web Server 2008 R2":         true,
		"Windows Web Server 2008":            false,
		"Windows NT 4.0 Terminal Server":     true,
		"Windows Small Business Server 2008": true,
		"Windows Small Business Server 2003": false,
		"Windows Home Server 2011":           true,
		"Windows 11 SE":                      true,
		"Windows 98 SE":                      false,
		"Windows 10 S":                       true,
		"Windows 10 Pro in S mode":           false,
		"Windows 3.1":                        true,
		"Windows NT 3.1":                     false,
		"Windows 3.11":                       true,
		"Windows 7 Beta":                     true,
		"Windows 10 Enterprise 10130":        true,
		"Windows 10.0.9926":                  true,
		"Windows CE 5.0":                     true,
		"Windows XP speed":                   false, // and no PE
	} {
		r := Read(name)
		assert.Equal(t, want, r.Unlisted, name)
	}
}

func TestNTIsTheFamily(t *testing.T) {
	r := Read("Windows NT")
	_, one := r.One()
	assert.False(t, one, "not NT 3.1")
	assert.Equal(t, Family{NT31, NT40Server}, r.Family)
	r = Read("Windows NT 6.1")
	assert.Equal(t, Family{}, r.Family, "a version says more")
	r = Read("Windows 98 NT")
	assert.True(t, r.Broken())
}
