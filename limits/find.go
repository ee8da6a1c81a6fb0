package limits

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// ServiceMatch is a word of a text and the services that it stands for.
type ServiceMatch struct {
	// Word is the word, or several, in lower case and without punctuation.
	Word string
	// Services are the services that it stands for, the likeliest first.
	Services []Service
}

// FindServices returns the services that a word or a sentence is about: "http" and
// "w3svc" stand for IIS, "cifs" and "shared folders" for SMB, "vpn" for RAS, "3389"
// for RDP, "half open" for TCPHalfOpen. A program that is not a service of Windows,
// such as Apache, Tomcat or "my own server", is TCPOther, and its backlog is
// TCPBacklog. If such a program is named, the words of its protocol do not count,
// as in "apache web server".
//
// The names of ParseService are understood too. A text that names no service is an
// error that lists them. FindServices reads the first 1000 bytes of a text.
func FindServices(text string) ([]ServiceMatch, error) {
	const maxText = 1000
	tokens := serviceTokens(text[:min(len(text), maxText)])
	var (
		found    []ServiceMatch
		protocol []bool
		program  bool
	)
	for i := 0; i < len(tokens); {
		w, n := longestServiceWord(tokens[i:])
		if isDigit(tokens[i][0]) && len(tokens) > 1 && (i == 0 || tokens[i-1] != "port" && tokens[i-1] != "tcp") {
			w = nil // a number is a port alone or behind such a word
		}
		if tokens[i] == "tcp" && i+1 < len(tokens) && (tokens[i+1] == "port" || isDigit(tokens[i+1][0])) {
			w = nil
		}
		if w == nil {
			i++
			continue
		}
		word := strings.Join(tokens[i:i+n], " ")
		i += n
		if slices.ContainsFunc(found, func(m ServiceMatch) bool { return slices.Equal(m.Services, w.services) }) {
			continue
		}
		found = append(found, ServiceMatch{word, slices.Clone(w.services)})
		protocol = append(protocol, w.protocol)
		program = program || w.services[0] == TCPOther && !w.protocol
	}
	if program {
		kept := found[:0]
		for i, m := range found {
			if !protocol[i] {
				kept = append(kept, m)
			}
		}
		found = kept
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("limits: no service found in %s; want one of %s, or a word such as http, file sharing or vpn; any other program is tcp-other",
			names.Quote(text), strings.Join(serviceNames()[1:], ", "))
	}
	return found, nil
}

// serviceTokens splits a text into words, without capitals, punctuation and the
// plural of longer words.
func serviceTokens(text string) []string {
	tokens := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	for i, t := range tokens {
		if len(t) > 4 && !strings.HasSuffix(t, "ss") && t != "radius" && t != "https" {
			tokens[i] = strings.TrimSuffix(t, "s")
		}
	}
	return tokens
}

// longestServiceWord returns the longest entry that the tokens begin with and
// how many of them it has, or nil.
func longestServiceWord(tokens []string) (w *serviceWord, length int) {
	for i := range serviceWords {
		for _, text := range serviceWords[i].texts {
			n, rest := 0, text
			for rest != "" && n < len(tokens) {
				var token string
				if token, rest, _ = strings.Cut(rest, " "); token != tokens[n] {
					n = -1
					break
				}
				n++
			}
			if rest == "" && n > length {
				w, length = &serviceWords[i], n
			}
		}
	}
	return w, length
}

// A serviceWord is words that people have for a service, as serviceTokens leaves
// them.
type serviceWord struct {
	services []Service
	protocol bool // programs that are not services of Windows speak it as well
	texts    []string
}

var serviceWords = [...]serviceWord{
	{services: []Service{SMB}, texts: []string{
		"smb", "smb1", "smb2", "smb3", "cifs", "samba", "lanmanserver", "lanman", "netbio", "netbt", "nbt", "net use", "net share", "net session",
		"file sharing", "file share", "file and printer sharing", "printer sharing", "share", "shared folder", "shared drive", "shared printer",
		"shared", "shared file", "printer", "printing", "spooler", "network share", "network drive", "network folder", "network printer", "mapped drive", "window share", "window file sharing",
		"unc", "server service", "print server", "445", "139",
	}},
	{services: []Service{SMB}, protocol: true, texts: []string{"file server", "nas"}},
	{services: []Service{IIS}, texts: []string{
		"iis", "iis4", "iis5", "iis6", "iis7", "iis8", "iis10", "w3svc", "w3wp", "inetinfo", "inetpub", "inetsrv", "wwwroot", "internet information service",
		"internet information server", "personal web server", "peer web service", "pws", "asp", "asp net", "aspx", "sharepoint", "wsus", "webdav",
		"application pool", "app pool", "frontpage", "reporting service",
	}},
	{services: []Service{IIS}, protocol: true, texts: []string{
		"http", "https", "web", "www", "web server", "webserver", "web service", "web site", "website", "web page", "web app", "web application",
		"intranet", "browser", "internet explorer", "url", "80", "443",
	}},
	{services: []Service{FTP}, texts: []string{"msftpsvc", "iis ftp", "ftp service of iis"}},
	{services: []Service{FTP}, protocol: true, texts: []string{"ftp", "ftp server", "ftp service", "21"}},
	{services: []Service{SMTP}, texts: []string{"smtpsvc", "iis smtp"}},
	{services: []Service{SMTP}, protocol: true, texts: []string{"smtp", "smtp server", "mail", "mail server", "email", "e mail", "25"}},
	{services: []Service{MSMQ}, texts: []string{"msmq", "message queuing", "message queueing", "message queue", "mqsvc", "microsoft message queue", "mq"}},
	{services: []Service{RAS}, texts: []string{
		"ras", "rras", "rasman", "remoteaccess", "remote access", "routing and remote access", "incoming call", "incoming connection", "dial in",
		"dial up", "dialup", "modem", "isdn",
	}},
	{services: []Service{RAS}, protocol: true, texts: []string{"vpn", "pptp", "l2tp", "sstp", "ppp", "vpn server"}},
	{services: []Service{RDP}, texts: []string{
		"rdp", "rds", "rdsh", "remote desktop", "remotedesktop", "remote desktop service", "remote desktop connection", "mstsc", "rdesktop", "freerdp",
		"termsrv", "termservice", "terminal service", "terminal server", "remote session", "console session", "3389",
	}},
	{services: []Service{Telnet}, protocol: true, texts: []string{"telnet", "telnet server", "tlntsvr", "tlntadmn", "23"}},
	{services: []Service{RADIUS}, texts: []string{"radius", "ias", "nps", "network policy server", "internet authentication service", "1812"}},
	{services: []Service{TCPBacklog}, texts: []string{
		"tcp backlog", "backlog", "listen", "listen backlog", "listen queue", "somaxconn", "accept queue", "burst", "syn queue",
		"not accepted", "not yet accepted",
	}},
	{services: []Service{TCPHalfOpen}, texts: []string{
		"tcp half open", "half open", "halfopen", "half open connection", "half opened", "syn sent", "connection attempt", "connect attempt",
		"incomplete connection", "outgoing connection attempt", "tcpip sys", "p2p", "peer to peer", "torrent", "bittorrent", "utorrent",
		"emule", "edonkey", "limewire", "port scan", "port scanner", "nmap",
	}},
	{services: []Service{TCPOutbound}, texts: []string{
		"tcp outbound", "outbound", "outbound connection", "outgoing", "outgoing connection", "ephemeral port", "dynamic port", "client port",
		"port exhaustion", "maxuserport", "time wait", "tcptimedwaitdelay", "load test", "load generator", "jmeter", "crawler",
	}},
	{services: []Service{TCPOther, TCPBacklog}, texts: []string{
		"tcp other", "my own", "our own", "own server", "own program", "my server", "my program", "my service", "our server", "our service",
		"custom", "self written", "third party", "program", "application", "daemon", "socket", "socket server", "tcp server", "listener", "tcp listener", "socket listener", "any port", "exe", "jar",
		"apache", "httpd", "nginx", "caddy", "lighttpd", "haproxy", "traefik", "xampp", "wampserver", "tomcat", "jetty", "jboss", "wildfly", "glassfish",
		"weblogic", "websphere", "kestrel", "iis express", "http sy", "node", "nodej", "node js", "django", "flask", "gunicorn", "uvicorn",
		"rail", "puma", "php", "python", "java", "golang", "jenkin", "gitlab", "minio", "squid", "ollama",
		"mysql", "mariadb", "postgre", "postgresql", "sql", "sql server", "sql express", "mssql", "sqlexpress", "plesk", "cpanel", "oracle", "oracle db", "mongodb", "mongo", "redi", "memcached",
		"rabbitmq", "kafka", "mosquitto", "mqtt", "activemq", "elasticsearch", "database", "modbu", "opc", "opc ua", "plc",
		"filezilla", "filezilla server", "vsftpd", "hmailserver", "mdaemon", "exchange", "postfix", "lotu note", "domino",
		"ssh", "sshd", "openssh", "sftp", "vnc", "realvnc", "tightvnc", "teamviewer", "anydesk", "openvpn", "wireguard", "softether", "samba4",
		"minecraft", "teamspeak", "plex", "jellyfin", "emby", "citrix", "game server", "chat server", "license server", "wcf", "net tcp", "net remoting",
		"8000", "8008", "8080", "8443", "3000", "5000", "1433", "1521", "3306", "5432", "5900", "6379", "22", "1883", "9092", "27017", "25565",
	}},
	{services: []Service{TCPOther, TCPBacklog, TCPHalfOpen, TCPOutbound}, protocol: true, texts: []string{"tcp", "tcp ip", "tcpip", "winsock"}},
	{services: []Service{Licence}, texts: []string{"licence", "license", "licensing", "eula", "cal", "cals", "client access licence", "client access license", "licence term", "license term"}},
}
