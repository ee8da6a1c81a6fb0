package main

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits/identify"
)

func TestText(t *testing.T) {
	var out strings.Builder
	err := run([]string{"cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:professional:*:*:*", "Windows 10 Home Education", "Windows 10 Pro 10.0.22631"}, strings.NewReader(""), &out)
	assert.ErrorIs(t, err, errNotRecognised)
	assert.Equal(t, `cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:professional:*:*:*
  Windows XP Professional SP3
  smb            10
  iis            10 (raised: 40)
  rdp            1
  tcp-backlog    10
  tcp-half-open  10
  tcp-outbound   3976 (raised: 64510)
  tcp-other      unlimited
Windows 10 Home Education
  not recognised: unknown edition: "Windows 10 Home Education"; the nearest are Windows 10 Home, Windows 10 Education
Windows 10 Pro 10.0.22631
  Windows 11 Pro
  but the name says Windows 10, version 10.0.22631 is Windows 11
  smb            20
  iis            10
  rdp            1
  tcp-backlog    200 (raised: 65535)
  tcp-half-open  unlimited
  tcp-outbound   16384 (raised: 64511)
  tcp-other      unlimited
`, out.String())

	out.Reset()
	require.NoError(t, run([]string{`{"Major":10,"Minor":0,"Build":17763,"ProductType":3}`, "Windows CE 5.0"}, nil, &out))
	assert.Contains(t, out.String(), "  smb            16777216   not known for Windows 10 Enterprise multi-session\n")
	assert.Contains(t, out.String(), "Windows CE 5.0\n  "+strings.TrimPrefix(identify.ErrUnlisted.Error(), "identify: ")+": \"Windows CE 5.0\"\n")
}

// lines runs the program and returns its JSON lines.
func lines(t *testing.T, in string, args ...string) (all []map[string]any, err error) {
	t.Helper()
	var out strings.Builder
	err = run(append([]string{"-json"}, args...), strings.NewReader(in), &out)
	for line := range strings.Lines(out.String()) {
		var v map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		all = append(all, v)
	}
	return all, err
}

func TestJSON(t *testing.T) {
	in := "Microsoft Windows [Version 6.1.7601]\n\nMicrosoft Windows XP SP2 or SP3\nMicrosoft Windows 8\nWindows Embedded Standard 2009\nWindows 10 Enterprise 10.0.26100\n"
	all, err := lines(t, in)
	require.NoError(t, err, "all are recognised or unlisted")
	require.Len(t, all, 5)
	var candidates []int
	for _, v := range all {
		for _, key := range []string{"revision", "input", "form", "candidates", "unlisted", "conflicts"} {
			assert.Contains(t, v, key)
		}
		assert.NotContains(t, v, "error")
		candidates = append(candidates, len(v["candidates"].([]any)))
	}
	assert.Equal(t, []int{10, 11, 4, 0, 1}, candidates)
	assert.Equal(t, "ver", all[0]["form"])
	assert.Equal(t, []any{"Windows Embedded Standard 2009"}, all[3]["unlisted"])
	assert.Equal(t, []any{"Windows 11 Enterprise"}, all[4]["candidates"])
	assert.Equal(t, []any{"the name says Windows 10, version 10.0.26100 is Windows 11"}, all[4]["conflicts"])
	assert.Equal(t, map[string]any{
		"default": map[string]any{"min": 20.0, "max": 20.0}, "ceiling": map[string]any{"min": 20.0, "max": 20.0},
		"grade": "reported", "sources": []any{"ndi-client-features", "lubrano-2025"},
	}, all[4]["limits"].(map[string]any)["smb"])

	all, err = lines(t, "Windows 7\nSun Solaris 9 or 10\n")
	assert.ErrorIs(t, err, errNotRecognised)
	require.Len(t, all, 2)
	assert.Equal(t, map[string]any{"input": "Sun Solaris 9 or 10", "error": `limits: unknown edition: "Sun Solaris 9 or 10"`}, all[1])
}

// Records in JSON can go over several lines, and an array has one entry each.
func TestRecords(t *testing.T) {
	in := `{"Caption":"Microsoft Windows 7 Professional ","Version":"6.1.7601"}
Windows XP Home SP2
[
  {
    "Caption":  "Microsoft Windows 11 Pro",
    "BuildNumber":  "22631"
  },
  {"Caption": "Microsoft Windows Server 2022 Standard"}
]
{"Caption": "Microsoft Windows 10 Pro" and no end
Windows 8.1 Pro
`
	all, err := lines(t, in)
	require.NoError(t, err)
	var names []any
	for _, v := range all {
		names = append(names, v["candidates"].([]any)[0])
	}
	assert.Equal(t, []any{"Windows 7 Professional SP1", "Windows XP Home SP2", "Windows 11 Pro", "Windows Server 2022 Standard", "Windows 10 Pro", "Windows 8.1 Pro"}, names)
}

func TestWhole(t *testing.T) {
	in := "OS Name: Microsoft Windows XP Home Edition\r\nOS Version: 5.1.2600 Service Pack 2 Build 2600\r\n"
	for _, args := range [][]string{{"-whole"}, {"-as", "systeminfo"}} {
		all, err := lines(t, in, args...)
		require.NoError(t, err)
		require.Len(t, all, 1)
		assert.Equal(t, "OS Name: Microsoft Windows XP Home Edition ...", all[0]["input"])
		assert.Equal(t, []any{"Windows XP Home SP2"}, all[0]["candidates"])
	}
	all, err := lines(t, strings.Repeat("x", 10<<20), "-whole")
	assert.ErrorIs(t, err, errNotRecognised)
	require.Len(t, all, 1)
	assert.Less(t, len(all[0]["error"].(string)), 200)
	assert.Less(t, len(all[0]["input"].(string)), 100)
}

func TestRules(t *testing.T) {
	all, err := lines(t, "Windows XP Professional SP3\nWindows XP Professional SP2 or SP3\n", "-rules")
	require.NoError(t, err)
	require.Len(t, all, 3)
	rules := all[2]["rules"].([]any)
	seen := map[string]bool{}
	for _, r := range rules {
		rule := r.(map[string]any)
		assert.Equal(t, "Professional", rule["edition"])
		assert.False(t, seen[rule["service"].(string)], "%v is there twice", rule["service"])
		seen[rule["service"].(string)] = true
	}
	assert.True(t, seen["smb"])

	var out strings.Builder
	require.NoError(t, run([]string{"-rules", "Windows XP Professional SP3"}, nil, &out))
	assert.Contains(t, out.String(), "Windows XP Professional takes 10 SMB sessions at the same time and refuses the next one. (documented)")
}

func TestForms(t *testing.T) {
	for _, c := range [][3]string{
		{"ad", "10.0 (22631)", "Windows 11 Home"},
		{"winver", "Version 23H2 (OS Build 22631.3296)", "Windows 11 Home"},
		{"winver", "Version 5.1 (Build 2600.xpsp_sp3_gdr.100427-1636 : Service Pack 3", "Windows XP Starter SP3"},
		{"smb", "10.0 Build 20348", "Windows Server 2022 Standard"},
	} {
		all, err := lines(t, "", "-as", c[0], c[1])
		require.NoError(t, err, c)
		assert.Equal(t, c[2], all[0]["candidates"].([]any)[0], c)
		_, err = lines(t, "", c[1])
		assert.ErrorIs(t, err, errNotRecognised, "a number alone is not an edition")
	}
}

func TestDetect(t *testing.T) {
	var out strings.Builder
	err := run([]string{"-as", "detect"}, strings.NewReader(""), &out)
	if runtime.GOOS == "windows" {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "this machine does not run Windows")
}

func TestErrors(t *testing.T) {
	var out strings.Builder
	assert.ErrorContains(t, run([]string{"-as", "guess"}, strings.NewReader(""), &out), `-as "guess": want any, caption, `)
	assert.ErrorContains(t, run([]string{"-nonsense"}, strings.NewReader(""), &out), "nonsense")
	assert.ErrorContains(t, run([]string{"-whole", "Windows 7"}, strings.NewReader(""), &out), `"Windows 7"`)
	assert.Empty(t, out.String())
	assert.NoError(t, run([]string{"-help"}, strings.NewReader(""), &out))
	assert.Contains(t, out.String(), "-whole")
}
