package limits

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Symptom is something that a user or a program sees at a limit, and the place
// to start from when the rule is what is wanted.
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
	// SymptomHTTPNoAnswer is an open connection to IIS 7.0 or later without an
	// answer: the request waits.
	SymptomHTTPNoAnswer
	// SymptomStatusRequestNotAccepted is NTSTATUS 0xC00000D0, which is also
	// Win32 error 71 and HRESULT 0x80070047.
	SymptomStatusRequestNotAccepted
	// SymptomEvent4226 is event 4226 of source Tcpip.
	SymptomEvent4226
	// SymptomMSMQOverflow is 0xC00E0067 from Message Queuing.
	SymptomMSMQOverflow
	// SymptomRDPDisplace is Remote Desktop asking to disconnect somebody.
	SymptomRDPDisplace
	// SymptomRDPExceeded is a server saying that the maximum number of
	// connections is exceeded.
	SymptomRDPExceeded
	// SymptomFTP421 is the FTP reply class 421 to a new connection. That the
	// refusal is of this class is inferred (kb318380).
	SymptomFTP421
)

type symptom struct {
	text  string
	words []string // any of them, found in what a user wrote, names the symptom
}

var symptoms = [...]symptom{
	SymptomHTTP4039: {
		text:  "HTTP 403.9: " + TextHTTP4039Cause,
		words: []string{"403.9", "too many users", "too many people accessing"},
	},
	SymptomHTTP503: {
		text:  "HTTP 503: the site is over its limit, or the queue is full",
		words: []string{"503", "service unavailable", "connlimit", "queuefull"},
	},
	SymptomHTTPNoAnswer: {
		text:  "HTTP request open without an answer while others are served",
		words: []string{"no answer", "hangs", "request waits", "websocket"},
	},
	SymptomStatusRequestNotAccepted: {
		text: "NTSTATUS 0xC00000D0, Win32 error 71: " + TextErrorReqNotAccep,
		words: []string{"c00000d0", "3221225680", "request_not_accepted", "req_not_accep", "reqnotaccep", "error 71", "win32 71", "80070047",
			"no more connections can be made", "connection limit, you cannot connect", "request is not accepted"},
	},
	SymptomEvent4226: {
		text:  "event 4226: " + TextEvent4226,
		words: []string{"4226", "security limit imposed", "80001082", "tcp_connect_limit_reached"},
	},
	SymptomMSMQOverflow: {
		text:  "0xC00E0067, MQ_ERROR_DEPEND_WKS_LICENSE_OVERFLOW",
		words: []string{"c00e0067", "license_overflow", "licence_overflow"},
	},
	SymptomRDPDisplace: {
		text:  "Remote Desktop asks to disconnect the present user: " + TextRDPOnlyCurrentUser,
		words: []string{"asks to disconnect", "only the current user", "disconnect someone", "another user is logged on"},
	},
	SymptomRDPExceeded: {
		text:  TextRDPExceeded,
		words: []string{"exceeded the maximum number of allowed connections"},
	},
	SymptomFTP421: {
		text:  "FTP reply 421: " + TextFTPMaximum,
		words: []string{"421", "maximum clients reached"},
	},
}

// A sight is what the rules of a service look like from outside, for those
// rules that it is about.
type sight struct {
	service    Service
	discipline Discipline
	only       func(Rule) bool // nil = all of them
	over       Symptom         // meets the connection over the limit
	refusal    Symptom         // meets the one that a full queue refuses; of Queue only
}

// sights says what each rule looks like. The first entry that is about a rule
// counts. A rule that none is about has no known symptom.
var sights = [...]sight{
	{service: SMB, discipline: Refuse, over: SymptomStatusRequestNotAccepted},
	// IIS 6.0 answers 503 (gafvert-2007).
	{service: IIS, discipline: Refuse, only: func(r Rule) bool { return r.Edition == XPProfessionalX64 }, over: SymptomHTTP503},
	{service: IIS, discipline: Refuse, over: SymptomHTTP4039},
	{service: IIS, discipline: Queue, over: SymptomHTTPNoAnswer, refusal: SymptomHTTP503},
	{service: FTP, discipline: Refuse, over: SymptomFTP421},
	{service: MSMQ, discipline: Refuse, only: func(r Rule) bool { return r.Unit == UnitRemoteComputers }, over: SymptomMSMQOverflow},
	{service: RDP, discipline: Displace, over: SymptomRDPDisplace},
	{service: RDP, discipline: Refuse, over: SymptomRDPExceeded},
	{service: TCPHalfOpen, discipline: Queue, over: SymptomEvent4226},
}

// sight returns the entry about the rule, or nil.
func (r Rule) sight() *sight {
	for i := range sights {
		if s := &sights[i]; s.service == r.Service && s.discipline == r.Discipline && (s.only == nil || s.only(r)) {
			return s
		}
	}
	return nil
}

// Symptom returns what the connection over the limit meets, and UnknownSymptom
// where nothing limits or nothing is known. Where a queue takes it, the symptom
// is that of waiting; see Refusal.
func (r Rule) Symptom() Symptom {
	if s := r.sight(); s != nil {
		return s.over
	}
	return UnknownSymptom
}

// Refusal returns what a connection meets that is refused: over the limit, or
// where the rule queues, beyond the queue. It is UnknownSymptom where nothing
// refuses or nothing is known.
func (r Rule) Refusal() Symptom {
	s := r.sight()
	switch {
	case s == nil:
		return UnknownSymptom
	case s.discipline == Queue:
		return s.refusal
	}
	return s.over
}

// Symptoms returns all of them.
func Symptoms() []Symptom {
	var all []Symptom
	for s := SymptomHTTP4039; int(s) < len(symptoms); s++ {
		all = append(all, s)
	}
	return all
}

// ParseSymptom finds the symptom in what a user or a log says: a code in any of
// its forms, or a piece of the text Windows prints, as in "HTTP 403.9", "event
// 4226", "System error 71 has occurred", "0xC00000D0". Case does not matter.
// The error lists the symptoms there are.
func ParseSymptom(text string) (Symptom, error) {
	folded := strings.ToLower(text)
	for s := SymptomHTTP4039; int(s) < len(symptoms); s++ {
		if slices.ContainsFunc(symptoms[s].words, func(w string) bool { return containsWord(folded, w) }) {
			return s, nil
		}
	}
	known := make([]string, 0, len(symptoms))
	for _, s := range Symptoms() {
		known = append(known, symptoms[s].words[0])
	}
	return UnknownSymptom, fmt.Errorf("limits: no symptom found in %.100q; want one that contains %s",
		text, strings.Join(known, ", "))
}

// containsWord reports whether word occurs in text and is not a part of a
// longer number there.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if !(isDigit(word[0]) && i > 0 && isDigit(text[i-1])) &&
			!(isDigit(word[len(word)-1]) && end < len(text) && isDigit(text[end])) {
			return true
		}
		from = i + 1
	}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// String returns what is seen.
func (s Symptom) String() string {
	switch {
	case s == UnknownSymptom:
		return unknownName
	case int(s) >= len(symptoms):
		return fmt.Sprintf("Symptom(%d)", uint8(s))
	}
	return symptoms[s].text
}

// Rules returns the rules that produce the symptom, in order of release.
func (s Symptom) Rules() iter.Seq[Rule] {
	return func(yield func(Rule) bool) {
		if s == UnknownSymptom || int(s) >= len(symptoms) {
			return
		}
		for r := range Rules() {
			if (r.Symptom() == s || r.Refusal() == s) && !yield(r) {
				return
			}
		}
	}
}

// Services returns the services that produce the symptom.
func (s Symptom) Services() []Service {
	var services []Service
	for r := range s.Rules() {
		if !slices.Contains(services, r.Service) {
			services = append(services, r.Service)
		}
	}
	return services
}
