package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// problem is an error with a status of HTTP.
type problem struct {
	status int
	err    error
}

func (p *problem) Error() string { return p.err.Error() }

func (p *problem) Unwrap() error { return p.err }

func bad(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Errorf(format, args...)}
}

func conflict(format string, args ...any) error {
	return &problem{http.StatusConflict, fmt.Errorf(format, args...)}
}

// call answers a request. If it returns an error, it has written nothing.
type call func(w http.ResponseWriter, r *http.Request) error

// routes returns the requests of the API.
func (l *lab) routes() map[string]call {
	return map[string]call{
		"GET /api/version":                           l.version,
		"GET /api/rules":                             l.rules,
		"POST /api/recognize":                        l.recognize,
		"POST /api/forecast":                         l.forecast,
		"GET /api/config":                            l.getConfig,
		"PUT /api/config":                            l.putConfig,
		"GET /api/hosts":                             l.getHosts,
		"POST /api/hosts":                            l.postHost,
		"GET /api/hosts/{name}":                      l.getHost,
		"DELETE /api/hosts/{name}":                   l.deleteHost,
		"GET /api/hosts/{name}/services/{service}":   l.getService,
		"PATCH /api/hosts/{name}/services/{service}": l.patchService,
		"GET /api/hosts/{name}/fronts/{front}":       l.getFront,
		"PATCH /api/hosts/{name}/fronts/{front}":     l.patchFront,
		"POST /api/hosts/{name}/console":             l.console,
		"POST /api/hosts/{name}/reset":               l.reset,
		"GET /api/events":                            l.getEvents,
		"GET /api/hosts/{name}/events":               l.getHostEvents,
	}
}

// handler serves the API and the pages. It refuses requests from pages of other sites.
func (l *lab) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, f := range l.routes() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			if err := f(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	mux.Handle("GET /metrics", l.metrics())
	if err := l.addPages(mux); err != nil {
		panic(err) // the templates are part of the program
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if methods := allowed(mux, r); len(methods) > 0 {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			fail(w, &problem{http.StatusMethodNotAllowed, fmt.Errorf("%.20s %.200s: want %s", r.Method, r.URL.Path, strings.Join(methods, " or "))})
			return
		}
		fail(w, &problem{http.StatusNotFound, fmt.Errorf("%.200s: want /, /forecast, /hosts, /metrics or a path below /api/", r.URL.Path)})
	})
	return l.guard(mux)
}

// allowed returns the methods that the mux takes for the path.
func allowed(mux *http.ServeMux, r *http.Request) (methods []string) {
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		other := &http.Request{Method: method, URL: &url.URL{Path: r.URL.Path}, Host: r.Host}
		if _, pattern := mux.Handler(other); strings.HasPrefix(pattern, method+" ") {
			methods = append(methods, method)
		}
	}
	return methods
}

// reply writes JSON.
func reply(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(v) // it fails only if the client has gone
	return nil
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	reply(w, httpStatus(err), map[string]string{"error": err.Error()})
}

// httpStatus returns the status of an error.
func httpStatus(err error) int {
	var p *problem
	if errors.As(err, &p) {
		return p.status
	}
	return http.StatusInternalServerError
}

// body reads the body of a request.
func body(r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &problem{http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes: want at most that", large.Limit)}
	case err != nil:
		return nil, bad("the body: %v", err)
	}
	return text, nil
}

// noQuery returns an error for a request with query parameters.
func noQuery(r *http.Request) error { _, err := query(r); return err }

// query returns the query parameters of a request. It may have those with the names,
// each once.
func query(r *http.Request, names ...string) (url.Values, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, bad("query %.200q: %v", r.URL.RawQuery, err)
	}
	for name, v := range values {
		switch {
		case !slices.Contains(names, name) && len(names) == 0:
			return nil, bad("query parameter %.100q: want none", name)
		case !slices.Contains(names, name):
			return nil, bad("query parameter %.100q: want one of %s", name, strings.Join(names, ", "))
		case len(v) > 1:
			return nil, bad("query parameter %s is there %d times: want it once", name, len(v))
		}
	}
	return values, nil
}

// enter counts one more of a bounded number of things, until release is called.
func enter(room chan struct{}, what string) (release func(), err error) {
	select {
	case room <- struct{}{}:
		return func() { <-room }, nil
	default:
		return nil, &problem{http.StatusServiceUnavailable, fmt.Errorf("there are %d %s already: want at most that many at the same time", cap(room), what)}
	}
}

func (l *lab) version(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	const path = "github.com/winlimits/winlimits"
	module := path
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == path {
				module += "@" + d.Version
			}
		}
	}
	return reply(w, http.StatusOK, map[string]string{"module": module, "revision": limits.Revision, "go": runtime.Version()})
}

func (l *lab) getConfig(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	list := struct {
		Hosts []hostConfig `json:"hosts"`
	}{[]hostConfig{}}
	for _, m := range l.list() {
		list.Hosts = append(list.Hosts, m.current())
	}
	return reply(w, http.StatusOK, list)
}

// startTimeout bounds how long machines may take to begin; smbd takes a moment.
const startTimeout = 30 * time.Second

func (l *lab) putConfig(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	hosts, err := readConfig(text)
	if err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	ctx, cancel := context.WithTimeout(l.ctx, startTimeout)
	defer cancel()
	if err := l.apply(ctx, hosts); err != nil {
		return refused(err)
	}
	return l.getConfig(w, r)
}

// refused returns the error of a change with its status.
func refused(err error) error {
	switch {
	case errors.Is(err, errExists), errors.Is(err, syscall.EADDRINUSE):
		return &problem{http.StatusConflict, err}
	case errors.Is(err, errEnding):
		return &problem{http.StatusServiceUnavailable, err}
	}
	return &problem{http.StatusBadRequest, err}
}

func (l *lab) getHosts(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	hosts := []any{}
	for _, m := range l.list() {
		hosts = append(hosts, m.answer())
	}
	return reply(w, http.StatusOK, map[string]any{"hosts": hosts})
}

func (l *lab) postHost(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	h, err := readHost(text)
	if err != nil {
		return &problem{http.StatusBadRequest, err}
	}
	ctx, cancel := context.WithTimeout(l.ctx, startTimeout)
	defer cancel()
	m, err := l.add(ctx, h)
	if err != nil {
		return refused(err)
	}
	w.Header().Set("Location", "/api/hosts/"+h.Name)
	return reply(w, http.StatusCreated, m.answer())
}

// named returns the machine that the path names.
func (l *lab) named(r *http.Request) (*machine, error) {
	if m := l.find(r.PathValue("name")); m != nil {
		return m, nil
	}
	names := []string{}
	for _, m := range l.list() {
		names = append(names, m.config.Name)
	}
	there := "the lab has none"
	if len(names) > 0 {
		there = "want one of " + strings.Join(names, ", ")
	}
	return nil, &problem{http.StatusNotFound, fmt.Errorf("no host %.100q: %s", r.PathValue("name"), there)}
}

func (l *lab) getHost(w http.ResponseWriter, r *http.Request) error {
	m, err := l.named(r)
	if err != nil {
		return err
	}
	if err := noQuery(r); err != nil {
		return err
	}
	return reply(w, http.StatusOK, m.answer())
}

func (l *lab) deleteHost(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	if !l.remove(r.PathValue("name")) {
		_, err := l.named(r)
		if err == nil {
			err = conflict("host %q was deleted, and another one made, during the request", r.PathValue("name"))
		}
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (l *lab) getEvents(w http.ResponseWriter, r *http.Request) error {
	return l.stream(w, r, l.events.all, l.ctx.Done())
}

func (l *lab) getHostEvents(w http.ResponseWriter, r *http.Request) error {
	m, err := l.named(r)
	if err != nil {
		return err
	}
	return l.stream(w, r, m.events, m.done)
}

func (l *lab) reset(w http.ResponseWriter, r *http.Request) error {
	m, err := l.named(r)
	if err != nil {
		return err
	}
	if err := noQuery(r); err != nil {
		return err
	}
	text, err := body(r)
	if err != nil {
		return err
	}
	var options struct {
		Disconnect bool `json:"disconnect"`
	}
	if len(strings.TrimSpace(string(text))) > 0 {
		if err := decode(text, &options); err != nil {
			return &problem{http.StatusBadRequest, err}
		}
	}
	if err := m.reset(r.Context(), options.Disconnect); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
