// Webservice answers the question "I point 40 clients at a web service on
// Windows XP; what happens, and why?" by letting real HTTP clients meet emulated
// Windows machines on loopback.
//
// Without flags it plays several of them and prints one table. With -windows it
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
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/tcp"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "webservice:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var windows limits.Windows
	flags := flag.NewFlagSet("webservice", flag.ContinueOnError)
	flags.TextVar(&windows, "windows", limits.Windows{}, "the `Windows` to be, such as \"XP Pro SP3\"")
	clients := flags.Int("clients", 40, "`number` of clients, all at once")
	maxConnections := flags.Int("max-connections", 0, "metabase `value` MaxConnections; 0 is the default")
	hold := flags.Duration("hold", 250*time.Millisecond, "`time` the service takes for a request")
	listen := flags.String("listen", "", "serve -windows at this `address` until interrupted")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q; see -help", flags.Arg(0))
	case *clients < 1 || *clients > 2000:
		return fmt.Errorf("-clients %d: want 1 to 2000", *clients)
	case *hold < 0:
		return fmt.Errorf("-hold %v: want 0 or more", *hold)
	case windows == limits.Windows{} && (*listen != "" || *maxConnections != 0):
		return errors.New("-listen and -max-connections need -windows")
	case *listen != "":
		return serve(ctx, out, windows, *maxConnections, *hold, *listen)
	}

	acts := []act{{
		title:    windows.String(),
		windows:  windows,
		settings: simulate.Settings{MaxConnections: *maxConnections},
		service:  limits.IIS,
	}}
	if windows == (limits.Windows{}) {
		acts = programme
	}
	fmt.Fprintf(out, "%d clients ask at once for a page that takes %v.\n\n", *clients, *hold)
	results := make([]result, 0, len(acts))
	for _, a := range acts {
		r, err := a.play(ctx, *clients, *hold)
		if err != nil {
			return fmt.Errorf("%s: %w", a.title, err)
		}
		results = append(results, r)
	}
	return report(out, results)
}

// An act is one machine that the clients meet.
type act struct {
	title    string
	windows  limits.Windows
	settings simulate.Settings
	service  limits.Service
	// browsers is the number of keep-alive connections that earlier visitors
	// have left open, at rest.
	browsers int
}

var (
	xpHome  = limits.Windows{Edition: limits.XPHome, ServicePack: 3}
	xpPro   = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
	win7    = limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
	srv2003 = limits.Windows{Edition: limits.Server2003Standard, ServicePack: 2}
)

var programme = []act{
	{title: "XP Home, IIS", windows: xpHome, service: limits.IIS},
	{title: "XP Pro, IIS 5.1", windows: xpPro, service: limits.IIS},
	{title: "XP Pro, IIS 5.1 raised to 40", windows: xpPro, service: limits.IIS, settings: simulate.Settings{MaxConnections: 40}},
	{title: "XP Pro, IIS 5.1, 4 idle browsers", windows: xpPro, service: limits.IIS, browsers: 4},
	{title: "Windows 7 Pro, IIS 7.5", windows: win7, service: limits.IIS},
	{title: "XP Pro, Apache or any other", windows: xpPro, service: limits.TCPOther},
	{title: "Server 2003, IIS 6.0", windows: srv2003, service: limits.IIS},
}

// A result is what the clients of one act saw.
type result struct {
	act
	rule    limits.Rule
	absent  bool
	served  int
	refused map[string]int // by what the client saw
	waited  int
	wait    time.Duration // the longest
	peak    int
}

// play serves the act on loopback and sends the clients.
func (a act) play(ctx context.Context, clients int, hold time.Duration) (result, error) {
	r := result{act: a, refused: make(map[string]int)}
	host, err := simulate.New(a.windows, &a.settings)
	if err != nil {
		return r, err
	}
	if r.rule, err = limits.Lookup(a.windows, a.service); err != nil {
		return r, err
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, err
	}
	url := "http://" + inner.Addr().String() + "/"
	meeting := new(meeting)
	srv := &http.Server{Handler: meeting.service(hold)}
	serve, err := serviceOf(host, srv, inner, a.service)
	if errors.Is(err, simulate.ErrAbsent) {
		// Nobody listens on such a machine.
		r.absent = true
		inner.Close()
		r.meet(ctx, url, clients)
		return r, nil
	}
	if err != nil {
		inner.Close()
		return r, err
	}
	served := make(chan error, 1)
	go func() { served <- serve() }()
	defer func() {
		srv.Close()
		<-served
	}()

	gate, err := host.Gate(a.service)
	if err != nil {
		return r, err
	}
	// A browser opens two connections to a host (kb183110).
	for range 2 * a.browsers {
		visitor := &http.Client{Transport: &http.Transport{}}
		defer visitor.CloseIdleConnections()
		if _, _, err := get(ctx, visitor, url+"?quick"); err != nil {
			return r, err
		}
	}
	var longest atomic.Int64
	stop := host.Observe(func(e simulate.Event) {
		for d := longest.Load(); int64(e.Waited) > d && !longest.CompareAndSwap(d, int64(e.Waited)); {
			d = longest.Load()
		}
	})
	before := gate.Stats()
	meeting.await(gate, clients)
	r.meet(ctx, url, clients)
	stop()
	stats := gate.Stats()
	r.waited = int(stats.Waited - before.Waited)
	r.wait = time.Duration(longest.Load())
	r.peak = stats.Peak
	return r, ctx.Err()
}

// serviceOf makes srv the service of the host, and returns what serves it.
func serviceOf(host *simulate.Host, srv *http.Server, inner net.Listener, s limits.Service) (serve func() error, err error) {
	if s == limits.IIS {
		web, err := iis.NewServer(host)
		if err != nil {
			return nil, err
		}
		return func() error { return web.Serve(srv, inner) }, nil
	}
	ln, err := tcp.NewListener(host, s, inner, nil)
	if err != nil {
		return nil, err
	}
	return func() error { return srv.Serve(ln) }, nil
}

// A meeting lets the service begin its work when every client has arrived, so
// that "all at once" holds on a slow machine too.
type meeting struct {
	arrived atomic.Pointer[func(context.Context)]
}

// await makes the service wait for n clients more to be let in, refused or
// queued, though not for ever: a client may fail to connect.
func (m *meeting) await(gate *simulate.Gate, n int) {
	seen := func(s simulate.Stats) int { return int(s.Admitted+s.Refused) + s.Queued }
	want := seen(gate.Stats()) + n
	all := func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = gate.Wait(ctx, func(s simulate.Stats) bool { return seen(s) >= want })
	}
	m.arrived.Store(&all)
}

// service is the web service: a page that takes its time.
func (m *meeting) service(hold time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wait := m.arrived.Load(); wait != nil {
			(*wait)(r.Context())
		}
		if !r.URL.Query().Has("quick") {
			select {
			case <-time.After(hold):
			case <-r.Context().Done():
			}
		}
		fmt.Fprintln(w, "It works.")
	})
}

// meet sends the clients, each with a connection of its own, and counts what
// they see.
func (r *result) meet(ctx context.Context, url string, clients int) {
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		start = make(chan struct{})
	)
	for range clients {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			<-start
			status, page, err := get(ctx, client, url)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				r.refused["no connection"]++
			case status == http.StatusOK:
				r.served++
			case strings.Contains(page, limits.TextHTTP4039):
				r.refused["HTTP 403.9"]++
			default:
				r.refused[fmt.Sprintf("HTTP %d", status)]++
			}
		})
	}
	close(start)
	wg.Wait()
}

func get(ctx context.Context, client *http.Client, url string) (status int, page string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(body), err
}

// report prints the table: under each machine the rule behind the outcome and
// the keys of its sources.
func report(out io.Writer, results []result) error {
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
		keys := make([]string, 0, 4)
		for _, s := range r.rule.Sources() {
			keys = append(keys, string(s.Key))
		}
		fmt.Fprintf(out, "    %v\n    %v: %s\n", r.rule, r.rule.Grade, strings.Join(keys, ", "))
	}
	_, err := fmt.Fprintln(out, "\nEvidence in full: go run ./examples/table -windows \"XP Pro\" -service iis -explain")
	return err
}

// saw says in words what the clients saw.
func (r *result) saw() string {
	var parts []string
	if r.served > 0 {
		parts = append(parts, fmt.Sprintf("%d pages", r.served))
	}
	for _, what := range []string{"HTTP 403.9", "HTTP 403", "HTTP 503", "no connection"} {
		if n := r.refused[what]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d times %s", n, what))
		}
	}
	return strings.Join(parts, ", ")
}

// serve is one Windows until ctx is done.
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
