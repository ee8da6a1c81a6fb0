package tcphttp_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/tcp"
	"github.com/winlimits/winlimits/simulate/tcp/tcphttp"
)

// newDialer returns the dialer of a program on Windows XP SP2.
func newDialer(t *testing.T, settings *simulate.Settings, program *tcp.DialerSettings) (*tcp.Dialer, *simulate.Gate) {
	t.Helper()
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, settings)
	require.NoError(t, err)
	d, err := tcp.NewDialer(host, program)
	require.NoError(t, err)
	gate, err := host.Gate(limits.TCPHalfOpen)
	require.NoError(t, err)
	return d, gate
}

func newTransport(t *testing.T, d *tcp.Dialer, base *http.Transport) *tcphttp.Transport {
	t.Helper()
	transport, err := tcphttp.NewTransport(d, base)
	require.NoError(t, err)
	return transport
}

// A base that dials TLS itself would dial past the limit.
func TestTransportRefusesForeignDials(t *testing.T) {
	d, gate := newDialer(t, nil, nil)
	var dials atomic.Int32
	for _, base := range []*http.Transport{
		{DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		{DialTLS: func(string, string) (net.Conn, error) { dials.Add(1); return nil, net.ErrClosed }},
	} {
		_, err := tcphttp.NewTransport(d, base)
		require.ErrorContains(t, err, "would dial past the limit; want nil")
	}
	_, err := tcphttp.NewTransport(nil, nil)
	require.EqualError(t, err, "tcphttp: NewTransport needs a tcp.Dialer, not nil")
	assert.Zero(t, gate.Stats())
}

// At most ten dials of https requests are in progress, and a plain Dial of the base
// is not used.
func TestTransportLimitsHTTPS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		d, gate := newDialer(t, nil, &tcp.DialerSettings{Connect: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		//lint:ignore SA1019 a caller may still set it
		base := &http.Transport{Dial: func(string, string) (net.Conn, error) {
			assert.Fail(t, "dialled past the limit")
			return nil, net.ErrClosed
		}}
		client := &http.Client{Transport: newTransport(t, d, base), Timeout: 300 * time.Millisecond}
		var requests sync.WaitGroup
		for i := range 20 {
			requests.Go(func() {
				_, err := client.Get(fmt.Sprintf("https://192.0.2.%d/", i+1))
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		}
		requests.Wait()
		assert.EqualValues(t, 10, dials.Load())
		synctest.Wait()
		assert.EqualValues(t, 10, gate.Stats().Abandoned+gate.Stats().TimedOut)
		time.Sleep(time.Minute) // until the system has given the others up
		assert.Zero(t, gate.Stats().Held)
	})
}

// A request that waits for its dial is answered over a connection that comes free.
// Its dial is needed no longer, and no URL is lost.
func TestTransportSupersedesDials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := memnet.NewListener(80)
		answer := make(chan struct{})
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				<-answer
			}
			io.WriteString(w, r.URL.Path)
		})}
		go srv.Serve(inner)
		defer srv.Close()
		settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}
		d, gate := newDialer(t, settings, &tcp.DialerSettings{Connect: func(ctx context.Context, _, address string) (net.Conn, error) {
			if address != "192.0.2.1:80" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return inner.Dial(ctx)
		}})
		client := &http.Client{Transport: newTransport(t, d, nil)}
		defer client.CloseIdleConnections()
		get := func(url string) chan string {
			page := make(chan string, 1)
			go func() {
				response, err := client.Get(url)
				if !assert.NoError(t, err) {
					return
				}
				defer response.Body.Close()
				text, err := io.ReadAll(response.Body)
				assert.NoError(t, err)
				page <- string(text)
			}()
			synctest.Wait()
			return page
		}
		slow := get("http://192.0.2.1/slow")
		go d.Dial("tcp", "192.0.2.2:80") // takes the one slot, and gets no answer
		synctest.Wait()
		quick := get("http://192.0.2.1/quick")
		assert.Equal(t, 1, gate.Stats().Queued)
		close(answer)
		assert.Equal(t, "/slow", <-slow)
		assert.Equal(t, "/quick", <-quick, "over the connection of the other request")
		synctest.Wait()
		assert.Equal(t, simulate.Stats{Held: 1, Peak: 1, Admitted: 2, Superseded: 1}, gate.Stats())
		time.Sleep(time.Minute)
		assert.Zero(t, gate.Stats().Held)
	})
}

func TestTransport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		settings := &simulate.Settings{HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(1)}}
		d, gate := newDialer(t, settings, &tcp.DialerSettings{
			Net: net.Dialer{Timeout: 6 * time.Second},
			Connect: func(ctx context.Context, _, _ string) (net.Conn, error) { // nothing answers
				<-ctx.Done()
				return nil, ctx.Err()
			},
		})
		client := &http.Client{Transport: newTransport(t, d, &http.Transport{})}
		get := func(timeout time.Duration, address string) chan error {
			done := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), timeout)
				defer cancel()
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
				if err == nil {
					var response *http.Response
					if response, err = client.Do(request); err == nil {
						err = response.Body.Close()
					}
				}
				done <- err
			}()
			synctest.Wait()
			return done
		}
		start := time.Now()
		connecting := get(500*time.Millisecond, "192.0.2.1")
		queued := get(time.Second, "192.0.2.2")
		patient := get(time.Minute, "192.0.2.3")
		stats := func() simulate.Stats {
			synctest.Wait()
			return gate.Stats()
		}
		require.ErrorIs(t, <-connecting, context.DeadlineExceeded)
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		assert.Equal(t, 1, stats().Held, "the dial goes on without its request")
		assert.Equal(t, 2, stats().Queued)
		require.ErrorIs(t, <-queued, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 1, stats().Queued, "the dial has left the queue with its request")
		time.Sleep(5*time.Second - time.Nanosecond)
		assert.EqualValues(t, 1, stats().Admitted)
		err := <-patient
		assert.Equal(t, 6*time.Second, time.Since(start), "queued for the whole of its dial timeout")
		require.ErrorIs(t, err, simulate.ErrLimit)
		assert.Zero(t, stats().Held, "the dial timeout has freed the slot")
	})
}

func TestTransportServes(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	d, gate := newDialer(t, nil, nil)
	for _, base := range []*http.Transport{nil, {}} {
		client := &http.Client{Transport: newTransport(t, d, base)}
		response, err := client.Get(server.URL)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		response.Body.Close()
		assert.Equal(t, "hello", string(body))
		client.CloseIdleConnections()
	}
	assert.EqualValues(t, 2, gate.Stats().Admitted)
}
