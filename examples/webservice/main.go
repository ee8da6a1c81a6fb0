// Webservice answers the question "I point 40 clients at a web service on
// Windows XP; what happens, and why?". Real HTTP clients meet emulated machines on
// this computer.
//
//	webservice
//	webservice -windows "Windows 7 Pro" -clients 15
//	webservice -windows "XP Pro SP3" -listen 127.0.0.1:8080
//
// There are three limits that people confuse: how many connections TCP/IP holds until
// the program accepts them, how many the web server takes, and how many devices the
// licence allows, which nothing enforces. Without flags the program tries several machines and
// prints one table. With -windows it tries that one. With -listen it serves that
// one until it is interrupted, so that a browser or curl can try it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "webservice:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var windows limits.Windows
	flags := flag.NewFlagSet("webservice", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	flags.Func("windows", "the `edition` of Windows that the machine runs, such as \"XP Pro SP3\"", func(name string) (err error) {
		windows, err = limits.ParseWindows(name)
		return err
	})
	clients := flags.Int("clients", 40, "`number` of clients, which come at the same time")
	maxConnections := flags.Int("max-connections", 0, "`number` that MaxConnections of IIS is set to, up to IIS 6.0; 0 is the default of the edition")
	hold := flags.Duration("hold", 250*time.Millisecond, "`time` that the service takes for a request")
	listen := flags.String("listen", "", "serve as -windows at this `address`, such as 127.0.0.1:8080, until interrupted")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Webservice points clients at a web service on a machine that runs Windows, and says what they see.")
		fmt.Fprintln(out, "Without -windows it tries several machines.")
		fmt.Fprintln(out, "\nusage: webservice [flags]")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return err
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(0))
	}
	switch {
	case *clients < 1 || *clients > 2000:
		return fmt.Errorf("-clients %d: want 1 to 2000", *clients)
	case *hold < 0:
		return fmt.Errorf("-hold %v: want 0 or more", *hold)
	case windows == limits.Windows{} && (*listen != "" || *maxConnections != 0):
		return errors.New("-listen and -max-connections need -windows")
	case *listen != "":
		return serve(ctx, out, windows, *maxConnections, *hold, *listen)
	}

	acts := programme
	asked := xpPro
	if windows != (limits.Windows{}) {
		asked = windows
		acts = []act{
			{title: windows.String(), windows: windows, service: limits.IIS, settings: simulate.Settings{MaxConnections: *maxConnections}},
			{title: "any other, slow to accept", windows: windows, service: limits.TCPOther, slow: true},
		}
	}
	for _, a := range acts {
		if err := a.check(); err != nil {
			return err
		}
	}
	question := fmt.Sprintf("%d clients ask at the same time for a page that takes %v", *clients, *hold)
	if *clients == 1 {
		question = fmt.Sprintf("1 client asks for a page that takes %v", *hold)
	}
	fmt.Fprintf(out, "%s.\n\n", question)
	results := make([]result, 0, len(acts))
	for _, a := range acts {
		r, err := a.play(ctx, *clients, *hold)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	report(out, results)
	moments(out, asked)
	return answer(out, question, asked, results)
}

// serve serves as one machine until ctx is done.
func serve(ctx context.Context, out io.Writer, w limits.Windows, maxConnections int, hold time.Duration, addr string) error {
	host, err := simulate.New(w, &simulate.Settings{MaxConnections: maxConnections})
	if err != nil {
		return err
	}
	web, err := iis.NewServer(host)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: new(meeting).service(hold)}
	stop := host.Observe(func(e simulate.Event) {
		fmt.Fprintf(out, "%s  %-10s  %s  %d held, %d queued, limit %v\n",
			e.Time.Format("15:04:05.000"), what(e), e.Peer, e.Held, e.Queued, e.Limit)
	})
	defer stop()
	fmt.Fprintf(out, "%v serves http://%v/\n%v\n", w, ln.Addr(), web.Gate().Policy().Rule)
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := web.Serve(srv, ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	fmt.Fprintln(out, web.Gate().Stats())
	return nil
}

// what says what has happened.
func what(e simulate.Event) string {
	if e.Kind == simulate.Decided {
		return e.Outcome.String()
	}
	return e.Kind.String()
}
