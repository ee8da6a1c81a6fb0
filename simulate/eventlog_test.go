package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/limits"
)

func TestLogEntryString(t *testing.T) {
	at := time.Date(2004, 8, 10, 19, 36, 52, 0, time.UTC)
	e := entryOf(limits.XPProfessional, limits.Event4226)
	e.Time = at
	assert.Equal(t, `Event Type:	Warning
Event Source:	Tcpip
Event Category:	None
Event ID:	4226
Date:		8/10/2004
Time:		7:36:52 PM
User:		N/A
Computer:	N/A
Description:
TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts.
Data:
0000: 00 00 00 00 01 00 54 00   ......T.
0008: 00 00 00 00 82 10 00 80   ........
0010: 01 00 00 00 00 00 00 00   ........
0018: 00 00 00 00 00 00 00 00   ........
0020: 00 00 00 00 00 00 00 00   ........
`, e.String())

	e = entryOf(limits.XPProfessionalX64, limits.Event4226)
	assert.Contains(t, e.Text, "concurrent (incomplete) TCP connect attempts.")
	assert.Equal(t, "System", e.Log)

	short := LogEntry{Text: "text", Data: []byte("abc")}
	assert.Contains(t, short.String(), "0000: 61 62 63                  abc\n")
	assert.NotContains(t, LogEntry{}.String(), "Data:")
}
