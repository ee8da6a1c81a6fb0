// Fleet is a filter that says for each machine of an inventory whether its limits
// are enough for its clients. It reads a line for each machine and writes a line for
// each, in the same order:
//
//	fleet <machines.jsonl >judged.jsonl
//	fleet -format csv -summary summary.txt <machines.csv >judged.csv
//
// A line of input is a machine, in JSON or in CSV. In CSV the first line has the
// names of the columns.
//
//	{"id":"office 7","text":"Microsoft Windows 10 Pro","clients":25,"service":"smb"}
//
// The text is anything that package identify recognises: a caption, a line of ver, a
// CPE name, a banner. In JSON a record can stand in its place: an object of WMI,
// osquery or Active Directory. The other fields are those of forecast.Scenario, with
// the defaults of the program forecast. Without an id the text is the id.
//
// A line of output has a verdict:
//
//	fits     the machine takes the load
//	raise    it does once its limit is raised, at most as far as the edition accepts
//	server   it does not, and the editions in suitable would
//	unknown  this cannot be told; why says the reason
//
// A line that cannot be read gets an error and the verdict unknown, and the program
// goes on with the next one.
//
// With -resume an interrupted run goes on where its output ends. With -merge the
// program makes one summary of several outputs. As a filter it works below any
// program that splits lines:
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
	// Little memory is in use at a time, whatever the input. A collector that runs
	// less often saves a quarter of the time and costs some 40 MB.
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
		out = terminal // the lines are on standard output
	}
	return o.report(&sum, out)
}

// parse reads the flags. If they ask for help, it writes that to out and returns no
// options.
func parse(args []string, out io.Writer) (*options, error) {
	var o options
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	flags.StringVar(&o.format, "format", "json", "`form` of input and output: json or csv")
	flags.IntVar(&o.runs, "runs", 8, "`number` of runs of each forecast")
	flags.Float64Var(&o.allowed, "allow", 0.01, "`share` that may get no slot, from 0 to 1; 0.01 is one per cent")
	flags.StringVar(&o.summary, "summary", "", "write a summary for people to this `file`; - is standard error, or standard output if the lines go elsewhere")
	flags.StringVar(&o.svg, "svg", "", "write a picture of the summary to this `file`")
	flags.StringVar(&o.resume, "resume", "", "go on with an interrupted run, whose output is in this `file`")
	flags.BoolVar(&o.merge, "merge", false, "read outputs of fleet and write only their summary")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Fleet reads machines, a line each, and says whether their limits are enough for their clients.")
		fmt.Fprintln(out, `A machine is a line such as {"id":"office 7","text":"Windows 10 Pro","clients":25,"service":"smb"}.`)
		fmt.Fprintln(out, "\nusage: fleet [flags] <machines.jsonl >judged.jsonl")
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
		return nil, errors.New("-merge needs -summary or -svg: it writes nothing else")
	case o.merge && o.resume != "":
		return nil, errors.New("-merge and -resume do not go together")
	}
	return &o, nil
}
