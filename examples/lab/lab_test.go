package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A bench is a lab behind its API, as a client meets it.
type bench struct {
	*lab
	t   *testing.T
	url string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	l := newLab(false, slog.New(slog.NewTextHandler(t.Output(), nil)))
	srv := httptest.NewUnstartedServer(l.handler())
	srv.Config.BaseContext = func(net.Listener) context.Context { return l.ctx }
	srv.Start()
	t.Cleanup(func() {
		l.close()
		srv.Close()
	})
	return &bench{l, t, srv.URL}
}

// call returns the status and the body of an answer.
func (b *bench) call(method, path, body string) (int, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.url+path, strings.NewReader(body))
	require.NoError(b.t, err)
	return b.do(r)
}

func (b *bench) do(r *http.Request) (int, string) {
	b.t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp.StatusCode, string(text)
}

// ok is call for what must succeed.
func (b *bench) ok(method, path, body string) string {
	b.t.Helper()
	status, text := b.call(method, path, body)
	require.Less(b.t, status, 300, text)
	return text
}

// refuses is call for what must fail with a sentence that has the words.
func (b *bench) refuses(status int, method, path, body string, words ...string) {
	b.t.Helper()
	got, text := b.call(method, path, body)
	require.Equal(b.t, status, got, text)
	var answer struct{ Error string }
	require.NoError(b.t, json.Unmarshal([]byte(text), &answer), text)
	for _, word := range words {
		assert.Contains(b.t, answer.Error, word)
	}
}

// host makes a machine named box and returns the addresses of its fronts.
func (b *bench) host(windows string, fronts ...string) []string {
	b.t.Helper()
	return b.named("box", windows, fronts...)
}

func (b *bench) named(name, windows string, fronts ...string) []string {
	b.t.Helper()
	text := b.ok("POST", "/api/hosts", fmt.Sprintf(`{"name":%q,"windows":%q,"fronts":[%s]}`, name, windows, strings.Join(fronts, ",")))
	return addresses(b.t, text)
}

func addresses(t *testing.T, host string) (list []string) {
	t.Helper()
	var answer struct{ Fronts []struct{ Listen string } }
	require.NoError(t, json.Unmarshal([]byte(host), &answer), host)
	for _, f := range answer.Fronts {
		list = append(list, f.Listen)
	}
	return list
}

// state is a service as the API answers it, after a wait if query says so.
func (b *bench) state(service, query string) serviceState {
	b.t.Helper()
	var s serviceState
	require.NoError(b.t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box/services/"+service+query, "")), &s))
	return s
}

// needs skips the test where a program is missing, and fails it in CI.
func needs(t *testing.T, program, debian string) {
	t.Helper()
	_, err := exec.LookPath(program)
	if _, statErr := os.Stat(filepath.Join("/usr/sbin", program)); err != nil && statErr != nil {
		lacks(t, program+" is missing: install the package "+debian)
	}
}

func lacks(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// dial connects, and closes with the test.
func (b *bench) dial(address string) net.Conn {
	b.t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { c.Close() })
	return c
}

// echo is a server that sends back what it is sent, and says how many connections
// it has.
func echo(t *testing.T) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// says sends a word over an echoing connection and expects it back.
func says(t *testing.T, c net.Conn, word string) {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	_, err := io.WriteString(c, word)
	require.NoError(t, err)
	got := make([]byte, len(word))
	_, err = io.ReadFull(c, got)
	require.NoError(t, err)
	assert.Equal(t, word, string(got))
}

// isGone expects that the other side ends a connection.
func isGone(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	_, err := io.Copy(io.Discard, c)
	if err != nil {
		var timeout net.Error
		require.False(t, assert.ErrorAs(t, err, &timeout) && timeout.Timeout(), "still open")
	}
}

func TestPutConfigKeepsWhatIsTheSame(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, upstream)
	kept := b.named("kept", "Windows 95", front)[0]
	changed := b.named("changed", "Windows 95", front)[0]
	gone := b.named("gone", "Windows 95", front)[0]
	inKept, inChanged, inGone := b.dial(kept), b.dial(changed), b.dial(gone)
	says(t, inKept, "one")
	says(t, inChanged, "one")
	says(t, inGone, "one")

	before := b.ok("GET", "/api/config", "")
	assert.Equal(t, before, b.ok("PUT", "/api/config", before))
	says(t, inChanged, "two")

	// The lab is told the same words as at first, with port 0, but for one host.
	config := fmt.Sprintf(`{"hosts":[{"name":"new","windows":"XP Pro SP3","fronts":[]},
		{"name":"changed","windows":"Windows 98","fronts":[%[1]s]},
		{"name":"kept","windows":"Windows 95","fronts":[%[1]s]}]}`, front)
	after := b.ok("PUT", "/api/config", config)
	says(t, inKept, "three")
	isGone(t, inChanged)
	isGone(t, inGone)
	var hosts struct{ Hosts []json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(after), &hosts))
	require.Len(t, hosts.Hosts, 3)
	assert.Contains(t, string(hosts.Hosts[0]), `"name":"new"`)
	assert.Equal(t, []string{changed}, addresses(t, string(hosts.Hosts[1])), "the old port")
	assert.Contains(t, string(hosts.Hosts[1]), "Windows 98")
	says(t, b.dial(changed), "four")
	_, err := net.Dial("tcp", gone)
	assert.Error(t, err)
}

func TestPutConfigIsRefusedWhole(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	front := fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, upstream)
	address := b.host("Windows 95", front)[0]
	c := b.dial(address)
	says(t, c, "one")
	before := b.ok("GET", "/api/config", "")
	good := fmt.Sprintf(`{"name":"box","windows":"Windows 98","fronts":[%s]}`, front)
	for status, last := range map[int][]string{
		400: {
			`{"name":"other","windows":"XP Home SP2","fronts":[{"kind":"iis"}]}`,
			`{"name":"box","windows":"Windows 98","fronts":[]}`,
			`{"name":"other","windows":"Windows 98","fronts":[{"kind":"socks5","listen":"0.0.0.0:0"}]}`,
			`{"name":"other","windows":"XP Pro SP2","settings":{"maxConnections":41},"fronts":[]}`,
			`{"name":"other"}`,
		},
		409: {fmt.Sprintf(`{"name":"other","windows":"Windows 98","fronts":[{"kind":"tcp","upstream":"127.0.0.1:1","listen":%q}]}`, taken.Addr())},
	} {
		for _, last := range last {
			b.refuses(status, "PUT", "/api/config", fmt.Sprintf(`{"hosts":[%s,%s]}`, good, last))
			assert.Equal(t, before, b.ok("GET", "/api/config", ""), last)
			says(t, c, "still")
		}
	}
	// A later change gets the port that the failed ones would have had.
	b.ok("PUT", "/api/config", fmt.Sprintf(`{"hosts":[%s]}`, good))
	isGone(t, c)
	says(t, b.dial(address), "two")
}

// A port goes from one machine to another in one change.
func TestPutConfigMovesAPort(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := func(more string) string { return fmt.Sprintf(`{"kind":"tcp","upstream":%q%s}`, upstream, more) }
	address := b.host("XP Pro SP3", front(`,"backlog":5`))[0]
	says(t, b.dial(address), "one")
	for _, more := range []string{"", `,"backlog":0`, `,"backlog":3`} {
		for _, name := range []string{"one", "other"} {
			b.ok("PUT", "/api/config", fmt.Sprintf(`{"hosts":[{"name":%q,"windows":"XP Pro SP3","fronts":[%s]}]}`,
				name, front(more+fmt.Sprintf(`,"listen":%q`, address))))
			says(t, b.dial(address), "two")
		}
	}
}

func TestPutConfigWhileItIsUsed(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := fmt.Sprintf(`{"kind":"tcp","upstream":%q}`, upstream)
	address := b.host("Windows 95", front)[0]
	ctx, cancel := context.WithCancel(t.Context())
	var dialing sync.WaitGroup
	refused := make(chan error, 4)
	for range 4 {
		dialing.Go(func() {
			for ctx.Err() == nil {
				c, err := net.Dial("tcp", address)
				if err != nil {
					refused <- err
					return
				}
				c.Close()
			}
		})
	}
	for i := range 20 {
		b.ok("PUT", "/api/config", fmt.Sprintf(`{"hosts":[{"name":"box","windows":"Windows %s","fronts":[%s]}]}`, []string{"98", "95"}[i%2], front))
	}
	cancel()
	dialing.Wait()
	select {
	case err := <-refused:
		t.Errorf("the port was free for a moment: %v", err)
	default:
	}
}

// A full backlog has the kernel refuse for its socket, which the next front has.
func TestPutConfigAfterAFullBacklog(t *testing.T) {
	b, upstream := newBench(t), echo(t)
	front := `{"kind":"tcp","upstream":"` + upstream + `"%s}`
	address := b.host("XP Pro SP3", fmt.Sprintf(front, `,"backlog":1,"acceptEvery":"10m"`))[0]
	waits := b.dial(address)
	b.ok("GET", "/api/hosts/box/fronts/0?held=1", "")
	_, err := net.Dial("tcp", address)
	require.Error(t, err)
	b.ok("PUT", "/api/config", fmt.Sprintf(`{"hosts":[{"name":"box","windows":"XP Pro SP3","fronts":[%s]}]}`,
		fmt.Sprintf(front, fmt.Sprintf(`,"listen":%q`, address))))
	isGone(t, waits)
	says(t, b.dial(address), "hello")
}
