package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuard(t *testing.T) {
	b := newBench(t)
	b.names = []string{"lab.test"}
	own := strings.TrimPrefix(b.url, "http://")
	_, port, _ := strings.Cut(own, ":")
	for _, tt := range []struct {
		method, host string
		origin       []string
		want         int
	}{
		{"GET", own, nil, 200},
		{"GET", "localhost:" + port, nil, 200},
		{"GET", "LOCALHOST", nil, 200},
		{"GET", "[::1]:" + port, nil, 200},
		{"GET", "192.0.2.1", nil, 200},
		{"GET", "lab.test:" + port, nil, 200},
		{"GET", "Lab.Test", nil, 200},
		{"GET", "evil.example", nil, 403},
		{"GET", "localhost.evil.example", nil, 403},
		{"GET", "127.0.0.1.evil.example:" + port, nil, 403},
		{"GET", own, []string{"http://evil.example"}, 200}, // changes nothing, and the page cannot read it
		{"POST", own, nil, 400},                            // comes as far as the body
		{"POST", own, []string{"http://" + own}, 400},
		{"POST", "lab.test", []string{"http://lab.test"}, 400},
		{"POST", "lab.test:80", []string{"http://lab.test"}, 400},
		{"POST", "evil.example", []string{"http://evil.example"}, 403},
		{"POST", own, []string{"http://evil.example"}, 403},
		{"POST", own, []string{"https://" + own}, 403},
		{"POST", own, []string{"http://127.0.0.1:1"}, 403},
		{"POST", own, []string{"http://localhost:" + port}, 403},
		{"POST", own, []string{"null"}, 403},
		{"POST", own, []string{""}, 403},
		{"POST", own, []string{"http://" + own, "http://evil.example"}, 403},
		{"PUT", own, []string{"null"}, 403},
		{"PATCH", own, []string{"null"}, 403},
		{"DELETE", own, []string{"null"}, 403},
	} {
		path := map[string]string{"GET": "/api/version", "PUT": "/api/config"}[tt.method]
		if path == "" {
			path = "/api/hosts"
		}
		r, err := http.NewRequestWithContext(t.Context(), tt.method, b.url+path, strings.NewReader("{"))
		require.NoError(t, err)
		r.Host = tt.host
		for _, o := range tt.origin {
			r.Header.Add("Origin", o)
		}
		status, text := b.do(r)
		assert.Equal(t, tt.want, status, "%+v %s", tt, text)
		if status == 403 {
			assert.Contains(t, text, `"error":`)
		}
	}
}
