package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func get(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	resp, err := client.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(text)
}

func TestWebPage(t *testing.T) {
	b := newBench(t)
	front := b.host("XP Pro SP3", `{"kind":"iis"}`)[0]
	for i := range 2 {
		client := &http.Client{Transport: new(http.Transport)}
		_, text := get(t, client, "http://"+front)
		assert.Contains(t, text, fmt.Sprintf("This is connection %d and request %[1]d", i+1))
		assert.Contains(t, text, fmt.Sprintf("Held: %d of 10 connections.", i+1))
	}
	resp, text := get(t, http.DefaultClient, "http://"+front+"/hold?for=x")
	assert.Equal(t, 400, resp.StatusCode)
	assert.Contains(t, text, `"x"`)
	resp, _ = get(t, http.DefaultClient, "http://"+front+"/hold?for=1h")
	assert.Equal(t, 400, resp.StatusCode)
}

// Requests that take their time fill a machine that counts requests; those whose
// client leaves give their slot or place back at once.
func TestWebHold(t *testing.T) {
	b := newBench(t)
	front := b.host("Windows 7 Professional SP1", `{"kind":"iis"}`)[0]
	ctx, cancel := context.WithCancel(t.Context())
	for range 12 {
		go func() {
			r, err := http.NewRequestWithContext(ctx, "GET", "http://"+front+"/hold?for=10m", nil)
			if err == nil {
				(&http.Client{Transport: new(http.Transport)}).Do(r)
			}
		}()
	}
	b.state("iis", "?held=10&queued=2")
	begun := time.Now()
	cancel()
	b.state("iis", "?held=0&queued=0")
	t.Logf("free %v after the clients", time.Since(begun))
	_, text := get(t, http.DefaultClient, "http://"+front+"/hold?for=1ms")
	assert.Contains(t, text, "requests. Queued: ")
}

func TestWebUpstream(t *testing.T) {
	b := newBench(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "echo" { // as a WebSocket does
			c, rw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer c.Close()
			io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			io.Copy(c, rw)
			return
		}
		fmt.Fprintf(w, "%s %s", r.URL, r.Header.Get("X-Forwarded-Host"))
	}))
	defer srv.Close()
	front := b.host("Windows 7 Professional SP1", fmt.Sprintf(`{"kind":"iis","upstream":"%s/base"}`, srv.URL))[0]
	_, text := get(t, http.DefaultClient, "http://"+front+"/a?b=c")
	assert.Equal(t, "/base/a?b=c "+front, text)
	b.state("iis", "?held=0")

	c := b.dial(front)
	_, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	require.NoError(t, err)
	head := make([]byte, len("HTTP/1.1 101"))
	_, err = io.ReadFull(c, head)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 101", string(head))
	b.state("iis", "?held=1")
	c.Close()
	b.state("iis", "?held=0")

	srv.Close()
	resp, text := get(t, http.DefaultClient, "http://"+front)
	assert.Equal(t, 502, resp.StatusCode)
	assert.Contains(t, text, srv.URL)
}

func TestWebTLS(t *testing.T) {
	b := newBench(t)
	front := b.host("Windows 10 Pro", `{"kind":"iis","tls":true}`)[0]
	var answer struct {
		Fronts []struct{ Certificate string }
	}
	require.NoError(t, json.Unmarshal([]byte(b.ok("GET", "/api/hosts/box", "")), &answer))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM([]byte(answer.Fronts[0].Certificate)))
	_, port, err := net.SplitHostPort(front)
	require.NoError(t, err)
	for _, host := range []string{"127.0.0.1", "localhost"} {
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) { return net.Dial(network, front) },
		}}
		resp, text := get(t, client, "https://"+net.JoinHostPort(host, port))
		assert.Equal(t, 2, resp.ProtoMajor)
		assert.Contains(t, text, "Windows 10 Pro")
		assert.NotEmpty(t, resp.TLS.PeerCertificates[0].Subject.String())
		client.CloseIdleConnections()
	}
	// PUT of what GET answers is no change for it either.
	config := b.ok("GET", "/api/config", "")
	assert.NotContains(t, config, "CERTIFICATE")
	b.ok("PUT", "/api/config", config)
	assert.Contains(t, b.ok("GET", "/api/hosts/box", ""), strings.ReplaceAll(answer.Fronts[0].Certificate, "\n", `\n`))
}
