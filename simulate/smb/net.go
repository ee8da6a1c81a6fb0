package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// SMBSession is a session that holds a slot, or shares one.
type SMBSession struct {
	// Computer is the client's address.
	Computer string
	// User is the account name of an NTLM log-on, empty for a null session and
	// where it could not be seen.
	User string
	// Opens is the number of open files, 0 for an encrypted session: they
	// cannot be seen there.
	Opens int
	// Idle is the time since the last request.
	Idle time.Duration

	null bool // the user is known to be nobody
}

// Sessions returns the sessions in force, ordered by computer and user.
func (p *SMBProxy) Sessions() []SMBSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]SMBSession, 0, len(p.live))
	for s := range p.live {
		list = append(list, SMBSession{s.computer, s.user, s.openFiles(), s.idleTime(), s.named && s.user == ""})
	}
	slices.SortFunc(list, func(a, b SMBSession) int {
		if n := strings.Compare(a.Computer, b.Computer); n != 0 {
			return n
		}
		if n := strings.Compare(a.User, b.User); n != 0 {
			return n
		}
		if a.null != b.null { // null sessions together, for netSession
			if a.null {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Idle, a.Idle)
	})
	return list
}

const netDone = "The command completed successfully.\n"

// Net answers a command of the host's administrator with what the net program
// of Windows prints:
//
//	net config server
//	net config server /autodisconnect:N
//	net session
//	net session \\COMPUTER /delete
//
// The output is laid out as on Windows 10 from Windows 8 on and as on Server
// 2008 R2 before that (win10-net-config, ws2008r2-net-config,
// net-session-output); what older releases printed is not known. The transport
// names contain a GUID that stands for one. Everything else, and a value that
// Windows would not take, is an error that says what is accepted.
//
// N is the idle time in minutes after which a session ends, from 0 to 65535, or
// -1 for never; 0 does not mean never, but a few seconds (kb138365), here five.
// A session is idle since its last request, and ends only if it has no file
// open. For an encrypted session open files cannot be seen, so that it ends for
// being idle alone. A session that is ended takes its connection with it,
// unless that carries another session.
//
// "net session \\COMPUTER /delete" asks for confirmation if files are open; the
// answer, "Y" or "N", is the next command. With /y it does not ask.
func (p *SMBProxy) Net(command string) (string, error) {
	words := strings.Fields(strings.ToLower(command))
	p.mu.Lock()
	asked := p.asked
	p.asked = ""
	p.mu.Unlock()
	if asked != "" && (len(words) == 0 || len(words) == 1 && strings.Contains(" y yes n no ", " "+words[0]+" ")) {
		if len(words) == 1 && words[0][0] == 'y' {
			return p.netDelete(asked, true)
		}
		return "", nil
	}
	switch {
	case len(words) < 2 || words[0] != "net":
	case words[1] == "config":
		switch {
		case len(words) == 3 && words[2] == "server":
			return p.netConfigServer(), nil
		case len(words) == 4 && words[2] == "server" && strings.HasPrefix(words[3], "/autodisconnect:"):
			return p.netAutoDisconnect(strings.TrimPrefix(words[3], "/autodisconnect:"))
		}
	case slices.Contains([]string{"session", "sessions", "sess"}, words[1]):
		args := words[2:]
		yes := slices.Contains(args, "/y") || slices.Contains(args, "/yes")
		args = slices.DeleteFunc(args, func(w string) bool { return w == "/y" || w == "/yes" })
		switch {
		case len(args) == 0 && !yes:
			return p.netSession(), nil
		case len(args) == 2 && strings.HasPrefix(args[0], `\\`) && args[1] == "/delete":
			return p.netDelete(strings.TrimPrefix(args[0], `\\`), yes)
		}
	}
	return "", fmt.Errorf(`simulate: net: cannot do %q; known are "net config server [/autodisconnect:N]" and "net session [\\COMPUTER /delete [/y]]"`, command)
}

// netTransport is the made-up device GUID in the transport's name.
const netTransport = "NetBT_Tcpip_{00000000-0000-0000-0000-000000000000}"

func (p *SMBProxy) netConfigServer() string {
	var b strings.Builder
	line := func(label, value string) {
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-38s%s", label, value), " ") + "\n")
	}
	name := p.settings.ServerName
	edition := p.host.windows.Edition
	line("Server Name", `\\`+name)
	line("Server Comment", "")
	line("", "")
	line("Software version", edition.String())
	if edition >= limits.Windows8 {
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
	if n, ok := p.gate.Limit().Number(); ok {
		users = strconv.Itoa(n)
	}
	files := "16384" // kb219956
	if edition < limits.Windows2000Professional {
		files = "2048"
	}
	line("Server hidden", "No")
	line("Maximum Logged On Users", users)
	line("Maximum open files per session", files)
	line("", "")
	line("Idle session time (min)", strconv.FormatInt(p.idleMinutes.Load(), 10))
	return b.String() + netDone
}

func (p *SMBProxy) netAutoDisconnect(value string) (string, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < smbIdleNever || n > smbIdleMax {
		return "", fmt.Errorf("simulate: net config server: /autodisconnect:%s is not from %d (never) to %d minutes", value, smbIdleNever, smbIdleMax)
	}
	p.setIdle(n)
	return netDone, nil
}

// netSession lists the sessions. The null sessions of one computer share a
// line, although each holds a slot (kb328459).
func (p *SMBProxy) netSession() string {
	var lines []SMBSession
	for _, s := range p.Sessions() {
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
		fmt.Fprintf(&b, "%-22s %-20s %-17s %5d %s\n", netComputer(s.Computer), s.User, "", s.Opens, netIdle(s.Idle))
	}
	return b.String() + netDone
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

func (p *SMBProxy) netDelete(computer string, yes bool) (string, error) {
	computer = strings.Trim(computer, "[]")
	var found []*smbSession
	opens := 0
	p.mu.Lock()
	for s := range p.live {
		if strings.EqualFold(s.computer, computer) {
			found = append(found, s)
			opens += s.openFiles()
		}
	}
	ask := opens > 0 && !yes
	if ask {
		p.asked = computer
	}
	p.mu.Unlock()
	switch {
	case len(found) == 0:
		return "", fmt.Errorf(`simulate: net session \\%s: A session does not exist with that computer name. (2312)`, computer)
	case ask:
		return "The session from " + computer + " has open files.\n\nDo you want to continue this operation? (Y/N) [N]: ", nil
	}
	for _, s := range found {
		p.kill(s, smbByAdmin)
	}
	return netDone, nil
}
