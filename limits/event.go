package limits

import "encoding/binary"

// EventEntry is an entry of the event log of Windows.
type EventEntry struct {
	ID                           int    // such as 4226
	Log, Source, Level, Category string // such as "System", "Tcpip", "Warning", "None"
	Text                         string // the message
	Data                         []byte // the binary data, empty if there is none
}

// Event returns the entry that the edition logs for an event: Event4226 from XP to
// Windows 7, Event4227 and Event4231 from Vista on. It reports false for any other
// event, and if the edition is not known to log it.
func (e Edition) Event(id int) (fact Fact[EventEntry], ok bool) {
	entry := EventEntry{ID: id, Log: "System", Source: "Tcpip", Level: "Warning", Category: "None"}
	switch {
	case id == Event4226 && XPStarter <= e && e <= Server2008R2Datacenter:
		entry.Data = event4226Data()
		entry.Text = TextEvent4226
		switch {
		case e == XPProfessionalX64 || Server2003Web <= e && e <= HomeServer:
			entry.Text = TextEvent4226NT52
			fact.Grade, fact.sources = Documented, cite("ms-event-4226-52", "tech-recipes-559")
			fact.Note = "The data are those of XP."
		case e >= VistaStarter:
			fact.Grade, fact.sources = Documented, cite("ms-event-4226-61", "tech-recipes-559")
			fact.Note = "The data are those of XP."
		default:
			fact.Grade, fact.sources = Measured, cite("tech-recipes-559", "ms-sdk-event-4226")
		}
	case id == Event4227 && e >= VistaStarter && e.valid():
		entry.Text = TextEvent4227
		fact.Grade, fact.sources = Measured, cite("theregime-4227")
	case id == Event4231 && e >= VistaStarter && e.valid():
		entry.Text = TextEvent4231
		fact.Grade, fact.sources = Measured, cite("borncity-4231")
	default:
		return Fact[EventEntry]{}, false
	}
	fact.Value = entry
	return fact, true
}

// event4226Data returns the ten words of the one dump there is
// (tech-recipes-559).
func event4226Data() []byte {
	data := make([]byte, 40)
	for i, word := range [...]uint32{0, 0x00540001, 0, Event4226Code, 1} {
		binary.LittleEndian.PutUint32(data[4*i:], word)
	}
	return data
}

// EventLogCommand returns the name of the command that lists the event log, without
// its extension: the script eventquery on XP and Server 2003, wevtutil on Vista and
// later. Before XP the name is empty; no such command is known there.
func (e Edition) EventLogCommand() Fact[string] {
	switch {
	case e >= VistaStarter && e.valid():
		return Fact[string]{Value: "wevtutil", Grade: Reported,
			Note: "It came with the event log of Vista.", sources: cite("wikipedia-event-viewer")}
	case e == HomeServer:
		return Fact[string]{Value: "eventquery", Grade: Inferred,
			Note: "Home Server is built on Server 2003, which has it.", sources: cite("ms-ff935312")}
	case e >= XPStarter && e.valid():
		return Fact[string]{Value: "eventquery", Grade: Documented,
			Note: "The vendor's list names Windows XP and Server 2003, without their editions.", sources: cite("ms-ff935312")}
	}
	return Fact[string]{Grade: Inferred, Note: "The vendor's list of systems begins with Windows XP.", sources: cite("ms-ff935312")}
}
