package simtest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
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
			time.Sleep(time.Minute) // deaf to the end of the request
		}))
		resp, err := srv.Client().Get(srv.URL + "/slow")
		if err == nil {
			resp.Body.Close()
		}
		time.Sleep(time.Second)
		t.Cleanup(func() { time.Sleep(time.Second) })
	})
	assert.Contains(t, text, "simtest: 1 requests that the handler has not finished 5s after the test:\n\tGET /slow from 192.0.2.2:49152, for 7s")
	assert.Contains(t, text, "simtest: slots left: iis of Windows 7 Professional: 1 of 10 requests held")
}

// TestConnectionLeft leaves a connection that a handler has taken over.
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
		simtest.WaitHeld(t, srv.Gate, 0)
		synctest.Wait()
		_ = taken
	})
	assert.Equal(t, "simtest: 1 connections still open 5s after the test, from 192.0.2.2:49152", text)
}

// TestNothingLeft ends without a word about connections that are at rest or
// have never asked for anything.
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
