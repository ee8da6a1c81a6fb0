package iis_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/internal/soak"
)

// admissions returns how many admissions a soak test makes.
func admissions(t *testing.T) int {
	t.Helper()
	n, err := soak.Admissions()
	require.NoError(t, err)
	return n
}

// soakRounds makes n admissions on machines of their own, each in a bubble, and
// counts the answers by their status.
func soakRounds(t *testing.T, n int, run func(t *testing.T, n int64, ledger *soak.Ledger, answers *[600]atomic.Int64)) {
	var ledger soak.Ledger
	var all [600]int64
	for _, n := range soak.Rounds(n) {
		synctest.Test(t, func(t *testing.T) {
			var answers [600]atomic.Int64
			run(t, n, &ledger, &answers)
			for status := range answers {
				all[status] += answers[status].Load()
			}
		})
	}
	text := ledger.String()
	for status, n := range all {
		if n > 0 {
			text += fmt.Sprintf(", %d answers %d", n, status)
		}
	}
	t.Log(text)
}

// pause lets up to so many milliseconds pass in a bubble, most often none.
func pause(most int) {
	if ms := rand.IntN(2*most+2) - most; ms > 0 {
		time.Sleep(time.Duration(ms) * time.Millisecond)
	}
}

// A soakHandler does what programs do, and counts.
type soakHandler struct{ runs, running, most atomic.Int64 }

func (h *soakHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.runs.Add(1)
	now := h.running.Add(1)
	defer h.running.Add(-1)
	for most := h.most.Load(); now > most && !h.most.CompareAndSwap(most, now); most = h.most.Load() {
	}
	switch rand.IntN(12) {
	case 0:
		panic(http.ErrAbortHandler)
	case 1:
		_, _ = io.Copy(io.Discard, r.Body)
		pause(2)
	case 2:
		select {
		case <-r.Context().Done():
		case <-time.After(time.Millisecond):
		}
	case 3:
		if rand.IntN(8) == 0 {
			panic("a program's") // which net/http logs with the stack
		}
	case 4:
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return // HTTP/2
		}
		switch rand.IntN(3) {
		case 0: // closed by others, after the handler
			go func() {
				pause(3)
				c.Close()
			}()
		case 1:
			go c.Close()
			c.Close()
		default:
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			c.Close()
			pause(1)
		}
		return
	default:
		pause(1)
	}
	_, _ = io.WriteString(w, "hello")
}

var soakLong = fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", 80<<10, strings.Repeat("x", 80<<10))

// soakClient is any client of HTTP/1 in memory. It sends up to n requests over the
// connection, and counts the answers by their status.
func soakClient(c *memnet.Conn, n int, answers *[600]atomic.Int64) {
	defer c.Close()
	in := bufio.NewReader(c)
	for range n {
		requests := 1
		var req string
		switch rand.IntN(12) {
		case 0: // nothing, for a while
			pause(5)
			return
		case 1: // less than a request
			_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHos")
			pause(2)
			return
		case 2: // no request
			req = "BAD AND LONGER THAN THE PREFACE OF HTTP/2\r\n\r\n"
		case 3:
			body := strings.Repeat("x", 1+rand.IntN(5000))
			req = fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		case 4:
			req = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
		case 5: // a body that is read when the handler does
			req = soakLong
		case 6: // one that does not come
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhello")
			pause(3)
			return
		case 7:
			requests = 3 // in a row
			req = strings.Repeat("GET / HTTP/1.1\r\nHost: x\r\n\r\n", requests)
		default:
			req = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
		}
		_, _ = io.WriteString(c, req)
		switch rand.IntN(10) {
		case 0: // gone before or after it is in the queue
			pause(1)
			return
		case 1:
			pause(1)
			_ = c.SetLinger(0)
			return
		case 2:
			_ = c.CloseWrite()
		}
		for range requests {
			resp, err := http.ReadResponse(in, nil)
			for err == nil && resp.StatusCode == http.StatusContinue {
				resp, err = http.ReadResponse(in, nil)
			}
			if err != nil {
				return
			}
			if _, err = io.Copy(io.Discard, resp.Body); err != nil {
				return
			}
			answers[resp.StatusCode].Add(1)
			if resp.Close {
				return
			}
		}
	}
}

// TestSoakConnections: up to IIS 6.0 each connection is let in or refused, and each
// that was let in is released once.
func TestSoakConnections(t *testing.T) {
	n := admissions(t)
	for _, moves := range []bool{false, true} {
		t.Run(map[bool]string{false: "fixed", true: "moved"}[moves], func(t *testing.T) {
			soakRounds(t, n/2, func(t *testing.T, n int64, ledger *soak.Ledger, answers *[600]atomic.Int64) {
				soakConnections(t, n, ledger, answers, moves)
			})
		})
	}
}

func soakConnections(t *testing.T, n int64, ledger *soak.Ledger, answers *[600]atomic.Int64, moves bool) {
	web, err := iis.NewServer(hostOf(t, xpPro, nil))
	require.NoError(t, err)
	gate := web.Gate()
	account := ledger.Open(gate)
	inner := memnet.NewListener(80)
	srv := &http.Server{Handler: new(soakHandler), ErrorLog: log.New(io.Discard, "", 0)}
	ctx, cancel := context.WithCancel(t.Context())
	var background, clients sync.WaitGroup
	background.Go(func() { assert.ErrorIs(t, web.Serve(srv, inner), http.ErrServerClosed) })
	if moves {
		background.Go(func() { assert.NoError(t, account.Move(ctx)) })
	}
	var dialled atomic.Int64
	for range 25 {
		clients.Go(func() {
			for {
				if gate.Stats().Admitted >= n {
					assert.NoError(t, web.Host().Close()) // with all that is open
				}
				c, err := inner.DialFrom(ctx, memnet.ClientIP())
				if err != nil {
					assert.ErrorIs(t, err, syscall.ECONNREFUSED)
					return
				}
				dialled.Add(1)
				soakClient(c, 2, answers)
				pause(5)
			}
		})
	}
	clients.Wait()
	cancel()
	background.Wait()
	time.Sleep(time.Minute) // the last handlers have returned
	synctest.Wait()
	s := gate.Stats()
	require.NoError(t, account.Settle())
	assert.Equal(t, dialled.Load(), s.Admitted+s.Refused)
	assert.LessOrEqual(t, answers[http.StatusForbidden].Load(), s.Refused)
	assert.Zero(t, answers[http.StatusInternalServerError].Load())
}

// TestSoakRequests: from IIS 7.0 on each request runs, is refused, or leaves the
// queue, and no more run than the limit.
func TestSoakRequests(t *testing.T) {
	n := admissions(t)
	cases := []struct {
		name     string
		settings *simulate.Settings
		clients  int // of HTTP/1, with a connection each
		streams  int // of HTTP/2, on a few connections
		moves    bool
	}{
		{name: "http1", clients: 64},
		{name: "http1-moved", clients: 64, moves: true},
		{name: "http2-moved", streams: 64, moves: true},
		{name: "timeout", settings: &simulate.Settings{QueueTimeout: 3 * time.Millisecond}, clients: 48, streams: 16, moves: true},
		{name: "full", clients: 1040}, // where the queue takes 1000
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			soakRounds(t, n/len(cases), func(t *testing.T, n int64, ledger *soak.Ledger, answers *[600]atomic.Int64) {
				web, err := iis.NewServer(hostOf(t, win10, tt.settings))
				require.NoError(t, err)
				soakRequests(t, web, n, ledger, answers, tt.clients, tt.streams, tt.moves)
			})
		})
	}
}

func soakRequests(t *testing.T, web *iis.Server, n int64, ledger *soak.Ledger, answers *[600]atomic.Int64, clients, streams int, moves bool) {
	gate := web.Gate()
	account := ledger.Open(gate)
	inner := memnet.NewListener(80)
	ln, err := web.Listener(inner)
	require.NoError(t, err)
	var handler soakHandler
	var arrived atomic.Int64
	limited := web.Handler(&handler)
	srv := &http.Server{
		ConnContext: web.ConnContext, ErrorLog: log.New(io.Discard, "", 0), Protocols: new(http.Protocols),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			arrived.Add(1)
			limited.ServeHTTP(w, r)
		}),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	ctx, cancel := context.WithCancel(t.Context())
	var background, workers sync.WaitGroup
	background.Go(func() { assert.Error(t, srv.Serve(ln)) })
	if moves {
		background.Go(func() { assert.NoError(t, account.Move(ctx)) })
	}
	var ended atomic.Bool
	end := func() {
		ended.Store(true)
		assert.NoError(t, web.Host().Close()) // with all that is open
		assert.NoError(t, ignoreClosed(srv.Close()))
	}
	worker := func(f func() bool) {
		workers.Go(func() {
			for {
				if gate.Stats().Admitted >= n {
					end()
				}
				if !f() {
					return
				}
				pause(1)
			}
		})
	}
	for range clients {
		worker(func() bool {
			c, err := inner.DialFrom(ctx, memnet.ClientIP())
			if err != nil {
				assert.ErrorIs(t, err, syscall.ECONNREFUSED)
				return false
			}
			soakClient(c, 30, answers)
			return true
		})
	}
	var transports []*http.Transport
	for i := range streams {
		if i%16 == 0 {
			transport := &http.Transport{Protocols: new(http.Protocols), DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return inner.Dial(ctx)
			}}
			transport.Protocols.SetUnencryptedHTTP2(true)
			transports = append(transports, transport)
		}
		transport := transports[len(transports)-1]
		worker(func() bool {
			soakStream(t.Context(), transport, answers)
			return !ended.Load()
		})
	}
	workers.Wait()
	end()
	cancel()
	for _, transport := range transports {
		transport.CloseIdleConnections()
	}
	background.Wait()
	time.Sleep(time.Minute) // the last handlers have returned
	synctest.Wait()
	s := gate.Stats()
	require.NoError(t, account.Settle())
	highest, _ := gate.Policy().Limit.Number()
	assert.Equal(t, handler.runs.Load(), s.Admitted)
	assert.LessOrEqual(t, handler.most.Load(), int64(highest))
	assert.Zero(t, handler.running.Load())
	assert.GreaterOrEqual(t, arrived.Load(), s.Admitted+s.Refused+s.TimedOut+s.Abandoned)
	assert.LessOrEqual(t, answers[http.StatusServiceUnavailable].Load(), s.Refused)
	assert.LessOrEqual(t, answers[http.StatusOK].Load(), s.Admitted)
	assert.Zero(t, answers[http.StatusInternalServerError].Load())
}

// soakStream is a request of HTTP/2 with any context.
func soakStream(ctx context.Context, transport *http.Transport, answers *[600]atomic.Int64) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var body io.Reader
	if rand.IntN(3) == 0 {
		body = strings.NewReader("hello")
	}
	req, err := http.NewRequestWithContext(ctx, "POST", "http://windows.test/", body)
	if err != nil {
		return
	}
	if rand.IntN(4) == 0 {
		defer time.AfterFunc(time.Duration(rand.IntN(4))*time.Millisecond, cancel).Stop()
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	answers[resp.StatusCode].Add(1)
}

func ignoreClosed(err error) error {
	if err != nil && strings.Contains(err.Error(), net.ErrClosed.Error()) {
		return nil
	}
	return err
}
