package simulate

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// refusalAnswer is what a service tells the connection that is one too many.
type refusalAnswer struct {
	status   int    // of HTTP; 0 for other services
	phrase   string // reason phrase
	server   string // Server header
	body     string // page, or the whole answer if it is not HTTP
	omitBody bool   // as HEAD wants it
}

// refusalOf returns the answer of the service behind a gate.
func refusalOf(g *Gate) refusalAnswer {
	switch g.rule.Service {
	case limits.IIS:
		return webRefusal(iisVersion(g.host.windows.Edition))
	case limits.FTP:
		return refusalAnswer{body: "421 " + limits.TextFTPMaximum + "\r\n"}
	}
	return refusalAnswer{}
}

// webRefusal returns the answer of a version of IIS. The texts of the pages are
// those of kb262635 and kb101322. No capture has the reason phrase of 403.9;
// the one here is what the articles call the error.
func webRefusal(version float64) refusalAnswer {
	switch {
	case version >= 6:
		return refusalAnswer{
			status: http.StatusServiceUnavailable, phrase: "Service Unavailable",
			server: fmt.Sprintf("Microsoft-IIS/%.1f", version),
			body:   page("Service Unavailable", "Service Unavailable"),
		}
	case version == 3:
		return refusalAnswer{
			status: http.StatusForbidden, phrase: "Access Forbidden",
			body: page(limits.TextPWSTooManyUsers, limits.TextPWSTooManyUsers, limits.TextPWSTooManyUsersCause),
		}
	}
	return refusalAnswer{
		status: http.StatusForbidden, phrase: "Access Forbidden",
		server: fmt.Sprintf("Microsoft-IIS/%.1f", version),
		body: page("The page cannot be displayed", "The page cannot be displayed",
			limits.TextHTTP4039Cause, limits.TextHTTP4039, "Internet Information Services"),
	}
}

func page(title, heading string, lines ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "<html><head><title>%s</title></head>\r\n<body>\r\n<h1>%s</h1>\r\n", title, heading)
	for _, line := range lines {
		fmt.Fprintf(&b, "<p>%s</p>\r\n", line)
	}
	b.WriteString("</body></html>\r\n")
	return b.String()
}

// bytes returns the answer as it goes over a connection without TLS or with
// HTTP/1 under it.
func (a refusalAnswer) bytes() []byte {
	if a.status == 0 {
		return []byte(a.body)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, a.phrase)
	if a.server != "" {
		fmt.Fprintf(&b, "Server: %s\r\n", a.server)
	}
	fmt.Fprintf(&b, "Date: %s\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
		time.Now().UTC().Format(http.TimeFormat), len(a.body))
	if !a.omitBody {
		b.WriteString(a.body)
	}
	return []byte(b.String())
}

// respond writes the answer through net/http, which knows no reason phrase of
// its own. "Connection: close" ends an HTTP/2 connection too, after the answer.
func (a refusalAnswer) respond(w http.ResponseWriter) {
	header := w.Header()
	if a.server != "" {
		header.Set("Server", a.server)
	}
	header.Set("Connection", "close")
	header.Set("Content-Type", "text/html")
	header.Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.status)
	if !a.omitBody {
		_, _ = w.Write([]byte(a.body))
	}
}
