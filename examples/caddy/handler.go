package winlimits

import (
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/winlimits/winlimits/simulate/iis"
)

func init() {
	caddy.RegisterModule(Requests{})
	httpcaddyfile.RegisterHandlerDirective("windows_requests", func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		r := new(Requests)
		return r, r.UnmarshalCaddyfile(h.Dispenser)
	})
	httpcaddyfile.RegisterDirectiveOrder("windows_requests", httpcaddyfile.Before, "tracing") // the first one
}

// Requests puts the limit of a machine in front of the handlers that follow it.
type Requests struct {
	Machine

	web *iis.Server
}

// CaddyModule returns the description of the module.
func (Requests) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.windows_requests", New: func() caddy.Module { return new(Requests) }}
}

// UnmarshalCaddyfile reads the directive of a Caddyfile.
func (h *Requests) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return h.unmarshal(d)
}

// Provision finds the machine. It is an error if the machine counts connections
// and the server has no listener wrapper that does it.
func (h *Requests) Provision(ctx caddy.Context) error {
	app, srv, err := appOf(ctx)
	if err != nil {
		return err
	}
	u, err := app.use(h.Machine)
	if err != nil {
		return err
	}
	if !u.countsRequests() && app.servers[srv] != u {
		return fmt.Errorf("%v counts connections, which a handler does not see: want the wrapper windows in listener_wrappers of the server", h.Windows)
	}
	h.web = u.web
	// Until there is a handler, the listener closes a connection over the limit that
	// is not plain HTTP. The handler of ServeHTTP comes with the first request only.
	h.web.Handler(http.NotFoundHandler())
	return nil
}

// ServeHTTP lets next serve the request, at once or after a wait, or refuses it.
func (h *Requests) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	var err error
	h.web.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err = next.ServeHTTP(w, r)
	})).ServeHTTP(w, r)
	return err
}

var (
	_ caddy.Provisioner           = (*Requests)(nil)
	_ caddyhttp.MiddlewareHandler = (*Requests)(nil)
	_ caddyfile.Unmarshaler       = (*Requests)(nil)
)
