package winlimits

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/winlimits/winlimits/limits"
)

func init() {
	caddy.RegisterModule(App{})
}

// App has the machines of one configuration. It has no settings: the listener wrapper
// and the handler load it.
type App struct {
	uses map[limits.Windows]*use
	// servers are the servers with a listener wrapper.
	servers map[*caddyhttp.Server]*use
}

// CaddyModule returns the description of the module.
func (App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "windows", New: func() caddy.Module { return new(App) }}
}

// Provision makes the maps.
func (a *App) Provision(caddy.Context) error {
	a.uses = make(map[limits.Windows]*use)
	a.servers = make(map[*caddyhttp.Server]*use)
	return nil
}

// Start puts what the configuration says of the machines in force.
func (a *App) Start() error {
	for _, u := range a.uses {
		if err := u.start(); err != nil {
			return err
		}
	}
	return nil
}

// Stop does nothing: open connections may go on, and are counted.
func (*App) Stop() error { return nil }

// Cleanup ends the use of the machines by this configuration.
func (a *App) Cleanup() error {
	var errs []error
	for _, u := range a.uses {
		errs = append(errs, u.end())
	}
	return errors.Join(errs...)
}

// appOf returns the App of a configuration that is being provisioned, and the
// server, if it is within one.
func appOf(ctx caddy.Context) (*App, *caddyhttp.Server, error) {
	app, err := ctx.App("windows")
	if err != nil {
		return nil, nil, err
	}
	srv, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	return app.(*App), srv, nil
}

// use returns the use of a machine by the configuration.
func (a *App) use(m Machine) (*use, error) {
	if u := a.uses[m.Windows]; u != nil {
		if u.machine != m {
			return nil, fmt.Errorf("%v has different settings in this configuration: want the same everywhere, because it is one machine", m.Windows)
		}
		return u, nil
	}
	u, err := newUse(m)
	if err == nil {
		a.uses[m.Windows] = u
	}
	return u, err
}

func number(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%.50q: want a whole number, 1 or more", s)
	}
	return n, nil
}
