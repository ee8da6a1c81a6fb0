package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser is a tab of Chromium with what it has asked for and complained of.
type browser struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu         sync.Mutex
	requests   []string
	complaints []string
}

func newBrowser(t *testing.T, base string) *browser {
	t.Helper()
	needs(t, "chromium", "chromium")
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath("chromium"), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.WindowSize(1440, 1000),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WSURLReadTimeout(time.Minute),
	}
	b := &browser{t: t, base: base}
	ctx, cancel := chromedp.NewContext(t.Context(), chromedp.WithAllocatorOptions(options...), chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.ctx = ctx
	b.run(command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}))
	b.ctx, cancel = context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	return b
}

// command is an action that sends a command of the protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, e.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.URL))
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			b.complaints = append(b.complaints, e.Entry.Text+" "+e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			b.complaints = append(b.complaints, fmt.Sprintf("console: %v", e.Args))
		}
	}
}

// check fails for requests to elsewhere and for what the console shows.
func (b *browser) check() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.NotEmpty(b.t, b.requests)
	for _, r := range b.requests {
		assert.True(b.t, strings.HasPrefix(r, b.base) || strings.HasPrefix(r, "blob:"+b.base) || strings.HasPrefix(r, "data:"), "a request for %s", r)
	}
	assert.Empty(b.t, b.complaints)
}

func (b *browser) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, steps...))
}

// do runs a script in the page.
func (b *browser) do(script string) {
	b.t.Helper()
	b.run(chromedp.Evaluate[chromedp.Void](script))
}

func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.base + path))
}

// eval returns the value of an expression in the page.
func eval[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err, expression)
	return v
}

// until waits for an expression to be true.
func (b *browser) until(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
		return err == nil && is // while a page is replaced there is nothing to ask
	}, time.Minute, 20*time.Millisecond, "%s\n%s", expression, b.text())
}

// text is what the page says.
func (b *browser) text() string {
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
	return text
}

// says waits for a text on the page.
func (b *browser) says(text string) {
	b.t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(b.t, err)
	b.until(`document.readyState === "complete" && document.body.innerText.includes(` + string(quoted) + `)`)
}

// tab presses the tabulator until an element has the focus.
func (b *browser) tab(selector string) {
	b.t.Helper()
	for range 300 {
		b.run(chromedp.KeyEvent(kb.Tab))
		if eval[bool](b, fmt.Sprintf(`document.activeElement.matches(%q)`, selector)) {
			return
		}
	}
	b.t.Fatalf("the tabulator does not reach %s", selector)
}

// fill types a text over what an input has.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.tab(selector)
	b.run(chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent(kb.Delete))
	b.run(chromedp.KeyEvent(text))
}

// enter presses Enter, which loads a page, and waits for the page.
func (b *browser) enter() {
	b.t.Helper()
	b.do(`window.old = true`)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.until(`!window.old && document.readyState === "complete"`)
}

func TestBrowserKeyboard(t *testing.T) {
	l := newBench(t)
	b := newBrowser(t, l.url)

	b.open("/")
	b.fill("#q", "xp pro")
	b.enter()
	assert.Equal(t, "10", eval[string](b, `document.querySelector(".figure strong").innerText`))
	assert.Equal(t, "Grade: documented", eval[string](b, `document.querySelector(".figure .grade").textContent`))
	assert.Contains(t, eval[string](b, `document.querySelector(".sources").innerText`), "kb314882")

	b.fill("#q", "Microsoft Windows XP [Version 5.1.2600]")
	b.enter()
	b.says("Windows XP, one of 5 editions")

	b.fill("#q", "is XP limited to 10 inbound TCP connections")
	b.enter()
	assert.Equal(t, "false", eval[string](b, `document.querySelector(".verdict").textContent`))

	b.tab(`nav a[href="/hosts"]`)
	b.enter()
	b.fill("#name", "box")
	b.tab("#upstream")
	b.enter()
	b.says("Its limits now")
	require.NotNil(t, l.find("box"))

	// The machine is filled from elsewhere, and the page shows it as it is.
	b.do(`void (window.same = true)`)
	l.ok("PATCH", "/api/hosts/box/services/smb", `{"hold":3}`)
	held := `document.querySelector("#services-smb .held").innerText`
	b.until(held + ` === "3"`)
	l.ok("PATCH", "/api/hosts/box/services/smb", `{"hold":10}`)
	b.until(held + ` === "10"`)
	b.until(`document.querySelector("[data-live=events]").innerText.includes("10 held")`)
	assert.True(t, eval[bool](b, `window.same`))

	b.fill("#limit-services-smb", "7")
	b.enter()
	b.says("10 of 7 sessions")
	b.fill("#hold-services-smb", "2")
	b.enter()
	b.says("2 of 7 sessions")
	b.fill("#command", "net config server")
	b.enter()
	b.says("Maximum Logged On Users")

	b.tab(`nav a[href="/hosts"]`)
	b.enter()
	b.tab(`nav a[href="/forecast"]`)
	b.enter()
	b.fill("#clients", "40")
	b.enter()
	b.says("of what 40 clients ask for is lost")
	pictures := `[...document.images].filter(i => i.src.includes("forecast.svg"))`
	b.do(pictures + `.forEach(i => i.loading = "eager")`)
	b.until(pictures + `.length === 2 && ` + pictures + `.every(i => i.complete && i.naturalWidth > 0)`)
	b.check()
}

func TestBrowserWithoutJavaScript(t *testing.T) {
	l := newBench(t)
	l.host("XP Pro SP3", `{"kind":"iis"}`)
	b := newBrowser(t, l.url)
	b.run(command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))

	b.open("/")
	b.run(chromedp.SendKeys("#q", "xp pro"), chromedp.Click(".ask button"))
	b.says("Windows XP Professional takes 10 SMB sessions")
	b.open("/?q=" + url.QueryEscape("is XP limited to 10 inbound TCP connections"))
	assert.Equal(t, "false", eval[string](b, `document.querySelector(".verdict").textContent`))

	b.open("/forecast")
	b.run(chromedp.Clear("#clients"), chromedp.SendKeys("#clients", "40"), chromedp.Click(".plan button"))
	b.says("of what 40 clients ask for is lost")

	b.open("/hosts/box")
	b.run(chromedp.SendKeys("#hold-services-iis", "4"), chromedp.Click(`#hold-services-iis ~ button, .field:has(#hold-services-iis) ~ button`))
	b.says("4 of 10 connections")
	b.run(chromedp.SendKeys("#limit-services-iis", "40"), chromedp.Click(`.field:has(#limit-services-iis) ~ button`))
	b.says("4 of 40 connections")
	assert.Equal(t, 0, eval[int](b, `document.querySelectorAll(".copy").length`), "a button that does nothing")
	b.check()
}

// TestBrowserAccessibility: axe-core finds nothing on any page, in light and dark,
// and nothing is wider than the window.
func TestBrowserAccessibility(t *testing.T) {
	axe, err := os.ReadFile(filepath.Join("testdata", "npm", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		lacks(t, "axe-core is not installed: npm ci --prefix examples/lab/testdata/npm")
	}
	l := newBench(t)
	l.host("XP Pro SP3", `{"kind":"iis","tls":true}`, `{"kind":"smb"}`, `{"kind":"socks5"}`, `{"kind":"tcp","upstream":"127.0.0.1:9","backlog":5}`)
	l.ok("PATCH", "/api/hosts/box/services/smb", `{"hold":10}`)
	b := newBrowser(t, l.url)
	paths := []string{
		"/", "/?q=xp+pro", "/?q=Microsoft+Windows+XP+%5BVersion+5.1.2600%5D", "/?q=is+XP+limited+to+10+inbound+TCP+connections",
		"/?q=error+71+on+windows+7", "/?q=http", "/?q=banana", "/forecast", "/forecast?windows=xp+pro+sp3&service=iis&clients=300&serviceTime=1s&compare=win7+pro",
		"/hosts", "/hosts/box",
	}
	violations := func() []string {
		b.do(string(axe))
		return eval[[]string](b, `axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join("\n")))`)
	}
	for _, test := range []struct {
		width  int64
		scheme string
		axe    bool
	}{{360, "light", true}, {1440, "light", true}, {1440, "dark", true}, {2560, "light", false}} {
		b.run(chromedp.EmulateViewport(test.width, 1000), command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: test.scheme}},
		}))
		for _, path := range paths {
			b.open(path)
			name := fmt.Sprintf("%s at %d, %s", path, test.width, test.scheme)
			assert.Equal(t, test.scheme == "dark", eval[bool](b, `getComputedStyle(document.documentElement).backgroundColor !== "rgb(255, 255, 255)"`), name)
			assert.LessOrEqual(t, eval[int64](b, `document.documentElement.scrollWidth`), test.width, name)
			b.do(`document.querySelectorAll("details").forEach(d => d.open = true)`)
			assert.LessOrEqual(t, eval[int64](b, `document.documentElement.scrollWidth`), test.width, name+", all open")
			if test.axe {
				for _, v := range violations() {
					assert.Fail(t, name, "%s", v)
				}
			}
		}
	}
	b.check()
	// It does find something.
	b.do(`document.querySelector("label").remove()`)
	assert.NotEmpty(t, violations())
}
