package winlimits

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// Machine says which edition of Windows a machine runs, and what an administrator has
// set on its web server. The settings are those of simulate.Settings; their zero
// values are the defaults of the edition.
type Machine struct {
	// Windows is the edition and the service pack, such as "XP Pro SP3".
	Windows limits.Windows `json:"windows"`
	// MaxConnections is the number of connections that IIS 4.0 to 6.0 takes.
	MaxConnections int `json:"max_connections,omitempty"`
	// NoKeepAlive closes connections after a request, on IIS 4.0 to 6.0.
	NoKeepAlive bool `json:"no_keep_alive,omitempty"`
	// QueueTimeout is how long a request waits in the queue of IIS 7.0 and later; with
	// 0 it waits for ever.
	QueueTimeout caddy.Duration `json:"queue_timeout,omitempty"`
	// WorkerProcesses multiplies the limit of IIS 7.0 and later; 0 is 1.
	WorkerProcesses int `json:"worker_processes,omitempty"`
}

// newServer returns the web server of a new machine. The error says which setting
// Windows would not accept.
func (m Machine) newServer() (*iis.Server, error) {
	if m.Windows == (limits.Windows{}) {
		return nil, errors.New(`no edition of Windows given: want one, perhaps with a service pack, such as "XP Pro SP3"`)
	}
	settings := simulate.Settings{
		MaxConnections:  m.MaxConnections,
		QueueTimeout:    time.Duration(m.QueueTimeout),
		WorkerProcesses: m.WorkerProcesses,
	}
	if m.NoKeepAlive {
		settings.AllowKeepAlive = new(bool)
	}
	host, err := simulate.New(m.Windows, &settings)
	if err != nil {
		return nil, err
	}
	return iis.NewServer(host)
}

// identity is what two configurations must have in common to mean the same machine:
// all but the limit, which can be moved while the machine runs.
func (m Machine) identity() Machine {
	m.MaxConnections = 0
	return m
}

// pool has the machines that run, by identity. It outlives a configuration, which is
// what a UsagePool of Caddy is for.
var pool = caddy.NewUsagePool()

// running is a machine that runs.
type running struct {
	web *iis.Server

	mu sync.Mutex
	// started are the uses by the configurations that run, the latest one last. A
	// reload starts the new configuration before it stops the old one, and goes back
	// to the old one if that fails.
	started []*use
}

// use is the use of a machine by a configuration.
type use struct {
	*running
	machine Machine
	limit   limits.Limit
}

// newUse finds or makes a machine. The caller must call end.
func newUse(m Machine) (*use, error) {
	asked, err := m.newServer()
	if err != nil {
		return nil, err
	}
	value, _, err := pool.LoadOrNew(m.identity(), func() (caddy.Destructor, error) {
		web, err := m.identity().newServer()
		return &running{web: web}, err
	})
	if err != nil {
		return nil, err
	}
	return &use{running: value.(*running), machine: m, limit: asked.Gate().Limit()}, nil
}

// Destruct leaves the host open: connections of the last configuration that used it
// may still be open. The host needs no Close once they have ended.
func (*running) Destruct() error { return nil }

// start puts the limit of the use in force. It may be called again.
func (u *use) start() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !slices.Contains(u.started, u) {
		u.started = append(u.started, u)
	}
	return u.putInForce()
}

// end ends the use, and puts the limit of the configuration that goes on in force.
func (u *use) end() error {
	u.mu.Lock()
	u.started = slices.DeleteFunc(u.started, func(other *use) bool { return other == u })
	err := u.putInForce()
	u.mu.Unlock()
	_, deleteErr := pool.Delete(u.machine.identity())
	return errors.Join(err, deleteErr)
}

// putInForce puts the limit of the latest use in force. u is locked.
func (u *use) putInForce() error {
	if len(u.started) == 0 {
		return nil
	}
	return u.web.Gate().SetLimit(u.started[len(u.started)-1].limit)
}

// countsRequests reports whether the machine has IIS 7.0 or later.
func (u *use) countsRequests() bool {
	return u.web.Gate().Policy().Rule.Unit == limits.UnitRequests
}

// unmarshal reads the rest of a line and its block.
func (m *Machine) unmarshal(d *caddyfile.Dispenser) error {
	directive := d.Val()
	words := d.RemainingArgs()
	if len(words) != 1 {
		return d.Errf(`%d words after %s: want an edition of Windows, in quotes if it has spaces, such as "XP Pro SP3"`, len(words), directive)
	}
	var err error
	if m.Windows, err = limits.ParseWindows(words[0]); err != nil {
		return d.WrapErr(err)
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		var value string
		if !d.AllArgs(&value) {
			return d.Errf("%s wants one value", name)
		}
		switch name {
		case "max_connections":
			m.MaxConnections, err = number(value)
		case "worker_processes":
			m.WorkerProcesses, err = number(value)
		case "queue_timeout":
			var t time.Duration
			t, err = caddy.ParseDuration(value)
			m.QueueTimeout = caddy.Duration(t)
		case "keep_alive":
			switch value {
			case "on", "off":
				m.NoKeepAlive = value == "off"
			default:
				err = fmt.Errorf("%q: want on or off", value)
			}
		default:
			return d.Errf("%q is not a setting: want max_connections, keep_alive, queue_timeout or worker_processes", name)
		}
		if err != nil {
			return d.Errf("%s: %v", name, err)
		}
	}
	return nil
}
