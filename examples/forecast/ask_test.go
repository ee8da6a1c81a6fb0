package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/forecast"
)

func TestScenarioFile(t *testing.T) {
	const scenario = `{"windows": "Windows XP Professional SP2", "service": "tcp-half-open", "clients": 100, "destinations": {"dead": 1}}`
	name := filepath.Join(t.TempDir(), "scenario.json")
	require.NoError(t, os.WriteFile(name, []byte(scenario), 0o600))
	assert.Contains(t, output(t, name), "100 attempts: 100 admitted (90 after waiting)")
	assert.Contains(t, output(t, "-clients", "30", name), "30 attempts: 30 admitted (20 after waiting)")

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"-"}, strings.NewReader(`{"windows": "Windows XP Professional", "service": "iis",
		"clients": 2, "arrive": "trace(0s,1s)"}`), &out, &out))
	assert.Contains(t, out.String(), "2 connections: 2 admitted.")
}

// The peers that close first free the ports of outbound connections.
func TestPeerCloses(t *testing.T) {
	load := []string{"-windows", "XP Pro SP3", "-service", "tcp-outbound", "-clients", "4000", "-arrive", "at-once", "-hold", "1s", "-think", "0s", "-retry", "0", "-runs", "1"}
	text := output(t, load...)
	assert.Contains(t, text, "24 refused")
	assert.Contains(t, text, "Assumed: the machine closes its connections first")
	text = output(t, append(load, "-arrive", "every(1ms)", "-hold", "0s", "-peer-closes", "1")...)
	assert.Contains(t, text, "4000 connections: 4000 admitted.")
	assert.Contains(t, text, "Seen 4000 times: connected to the destination")
	assert.NotContains(t, text, "Assumed")
}

// -think makes the clients of a file come again, or not, as it
// does those of the flags.
func TestThinkOverFile(t *testing.T) {
	scenario := func(file string, args ...string) forecast.Scenario {
		var out, terminal bytes.Buffer
		require.NoError(t, run(t.Context(), append(args, "-format", "json", "-"), strings.NewReader(file), &out, &terminal))
		var a answer
		require.NoError(t, json.Unmarshal(out.Bytes(), &a))
		return a.Scenario
	}
	const once = `{"windows": "XP Pro", "service": "iis", "clients": 2, "serviceTime": "1m"}`
	const forever = `{"windows": "XP Pro", "service": "iis", "clients": 2, "serviceTime": "1m", "visits": -1, "away": "1m", "until": "30s"}`

	s := scenario(once, "-think", "1m")
	assert.Equal(t, forecast.Forever, s.Visits)
	assert.Equal(t, 8*time.Hour, s.Until)
	s = scenario(once, "-think", "1m", "-for", "1h")
	assert.Equal(t, time.Hour, s.Until)
	s = scenario(forever, "-think", "0s")
	assert.Zero(t, s.Visits)
	assert.Zero(t, s.Until)
	s = scenario(forever, "-think", "2m")
	assert.Equal(t, forecast.Forever, s.Visits)
	assert.Equal(t, 30*time.Second, s.Until)
}

// A wrong use is one line that names the flag or the field, the value, and what is
// accepted.
func TestWrongUses(t *testing.T) {
	scenario := func(fields string) string {
		return `{"windows": "XP Pro SP2", "service": "iis", "clients": 3` + fields + `}`
	}
	for _, c := range []struct {
		args []string
		file string
		want string
	}{
		{[]string{"-clients", "many"}, "", `invalid value "many" for flag -clients: want a whole number, 0 or more; see -help`},
		{[]string{"-clients", "0"}, "", "-clients: 0: want 1 to 1000000000"},
		{[]string{"-clients", "-5"}, "", `invalid value "-5" for flag -clients: want a whole number`},
		{[]string{"-windows", "CP/M"}, "", `invalid value "CP/M" for flag -windows: `},
		{[]string{"-windows", "XP Pro", "-service", "tcp-half-open"}, "", "-service: the service pack of Windows XP Professional is not known, and tcp-half-open depends on it: SP0 to SP1 "},
		{[]string{"-windows", "XP Home", "-service", "iis"}, "", "-service: no such service in this edition: Windows XP Home has no web server"},
		{[]string{"-service", "gopher"}, "", `invalid value "gopher" for flag -service: `},
		{[]string{"-service", "http and ftp"}, "", "it can be iis or ftp: want one of them"},
		{[]string{"-arrive", "sometimes"}, "", `invalid value "sometimes" for flag -arrive: forecast: arrival "sometimes": want at-once, every(2s)`},
		{[]string{"-arrive", "trace(0s,1s)"}, "", "-arrive: trace of 2 times for 25 clients: want a time for each"},
		{[]string{"-hold", "long"}, "", `flag -hold: forecast: distribution "long": want a time such as 30s, uniform(10s,50s)`},
		{[]string{"-hold", "30"}, "", `flag -hold: forecast: distribution "30": want a time such as 30s`},
		{[]string{"-hold", "9000h"}, "", "flag -hold: forecast: distribution \"9000h\": time 9000h0m0s: want 0 to 8760h0m0s"},
		{[]string{"-think", "-1s"}, "", "flag -think: forecast: distribution \"-1s\": time -1s: want 0 to 8760h0m0s"},
		{[]string{"-for", "30"}, "", `invalid value "30" for flag -for: want a number and a unit, such as 90s or 8h, up to 8760h`},
		{[]string{"-for", "-1s", "-think", "0s"}, "", `invalid value "-1s" for flag -for: want a number and a unit`},
		{[]string{"-for", "9000h"}, "", `invalid value "9000h" for flag -for: want a number and a unit, such as 90s or 8h, up to 8760h`},
		{[]string{"-for", "0s"}, "", "-for: 0: want a time, because Visits is Forever"},
		{[]string{"-retry", "1000001"}, "", "-retry: 1000001: want 0 to 1000000"},
		{[]string{"-dead", "1%"}, "", `invalid value "1%" for flag -dead: want a share from 0 to 1, such as 0.01 for one per cent`},
		{[]string{"-allow", "1%"}, "", `invalid value "1%" for flag -allow: want a share from 0 to 1`},
		{[]string{"-allow", "NaN"}, "", `invalid value "NaN" for flag -allow: want a share from 0 to 1`},
		{[]string{"-runs", "1000000000"}, "", "-runs: 1000000000: want 1 to 10000"},
		{[]string{"-runs", "9223372036854775808"}, "", `flag -runs: want a whole number`},
		{[]string{"-seed", "-1"}, "", `invalid value "-1" for flag -seed: want a whole number from 0 to 18446744073709551615`},
		{[]string{"-backlog", "3000000000"}, "", "-backlog: 3000000000: want -2147483647 to 2147483647"},
		{[]string{"-windows", "XP Pro SP2", "-service", "tcp-half-open", "-accept", "1s"}, "", "-accept: 1s: want none, because tcp-half-open"},
		{[]string{"-compare", "CP/M"}, "", "-compare: "},
		{[]string{"-format", "png"}, "", `-format "png": want text, json, svg, csv, csv-compare, csv-curves`},
		{[]string{"-format", "csv-curves"}, "", "-format csv-curves: want -compare as well"},
		{[]string{"-nonsense"}, "", "flag provided but not defined: -nonsense; see -help"},
		{[]string{"a", "b"}, "", `unexpected argument "b"; see -help`},
		{[]string{"/nowhere/scenario.json"}, "", "open /nowhere/scenario.json: no such file or directory"},
		{nil, "", `-: empty; want a scenario, such as {"windows": "XP Pro", "service": "iis", "clients": 40}`},
		{nil, "{", "-: line 1: the file ends in the middle of the scenario"},
		{nil, "{\n\"clients\" 3}", "-: line 2: invalid character '3' after object key; want a scenario as JSON"},
		{nil, scenario("") + "\n\n{}", `-: line 3: "{}" after the scenario; want one object and nothing else`},
		{nil, scenario("") + " x", `-: line 1: "x" after the scenario; want one object and nothing else`},
		{nil, `{"service": "iis", "clients": 3}`, `Windows: not given: want an edition, such as "Windows XP Professional SP3"`},
		{nil, `{"windows": "XP Pro", "clients": 3}`, `Service: not given: want a service, such as smb, iis or tcp-other`},
		{nil, `{"windows": "XP Pro", "service": "iis"}`, `Clients: 0: want 1 to 1000000000`},
		{nil, `{"windows": "CP/M"}`, `-: windows: limits: `},
		{nil, scenario(`, "client": 3`), `-: client: no such field; want one of autoDisconnect, until, warmup, name, windows, service, `},
		{nil, scenario(`, "until": 30`), `-: until: time "30": want a number and a unit, such as 1m30s`},
		{nil, scenario(`, "until": "30"`), `-: until: time "30": want a number and a unit, such as 1m30s`},
		{nil, scenario(`, "until": "9000h"`), "Until: 9000h0m0s: want 0s to 8760h0m0s"},
		{nil, scenario(`, "serviceTime": 30`), `-: serviceTime: forecast: distribution "30": want a time such as 30s`},
		{nil, scenario(`, "retry": {"max": "2"}`), `-: retry.max: "2": want a whole number`},
		{nil, scenario(`, "retry": {"limit": 2}`), `-: retry.limit: time "2": want a number and a unit, such as 1m30s`},
		{nil, scenario(`, "destinations": {"dead": "1%"}`), `-: destinations.dead: "1%": want a number`},
		{nil, scenario(`, "destinations": {"dead": 2}`), `Destinations.Dead: 2: want 0 to 1`},
		{nil, scenario(`, "settings": {"queueTimeout": "x"}`), `-: settings.queueTimeout: time "x": want a number and a unit, such as 1m30s`},
		{nil, scenario(`, "settings": {"limits": {"smbx": 3}}`), `-: settings.limits: `},
		{nil, scenario(`, "settings": {"limits": {"smb": "3"}}`), `-: settings.limits.smb: "3": want a whole number`},
		{nil, scenario(`, "settings": {"maxConnections": 41}`), "Settings: Windows XP Professional SP2: MaxConnections 41: want 1 to 40"},
	} {
		args := c.args
		if args == nil {
			args = []string{"-"}
		}
		var out, terminal bytes.Buffer
		err := run(t.Context(), args, strings.NewReader(c.file), &out, &terminal)
		require.ErrorContains(t, err, c.want, "%v %s", c.args, c.file)
		assert.NotContains(t, err.Error(), "\n")
		assert.Empty(t, out.String()+terminal.String())
	}
}

// What is wrong is shown shortened, however long it is.
func TestWrongUsesAreShort(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, file := range []string{
		`{"windows": "` + long + `"}`, `{"service": "` + long + `"}`, `{"arrive": "` + long + `"}`, `{"serviceTime": "` + long + `"}`,
		`{"serviceTime": "uniform(` + long + `,1s)"}`, `{"serviceTime": "lognormal(1s,` + long + `)"}`, `{"until": "` + long + `"}`, `{"clients": "` + long + `"}`,
		`{} ` + long,
	} {
		var out bytes.Buffer
		err := run(t.Context(), []string{"-"}, strings.NewReader(file), &out, &out)
		require.Error(t, err)
		assert.Less(t, len(err.Error()), 600, file[:30])
	}
}
