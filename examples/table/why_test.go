package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhy(t *testing.T) {
	for _, test := range []struct {
		windows, service, clients string
		want                      []string
	}{
		{"XP Pro SP3", "http", "40", []string{
			`"http" was read as the web server of Windows (iis).`,
			"Is it the limit of iis, the web server of Windows? Yes: 10 get in, 30 do not.",
			"Windows XP Professional takes 10 connections to its web server (IIS)", "[10 documented, 40 reported]",
			"The 11th client sees: HTTP 403.9: ", "Changing it: cscript adsutil.vbs", "What else to check: Idle connections count",
			"Other limits that the same clients can meet:\n- Windows XP Professional holds 10 TCP connections that wait to be accepted",
			"- The licence of Windows XP Professional allows 10 devices",
		}},
		{"XP Pro SP3", "iis", "10", []string{"No, 10 clients fit.", "The 11th client sees: HTTP 403.9"}},
		{"XP Home", "iis", "10", []string{"No, there is no such service."}},
		{"XP Pro", "apache", "40", []string{
			"Is it the limit of tcp-other, any program that is not a service of Windows? No, there is no limit.",
			"Is it the limit of tcp-backlog, connections that a program has not accepted yet? Yes, if all 40 come before the program accepts one.",
			"The 11th client sees: WSAECONNREFUSED 10061", "A port on which nothing listens, and a firewall that resets, look exactly the same.",
		}},
		{"Windows 7 Professional", "web", "11", []string{"Yes: 10 get in at a time, and the others wait.", "The 11th client sees: HTTP request open without an answer", "When the queue is full: HTTP 503"}},
		{"Windows 10 Pro", "remote desktop", "2", []string{"Yes: 1 gets in at a time, and a new one may displace an old one.", "The 2nd client sees: "}},
		{"Vista Starter", "smb", "1", []string{"Yes: none gets in.", "The 1st client sees: NTSTATUS 0xC00000D0"}},
		{"XP Pro", "licence", "11", []string{"No, nothing enforces it."}},
		{"XP Pro", "telnet", "3", []string{"Yes: 2 get in, 1 does not.", "What the 3rd client sees is not known."}},
		{"Windows 11 Enterprise multi-session", "smb", "21", []string{"That is not known. The table has no row for it"}},
		{"XP", "iis", "40", []string{
			"It depends on the edition: absent to 10.",
			"No, there is no such service.\nWindows XP Home has no web server of its own (IIS). [reported] The same holds for Windows XP Starter.",
			"Yes: 10 get in, 30 do not.\nWindows XP Professional takes 10", "The same holds for Windows XP Media Center, Windows XP Tablet PC.",
		}},
		{"XP Pro", "half open", "20", []string{
			"It depends on the service pack: 10 to unlimited.",
			"Windows XP Professional up to SP1 does not limit", "Windows XP Professional SP2 and later has at most 10",
		}},
	} {
		var out bytes.Buffer
		require.NoError(t, run([]string{"-why", "-windows", test.windows, "-service", test.service, "-clients", test.clients}, &out, 0))
		for _, want := range test.want {
			assert.Contains(t, out.String(), want, test)
		}
	}
}

func TestWhySymptom(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run([]string{"-why", "-windows", "XP Pro", "-symptom", "I get no connection", "-clients", "40"}, &out, 0))
	assert.Contains(t, out.String(), "Is it the limit of tcp-backlog, connections that a program has not accepted yet? Yes, if all 40 come before the program accepts one.")
	out.Reset()
	require.NoError(t, run([]string{"-why", "-windows", "XP Pro", "-symptom", "it times out: timed out", "-clients", "40"}, &out, 0))
	assert.Contains(t, out.String(), "Is it a limit of Windows? No.")
}

func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 111: "111th", 16777217: "16777217th"} {
		assert.Equal(t, want, ordinal(n))
	}
}
