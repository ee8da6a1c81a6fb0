package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/winlimits/winlimits/limits"
)

// report prints the table: under each machine the rule behind the outcome and
// the keys of its sources.
func report(out io.Writer, results []result) {
	const line = "%-33s %6s  %7s  %6s  %12s  %7s  %s\n"
	fmt.Fprintf(out, line, "machine", "served", "refused", "waited", "longest wait", "at once", "clients saw")
	for _, r := range results {
		if r.absent {
			fmt.Fprintf(out, line, r.title, "absent", "absent", "-", "-", "-", r.saw())
		} else {
			refused := 0
			for _, n := range r.refused {
				refused += n
			}
			fmt.Fprintf(out, line, r.title, strconv.Itoa(r.served), strconv.Itoa(refused), strconv.Itoa(r.waited),
				fmt.Sprintf("%.2f s", r.wait.Seconds()), strconv.Itoa(r.peak), r.saw())
		}
		fmt.Fprintf(out, "    %v\n    %s\n", r.rule, evidence(r.rule))
	}
}

// evidence says how well a rule is known, and by which sources.
func evidence(r limits.Rule) string {
	keys := make([]string, 0, 4)
	for _, s := range r.Sources() {
		keys = append(keys, string(s.Key))
	}
	return fmt.Sprintf("%s: %s", r.Evidence(), strings.Join(keys, ", "))
}

// saw says in words what the clients saw.
func (r *result) saw() string {
	var parts []string
	if r.served > 0 {
		parts = append(parts, counted(r.served, "page", "pages"))
	}
	for _, what := range []string{"HTTP 403.9", "HTTP 403", "HTTP 503", noConnection} {
		if n := r.refused[what]; n > 0 {
			parts = append(parts, counted(n, "time", "times")+" "+what)
		}
	}
	return strings.Join(parts, ", ")
}

// counted returns a number with its noun.
func counted(n int, one, more string) string {
	if n == 1 {
		more = one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// moments prints three limits of a machine that people confuse, in the order in which
// they matter to a client.
func moments(out io.Writer, w limits.Windows) {
	fmt.Fprintf(out, "\nThree limits of %v that people confuse:\n", w)
	for _, m := range []struct {
		service limits.Service
		moment  string
	}{
		{limits.TCPBacklog, "before the program accepts the connection"},
		{limits.IIS, "at the web server of Windows (IIS)"},
		{limits.Licence, "in the licence, which nothing enforces"},
	} {
		rule, err := limits.Lookup(w, m.service)
		switch {
		case errors.Is(err, limits.ErrNoRule):
			fmt.Fprintf(out, "%9s  %s\n", "unknown", m.moment)
			continue
		case err != nil:
			// It depends on the service pack, which was not named.
			fmt.Fprintf(out, "%9s  %s\n", "depends", m.moment)
			wrap(out, "           ", err.Error())
			continue
		}
		fmt.Fprintf(out, "%9v  %s\n", rule.Default, m.moment)
		about := rule.String()
		if seen := rule.Refusal(); seen != limits.UnknownSymptom {
			about += " A refused client sees: " + strings.TrimSuffix(seen.String(), ".") + "."
		}
		wrap(out, "           ", about)
		wrap(out, "           ", evidence(rule))
	}
}

// answer prints what was asked and what the clients saw, at the end of the output,
// where a reader finds it.
func answer(out io.Writer, question string, w limits.Windows, results []result) error {
	i := slices.IndexFunc(results, func(r result) bool { return r.windows == w })
	_, err := fmt.Fprintf(out, "\nFor the sources: go run ./examples/table -windows %q -explain\n"+
		"%s, %v: %s\n", w, question, w, results[i].saw())
	return err
}

// wrap prints text in lines of at most 80 columns.
func wrap(out io.Writer, indent, text string) {
	line := indent[1:]
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 80 && line != indent[1:] {
			fmt.Fprintln(out, line)
			line = indent[1:]
		}
		line += " " + word
	}
	fmt.Fprintln(out, line)
}
