package interop

import (
	"encoding/xml"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// failsBare are the tests of h2spec that fail on net/http alone, some of them not
// always, as they are races.
var failsBare = []string{
	"http2/3.5: Sends invalid connection preface", // without TLS, where it is HTTP/1
	"http2/4.2: Sends a large size HEADERS frame that exceeds the SETTINGS_MAX_FRAME_SIZE",
	"http2/6.5.3: Sends multiple values of SETTINGS_INITIAL_WINDOW_SIZE",
	"http2/6.9.1: Sends multiple WINDOW_UPDATE frames increasing the flow control window to above 2^31-1 on a stream",
	"http2/8.1.2.2: Sends a HEADERS frame that contains the connection-specific header field",
	"http2/8.1.2.2: Sends a HEADERS frame that contains the TE header field with any value other than \"trailers\"",
}

// TestH2spec has the conformance tests of h2spec fail where they fail without a
// limit, and nowhere else, over TLS and without. It is run by .ci/web.
func TestH2spec(t *testing.T) {
	h2spec, err := exec.LookPath("h2spec")
	if err != nil {
		t.Skip("h2spec is not installed: go install github.com/summerwind/h2spec/cmd/h2spec@v2.2.1+incompatible")
	}
	for _, secure := range []bool{true, false} {
		for _, w := range []limits.Windows{{}, win10, {Edition: limits.Server2003Standard}} {
			name := "bare"
			if w != (limits.Windows{}) {
				name = w.String()
			}
			t.Run(name, func(t *testing.T) {
				failed, passed := runH2spec(t, h2spec, serveH2(t, w, secure), secure)
				t.Logf("TLS %t: %d passed, failed: %q", secure, passed, failed)
				assert.Subset(t, failsBare, failed)
				assert.Greater(t, passed, 130)
			})
		}
	}
}

// serveH2 serves HTTP/2 as a machine that runs w, or without a limit, and returns
// the port.
func serveH2(t *testing.T, w limits.Windows, secure bool) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := ln.Addr().(*net.TCPAddr).Port
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Protocols: &protocols, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or an answer races with what is wrong in the request
			_, _ = io.WriteString(w, "hello\n")
		}),
	}
	srv.TLSConfig, _ = certificates(t)
	serve, serveTLS := srv.Serve, srv.ServeTLS
	if w != (limits.Windows{}) {
		host, err := simulate.New(w, nil)
		require.NoError(t, err)
		web, err := iis.NewServer(host)
		require.NoError(t, err)
		serve = func(ln net.Listener) error { return web.Serve(srv, ln) }
		serveTLS = func(ln net.Listener, cert, key string) error { return web.ServeTLS(srv, ln, cert, key) }
	}
	go func() {
		if secure {
			_ = serveTLS(ln, "", "")
		} else {
			_ = serve(ln)
		}
	}()
	t.Cleanup(func() { srv.Close() })
	return port
}

func runH2spec(t *testing.T, h2spec string, port int, secure bool) (failed []string, passed int) {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.xml")
	args := []string{"-p", strconv.Itoa(port), "-j", report, "-o", "5"}
	if secure {
		args = append(args, "-t", "-k")
	}
	out, err := exec.CommandContext(t.Context(), h2spec, args...).CombinedOutput()
	text, readErr := os.ReadFile(report)
	require.NoError(t, readErr, "%v: %s", err, out)
	var suites struct {
		Suites []struct {
			Cases []struct {
				Package string    `xml:"package,attr"`
				Class   string    `xml:"classname,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	require.NoError(t, xml.Unmarshal(text, &suites))
	for _, s := range suites.Suites {
		for _, c := range s.Cases {
			switch {
			case c.Failure != nil || c.Error != nil:
				failed = append(failed, c.Package+": "+c.Class)
			case c.Skipped == nil:
				passed++
			}
		}
	}
	return failed, passed
}
