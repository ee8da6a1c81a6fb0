package tcphttp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
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
		client := &http.Client{Transport: tcphttp.NewTransport(d, &http.Transport{})}
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
		client := &http.Client{Transport: tcphttp.NewTransport(d, base)}
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
