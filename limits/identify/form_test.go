package identify_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits/identify"
)

func TestForm(t *testing.T) {
	for f := identify.UnknownForm; f <= identify.FormCPE; f++ {
		text, err := f.MarshalText()
		require.NoError(t, err)
		var back identify.Form
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, f, back)
	}
	assert.Equal(t, "Form(99)", identify.Form(99).String())
	_, err := identify.Form(99).MarshalText()
	assert.ErrorContains(t, err, "99 is not a form")
	assert.ErrorContains(t, new(identify.Form).UnmarshalText([]byte("poem")), `unknown form "poem"`)
}

// Recognize says what it read.
func TestFormOf(t *testing.T) {
	for text, want := range map[string]identify.Form{
		"Windows 7 Professional":                                                                identify.FormName,
		"Microsoft Windows [Version 6.1.7601]":                                                  identify.FormVer,
		"Microsoft Windows NT 6.1.7601 Service Pack 1":                                          identify.FormNTVersion,
		"Windows-10-10.0.19045-SP0":                                                             identify.FormNTVersion,
		"Windows 10.0 Build 19041 x64":                                                          identify.FormSMB,
		"Microsoft Windows\nVersion 23H2 (OS Build 22631.3296)":                                 identify.FormWinver,
		"OS Name: Microsoft Windows 7 Ultimate\nOS Version: 6.1.7601 Service Pack 1 Build 7601": identify.FormSysteminfo,
		"    ProductName    REG_SZ    Windows 10 Pro\n    CurrentBuild    REG_SZ    19045":      identify.FormRegistry,
		`{"Caption":"Microsoft Windows 10 Pro"}`:                                                identify.FormRecord,
		"Software: Windows Version 6.1 (Build 7601 Multiprocessor Free)":                        identify.FormSysDescr,
		"winXPProGuest":                         identify.FormIdentifier,
		"Mozilla/5.0 (Windows NT 6.1; rv:10.0)": identify.FormUserAgent,
		"cpe:/o:microsoft:windows_7":            identify.FormCPE,
	} {
		got, err := identify.Recognize(text)
		if assert.NoError(t, err, text) {
			assert.Equal(t, want, got.Form, text)
		}
	}
}
