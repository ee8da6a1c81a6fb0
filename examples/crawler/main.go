// Crawler connects to many addresses as a machine that runs a given edition of
// Windows would. Its TCP/IP lets a number of attempts be in progress at the same
// time, and the others wait in a queue. The program shows how many addresses are
// connecting, queued, open and failed, prints what Windows would write to its event
// log, and then does the same without a limit to compare the times.
//
//	crawler
//	crawler -windows "XP Pro SP2" 192.0.2.1:80 example.com:http
//
// Without addresses it makes its own on this computer: some accept, some refuse and
// some never answer. Without -windows it tries them as Windows XP SP1, XP SP2 and
// Vista SP2, one after the other.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "crawler:", err)
		os.Exit(1)
	}
}

// initialRTT shortens the timeouts of the emulated systems for the program's own
// addresses: a system gives up on one after 0.7 s instead of 21 s.
const initialRTT = 100 * time.Millisecond

// maxTimeout is longer than any program waits, and does not overflow.
const maxTimeout = 24 * time.Hour

func run(ctx context.Context, args []string, out io.Writer) error {
	var windows limits.Windows
	flags := flag.NewFlagSet("crawler", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	flags.Func("windows", "the `edition` of Windows to connect as, with its service pack, such as \"XP Pro SP2\"", func(name string) (err error) {
		windows, err = limits.ParseWindows(name)
		return err
	})
	n := flags.Int("n", 64, "`number` of addresses that the program tries at the same time")
	timeout := flags.Duration("timeout", 0, "how long the program waits for an address, its time in the queue included, such as 300ms; 0 leaves it to the system")
	limit := flags.Int("limit", 0, "`number` that a patch of Windows has set its limit to; 0 is the limit of the edition")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Crawler connects to many addresses as a machine that runs an edition of Windows does,")
		fmt.Fprintln(out, "with the limit of that edition, and once more without a limit.")
		fmt.Fprintln(out, "Without addresses it makes its own on this computer.")
		fmt.Fprintln(out, "\nusage: crawler [flags] [host:port ...]")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return err
	case *n < 1 || *n > 10000:
		return fmt.Errorf("-n %d: want 1 to 10000", *n)
	case *timeout < 0 || *timeout > maxTimeout:
		return fmt.Errorf("-timeout %v: want 0 to %v", *timeout, maxTimeout)
	case *limit < 0 || *limit > math.MaxInt32:
		return fmt.Errorf("-limit %d: want 0 to %d", *limit, math.MaxInt32)
	case windows == limits.Windows{} && (*limit != 0 || flags.NArg() > 0):
		return errors.New("addresses and -limit need -windows")
	}
	for _, address := range flags.Args() {
		if err := checkAddress(address); err != nil {
			return err
		}
	}

	c := crawl{addresses: flags.Args(), workers: *n, timeout: *timeout, screen: newScreen(out)}
	settings := simulate.Settings{}
	if *limit > 0 {
		settings.HalfOpen.Patched = limits.Number(*limit)
	}
	if len(c.addresses) == 0 {
		settings.HalfOpen.InitialRTT = initialRTT
	}
	machines := []limits.Windows{windows}
	if windows == (limits.Windows{}) {
		machines = []limits.Windows{
			{Edition: limits.XPProfessional, ServicePack: 1},
			{Edition: limits.XPProfessional, ServicePack: 2},
			{Edition: limits.VistaUltimate, ServicePack: 2},
		}
	}
	var hosts []*simulate.Host
	for _, w := range machines {
		host, err := simulate.New(w, &settings)
		if err == nil {
			_, err = host.Policy(limits.TCPHalfOpen)
		}
		if err != nil {
			return err
		}
		hosts = append(hosts, host)
	}
	if len(c.addresses) == 0 {
		own, err := mixture()
		if err != nil {
			return err
		}
		defer own.close()
		c.addresses, c.connect = own.addresses, own.connect
		fmt.Fprintf(out, "There are %d addresses on this computer: %d accept, %d refuse and %d never answer.\n"+
			"The program tries %d of them at the same time.\n"+
			"A system gives up on an address after 0.7 s here; the real one takes 21 s.\n\n",
			len(own.addresses), own.live, own.refusing, own.silent, *n)
	}
	var results []result
	for _, host := range hosts {
		r, err := c.as(ctx, host)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	results = append(results, c.unlimited(ctx, results[0].giveUp))
	report(out, results)
	if flags.NArg() == 0 && *timeout == 0 {
		fmt.Fprintln(out, "\nTry -timeout 300ms: some addresses that would accept then time out in the queue.")
	}
	return ctx.Err()
}

// checkAddress returns an error if an argument is not an address to connect to. A
// name that it accepts can still be unknown to the resolver.
func checkAddress(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err == nil && host != "" && isHost(host) {
		if n, err := net.LookupPort("tcp", port); err == nil && n > 0 {
			return nil
		}
	}
	return fmt.Errorf("%.100q is not an address: want host:port, such as 192.0.2.1:80, [2001:db8::1]:80 or example.com:http", address)
}

// isHost reports whether a host is an IP address or could be a name.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return !strings.ContainsFunc(host, unicode.IsControl) // in a zone
	}
	return !strings.ContainsFunc(host, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '.' && r != '_'
	})
}

// report prints the table, and under each machine the rule and its sources.
func report(out io.Writer, results []result) {
	const line = "%-30s %8s  %5s  %7s  %7s  %9s  %8s  %12s  %7s  %5s\n"
	fmt.Fprintf(out, "\n"+line, "machine", "total", "open", "refused", "gave up", "timed out", "in queue", "longest wait", "at once", "4226")
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
	for _, r := range results {
		fmt.Fprintf(out, line, r.title, seconds(r.total), strconv.Itoa(r.open), strconv.Itoa(r.refused), strconv.Itoa(r.gaveUp),
			strconv.Itoa(r.timedOut), strconv.Itoa(r.queue), seconds(r.longest), strconv.Itoa(r.peak), strconv.Itoa(r.events))
		if r.rule.Service != limits.UnknownService {
			keys := make([]string, 0, 4)
			for _, s := range r.rule.Sources() {
				keys = append(keys, string(s.Key))
			}
			fmt.Fprintf(out, "    %v\n    %v: %s\n", r.rule, r.rule.Evidence(), strings.Join(keys, ", "))
		}
		for text, count := range r.other {
			fmt.Fprintf(out, "    %d times: %s\n", count, text)
		}
	}
	fmt.Fprint(out, `
gave up    the system had no answer
timed out  the program stopped waiting for an answer
in queue   the program stopped waiting before the system had sent anything
at once    the most attempts in progress at the same time
4226       entries in the event log that say that the limit was reached
`)
}
