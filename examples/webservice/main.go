// Webservice answers the question "I point 40 clients at a web service on
// Windows XP; what happens, and why?" by letting real HTTP clients meet emulated
// machines on loopback.
//
// There are three numbers, met at three moments: what TCP/IP holds for a program
// that has not accepted it, what the web server takes, and what the licence says.
// Without flags it plays several machines and prints one table. With -windows it
// plays that one, and with -listen it serves that one until interrupted, for a
// browser or curl to try.
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
	flags.SetOutput(io.Discard) // an error is one line, and -help is none
	flags.TextVar(&windows, "windows", limits.Windows{}, "the `Windows` to be, such as \"XP Pro SP3\"")
	clients := flags.Int("clients", 40, "`number` of clients, all at once")
	maxConnections := flags.Int("max-connections", 0, "metabase `value` MaxConnections; 0 is the default")
	hold := flags.Duration("hold", 250*time.Millisecond, "`time` the service takes for a request")
	listen := flags.String("listen", "", "serve -windows at this `address` until interrupted")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Webservice points clients at a web service on a Windows, and says what they see.")
		fmt.Fprintln(out)
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
	question := fmt.Sprintf("%d clients ask at once for a page that takes %v", *clients, *hold)
	fmt.Fprintf(out, "%s.\n\n", question)
	results := make([]result, 0, len(acts))
	for _, a := range acts {
		r, err := a.play(ctx, *clients, *hold)
		if err != nil {
			return fmt.Errorf("%s: %w", a.title, err)
		}
		results = append(results, r)
	}
	report(out, results)
	moments(out, asked)
	return answer(out, question, asked, results)
}

// serve is one machine until ctx is done.
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
		fmt.Fprintf(out, "%s  %-9s %-10s %s  %d held, %d queued, limit %v\n",
			e.Time.Format("15:04:05.000"), e.Kind, outcome(e), e.Peer, e.Held, e.Queued, e.Limit)
	})
	defer stop()
	fmt.Fprintf(out, "%v at http://%v/\n%v\n", w, ln.Addr(), web.Gate().Policy().Rule)
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := web.Serve(srv, ln); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	fmt.Fprintln(out, web.Gate().Stats())
	return nil
}

func outcome(e simulate.Event) string {
	if e.Kind == simulate.Decided {
		return e.Outcome.String()
	}
	return ""
}
