// Table prints the rules, all of them or those of one Windows, one service or
// one symptom, for people and for other programs.
//
//	table -windows "XP Pro SP3" -explain
//	table -service smb -format csv
//	table -symptom "HTTP 403.9"
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/winlimits/winlimits/limits"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "table:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	var (
		windows limits.Windows
		service limits.Service
	)
	flags := flag.NewFlagSet("table", flag.ContinueOnError)
	format := flags.String("format", "text", "`form` of the output: text, json, csv or markdown")
	flags.TextVar(&windows, "windows", limits.Windows{}, "only the rules of this `Windows`, such as \"XP Pro SP3\"")
	flags.TextVar(&service, "service", limits.UnknownService, "only the rules for this `service`, such as smb")
	seen := flags.String("symptom", "", "only the rules that produce this `symptom`, such as \"event 4226\"")
	explain := flags.Bool("explain", false, "with the evidence (text only)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	}

	rules := limits.Rules()
	if *seen != "" {
		symptom, err := limits.ParseSymptom(*seen)
		if err != nil {
			return err
		}
		rules = symptom.Rules()
	}
	rules = selectRules(rules, windows, service)
	switch *format {
	case "text":
		return text(out, rules, *explain)
	case "json":
		return limits.WriteJSON(out, rules)
	case "csv":
		return limits.WriteCSV(out, rules)
	case "markdown":
		return limits.WriteMarkdown(out, rules)
	}
	return fmt.Errorf("-format %q: want text, json, csv or markdown", *format)
}

func selectRules(rules iter.Seq[limits.Rule], w limits.Windows, s limits.Service) iter.Seq[limits.Rule] {
	return func(yield func(limits.Rule) bool) {
		for r := range rules {
			if w != (limits.Windows{}) && !r.Covers(w) || s != limits.UnknownService && r.Service != s {
				continue
			}
			if !yield(r) {
				return
			}
		}
	}
}

func text(out io.Writer, rules iter.Seq[limits.Rule], explain bool) error {
	n := 0
	for r := range rules {
		n++
		line := fmt.Sprintf("%v [%v]\n", r, r.Grade)
		if explain {
			line = r.Explain() + "\n"
		}
		if _, err := io.WriteString(out, line); err != nil {
			return err
		}
	}
	if n == 0 {
		return limits.ErrNoRule
	}
	_, err := fmt.Fprintf(out, "%d rules, revision %s\n", n, limits.Revision)
	return err
}
