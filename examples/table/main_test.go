package main

import (
	"bytes"
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
		extra int // lines besides the rules
		keep  func(limits.Rule) bool
	}{
		{nil, "Windows NT 3.1 does not limit SMB sessions. [inferred]", 1, func(limits.Rule) bool { return true }},
		{[]string{"-service", "telnet"}, "Windows XP Professional takes 2 Telnet sessions", 1,
			func(r limits.Rule) bool { return r.Service == limits.Telnet }},
		{[]string{"-windows", "Windows XP Home SP3"}, "Windows XP Home takes 5 SMB sessions", 1,
			func(r limits.Rule) bool { return r.Covers(limits.MustParseWindows("Windows XP Home SP3")) }},
		{[]string{"-symptom", "MSMQ 0xC00E0067"}, "Windows NT 4.0 Workstation takes 10 remote computers", 1,
			func(r limits.Rule) bool { return r.Symptom() == limits.SymptomMSMQOverflow }},
		{[]string{"-format", "csv", "-service", "smtp"}, "product,edition,", 1,
			func(r limits.Rule) bool { return r.Service == limits.SMTP }},
		{[]string{"-format", "markdown", "-service", "smtp"}, "| product | edition |", 2,
			func(r limits.Rule) bool { return r.Service == limits.SMTP }},
	} {
		var out bytes.Buffer
		require.NoError(t, run(test.args, &out), test.args)
		assert.True(t, strings.HasPrefix(out.String(), test.first), out.String())
		want := test.extra
		for r := range limits.Rules() {
			if test.keep(r) {
				want++
			}
		}
		assert.Equal(t, want, strings.Count(out.String(), "\n"), test.args)
	}
}

// Where no service pack is named, the answers of all levels are printed.
func TestUnknownServicePack(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-windows", "XP Pro", "-service", "tcp-half-open"}, &out))
	assert.Contains(t, out.String(), "Windows XP Professional up to SP1 does not limit outbound TCP connection attempts in progress.")
	assert.Contains(t, out.String(), "Windows XP Professional SP2 and later has at most 10 outbound TCP connection attempts in progress")
	for args, not := range map[string]string{"XP Pro SP1": "SP2 and later", "XP Pro as released": "SP2 and later", "XP Pro SP3": "up to SP1"} {
		out.Reset()
		require.NoError(t, run([]string{"-windows", args, "-service", "tcp-half-open"}, &out))
		assert.NotContains(t, out.String(), not, args)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-format", "json", "-service", "smb"}, &out))
	table, err := limits.ReadJSON(&out)
	require.NoError(t, err)
	assert.NotEmpty(t, table.Rules)
	for _, r := range table.Rules {
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
