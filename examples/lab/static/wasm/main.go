//go:build js && wasm

// Wasm answers searches and forecasts for a page without a server. It gives the page
// an object winlimits with the functions render and picture.
package main

import (
	"context"
	"net/url"
	"strings"
	"syscall/js"
	"time"

	"github.com/winlimits/winlimits/examples/lab/page"
)

func main() {
	pages, err := page.New(true)
	if err != nil {
		panic(err) // the templates are part of the program
	}
	js.Global().Set("winlimits", map[string]any{
		"render": js.FuncOf(func(_ js.Value, args []js.Value) any {
			return render(pages, args[0].String(), args[1].String())
		}),
		"picture": js.FuncOf(func(_ js.Value, args []js.Value) any {
			return picture(args[0].String())
		}),
	})
	js.Global().Call("dispatchEvent", js.Global().Get("Event").New("winlimits"))
	select {}
}

// render returns the title and the main part of a page, which is "search" or
// "forecast".
func render(pages *page.Pages, name, query string) map[string]any {
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	view := page.SearchView(page.Search(values.Get("q")))
	if name == "forecast" {
		view = forecast(values)
	}
	var main strings.Builder
	if err := pages.Main(&main, view); err != nil {
		panic(err)
	}
	return map[string]any{"title": view.Title, "main": main.String()}
}

func forecast(values url.Values) page.View {
	q, err := page.ReadQuestion(values)
	if err != nil {
		return page.ForecastView(&page.Outlook{Question: q}, err)
	}
	o, err := q.Answer(soon())
	return page.ForecastView(o, err)
}

// picture returns a picture as SVG, or an empty text if there is none.
func picture(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return ""
	}
	q, err := page.ReadQuestion(values)
	if err != nil {
		return ""
	}
	data, err := q.Picture(soon(), q.Values["picture"])
	if err != nil {
		return ""
	}
	return string(data)
}

// deadline is a context that looks at the clock. While the program computes, no timer
// of the page fires.
type deadline struct {
	context.Context
	at time.Time
}

func (d deadline) Err() error {
	if time.Now().After(d.at) {
		return context.DeadlineExceeded
	}
	return nil
}

// soon returns a context that ends when a page has waited long enough.
func soon() context.Context { return deadline{context.Background(), time.Now().Add(3 * time.Second)} }
