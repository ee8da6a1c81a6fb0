package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/iis"
)

// web is a front of kind iis: the web server of the machine.
type web struct {
	front *front
	iis   *iis.Server
	http  *http.Server

	connections atomic.Int64 // since the start
	requests    atomic.Int64
}

func newWeb(f *front) (server, error) {
	if err := f.needs(limits.IIS); err != nil {
		return nil, err
	}
	server, err := iis.NewServer(f.machine.host)
	if err != nil {
		return nil, err
	}
	w := &web{front: f, iis: server}
	w.http = &http.Server{
		Handler:        w.page(),
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // clients' mistakes
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, w.connections.Add(1))
		},
		BaseContext: func(net.Listener) context.Context { return f.ctx },
	}
	if f.config.Upstream != "" {
		upstream, err := url.Parse(f.config.Upstream)
		if err != nil {
			return nil, err
		}
		w.http.Handler = reverseProxy(upstream)
	}
	if f.config.TLS {
		certificate, text, err := newCertificate(f)
		if err != nil {
			return nil, err
		}
		w.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		f.extra.Certificate = text
	}
	return w, nil
}

// reverseProxy passes requests on to another server. They have the name of that server,
// and X-Forwarded-Host and its relatives say what the client has asked for.
func reverseProxy(upstream *url.URL) http.Handler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the environment must not name another upstream
	transport.MaxIdleConnsPerHost = 64
	transport.DisableCompression = true
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			r.SetXForwarded()
		},
		Transport:  transport,
		BufferPool: new(buffers),
		ErrorLog:   slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // the client is told
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, fmt.Sprintf("The lab has no answer from %s: %v", upstream.Redacted(), err), http.StatusBadGateway)
		},
	}
}

// buffers is a pool of buffers for copying bodies.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if buf, ok := b.pool.Get().(*[32 << 10]byte); ok {
		return buf[:]
	}
	return new([32 << 10]byte)[:]
}

func (b *buffers) Put(buf []byte) { b.pool.Put((*[32 << 10]byte)(buf)) }

type connectionKey struct{}

// page says which connection and request this is. At /hold that takes the time in the
// query.
func (w *web) page() http.Handler {
	mux := http.NewServeMux()
	tell := func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		gate := w.iis.Gate()
		fmt.Fprintf(rw, "%v\nThis is connection %v and request %d of this web server. Held: %d of %v %v. Queued: %d.\n",
			w.front.machine.config.Windows, r.Context().Value(connectionKey{}), w.requests.Load(),
			gate.Stats().Held, gate.Limit(), gate.Policy().Rule.Unit, gate.Stats().Queued)
	}
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		tell(rw, r)
	})
	mux.HandleFunc("GET /hold", func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		var d duration
		if err := d.UnmarshalText([]byte(r.URL.Query().Get("for"))); err != nil || time.Duration(d) > maxTimeout {
			http.Error(rw, fmt.Sprintf("for=%.40q: want a time from 0s to %v, such as /hold?for=10s", r.URL.Query().Get("for"), maxTimeout), http.StatusBadRequest)
			return
		}
		timer := time.NewTimer(time.Duration(d))
		defer timer.Stop()
		select {
		case <-timer.C:
			tell(rw, r)
		case <-r.Context().Done():
		}
	})
	return mux
}

func (w *web) serve(ln net.Listener) error {
	if w.front.config.TLS {
		return w.iis.ServeTLS(w.http, ln, "", "")
	}
	return w.iis.Serve(w.http, ln)
}

func (w *web) close() error { return w.http.Close() }

// newCertificate makes a certificate that clients can trust by itself, for the
// addresses and names of a front.
func newCertificate(f *front) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: f.machine.config.Name, Organization: []string{"winlimits lab"}},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true, // some clients trust nothing else
		DNSNames:              append([]string{"localhost"}, f.machine.lab.names...),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, _, err := net.SplitHostPort(f.address); err == nil {
		if ip := net.ParseIP(host); ip != nil && !ip.IsLoopback() && !ip.IsUnspecified() {
			template.IPAddresses = append(template.IPAddresses, ip)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, string(text), nil
}
