package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// An act is one machine that the clients meet.
type act struct {
	title    string
	windows  limits.Windows
	settings simulate.Settings
	service  limits.Service
	// browsers is the number of earlier visitors, which keep their connections
	// open and idle.
	browsers int
	// slow is set if the program accepts connections only when the burst is over,
	// so that TCP/IP has to hold them. The other programs accept at once.
	slow bool
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
	{title: "XP Pro, any other, slow to accept", windows: xpPro, service: limits.TCPOther, slow: true},
	{title: "Server 2003, IIS 6.0", windows: srv2003, service: limits.IIS},
}

// A result is what the clients of one act saw.
type result struct {
	act
	rule    limits.Rule // the rule that decides
	absent  bool        // the edition has no such service
	served  int
	refused map[string]int // by what the client saw
	waited  int
	wait    time.Duration // the longest one
	peak    int
}

// check returns an error if the act cannot be played.
func (a act) check() error {
	host, err := simulate.New(a.windows, &a.settings)
	if err != nil {
		return err
	}
	defer host.Close()
	service := a.service
	if a.slow {
		service = limits.TCPBacklog
	}
	if _, err := host.Policy(service); !errors.Is(err, simulate.ErrAbsent) {
		return err
	}
	return nil // absent is an answer
}

// play serves the act on loopback and lets the clients come.
func (a act) play(ctx context.Context, clients int, hold time.Duration) (result, error) {
	r := result{act: a, refused: make(map[string]int)}
	host, err := simulate.New(a.windows, &a.settings)
	if err != nil {
		return r, err
	}
	defer host.Close()
	if r.rule, err = limits.Lookup(a.windows, a.service); err != nil {
		return r, err
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return r, err
	}
	defer inner.Close()
	url := "http://" + inner.Addr().String() + "/"
	if a.slow {
		return r, r.playSlow(ctx, host, inner, url, clients, hold)
	}
	meeting := new(meeting)
	srv := &http.Server{Handler: meeting.service(hold)}
	serve, err := serviceOf(host, srv, inner, a.service)
	if errors.Is(err, simulate.ErrAbsent) {
		// Nothing listens on such a machine.
		r.absent = true
		inner.Close()
		r.meet(ctx, url, clients, nil)
		return r, nil
	}
	if err != nil {
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
	r.meet(ctx, url, clients, nil)
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

// playSlow plays an act with a slow program. It accepts when the burst is over,
// which is when TCP/IP holds or has refused every client.
func (r *result) playSlow(ctx context.Context, host *simulate.Host, inner net.Listener, url string, clients int, hold time.Duration) error {
	backlog, err := tcp.NewBacklog(host, inner, nil)
	if err != nil {
		return err
	}
	gate := backlog.Gate()
	r.rule = gate.Policy().Rule
	ln, err := tcp.NewListener(host, r.service, backlog, nil)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: new(meeting).service(hold)}
	failed := make(chan struct{}, clients)
	served := make(chan error, 1)
	start := time.Now()
	go func() {
		patience, cancel := context.WithTimeout(ctx, 5*time.Second) // a client may do neither
		defer cancel()
		held := clients
		if n, ok := gate.Limit().Number(); ok {
			held = min(held, n)
		}
		_ = gate.WaitHeld(patience, held)
		for range clients - held {
			select {
			case <-failed:
			case <-patience.Done():
			}
		}
		r.waited, r.wait = gate.Stats().Held, time.Since(start)
		served <- srv.Serve(ln)
	}()
	r.meet(ctx, url, clients, failed)
	srv.Close()
	<-served
	r.peak = gate.Stats().Peak
	return ctx.Err()
}

// A meeting lets the service begin its work when every client has arrived, so
// that they meet at the same time on a slow computer too.
type meeting struct {
	arrived atomic.Pointer[func(context.Context)]
}

// await makes the service wait until n more clients are admitted, refused or
// queued. It does not wait for ever, since a client may fail to connect.
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

// service is the web service: a page that takes the time hold.
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

// meet lets the clients come, each with a connection of its own, and counts what
// they see. For each that gets no answer it sends to failed, unless that is nil.
func (r *result) meet(ctx context.Context, url string, clients int, failed chan<- struct{}) {
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
				r.refused[noConnection]++
				if failed != nil {
					failed <- struct{}{}
				}
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

// noConnection is what a client sees whose dial is refused, or whose connection is
// reset right after it.
const noConnection = "no connection"

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
