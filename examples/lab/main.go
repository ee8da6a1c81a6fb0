// Lab stands in for machines that run Windows, for programs in any language. It has
// an HTTP API, and fronts for real traffic: web servers, file servers, TCP servers and
// proxies, each with the limits of the edition that its machine runs.
//
//	go run . -config lab.json
//	curl -d '{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"iis"}]}' http://127.0.0.1:4226/api/hosts
//
// At the address of the API a browser finds pages: a search in the table of limits,
// forecasts, and the machines.
//
// The first line on standard output is JSON with the address of the API, such as
// {"api":"http://127.0.0.1:4226"}. With -config a line for each machine of the file
// follows, as GET /api/hosts/NAME answers it. Log lines go to standard error.
//
// The file has what GET /api/config answers. The machines end with the lab. SIGINT and
// SIGTERM end it. With -exit-with-stdin the end of its standard input does, so that it
// ends with the program that has started it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	listen string
	hosts  []string // further names in Host headers
	config string
	stdin  bool // the end of standard input ends the lab
	public bool
}

// parse reads the flags. If they ask for help, it writes that to out and returns no
// options.
func parse(args []string, out io.Writer) (*options, error) {
	o := new(options)
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	flags.StringVar(&o.listen, "listen", "127.0.0.1:4226", "`address` of the API and the pages; with port 0 the system chooses a free one")
	flags.Func("host", "`name` by which requests may call the API, besides localhost; may be repeated", func(name string) error {
		if name == "" || strings.ContainsAny(name, "/:@ ") {
			return errors.New("want a host name without a port")
		}
		o.hosts = append(o.hosts, strings.ToLower(name))
		return nil
	})
	flags.StringVar(&o.config, "config", "", "`file` with machines to begin with, as GET /api/config answers them")
	flags.BoolVar(&o.stdin, "exit-with-stdin", false, "end when standard input ends")
	flags.BoolVar(&o.public, "public", false, "let the API and the fronts listen on addresses that other computers reach")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(out, "Lab stands in for machines that run Windows, for programs in any language.")
		fmt.Fprintln(out, "It has an HTTP API, and pages for a browser at the same address.")
		fmt.Fprintln(out, "\nusage: lab [flags]")
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w; see -help", err)
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil || o == nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if o.stdin {
		go func() {
			io.Copy(io.Discard, stdin)
			stop()
		}()
	}
	address, err := loopback(o.listen, o.public)
	if err != nil {
		return fmt.Errorf("-listen %w", err)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	ln = newBounded(ln, maxAPIConnections)
	defer ln.Close()
	l := newLab(o.public, slog.New(slog.NewTextHandler(stderr, nil)))
	l.names = o.hosts
	defer l.close()
	if o.config != "" {
		if err := l.load(ctx, o.config); err != nil {
			return fmt.Errorf("-config %s: %w", o.config, err)
		}
	}
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	if err := out.Encode(map[string]string{"api": "http://" + ln.Addr().String()}); err != nil {
		return err
	}
	for _, m := range l.list() {
		if err := out.Encode(m.answer()); err != nil {
			return err
		}
	}
	srv := &http.Server{
		Handler:           l.handler(),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return l.ctx },
		ErrorLog:          slog.NewLogLogger(l.log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case <-ctx.Done():
		l.stop() // ends the requests that wait or stream
		bounded, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(bounded) != nil {
			srv.Close()
		}
		return nil
	case err := <-served:
		return err
	}
}

// load reads the machines of a file.
func (l *lab) load(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBody+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxBody:
		return fmt.Errorf("more than %d bytes", maxBody)
	}
	hosts, err := readConfig(text)
	if err != nil {
		return err
	}
	return l.apply(ctx, hosts)
}

// loopback returns an address to listen on. Its host must be an IP address or
// localhost, and must be loopback unless the lab is public.
func loopback(address string, public bool) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%.100q: want an address such as 127.0.0.1:0", address)
	}
	if n, err := net.LookupPort("tcp", port); err != nil || fmt.Sprint(n) != port {
		return "", fmt.Errorf("%.100q: port %.20q: want a number from 0 to 65535", address, port)
	}
	ip := net.ParseIP(host)
	switch {
	case strings.EqualFold(host, "localhost"):
		return net.JoinHostPort("127.0.0.1", port), nil
	case ip == nil && host != "":
		return "", fmt.Errorf("%.100q: want an IP address such as 127.0.0.1, or localhost", address)
	case public || ip.IsLoopback():
		return address, nil
	}
	return "", fmt.Errorf("%.100q is not loopback: want 127.0.0.1, ::1 or localhost, or a lab that was started with -public", address)
}
