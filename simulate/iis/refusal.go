package iis

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// answer is what the server sends to a connection or request over the limit.
type answer struct {
	limits.HTTPRefusal
	body     string // page
	omitBody bool   // as HEAD wants it
}

func (s *Server) answer() answer {
	a := answer{HTTPRefusal: s.host.Windows().Edition.IISVersion().Value.Refusal().Value}
	var b strings.Builder
	fmt.Fprintf(&b, "<html><head><title>%s</title></head>\r\n<body>\r\n<h1>%s</h1>\r\n", a.Title, a.Heading)
	for _, line := range a.Lines {
		fmt.Fprintf(&b, "<p>%s</p>\r\n", line)
	}
	b.WriteString("</body></html>\r\n")
	a.body = b.String()
	return a
}

// bytes returns the answer as it is sent over HTTP/1 without net/http.
func (a answer) bytes() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.Status, a.Phrase)
	if a.Server != "" {
		fmt.Fprintf(&b, "Server: %s\r\n", a.Server)
	}
	fmt.Fprintf(&b, "Date: %s\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n",
		time.Now().UTC().Format(http.TimeFormat), len(a.body))
	if !a.omitBody {
		b.WriteString(a.body)
	}
	return []byte(b.String())
}

// respond writes the answer through net/http, which can send no reason phrase of
// ours. "Connection: close" ends an HTTP/2 connection, too, after the answer.
func (a answer) respond(w http.ResponseWriter) {
	header := w.Header()
	if a.Server != "" {
		header.Set("Server", a.Server)
	}
	header.Set("Connection", "close")
	header.Set("Content-Type", "text/html")
	header.Set("Content-Length", fmt.Sprint(len(a.body)))
	w.WriteHeader(a.Status)
	if !a.omitBody {
		_, _ = w.Write([]byte(a.body))
	}
}
