package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the lab itself, so that tests can start and kill
// the program.
func TestMain(m *testing.M) {
	if os.Getenv("WINLIMITS_LAB") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is the lab as a process.
type program struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Scanner
	in   io.WriteCloser
	url  string
	errs bytes.Buffer
}

func startLab(t *testing.T, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(os.Args[0], append([]string{"-listen", "127.0.0.1:0"}, args...)...)}
	p.cmd.Env = append(os.Environ(), "WINLIMITS_LAB=1")
	p.cmd.Stderr = &p.errs
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	p.out = bufio.NewScanner(out)
	var first struct{ API string }
	require.NoError(t, json.Unmarshal([]byte(p.line()), &first))
	require.Regexp(t, `^http://127\.0\.0\.1:[1-9]\d*$`, first.API)
	p.url = first.API
	return p
}

func (p *program) line() string {
	p.t.Helper()
	require.True(p.t, p.out.Scan(), p.out.Err())
	return p.out.Text()
}

func (p *program) post(path, body string) string {
	p.t.Helper()
	resp, err := http.Post(p.url+path, "application/json", strings.NewReader(body))
	require.NoError(p.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.Less(p.t, resp.StatusCode, 300, string(text))
	return string(text)
}

// ends waits for the end of the process and expects status 0.
func (p *program) ends() {
	p.t.Helper()
	timer := time.AfterFunc(30*time.Second, func() { p.cmd.Process.Signal(syscall.SIGQUIT) })
	defer timer.Stop()
	assert.NoError(p.t, p.cmd.Wait(), p.errs.String())
	_, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	assert.Error(p.t, err)
}

func TestStart(t *testing.T) {
	config := filepath.Join(t.TempDir(), "lab.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"hosts":[{"name":"one","windows":"XP Pro SP3","fronts":[{"kind":"iis"}]},
		{"name":"two","windows":"Windows 10 Pro","fronts":[]}]}`), 0o600))
	p := startLab(t, "-config", config)
	resp, err := http.Get(p.url + "/api/hosts/one")
	require.NoError(t, err)
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, string(answer), p.line()+"\n")
	assert.Contains(t, p.line(), `"name":"two"`)
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.ends()
}

func TestInterrupt(t *testing.T) {
	p := startLab(t)
	p.in.Close() // means nothing without -exit-with-stdin
	p.post("/api/hosts", `{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"iis"}]}`)
	resp, err := http.Get(p.url + "/api/events") // an open stream keeps nothing up
	require.NoError(t, err)
	defer resp.Body.Close()
	require.NoError(t, p.cmd.Process.Signal(os.Interrupt))
	p.ends()
	assert.Empty(t, p.errs.String())
}

func TestExitWithStdin(t *testing.T) {
	p := startLab(t, "-exit-with-stdin")
	p.post("/api/hosts", `{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"iis"}]}`)
	p.in.Close()
	p.ends()
}

func TestBadStart(t *testing.T) {
	config := filepath.Join(t.TempDir(), "bad.json")
	require.NoError(t, os.WriteFile(config, []byte(`{"hosts":[{"name":"one","windows":"XP Pro SP3","fronts":[{"kind":"ftp"}]}]}`), 0o600))
	for _, tt := range []struct {
		args  []string
		words string
	}{
		{[]string{"-listen", "0.0.0.0:0"}, "-public"},
		{[]string{"-listen", ":0"}, "-public"},
		{[]string{"-listen", "192.0.2.1:0"}, "-public"},
		{[]string{"-listen", "127.0.0.1"}, "127.0.0.1:0"},
		{[]string{"-listen", "127.0.0.1:0", "-config", config}, "socks5"},
		{[]string{"-listen", "127.0.0.1:0", "-config", config + ".none"}, "no such file"},
		{[]string{"-host", "a:1"}, "without a port"},
		{[]string{"more"}, `"more"`},
	} {
		var out bytes.Buffer
		err := run(t.Context(), tt.args, strings.NewReader(""), &out, io.Discard)
		assert.ErrorContains(t, err, tt.words, "%q", tt.args)
		assert.Empty(t, out.String(), "%q", tt.args)
	}
}

func TestPublic(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan error)
	go func() {
		done <- run(ctx, []string{"-listen", "0.0.0.0:0", "-public"}, strings.NewReader(""), w, io.Discard)
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	_, port, _ := strings.Cut(strings.TrimSuffix(line, "\"}\n"), "0.0:")
	if port == "" {
		_, port, _ = strings.Cut(strings.TrimSuffix(line, "\"}\n"), "]:")
	}
	resp, err := http.Post("http://127.0.0.1:"+port+"/api/hosts", "", strings.NewReader(`{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"iis","listen":"0.0.0.0:0"}]}`))
	require.NoError(t, err)
	resp.Body.Close()
	assert.Equal(t, http.StatusCreated, resp.StatusCode)
	cancel()
	assert.NoError(t, <-done)
}
