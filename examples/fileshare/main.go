// Fileshare is a real SMB file server with the session limit of an edition of
// Windows in front of it. A client can meet "the eleventh computer" without a
// machine that runs Windows.
//
//	fileshare -windows "XP Home" -dir ./somewhere
//
// This shares a directory. It starts a Samba server (smbd) of its own, which needs
// no configuration and no privileges. The first lines of the output say where it
// listens and with which account to log on. It admits five sessions and answers the
// sixth with STATUS_REQUEST_NOT_ACCEPTED.
//
// With -upstream it stands in front of another file server, such as 192.0.2.1:445.
// With neither flag it shares an empty directory in memory, which ends with the
// program.
//
// It prints a line for each session that is admitted, refused or ended. A line that
// is typed on standard input is a command of the machine's administrator: "net
// config server", "net config server /autodisconnect:N", "net session" or "net
// session \\COMPUTER /delete".
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "fileshare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	windows := limits.Windows{Edition: limits.XPProfessional}
	var settings smb.Settings
	flags := flag.NewFlagSet("fileshare", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // an error is one line, and -help is no error
	flags.TextVar(&windows, "windows", windows, "the `edition` of Windows whose limit holds, such as \"Windows 11 Pro\"")
	listen := flags.String("listen", "127.0.0.1:8445", "`addresses` to serve, separated by commas")
	dir := flags.String("dir", "", "`directory` to share, by a Samba server (smbd) that the program starts")
	upstream := flags.String("upstream", "", "`address` of another file server to stand in front of, such as 192.0.2.1:445")
	limit := flags.Int("limit", -1, "`number` of sessions; -1 is the limit of the edition")
	flags.TextVar(&settings.Count, "count", smb.CountSessions, "`what` takes a slot of the limit: session, computer-user or computer")
	refuse := flags.String("refuse", "final", "`message` of the log-on that is answered with the refusal: the final or the first one")
	flags.BoolVar(&settings.AutoDisconnect, "autodisconnect", false, "end sessions that were idle for 15 minutes; the command net config server /autodisconnect:N sets another time")
	verbose := flags.Bool("v", false, "say why connections and sessions end")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(stdout, "Fileshare is a file server with the session limit of an edition of Windows.")
		fmt.Fprintln(stdout, "Without -dir and -upstream it shares an empty directory in memory.")
		fmt.Fprintln(stdout, "It takes commands on standard input: "+commands+".")
		fmt.Fprintln(stdout, "\nusage: fileshare [flags]")
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return fmt.Errorf("%w; see -help", err)
	}
	switch *refuse {
	case "first":
		settings.RefuseFirst = true
	case "final":
	default:
		return fmt.Errorf("-refuse %.100q: want final or first", *refuse)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %.100q; see -help", flags.Arg(0))
	}
	if *dir != "" && *upstream != "" {
		return errors.New("-dir and -upstream: want at most one of them")
	}
	if *limit < -1 {
		return fmt.Errorf("-limit %d: want 0 or more, or -1 for the limit of the edition", *limit)
	}
	var hostSettings simulate.Settings
	if *limit >= 0 {
		hostSettings.Limits = map[limits.Service]int{limits.SMB: *limit}
	}
	host, err := simulate.New(windows, &hostSettings)
	if err != nil {
		return err
	}
	gate, err := host.Gate(limits.SMB)
	if err != nil {
		return err
	}
	out := &lines{w: stdout}
	if *verbose {
		settings.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	// The gate has events of slots only, and with -count several sessions can share
	// one.
	settings.OnSession = func(e smb.SessionEvent) {
		out.printf("%s %s (%d of %v)\n", time.Now().Format("15:04:05.000"), sessionLine(e), gate.Stats().Held, gate.Limit())
	}
	behind, err := newBackend(ctx, *dir, *upstream, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, behind.close()) }()
	proxy, err := smb.NewProxy(host, behind.dial, &settings)
	if err != nil {
		return err
	}
	defer host.Close()

	served := make(chan error, 1)
	for _, address := range strings.Split(*listen, ",") {
		if address == "" { // would be a free port of every network
			return fmt.Errorf("-listen %.100q: want addresses such as 127.0.0.1:8445, separated by commas", *listen)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return fmt.Errorf("-listen: %w", err)
		}
		out.printf("%v shares %s on %v\n", windows, behind.what, l.Addr())
		go func() { served <- proxy.Serve(l) }()
	}
	if behind.access != "" {
		out.printf("%s\n", behind.access)
	}
	out.printf("%v\n", gate.Policy().Rule)
	if *limit >= 0 {
		out.printf("Here -limit has set the limit to %v.\n", gate.Limit())
	}
	go console(host, stdin, out)

	select {
	case <-ctx.Done():
		return nil
	case <-behind.done:
		return nil // close says why
	case err := <-served:
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	}
}

// commands are those of an administrator that the program takes.
const commands = `net config server, net config server /autodisconnect:N, net session, net session \\COMPUTER /delete`

// console answers each line of r as a command of the administrator.
func console(host *simulate.Host, r io.Reader, out *lines) {
	in := bufio.NewScanner(r)
	for in.Scan() {
		text, err := host.Console(in.Text())
		switch {
		case errors.Is(err, simulate.ErrCommand):
			text = fmt.Sprintf("not a command: %.100q; want %s\n", in.Text(), commands)
		case err != nil:
			text = err.Error() + "\n"
		}
		out.printf("%s", text)
	}
}

// lines writes for several goroutines.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintf(l.w, format, args...)
}

// sessionLine says what has happened to a session.
func sessionLine(e smb.SessionEvent) string {
	what := "ended"
	if e.Kind == simulate.Decided {
		what = e.Outcome.String()
	}
	return strings.TrimSpace(fmt.Sprintf(`%-8s \\%s %s`, what, e.Computer, e.User))
}
