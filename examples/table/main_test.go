package main

import (
	"bytes"
	"os"
	"path/filepath"
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
		{[]string{"-symptom", "MSMQ 0xC00E0067"}, `"MSMQ 0xC00E0067" was read as 0xC00E0067, MQ_ERROR_DEPEND_WKS_LICENSE_OVERFLOW.` + "\n\nWindows NT 4.0 Workstation takes 10 remote computers", 4,
			func(r limits.Rule) bool { return r.Symptom() == limits.SymptomMSMQOverflow }},
		{[]string{"-service", "Tomcat", "-windows", "XP Pro"}, `"tomcat" was read as any program that is not a service of Windows (tcp-other, tcp-backlog).` + "\n\nWindows XP Professional holds 10", 3,
			func(r limits.Rule) bool {
				return r.Edition == limits.XPProfessional && (r.Service == limits.TCPOther || r.Service == limits.TCPBacklog)
			}},
		{[]string{"-service", "file sharing and vpn", "-windows", "Windows 2000"}, `"Windows 2000" can be Windows 2000 Professional or `, 7,
			func(r limits.Rule) bool {
				return r.Edition.Product() == "Windows 2000" && (r.Service == limits.SMB || r.Service == limits.RAS)
			}},
		{[]string{"-format", "csv", "-service", "smtp"}, "product,edition,", 1,
			func(r limits.Rule) bool { return r.Service == limits.SMTP }},
		{[]string{"-format", "csv", "-service", "e-mail"}, "product,edition,", 1,
			func(r limits.Rule) bool { return r.Service == limits.SMTP }},
		{[]string{"-format", "markdown", "-service", "smtp"}, "| product | edition |", 2,
			func(r limits.Rule) bool { return r.Service == limits.SMTP }},
	} {
		var out bytes.Buffer
		require.NoError(t, run(test.args, &out, 0), test.args)
		assert.True(t, strings.HasPrefix(out.String(), test.first), out.String())
		want := test.extra
		for r := range limits.Rules() {
			if test.keep(r) {
				want++
			}
		}
		assert.Equal(t, want, strings.Count(out.String(), "\n"), "%s", out.String())
	}
}

// Where no service pack is named, the answers of all levels are printed.
func TestUnknownServicePack(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-windows", "XP Pro", "-service", "tcp-half-open"}, &out, 0))
	assert.Contains(t, out.String(), "Windows XP Professional up to SP1 does not limit outbound TCP connection attempts in progress.")
	assert.Contains(t, out.String(), "Windows XP Professional SP2 and later has at most 10 outbound TCP connection attempts in progress")
	for args, not := range map[string]string{"XP Pro SP1": "SP2 and later", "XP Pro as released": "SP2 and later", "XP Pro SP3": "up to SP1"} {
		out.Reset()
		require.NoError(t, run([]string{"-windows", args, "-service", "tcp-half-open"}, &out, 0))
		assert.NotContains(t, out.String(), not, args)
	}
}

// Where the name is ambiguous, the range over its candidates is printed.
func TestAmbiguousName(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-windows", "XP", "-service", "half open"}, &out, 0))
	assert.Contains(t, out.String(), `"XP" can be Windows XP Starter or Windows XP Home or Windows XP Professional or `)
	assert.Contains(t, out.String(), "\n  tcp-half-open  10 to unlimited\n")
	out.Reset()
	require.NoError(t, run([]string{"-windows", "Windows 7", "-service", "iis"}, &out, 0))
	assert.Contains(t, out.String(), "\n  iis            1 to 10\n")
	out.Reset()
	require.NoError(t, run([]string{"-windows", "XP", "-service", "iis"}, &out, 0))
	assert.Contains(t, out.String(), "\n  iis            absent to 10 (raised: absent to 40)\n")
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-format", "json", "-service", "cifs"}, &out, 0))
	table, err := limits.ReadJSON(&out)
	require.NoError(t, err)
	assert.NotEmpty(t, table.Rules)
	for _, r := range table.Rules {
		assert.Equal(t, limits.SMB, r.Service)
	}
}

func TestExplain(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-windows", "Windows XP Professional", "-service", "iis", "-explain"}, &out, 0))
	assert.Contains(t, out.String(), "Evidence (10 documented, 40 reported):")
	assert.Contains(t, out.String(), "Others say:")
}

// A symptom that no limit has is answered all the same.
func TestSymptomOfNoLimit(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-symptom", "WSAETIMEDOUT (10060)"}, &out, 0))
	assert.Contains(t, out.String(), "None of these rules has that symptom.")
	assert.Contains(t, out.String(), "What else to check: No limit of the table causes it")
}

func TestHelp(t *testing.T) {
	for _, flag := range []string{"-h", "-help", "--help"} {
		var out bytes.Buffer
		require.NoError(t, run([]string{flag}, &out, 80))
		first, rest, _ := strings.Cut(out.String(), "\n")
		assert.Equal(t, "Table prints how many clients each edition of Windows takes at the same time,", first)
		assert.Contains(t, rest, "-windows")
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("x", 100000)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"-format", "xml"}, `-format "xml"`},
		{[]string{"-service", "gopher"}, "want one of smb"},
		{[]string{"-symptom", "blue screen"}, "no symptom found"},
		{[]string{"-windows", "Windows 13"}, `unknown edition: "Windows 13"`},
		{[]string{"-windows", "XP Home SP4"}, "never had service pack 4"},
		{[]string{"-windows", "Windows XP Home", "-service", "msmq"}, "no rule known"},
		{[]string{"-clients", "many"}, `"many" for flag -clients`},
		{[]string{"-windows", "XP Pro", "-clients", "9"}, "-clients needs -why"},
		{[]string{"-nonsense"}, "-nonsense"},
		{[]string{"-why"}, "-why needs -windows"},
		{[]string{"-why", "-windows", "XP Pro", "-service", "iis"}, "which is 1 or more"},
		{[]string{"-why", "-windows", "XP Pro", "-clients", "9"}, "-why needs"},
		{[]string{"extra"}, "unexpected argument"},
		{[]string{long}, "unexpected argument"},
		{[]string{"-format", long}, "-format"},
		{[]string{"-service", long}, "no service found"},
		{[]string{"-symptom", long}, "no symptom found"},
		{[]string{"-windows", long}, "the name has 100000 bytes"},
	} {
		var out bytes.Buffer
		err := run(test.args, &out, 0)
		if assert.ErrorContains(t, err, test.want) {
			assert.NotContains(t, err.Error(), "\n", "a bad value is one line")
			assert.Less(t, len(err.Error()), 600)
		}
		assert.Empty(t, out.String())
	}
}

func TestColumns(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "rules.txt"))
	require.NoError(t, err)
	assert.Zero(t, columns(file))
	require.NoError(t, file.Close())
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a device, as a terminal is
	require.NoError(t, err)
	assert.Equal(t, 80, columns(terminal))
	require.NoError(t, terminal.Close())
}
