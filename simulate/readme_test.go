package simulate_test

import (
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// readREADME returns the README of the module, and the module's files.
func readREADME(t *testing.T) (string, fs.FS) {
	t.Helper()
	root := os.DirFS("..")
	text, err := fs.ReadFile(root, "README.md")
	require.NoError(t, err)
	return string(text), root
}

// The README's code is the body of an example, or a whole test, to the letter.
func TestREADMECode(t *testing.T) {
	readme, root := readREADME(t)
	var tests strings.Builder
	bodies := map[string]bool{}
	example := regexp.MustCompile(`(?ms)^func Example\w*\(\) \{\n(.*?)^\}$`)
	require.NoError(t, fs.WalkDir(root, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, name)
		for _, match := range example.FindAllSubmatch(text, -1) {
			bodies[strings.ReplaceAll("\n"+string(match[1]), "\n\t", "\n")[1:]] = true
		}
		tests.Write(text)
		return err
	}))

	snippets := regexp.MustCompile("(?ms)^```go\n(.*?)^```$").FindAllStringSubmatch(readme, -1)
	assert.GreaterOrEqual(t, len(snippets), 5)
	for _, snippet := range snippets {
		code, isTest := strings.CutPrefix(snippet[1], "package files_test\n")
		if isTest {
			assert.Contains(t, tests.String(), code)
		} else {
			assert.True(t, bodies[code], "no example has this body:\n%s", code)
		}
		assert.LessOrEqual(t, strings.Count(code, "\n"), 21, code)
	}
}

func TestREADMELinks(t *testing.T) {
	readme, root := readREADME(t)
	links := regexp.MustCompile(`\]\(([a-z][a-z/_.]*)\)`).FindAllStringSubmatch(readme, -1)
	assert.NotEmpty(t, links)
	for _, link := range links {
		_, err := fs.Stat(root, link[1])
		assert.NoError(t, err)
	}
	assert.LessOrEqual(t, strings.Count(readme, "\n"), 200, "a README that is read in a minute")
}

// famous are the questions of the README's table, and what they are about.
var famous = []struct {
	question string
	service  limits.Service
	windows  []string
}{
	{"SMB sessions, XP Home / XP Professional", limits.SMB, []string{"XP Home", "XP Professional"}},
	{"SMB sessions, Windows 7 Professional and 10 Pro / Windows 11 Pro", limits.SMB,
		[]string{"Windows 7 Professional", "Windows 10 Pro", "Windows 11 Pro"}},
	{"SMB sessions, Server 2016 to 2025", limits.SMB,
		[]string{"Server 2016 Standard", "Server 2019 Standard", "Server 2022 Standard", "Server 2025 Standard"}},
	{"connections to IIS 5.1, XP Professional", limits.IIS, []string{"XP Professional"}},
	{"requests to IIS, Windows 7 Professional to 11 Pro", limits.IIS,
		[]string{"Windows 7 Professional", "Windows 8 Pro", "Windows 8.1 Pro", "Windows 10 Pro", "Windows 11 Pro"}},
	{"requests to IIS, Windows 10 and 11 Home", limits.IIS, []string{"Windows 10 Home", "Windows 11 Home"}},
	{"connections to any other server, XP to 11", limits.TCPOther,
		[]string{"XP Home", "XP Professional", "Vista Business", "Windows 7 Professional", "Windows 10 Pro", "Windows 11 Pro"}},
	{"sockets of all programs, 95 and 98", limits.TCPOther, []string{"Windows 95", "Windows 98"}},
	{"connections that wait to be accepted, XP Professional", limits.TCPBacklog, []string{"XP Professional"}},
	{"outbound attempts in progress, XP SP2 and SP3", limits.TCPHalfOpen,
		[]string{"XP Home SP2", "XP Home SP3", "XP Professional SP2", "XP Professional SP3"}},
	{"outbound attempts in progress, Vista SP1 / SP2", limits.TCPHalfOpen, []string{"Vista Business SP1", "Vista Business SP2"}},
	{"outbound connections, TIME_WAIT included, NT 4.0 to XP", limits.TCPOutbound,
		[]string{"NT 4.0 Workstation", "2000 Professional", "XP Home", "XP Professional"}},
}

// over says in the README's words what the connection over a limit meets.
var over = map[limits.Symptom]string{
	limits.SymptomStatusRequestNotAccepted: "STATUS_REQUEST_NOT_ACCEPTED, error 71",
	limits.SymptomHTTP4039:                 "HTTP 403.9",
	limits.SymptomHTTPNoAnswer:             "waits in a queue of 1,000",
	limits.SymptomEvent4226:                "waits; event 4226",
	limits.SymptomConnectionRefused:        "a reset, error 10061",
	limits.SymptomNoBufferSpace:            "error 10055",
}

// The famous numbers of the README are those of the table.
func TestREADMENumbers(t *testing.T) {
	rows := []string{"| what | limit | the next one meets | grade |", "|---|---|---|---|"}
	for _, f := range famous {
		var numbers, meets, grades []string
		for _, name := range f.windows {
			rule, err := limits.Lookup(limits.MustParseWindows(name), f.service)
			require.NoError(t, err, name)
			number := readable(rule.Default)
			if rule.Ceiling != rule.Default {
				number = strings.Replace(number+", up to "+readable(rule.Ceiling), "up to unlimited", "can be raised", 1)
			}
			numbers = append(numbers, number)
			meet, ok := over[rule.Symptom()]
			require.Equal(t, rule.Discipline != limits.None, ok, "%s: %v", name, rule.Symptom())
			if rule.Symptom() == limits.SymptomHTTPNoAnswer {
				require.Equal(t, limits.Number(1000), rule.Queue)
			}
			if !ok {
				meet = "–"
			}
			meets = append(meets, meet)
			grades = append(grades, rule.Evidence())
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |", f.question, strings.Join(slices.Compact(numbers), " / "),
			strings.Join(slices.Compact(meets), " / "), strings.Join(slices.Compact(grades), " / ")))
	}
	readme, _ := readREADME(t)
	assert.Contains(t, readme, "\n\n"+strings.Join(rows, "\n")+"\n\n")

	assert.Contains(t, readme, fmt.Sprintf("%d editions from NT 3.1", len(slices.Collect(limits.Editions()))))
	counted := fmt.Sprintf("%d rules, %d sources, %d services", len(slices.Collect(limits.Rules())),
		len(slices.Collect(limits.Sources())), len(limits.Services()))
	assert.Contains(t, readme, counted)
}

// readable is a limit with its thousands apart.
func readable(l limits.Limit) string {
	n, ok := l.Number()
	if !ok {
		return l.String()
	}
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
