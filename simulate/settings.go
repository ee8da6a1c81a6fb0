package simulate

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Settings are what an administrator can set on a machine, and what no source
// settles about it. The zero value is Windows out of the box. JSON has durations as
// text, such as "30s".
type Settings struct {
	// Limits replaces the limit of a service, and its ceiling, by any number. It is
	// for tests, and for patches that Windows does not know of. To stay within what
	// Windows accepts, use Gate.SetLimit or the fields below.
	Limits map[limits.Service]int `json:"limits,omitempty"`

	// MaxConnections is the setting of that name of the web server, up to IIS 6.0:
	// how many open connections it takes, from 1 to the ceiling of the edition. 0 is
	// the default of the edition. From IIS 4.0 on it is a metabase property.
	MaxConnections int `json:"maxConnections,omitzero"`
	// AllowKeepAlive is the metabase property of IIS 4.0 to 6.0; nil is true. If it
	// is false, each connection is closed after one request. IIS 4.0 does that to
	// HTTP/1.0 clients only (kb195179, cazzulino-gazitt).
	AllowKeepAlive *bool `json:"allowKeepAlive,omitempty"`
	// ConnectionTimeout is how long a connection to the web server may be idle, up
	// to 2147483647 s. 0 is the default of the version
	// (limits.IISVersion.IdleTimeout): 600 s on NT 4.0, 900 s on IIS 4.0 and 5.0,
	// 300 s on XP, 120 s from IIS 6.0 on.
	ConnectionTimeout time.Duration `json:"connectionTimeout,omitzero"`
	// QueueTimeout is how long IIS 7.0 and later may queue a request. 0 is without
	// end. Whether the 120 s of iis-docs-site-limits end the wait of a request is
	// unknown.
	QueueTimeout time.Duration `json:"queueTimeout,omitzero"`
	// WorkerProcesses multiplies the request limit of IIS 7.0 and later, which by
	// one source holds for each worker process (carehart-2011). 0 is 1; the most is
	// 1024.
	WorkerProcesses int `json:"workerProcesses,omitzero"`

	// HalfOpen is about outbound attempts that have no answer yet.
	HalfOpen HalfOpenSettings `json:"halfOpen,omitzero"`
	// Outbound is about the local ports of outbound connections.
	Outbound OutboundSettings `json:"outbound,omitzero"`
}

// HalfOpenSettings are the settings about outbound connection attempts that have no
// answer yet. ReleaseRate and EventInterval stand for what is unknown about
// Windows. The zero value is Windows out of the box.
type HalfOpenSettings struct {
	// Patched is the limit that a patch program wrote into tcpip.sys. The zero
	// Limit is no patch. On XP the field of the file has 32 bits; the best known
	// program proposed 50 (jsi-tip-10301, lvllord-faq). From Vista on it has 8
	// bits: 1 to 255, or unlimited (half-open-com). It is an error on an edition
	// without a limit in force.
	Patched limits.Limit `json:"patched,omitzero"`
	// EnableConnectionRateLimiting is the registry value that brings the limit of
	// ten back on Vista SP2 and Server 2008 SP2 (kb969710). Users report it for
	// Windows 7, too (mydigitallife-2009).
	EnableConnectionRateLimiting bool `json:"enableConnectionRateLimiting,omitzero"`

	// MaxConnectRetransmissions is the registry value TcpMaxConnectRetransmissions:
	// how many SYNs follow the first, 0 to 255 (ms-cc758896). Nil is the default of
	// the edition.
	MaxConnectRetransmissions *int `json:"maxConnectRetransmissions,omitempty"`
	// InitialRTT is the registry value TcpInitialRTT: the time from the first SYN
	// to the second, up to 65535 s (ms-cc938207). It doubles with each further SYN.
	// 0 is the default of the edition.
	InitialRTT time.Duration `json:"initialRTT,omitzero"`

	// ReleaseRate is how many attempts leave the queue in a second, 0.000001 to
	// 1000000. 0 lets each attempt leave when a slot is free. With a rate, attempts
	// leave 1/ReleaseRate seconds apart, the first that long after the queue began,
	// and none while no slot is free. The vendor speaks of a fixed rate and gives
	// no number (ms-xpsp2-network).
	ReleaseRate float64 `json:"releaseRate,omitzero"`
	// EventInterval is the time from one event 4226 to the next while attempts
	// stay queued. A queue that begins sooner than that after the last event is
	// logged when the time is over, if it lasts. 0 logs one event for each
	// queue. The interval of Windows is unknown.
	EventInterval time.Duration `json:"eventInterval,omitzero"`
}

// check returns an error that names the setting that w would not accept.
func (s *Settings) check(w limits.Windows) error {
	if len(s.Limits) == 0 { // forecasts come here often, and seldom have any
		return errors.Join(s.checkWeb(w), s.checkHalfOpen(w), s.checkOutbound(w))
	}
	for _, service := range slices.Sorted(maps.Keys(s.Limits)) {
		n := s.Limits[service]
		if n < 0 || n > math.MaxInt32 {
			return fmt.Errorf("simulate: Limits[%v]: %d is not from 0 to %d", service, n, math.MaxInt32)
		}
		if service == limits.Licence {
			return fmt.Errorf("simulate: Limits[%v]: nothing enforces a licence, so there is no gate for it", service)
		}
		if _, err := limits.Lookup(w, service); err != nil {
			return fmt.Errorf("simulate: Limits[%v]: %w", service, err)
		}
	}
	return errors.Join(s.checkWeb(w), s.checkHalfOpen(w), s.checkOutbound(w))
}

func (s *Settings) checkWeb(w limits.Windows) error {
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: %s %v: %s", w, name, value, want)
	}
	if version := w.Edition.IISVersion().Value; version == limits.NoIIS || version >= limits.IIS70 {
		const want = "the property belongs to IIS 4.0 to 6.0, which this edition does not have"
		switch {
		case s.MaxConnections != 0:
			return bad("MaxConnections", s.MaxConnections, "want 0; "+want)
		case s.AllowKeepAlive != nil:
			return bad("AllowKeepAlive", *s.AllowKeepAlive, "want nil; "+want)
		}
	}
	if s.MaxConnections != 0 {
		rule, err := limits.Lookup(w, limits.IIS)
		switch {
		case err != nil:
			return fmt.Errorf("simulate: MaxConnections: %w", err)
		case s.MaxConnections < 0 || s.MaxConnections > math.MaxInt32 || !rule.Ceiling.Holds(s.MaxConnections):
			return bad("MaxConnections", s.MaxConnections, fmt.Sprintf("want 1 to %v, or 0 for the default; %v", rule.Ceiling, rule))
		}
	}
	switch {
	case s.ConnectionTimeout < 0 || s.ConnectionTimeout > limits.MaxIdleTimeout:
		return bad("ConnectionTimeout", s.ConnectionTimeout, "want 0 to 2147483647 s")
	case s.QueueTimeout < 0:
		return bad("QueueTimeout", s.QueueTimeout, "want 0 or more")
	case s.WorkerProcesses < 0 || s.WorkerProcesses > 1024:
		return bad("WorkerProcesses", s.WorkerProcesses, "want 0 to 1024")
	}
	return nil
}

func (s *Settings) checkHalfOpen(w limits.Windows) error {
	h := &s.HalfOpen
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: HalfOpen.%s %v: %s", w, name, value, want)
	}
	if _, set := s.Limits[limits.TCPHalfOpen]; set && h.Patched.IsKnown() {
		return bad("Patched", h.Patched, "want either Patched or Limits[tcp-half-open], not both")
	}
	if h.EnableConnectionRateLimiting || h.Patched.IsKnown() {
		rule, err := limits.Lookup(w, limits.TCPHalfOpen)
		if err != nil {
			return fmt.Errorf("simulate: HalfOpen: %w", err)
		}
		limited, reads := rule.RateLimited()
		if h.EnableConnectionRateLimiting && !reads {
			return bad(limits.RateLimitingValue, true,
				"want false; this edition does not read the value (Vista SP2, Server 2008 SP2 and, by reports, Windows 7 do)")
		}
		if h.EnableConnectionRateLimiting {
			rule = limited
		}
		patch, patchable := rule.PatchRange()
		switch {
		case !h.Patched.IsKnown():
		case !patchable && reads:
			return bad("Patched", h.Patched, "no limit is in force that a patch could move; set "+limits.RateLimitingValue+" first")
		case !patchable:
			return bad("Patched", h.Patched, "want none, since there is no limit to patch: "+rule.String())
		case !patch.Value.Holds(h.Patched):
			return bad("Patched", h.Patched, fmt.Sprintf("the limit has %d bits in the tcpip.sys of this edition; want %v", 8*patch.Value.Bytes, patch.Value))
		}
	}
	switch n := h.MaxConnectRetransmissions; {
	case n != nil && (*n < 0 || *n > limits.MaxConnectRetransmissions):
		return bad("MaxConnectRetransmissions", *n, "want 0 to 255")
	case h.InitialRTT < 0 || h.InitialRTT > limits.MaxInitialRTT:
		return bad("InitialRTT", h.InitialRTT, "want 0 to 65535 s")
	case h.ReleaseRate != 0 && !(h.ReleaseRate >= 1e-6 && h.ReleaseRate <= 1e6):
		return bad("ReleaseRate", h.ReleaseRate, "want 0.000001 to 1000000 attempts a second, or 0 for no rate")
	case h.EventInterval < 0:
		return bad("EventInterval", h.EventInterval, "want 0 or more")
	}
	return nil
}

// settingsJSON is Settings with its times as text.
type settingsJSON struct {
	*settingsFields
	ConnectionTimeout jsontime.Duration `json:"connectionTimeout,omitzero"`
	QueueTimeout      jsontime.Duration `json:"queueTimeout,omitzero"`
}

type settingsFields Settings

// MarshalJSON writes the settings that are set, with times as text.
func (s Settings) MarshalJSON() ([]byte, error) {
	return json.Marshal(settingsJSON{
		(*settingsFields)(&s), jsontime.Duration(s.ConnectionTimeout), jsontime.Duration(s.QueueTimeout),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error. A setting that is missing keeps its value.
func (s *Settings) UnmarshalJSON(b []byte) error {
	t := settingsJSON{(*settingsFields)(s), jsontime.Duration(s.ConnectionTimeout), jsontime.Duration(s.QueueTimeout)}
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("simulate: settings: %w", err)
	}
	s.ConnectionTimeout, s.QueueTimeout = time.Duration(t.ConnectionTimeout), time.Duration(t.QueueTimeout)
	return nil
}

// halfOpenJSON is HalfOpenSettings with its times as text.
type halfOpenJSON struct {
	*halfOpenFields
	InitialRTT    jsontime.Duration `json:"initialRTT,omitzero"`
	EventInterval jsontime.Duration `json:"eventInterval,omitzero"`
}

type halfOpenFields HalfOpenSettings

// MarshalJSON writes the settings that are set, with times as text.
func (h HalfOpenSettings) MarshalJSON() ([]byte, error) {
	return json.Marshal(halfOpenJSON{
		(*halfOpenFields)(&h), jsontime.Duration(h.InitialRTT), jsontime.Duration(h.EventInterval),
	})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error. A setting that is missing keeps its value.
func (h *HalfOpenSettings) UnmarshalJSON(b []byte) error {
	t := halfOpenJSON{(*halfOpenFields)(h), jsontime.Duration(h.InitialRTT), jsontime.Duration(h.EventInterval)}
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("simulate: half-open settings: %w", err)
	}
	h.InitialRTT, h.EventInterval = time.Duration(t.InitialRTT), time.Duration(t.EventInterval)
	return nil
}
