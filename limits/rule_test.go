package limits

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRuleString(t *testing.T) {
	for _, test := range []struct {
		w    Windows
		s    Service
		want string
	}{
		{Windows{XPHome, 0}, SMB, "Windows XP Home takes 5 SMB sessions at the same time and refuses the next one."},
		{Windows{XPProfessional, 0}, IIS, "Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40."},
		{Windows{XPHome, 0}, IIS, "Windows XP Home has no web server of its own (IIS)."},
		{Windows{Windows7Starter, 0}, IIS, "Windows 7 Starter executes 1 request to its web server (IIS) at the same time; the next one waits in a queue of 1000."},
		{Windows{Server2003Standard, 0}, IIS, "Windows Server 2003 Standard does not limit connections to its web server (IIS)."},
		{Windows{XPProfessional, 2}, TCPHalfOpen, "Windows XP Professional SP2 and later has at most 10 outbound TCP connection attempts in progress at the same time; the next one waits in a queue."},
		{Windows{XPProfessional, AsReleased}, TCPHalfOpen, "Windows XP Professional up to SP1 does not limit outbound TCP connection attempts in progress."},
		{Windows{VistaUltimate, AsReleased}, TCPHalfOpen, "Windows Vista Ultimate as released has at most 10 outbound TCP connection attempts in progress at the same time; the next one waits in a queue."},
		{Windows{VistaUltimate, 1}, TCPHalfOpen, "Windows Vista Ultimate SP1 has at most 10 outbound TCP connection attempts in progress at the same time; the next one waits in a queue."},
		{Windows{VistaUltimate, 2}, TCPHalfOpen, "Windows Vista Ultimate SP2 does not limit outbound TCP connection attempts in progress."},
		{Windows{Server2008Standard, AsReleased}, TCPHalfOpen, "Windows Server 2008 Standard as released has at most 10 outbound TCP connection attempts in progress at the same time; the next one waits in a queue."},
		{Windows{NT40Workstation, 3}, IIS, "Windows NT 4.0 Workstation SP2 and later takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40."},
		{Windows{XPProfessional, 0}, RDP, "Windows XP Professional takes 1 Remote Desktop session at the same time; the next one may displace a present one."},
		{Windows{XPProfessional, 0}, Telnet, "Windows XP Professional takes 2 Telnet sessions at the same time and refuses the next one; the number can be raised."},
		{Windows{VistaStarter, 0}, SMB, "Windows Vista Starter takes no SMB session and refuses the first one."},
		{Windows{XPProfessional, 0}, Licence, "The licence of Windows XP Professional allows 10 devices to connect; nothing in Windows enforces that number."},
		{Windows{SmallBusinessServer2003Premium, 0}, Licence, "The licence of Windows Small Business Server 2003 Premium allows 5 users to connect, and with more licences 75; nothing in Windows enforces that number."},
	} {
		r, err := Lookup(test.w, test.s)
		require.NoError(t, err)
		assert.Equal(t, test.want, r.String())
	}
	assert.Equal(t, "How many unknown unknown takes is not known.", Rule{}.String())
}

func TestEveryRuleExplainsItself(t *testing.T) {
	for r := range Rules() {
		sentence := r.String()
		assert.True(t, strings.HasSuffix(sentence, "."), sentence)
		assert.NotContains(t, sentence, "unknown")
		assert.NotContains(t, sentence, "%!")
		text := r.Explain()
		assert.True(t, strings.HasPrefix(text, sentence+"\n"), text)
		assert.Contains(t, text, "Evidence ("+r.Evidence()+"):")
		assert.Contains(t, text, "\nChanging it: ")
		for _, s := range r.Sources() {
			assert.Contains(t, text, string(s.Key))
		}
		assert.Equal(t, len(r.Rivals()) > 0, strings.Contains(text, "Others say:"))
	}
}

func TestExplainSaysHowToChange(t *testing.T) {
	for _, test := range []struct {
		w    Windows
		s    Service
		want string
	}{
		{Windows{XPProfessional, 0}, SMB, "can lower the number, never raise it"},
		{Windows{XPProfessional, 0}, IIS, "adsutil.vbs set w3svc/MaxConnections N, with N up to 40"},
		{Windows{Windows2000Professional, 0}, IIS, "can lower it, from 10"},
		{Windows{NT40Server, 0}, IIS, "without an upper bound"},
		{Windows{NT40Workstation, 3}, IIS, "the setting MaxConnections of the service; the highest that it takes is 40"},
		{Windows{NT40Workstation, 3}, FTP, "the highest that it takes is 40"},
		{Windows{NT40Workstation, 1}, FTP, "FTP service, without an upper bound"},
		{Windows{SmallBusinessServer2003Premium, 0}, SMB, "client licences in packs raise it, to 75"},
		{Windows{Server2003Enterprise, 0}, RAS, "more than 1000 need a restart"},
		{Windows{Server2008Standard, 0}, RADIUS, "no setting is known"},
		{Windows{XPProfessional, 0}, TCPBacklog, "no setting raises it"},
		{Windows{Windows8Pro, 0}, TCPBacklog, "SOMAXCONN_HINT(N)"},
		{Windows{NT351Workstation, 4}, TCPOutbound, "no setting is known"},
		{Windows{NT351Workstation, 5}, TCPOutbound, "MaxUserPort, 5000 to 65534"},
		{Windows{XPProfessional, 0}, TCPOutbound, "TcpTimedWaitDelay, 30 to 300 s"},
		{Windows{VistaStarter, 0}, TCPOutbound, "netsh int ipv4 set dynamicport"},
		{Windows{Windows98, 0}, TCPOutbound, "MaxConnections of MSTCP"},
		{Windows{WindowsMe, 0}, TCPOther, "MaxConnections of MSTCP"},
		{Windows{Windows95, 0}, IIS, "can lower it, from 10"},
		{Windows{Windows7Professional, 0}, IIS, "no setting does"},
		{Windows{VistaUltimate, 2}, TCPHalfOpen, "EnableConnectionRateLimiting = 1"},
		{Windows{XPProfessional, 2}, TCPHalfOpen, "programs that patch tcpip.sys"},
		{Windows{XPHome, 0}, IIS, "there is nothing to change"},
		{Windows{XPProfessional, 0}, Telnet, "tlntadmn"},
		{Windows{Server2025Standard, 0}, RDP, "then licences decide"},
		{Windows{XPProfessional, 0}, RDP, "no setting does"},
		{Windows{XPProfessional, 0}, FTP, "MaxConnections of the FTP service"},
		{Windows{XPProfessional, 0}, MSMQ, "no setting is known"},
		{Windows{XPProfessional, 0}, Licence, "between the licensee and Microsoft"},
		{Windows{XPProfessional, 0}, TCPOther, "nothing to raise"},
	} {
		r, err := Lookup(test.w, test.s)
		require.NoError(t, err)
		assert.Contains(t, r.Explain(), test.want)
	}
}

// A caller that changes what a rule hands out does not change the table.
func TestEvidenceIsACopy(t *testing.T) {
	r, err := Lookup(Windows{Edition: XPProfessional}, IIS)
	require.NoError(t, err)
	r.Sources()[0].Title = "changed"
	r.Rivals()[0].Value = Number(1)
	again, err := Lookup(Windows{Edition: XPProfessional}, IIS)
	require.NoError(t, err)
	assert.Equal(t, r, again)
	assert.NotEqual(t, "changed", again.Sources()[0].Title)
}

// What Change cites is in the bibliography.
func TestChangeCitesSources(t *testing.T) {
	cited := regexp.MustCompile(`\(([a-z][a-z0-9, -]*)\)\.$`)
	n := 0
	for r := range Rules() {
		text := r.Change()
		assert.True(t, strings.HasSuffix(text, "."), text)
		for _, match := range cited.FindAllStringSubmatch(text, -1) {
			for key := range strings.SplitSeq(match[1], ", ") {
				_, ok := LookupSource(SourceKey(key))
				assert.True(t, ok, "%s: %s", key, text)
				n++
			}
		}
	}
	assert.Greater(t, n, 300)
}
