package limits

import (
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits/internal/names"
)

// unknownName is how every zero value of the package prints and parses.
const unknownName = "unknown"

// Unit is what a limit counts.
type Unit uint8

// The units.
const (
	UnknownUnit Unit = iota
	// UnitSessions are log-on sessions: of SMB, RDP, Telnet.
	UnitSessions
	// UnitConnections are open TCP connections, idle ones included.
	UnitConnections
	// UnitRequests are requests that are executed. An idle connection does not
	// count.
	UnitRequests
	// UnitAttempts are connection attempts that have not been answered.
	UnitAttempts
	// UnitRemoteComputers are other computers. Each counts once, however many
	// connections it has.
	UnitRemoteComputers
	// UnitCalls are incoming dial-up, VPN or direct calls.
	UnitCalls
	// UnitDevices, UnitComputers and UnitUsers are what licence terms count.
	UnitDevices
	UnitComputers
	UnitUsers
)

var unitNames = [...]string{unknownName, "sessions", "connections", "requests", "attempts", "remote-computers", "calls", "devices", "computers", "users"}

// Discipline is what happens to the connection, or session, or request, over the
// limit.
type Discipline uint8

// The disciplines.
const (
	UnknownDiscipline Discipline = iota
	// Refuse says that it gets an error at once.
	Refuse
	// Queue says that it waits, without an error.
	Queue
	// Displace says that it may end a present session and get its slot, as Remote
	// Desktop does on client editions.
	Displace
	// None says that no code limits the service. There may be a licence that does.
	None
	// AbsentService says that the edition does not have the service.
	AbsentService
)

var disciplineNames = [...]string{unknownName, "refuse", "queue", "displace", "none", "absent"}

// Basis says whether code or a licence enforces a limit.
type Basis uint8

// The bases.
const (
	UnknownBasis Basis = iota
	// ByCode says that a part of Windows enforces the limit.
	ByCode
	// ByLicence says that the limit is in the licence terms only: nothing in Windows
	// checks it.
	ByLicence
)

var basisNames = [...]string{unknownName, "code", "licence"}

// Grade says how good the evidence for a rule or a fact is. A lower grade is
// better.
type Grade uint8

// The grades.
const (
	UnknownGrade Grade = iota
	// Documented is evidence that the vendor has published, in a knowledge base
	// article, documentation, licence terms or a protocol document.
	Documented
	// Measured is a capture, a screenshot, a disassembly, or a value read from
	// installation media.
	Measured
	// Reported is a book, the press, the source code of a program, or a user's
	// report.
	Reported
	// Inferred says that there is no direct evidence. The note says what the value is
	// inferred from.
	Inferred
)

var gradeNames = [...]string{unknownName, "documented", "measured", "reported", "inferred"}

func (u Unit) String() string       { return enumString("Unit", unitNames[:], uint8(u)) }
func (d Discipline) String() string { return enumString("Discipline", disciplineNames[:], uint8(d)) }
func (b Basis) String() string      { return enumString("Basis", basisNames[:], uint8(b)) }
func (g Grade) String() string      { return enumString("Grade", gradeNames[:], uint8(g)) }

// MarshalText returns the String form; a value that is not declared is an
// error.
func (u Unit) MarshalText() ([]byte, error) { return enumText("unit", unitNames[:], u) }

// MarshalText returns the String form; a value that is not declared is an
// error.
func (d Discipline) MarshalText() ([]byte, error) {
	return enumText("discipline", disciplineNames[:], d)
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (b Basis) MarshalText() ([]byte, error) { return enumText("basis", basisNames[:], b) }

// MarshalText returns the String form; a value that is not declared is an
// error.
func (g Grade) MarshalText() ([]byte, error) { return enumText("grade", gradeNames[:], g) }

// UnmarshalText accepts the String forms, in any case.
func (u *Unit) UnmarshalText(text []byte) error { return enumParse(u, "unit", unitNames[:], text) }

// UnmarshalText accepts the String forms, in any case.
func (d *Discipline) UnmarshalText(text []byte) error {
	return enumParse(d, "discipline", disciplineNames[:], text)
}

// UnmarshalText accepts the String forms, in any case.
func (b *Basis) UnmarshalText(text []byte) error { return enumParse(b, "basis", basisNames[:], text) }

// UnmarshalText accepts the String forms, in any case.
func (g *Grade) UnmarshalText(text []byte) error { return enumParse(g, "grade", gradeNames[:], text) }

func enumString(kind string, names []string, v uint8) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%s(%d)", kind, v)
}

func enumText[T ~uint8](what string, names []string, v T) ([]byte, error) {
	if int(v) >= len(names) {
		return nil, fmt.Errorf("limits: %d is not a %s; want 0 to %d", uint8(v), what, len(names)-1)
	}
	return []byte(names[v]), nil
}

func enumParse[T ~uint8](v *T, what string, all []string, text []byte) error {
	for i, name := range all {
		if strings.EqualFold(name, string(text)) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("limits: unknown %s %s; want one of %s", what, names.Quote(string(text)), strings.Join(all[1:], ", "))
}
