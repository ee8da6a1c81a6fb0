package limits_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// TestFindSymptomsTable reads testdata/symptoms.csv: texts that people and logs
// have, and their symptom, nothing where it is none of Windows.
func TestFindSymptomsTable(t *testing.T) {
	f, err := os.Open("testdata/symptoms.csv")
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for _, row := range rows[1:] {
		assertSymptom(t, row[0], row[1])
		if row[1] != "" {
			assertSymptom(t, "We see this since Monday: "+row[0]+"\nand no idea why.", row[1])
		}
	}
}

// assertSymptom checks the best symptom of a text by its name, "" for none.
func assertSymptom(t *testing.T, text, want string) {
	t.Helper()
	found, err := limits.FindSymptoms(text)
	best, bestErr := limits.ParseSymptom(text)
	if want == "" {
		assert.Error(t, err, "%q: %v", text, found)
		assert.Error(t, bestErr)
		return
	}
	if !assert.NoError(t, err, text) {
		return
	}
	name, err := found[0].Symptom.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, want, string(name), "%q: %v", text, found)
	assert.Equal(t, found[0].Symptom, best)
	assert.Contains(t, text, found[0].Text)
}

func TestFindSymptoms(t *testing.T) {
	for text, want := range map[string]string{
		// Numbers beside their words, in any language.
		"Erreur système 71":                             "status-request-not-accepted",
		"Error de sistema 71":                           "status-request-not-accepted",
		"Errore di sistema 71.":                         "status-request-not-accepted",
		"Systeemfout 71":                                "status-request-not-accepted",
		"Systemfel 71 har uppstått.":                    "status-request-not-accepted",
		"Wystąpił błąd systemowy 71.":                   "status-request-not-accepted",
		"Системная ошибка 71.":                          "status-request-not-accepted",
		"发生系统错误 71。":                                    "status-request-not-accepted",
		"システム エラー 71 が発生しました。":                          "status-request-not-accepted",
		"error code: 71":                                "status-request-not-accepted",
		"71":                                            "status-request-not-accepted",
		"mount error(71): Protocol error":               "",
		"read: Linux error 71":                          "",
		"error -71":                                     "",
		"71 files, 3 errors":                            "",
		"error 710":                                     "",
		"line 71":                                       "",
		"Ereignis-ID: 4226":                             "event-4226",
		"Ereigniskennung 4226, Quelle: Tcpip":           "event-4226",
		"Événement 4226":                                "event-4226",
		"Tcpip 4226":                                    "event-4226",
		"Warning Tcpip 4226 None":                       "event-4226",
		"событие 4226":                                  "event-4226",
		"Event ID 4226, source Security-SPP":            "",
		"Event ID 4226 Source: Microsoft-Windows-TCPIP": "event-4226",
		"[pid 4226] connected":                          "",
		"took 4226 ms":                                  "",
		"Event ID 4227 Source Tcpip":                    "event-4227",
		"Event 2009, source Srv":                        "event-2009",
		"event 201 of LicenseService":                   "event-201",
		"HTTP 201 Created":                              "",
		// HRESULT and NTSTATUS, hexadecimal and decimal, signed and unsigned.
		"HRESULT 0x80070047":       "status-request-not-accepted",
		"hr = -2147024825":         "status-request-not-accepted",
		"2147942471":               "status-request-not-accepted",
		"NTSTATUS -1073741616":     "status-request-not-accepted",
		"error -1072824217 (MSMQ)": "msmq-overflow",
		"3222143079":               "msmq-overflow",
		"-2147479422":              "event-4226",
		"0xC00000D1":               "",
		"-12147024825":             "",
		// HTTP.
		"HTTP Error 503. The service is unavailable.": "http-503",
		"HTTP/1.1 503 Service Unavailable":            "",
		"IIS answers 503":                             "http-503",
		"error 503 on our site":                       "http-503",
		"503 Service Unavailable":                     "http-503",
		"503":                                         "http-503",
		"took 503 ms":                                 "",
		"HTTP 503 from nginx":                         "",
		"apache: 503 Service Unavailable":             "",
		"GET / 503 1 QueueFull DefaultAppPool":        "http-503",
		"GET / 503 - AppShutdown Pool":                "",
		"GET / 503 - Disabled -":                      "",
		"GET / 503 - N/A -":                           "",
		"GET /a.asp - 403 9 64":                       "http-403.9",
		"GET /a.asp - 403 4 64":                       "",
		"room 403, 9 people":                          "",
		limits.TextPWSTooManyUsersCause:               "http-403.9",
		// FTP.
		"FTP error 421":                                     "ftp-421",
		"FTP reply 421: Service not available":              "ftp-421",
		"421 " + limits.TextFTPMaximum:                      "ftp-421",
		"ftp: 421 from vsftpd":                              "",
		"421 4.3.2 Connection rate limit exceeded.":         "",
		"main.go:421: undefined":                            "",
		"530 Connection refused, unknown IP address.":       "",
		"* BYE Connection refused":                          "",
		"connection refused by the server of the branch":    "connection-refused",
		"HTTP/1.1 408 Request Timeout\r\nConnection: close": "",
		"Keep-Alive: timeout=60":                            "",
		"cannot connect: connection timed out":              "timed-out",
		// Other languages, where a source has the text.
		"Es können keine weiteren Verbindungen zum Remotecomputer hergestellt werden, da bereits die maximale Anzahl der Clients mit diesem Computer verbunden ist.": "status-request-not-accepted",
		"Dieser Remotecomputer hat sein Verbindungslimit erreicht.":                                "status-request-not-accepted",
		"Cet ordinateur distant a atteint sa limite de connexion":                                  "status-request-not-accepted",
		"Impossibile effettuare altre connessioni al computer remoto adesso":                       "status-request-not-accepted",
		"Do tego komputera zdalnego nie można obecnie uzyskać więcej połączeń":                     "status-request-not-accepted",
		"TCP/IP hat das Sicherheitslimit erreicht":                                                 "event-4226",
		"Select a user to disconnect so that you can sign in. There are too many users signed in.": "rdp-displace",
	} {
		assertSymptom(t, text, want)
	}
}

// Several symptoms of one text come the surest first, each once.
func TestFindSymptomsRanks(t *testing.T) {
	found, err := limits.FindSymptoms("The page hangs, the share says System error 71, then 0xC00000D0 and HTTP 503; the copy: No more connections can be made to this remote computer. Error 71.")
	require.NoError(t, err)
	assert.Equal(t, []limits.SymptomMatch{
		{Symptom: limits.SymptomStatusRequestNotAccepted, Text: "0xC00000D0", Evidence: limits.SymptomCode},
		{Symptom: limits.SymptomHTTP503, Text: "HTTP 503", Evidence: limits.SymptomNumber},
		{Symptom: limits.SymptomHTTPNoAnswer, Text: "page hangs", Evidence: limits.SymptomWord},
	}, found)
	assert.Equal(t, "code", found[0].Evidence.String())
}

func TestFindSymptomsErrorIsShort(t *testing.T) {
	for _, text := range []string{strings.Repeat("x", 10<<20), strings.Repeat("\x00", 1000), strings.Repeat("ü", 1000)} {
		_, err := limits.FindSymptoms(text)
		require.Error(t, err)
		assert.Less(t, len(err.Error()), 300)
	}
}

func FuzzFindSymptoms(f *testing.F) {
	for _, s := range []string{"HTTP 403.9", "4226 14226 4226", "Systemfehler 71", "403 9 0", "421 ftp 421", "-2147024825", "event id: 4226 source x", "\xff503\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		found, err := limits.FindSymptoms(text)
		best, bestErr := limits.ParseSymptom(text)
		if err != nil {
			assert.Error(t, bestErr)
			assert.Less(t, len(err.Error()), 300)
			return
		}
		assert.Equal(t, found[0].Symptom, best)
		seen := map[limits.Symptom]bool{}
		for i, m := range found {
			assert.False(t, seen[m.Symptom])
			seen[m.Symptom] = true
			assert.NotEmpty(t, m.Text)
			assert.Contains(t, text, m.Text)
			assert.True(t, i == 0 || found[i-1].Evidence <= m.Evidence)
		}
	})
}

func ExampleFindSymptoms() {
	found, err := limits.FindSymptoms("net use says Systemfehler 71, and the page keeps loading")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range found {
		fmt.Printf("%s: %q (%v)\n", m.Symptom, m.Text, m.Evidence)
	}
	// Output:
	// NTSTATUS 0xC00000D0, Win32 error 71: No more connections can be made to this remote computer at this time because the computer has accepted the maximum number of connections.: "Systemfehler 71" (number)
	// HTTP request open without an answer while others are served: "keeps loading" (word)
}
