package limits

import (
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// AndLater is the ServicePackMax of a rule that holds for every later service
// pack as well.
const AndLater = -1

// Rule is one limit of one edition: the number, what it counts, what happens to the
// connection over it, whether code or a licence enforces it, how far it can be
// moved, and how good the evidence is.
//
// A Rule comes from Lookup or from one of the iterators, or is written by hand for
// a system that the table does not have. Sources and Rivals return its evidence.
// String and Explain put it into words.
type Rule struct {
	_ [0]func() // not comparable: equal rules may have their evidence from different places

	Edition Edition
	// ServicePackMin and ServicePackMax are the levels that the rule holds for,
	// both included. They are plain numbers, 0 being the edition as released;
	// ServicePackAt turns one into a ServicePack. ServicePackMax may be AndLater.
	ServicePackMin, ServicePackMax int

	Service Service
	Basis   Basis
	// Unit is what is counted, and Discipline what happens to the connection over
	// the limit.
	Unit       Unit
	Discipline Discipline
	// Default is the limit out of the box. Ceiling is the highest value that the
	// system accepts; it equals Default where no setting raises the limit.
	Default, Ceiling Limit
	// Queue is the length of the queue. It is the unknown Limit where nothing
	// queues, and where the length is not known, as for TCPHalfOpen.
	Queue Limit

	// Grade is how good the evidence is, for the less certain of the two numbers;
	// see DefaultGrade and CeilingGrade.
	Grade Grade
	// Note is a sentence or two on the evidence.
	Note string

	evidence *evidence // nil for a rule that is written by hand
}

// evidence is what rules rest on. The rules of a row share it, and it never
// changes.
type evidence struct {
	grades  split
	sources []SourceKey
	rivals  []rival
	foreign []Source // of a rule that was read: those that the bibliography does not have
}

// rests returns the evidence of the rule.
func (r Rule) rests() evidence {
	if r.evidence == nil {
		return evidence{}
	}
	return *r.evidence
}

// Rival is a number that another source gives for the same limit.
type Rival struct {
	Value  Limit  `json:"value"`
	Source Source `json:"source"`
}

// Sources returns the evidence for the rule, usually the strongest first.
func (r Rule) Sources() []Source {
	on := r.rests()
	list := make([]Source, 0, len(on.sources))
	for _, key := range on.sources {
		list = append(list, on.source(key))
	}
	return list
}

// Rivals returns the numbers that other sources give, each with its source. The
// rule does not follow them. Where there are many, the rule is disputed.
func (r Rule) Rivals() []Rival {
	on := r.rests()
	list := make([]Rival, 0, len(on.rivals))
	for _, v := range on.rivals {
		list = append(list, Rival{v.value, on.source(v.source)})
	}
	return list
}

// DefaultGrade says how good the evidence for Default is. It is Grade unless the
// evidence for the two numbers differs. For the web server of XP Professional ten
// are documented, and forty are reported.
func (r Rule) DefaultGrade() Grade {
	if grades := r.rests().grades; grades != (split{}) {
		return grades.def
	}
	return r.Grade
}

// CeilingGrade says how good the evidence for Ceiling is. It is UnknownGrade
// where the upper bound of a setting is not known, as for the Telnet server.
func (r Rule) CeilingGrade() Grade {
	if grades := r.rests().grades; grades != (split{}) {
		return grades.ceiling
	}
	return r.Grade
}

// Evidence returns the grade in words, and both where that of the ceiling
// differs: "documented", "10 documented, 40 reported", "2 documented, upper
// bound unknown".
func (r Rule) Evidence() string {
	switch grades := r.rests().grades; {
	case grades == (split{}):
		return r.Grade.String()
	case grades.ceiling == UnknownGrade:
		return fmt.Sprintf("%v %v, upper bound unknown", r.Default, grades.def)
	default:
		return fmt.Sprintf("%v %v, %v %v", r.Default, grades.def, r.Ceiling, grades.ceiling)
	}
}

// source returns the source of a key, or one that has nothing but the key.
func (e evidence) source(key SourceKey) Source {
	if s, ok := LookupSource(key); ok {
		return s
	}
	for _, s := range e.foreign {
		if s.Key == key {
			return s
		}
	}
	return Source{Key: key}
}

// Covers reports whether the rule holds for w. If the service pack of w is not
// known, it reports whether the rule holds for any service pack of the edition.
func (r Rule) Covers(w Windows) bool {
	asked, ok := w.levels()
	return ok && r.Edition == w.Edition && r.ServicePackMin <= asked.last && (r.ServicePackMax == AndLater || asked.first <= r.ServicePackMax)
}

// Windows returns the edition that the rule is about, with the lowest service pack
// that it holds for. The service pack is unknown if the rule holds for all that the
// edition had.
func (r Rule) Windows() Windows {
	w := Windows{Edition: r.Edition}
	if all, ok := w.levels(); ok && (r.ServicePackMin > all.first || r.ServicePackMax != AndLater && r.ServicePackMax < all.last) {
		w.ServicePack = ServicePackAt(max(r.ServicePackMin, all.first))
	}
	return w
}

// Movable reports whether the limit can be raised above its default.
func (r Rule) Movable() bool { return r.Ceiling != r.Default }

// servicePacks returns the levels the rule holds for, as in " SP2 and later",
// and nothing if those are all that the edition had.
func (r Rule) servicePacks() string {
	first, last := 0, 0
	if r.Edition.valid() {
		first, last = names.Edition(r.Edition).Levels()
	}
	lo, hi := max(r.ServicePackMin, first), r.ServicePackMax
	switch {
	case lo == first && (hi == AndLater || hi >= last):
		return ""
	case (hi == AndLater || hi >= last) && lo < last:
		return fmt.Sprintf(" SP%d and later", lo)
	case lo == hi && lo == first:
		return " as released"
	case lo == hi || lo == last:
		return fmt.Sprintf(" SP%d", lo)
	case lo == first:
		return fmt.Sprintf(" up to SP%d", hi)
	}
	return fmt.Sprintf(" SP%d to SP%d", lo, hi)
}

// counted returns "1 SMB session", "10 SMB sessions", "no SMB session".
func (r Rule) counted(l Limit) string {
	one, many := r.Unit.String(), r.Unit.String()
	if r.Service.valid() && services[r.Service].one != "" {
		one, many = services[r.Service].one, services[r.Service].many
	} else if r.Unit != UnknownUnit {
		one = strings.TrimSuffix(many, "s")
	}
	switch {
	case r.Service == IIS && r.Unit == UnitRequests:
		one, many = "request to its web server (IIS)", "requests to its web server (IIS)"
	case (r.Service == TCPOther || r.Service == TCPOutbound) && r.Edition.PoolsSockets():
		one, many = "TCP socket of any kind", "TCP sockets of every kind"
	}
	n, ok := l.Number()
	switch {
	case ok && n == 0:
		return "no " + one
	case ok && n == 1:
		return "1 " + one
	case ok:
		return fmt.Sprintf("%d %s", n, many)
	}
	return many
}

// String returns the rule as one plain English sentence, without the evidence.
func (r Rule) String() string {
	edition := r.Edition.String() + r.servicePacks()
	if r.Basis == ByLicence {
		return r.licenceSentence(edition)
	}
	noun := r.Service.String()
	if r.Service.valid() {
		noun = services[r.Service].lacks
	}
	switch {
	case r.Default.IsAbsent():
		return edition + " has no " + noun + "."
	case r.Default.IsUnlimited():
		return edition + " does not limit " + r.counted(r.Default) + "."
	case !r.Default.IsKnown():
		return "How many " + r.counted(r.Default) + " " + edition + " takes is not known."
	}

	takes := "takes"
	switch {
	case r.Service == TCPBacklog:
		takes = "holds"
	case r.Service == TCPHalfOpen || r.Service == TCPOutbound:
		takes = "has at most"
	case r.Unit == UnitRequests:
		takes = "executes"
	}
	sentence := fmt.Sprintf("%s %s %s", edition, takes, r.counted(r.Default))
	if n, _ := r.Default.Number(); n != 0 && r.Service != TCPBacklog {
		sentence += " at the same time"
	}
	switch r.Discipline {
	case Refuse:
		if n, _ := r.Default.Number(); n == 0 {
			sentence += " and refuses the first one"
			break
		}
		sentence += " and refuses the next one"
	case Queue:
		sentence += "; the next one waits in a queue"
		if r.Queue.IsKnown() {
			sentence += " of " + r.Queue.String()
		}
	case Displace:
		sentence += "; the next one may displace a present one"
	}
	switch {
	case r.Ceiling.IsUnlimited():
		sentence += "; the number can be raised"
	case r.Movable():
		sentence += "; the number can be raised to " + r.Ceiling.String()
	}
	return sentence + "."
}

func (r Rule) licenceSentence(edition string) string {
	sentence := fmt.Sprintf("The licence of %s allows %s to connect", edition, r.counted(r.Default))
	if r.Movable() {
		sentence += fmt.Sprintf(", and with more licences %s", r.Ceiling)
	}
	return sentence + "; nothing in Windows enforces that number."
}

// Explain returns the sentence of String, the sources with the grade, the numbers
// that others give, the note, and how the number can be changed, each on its own
// lines.
func (r Rule) Explain() string {
	var b strings.Builder
	fmt.Fprintln(&b, r)
	fmt.Fprintf(&b, "\nEvidence (%s):\n", r.Evidence())
	for _, s := range r.Sources() {
		fmt.Fprintf(&b, "  - %s\n", s)
	}
	if rivals := r.Rivals(); len(rivals) > 0 {
		fmt.Fprintln(&b, "\nOthers say:")
		for _, v := range rivals {
			fmt.Fprintf(&b, "  - %s: %s\n", v.Value, v.Source)
		}
	}
	if r.Note != "" {
		fmt.Fprintf(&b, "\nNote: %s\n", r.Note)
	}
	fmt.Fprintf(&b, "\nChanging it: %s\n", r.Change())
	return b.String()
}

// Change says how the number can be changed, in a sentence for people.
func (r Rule) Change() string {
	limited, isSwitched := r.RateLimited()
	switch {
	case r.Default.IsAbsent():
		return "there is nothing to change; the service is not in this edition."
	case r.Basis == ByLicence:
		return "a matter between the licensee and Microsoft; no setting changes it."
	case isSwitched:
		return fmt.Sprintf("DWORD %s = 1 in %s and a restart turn on a limit of %v; its number cannot be set (%s).",
			RateLimitingValue, RateLimitingKey, limited.Default, limited.evidence.sources[0])
	case r.Service == TCPHalfOpen && r.Discipline == Queue:
		return "no setting does; only programs that patch tcpip.sys did (jsi-tip-10301, half-open-com)."
	case r.Default.IsUnlimited() && r.Service != SMB:
		return "there is nothing to raise."
	}
	switch r.Service {
	case SMB:
		if r.Movable() {
			return fmt.Sprintf("client licences in packs raise it, to %v in all (techsoup-sbs).", r.Ceiling)
		}
		return `DWORD Users in HKLM\SYSTEM\CurrentControlSet\Services\LanmanServer\Parameters can lower the number, never raise it (ms-srvs).`
	case IIS:
		switch {
		case r.Unit == UnitRequests:
			return "no setting does (iis-docs-request-restrictions)."
		case r.Ceiling.IsUnlimited():
			return "the setting MaxConnections of the service, without an upper bound (kb143180)."
		case r.Movable() && !r.Edition.IISVersion().Value.HasMetabase().Value:
			return fmt.Sprintf("the setting MaxConnections of the service; the highest that it takes is %v (kb101322).", r.Ceiling)
		case r.Movable():
			return fmt.Sprintf("cscript adsutil.vbs set w3svc/MaxConnections N, with N up to %s (hadsy-adsutil).", r.Ceiling)
		}
		return fmt.Sprintf("the metabase property MaxConnections can lower it, from %s (iisref-2000).", r.Ceiling)
	case FTP:
		switch {
		case r.Ceiling.IsUnlimited():
			return "the setting MaxConnections of the FTP service, without an upper bound (kb143180)."
		case r.Movable():
			return fmt.Sprintf("the setting MaxConnections of the FTP service; the highest that it takes is %v (kb101322).", r.Ceiling)
		}
		return "the metabase property MaxConnections of the FTP service can lower it (iisref-2000)."
	case Telnet:
		return "tlntadmn config maxconn=N; its upper bound is not known (ms-tlntadmn)."
	case RAS:
		if r.Movable() {
			return "the number of ports in Routing and Remote Access; more than 1000 need a restart (ms-mpr-server-1)."
		}
	case TCPBacklog:
		if r.Movable() {
			return "a program that calls listen with SOMAXCONN_HINT(N) gets N, from 200 to 65535 (ms-listen)."
		}
		return "no setting raises it; a program that accepts sooner needs less of it."
	case TCPOutbound, TCPOther:
		switch {
		case r.Edition.PoolsSockets():
			return "the value MaxConnections of MSTCP in the registry; its upper bound is not known (kb198663, proxyplus-faq)."
		case r.Edition >= VistaStarter:
			return "netsh int ipv4 set dynamicport tcp start=N num=N, with 255 to 64511 ports (kb929851)."
		case r.Movable():
			return `DWORD MaxUserPort, 5000 to 65534, in HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters adds ports; TcpTimedWaitDelay, 30 to 300 s, gives closed ones back earlier (kb196271, kb149532).`
		}
	case RDP:
		if r.Edition.Server() {
			return "the role that hosts sessions for users lifts it; then licences decide (ms-rds-cal)."
		}
		return "no setting does."
	}
	return "no setting is known."
}
