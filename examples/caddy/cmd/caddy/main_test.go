package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	winlimits "github.com/winlimits/winlimits/examples/caddy"
	"github.com/winlimits/winlimits/limits"
)

// isCaddy in the environment makes the test binary the command, so that Caddy is
// built once.
const isCaddy = "WINLIMITS_TEST_IS_CADDY"

func TestMain(m *testing.M) {
	if os.Getenv(isCaddy) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// patience bounds what a test waits for, on a machine that is busy.
const patience = 2 * time.Minute

// server is a Caddy in a process of its own.
type server struct {
	t     *testing.T
	dir   string
	addr  string // of its site
	admin string
}

// caddyfile is the one of the documentation: ten lines.
func caddyfile(windows, site, upstream string) string {
	return fmt.Sprintf(`{
	servers {
		listener_wrappers {
			windows %s
			tls
		}
	}
}
http://%s
reverse_proxy %s
`, windows, site, upstream)
}

const xp = `"XP Pro SP3"`

// freeAddr returns an address at which nothing listens.
func freeAddr(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func newServer(t *testing.T) *server {
	return &server{t: t, dir: t.TempDir(), addr: freeAddr(t), admin: freeAddr(t)}
}

// command returns a command of Caddy that reads the configuration.
func (s *server) command(config string, args ...string) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(s.t, err)
	path := filepath.Join(s.dir, "Caddyfile")
	require.NoError(s.t, os.WriteFile(path, []byte(config), 0o600))
	cmd := exec.Command(self, append(args, "--config", path, "--adapter", "caddyfile")...)
	cmd.Env = append(os.Environ(), isCaddy+"=1", "CADDY_ADMIN="+s.admin,
		"HOME="+s.dir, "XDG_DATA_HOME="+s.dir, "XDG_CONFIG_HOME="+s.dir)
	return cmd
}

// run is "caddy run", until the test ends.
func (s *server) run(config string) {
	cmd := s.command(config, "run")
	log := new(bytes.Buffer)
	stderr, err := cmd.StderrPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	serving, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		lines, isServing := bufio.NewScanner(stderr), false
		for lines.Scan() {
			fmt.Fprintln(log, lines.Text())
			if strings.Contains(lines.Text(), "serving initial configuration") && !isServing {
				isServing = true
				close(serving)
			}
		}
	}()
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait()
		if s.t.Failed() {
			s.t.Log(log)
		}
		assert.NotContains(s.t, log.String(), "DATA RACE")
	})
	select {
	case <-serving:
	case <-ended:
		s.t.Fatal("caddy run ended")
	case <-time.After(patience):
		s.t.Fatal("caddy run does not serve")
	}
}

// reload is "caddy reload". It returns what it prints.
func (s *server) reload(config string) (string, error) {
	out, err := s.command(config, "reload").CombinedOutput()
	return string(out), err
}

// state returns the one machine of the server.
func (s *server) state() winlimits.State {
	resp, err := http.Get("http://" + s.admin + "/windows")
	require.NoError(s.t, err)
	defer resp.Body.Close()
	var states []winlimits.State
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(&states))
	require.Len(s.t, states, 1)
	return states[0]
}

// wait waits for a state of the machine.
func (s *server) wait(cond func(winlimits.State) bool) {
	s.t.Helper()
	var last winlimits.State
	require.Eventually(s.t, func() bool {
		last = s.state()
		return cond(last)
	}, patience, 20*time.Millisecond, "last state: %+v", &last)
}

// upstream is the program behind the server. It answers when it is let.
type upstream struct {
	addr    string
	arrived chan struct{}
	answer  chan struct{}
}

func newUpstream(t *testing.T) *upstream {
	u := &upstream{arrived: make(chan struct{}, 1000), answer: make(chan struct{})}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.arrived <- struct{}{}
		select {
		case <-u.answer:
			fmt.Fprint(w, "the page")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(srv.Close)
	u.addr = srv.Listener.Addr().String()
	return u
}

// waitArrived waits for n requests more.
func (u *upstream) waitArrived(t *testing.T, n int) {
	t.Helper()
	timeout := time.After(patience)
	for i := range n {
		select {
		case <-u.arrived:
		case <-timeout:
			t.Fatalf("%d of %d requests have arrived", i, n)
		}
	}
}

// got is what a curl says.
type got struct {
	body, status, version string
	err                   error
}

// curls starts n processes of curl, each a client of its own.
func curls(t *testing.T, n int, args ...string) <-chan got {
	t.Helper()
	curl, err := exec.LookPath("curl")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("curl is not installed")
	}
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	results := make(chan got, n)
	args = append([]string{"--silent", "--show-error", "--noproxy", "*", "--write-out", "\n%{http_code} %{http_version}"}, args...)
	for range n {
		go func() {
			out, err := exec.CommandContext(ctx, curl, args...).CombinedOutput()
			g := got{body: string(out), err: err}
			if i := strings.LastIndexByte(g.body, '\n'); i >= 0 {
				g.status, g.version, _ = strings.Cut(g.body[i+1:], " ")
				g.body = g.body[:i]
			}
			results <- g
		}()
	}
	return results
}

func assertPages(t *testing.T, n int, version string, results <-chan got) {
	t.Helper()
	for range n {
		assert.Equal(t, got{body: "the page", status: "200", version: version}, <-results)
	}
}

func assertRefusals(t *testing.T, n int, version string, results <-chan got) {
	t.Helper()
	for range n {
		g := <-results
		require.NoError(t, g.err, g.body)
		assert.Equal(t, "403", g.status)
		assert.Equal(t, version, g.version)
		assert.Contains(t, g.body, limits.TextHTTP4039)
	}
}

// files writes a certificate for 127.0.0.1 and its key.
func (s *server) files() (cert, key string) {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	pair := srv.TLS.Certificates[0]
	pkcs8, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(s.t, err)
	cert, key = filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem")
	require.NoError(s.t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600))
	require.NoError(s.t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return cert, key
}

// secure returns the configuration with TLS, and the file with the certificate.
func (s *server) secure(config string) (secure, cert string) {
	cert, key := s.files()
	config = strings.Replace(config, "{\n", "{\n\tauto_https disable_redirects\n", 1)
	config = strings.Replace(config, "servers {\n", "servers {\n\t\tprotocols h1 h2\n", 1)
	return strings.Replace(config, "http://", "https://", 1) + "tls " + cert + " " + key + "\n", cert
}

// TestXPCountsConnectionsThatAskNothing has them fill the machine before the
// first request comes.
func TestXPCountsConnectionsThatAskNothing(t *testing.T) {
	s, u := newServer(t), newUpstream(t)
	config, cert := s.secure(caddyfile(xp, s.addr, u.addr))
	s.run(config)
	for range 10 {
		conn, err := net.Dial("tcp", s.addr)
		require.NoError(t, err)
		defer conn.Close()
	}
	s.wait(func(st winlimits.State) bool { return st.Held == 10 })
	assertRefusals(t, 1, "2", curls(t, 1, "--cacert", cert, "--http2", "https://"+s.addr))
	assertRefusals(t, 1, "1.1", curls(t, 1, "--cacert", cert, "--http1.1", "https://"+s.addr))
}

func TestXPRefusesTheConnectionsOverTheLimit(t *testing.T) {
	for _, kind := range []string{"http", "https", "h2"} {
		t.Run(kind, func(t *testing.T) {
			s, u := newServer(t), newUpstream(t)
			config := caddyfile(xp, s.addr, u.addr)
			require.Equal(t, 10, strings.Count(config, "\n"))
			args, version := []string{"http://" + s.addr}, "1.1"
			if kind != "http" {
				var cert string
				config, cert = s.secure(config)
				args = []string{"--cacert", cert, "--http1.1", "https://" + s.addr}
			}
			if kind == "h2" {
				args[2], version = "--http2", "2"
			}
			s.run(config)
			results := curls(t, 40, args...)
			assertRefusals(t, 30, version, results)
			u.waitArrived(t, 10)
			close(u.answer)
			assertPages(t, 10, version, results)
			s.wait(func(st winlimits.State) bool { return st.Held == 0 })
			assert.EqualValues(t, 30, s.state().Refused)
			assert.Equal(t, 10, s.state().Peak)
		})
	}
}

func TestWindows7ServesTenAtATime(t *testing.T) {
	for _, kind := range []string{"wrapper", "handler"} {
		t.Run(kind, func(t *testing.T) {
			s, u := newServer(t), newUpstream(t)
			config := caddyfile(`"Windows 7 Pro"`, s.addr, u.addr)
			if kind == "handler" {
				config = fmt.Sprintf("http://%s\nreverse_proxy %s\nwindows_requests \"Windows 7 Pro\"\n", s.addr, u.addr)
			}
			s.run(config)
			results := curls(t, 40, "http://"+s.addr)
			for served := 0; served < 40; served += 10 {
				s.wait(func(st winlimits.State) bool { return st.Held == 10 && st.Queued == 30-served })
				u.waitArrived(t, 10)
				assert.Empty(t, u.arrived, "no request more than the limit arrives")
				for range 10 {
					u.answer <- struct{}{}
				}
			}
			assertPages(t, 40, "1.1", results)
			assert.EqualValues(t, 30, s.state().Waited)
			assert.Equal(t, 10, s.state().Peak)
		})
	}
}

func TestReload(t *testing.T) {
	s, u := newServer(t), newUpstream(t)
	s.run(caddyfile(xp, s.addr, u.addr))
	first := curls(t, 11, "http://"+s.addr)
	assertRefusals(t, 1, "1.1", first)
	u.waitArrived(t, 10)

	// What Windows does not accept is refused, and the old one serves on.
	out, err := s.reload(caddyfile(xp+" {\nmax_connections 41\n}", s.addr, u.addr))
	require.Error(t, err)
	assert.Contains(t, out, "MaxConnections 41")
	assert.Contains(t, out, "40", "it says what is accepted")
	assertRefusals(t, 1, "1.1", curls(t, 1, "http://"+s.addr))

	// What it accepts is in force while the connections of before are open.
	out, err = s.reload(caddyfile(xp+" {\nmax_connections 20\n}", s.addr, u.addr))
	require.NoError(t, err, out)
	assert.Equal(t, 10, s.state().Held, "counted across the reload")
	assert.EqualValues(t, 2, s.state().Refused)
	second := curls(t, 15, "http://"+s.addr)
	assertRefusals(t, 5, "1.1", second)
	u.waitArrived(t, 10)
	assert.Equal(t, 20, s.state().Held)
	close(u.answer)
	assertPages(t, 10, "1.1", first)
	assertPages(t, 10, "1.1", second)
	s.wait(func(st winlimits.State) bool { return st.Held == 0 })

	// The default is in force again, and another machine begins anew.
	out, err = s.reload(caddyfile(xp, s.addr, u.addr))
	require.NoError(t, err, out)
	assert.Equal(t, limits.Number(10), s.state().Limit)
	out, err = s.reload(caddyfile(`"Windows 7 Pro"`, s.addr, u.addr))
	require.NoError(t, err, out)
	s.wait(func(st winlimits.State) bool { return st.Windows.Edition == limits.Windows7Professional })
	assert.Zero(t, s.state().Admitted)
	assertPages(t, 1, "1.1", curls(t, 1, "http://"+s.addr))
}

// TestReloadThatFailsLate has a configuration that fails when its first listener
// is open and the other limit in force.
func TestReloadThatFailsLate(t *testing.T) {
	s, u := newServer(t), newUpstream(t)
	_, port, err := net.SplitHostPort(s.addr)
	require.NoError(t, err)
	taken, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skip("no second address of loopback: ", err)
	}
	defer taken.Close()
	s.run(caddyfile(xp, s.addr, u.addr+"\nbind 127.0.0.1"))
	results := curls(t, 11, "http://"+s.addr)
	assertRefusals(t, 1, "1.1", results)
	u.waitArrived(t, 10)
	out, err := s.reload(caddyfile(xp+" {\nmax_connections 20\n}", s.addr, u.addr+"\nbind 127.0.0.1 127.0.0.2"))
	require.Error(t, err)
	require.Contains(t, out, "127.0.0.2:"+port)
	assert.Equal(t, limits.Number(10), s.state().Limit)
	assertRefusals(t, 1, "1.1", curls(t, 1, "http://"+s.addr))
	close(u.answer)
	assertPages(t, 10, "1.1", results)
}

// TestWhatTheHandlerPasses has an upstream that cannot be reached and one that
// takes its connection over.
func TestWhatTheHandlerPasses(t *testing.T) {
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "echo")
		w.WriteHeader(http.StatusSwitchingProtocols)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, buffered)
	}))
	defer up.Close()
	dead := freeAddr(t)
	for _, kind := range []string{"wrapper", "handler"} {
		t.Run(kind, func(t *testing.T) {
			s := newServer(t)
			config := caddyfile(`"Windows 7 Pro"`, s.addr, dead+"\nreverse_proxy /echo "+up.Listener.Addr().String())
			if kind == "handler" {
				config = config[strings.Index(config, "http://"):] + "windows_requests \"Windows 7 Pro\"\n"
			}
			s.run(config)
			resp, err := http.Get("http://" + s.addr)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, http.StatusBadGateway, resp.StatusCode)
			s.wait(func(st winlimits.State) bool { return st.Held == 0 && st.Admitted == 1 })

			conn, err := net.Dial("tcp", s.addr)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
			fmt.Fprintf(conn, "GET /echo HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n", s.addr)
			reader := bufio.NewReader(conn)
			resp, err = http.ReadResponse(reader, nil)
			require.NoError(t, err)
			require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
			fmt.Fprint(conn, "hello\n")
			line, err := reader.ReadString('\n')
			require.NoError(t, err)
			assert.Equal(t, "hello\n", line)
			assert.Equal(t, 1, s.state().Held, "it holds its slot while it is open")
			conn.Close()
			s.wait(func(st winlimits.State) bool { return st.Held == 0 })
		})
	}
}

// TestErrorsAtProvisioning has configurations that must not start, and good ones
// that are like them.
func TestErrorsAtProvisioning(t *testing.T) {
	s := newServer(t)
	cert, key := s.files()
	wrapped := func(options, wrappers, site string) string {
		return "{\nadmin off\nauto_https disable_redirects\nservers {\n" + options + "\nlistener_wrappers {\n" + wrappers + "\n}\n}\n}\n" + site
	}
	plain := "http://127.0.0.1:1\n"
	secure := fmt.Sprintf("https://127.0.0.1:1\ntls %s %s\n", cert, key)
	for _, c := range []struct{ name, config, want string }{
		{"good", wrapped("", "windows "+xp, plain), ""},
		{"good, settings", wrapped("", "windows "+xp+" {\nmax_connections 40\nkeep_alive off\n}", plain), ""},
		{"good, settings of 7", wrapped("", "windows \"Windows 7 Pro\" {\nqueue_timeout 1m\nworker_processes 2\n}", secure), ""},
		{"good, tls", wrapped("protocols h1 h2", "windows "+xp+"\ntls", secure), ""},
		{"good, 7 after tls, with h3", wrapped("", "windows \"Windows 7 Pro\"", secure), ""},
		{"good, handler too", wrapped("", "windows "+xp, plain+"windows_requests "+xp), ""},
		{"no Windows", wrapped("", "windows", plain), "want an edition of Windows"},
		{"words", wrapped("", "windows XP Pro", plain), "want an edition of Windows, in quotes"},
		{"typo", wrapped("", "windows \"XQ Pro\"", plain), "XQ Pro"},
		{"no web server", wrapped("", "windows \"XP Home\"", plain), "no such service"},
		{"over the ceiling", wrapped("", "windows "+xp+" {\nmax_connections 41\n}", plain), "MaxConnections 41"},
		{"below", wrapped("", "windows "+xp+" {\nmax_connections 0\n}", plain), "want a whole number"},
		{"no setting of 7", wrapped("", "windows \"Windows 7 Pro\" {\nmax_connections 5\n}", plain), "MaxConnections"},
		{"no setting", wrapped("", "windows "+xp+" {\nlimit 5\n}", plain), "is not a setting"},
		{"no value", wrapped("", "windows "+xp+" {\nmax_connections\n}", plain), "wants one value"},
		{"neither on nor off", wrapped("", "windows "+xp+" {\nkeep_alive maybe\n}", plain), "want on or off"},
		{"twice", wrapped("", "windows "+xp+"\nwindows \"Windows 7 Pro\"", plain), "want windows once"},
		{"different settings", wrapped("", "windows "+xp, plain+"windows_requests "+xp+" {\nkeep_alive off\n}"), "has different settings"},
		{"after tls", wrapped("protocols h1 h2", "windows "+xp, secure), "want tls after windows"},
		{"h3", wrapped("", "windows "+xp+"\ntls", secure), "want protocols h1 h2"},
		{"handler alone", "{\nadmin off\n}\n" + plain + "windows_requests " + xp, "want the wrapper windows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(c.config), map[string]any{"filename": "Caddyfile"})
			if err == nil {
				var config *caddy.Config
				require.NoError(t, json.Unmarshal(data, &config))
				err = caddy.Validate(config)
			}
			if c.want == "" {
				assert.NoError(t, err)
			} else {
				assert.ErrorContains(t, err, c.want)
			}
		})
	}
	answer := httptest.NewRecorder()
	require.NoError(t, winlimits.Admin{}.Routes()[0].Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/windows", nil)))
	assert.JSONEq(t, "[]", answer.Body.String(), "no machine is left")
}
