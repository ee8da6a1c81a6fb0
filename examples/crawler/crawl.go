package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// A dialFunc is a DialContext.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// A crawl is the work that each machine does.
type crawl struct {
	addresses []string
	workers   int
	timeout   time.Duration
	connect   dialFunc // replaces a connection by the network; may be nil
	screen    *screen
}

// A result says how a crawl went.
type result struct {
	title  string
	rule   limits.Rule // the zero Rule without a limit
	giveUp time.Duration

	total                                  time.Duration
	open, refused, gaveUp, timedOut, queue int
	other                                  map[string]int // other errors
	longest                                time.Duration  // wait in the queue
	peak                                   int            // connecting at once
	events                                 int
}

// as crawls as a program on the machine does.
func (c *crawl) as(ctx context.Context, host *simulate.Host) (result, error) {
	gate, err := host.Gate(limits.TCPHalfOpen)
	if err != nil {
		return result{}, err
	}
	dialer, err := tcp.NewDialer(host, &tcp.DialerSettings{Net: net.Dialer{Timeout: c.timeout}, Connect: c.connect})
	if err != nil {
		return result{}, err
	}
	r := result{title: host.Windows().String(), rule: gate.Policy().Rule, giveUp: gate.Policy().SYN.GiveUp()}
	if n, ok := host.Settings().HalfOpen.Patched.Number(); ok {
		r.title += fmt.Sprintf(", patched to %d", n)
	}
	var events, longest atomic.Int64
	stop := host.Observe(func(e simulate.Event) {
		if e.Kind == simulate.Logged {
			events.Add(1)
			c.screen.line(fmt.Sprintf("    %s %s: event %d of %s: %s",
				e.Time.Format("15:04:05.000"), e.Log.Level, e.Log.ID, e.Log.Source, e.Log.Text))
		}
		for d := longest.Load(); int64(e.Waited) > d && !longest.CompareAndSwap(d, int64(e.Waited)); {
			d = longest.Load()
		}
	})
	c.work(ctx, &r, dialer.DialContext, gate.Stats)
	stop()
	r.events, r.longest, r.peak = int(events.Load()), time.Duration(longest.Load()), gate.Stats().Peak
	return r, nil
}

// unlimited crawls with a net.Dialer that gives up as soon as the editions do.
func (c *crawl) unlimited(ctx context.Context, giveUp time.Duration) result {
	r := result{title: "without a limit"}
	d := net.Dialer{Timeout: giveUp}
	if c.timeout > 0 {
		d.Timeout = min(c.timeout, giveUp)
	}
	plain := d.DialContext
	if c.connect != nil {
		plain = func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, d.Timeout)
			defer cancel()
			return c.connect(ctx, network, address)
		}
	}
	var connecting, peak atomic.Int64
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		n := connecting.Add(1)
		defer connecting.Add(-1)
		for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); {
			p = peak.Load()
		}
		return plain(ctx, network, address)
	}
	c.work(ctx, &r, dial, func() simulate.Stats { return simulate.Stats{Held: int(connecting.Load())} })
	r.peak = int(peak.Load())
	return r
}

// work tries every address once, unless ctx ends, and closes the connections when
// the last address has been tried.
func (c *crawl) work(ctx context.Context, r *result, dial dialFunc, stats func() simulate.Stats) {
	var (
		mu      sync.Mutex
		conns   []net.Conn
		workers sync.WaitGroup
		todo    = make(chan string)
	)
	r.other = make(map[string]int)
	c.screen.line(r.title)
	start := time.Now()
	stopShowing := c.screen.show(func() string {
		s := stats()
		mu.Lock()
		defer mu.Unlock()
		failed := r.refused + r.gaveUp + r.timedOut + r.queue
		for _, n := range r.other {
			failed += n
		}
		return fmt.Sprintf("    %.1f s: %d of %d open, %d failed, %d connecting, %d queued",
			time.Since(start).Seconds(), r.open, len(c.addresses), failed, s.Held, s.Queued)
	})
	for range min(c.workers, len(c.addresses)) {
		workers.Go(func() {
			for address := range todo {
				conn, err := dial(ctx, "tcp", address)
				mu.Lock()
				if err == nil {
					r.open++
					conns = append(conns, conn)
				} else {
					r.count(err)
				}
				mu.Unlock()
			}
		})
	}
	for _, address := range c.addresses {
		if ctx.Err() != nil {
			break
		}
		todo <- address
	}
	close(todo)
	workers.Wait()
	r.total = time.Since(start)
	stopShowing()
	for _, conn := range conns {
		conn.Close()
	}
}

// count sorts a failed dial by its error.
func (r *result) count(err error) {
	var noAnswer *tcp.ConnectError
	var netErr net.Error
	switch {
	case errors.Is(err, context.Canceled):
		r.other["interrupted"]++
	case errors.Is(err, simulate.ErrLimit):
		r.queue++
	case errors.As(err, &noAnswer) && noAnswer.GivenUp:
		r.gaveUp++
	case errors.Is(err, syscall.ECONNREFUSED):
		r.refused++
	case errors.As(err, &netErr) && netErr.Timeout():
		r.timedOut++
	case len(r.other) < 10:
		r.other[printable(err.Error())]++
	default:
		r.other["other errors"]++
	}
}

// printable returns the text of an error without control characters: a name that a
// resolver returns may hold some that move the cursor of a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, text)
}
