package limits

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFindServices(t *testing.T) {
	own := []Service{TCPOther, TCPBacklog}
	for text, want := range map[string][]Service{
		"http": {IIS}, "https": {IIS}, "web": {IIS}, "iis": {IIS}, "IIS 5.1": {IIS}, "Web Services": {IIS}, "W3SVC": {IIS}, "ASP.NET": {IIS},
		"cifs": {SMB}, "samba": {SMB}, "file sharing": {SMB}, "File-Sharing": {SMB}, "shared folders": {SMB}, "NetBIOS": {SMB}, "mapped drives": {SMB}, "shared excel file": {SMB}, "printer": {SMB},
		"port 445": {SMB}, "tcp/445": {SMB}, "tcp port 139": {SMB}, "445": {SMB},
		"remote desktop": {RDP}, "RemoteDesktop": {RDP}, "terminal services": {RDP}, "mstsc": {RDP}, ":3389": {RDP},
		"half open": {TCPHalfOpen}, "half-open connections": {TCPHalfOpen}, "SYN_SENT": {TCPHalfOpen}, "BitTorrent": {TCPHalfOpen},
		"vpn": {RAS}, "PPTP": {RAS}, "dial-up": {RAS}, "RRAS": {RAS},
		"ftp": {FTP}, "smtp": {SMTP}, "e-mail": {SMTP}, "MSMQ": {MSMQ}, "Message Queuing": {MSMQ}, "telnet": {Telnet}, "NPS": {RADIUS}, "radius": {RADIUS},
		"backlog": {TCPBacklog}, "SOMAXCONN": {TCPBacklog}, "TIME_WAIT": {TCPOutbound}, "ephemeral ports": {TCPOutbound}, "MaxUserPort": {TCPOutbound},
		"EULA": {Licence}, "licenses": {Licence}, "licence": {Licence}, "user cals": {Licence}, "wwwroot": {IIS}, "RDS": {RDP},
		"tcp": {TCPOther, TCPBacklog, TCPHalfOpen, TCPOutbound},

		"apache": own, "Tomcat": own, "MySQL": own, "Redis": own, "Jenkins": own, "my own server": own, "our server": own, "myserver.exe": own,
		"node.js": own, "IIS Express": own, "8080": own, "port 8080": own, "custom tcp server": own, "postgres": own, "sshd": own, "my c# tcp listener": own, "SQL Express": own,

		// A program speaks the protocol of a service without being it.
		"apache web server": own, "http on Tomcat": own, "FileZilla FTP server": own, "OpenVPN": own, "our own mail server": own,
		// Two things are two.
		"file sharing and remote desktop": {SMB, RDP}, "web server behind IIS": {IIS}, "40 clients of my iis": {IIS},
		"MySQL on a network drive": {TCPOther, TCPBacklog, SMB},
	} {
		found, err := FindServices(text)
		require.NoError(t, err, text)
		var got []Service
		for _, m := range found {
			assert.NotEmpty(t, m.Word, text)
			got = append(got, m.Services...)
		}
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "gopher", "40", "443 clients", "!?", "window"} {
		_, err := FindServices(text)
		assert.ErrorContains(t, err, fmt.Sprintf("no service found in %q; want one of smb, iis", text))
	}
	_, err := FindServices(strings.Repeat("x", 1<<20))
	require.Error(t, err)
	assert.Less(t, len(err.Error()), 400)
}

func TestServiceWords(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range serviceWords {
		require.NotEmpty(t, w.services)
		for _, text := range w.texts {
			assert.Equal(t, strings.Fields(text), serviceTokens(text), "what serviceTokens would change is never found")
			assert.False(t, seen[text], "%q is there twice", text)
			seen[text] = true
		}
	}
}

func FuzzFindServices(f *testing.F) {
	f.Add("apache web server on port 8080, tcp/445")
	f.Add("IIS 5.1")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := FindServices(text)
		assert.Equal(t, err == nil, len(found) > 0)
		for _, m := range found {
			assert.NotEmpty(t, m.Services)
		}
		if err != nil {
			assert.Less(t, len(err.Error()), 800)
		}
	})
}

func ExampleFindServices() {
	for _, text := range []string{"cifs", "Apache web server", "half open"} {
		found, err := FindServices(text)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %v\n", found[0].Word, found[0].Services)
	}
	// Output:
	// cifs: [smb]
	// apache: [tcp-other tcp-backlog]
	// half open: [tcp-half-open]
}
