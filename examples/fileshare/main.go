// Fileshare is the file server of a Windows, so that a client can meet "the
// eleventh computer" without one: a real SMB file server with the session limit of
// the edition in front of it.
//
//	go run ./examples/fileshare -windows "XP Home" -dir ./somewhere
//
// shares a directory, by a smbd of its own that needs no configuration and no
// privileges. The first lines of the output say with which account. It admits five
// sessions and answers the sixth with STATUS_REQUEST_NOT_ACCEPTED.
//
// With -upstream it stands in front of a file server that is there, such as
// 192.0.2.1:445. With neither it shares an empty directory in memory that is gone
// with it.
//
// Each session that is admitted, refused or over is a line on standard output. A
// line typed on standard input is a command of the host's administrator: "net
// config server", "net config server /autodisconnect:N", "net session", "net
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
	flags.SetOutput(stderr)
	flags.TextVar(&windows, "windows", windows, "the Windows to be")
	listen := flags.String("listen", "127.0.0.1:8445", "addresses to serve, separated by commas")
	dir := flags.String("dir", "", "directory to share, by a smbd of its own")
	upstream := flags.String("upstream", "", "address of a real SMB server that is there")
	limit := flags.Int("limit", -1, "override the limit of the Windows")
	flags.TextVar(&settings.Count, "count", smb.CountSessions, "what takes a slot: session, computer-user or computer")
	refuse := flags.String("refuse", "final", "leg of the session setup that is refused: final or first")
	flags.BoolVar(&settings.AutoDisconnect, "autodisconnect", false, "end idle sessions, after 15 minutes unless changed")
	verbose := flags.Bool("v", false, "say why connections and sessions end")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch *refuse {
	case "first":
		settings.RefuseFirst = true
	case "final":
	default:
		return fmt.Errorf("-refuse %s: want final or first", *refuse)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *dir != "" && *upstream != "" {
		return errors.New("-dir and -upstream: want one of them")
	}
	if *limit < -1 {
		return fmt.Errorf("-limit %d: want 0 or more, or -1 for that of the edition", *limit)
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
	// The events of the gate would not do: with -count several sessions share a
	// slot.
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
		l, err := net.Listen("tcp", address)
		if err != nil {
			return err
		}
		out.printf("%v shares %s on %v\n", windows, behind.what, l.Addr())
		go func() { served <- proxy.Serve(l) }()
	}
	if behind.access != "" {
		out.printf("%s\n", behind.access)
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

// console answers each line of r as a command of the administrator.
func console(host *simulate.Host, r io.Reader, out *lines) {
	in := bufio.NewScanner(r)
	for in.Scan() {
		text, err := host.Console(in.Text())
		if err != nil {
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

// sessionLine says what has become of a session.
func sessionLine(e smb.SessionEvent) string {
	what := "ended"
	if e.Kind == simulate.Decided {
		what = e.Outcome.String()
	}
	return strings.TrimSpace(fmt.Sprintf(`%-8s \\%s %s`, what, e.Computer, e.User))
}
