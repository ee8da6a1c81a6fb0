package limits

import "fmt"

// Service is what a limit applies to: a service of Windows, or a part of its
// TCP/IP. Its zero value is UnknownService.
type Service uint8

// The services. Licence is not a service of Windows: it is the number in the
// licence terms. The table has it beside the numbers that code enforces because
// people often take one for the other.
const (
	UnknownService Service = iota
	// SMB is file and printer sharing: the Server service, LanmanServer.
	SMB
	// IIS is the web server that comes with Windows: Internet Information Services,
	// or Peer Web Services or Personal Web Server before it.
	IIS
	// FTP is the FTP server of IIS.
	FTP
	// SMTP is the SMTP server of IIS.
	SMTP
	// MSMQ is Message Queuing, the queues of messages between programs.
	MSMQ
	// RAS is incoming calls by telephone or VPN: Remote Access Service, Incoming
	// Connections.
	RAS
	// RDP is Remote Desktop; on servers, its mode for administration.
	RDP
	// Telnet is the Telnet server that comes with Windows.
	Telnet
	// RADIUS is the RADIUS server that comes with Windows (IAS, NPS). Its limit is
	// the number of RADIUS clients that can be configured, not one of traffic.
	RADIUS
	// TCPBacklog is the listen backlog: connections that TCP/IP holds for a
	// listening socket until its program accepts them. Each listening socket has its
	// own.
	TCPBacklog
	// TCPHalfOpen is outbound TCP connection attempts that are not answered yet,
	// the sockets in SYN_SENT.
	TCPHalfOpen
	// TCPOutbound is outbound TCP connections whose local port the system chose,
	// those in TIME_WAIT included.
	TCPOutbound
	// TCPOther is inbound TCP to any other program: Apache, Samba, a database, your
	// own server.
	TCPOther
	// Licence is the number in the licence terms. It is always the last service.
	Licence

	numServices // Licence is the last because no gate can be made for it: new services go above
)

var _ = [1]struct{}{}[numServices-1-Licence] // does not compile with a service behind Licence

// services has what is needed of every service besides its rules; CONTRIBUTING
// lists the steps to a new one.
var services = [numServices]struct {
	name  string // in text forms; part of the JSON of the table
	units []Unit // that its rules count
	// about is what it is about, lacks what an edition without it lacks, one and
	// many what it counts.
	about, lacks, one, many string
	// silent is the reason why no symptom is known, empty if ruleSymptoms has one.
	silent string
}{
	UnknownService: {name: unknownName},
	SMB: {name: "smb", units: []Unit{UnitSessions},
		about: "file and printer sharing", lacks: "file and printer sharing (SMB)", one: "SMB session", many: "SMB sessions"},
	IIS: {name: "iis", units: []Unit{UnitConnections, UnitRequests},
		about: "the web server of Windows", lacks: "web server of its own (IIS)", one: "connection to its web server (IIS)", many: "connections to its web server (IIS)"},
	FTP: {name: "ftp", units: []Unit{UnitConnections},
		about: "the FTP server of Windows", lacks: "FTP server of its own", one: "connection to its FTP server", many: "connections to its FTP server"},
	SMTP: {name: "smtp", units: []Unit{UnitConnections},
		about: "the SMTP server of Windows", lacks: "SMTP server of its own", one: "connection to its SMTP server", many: "connections to its SMTP server",
		silent: "the code of the refusal is not known (techrepublic-smtp)"},
	MSMQ: {name: "msmq", units: []Unit{UnitRemoteComputers, UnitConnections},
		about: "Message Queuing", lacks: "Message Queuing", one: "remote computer in Message Queuing", many: "remote computers in Message Queuing"},
	RAS: {name: "ras", units: []Unit{UnitCalls},
		about: "incoming calls, VPN included", lacks: "incoming calls", one: "incoming call", many: "incoming calls",
		silent: "what the caller meets is not known"},
	RDP: {name: "rdp", units: []Unit{UnitSessions},
		about: "Remote Desktop", lacks: "Remote Desktop for others to use", one: "Remote Desktop session", many: "Remote Desktop sessions"},
	Telnet: {name: "telnet", units: []Unit{UnitSessions},
		about: "the Telnet server of Windows", lacks: "Telnet server", one: "Telnet session", many: "Telnet sessions",
		silent: "the text of the refusal is not known"},
	RADIUS: {name: "radius", units: []Unit{UnitRemoteComputers},
		about: "the RADIUS server of Windows", lacks: "RADIUS server", one: "RADIUS client", many: "RADIUS clients",
		silent: "it bounds the configuration, not the traffic"},
	TCPBacklog: {name: "tcp-backlog", units: []Unit{UnitConnections},
		about: "connections that a program has not accepted yet", lacks: "inbound TCP",
		one: "TCP connection that waits to be accepted at each listening socket", many: "TCP connections that wait to be accepted at each listening socket"},
	TCPHalfOpen: {name: "tcp-half-open", units: []Unit{UnitAttempts},
		about: "outbound connection attempts in progress", lacks: "outbound TCP",
		one: "outbound TCP connection attempt in progress", many: "outbound TCP connection attempts in progress"},
	TCPOutbound: {name: "tcp-outbound", units: []Unit{UnitConnections},
		about: "outbound connections and their ports", lacks: "outbound TCP",
		one: "outbound TCP connection (TIME_WAIT included)", many: "outbound TCP connections (TIME_WAIT included)"},
	TCPOther: {name: "tcp-other", units: []Unit{UnitConnections},
		about: "any program that is not a service of Windows", lacks: "inbound TCP",
		one: "TCP connection to a third-party server", many: "TCP connections to third-party servers"},
	Licence: {name: "licence", units: []Unit{UnitDevices, UnitComputers, UnitUsers},
		about: "the licence terms", lacks: "licence for others to connect",
		silent: "nothing enforces it"},
}

// valid reports whether s is one of the declared services.
func (s Service) valid() bool { return UnknownService < s && s < numServices }

// String returns the name of the service, such as "tcp-half-open".
func (s Service) String() string {
	if s < numServices {
		return services[s].name
	}
	return fmt.Sprintf("Service(%d)", uint8(s))
}

// Description returns what the service is about, such as "file and printer
// sharing", in words for people.
func (s Service) Description() string {
	if !s.valid() {
		return s.String()
	}
	return services[s].about
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (s Service) MarshalText() ([]byte, error) { return enumText("service", serviceNames(), s) }

// UnmarshalText is ParseService.
func (s *Service) UnmarshalText(text []byte) error {
	return enumParse(s, "service", serviceNames(), text)
}

// ParseService returns the service of a name such as "smb" or "tcp-half-open", in
// any case. The error for any other name lists the names.
func ParseService(name string) (Service, error) {
	var s Service
	err := s.UnmarshalText([]byte(name))
	return s, err
}

// Services returns every service, Licence last.
func Services() []Service {
	all := make([]Service, 0, numServices-1)
	for s := SMB; s < numServices; s++ {
		all = append(all, s)
	}
	return all
}

// serviceNames returns the names of all of them, "unknown" first.
func serviceNames() []string {
	names := make([]string, 0, numServices)
	for s := range services {
		names = append(names, services[s].name)
	}
	return names
}
