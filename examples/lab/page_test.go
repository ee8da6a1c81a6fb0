package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// visit gets a page. A form is posted, and a redirect followed.
func (b *bench) visit(path string, form url.Values) (*http.Response, string) {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), "GET", b.url+path, nil)
	require.NoError(b.t, err)
	if form != nil {
		r, err = http.NewRequestWithContext(b.t.Context(), "POST", b.url+path, strings.NewReader(form.Encode()))
		require.NoError(b.t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(b.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(b.t, err)
	return resp, string(text)
}

func TestPages(t *testing.T) {
	b := newBench(t)
	for path, want := range map[string]string{
		"/":           "<h1>How many clients does Windows let in?</h1>",
		"/?q=xp+pro":  "Windows XP Professional takes 10 SMB sessions at the same time and refuses the next one.",
		"/forecast":   "of what 25 clients ask for is lost",
		"/?q=banana":  "This text names no edition, service, symptom or claim",
		"/?q=%3Cb%3E": "&lt;b&gt;",
	} {
		resp, text := b.visit(path, nil)
		assert.Equal(t, http.StatusOK, resp.StatusCode, path)
		assert.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
		assert.Contains(t, text, want, path)
		assertSelfContained(t, resp, text)
	}
	resp, text := b.visit("/forecast?windows=xp&service=smb&clients=3", nil)
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode)
	assert.Contains(t, text, `aria-invalid="true"`)
	assert.Contains(t, text, "ambiguous")

	for path, kind := range map[string]string{
		"/forecast.svg": "image/svg+xml", "/forecast.svg?windows=xp+pro&service=smb&clients=3&picture=curves": "image/svg+xml",
		"/assets/style.css": "text/css; charset=utf-8", "/assets/ask.js": "text/javascript; charset=utf-8", "/assets/icon.svg": "image/svg+xml",
	} {
		resp, text := b.visit(path, nil)
		assert.Equal(t, http.StatusOK, resp.StatusCode, path)
		assert.Equal(t, kind, resp.Header.Get("Content-Type"), path)
		assert.NotEmpty(t, text, path)
	}
	assert.Equal(t, http.StatusNotFound, b.statusOf("/assets/page.go"))
	assert.Equal(t, http.StatusBadRequest, b.statusOf("/?p=1"))
	assert.Equal(t, http.StatusBadRequest, b.statusOf("/forecast.svg?clients=0"))
}

// assertSelfContained fails for what the policy of the page would block.
func assertSelfContained(t *testing.T, resp *http.Response, text string) {
	t.Helper()
	policy := resp.Header.Get("Content-Security-Policy")
	assert.Contains(t, policy, "default-src 'self'")
	assert.NotContains(t, policy, "unsafe-")
	for _, blocked := range []string{" style=", "<style", " onclick=", "<script>", `src="http`, "javascript:"} {
		assert.NotContains(t, text, blocked)
	}
	require.NotContains(t, text, "<no value>")
	require.NotContains(t, text, "ZgotmplZ")
}

func (b *bench) statusOf(path string) int {
	resp, _ := b.visit(path, nil)
	return resp.StatusCode
}
