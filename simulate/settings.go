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

// Settings are what can be set on a machine. The zero value is Windows out of
// the box. They are plain values and survive JSON, where times are text.
type Settings struct {
	// Limits replaces the limit of a service, default and ceiling, by a number
	// that no administrator could set, say for a test or for what patches did.
	// To lower a limit, or raise it as far as Windows accepts, use Gate.SetLimit
	// or the settings below.
	Limits map[limits.Service]int `json:"limits,omitempty"`

	// MaxConnections is the metabase property of IIS 4.0 to 6.0: the open
	// connections that the web server takes. 0 is the default of the edition;
	// other values go from 1 to the ceiling of the edition.
	MaxConnections int `json:"maxConnections,omitzero"`
	// AllowKeepAlive is the metabase property of IIS 4.0 to 6.0, and true if
	// nil. If false, a connection is closed after its request; IIS 4.0 does
	// that to HTTP/1.0 clients only (kb195179, cazzulino-gazitt).
	AllowKeepAlive *bool `json:"allowKeepAlive,omitempty"`
	// ConnectionTimeout is the idle time after which the web server closes a
	// connection. 0 is the default of the version (limits.IISVersion.IdleTimeout):
	// 600 s on NT 4.0, 900 s on IIS 4.0 and 5.0, 300 s on XP, 120 s from IIS 6.0
	// on. The metabase holds 0 to 2147483647 s.
	ConnectionTimeout time.Duration `json:"connectionTimeout,omitzero"`
	// QueueTimeout ends the wait of a request that IIS 7.0 or later has queued.
	// 0 is never. Whether queued requests fall under the 120 s that
	// iis-docs-site-limits gives is unknown.
	QueueTimeout time.Duration `json:"queueTimeout,omitzero"`
	// WorkerProcesses multiplies the request limit of IIS 7.0 and later, which
	// one source says holds for each worker process (carehart-2011). 0 is 1.
	WorkerProcesses int `json:"workerProcesses,omitzero"`

	// HalfOpen is about outbound connection attempts.
	HalfOpen HalfOpenSettings `json:"halfOpen,omitzero"`
	// Outbound is about the local ports of outbound connections.
	Outbound OutboundSettings `json:"outbound,omitzero"`
}

// HalfOpenSettings are what can be set about outbound connection attempts, in
// Windows or, where it is unknown what Windows does, in the model. The zero
// value is Windows out of the box and the recommended model.
type HalfOpenSettings struct {
	// Patched is the number that a patch program wrote into tcpip.sys; the
	// unknown Limit, which is zero, is an unpatched system. On XP it is a DWORD,
	// for which the best known program proposed 50 (jsi-tip-10301, lvllord-faq).
	// From Vista on it is one byte, 1 to 255, or unlimited (half-open-com). A
	// system without a limit in force has nothing to patch.
	Patched limits.Limit `json:"patched,omitzero"`
	// EnableConnectionRateLimiting is the DWORD of Vista SP2 and Server 2008 SP2
	// that brings the limit of ten back (kb969710). It is said to work on
	// Windows 7 too, without a word from the vendor (mydigitallife-2009). Its
	// number cannot be set.
	EnableConnectionRateLimiting bool `json:"enableConnectionRateLimiting,omitzero"`

	// MaxConnectRetransmissions is the DWORD TcpMaxConnectRetransmissions, 0 to
	// 255: how many more SYNs follow the first (ms-cc758896). Nil is the default
	// of the version.
	MaxConnectRetransmissions *int `json:"maxConnectRetransmissions,omitempty"`
	// InitialRTT is TcpInitialRTT: how long after the first SYN the second
	// follows. It doubles with each. 0 is the default of the version; others go
	// up to 65535 s (ms-cc938207).
	InitialRTT time.Duration `json:"initialRTT,omitzero"`

	// ReleaseRate lets waiting attempts go at this many a second, instead of as
	// slots come free. 0 is the latter. The vendor speaks of a fixed rate and
	// gives no number (ms-xpsp2-network). With a rate, attempts leave the queue
	// one by one, 1/ReleaseRate apart, the first that long after the queue began;
	// a turn at which no slot is free lets none go.
	ReleaseRate float64 `json:"releaseRate,omitzero"`
	// EventInterval is how long after an event 4226 the next one is logged if
	// attempts are then still waiting. 0 logs one whenever a queue begins. The
	// interval of Windows is unknown.
	EventInterval time.Duration `json:"eventInterval,omitzero"`
}

// check returns an error that names the setting that w would not accept.
func (s *Settings) check(w limits.Windows) error {
	if len(s.Limits) == 0 { // a forecast has no time for the nothing below
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
		return bad("Patched", h.Patched, "want either that or Limits[tcp-half-open]")
	}
	if h.EnableConnectionRateLimiting || h.Patched.IsKnown() {
		rule, err := limits.Lookup(w, limits.TCPHalfOpen)
		if err != nil {
			return fmt.Errorf("simulate: HalfOpen: %w", err)
		}
		limited, reads := rule.RateLimited()
		if h.EnableConnectionRateLimiting && !reads {
			return bad(limits.RateLimitingValue, true,
				"this edition does not read the value, which came with Vista SP2 and Server 2008 SP2 and is not known later than Windows 7")
		}
		if h.EnableConnectionRateLimiting {
			rule = limited
		}
		patch, patchable := rule.PatchRange()
		switch {
		case !h.Patched.IsKnown():
		case !patchable && reads:
			return bad("Patched", h.Patched, "there is no limit in force to patch; set "+limits.RateLimitingValue)
		case !patchable:
			return bad("Patched", h.Patched, "there is no limit to patch: "+rule.String())
		case !patch.Value.Holds(h.Patched):
			return bad("Patched", h.Patched, fmt.Sprintf("the limit has %d bits in the tcpip.sys of this edition; want %v", 8*patch.Value.Bytes, patch.Value))
		}
	}
	switch n := h.MaxConnectRetransmissions; {
	case n != nil && (*n < 0 || *n > limits.MaxConnectRetransmissions):
		return bad("MaxConnectRetransmissions", *n, "want 0 to 255")
	case h.InitialRTT < 0 || h.InitialRTT > limits.MaxInitialRTT:
		return bad("InitialRTT", h.InitialRTT, "want 0 to 65535 s")
	case !(h.ReleaseRate >= 0 && h.ReleaseRate <= 1e6):
		return bad("ReleaseRate", h.ReleaseRate, "want 0 to 1000000 a second")
	case h.ReleaseRate > 0 && h.ReleaseRate < 1e-6:
		return bad("ReleaseRate", h.ReleaseRate, "want 0, or one in a million seconds at least")
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
// error. What the JSON does not name keeps its value.
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
// error. What the JSON does not name keeps its value.
func (h *HalfOpenSettings) UnmarshalJSON(b []byte) error {
	t := halfOpenJSON{(*halfOpenFields)(h), jsontime.Duration(h.InitialRTT), jsontime.Duration(h.EventInterval)}
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("simulate: half-open settings: %w", err)
	}
	h.InitialRTT, h.EventInterval = time.Duration(t.InitialRTT), time.Duration(t.EventInterval)
	return nil
}
