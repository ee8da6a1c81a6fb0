// Table prints the limits of Windows editions: all of them, or the rules of one
// edition, one service or one symptom, for people and for other programs. It also
// says whether a limit explains what a number of clients meet, and whether a
// sentence about limits is true.
//
//	table -windows "XP Pro SP3" -explain
//	table -service "file sharing" -format csv
//	table -symptom "HTTP 403.9"
//	table -why -windows "XP Pro" -service iis -clients 40
//	table -claim "is XP limited to 10 inbound TCP connections?"
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, columns(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

// columns returns how wide text may get: 80 columns on a terminal. In a file, or for
// another program, it is 0, which is any width.
func columns(f *os.File) int {
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return 0
	}
	return 80
}

// A question is what the flags ask.
type question struct {
	windows  identify.Identification // any if name is empty
	name     string                  // of the edition, as it was written
	services []limits.ServiceMatch   // any if it is empty
	symptom  limits.Symptom          // any if it is UnknownSymptom
	seen     string                  // the symptom as it was written
	clients  int
}

func run(args []string, out io.Writer, width int) error {
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	var (
		format  = flags.String("format", "text", "`form` of the output: text, json, csv or markdown")
		windows = flags.String("windows", "", "only the rules of this `edition` of Windows, such as \"XP Pro SP3\"")
		service = flags.String("service", "", "only the rules for this `service`, such as smb, http or vpn")
		seen    = flags.String("symptom", "", "only the rules with this `symptom`, such as \"event 4226\"")
		explain = flags.Bool("explain", false, "print the evidence as well, in the form text")
		why     = flags.Bool("why", false, "is it a limit? needs -windows, -clients, and -service or -symptom")
		claim   = flags.String("claim", "", "say whether a `sentence` is true, such as \"XP takes 10 connections\"")
		clients = flags.Int("clients", 0, "with -why: the `number` of clients that come at the same time")
	)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Table prints how many clients each edition of Windows takes at the same time,")
		fmt.Fprintln(out, "and how well that is known.")
		fmt.Fprintln(out, "\nusage: table [flags]")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(0))
	}
	if *claim != "" {
		if flags.NFlag() > 1 {
			return errors.New("-claim goes with no other flag")
		}
		return judge(&wrapper{out: out, width: width}, *claim)
	}
	q, err := ask(*windows, *service, *seen)
	if err != nil {
		return err
	}
	if *why {
		if q.clients = *clients; q.clients < 1 || q.name == "" || len(q.services) == 0 && q.symptom == limits.UnknownSymptom {
			return errors.New("-why needs -windows, -service or -symptom, and -clients, which is 1 or more")
		}
		return q.why(&wrapper{out: out, width: width})
	}
	if *clients != 0 {
		return errors.New("-clients needs -why")
	}
	rules := q.rules()
	switch *format {
	case "text":
		return q.text(&wrapper{out: out, width: width}, rules, *explain)
	case "json":
		return limits.WriteJSON(out, rules)
	case "csv":
		return limits.WriteCSV(out, rules)
	case "markdown":
		return limits.WriteMarkdown(out, rules)
	}
	return fmt.Errorf("-format %.100q: want text, json, csv or markdown", *format)
}

// ask reads what the flags name.
func ask(windows, service, seen string) (q question, err error) {
	if windows != "" {
		q.name = windows
		if q.windows, err = identifyName(windows); err != nil {
			return q, err
		}
	}
	if service != "" {
		if q.services, err = limits.FindServices(service); err != nil {
			return q, err
		}
	}
	if seen != "" {
		q.seen = seen
		q.symptom, err = limits.ParseSymptom(seen)
	}
	return q, err
}

// identifyName returns what a name can mean: several editions if it is ambiguous,
// and each service pack if it has none.
func identifyName(name string) (identify.Identification, error) {
	if _, err := limits.ParseWindows(name); err != nil && !errors.Is(err, limits.ErrAmbiguous) {
		return identify.Identification{}, err
	}
	return identify.Caption(name)
}

// rules returns the rules that the flags ask for.
func (q *question) rules() iter.Seq[limits.Rule] {
	rules := limits.Rules()
	if q.symptom != limits.UnknownSymptom {
		rules = q.symptom.Rules()
	}
	return func(yield func(limits.Rule) bool) {
		for r := range rules {
			if q.covers(r) && q.about(r.Service) && !yield(r) {
				return
			}
		}
	}
}

// covers reports whether the rule holds for one of the editions.
func (q *question) covers(r limits.Rule) bool {
	return q.name == "" || slices.ContainsFunc(q.windows.Candidates, r.Covers)
}

// about reports whether the flags ask for the service.
func (q *question) about(s limits.Service) bool {
	return len(q.services) == 0 || slices.ContainsFunc(q.services, func(m limits.ServiceMatch) bool { return slices.Contains(m.Services, s) })
}

// took says how the words were read, unless they are plain names.
func (q *question) took() []string {
	var lines []string
	if editions := q.windows.Editions(); len(editions) > 1 {
		lines = append(lines, fmt.Sprintf("%q can be %v.", q.name, q.windows))
	}
	for _, m := range q.services {
		if name := m.Services[0].String(); strings.EqualFold(strings.ReplaceAll(name, "-", " "), m.Word) {
			continue
		}
		lines = append(lines, fmt.Sprintf("%q was read as %s (%s).", m.Word, m.Services[0].Description(), listed(m.Services)))
	}
	if q.symptom != limits.UnknownSymptom {
		lines = append(lines, fmt.Sprintf("%.60q was read as %s", q.seen, fullStop(q.symptom.String())))
	}
	return lines
}

// listed joins the names of services.
func listed(services []limits.Service) string {
	names := make([]string, 0, len(services))
	for _, s := range services {
		names = append(names, s.String())
	}
	return strings.Join(names, ", ")
}

func fullStop(s string) string { return strings.TrimSuffix(s, ".") + "." }
