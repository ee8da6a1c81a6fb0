package simulate

import (
	"fmt"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// entryOf returns the entry of an event that the edition logs: 4226 when TCP/IP
// begins to queue connection attempts, 4227 and 4231 when there is no port for one.
func entryOf(e limits.Edition, id int) LogEntry {
	fact, _ := e.Event(id)
	event := fact.Value
	return LogEntry{
		ID: uint32(event.ID), Log: event.Log, Source: event.Source, Level: event.Level, Category: event.Category,
		Text: event.Text, Data: event.Data,
	}
}

// String returns the entry in the layout that Event Viewer of XP copies to the
// clipboard (tech-recipes-559), without user and computer. Data bytes that are not
// printable ASCII are dots.
func (e LogEntry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Event Type:\t%s\nEvent Source:\t%s\nEvent Category:\t%s\nEvent ID:\t%d\n", e.Level, e.Source, e.Category, e.ID)
	fmt.Fprintf(&b, "Date:\t\t%s\nTime:\t\t%s\n", e.Time.Format("1/2/2006"), e.Time.Format("3:04:05 PM"))
	fmt.Fprintf(&b, "User:\t\tN/A\nComputer:\tN/A\nDescription:\n%s\n", e.Text)
	if len(e.Data) > 0 {
		b.WriteString("Data:\n")
	}
	for at := 0; at < len(e.Data); at += 8 {
		line := e.Data[at:min(at+8, len(e.Data))]
		fmt.Fprintf(&b, "%04x: %-23s   ", at, fmt.Sprintf("% x", line))
		for _, c := range line {
			if c < ' ' || c > '~' {
				c = '.'
			}
			b.WriteByte(c)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
