package winlimits

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func init() {
	caddy.RegisterModule(Admin{})
}

// Admin answers GET /windows at the administration endpoint with a list of State.
type Admin struct{}

// State is the state of a machine.
type State struct {
	Windows limits.Windows `json:"windows"`
	// Limit is the limit in force now.
	Limit limits.Limit `json:"limit"`
	simulate.Stats
}

// CaddyModule returns the description of the module.
func (Admin) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "admin.api.windows", New: func() caddy.Module { return new(Admin) }}
}

// Routes returns the route.
func (Admin) Routes() []caddy.AdminRoute {
	return []caddy.AdminRoute{{Pattern: "/windows", Handler: caddy.AdminHandlerFunc(serveState)}}
}

func serveState(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet {
		return caddy.APIError{HTTPStatus: http.StatusMethodNotAllowed, Err: errors.New("want GET")}
	}
	states := []State{}
	pool.Range(func(_, value any) bool {
		web := value.(*running).web
		states = append(states, State{Windows: web.Host().Windows(), Limit: web.Gate().Limit(), Stats: web.Gate().Stats()})
		return true
	})
	slices.SortFunc(states, func(a, b State) int { return cmp.Compare(a.Windows.String(), b.Windows.String()) })
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(states)
}
