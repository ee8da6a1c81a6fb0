package winlimits

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(Listener{})
}

// Listener makes a server the web server of a machine.
type Listener struct {
	Machine

	use    *use
	logger *zap.Logger
}

// CaddyModule returns the description of the module.
func (Listener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.listeners.windows", New: func() caddy.Module { return new(Listener) }}
}

// UnmarshalCaddyfile reads the wrapper in the global options of a Caddyfile.
func (l *Listener) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return l.unmarshal(d)
}

// Provision finds the machine and puts its handler in front of the routes of the
// server. It reports all that can be wrong.
func (l *Listener) Provision(ctx caddy.Context) error {
	l.logger = ctx.Logger()
	app, srv, err := appOf(ctx)
	if err != nil {
		return err
	}
	switch {
	case srv == nil:
		return errors.New("windows is not in an HTTP server: want it in the listener_wrappers of one")
	case app.servers[srv] != nil:
		return fmt.Errorf("the server already has the limits of %v: want windows once in its listener_wrappers", app.servers[srv].machine.Windows)
	}
	u, err := app.use(l.Machine)
	if err != nil {
		return err
	}
	if !u.countsRequests() && len(srv.TLSConnPolicies) > 0 {
		if err := l.checkTLS(srv); err != nil {
			return err
		}
	}
	// Caddy provisions the wrappers of a server before its routes. A route without
	// the handler would have no limit.
	srv.Routes = append(caddyhttp.RouteList{{
		HandlersRaw: []json.RawMessage{caddyconfig.JSONModuleObject(Requests{Machine: l.Machine}, "handler", "windows_requests", nil)},
	}}, srv.Routes...)
	srv.RegisterConnContext(u.web.ConnContext)
	app.servers[srv] = u
	l.use = u
	return nil
}

// checkTLS returns an error if a server with TLS would have connections that the
// machine does not count.
func (l *Listener) checkTLS(srv *caddyhttp.Server) error {
	var isOurs, hasTLS bool // whether windows, and tls after it, are in the list
	for _, raw := range srv.ListenerWrappersRaw {
		var module struct {
			Wrapper string `json:"wrapper"`
		}
		if err := json.Unmarshal(raw, &module); err != nil {
			return err
		}
		isOurs = isOurs || module.Wrapper == "windows"
		hasTLS = hasTLS || isOurs && module.Wrapper == "tls"
	}
	if !hasTLS {
		return fmt.Errorf("%v counts connections before the handshake of TLS: want tls after windows in listener_wrappers", l.Windows)
	}
	for _, protocols := range append(srv.ListenProtocols, srv.Protocols) {
		if slices.Contains(protocols, "h3") {
			return fmt.Errorf("%v counts TCP connections, and HTTP/3 has none: want protocols h1 h2 in the options of the server", l.Windows)
		}
	}
	return nil
}

// WrapListener returns a listener of the machine.
func (l *Listener) WrapListener(inner net.Listener) net.Listener {
	err := l.use.start() // App.Start may come later
	ln := inner
	if err == nil {
		ln, err = l.use.web.Listener(inner)
	}
	if err != nil {
		// This cannot happen after Provision. But a listener without the limit must
		// not accept.
		l.logger.Error("no limit on the listener", zap.Error(err))
		inner.Close()
		return inner
	}
	return ln
}

var (
	_ caddy.Provisioner     = (*Listener)(nil)
	_ caddy.ListenerWrapper = (*Listener)(nil)
	_ caddyfile.Unmarshaler = (*Listener)(nil)
)
