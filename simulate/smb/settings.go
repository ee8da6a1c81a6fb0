package smb

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/simulate/internal/jsontime"

	"github.com/winlimits/winlimits/simulate"
)

// Count is what a Proxy counts against the limit.
type Count uint8

// What can be counted. Microsoft's articles speak of sessions from other
// computers, and null sessions count one by one (kb122920, kb328459).
const (
	// CountSessions counts every session: a log-on over SMB2 or later that has
	// a SessionId of its own, over SMB1 a UID on its connection. Programs that
	// open one session for each thread use up one slot for each
	// (smbprotocol-231).
	CountSessions Count = iota
	// CountComputerUsers counts the pairs of client address and user, as
	// Windows clients look from outside, which share one session for all that a
	// user does. Sessions whose user name cannot be seen count one by one: null
	// sessions, Kerberos, and SMB1 without extended security.
	CountComputerUsers
	// CountComputers counts client addresses.
	CountComputers
)

var countNames = [...]string{"session", "computer-user", "computer"}

// String returns "session", "computer-user" or "computer".
func (c Count) String() string {
	if int(c) < len(countNames) {
		return countNames[c]
	}
	return fmt.Sprintf("Count(%d)", uint8(c))
}

// MarshalText returns the String form; a value that is not declared is an
// error.
func (c Count) MarshalText() ([]byte, error) {
	if int(c) >= len(countNames) {
		return nil, fmt.Errorf("smb: %d is no Count", uint8(c))
	}
	return []byte(countNames[c]), nil
}

// UnmarshalText accepts the String forms.
func (c *Count) UnmarshalText(text []byte) error {
	for i, name := range countNames {
		if name == string(text) {
			*c = Count(i)
			return nil
		}
	}
	return fmt.Errorf("smb: cannot count by %.100q; want one of %q", text, countNames)
}

// Settings are the settings of a Proxy. The zero value is ready for use. Times
// are text in JSON.
type Settings struct {
	// Count is what takes a slot; the default is every session.
	Count Count `json:"count,omitzero"`
	// RefuseFirst refuses in the first reply of a session setup, before the
	// client has sent its password. The default is the final one, after the
	// file server has accepted the password, which is where Windows 11 was seen
	// to refuse; for older releases it is an assumption. A session that is
	// being set up then holds its slot already. RefuseFirst cannot be combined
	// with CountComputerUsers: the user is not known so early.
	RefuseFirst bool `json:"refuseFirst,omitzero"`

	// AutoDisconnect ends sessions that have been idle for the time that
	// "net config server" shows, 15 minutes unless changed (kb122920, ms-srvs).
	// It is off by default, as Windows 11 keeps idle sessions for hours. It is a
	// state of the machine: one proxy that sets it turns it on for all of the
	// host, and so does the administrator's "net config server
	// /autodisconnect:N". The package comment says what counts as idle.
	AutoDisconnect bool `json:"autoDisconnect,omitzero"`

	// ServerName is the name that "net config server" shows, without
	// backslashes. The default is WINLIMITS. A machine has one name: proxies of
	// one host that name it must agree.
	ServerName string `json:"serverName,omitzero"`

	// MaxPending bounds the connections that have no session, because they
	// have not set one up yet or it has ended. When one more comes, the one
	// that has been so for the longest time is closed. The default is 1024. Not
	// to be set is the number of sessions that a connection may collect, refused
	// ones among them: one with more than 2048 is closed (ms-srvs).
	MaxPending int `json:"maxPending,omitzero"`
	// NegotiateTimeout is how long a connection may take to agree on a dialect,
	// and how long the beginning of a message may stay incomplete. The default
	// is 30 s (ms-cifs).
	NegotiateTimeout time.Duration `json:"negotiateTimeout,omitzero"`
	// SessionTimeout is how long a connection may be without a session, and how
	// long the setup of one may take. The default is 2 minutes (ms-cifs).
	SessionTimeout time.Duration `json:"sessionTimeout,omitzero"`

	// OnSession, if set, is called for each session that is admitted, refused or
	// over, also where several share a slot, which the host's observers hear of
	// as one. It must not block, and may be called from several goroutines at
	// once.
	OnSession func(SessionEvent) `json:"-"`
	// Logger, if set, is told at debug level why connections end and sessions
	// come and go.
	Logger *slog.Logger `json:"-"`
}

// SessionEvent is what has become of one session.
type SessionEvent struct {
	// Kind is simulate.Decided with an Outcome, Admitted or Refused, or
	// simulate.Released for a session that was admitted and is over.
	Kind    simulate.EventKind
	Outcome simulate.Outcome
	// Computer and User are those of Session.
	Computer, User string
}

// Defaults of Settings.
const (
	defaultServerName       = "WINLIMITS"
	defaultMaxPending       = 1024
	defaultNegotiateTimeout = 30 * time.Second
	defaultSessionTimeout   = 2 * time.Minute
)

// maxServerName bounds a ServerName in bytes: the longest name that DNS has for
// a computer.
const maxServerName = 255

// check returns an error that names the first setting that makes no sense.
func (s *Settings) check() error {
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("smb: Settings.%s: %v: %s", name, value, want)
	}
	printable := func(r rune) bool { return unicode.IsPrint(r) && r != '\\' && r != unicode.ReplacementChar }
	switch {
	case int(s.Count) >= len(countNames):
		return bad("Count", s.Count, fmt.Sprintf("want one of %q", countNames))
	case s.RefuseFirst && s.Count == CountComputerUsers:
		return bad("RefuseFirst", s.RefuseFirst, "does not go with CountComputerUsers, as the first leg of a session setup names no user")
	case len(s.ServerName) > maxServerName, strings.ContainsFunc(s.ServerName, func(r rune) bool { return !printable(r) }):
		return bad("ServerName", fmt.Sprintf("%.100q", s.ServerName),
			fmt.Sprintf("want at most %d bytes of printable characters without a backslash, or none for %s", maxServerName, defaultServerName))
	case s.MaxPending < 0:
		return bad("MaxPending", s.MaxPending, fmt.Sprintf("want 0, which is %d, or more", defaultMaxPending))
	case s.NegotiateTimeout < 0:
		return bad("NegotiateTimeout", s.NegotiateTimeout, fmt.Sprintf("want 0, which is %v, or more", defaultNegotiateTimeout))
	case s.SessionTimeout < 0:
		return bad("SessionTimeout", s.SessionTimeout, fmt.Sprintf("want 0, which is %v, or more", defaultSessionTimeout))
	}
	return nil
}

// setDefaults fills in what is not set, but for the ServerName, which another
// proxy of the host may set.
func (s *Settings) setDefaults() {
	if s.MaxPending == 0 {
		s.MaxPending = defaultMaxPending
	}
	if s.NegotiateTimeout == 0 {
		s.NegotiateTimeout = defaultNegotiateTimeout
	}
	if s.SessionTimeout == 0 {
		s.SessionTimeout = defaultSessionTimeout
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
}

// settingsJSON is Settings with its times as text.
type settingsJSON struct {
	*settingsFields
	NegotiateTimeout jsontime.Duration `json:"negotiateTimeout,omitzero"`
	SessionTimeout   jsontime.Duration `json:"sessionTimeout,omitzero"`
}

type settingsFields Settings

func (s *Settings) shadow() settingsJSON {
	return settingsJSON{(*settingsFields)(s), jsontime.Duration(s.NegotiateTimeout), jsontime.Duration(s.SessionTimeout)}
}

// MarshalJSON writes the settings that are set, with times as text.
func (s Settings) MarshalJSON() ([]byte, error) { return json.Marshal(s.shadow()) }

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error. What the JSON does not name keeps its value.
func (s *Settings) UnmarshalJSON(b []byte) error {
	t := s.shadow()
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("smb: settings: %w", err)
	}
	s.NegotiateTimeout, s.SessionTimeout = time.Duration(t.NegotiateTimeout), time.Duration(t.SessionTimeout)
	return nil
}
