package smb

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// Session is a session in force: it holds a slot, or shares one with others as Count
// says.
type Session struct {
	// Computer is the client's IP address without the port.
	Computer string `json:"computer"`
	// User is the account name of an NTLM log-on. It is empty for a null session (an
	// anonymous log-on), and where the proxy cannot see it, as with Kerberos.
	User string `json:"user,omitzero"`
	// Opens is the number of open files. It is 0 for an encrypted session, whose
	// files cannot be seen.
	Opens int `json:"opens"`
	// Idle is the time since the session's last request.
	Idle time.Duration `json:"idle"`

	null bool // the user is known to be anonymous
}

// sessionJSON is Session with its time as text.
type sessionJSON struct {
	*sessionFields
	Idle jsontime.Duration `json:"idle"`
}

type sessionFields Session

// MarshalJSON writes the session with Idle as text, such as "1m30s".
func (s Session) MarshalJSON() ([]byte, error) {
	return json.Marshal(sessionJSON{(*sessionFields)(&s), jsontime.Duration(s.Idle)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Session) UnmarshalJSON(b []byte) error {
	t := sessionJSON{sessionFields: (*sessionFields)(s)}
	if err := json.Unmarshal(b, &t); err != nil {
		return fmt.Errorf("smb: session: %w", err)
	}
	s.Idle = time.Duration(t.Idle)
	return nil
}

// Sessions returns the sessions in force on this proxy, ordered by computer and user.
// Those of the whole machine are what "net session" at Host.Console lists.
func (p *Proxy) Sessions() []Session {
	p.mu.Lock()
	list := make([]Session, 0, len(p.live))
	for s := range p.live {
		list = append(list, Session{s.computer, s.user, s.openFiles(), s.idleTime(), s.named && s.user == ""})
	}
	p.mu.Unlock()
	slices.SortFunc(list, compareSessions)
	return list
}

// compareSessions orders by computer and user, the null sessions of a computer
// together, for netSession.
func compareSessions(a, b Session) int {
	null := func(s Session) int {
		if s.null {
			return 0
		}
		return 1
	}
	return cmp.Or(
		strings.Compare(a.Computer, b.Computer), strings.Compare(a.User, b.User),
		cmp.Compare(null(a), null(b)), cmp.Compare(b.Idle, a.Idle))
}

const netDone = "The command completed successfully.\n"

// Console answers a line for Host.Console. The package comment has the commands.
func (m *machine) Console(line string) (output string, known bool, err error) {
	words := strings.Fields(strings.ToLower(line))
	m.mu.Lock()
	asked := m.asked
	m.asked = ""
	m.mu.Unlock()
	if asked != "" && (len(words) == 0 || len(words) == 1 && slices.Contains([]string{"y", "yes", "n", "no"}, words[0])) {
		if len(words) == 1 && words[0][0] == 'y' {
			output, err = m.netDelete(asked, true)
		}
		return output, true, err
	}
	if len(words) == 0 || words[0] != "net" {
		return "", false, nil
	}
	output, err = m.net(line, words[1:])
	return output, true, err
}

// net answers a command of the net program.
func (m *machine) net(line string, words []string) (string, error) {
	switch {
	case len(words) == 0:
	case words[0] == "config":
		switch {
		case len(words) == 2 && words[1] == "server":
			return m.netConfigServer(), nil
		case len(words) == 3 && words[1] == "server" && strings.HasPrefix(words[2], "/autodisconnect:"):
			return m.netAutoDisconnect(strings.TrimPrefix(words[2], "/autodisconnect:"))
		}
	case slices.Contains([]string{"session", "sessions", "sess"}, words[0]):
		args := words[1:]
		yes := slices.Contains(args, "/y") || slices.Contains(args, "/yes")
		args = slices.DeleteFunc(args, func(w string) bool { return w == "/y" || w == "/yes" })
		switch {
		case len(args) == 0 && !yes:
			return m.netSession(), nil
		case len(args) == 2 && strings.HasPrefix(args[0], `\\`) && args[1] == "/delete":
			return m.netDelete(strings.TrimPrefix(args[0], `\\`), yes)
		}
	}
	return "", fmt.Errorf(`smb: %s: %w; known are "net config server [/autodisconnect:N]" and "net session [\\COMPUTER /delete [/y]]"`,
		text.Quote(line, 100), simulate.ErrCommand)
}

// netTransport is the name of the transport, with a made-up GUID of a network device.
const netTransport = "NetBT_Tcpip_{00000000-0000-0000-0000-000000000000}"

func (m *machine) netConfigServer() string {
	var b strings.Builder
	line := func(label, value string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-38s%s", label, value), " ") + "\n")
	}
	name := m.serverName()
	edition := m.host.Windows().Edition
	line("Server Name", `\\`+name)
	line("Server Comment", "")
	line("", "")
	line("Software version", edition.String())
	if edition.NetConfigLayout().Value == limits.NetConfigIndented {
		line("Server is active on", "")
		line("        NetbiosSmb ("+name+")", "")
		line("        "+netTransport+" ("+name+")", "")
		line("", "")
		line("", "")
	} else {
		line("", "")
		line("Server is active on", "")
		line("NetbiosSmb ("+name+")", "")
		line(netTransport+" ("+name+")", "")
		line("", "")
	}
	users := "Unlimited"
	if n, ok := m.gate.Limit().Number(); ok {
		users = strconv.Itoa(n)
	}
	line("Server hidden", "No")
	line("Maximum Logged On Users", users)
	line("Maximum open files per session", strconv.Itoa(edition.OpenFilesPerSession().Value))
	line("", "")
	line("Idle session time (min)", strconv.FormatInt(m.idleMinutes.Load(), 10))
	return b.String() + netDone
}

func (m *machine) netAutoDisconnect(value string) (string, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < limits.AutoDisconnectNever || n > limits.AutoDisconnectMax {
		return "", fmt.Errorf("smb: net config server: /autodisconnect: %s is not from %d (never) to %d minutes",
			text.Quote(value, 100), limits.AutoDisconnectNever, limits.AutoDisconnectMax)
	}
	m.idleMinutes.Store(int64(n))
	m.enforceIdle()
	return netDone, nil
}

// netSession lists the sessions. The null sessions of one computer are one line,
// although each holds a slot (kb328459).
func (m *machine) netSession() string {
	var all []Session
	for _, p := range m.list() {
		all = append(all, p.Sessions()...)
	}
	slices.SortFunc(all, compareSessions)
	var lines []Session
	for _, s := range all {
		if n := len(lines) - 1; s.null && n >= 0 && lines[n].null && lines[n].Computer == s.Computer {
			lines[n].Opens += s.Opens
			lines[n].Idle = min(lines[n].Idle, s.Idle)
			continue
		}
		lines = append(lines, s)
	}
	if len(lines) == 0 {
		return "There are no entries in the list.\n"
	}
	var b strings.Builder
	b.WriteString("Computer               User name            Client Type       Opens Idle time\n\n")
	b.WriteString(strings.Repeat("-", 79) + "\n")
	for _, s := range lines {
		netRow(&b, netComputer(s.Computer), s.User, fmt.Sprintf("%5d %s", s.Opens, netIdle(s.Idle)))
	}
	return b.String() + netDone
}

// netRow writes a row of the list of sessions. After a name that is too long for its
// column, such as most IPv6 addresses, the row goes on in the next line: the columns
// stay in line, and the name can be copied. What Windows does then is not known.
func netRow(b *strings.Builder, computer, user, rest string) {
	at := 0
	for _, column := range []struct {
		start int
		text  string
	}{{0, computer}, {23, user}, {62, rest}} {
		if at > column.start-1 && at > 0 {
			b.WriteString("\n")
			at = 0
		}
		fmt.Fprintf(b, "%*s%s", column.start-at, "", column.text)
		at = column.start + utf8.RuneCountInString(column.text)
	}
	b.WriteString("\n")
}

// netComputer writes an address as a computer name.
func netComputer(address string) string {
	if strings.Contains(address, ":") {
		return `\\[` + address + `]`
	}
	return `\\` + address
}

func netIdle(d time.Duration) string {
	minutes := int(d / time.Minute)
	if d >= 24*time.Hour {
		return fmt.Sprintf("%02dD %02dH %02dM", minutes/(24*60), minutes/60%24, minutes%60)
	}
	return fmt.Sprintf("%02d:%02d:%02d", minutes/60, minutes%60, int(d/time.Second)%60)
}

func (m *machine) netDelete(computer string, yes bool) (string, error) {
	computer = strings.TrimSuffix(strings.TrimPrefix(computer, "["), "]")
	if addr, err := netip.ParseAddr(computer); err == nil {
		computer = addr.Unmap().String() // however it was written
	}
	type found struct {
		proxy   *Proxy
		session *session
	}
	var all []found
	opens := 0
	for _, p := range m.list() {
		p.mu.Lock()
		for s := range p.live {
			if strings.EqualFold(s.computer, computer) {
				all = append(all, found{p, s})
				opens += s.openFiles()
			}
		}
		p.mu.Unlock()
	}
	switch {
	case len(all) == 0:
		return "", fmt.Errorf(`smb: net session \\%.100s: A session does not exist with that computer name. (2312)`, printable(computer))
	case opens > 0 && !yes:
		m.mu.Lock()
		m.asked = computer
		m.mu.Unlock()
		return "The session from " + computer + " has open files.\n\nDo you want to continue this operation? (Y/N) [N]: ", nil
	}
	for _, f := range all {
		f.proxy.kill(f.session, deletedByAdmin)
	}
	return netDone, nil
}
