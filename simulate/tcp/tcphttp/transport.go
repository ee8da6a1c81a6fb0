// Package tcphttp makes a tcp.Dialer the dialer of an http.Client. It is apart
// from package tcp so that a program that only dials does not link net/http.
package tcphttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Transport is an http.RoundTripper that dials as an edition of Windows does. It
// comes from NewTransport, and may be used by many goroutines.
type Transport struct{ base *http.Transport }

// NewTransport returns a copy of base, or of http.DefaultTransport if base is
// nil, that dials with d and takes dials out of the queue when their request is
// over. It fails if base has a DialTLSContext or a DialTLS, past which the limit
// would not be met: http.Transport prefers these for https. Such a function can
// dial with d itself; it then belongs into a plain http.Transport, beside d's
// DialContext.
//
// http.Transport detaches a dial from the request it was made for: when the
// request is cancelled, or has been answered over a connection that came free, the
// dial goes on, until the Timeout of d or the system gives it up, to be of use to
// another request. An attempt in progress keeps its slot as long. With this
// Transport a dial that has no slot yet leaves the queue with its request, and
// counts as simulate.Superseded if that was answered. With d.DialContext in a plain
// http.Transport it would wait on, unless the request's context comes from
// tcp.WithQueueContext.
//
// What a client loses is a request without an answer, which is what a metric should
// count. Dials are not requests: one may be made in vain, and another may serve a
// hundred requests.
func NewTransport(d *tcp.Dialer, base *http.Transport) (*Transport, error) {
	if base == nil {
		base, _ = http.DefaultTransport.(*http.Transport)
	}
	if base == nil { // a program has put another RoundTripper there
		base = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	switch {
	case d == nil:
		return nil, errors.New("tcphttp: NewTransport needs a tcp.Dialer, not nil")
	case base.DialTLSContext != nil:
		return nil, errors.New("tcphttp: base has a DialTLSContext, which would dial past the limit; want nil")
	//lint:ignore SA1019 a caller may still set it
	case base.DialTLS != nil:
		return nil, errors.New("tcphttp: base has a DialTLS, which would dial past the limit; want nil")
	}
	t := base.Clone()
	t.DialContext = d.DialContext
	return &Transport{t}, nil
}

// RoundTrip executes one request, as http.Transport.RoundTrip does.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	queue, leave := context.WithCancelCause(r.Context())
	response, err := t.base.RoundTrip(r.WithContext(tcp.WithQueueContext(r.Context(), queue)))
	if err == nil {
		leave(simulate.ErrSuperseded)
	} else {
		leave(err)
	}
	return response, err
}

// CloseIdleConnections closes connections that no request uses. It is what
// http.Client.CloseIdleConnections calls.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }
