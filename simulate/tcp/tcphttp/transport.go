// Package tcphttp gives a tcp.Dialer to an http.Client: see NewTransport. It is
// apart from package tcp so that a program that only dials does not link net/http.
package tcphttp

import (
	"context"
	"errors"
	"net/http"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Transport is an http.RoundTripper whose dials meet the limit of a tcp.Dialer. It
// comes from NewTransport and may be used by many goroutines.
type Transport struct{ base *http.Transport }

// NewTransport returns a copy of base that dials with d. If base is nil, it copies
// http.DefaultTransport. It fails if base has a DialTLSContext or DialTLS, which
// http.Transport would use for https, past the limit.
//
// http.Transport lets a dial go on when its request is cancelled or has been
// answered over another connection. With d.DialContext in a plain http.Transport
// such a dial stays in the queue. With a Transport it leaves the queue, and counts
// as simulate.Superseded if the request was answered. A dial that has its slot goes
// on in both.
//
// A metric of what a client loses should count requests without an answer, not
// dials: one dial may be in vain, and another may serve a hundred requests.
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

// CloseIdleConnections closes connections that no request uses, for
// http.Client.CloseIdleConnections.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }
