// Fleet is a filter that says for each machine of an inventory whether its limits
// take what its clients ask for. Lines come in, and lines go out in the same
// order:
//
//	fleet <machines.jsonl >judged.jsonl
//	fleet -format csv -summary summary.txt <machines.csv >judged.csv
//
// A line of input is a machine, as JSON or, after a line with the names of the
// columns, as CSV:
//
//	{"id":"office 7","text":"Microsoft Windows 10 Pro","clients":25,"service":"smb"}
//
// text is anything that package identify recognises: a caption, a line of ver, a
// CPE name, a banner. In JSON, record may stand in its place, an object as WMI,
// osquery or Active Directory give it. The other fields are those of
// forecast.Scenario, with the defaults of the program forecast. Without an id the
// text is the id.
//
// A line of output has the verdict: fits; raise, if the machine takes the load
// once its limit is raised as far as the edition accepts; server, if only the
// editions in suitable do; and unknown, which says why. A line that cannot be
// read has its id, an error and the verdict unknown, and the rest goes on.
//
// A run that was interrupted goes on with -resume, which completes its output in
// place. -merge makes the summary of outputs, say of parts that ran elsewhere.
// As it is a filter, whatever splits lines carries it:
//
//	parallel --pipe --keep-order fleet <machines.jsonl >judged.jsonl
//	parallel --pipe --keep-order --sshlogin a,b fleet <machines.jsonl >judged.jsonl
//	rdd.pipe("fleet")                                              # Spark
//	hadoop jar hadoop-streaming.jar -mapper fleet -reducer NONE ...  # Hadoop
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"

	"github.com/winlimits/winlimits/simulate/forecast"
)

func main() {
	// What is alive is little, whatever comes in: the collector may come less
	// often, for three quarters of the time and some 40 MB.
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// options are what the flags say.
type options struct {
	format               string
	runs                 int
	allowed              float64
	summary, svg, resume string
	merge                bool
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer, terminal *os.File) error {
	o, err := parse(args, out)
	if err != nil || o == nil {
		return err
	}
	var sum forecast.Summary
	switch {
	case o.merge:
		sum, err = merge(in, o.format)
	case o.resume != "":
		err = o.resumeFile(ctx, in, terminal, &sum)
	default:
		err = o.judgeAll(ctx, in, out, progressOf(terminal), &sum)
	}
	if err != nil {
		return err
	}
	if !o.merge && o.resume == "" {
		out = terminal // standard output has the lines
	}
	return o.report(&sum, out)
}

// parse reads the flags. It returns no options if it was asked for help, which
// goes to out.
func parse(args []string, out io.Writer) (*options, error) {
	var o options
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is none
	flags.StringVar(&o.format, "format", "json", "`form` of input and output: json or csv")
	flags.IntVar(&o.runs, "runs", 8, "runs of each forecast, `number`")
	flags.Float64Var(&o.allowed, "allow", 0.01, "`share` of what is asked for that may be lost, 0 to 1")
	flags.StringVar(&o.summary, "summary", "", "write a summary for people to this `file`; - is standard output, or standard error where that has the lines")
	flags.StringVar(&o.svg, "svg", "", "write a picture of the summary to this `file`")
	flags.StringVar(&o.resume, "resume", "", "complete the output of an interrupted run in this `file`")
	flags.BoolVar(&o.merge, "merge", false, "read outputs, and write only their summary")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Fleet reads machines, a line each, and says whether their limits take what their clients ask for.")
		fmt.Fprintln(out)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %.100q: the machines come on standard input; see -help", flags.Arg(0))
	case o.format != "json" && o.format != "csv":
		return nil, fmt.Errorf("-format %.100q: want json or csv", o.format)
	case o.runs < 1 || o.runs > 100_000:
		return nil, fmt.Errorf("-runs %d: want 1 to 100000", o.runs)
	case !(o.allowed >= 0 && o.allowed <= 1):
		return nil, fmt.Errorf("-allow %v: want 0 to 1", o.allowed)
	case o.merge && o.summary == "" && o.svg == "":
		return nil, errors.New("-merge wants -summary or -svg, as it writes nothing else")
	case o.merge && o.resume != "":
		return nil, errors.New("-merge and -resume do not go together")
	}
	return &o, nil
}
