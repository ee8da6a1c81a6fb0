package simtest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/forecast"
	"github.com/winlimits/winlimits/simulate/simtest"
)

// TestTwentyFiveClients has each client ask for a page that takes 30 s.
func TestTwentyFiveClients(t *testing.T) {
	for _, tt := range []struct {
		windows limits.Windows
		pages   map[time.Duration]int // by when they came
		refused int                   // at once
	}{
		{xpPro, map[time.Duration]int{30 * time.Second: 10}, 15},
		{win7, map[time.Duration]int{30 * time.Second: 10, time.Minute: 10, 90 * time.Second: 5}, 0},
	} {
		t.Run(tt.windows.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := simtest.NewServer(t, simtest.NewHost(t, tt.windows, nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(30 * time.Second)
					fmt.Fprint(w, "page")
				}))
				start := time.Now()
				var mu sync.Mutex
				pages, refused := map[time.Duration]int{}, 0
				var wg sync.WaitGroup
				for range 25 {
					wg.Go(func() {
						resp, err := srv.Client().Get(srv.URL)
						if !assert.NoError(t, err) {
							return
						}
						defer resp.Body.Close()
						_, _ = io.Copy(io.Discard, resp.Body)
						mu.Lock()
						defer mu.Unlock()
						if resp.StatusCode == http.StatusOK {
							pages[time.Since(start)]++
							return
						}
						assert.Equal(t, "403 Access Forbidden", resp.Status)
						assert.Zero(t, time.Since(start))
						refused++
					})
				}
				wg.Wait()
				assert.Equal(t, tt.pages, pages)
				assert.Equal(t, tt.refused, refused)
			})
		})
	}
}

// TestServerKeepsTheForecast has clients think longer than the connection
// timeout, now and then, so that the server closes their connections. What
// becomes of each connection is what the forecast says, to the nanosecond.
func TestServerKeepsTheForecast(t *testing.T) {
	type opened struct {
		client, request int
		outcome         simulate.Outcome
		at              time.Duration
	}
	seen := map[simulate.Outcome]int{}
	reopened := 0
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 3))
		upTo := func(d time.Duration) time.Duration { return 1 + time.Duration(r.Int64N(int64(d))) }
		gap, service, think := upTo(3*time.Second), upTo(5*time.Second), upTo(8*time.Second)
		s := forecast.Scenario{
			Windows: xpPro, Service: limits.IIS,
			Settings: simulate.Settings{
				Limits:            map[limits.Service]int{limits.IIS: 1 + r.IntN(4)},
				ConnectionTimeout: upTo(8 * time.Second),
			},
			Clients: 1 + r.IntN(8), Arrive: forecast.Every(gap), Requests: 1 + r.IntN(4),
			ServiceTime: forecast.Constant(service), ThinkTime: forecast.Constant(think),
			Idle: forecast.Constant(time.Hour),
		}
		var want []opened
		for o, err := range forecast.Outcomes(t.Context(), s, nil) {
			require.NoError(t, err)
			want = append(want, opened{o.Client, o.Request, o.Outcome, time.Duration(o.Decided)})
			seen[o.Outcome]++
			if o.Request > 0 {
				reopened++
			}
		}
		synctest.Test(t, func(t *testing.T) {
			srv := simtest.NewServer(t, simtest.NewHost(t, s.Windows, &s.Settings), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				time.Sleep(service)
			}))
			start := time.Now()
			var mu sync.Mutex
			var got []opened
			var wg sync.WaitGroup
			for i := range s.Clients {
				wg.Go(func() {
					time.Sleep(time.Duration(i) * gap)
					dialled := false
					client := &http.Client{Transport: &http.Transport{
						DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
							dialled = true
							return srv.Dial(ctx, network, addr)
						},
					}}
					for request := range s.Requests {
						if request > 0 {
							time.Sleep(think)
						}
						at := time.Since(start)
						dialled = false
						resp, err := client.Get(srv.URL)
						if !assert.NoError(t, err) {
							return
						}
						_, _ = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
						outcome := simulate.Admitted
						if resp.StatusCode == http.StatusForbidden {
							outcome = simulate.Refused
						}
						if dialled {
							mu.Lock()
							got = append(got, opened{i, request, outcome, at})
							mu.Unlock()
						}
						if outcome == simulate.Refused {
							return
						}
					}
				})
			}
			wg.Wait()
			text, err := json.Marshal(s)
			require.NoError(t, err)
			require.ElementsMatch(t, want, got, "seed %d: %s", seed, text)
		})
	}
	require.Greater(t, seen[simulate.Admitted], 100)
	require.Greater(t, seen[simulate.Refused], 100)
	require.Greater(t, reopened, 100)
}

func TestServerOnLoopback(t *testing.T) {
	t.Parallel()
	srv := simtest.NewServer(t, simtest.NewHost(t, xpPro, nil), http.NotFoundHandler())
	for _, url := range []string{srv.Loopback(), srv.Loopback()} {
		resp, err := http.Get(url)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	}
	resp, err := srv.Client().Get("http://anywhere.example/")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusNotFound, resp.StatusCode)
	assert.EqualValues(t, 3, srv.Gate.Stats().Admitted)
}

func TestRequestLeft(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		srv := simtest.NewServer(t, simtest.NewHost(t, win7, nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Minute) // although the client is gone
		}))
		resp, err := srv.Client().Get(srv.URL + "/slow")
		if err == nil {
			resp.Body.Close()
		}
		time.Sleep(time.Second)
		t.Cleanup(func() { time.Sleep(time.Second) })
	})
	assert.Contains(t, text, "simtest: 1 request that the handler has not finished 5s after the test:\n\tGET /slow from 192.0.2.2:49152, for 7s")
	assert.Contains(t, text, "simtest: slots left: iis of Windows 7 Professional: 1 of 10 requests held")
}

// TestConnectionLeft leaves a connection that a handler has hijacked.
func TestConnectionLeft(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		var taken net.Conn
		srv := simtest.NewServer(t, simtest.NewHost(t, win7, nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			taken, _, _ = http.NewResponseController(w).Hijack()
		}))
		conn, err := srv.Dial(t.Context(), "", "")
		if err != nil {
			return
		}
		fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		simtest.WaitHeld(t, srv.Gate, 1)
		synctest.Wait()
		_ = taken
	})
	assert.Equal(t, "simtest: 1 connection still open 5s after the test:\n\t192.0.2.2:49152: hijacked by the handler of GET /, 5s ago\n"+
		"simtest: slots left: iis of Windows 7 Professional: 1 of 10 requests held, 0 queued; so far 1 admitted, 0 refused\n"+
		"\theld by 192.0.2.2:49152 for 10s: hijacked by the handler of GET /, 10s ago", text)
}

// overHTTP1 starts a server over TLS that does not speak HTTP/2.
func overHTTP1(t testing.TB, host *simulate.Host, handler http.Handler) *simtest.Server {
	srv := simtest.NewTLSServer(t, host, handler)
	srv.Client().Transport.(*http.Transport).ForceAttemptHTTP2 = false
	return srv
}

// fetch reads a page to the end, so that the connection is kept open.
func fetch(t testing.TB, client *http.Client, url string) (status, body string) {
	resp, err := client.Get(url)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return resp.Status, string(text)
}

// TestAnswersLeft: the failure names a body that the client has neither read to its end nor
// closed, whatever the state of the connection.
func TestAnswersLeft(t *testing.T) {
	for _, tt := range []struct {
		name    string
		windows limits.Windows
		start   func(testing.TB, *simulate.Host, http.Handler) *simtest.Server
		refused bool
		want    string
	}{
		{"open connection", win7, simtest.NewServer, false, "GET /x from 192.0.2.2:49152"},
		{"TLS", win7, overHTTP1, false, "GET /x from 192.0.2.2:49152"},
		{"closed by the server", xpPro, simtest.NewServer, true, "192.0.2.2:49152"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := failure(t, func(t testing.TB) {
				var body io.Closer
				t.Cleanup(func() { body.Close() })
				srv := tt.start(t, simtest.NewHost(t, tt.windows, nil), http.HandlerFunc(page))
				if tt.refused {
					simtest.Hold(t, srv.Gate, 10)
				}
				resp, err := srv.Client().Get(srv.URL + "/x")
				if err != nil {
					t.Fatalf("%v", err)
				}
				body = resp.Body
				fetch(t, srv.Client(), srv.URL+"/read")
			})
			assert.Equal(t, "simtest: 1 answer that the client has neither read to the end nor closed 5s after the test:\n\t"+tt.want, text)
		})
	}
}

// TestAnswerNotRead: the handler is busy with an answer that a client does not read. The client
// is none of the server's own.
func TestAnswerNotRead(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		var conn net.Conn
		t.Cleanup(func() { conn.Close() })
		srv := simtest.NewServer(t, simtest.NewHost(t, win7, nil), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 1<<20))
		}))
		var err error
		conn, err = srv.DialFrom(7)(t.Context(), "", "")
		if err != nil {
			return
		}
		fmt.Fprint(conn, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
		simtest.WaitHeld(t, srv.Gate, 1)
		simtest.WaitHeld(t, srv.Gate, 0)
	})
	assert.Equal(t, "simtest: waited for 0 held: iis of Windows 7 Professional: 1 of 10 requests held, 0 queued; so far 1 admitted, 0 refused\n"+
		"\theld by 10.0.0.7:49152 for 1m0s: GET /big with the handler for 1m0s, which has not read 65536 bytes\n"+
		"simtest: 1 request that the handler has not finished 5s after the test:\n"+
		"\tGET /big from 10.0.0.7:49152, for 1m5s: the client has not read 65536 bytes of the answer", text)
}

// TestIdleConnectionHoldsASlot: the failure names an idle connection that holds a slot of
// IIS 5.1.
func TestIdleConnectionHoldsASlot(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		srv := simtest.NewServer(t, simtest.NewHost(t, xpPro, nil), http.HandlerFunc(page))
		if _, err := srv.Dial(t.Context(), "", ""); err != nil {
			t.Errorf("%v", err)
		}
		fetch(t, &http.Client{Transport: &http.Transport{DialContext: srv.Dial}}, srv.URL+"/x")
		simtest.WaitHeld(t, srv.Gate, 0)
	})
	assert.Equal(t, "simtest: waited for 0 held: iis of Windows XP Professional: 2 of 10 connections held, 0 queued; so far 2 admitted, 0 refused\n"+
		"\theld by 192.0.2.2:49152 for 1m0s: no request for 1m0s\n"+
		"\theld by 192.0.2.2:49153 for 1m0s: kept open since the answer to GET /x, 1m0s ago: "+
		"the client has not closed its idle connections or the body of the answer", text)
}

// TestNilHandler: as in net/http.
func TestNilHandler(t *testing.T) {
	before := http.DefaultServeMux
	http.DefaultServeMux = http.NewServeMux()
	defer func() { http.DefaultServeMux = before }()
	http.HandleFunc("/page", page)
	srv := simtest.NewServer(t, simtest.NewHost(t, win7, nil), nil)
	assert.Equal(t, "200 OK", get(t, srv.Client(), srv.URL+"/page"))
	assert.Equal(t, "404 Not Found", get(t, srv.Client(), srv.URL+"/none"))
}

// TestFortyMachines: each client has an address and connections of its own.
func TestFortyMachines(t *testing.T) {
	for _, start := range []func(testing.TB, *simulate.Host, http.Handler) *simtest.Server{simtest.NewServer, simtest.NewTLSServer} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]int{}
			srv := start(t, simtest.NewHost(t, xpPro, nil), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				host, _, err := net.SplitHostPort(r.RemoteAddr)
				assert.NoError(t, err)
				mu.Lock()
				seen[host]++
				mu.Unlock()
				page(w, r)
			}))
			statuses := map[string]int{}
			for _, client := range srv.Clients(40) {
				status, _ := fetch(t, client, srv.URL)
				statuses[status]++
			}
			ok, refused := "200 OK", "403 Access Forbidden"
			if strings.HasPrefix(srv.URL, "https:") {
				refused = "403 Forbidden"
			}
			assert.Equal(t, map[string]int{ok: 10, refused: 30}, statuses)
			assert.Len(t, seen, 10)
			assert.Equal(t, 1, seen["10.0.0.10"])
		})
	}
}

func TestTooManyClients(t *testing.T) {
	for _, n := range []int{-1, 1<<16 - 1} {
		failures := try(func(t testing.TB) {
			simtest.NewServer(t, simtest.NewHost(t, win7, nil), nil).Clients(n)
		})
		assert.Equal(t, []string{fmt.Sprintf("simtest: cannot make %d clients; want 0 to 65534", n)}, failures)
	}
}

func TestComputerWithoutAddress(t *testing.T) {
	for _, number := range []int{-1, 0, 1<<16 - 1} {
		failures := try(func(t testing.TB) {
			simtest.NewServer(t, simtest.NewHost(t, win7, nil), nil).DialFrom(number)
		})
		assert.Equal(t, []string{fmt.Sprintf("simtest: no client computer has number %d; want 1 to 65534", number)}, failures)
	}
}

// TestTLSServer: its own clients speak HTTP/2, in memory and in a bubble; others
// speak what they want to, on loopback too.
func TestTLSServer(t *testing.T) {
	proto := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.NotNil(t, r.TLS)
		fmt.Fprint(w, r.Proto)
	})
	read := func(t *testing.T, client *http.Client, url string) string {
		_, body := fetch(t, client, url)
		return body
	}
	synctest.Test(t, func(t *testing.T) {
		srv := simtest.NewTLSServer(t, simtest.NewHost(t, win7, nil), proto)
		assert.Equal(t, "https://windows.test", srv.URL)
		assert.Equal(t, "HTTP/2.0", read(t, srv.Client(), srv.URL))
		assert.Equal(t, "HTTP/2.0", read(t, srv.Clients(1)[0], "https://anywhere.example/"))
	})
	srv := simtest.NewTLSServer(t, simtest.NewHost(t, win7, nil), proto)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	assert.Equal(t, "HTTP/1.1", read(t, &http.Client{Transport: transport}, srv.Loopback()))
	_, err := http.Get(srv.Loopback())
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, err, &unknown)
	assert.Nil(t, simtest.NewServer(t, simtest.NewHost(t, win7, nil), nil).Certificate())
}

// TestNothingLeft: a connection that is idle or never had a request is no fault.
func TestNothingLeft(t *testing.T) {
	for _, w := range []limits.Windows{xpPro, win7} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			assert.Empty(t, try(func(t testing.TB) {
				srv := simtest.NewServer(t, simtest.NewHost(t, w, nil), http.NotFoundHandler())
				if _, err := srv.Dial(t.Context(), "tcp", "windows.test:80"); err != nil {
					t.Errorf("%v", err)
				}
				client := &http.Client{Transport: &http.Transport{DialContext: srv.Dial}}
				resp, err := client.Get(srv.URL)
				if err != nil {
					t.Errorf("%v", err)
				} else {
					resp.Body.Close()
				}
			}))
			assert.Less(t, time.Since(start), time.Second)
		})
	}
}

func TestServerIsGoneAfterTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var srv *simtest.Server
		var client *http.Client
		try(func(t testing.TB) {
			srv = simtest.NewServer(t, simtest.NewHost(t, win7, nil), http.NotFoundHandler())
			client = srv.Client()
		})
		_, err := client.Get(srv.URL)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
