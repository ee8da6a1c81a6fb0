package simulate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/text"
)

// ErrCommand is wrapped by the error of Host.Console for a line that is no command
// of the machine.
var ErrCommand = errors.New("simulate: not a command of this machine")

// Console runs a command line, as an administrator types it on the machine, and
// returns what it prints. Adapters bring their commands: adsutil (package iis) and
// net (package smb). The machine itself prints its event log:
//
//	wevtutil qe System /f:text [/c:N] [/rd:true]    from Vista on
//	eventquery [/l System] [/fo table|list] [/r N]  on XP and Server 2003
//
// cscript eventquery.vbs is eventquery, too. No source shows what these commands
// print for event 4226; the layout is that of other events.
//
// A line that is no command is an error that wraps ErrCommand. What Windows answers
// with a message of its own is output and no error. An empty line answers what a
// command has asked, or does nothing.
func (h *Host) Console(line string) (output string, err error) {
	for _, p := range h.partList() {
		if c, ok := p.(interface {
			Console(string) (string, bool, error)
		}); ok {
			if output, known, err := c.Console(line); known {
				return output, err
			}
		}
	}
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return "", nil
	}
	if len(fields) > 1 && commandName(fields[0]) == "cscript" {
		fields = fields[1:]
		if strings.EqualFold(fields[0], "//nologo") && len(fields) > 1 {
			fields = fields[1:]
		}
	}
	name, has := commandName(fields[0]), h.windows.Edition.EventLogCommand().Value
	switch {
	case name == has && name == "wevtutil":
		return h.wevtutil(fields[1:])
	case name == has && name == "eventquery":
		return h.eventquery(fields[1:])
	case has != "" && (name == "wevtutil" || name == "eventquery"):
		return "", fmt.Errorf("%w: %s; %v has %s", ErrCommand, text.Quote(line, 100), h.windows, has)
	}
	return "", fmt.Errorf("%w: %s", ErrCommand, text.Quote(line, 100))
}

// commandName returns the name of a command, which may have a path and an
// extension.
func commandName(arg string) string {
	arg = arg[strings.LastIndexAny(arg, `\/`)+1:]
	arg, _, _ = strings.Cut(strings.ToLower(arg), ".")
	return arg
}

func (h *Host) wevtutil(args []string) (string, error) {
	const want = "wevtutil qe System /f:text [/c:N] [/rd:true]"
	if len(args) < 2 || !strings.EqualFold(args[0], "qe") && !strings.EqualFold(args[0], "query-events") {
		return "", fmt.Errorf("simulate: wevtutil %s: want %s", text.Quote(strings.Join(args, " "), 100), want)
	}
	log, count, newestFirst, asText := args[1], maxLogEntries, false, false
	for _, arg := range args[2:] {
		name, value, _ := strings.Cut(strings.ToLower(arg), ":")
		switch {
		case name == "/f" && value == "text":
			asText = true
		case name == "/rd" && (value == "true" || value == "false"):
			newestFirst = value == "true"
		case name == "/c" && isCount(value, &count):
		default:
			return "", fmt.Errorf("simulate: wevtutil %s: want %s", text.Quote(arg, 100), want)
		}
	}
	if !asText {
		return "", fmt.Errorf("simulate: wevtutil without /f:text prints XML, which is not made here: want %s", want)
	}
	var b strings.Builder
	for i, e := range h.logged(log, count, newestFirst) {
		fmt.Fprintf(&b, "Event[%d]:\r\n  Log Name: %s\r\n  Source: %s\r\n  Date: %s\r\n  Event ID: %d\r\n  Task: N/A\r\n  Level: %s\r\n",
			i, e.Log, e.Source, e.Time.Format("2006-01-02T15:04:05.000"), e.ID, e.Level)
		fmt.Fprintf(&b, "  Opcode: N/A\r\n  Keyword: Classic\r\n  User: N/A\r\n  User Name: N/A\r\n  Computer: N/A\r\n  Description: \r\n%s\r\n\r\n", e.Text)
	}
	return b.String(), nil
}

func (h *Host) eventquery(args []string) (string, error) {
	const want = "eventquery [/l System] [/fo table|list] [/r N]"
	log, count, list := "", maxLogEntries, false
	for i := 0; i < len(args); i += 2 {
		value := ""
		if i+1 < len(args) {
			value = strings.ToLower(args[i+1])
		}
		switch name := strings.ToLower(args[i]); {
		case name == "/l" && value != "":
			log = value
		case name == "/fo" && (value == "list" || value == "table"):
			list = value == "list"
		case name == "/r" && isCount(value, &count):
		default:
			return "", fmt.Errorf("simulate: eventquery %s: want %s", text.Quote(strings.Join(args[i:], " "), 100), want)
		}
	}
	entries := h.logged(log, count, true)
	if len(entries) == 0 {
		return "INFO: No records available for the specified log(s).\r\n", nil
	}
	var b strings.Builder
	if !list {
		fmt.Fprintf(&b, "%-13s %-6s %-23s %s\r\n", "Type", "Event", "Date Time", "Source")
		fmt.Fprintf(&b, "%s %s %s %s\r\n", strings.Repeat("-", 13), strings.Repeat("-", 6), strings.Repeat("-", 23), strings.Repeat("-", 17))
	}
	for _, e := range entries {
		at := e.Time.Format("1/2/2006 3:04:05 PM")
		if list {
			fmt.Fprintf(&b, "Type:        %s\r\nEvent:       %d\r\nDate Time:   %s\r\nSource:      %s\r\nDescription: %s\r\n\r\n", e.Level, e.ID, at, e.Source, e.Text)
		} else {
			fmt.Fprintf(&b, "%-13s %-6d %-23s %s\r\n", e.Level, e.ID, at, e.Source)
		}
	}
	return b.String(), nil
}

// isCount reports whether text is a number from 1 on, and stores it.
func isCount(text string, n *int) bool {
	var v int
	if _, err := fmt.Sscanf(text, "%d", &v); err != nil || v < 1 || fmt.Sprint(v) != text {
		return false
	}
	*n = min(v, maxLogEntries)
	return true
}

// maxLogEntries bounds the event log; the oldest entry goes first.
const maxLogEntries = 1000

// log writes an entry to the event log of the machine and tells the observers.
func (g *Gate) log(e LogEntry) {
	h := g.host
	e.Time = time.Now()
	h.mu.Lock()
	if len(h.eventLog) == maxLogEntries {
		h.eventLog = append(h.eventLog[:0], h.eventLog[1:]...)
	}
	h.eventLog = append(h.eventLog, e)
	h.mu.Unlock()
	if h.IsObserved() {
		g.changed(nil, Event{Kind: Logged, Log: &e})
	}
}

// EventLog returns the event log of the machine, the oldest entry first. The log
// keeps the last 1,000 entries.
func (h *Host) EventLog() []LogEntry { return h.logged("", maxLogEntries, false) }

// logged returns at most count entries of a log, or of all logs if it has no
// name: the oldest of them, or the newest, first.
func (h *Host) logged(log string, count int, newestFirst bool) []LogEntry {
	h.mu.Lock()
	defer h.mu.Unlock()
	var entries []LogEntry
	for i := range h.eventLog {
		e := h.eventLog[i]
		if newestFirst {
			e = h.eventLog[len(h.eventLog)-1-i]
		}
		if len(entries) < count && (log == "" || log == "*" || strings.EqualFold(e.Log, log)) {
			entries = append(entries, e)
		}
	}
	return entries
}
