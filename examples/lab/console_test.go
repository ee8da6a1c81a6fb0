package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// types types a command on the machine named box.
func (b *bench) types(command string) string {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"command": command})
	require.NoError(b.t, err)
	var answer struct{ Output string }
	require.NoError(b.t, json.Unmarshal([]byte(b.ok("POST", "/api/hosts/box/console", string(body))), &answer))
	return answer.Output
}

func TestConsole(t *testing.T) {
	b := newBench(t)
	address := b.host("XP Pro SP3", `{"kind":"iis"}`)[0]
	assert.Contains(t, b.types("net session"), "There are no entries in the list.")
	assert.Contains(t, b.types("net config server"), "Maximum Logged On Users               10")
	b.types("adsutil set w3svc/MaxConnections 30")
	assert.Contains(t, b.types("adsutil get w3svc/MaxConnections"), "30")
	assert.Equal(t, 30, number(t, b.state("iis", "").Limit))
	assert.Contains(t, b.types("adsutil set w3svc/MaxConnections 41"), "40", "what is accepted")
	assert.Contains(t, b.types("eventquery"), "No records available")
	for _, command := range []string{"format c:", "wevtutil qe System /f:text"} {
		assert.Equal(t, "'"+strings.Fields(command)[0]+"' is not recognized as an internal or external command,\r\noperable program or batch file.\r\n", b.types(command))
	}
	assert.Empty(t, b.types(""))

	b.dial(address)
	b.state("iis", "?held=1")
	out := b.types(`typeperf "\Web Service(_Total)\Current Connections" "\web service(_total)\maximum connections" "\No\Such" -sc 2 -si 1`)
	assert.Regexp(t, `^"\(PDH-CSV 4\.0\)","\\\\BOX\\Web Service\(_Total\)\\Current Connections","\\\\BOX\\Web Service\(_Total\)\\Maximum Connections"
("\d\d/\d\d/\d{4} \d\d:\d\d:\d\d\.\d{3}","1\.000000","1\.000000"
){2}
Exiting, please wait\.\.\.
The command completed successfully\.
`, strings.ReplaceAll(out, "\r\n", "\n"))
	assert.Equal(t, "Error: No valid counters.\r\n", b.types(`typeperf "\No\Such"`))
	for _, command := range []string{`typeperf "\\Server\\Server Sessions" -sc 12`, `typeperf "\\Server\\Server Sessions" -sc 2 -si 11`} {
		status, text := b.call("POST", "/api/hosts/box/console", `{"command":"`+strings.ReplaceAll(command, `"`, `\"`)+`"}`)
		assert.Equal(t, http.StatusBadRequest, status)
		assert.Contains(t, text, "at most 10s")
	}
}

func TestConsoleOfVistaHasWevtutil(t *testing.T) {
	b := newBench(t)
	b.host("Windows 7 Professional SP1")
	assert.Empty(t, b.types("wevtutil qe System /f:text"))
	assert.Contains(t, b.types("eventquery"), "not recognized")
	assert.Contains(t, b.types(`typeperf "\HTTP Service Request Queues(*)\CurrentQueueSize"`), `,"0.000000"`)
}

func TestSplitCommand(t *testing.T) {
	assert.Equal(t, []string{"a", "b c", "", "d"}, splitCommand(" a  \"b c\" \"\"\td\r\n"))
	assert.Empty(t, splitCommand("  "))
}
