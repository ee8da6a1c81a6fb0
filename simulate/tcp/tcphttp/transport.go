// Package tcphttp makes a tcp.Dialer the dialer of an http.Client. It is apart
// from package tcp so that a program that only dials does not link net/http.
package tcphttp

import (
	"net/http"

	"github.com/winlimits/winlimits/simulate/tcp"
)

// Transport is an http.RoundTripper that dials as an edition of Windows does. It
// comes from NewTransport, and may be used by many goroutines.
type Transport struct{ base *http.Transport }

// NewTransport returns a copy of base, or of http.DefaultTransport if base is
// nil, that dials with d and takes the dials of cancelled requests out of the
// queue.
//
// http.Transport detaches a dial from the request it was made for: when the
// request is cancelled, the dial goes on, until the Timeout of d or the system
// gives it up, to be of use to another request. An attempt in progress keeps its
// slot as long. With this Transport a dial that has no slot yet leaves the queue
// with its request; with d.DialContext in a plain http.Transport it would wait
// on, unless the request's context comes from tcp.WithQueueContext.
func NewTransport(d *tcp.Dialer, base *http.Transport) *Transport {
	if base == nil {
		base, _ = http.DefaultTransport.(*http.Transport)
	}
	if base == nil { // a program has put another RoundTripper there
		base = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	t := base.Clone()
	t.DialContext = d.DialContext
	return &Transport{t}
}

// RoundTrip executes one request, as http.Transport.RoundTrip does.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return t.base.RoundTrip(r.WithContext(tcp.WithQueueContext(r.Context())))
}

// CloseIdleConnections closes connections that no request uses. It is what
// http.Client.CloseIdleConnections calls.
func (t *Transport) CloseIdleConnections() { t.base.CloseIdleConnections() }
