package limits

import (
	"fmt"
	"iter"
	"slices"
)

// Symptom is something that a user, a program or an administrator sees at a limit:
// a code, a text, an event. ParseSymptom reads one; its method Rules returns the
// limits that cause it.
type Symptom uint8

// The symptoms.
const (
	UnknownSymptom Symptom = iota
	// SymptomHTTP4039 is the page of IIS up to 5.1: HTTP 403.9, too many users
	// are connected.
	SymptomHTTP4039
	// SymptomHTTP503 is HTTP 503 from IIS 6.0 on: the site over its limit, or
	// from 7.0 on a full queue.
	SymptomHTTP503
	// SymptomHTTPNoAnswer is a request to IIS 7.0 or later that gets no answer while
	// it waits in the queue.
	SymptomHTTPNoAnswer
	// SymptomStatusRequestNotAccepted is NTSTATUS 0xC00000D0, which is also
	// Win32 error 71 and HRESULT 0x80070047.
	SymptomStatusRequestNotAccepted
	// SymptomEvent4226 is event 4226 of source Tcpip.
	SymptomEvent4226
	// SymptomMSMQOverflow is 0xC00E0067 from Message Queuing.
	SymptomMSMQOverflow
	// SymptomRDPDisplace is the question of Remote Desktop whether to disconnect the
	// present user.
	SymptomRDPDisplace
	// SymptomRDPExceeded is the answer of a server that the maximum number of
	// connections is exceeded.
	SymptomRDPExceeded
	// SymptomFTP421 is the FTP reply class 421 to a new connection. That the
	// refusal is of this class is inferred (kb318380).
	SymptomFTP421
	// SymptomConnectionRefused is WSAECONNREFUSED 10061: the SYN is answered with
	// a reset.
	SymptomConnectionRefused
	// SymptomSlowConnect is a connect that takes 0.5 to 1.5 s longer in a burst: a
	// machine that runs Windows sends its SYN up to three more times before it
	// reports that it was refused (kb175523).
	SymptomSlowConnect
	// SymptomNoBufferSpace is WSAENOBUFS 10055 from a connect: no port, or on 95,
	// 98 and Me no socket, is free.
	SymptomNoBufferSpace
	// SymptomAddressInUse is WSAEADDRINUSE 10048 from a connect: the pair of ports
	// is still in TIME_WAIT.
	SymptomAddressInUse
	// SymptomEvent4231 and SymptomEvent4227 are events that Vista and later log when
	// a connect fails with WSAENOBUFS or WSAEADDRINUSE. The sources do not say which
	// event goes with which code.
	SymptomEvent4231
	SymptomEvent4227
	// SymptomEvent201 is event 201 of source LicenseService: a server in Per Server
	// mode has no licence left for a client.
	SymptomEvent201
	// SymptomEvent2009 is event 2009 of source Srv: a table of the Server service is
	// full. No limit of the table causes it.
	SymptomEvent2009
	// SymptomTimedOut is WSAETIMEDOUT 10060 from a connect. No limit of the table
	// causes it.
	SymptomTimedOut

	numSymptoms
)

// symptomNames are the names in JSON.
var symptomNames = [numSymptoms]string{
	UnknownSymptom: unknownName, SymptomHTTP4039: "http-403.9", SymptomHTTP503: "http-503", SymptomHTTPNoAnswer: "http-no-answer",
	SymptomStatusRequestNotAccepted: "status-request-not-accepted", SymptomEvent4226: "event-4226", SymptomMSMQOverflow: "msmq-overflow",
	SymptomRDPDisplace: "rdp-displace", SymptomRDPExceeded: "rdp-exceeded", SymptomFTP421: "ftp-421",
	SymptomConnectionRefused: "connection-refused", SymptomSlowConnect: "slow-connect", SymptomNoBufferSpace: "no-buffer-space",
	SymptomAddressInUse: "address-in-use", SymptomEvent4231: "event-4231", SymptomEvent4227: "event-4227", SymptomEvent201: "event-201",
	SymptomEvent2009: "event-2009", SymptomTimedOut: "timed-out",
}

// MarshalText returns a name for programs, such as "http-403.9"; String is for
// people. A value that is not declared is an error.
func (s Symptom) MarshalText() ([]byte, error) { return enumText("symptom", symptomNames[:], s) }

// UnmarshalText accepts the names of MarshalText, in any case. ParseSymptom reads
// what people write.
func (s *Symptom) UnmarshalText(text []byte) error {
	return enumParse(s, "symptom", symptomNames[:], text)
}

type symptom struct {
	text string
	// otherwise says what else looks so, and how to tell.
	otherwise string
}

var symptoms = [numSymptoms]symptom{
	SymptomHTTP4039: {
		text:      "HTTP 403.9: " + TextHTTP4039Cause,
		otherwise: "Idle connections count: one browser holds two to six, and keeps them for a minute. An administrator may have set MaxConnections lower.",
	},
	SymptomHTTP503: {
		text:      "HTTP 503: the site is over its limit, or the queue is full",
		otherwise: "An application pool that is stopped, and any other server, answers 503 as well. The reason in HTTPERR tells: ConnLimit and QueueFull are limits, AppOffline is not.",
	},
	SymptomHTTPNoAnswer: {
		text:      "HTTP request open without an answer while others are served",
		otherwise: "A slow program, or one that deadlocks, looks the same. The counter CurrentQueueSize of the request queue is above 0 if the requests wait for the limit.",
	},
	SymptomStatusRequestNotAccepted: {
		text:      "NTSTATUS 0xC00000D0, Win32 error 71: " + TextErrorReqNotAccep,
		otherwise: "A share can have a maximum of its own (net share NAME), and a server in Per Server licence mode refuses above its licences (event 201). net session lists the clients that hold the sessions; one client can hold several.",
	},
	SymptomEvent4226: {
		text:      "event 4226: " + TextEvent4226,
		otherwise: "The limit is on connections that the machine opens, not on those that reach it. A program that connects to many dead addresses, as a worm does, causes the event.",
	},
	SymptomMSMQOverflow: {
		text:      "0xC00E0067, MQ_ERROR_DEPEND_WKS_LICENSE_OVERFLOW",
		otherwise: "All operations of one computer count once; the eleventh computer is refused.",
	},
	SymptomRDPDisplace: {
		text:      "Remote Desktop asks to disconnect the present user: " + TextRDPOnlyCurrentUser,
		otherwise: "A session that was disconnected and not signed out still counts.",
	},
	SymptomRDPExceeded: {
		text:      TextRDPExceeded,
		otherwise: "A session that was disconnected and not signed out still counts. A policy can set a lower number.",
	},
	SymptomFTP421: {
		text:      "FTP reply 421: " + TextFTPMaximum,
		otherwise: "An idle time-out and any other FTP server end connections with 421 as well.",
	},
	SymptomConnectionRefused: {
		text:      "WSAECONNREFUSED 10061: " + TextWSAECONNREFUSED,
		otherwise: "A port on which nothing listens, and a firewall that resets, look exactly the same. If a single connection is refused on a quiet machine it is one of these. If only bursts are refused, it is the backlog; a program that accepts sooner helps.",
	},
	SymptomSlowConnect: {
		text:      "a connect that takes 0.5 to 1.5 s longer in a burst",
		otherwise: "About 3 s more is a lost SYN, not a limit. More than that on the calling machine can be its own half-open limit (event 4226).",
	},
	SymptomNoBufferSpace: {
		text:      "WSAENOBUFS 10055: " + TextWSAENOBUFS,
		otherwise: "Memory that ran out gives the same code. If netstat -n lists thousands of connections, most of them in TIME_WAIT, the ports are used up.",
	},
	SymptomAddressInUse: {
		text:      "WSAEADDRINUSE 10048: " + TextWSAEADDRINUSE,
		otherwise: "A program that listens gets the same code if another one has its port; that is not a limit.",
	},
	SymptomEvent4231: {
		text:      "event 4231: " + TextEvent4231,
		otherwise: "A program that opens connections and never closes them uses the ports up at any limit.",
	},
	SymptomEvent4227: {
		text:      "event 4227: " + TextEvent4227,
		otherwise: "It can come before the ports run out, if a program connects to one address again and again.",
	},
	SymptomEvent201: {
		text:      "event 201 of LicenseService: no license was available",
		otherwise: "Any server in Per Server licence mode logs it at the number of licences that was entered.",
	},
	SymptomEvent2009: {
		text:      "event 2009 of Srv: a table of the server service is full",
		otherwise: "No limit of an edition causes it. The data at offset 0x28 says which table is full, of files (0x3e9), enumerations (0x3ea), sessions (0x3eb) or tree connects (0x3ec).",
	},
	SymptomTimedOut: {
		text:      "WSAETIMEDOUT 10060: nothing answers",
		otherwise: "No limit of the table causes it: at a limit Windows refuses at once, answers, or keeps the connection open. Look for a firewall, a wrong address, a machine that is off. On the calling machine a half-open limit can keep an attempt waiting until the program gives up (event 4226).",
	},
}

// A ruleSymptom is the symptoms that the rules of a service cause.
type ruleSymptom struct {
	service    Service
	discipline Discipline
	only       func(Rule) bool // the rules that it is about; nil = all of them
	over       Symptom         // of the connection over the limit
	refusal    Symptom         // of the one that a full queue refuses; of Queue only
	also       []Symptom       // can be seen as well
}

// ruleSymptoms says which symptoms each rule causes. The first entry that is about
// a rule counts. A rule that none is about has no known symptom.
var ruleSymptoms = [...]ruleSymptom{
	// Small Business Server refuses by its licence mode, which logs (kb321447).
	{service: SMB, discipline: Refuse, only: func(r Rule) bool {
		return r.Edition == SmallBusinessServer2003Standard || r.Edition == SmallBusinessServer2003Premium
	}, over: SymptomStatusRequestNotAccepted, also: []Symptom{SymptomEvent201}},
	{service: SMB, discipline: Refuse, over: SymptomStatusRequestNotAccepted},
	// IIS 6.0 answers 503 (gafvert-2007).
	{service: IIS, discipline: Refuse, only: func(r Rule) bool { return r.Edition.IISVersion().Value >= IIS60 }, over: SymptomHTTP503},
	{service: IIS, discipline: Refuse, over: SymptomHTTP4039},
	{service: IIS, discipline: Queue, over: SymptomHTTPNoAnswer, refusal: SymptomHTTP503},
	{service: FTP, discipline: Refuse, over: SymptomFTP421},
	{service: MSMQ, discipline: Refuse, only: func(r Rule) bool { return r.Unit == UnitRemoteComputers }, over: SymptomMSMQOverflow},
	{service: RDP, discipline: Displace, over: SymptomRDPDisplace},
	{service: RDP, discipline: Refuse, over: SymptomRDPExceeded},
	{service: TCPBacklog, discipline: Refuse, over: SymptomConnectionRefused, also: []Symptom{SymptomSlowConnect}},
	{service: TCPHalfOpen, discipline: Queue, over: SymptomEvent4226},
	// Which code goes with which event is a choice; the sources name them only.
	{service: TCPOutbound, discipline: Refuse, only: func(r Rule) bool { return r.Edition >= VistaStarter },
		over: SymptomNoBufferSpace, also: []Symptom{SymptomAddressInUse, SymptomEvent4231, SymptomEvent4227}},
	{service: TCPOutbound, discipline: Refuse, over: SymptomNoBufferSpace, also: []Symptom{SymptomAddressInUse}},
	{service: TCPOther, discipline: Refuse, over: SymptomNoBufferSpace}, // the pool of 95, 98 and Me
}

// symptoms returns the entry about the rule, or nil.
func (r Rule) symptoms() *ruleSymptom {
	for i := range ruleSymptoms {
		if s := &ruleSymptoms[i]; s.service == r.Service && s.discipline == r.Discipline && (s.only == nil || s.only(r)) {
			return s
		}
	}
	return nil
}

// Symptom returns the symptom of the connection over the limit. If it is queued, the
// symptom is that of waiting; see Refusal. It is UnknownSymptom if there is no limit
// or no symptom is known.
func (r Rule) Symptom() Symptom {
	if s := r.symptoms(); s != nil {
		return s.over
	}
	return UnknownSymptom
}

// Refusal returns the symptom of a connection that is refused: the one over the
// limit, or over the end of the queue if the rule queues. It is UnknownSymptom if
// nothing is refused or no symptom is known.
func (r Rule) Refusal() Symptom {
	s := r.symptoms()
	switch {
	case s == nil:
		return UnknownSymptom
	case s.discipline == Queue:
		return s.refusal
	}
	return s.over
}

// shows reports whether the symptom can be seen at the rule.
func (r Rule) shows(s Symptom) bool {
	entry := r.symptoms()
	return entry != nil && s != UnknownSymptom && (entry.over == s || entry.refusal == s || slices.Contains(entry.also, s))
}

// Symptoms returns every symptom.
func Symptoms() []Symptom {
	var all []Symptom
	for s := SymptomHTTP4039; s < numSymptoms; s++ {
		all = append(all, s)
	}
	return all
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// String returns what is seen, in words for people.
func (s Symptom) String() string {
	switch {
	case s == UnknownSymptom:
		return unknownName
	case s >= numSymptoms:
		return fmt.Sprintf("Symptom(%d)", uint8(s))
	}
	return symptoms[s].text
}

// Otherwise says what else looks like the symptom and how to tell it apart, in a
// sentence or two for people. It is empty for UnknownSymptom.
func (s Symptom) Otherwise() string {
	if s >= numSymptoms {
		return ""
	}
	return symptoms[s].otherwise
}

// Rules returns the rules that cause the symptom, in order of release. There are
// none if no limit of the table causes it.
func (s Symptom) Rules() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		if s == UnknownSymptom || s >= numSymptoms {
			return
		}
		for r := range Rules() {
			if r.shows(s) && !yield(r) {
				return
			}
		}
	}
}

// Services returns the services whose limits cause the symptom.
func (s Symptom) Services() []Service {
	var services []Service
	for r := range s.Rules() {
		if !slices.Contains(services, r.Service) {
			services = append(services, r.Service)
		}
	}
	return services
}
