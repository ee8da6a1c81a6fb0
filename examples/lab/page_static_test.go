package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// meter counts what is written to it.
type meter int64

func (m *meter) Write(p []byte) (int, error) { *m += meter(len(p)); return len(p), nil }

// packed is the size of the files of a folder, each compressed as a server does
// that compresses them beforehand, or nearly.
func packed(t *testing.T, folder string) (n meter) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(os.DirFS(folder), name)
		if err != nil {
			return err
		}
		w := brotli.NewWriterOptions(&n, brotli.WriterOptions{Quality: 9, LGWin: 24})
		if _, err := w.Write(data); err != nil {
			return err
		}
		return w.Close()
	}))
	return n
}

// TestBrowserStatic: the search and the forecast answer from a folder of files.
func TestBrowserStatic(t *testing.T) {
	needs(t, "chromium", "chromium")
	folder := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "run", "./static", "-o", folder).CombinedOutput()
	require.NoError(t, err, "%s", out)

	n := packed(t, folder)
	t.Logf("%d bytes in brotli", n)
	assert.Less(t, n, meter(2<<20))

	srv := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer srv.Close()
	b := newBrowser(t, srv.URL)

	start := time.Now()
	b.open("/index.html?q=xp+pro")
	b.says("Windows XP Professional takes 10 SMB sessions")
	t.Logf("the first answer after %v", time.Since(start))
	assert.Equal(t, "10", eval[string](b, `document.querySelector(".figure strong").innerText`))

	// From here on nothing is loaded again.
	b.do(`window.same = true`)
	b.fill("#q", "is XP limited to 10 inbound TCP connections")
	b.run(chromedp.KeyEvent("\r"))
	b.until(`document.querySelector(".verdict")?.textContent === "false"`)

	b.tab(`nav a[href="forecast.html"]`)
	b.run(chromedp.KeyEvent("\r"))
	b.says("of what 25 clients ask for is lost")
	b.fill("#clients", "40")
	b.run(chromedp.KeyEvent("\r"))
	b.says("of what 40 clients ask for is lost")
	pictures := `[...document.images].filter(i => i.src.startsWith("blob:"))`
	b.do(pictures + `.forEach(i => i.loading = "eager")`)
	b.until(pictures + `.length === 2 && ` + pictures + `.every(i => i.complete && i.naturalWidth > 0)`)
	b.run(chromedp.NavigateBack())
	b.says("of what 25 clients ask for is lost")
	assert.True(t, eval[bool](b, `window.same`))

	// Its address keeps a forecast.
	b.open("/forecast.html?windows=xp+pro&service=smb&clients=25&serviceTime=1m")
	b.says("60 % of what 25 clients ask for is lost: 15 of 25 sessions.")
	b.open("/forecast.html?windows=xp&service=smb&clients=3")
	b.says("ambiguous")
	b.check()
}
