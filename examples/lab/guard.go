package main

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// guard refuses what a page of another site could send. One is a request whose Host is
// a name that is not the lab's: such a site can point its own name to the lab. The
// other is a change whose Origin is not the lab.
func (l *lab) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !l.isOwn(r.Host):
			fail(w, &problem{http.StatusForbidden, fmt.Errorf("the Host header %.100q does not name the lab: want its address, localhost or a name given by -host", r.Host)})
		case changes(r.Method) && !isSameOrigin(r):
			fail(w, &problem{http.StatusForbidden, fmt.Errorf("the Origin header %.100q does not name the lab: want http://%s, or none", strings.Join(r.Header.Values("Origin"), ", "), r.Host)})
		default:
			w.Header().Set("X-Content-Type-Options", "nosniff")
			next.ServeHTTP(w, r)
		}
	})
}

// isOwn reports whether a Host header is an address or a name of the lab.
func (l *lab) isOwn(hostport string) bool {
	host := strings.ToLower(hostport)
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host == "localhost" || slices.Contains(l.names, host)
}

func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// isSameOrigin reports whether a request comes from a page of the lab, or does not
// come from a page.
func isSameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	if len(origins) == 0 {
		return r.Header.Get("Sec-Fetch-Site") != "cross-site"
	}
	u, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && u.Scheme == "http" && u.Path == "" && withPort(u.Host) == withPort(r.Host)
}

// withPort returns an authority of http with its port.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		host += ":80"
	}
	return strings.ToLower(host)
}
