package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

func TestSelections(t *testing.T) {
	for _, test := range []struct {
		args  []string
		first string
		lines int
	}{
		{nil, "Windows NT 3.1 does not limit SMB sessions. [inferred]", 762},
		{[]string{"-service", "telnet"}, "Windows XP Professional takes 2 Telnet sessions", 6},
		{[]string{"-windows", "Windows XP Home SP3"}, "Windows XP Home takes 5 SMB sessions", 10},
		{[]string{"-symptom", "MSMQ 0xC00E0067"}, "Windows NT 4.0 Workstation takes 10 remote computers", 4},
		{[]string{"-format", "csv", "-service", "smtp"}, "product,edition,", 3},
		{[]string{"-format", "markdown", "-service", "smtp"}, "| product | edition |", 4},
	} {
		var out bytes.Buffer
		require.NoError(t, run(test.args, &out), test.args)
		assert.True(t, strings.HasPrefix(out.String(), test.first), out.String())
		assert.Equal(t, test.lines, strings.Count(out.String(), "\n"), test.args)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-format", "json", "-service", "smb"}, &out))
	var rules []limits.Rule
	require.NoError(t, json.Unmarshal(out.Bytes(), &rules))
	for _, r := range rules {
		assert.Equal(t, limits.SMB, r.Service)
	}
}

func TestExplain(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-windows", "Windows XP Professional", "-service", "iis", "-explain"}, &out))
	assert.Contains(t, out.String(), "Others say:")
}

func TestErrors(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-format", "xml"}, `-format "xml"`},
		{[]string{"-service", "gopher"}, "want one of smb"},
		{[]string{"-symptom", "blue screen"}, "no symptom found"},
		{[]string{"-windows", "Windows XP Home", "-service", "msmq"}, "no rule known"},
		{[]string{"extra"}, "unexpected argument"},
	} {
		assert.ErrorContains(t, run(test.args, &bytes.Buffer{}), test.want)
	}
}
