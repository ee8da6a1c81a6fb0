// Package page renders the pages of the lab: the search, the forecast and the
// machines. The lab serves them, and folder static has the first two without a
// server. It does no I/O.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/url"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

//go:embed templates
var files embed.FS

//go:embed assets
var assets embed.FS

// Asset returns a style sheet, a script or a picture, and its media type. If there is
// none of that name, ok is false.
func Asset(name string) (data []byte, kind string, ok bool) {
	data, err := assets.ReadFile("assets/" + name)
	switch {
	case err != nil:
		return nil, "", false
	case strings.HasSuffix(name, ".css"):
		kind = "text/css; charset=utf-8"
	case strings.HasSuffix(name, ".js"):
		kind = "text/javascript; charset=utf-8"
	default:
		kind = "image/svg+xml"
	}
	return data, kind, true
}

// Pages renders pages.
type Pages struct {
	templates *template.Template
	static    bool
}

// New returns the pages of the lab, or with static the pages that need no server.
// Those have no machines, and their addresses are relative.
func New(static bool) (*Pages, error) {
	p := &Pages{static: static}
	t, err := template.New("").Funcs(template.FuncMap{
		"search":   p.searchURL,
		"forecast": p.forecastURL,
		"picture":  p.pictureURL,
		"asset":    p.assetURL,
		"static":   func() bool { return static },
		"words":    words,
		"unit":     unit,
		"form":     form,
		"clients":  clients,
		"number":   number,
		"isNumber": func(l limits.Limit) bool { _, ok := l.Number(); return ok },
		"kind":     kind,
		"percent":  percent,
		"revision": func() string { return limits.Revision },
		"dict":     dict,
	}).ParseFS(files, "templates/*.html")
	if err != nil {
		return nil, err
	}
	p.templates = t
	return p, nil
}

// View is what a page shows.
type View struct {
	// Name is the template of the main part: "search", "forecast", "hosts", "host"
	// or "problem".
	Name  string
	Title string
	// Data is what that template shows.
	Data any
	// Scripts are the assets that the page runs.
	Scripts []string
}

// Render writes a whole page.
func (p *Pages) Render(w io.Writer, v View) error {
	var main strings.Builder
	if err := p.Main(&main, v); err != nil {
		return err
	}
	return p.layout(w, v, main.String())
}

// Shell writes a page whose scripts fill in its main part.
func (p *Pages) Shell(w io.Writer, name string) error {
	var main strings.Builder
	if err := p.templates.ExecuteTemplate(&main, "shell", nil); err != nil {
		return err
	}
	return p.layout(w, View{Name: name, Title: "winlimits", Scripts: []string{"wasm_exec.js", "static.js", "ask.js"}}, main.String())
}

func (p *Pages) layout(w io.Writer, v View, main string) error {
	return p.templates.ExecuteTemplate(w, "layout", struct {
		View
		Main template.HTML
	}{v, template.HTML(main)}) // a template has escaped it
}

// Main writes the part of a page between its head and its foot.
func (p *Pages) Main(w io.Writer, v View) error {
	return p.templates.ExecuteTemplate(w, v.Name, v.Data)
}

func (p *Pages) searchURL(q any) string {
	path := "/"
	if p.static {
		path = "index.html"
	}
	if text := fmt.Sprint(q); text != "" {
		path += "?" + url.Values{"q": {text}}.Encode()
	}
	return path
}

func (p *Pages) forecastURL(query string) string {
	path := "/forecast"
	if p.static {
		path = "forecast.html"
	}
	if query != "" {
		path += "?" + query
	}
	return path
}

// pictureURL returns the address of a picture of a forecast.
func (p *Pages) pictureURL(query, which string) string {
	path := "/forecast.svg?" + query
	if p.static {
		path = path[1:]
	}
	if which != "" {
		path += "&picture=" + which
	}
	return path
}

func (p *Pages) assetURL(name string) string {
	if p.static {
		return name
	}
	return "/assets/" + name
}

// words returns a name of the library as words, such as "remote computers".
func words(v any) string { return strings.ReplaceAll(fmt.Sprint(v), "-", " ") }

// unit returns the unit of a limit as words, in the singular for a limit of 1.
func unit(l limits.Limit, u limits.Unit) string {
	if n, ok := l.Number(); ok && n == 1 {
		return strings.TrimSuffix(words(u), "s")
	}
	return words(u)
}

// clients returns a number of clients.
func clients(n int) string {
	if n == 1 {
		return "1 client"
	}
	return grouped(fmt.Sprint(n)) + " clients"
}

// form returns what a text was read as, for people.
func form(f identify.Form) string {
	switch f {
	case identify.FormName:
		return "a name"
	case identify.FormCaption:
		return "the name that Windows gives itself"
	case identify.FormVer:
		return "a line of ver"
	case identify.FormNTVersion:
		return "a version of Windows NT"
	case identify.FormSMB:
		return "a banner of SMB or NTLM"
	case identify.FormActiveDirectory:
		return "attributes of Active Directory"
	case identify.FormWinver:
		return "a text of winver"
	case identify.FormSysteminfo:
		return "output of systeminfo"
	case identify.FormRegistry:
		return "a part of the registry"
	case identify.FormRecord:
		return "a record of names and values"
	case identify.FormSysDescr:
		return "a sysDescr of SNMP"
	case identify.FormIdentifier:
		return "an identifier of a guest, an image or a container"
	case identify.FormUserAgent:
		return "a User-Agent of a browser"
	case identify.FormCPE:
		return "a CPE name"
	}
	return words(f)
}

// kind returns what sort of thing a source is, for people.
func kind(k limits.SourceKind) string {
	switch k {
	case limits.SourceVendorKB:
		return "knowledge base"
	case limits.SourceVendorDoc:
		return "documentation"
	case limits.SourceProtocolSpec:
		return "protocol document"
	}
	return words(k)
}

// number returns a limit as a page shows it.
func number(l limits.Limit) string {
	switch {
	case l.IsUnlimited():
		return "no limit"
	case l.IsAbsent():
		return "not there"
	case !l.IsKnown():
		return "unknown"
	}
	return grouped(l.String())
}

// grouped puts a thin space between the thousands of a number of five digits or
// more.
func grouped(digits string) string {
	if len(digits) < 5 {
		return digits
	}
	head := len(digits) % 3
	var b strings.Builder
	b.WriteString(digits[:head])
	for i := head; i < len(digits); i += 3 {
		if i > 0 {
			b.WriteString("\u202f")
		}
		b.WriteString(digits[i : i+3])
	}
	return b.String()
}

// dict makes a map from names and values, for a template that takes several.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: %d values: want names and values", len(pairs))
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}
