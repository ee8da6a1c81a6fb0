package main

import (
	"encoding/json"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run([]string{"cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:professional:*:*:*", "Windows 10 Home Education"}, strings.NewReader(""), &out))
	assert.Equal(t, `cpe:2.3:o:microsoft:windows_xp:-:sp3:*:*:professional:*:*:*
  Windows XP Professional SP3
  smb            10         ceiling 10
  iis            10         ceiling 40
  rdp            1          ceiling 1
  tcp-backlog    10         ceiling 10
  tcp-half-open  10         ceiling 10
  tcp-outbound   3976       ceiling 64510
  tcp-other      unlimited  ceiling unlimited
Windows 10 Home Education
  limits: unknown edition: "Windows 10 Home Education"; the nearest are Windows 10 Home, Windows 10 Education
`, out.String())
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	in := "Microsoft Windows [Version 6.1.7601]\n\nMicrosoft Windows XP SP2 or SP3\nMicrosoft Windows 8\nnonsense\n"
	require.NoError(t, run([]string{"-json"}, strings.NewReader(in), &out))
	var candidates []int
	for line := range strings.Lines(out.String()) {
		var f finding
		require.NoError(t, json.Unmarshal([]byte(line), &f))
		candidates = append(candidates, len(f.Candidates))
		assert.Equal(t, len(f.Candidates) == 0, f.Error != "")
	}
	assert.Equal(t, []int{10, 11, 1, 0}, candidates)
}

func TestSysteminfo(t *testing.T) {
	var out strings.Builder
	in := "OS Name: Microsoft Windows XP Home Edition\r\nOS Version: 5.1.2600 Service Pack 2 Build 2600\r\n"
	require.NoError(t, run([]string{"-as", "systeminfo"}, strings.NewReader(in), &out))
	assert.Contains(t, out.String(), "Windows XP Home SP2")
}

func TestDetect(t *testing.T) {
	var out strings.Builder
	err := run([]string{"-as", "detect"}, strings.NewReader(""), &out)
	if runtime.GOOS == "windows" {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestErrors(t *testing.T) {
	var out strings.Builder
	assert.ErrorContains(t, run([]string{"-as", "guess"}, strings.NewReader(""), &out), `unknown kind "guess"`)
	assert.ErrorContains(t, run([]string{"-nonsense"}, strings.NewReader(""), &out), "nonsense")
	assert.Empty(t, out.String())
}
