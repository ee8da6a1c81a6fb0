package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/winlimits/winlimits/examples/lab/page"
)

// The pages load nothing from other sites, and no page of another site shows them.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// addPages adds the pages to the mux.
func (l *lab) addPages(mux *http.ServeMux) error {
	pages, err := page.New(false)
	if err != nil {
		return err
	}
	s := &site{l, pages}
	for pattern, f := range map[string]func(*http.Request) (int, page.View, error){
		"GET /{$}":          s.search,
		"GET /forecast":     s.forecastPage,
		"GET /hosts":        s.hosts,
		"GET /hosts/{name}": s.host,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			status, view, err := f(r)
			if err != nil {
				status, view = s.problem(err)
			}
			s.write(w, status, view)
		})
	}
	for pattern, f := range map[string]call{
		"POST /hosts":        s.createHost,
		"POST /hosts/{name}": s.changeHost,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := f(w, r); err != nil {
				status, view := s.problem(err)
				s.write(w, status, view)
			}
		})
	}
	for pattern, f := range map[string]call{
		"GET /assets/{name}": asset,
		"GET /forecast.svg":  s.picture,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	return nil
}

// site serves the pages of a lab.
type site struct {
	*lab
	pages *page.Pages
}

func asset(w http.ResponseWriter, r *http.Request) error {
	data, kind, ok := page.Asset(r.PathValue("name"))
	if !ok {
		return &problem{http.StatusNotFound, fmt.Errorf("no asset %.100q", r.PathValue("name"))}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(data)
	return nil
}

// write writes a page.
func (s *site) write(w http.ResponseWriter, status int, view page.View) {
	var text bytes.Buffer
	if err := s.pages.Render(&text, view); err != nil {
		s.log.Error("page", "name", view.Name, "error", err)
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Referrer-Policy", "same-origin")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

// problem returns the page for an error.
func (s *site) problem(err error) (int, page.View) {
	status := httpStatus(err)
	return status, page.View{Name: "problem", Title: http.StatusText(status), Data: map[string]string{
		"Title": http.StatusText(status), "Text": err.Error(),
	}}
}

func (s *site) search(r *http.Request) (int, page.View, error) {
	values, err := query(r, "q")
	if err != nil {
		return 0, page.View{}, err
	}
	return http.StatusOK, page.SearchView(page.Search(values.Get("q"))), nil
}

// forecastPage runs a forecast and shows it.
func (s *site) forecastPage(r *http.Request) (int, page.View, error) {
	q, err := page.ReadQuestion(r.URL.Query())
	if err != nil {
		return http.StatusBadRequest, page.ForecastView(&page.Outlook{Question: q}, err), nil
	}
	ctx, cancel, err := s.enterForecast(r.Context())
	if err != nil {
		return 0, page.View{}, err
	}
	defer cancel()
	o, err := q.Answer(ctx)
	if err != nil {
		return http.StatusBadRequest, page.ForecastView(o, err), nil
	}
	return http.StatusOK, page.ForecastView(o, nil), nil
}

// picture draws a forecast.
func (s *site) picture(w http.ResponseWriter, r *http.Request) error {
	q, err := page.ReadQuestion(r.URL.Query())
	if err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	ctx, cancel, err := s.enterForecast(r.Context())
	if err != nil {
		return err
	}
	defer cancel()
	data, err := q.Picture(ctx, q.Values["picture"])
	if err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(data)
	return nil
}

// enterForecast waits until a forecast may run. The context ends when the forecast
// takes too long. The function lets the next one run.
func (l *lab) enterForecast(ctx context.Context) (context.Context, func(), error) {
	ctx, cancel := context.WithTimeout(ctx, maxForecast)
	select {
	case l.runs <- struct{}{}:
		return ctx, func() { <-l.runs; cancel() }, nil
	case <-ctx.Done():
		cancel()
		return nil, nil, &problem{http.StatusServiceUnavailable, errors.New("other forecasts are running: try again later")}
	}
}
