package names

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNumbers(t *testing.T) {
	for name, want := range map[string]struct {
		family Family
		packs  uint16
		broken bool
	}{
		"Windows 10 2004":                  {Family{Windows10Home, Windows10EnterpriseMultiSession}, 0, false}, // a release, and no year
		"Windows XP Version 2002":          {Family{XPStarter, XPTabletPC}, 0, false},
		"Windows XP SP1+":                  {Family{XPStarter, XPTabletPC}, 0xFE, false},
		"Windows 9x":                       {Family{Windows95, WindowsMe}, 0, false},
		"Windows version 10":               {Family{Windows10Home, Windows10EnterpriseMultiSession}, 0, false},
		"Server 2003 SP1, v.3309":          {Family{Server2003Web, Server2003Datacenter}, 1 << 1, false},
		"Windows 7 Build 22631":            {Family{Windows7Starter, Windows7Ultimate}, 0, true},
		"Windows 7 22H2":                   {Family{Windows7Starter, Windows7Ultimate}, 0, true},
		"Windows 10 22631.3155":            {Family{Windows10Home, Windows10EnterpriseMultiSession}, 0, true},
		"Windows Server 2008 - 2008 R2":    {Family{Server2008Web, Server2008R2Datacenter}, 0, false},
		"Windows 2016 build 10586 - 14393": {Family{Server2016Standard, Server2016Datacenter}, 0, false},
		"Windows 7 4 GB":                   {Family{Windows7Starter, Windows7Ultimate}, 0, true},
	} {
		r := Read(name)
		assert.Equal(t, want.family, r.Family, name)
		assert.Equal(t, want.packs, r.Packs, name)
		assert.Equal(t, want.broken, r.Broken(), name)
	}
}

func TestVersionsInANameNarrow(t *testing.T) {
	r := Read("Windows XP 2600 Service Pack 1")
	assert.NotContains(t, r.All(), XPProfessionalX64)
	assert.Contains(t, r.All(), XPProfessional)
	r = Read("Windows 10.0 Build 26100")
	assert.Contains(t, r.All(), Windows11Pro)
	assert.Contains(t, r.All(), Server2025Standard)
	assert.NotContains(t, r.All(), Windows10Pro)
	r = Read("Windows 10 Enterprise 19044 (Windows 10 Enterprise 6.3)")
	assert.False(t, r.Broken(), "6.3 with a build of 10 is 10.0")
}
