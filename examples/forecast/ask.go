package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/forecast"
)

// A question is what the flags and the scenario file ask.
type question struct {
	scenario forecast.Scenario
	compare  []limits.Windows
	allowed  float64
	runs     int // 0 is as many as is sensible
	format   string
	readAs   string          // says how the word for the service was read, unless it is a name
	given    map[string]bool // the flags that were given
	file     bool            // a scenario was read
}

var formats = []string{"text", "json", "svg", "csv", "csv-compare", "csv-curves"}

// longest is the longest time that a scenario may have.
const longest = 365 * 24 * time.Hour

// seats is the question without arguments.
func seats() forecast.Scenario {
	return forecast.Scenario{
		Windows: limits.Windows{Edition: limits.Windows11Pro}, Service: limits.SMB, Clients: 25,
		Arrive: forecast.Poisson(time.Minute), ServiceTime: forecast.Exponential(30 * time.Minute),
		Away: forecast.Exponential(30 * time.Minute), Until: 8 * time.Hour, Seed: 1,
		Idle:         forecast.Constant(15 * time.Minute),
		Retry:        forecast.Retry{Max: 3, Backoff: forecast.Constant(time.Minute)},
		Destinations: forecast.Destinations{RoundTrip: forecast.Constant(50 * time.Millisecond)},
	}
}

// ask reads the flags and the file. If the flags ask for help, it writes that to out
// and returns no question.
func ask(args []string, in io.Reader, out io.Writer) (*question, error) {
	q := &question{allowed: 0.01, given: map[string]bool{}}
	s := seats() // what the flags say
	flags := flag.NewFlagSet("forecast", flag.ContinueOnError)
	// Main prints errors. The package would print them too, and all flags after each.
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.TextVar(&s.Windows, "windows", s.Windows, "the `edition` of Windows that serves, or that dials if -service is tcp-half-open or tcp-outbound")
	flags.Func("service", "the `service`: smb, iis, ftp, tcp-half-open, tcp-outbound, or a word such as http, file sharing or tomcat (default smb)", func(text string) (err error) {
		s.Service, q.readAs, err = findService(text)
		return err
	})
	wholeVar(flags, &s.Clients, "clients", "the `number` of clients")
	flags.TextVar(&s.Arrive, "arrive", s.Arrive, "the `times` at which clients come first: at-once, every(2s), poisson(2s) or trace(0s,1s,5s)")
	flags.TextVar(&s.ServiceTime, "hold", s.ServiceTime, "the `time` for which a client uses the service: 30s, uniform(10s,50s), exponential(30s), lognormal(30s,2.5), hyperexponential(30s,6) or empirical(1s,5s)")
	flags.TextVar(&s.Away, "think", s.Away, "the `time` for which a client is away before it comes again; with 0s it comes once")
	flags.TextVar(&s.Idle, "idle", s.Idle, "the `time` for which a client leaves its session or connection open unused. Unless given: 15m for smb, a minute where IIS counts connections, as browsers do, and 0s for the others")
	flags.TextVar(&s.AcceptTime, "accept", s.AcceptTime, "the `time` that the program takes to accept a connection, one after the other; unless given it accepts at once")
	wholeVar(flags, &s.Backlog, "backlog", "with -accept: the `number` that the program passes to listen; 0 is as many as it can get")
	flags.BoolVar(&s.WindowsClients, "windows-clients", s.WindowsClients, "with -accept: the clients run Windows, which tries a refused connection again")
	flags.TextVar(&s.Patience, "patience", s.Patience, "the `time` for which a client waits in a queue; unless given it waits for ever")
	wholeVar(flags, &s.Retry.Max, "retry", "the `number` of times that a client tries again after a failure")
	flags.TextVar(&s.Retry.Backoff, "backoff", s.Retry.Backoff, "the `time` until it tries again")
	shareVar(flags, &s.Destinations.Dead, "dead", "tcp-half-open, tcp-outbound: the `share` of destinations that never answer")
	flags.TextVar(&s.Destinations.RoundTrip, "rtt", s.Destinations.RoundTrip, "tcp-half-open, tcp-outbound: the `time` that the other destinations take to answer")
	shareVar(flags, &s.Destinations.PeerCloses, "peer-closes", "tcp-outbound: the `share` of connections that the peer closes first; the ports of these are free at once")
	timeVar(flags, &s.Until, "for", "the `time` for which clients keep coming again")
	seedVar(flags, &s.Seed, "seed", "the `number` from which all random numbers follow; the same one gives the same run")
	compare := flags.String("compare", "", "other `editions` to compare with, separated by commas; the text has curves for more and fewer clients too")
	shareVar(flags, &q.allowed, "allow", "the `share` that may get no slot, such as 0.01 for one per cent")
	wholeVar(flags, &q.runs, "runs", "the `number` of runs with other random numbers, for the means; 0 is 20, or 1 if there are very many clients")
	flags.StringVar(&q.format, "format", "text", "`form` of the output: text, json, svg, csv (a row a run), csv-compare or csv-curves")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(out)
		fmt.Fprintln(out, "Forecast tells what clients will see at the limits of an edition of Windows.")
		fmt.Fprintln(out, "Without arguments: 25 seats that use the files of Windows 11 Pro for eight hours.")
		fmt.Fprintln(out, "\nusage: forecast [flags] [scenario.json, or - for standard input]")
		fmt.Fprintln(out, "A flag overrides what the file says.")
		flags.PrintDefaults()
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w; see -help", err)
	}
	flags.Visit(func(f *flag.Flag) { q.given[f.Name] = true })
	if flags.NArg() > 1 {
		return nil, fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(1))
	}
	if !slices.Contains(formats, q.format) {
		return nil, fmt.Errorf("-format %.100q: want %s", q.format, strings.Join(formats, ", "))
	}
	var err error
	if q.compare, err = parseList(*compare); err != nil {
		return nil, err
	}
	if strings.HasPrefix(q.format, "csv-") && len(q.compare) == 0 {
		return nil, fmt.Errorf("-format %s: want -compare as well", q.format)
	}
	if flags.NArg() == 1 {
		if q.scenario, err = read(flags.Arg(0), in); err != nil {
			return nil, err
		}
		q.file = true
		q.override(&s)
		return q, nil
	}
	q.scenario = s
	if s.Service != limits.SMB && !q.given["idle"] {
		q.scenario.Idle = forecast.Dist{}
	}
	if s.Away.Mean() == 0 {
		q.scenario.Until = 0
	} else {
		q.scenario.Visits = forecast.Forever
	}
	return q, nil
}

// wholeVar, shareVar, timeVar and seedVar define flags as package flag does, but
// their errors say what they accept.
func wholeVar(flags *flag.FlagSet, p *int, name, usage string) {
	flags.Func(name, fmt.Sprintf("%s (default %d)", usage, *p), func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return errors.New("want a whole number, 0 or more")
		}
		*p = n
		return nil
	})
}

func shareVar(flags *flag.FlagSet, p *float64, name, usage string) {
	flags.Func(name, fmt.Sprintf("%s (default %v)", usage, *p), func(text string) error {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v <= 1) {
			return errors.New("want a share from 0 to 1, such as 0.01 for one per cent")
		}
		*p = v
		return nil
	})
}

func timeVar(flags *flag.FlagSet, p *time.Duration, name, usage string) {
	flags.Func(name, fmt.Sprintf("%s (default %s)", usage, strings.TrimSuffix(p.String(), "0m0s")), func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > longest {
			return fmt.Errorf("want a number and a unit, such as 90s or 8h, up to %s", strings.TrimSuffix(longest.String(), "0m0s"))
		}
		*p = d
		return nil
	})
}

func seedVar(flags *flag.FlagSet, p *uint64, name, usage string) {
	flags.Func(name, fmt.Sprintf("%s (default %d)", usage, *p), func(text string) error {
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return errors.New("want a whole number from 0 to 18446744073709551615")
		}
		*p = n
		return nil
	})
}

// findService returns the service that a word is about, and a sentence that says so
// unless the word is its name.
func findService(text string) (s limits.Service, readAs string, err error) {
	if s, err := limits.ParseService(text); err == nil {
		return s, "", nil
	}
	found, err := limits.FindServices(text)
	switch {
	case err != nil:
		return 0, "", err
	case len(found) > 1:
		return 0, "", fmt.Errorf("it can be %v or %v: want one of them", found[0].Services[0], found[1].Services[0])
	}
	s = found[0].Services[0]
	return s, fmt.Sprintf("%.60q was read as %v (%s).", text, s, s.Description()), nil
}

func parseList(text string) (list []limits.Windows, err error) {
	if text == "" {
		return nil, nil
	}
	for name := range strings.SplitSeq(text, ",") {
		w, err := limits.ParseWindows(strings.TrimSpace(name))
		if err != nil {
			return nil, fmt.Errorf("-compare: %w", err)
		}
		list = append(list, w)
	}
	return list, nil
}

// maxFile bounds what is read of a scenario file.
const maxFile = 64 << 20

// read reads a scenario, and nothing else, from a file or in.
func read(name string, in io.Reader) (s forecast.Scenario, err error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return s, err
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, maxFile+1))
	switch {
	case err != nil:
		return s, err
	case len(data) > maxFile:
		return s, fmt.Errorf("%s: more than %d bytes", name, maxFile)
	case len(bytes.TrimSpace(data)) == 0:
		return s, fmt.Errorf(`%s: empty; want a scenario, such as {"windows": "XP Pro", "service": "iis", "clients": 40}`, name)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	err = d.Decode(&s)
	var field *forecast.ScenarioError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &field):
		return s, fmt.Errorf("%s: %s: %w", name, field.Field, field.Err)
	case errors.As(err, &syntax):
		return s, fmt.Errorf("%s: line %d: %w; want a scenario as JSON", name, line(data, syntax.Offset), err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return s, fmt.Errorf("%s: line %d: the file ends in the middle of the scenario", name, line(data, int64(len(data))))
	case err != nil:
		return s, fmt.Errorf("%s: %w", name, err)
	}
	if rest := bytes.TrimSpace(data[d.InputOffset():]); len(rest) > 0 {
		return s, fmt.Errorf("%s: line %d: %.40q after the scenario; want one object and nothing else", name, line(data, int64(len(data)-len(rest))), rest)
	}
	return s, nil
}

// line returns the line that a byte is on, from 1.
func line(data []byte, offset int64) int {
	return 1 + bytes.Count(data[:min(int(offset), len(data))], []byte("\n"))
}

// override copies what the flags say over what the file says.
func (q *question) override(flags *forecast.Scenario) {
	s := &q.scenario
	for name := range q.given {
		switch name {
		case "windows":
			s.Windows = flags.Windows
		case "service":
			s.Service = flags.Service
		case "clients":
			s.Clients = flags.Clients
		case "arrive":
			s.Arrive = flags.Arrive
		case "hold":
			s.ServiceTime = flags.ServiceTime
		case "idle":
			s.Idle = flags.Idle
		case "accept":
			s.AcceptTime = flags.AcceptTime
		case "backlog":
			s.Backlog = flags.Backlog
		case "windows-clients":
			s.WindowsClients = flags.WindowsClients
		case "patience":
			s.Patience = flags.Patience
		case "retry":
			s.Retry.Max = flags.Retry.Max
		case "backoff":
			s.Retry.Backoff = flags.Retry.Backoff
		case "dead":
			s.Destinations.Dead = flags.Destinations.Dead
		case "rtt":
			s.Destinations.RoundTrip = flags.Destinations.RoundTrip
		case "peer-closes":
			s.Destinations.PeerCloses = flags.Destinations.PeerCloses
		case "seed":
			s.Seed = flags.Seed
		}
	}
	if q.given["for"] {
		s.Until = flags.Until
	}
	if !q.given["think"] {
		return
	}
	// As without a file: clients that are away for a time keep coming until Until.
	// Others come once, and the run ends when the last one has gone.
	s.Away = flags.Away
	switch {
	case s.Away.Mean() == 0:
		if s.Visits == forecast.Forever && !q.given["for"] {
			s.Until = 0
		}
		s.Visits = 0
	case s.Visits == 0 || s.Visits == 1:
		s.Visits = forecast.Forever
		if s.Until == 0 {
			s.Until = flags.Until
		}
	}
}

// flagOf says which flag sets a field of a scenario.
var flagOf = map[string]string{
	"Windows": "windows", "Service": "service", "Clients": "clients", "Arrive": "arrive", "ServiceTime": "hold", "Away": "think",
	"Idle": "idle", "AcceptTime": "accept", "Backlog": "backlog", "Patience": "patience", "Retry.Max": "retry", "Retry.Backoff": "backoff",
	"Destinations.Dead": "dead", "Destinations.RoundTrip": "rtt", "Destinations.PeerCloses": "peer-closes", "Until": "for", "share": "allow", "replications": "runs",
}

// named returns an error that names what has the bad value as the user wrote it: the
// flag, or the field of the file.
func (q *question) named(err error) error {
	var bad *forecast.ScenarioError
	if !errors.As(err, &bad) {
		return err
	}
	reason := strings.TrimPrefix(strings.TrimPrefix(bad.Err.Error(), "simulate: "), "limits: ")
	if name, ok := flagOf[bad.Field]; ok && (!q.file || q.given[name] || name == "allow" || name == "runs") {
		return fmt.Errorf("-%s: %s", name, reason)
	}
	return fmt.Errorf("%s: %s", bad.Field, reason)
}
