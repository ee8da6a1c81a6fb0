package smb

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// Count is what a Proxy counts against the limit. The zero value is CountSessions,
// which is what most callers want. Microsoft's articles speak of sessions from other
// computers (kb122920).
type Count uint8

// The values of Count.
const (
	// CountSessions counts every session: a SessionId of SMB2 or later, and a UID on
	// its connection over SMB1. A program that opens a session for each thread takes
	// a slot for each (smbprotocol-231), and null sessions, which are anonymous
	// log-ons, take a slot each (kb328459).
	CountSessions Count = iota
	// CountComputerUsers counts the pairs of client address and user: all sessions of
	// one user on one computer share a slot. So a client that opens many sessions
	// counts like a Windows client, which has one for all that a user does. A session
	// whose user name cannot be seen takes a slot of its own. Such are null sessions,
	// sessions of Kerberos, and those of SMB1 without extended security.
	CountComputerUsers
	// CountComputers counts client addresses: all sessions of one computer share a
	// slot.
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

// MarshalText returns what String does. A value that is none of the constants is an
// error.
func (c Count) MarshalText() ([]byte, error) {
	if int(c) >= len(countNames) {
		return nil, fmt.Errorf("smb: %v has no name; want one of %q", c, countNames)
	}
	return []byte(countNames[c]), nil
}

// UnmarshalText reads what MarshalText returns.
func (c *Count) UnmarshalText(text []byte) error {
	for i, name := range countNames {
		if name == string(text) {
			*c = Count(i)
			return nil
		}
	}
	return fmt.Errorf("smb: cannot count by %.100q; want one of %q", text, countNames)
}

// Settings are the settings of a Proxy. The zero value is ready for use: it counts
// sessions, refuses in the last reply of a session setup and keeps idle sessions. In
// JSON times are text, such as "30s".
type Settings struct {
	// Count is what takes a slot. The default is CountSessions.
	Count Count `json:"count,omitzero"`
	// RefuseFirst refuses in the first reply of a session setup, before the client
	// has sent its password. A session that is being set up then holds a slot
	// already. RefuseFirst cannot be combined with CountComputerUsers, as the user is
	// not known so early.
	//
	// The default is to refuse in the last reply, when the file server has accepted
	// the password. There Windows 11 was seen to refuse. For older releases it is an
	// assumption.
	RefuseFirst bool `json:"refuseFirst,omitzero"`

	// AutoDisconnect ends the sessions that have been idle for the time that
	// "net config server" shows: 15 minutes unless changed (kb122920, ms-srvs). The
	// package comment says when a session is idle. The default is to keep idle
	// sessions, as Windows 11 was seen to do for hours.
	//
	// It is a state of the machine. If one proxy sets it, it is on for all proxies
	// of the host, as it is after the administrator's "net config server
	// /autodisconnect:N".
	AutoDisconnect bool `json:"autoDisconnect,omitzero"`

	// ServerName is the name of the machine that "net config server" shows, without
	// backslashes: at most 255 bytes of printable characters. The default is
	// WINLIMITS. A machine has one name: proxies of one host that set it have to
	// agree.
	ServerName string `json:"serverName,omitzero"`

	// MaxPending bounds the connections without a session: those that have set up
	// none yet, and those whose last one has ended. When there is one more, the proxy
	// closes the one that has been without a session for the longest time. The
	// default is 1024.
	//
	// The sessions of a connection, refused ones included, are bounded too, and not
	// by a setting: a connection with more than 2048 is closed (ms-srvs).
	MaxPending int `json:"maxPending,omitzero"`
	// NegotiateTimeout is how long a connection may take to agree on a dialect, and
	// how long the part of a message that the proxy looks at may take to arrive. The
	// default is 30 s (ms-cifs).
	NegotiateTimeout time.Duration `json:"negotiateTimeout,omitzero"`
	// SessionTimeout is how long a connection may be without a session, and how long
	// the setup of a session may take. The default is 2 minutes (ms-cifs).
	SessionTimeout time.Duration `json:"sessionTimeout,omitzero"`

	// OnSession, if set, is called for each session that is admitted, is refused or
	// has ended. Where sessions share a slot, it hears of each of them, and the
	// observers of the host hear of the slot. It must not block. Several goroutines
	// may call it at once.
	OnSession func(SessionEvent) `json:"-"`
	// Logger, if set, gets debug messages that say why connections and sessions end.
	Logger *slog.Logger `json:"-"`
}

// SessionEvent says that a session was admitted, was refused or has ended.
type SessionEvent struct {
	// Kind is simulate.Decided for a session that was admitted or refused, and
	// simulate.Released for one that was admitted and has ended.
	Kind simulate.EventKind
	// Outcome is simulate.Admitted or simulate.Refused if Kind is simulate.Decided;
	// otherwise it has no meaning.
	Outcome simulate.Outcome
	// Computer and User are as in Session.
	Computer, User string
}

// Defaults of Settings.
const (
	defaultServerName = "WINLIMITS"
	defaultMaxPending = 1024
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
		return bad("RefuseFirst", s.RefuseFirst, "cannot be combined with CountComputerUsers: the first leg of a session setup names no user")
	case len(s.ServerName) > maxServerName, strings.ContainsFunc(s.ServerName, func(r rune) bool { return !printable(r) }):
		return bad("ServerName", fmt.Sprintf("%.100q", s.ServerName),
			fmt.Sprintf("want at most %d bytes of printable characters without a backslash, or none for %s", maxServerName, defaultServerName))
	case s.MaxPending < 0:
		return bad("MaxPending", s.MaxPending, fmt.Sprintf("want 0, which is %d, or more", defaultMaxPending))
	case s.NegotiateTimeout < 0:
		return bad("NegotiateTimeout", s.NegotiateTimeout, fmt.Sprintf("want 0, which is %v, or more", limits.SMBNegotiateTimeout().Value))
	case s.SessionTimeout < 0:
		return bad("SessionTimeout", s.SessionTimeout, fmt.Sprintf("want 0, which is %v, or more", limits.SMBSessionTimeout().Value))
	}
	return nil
}

// setDefaults fills in what is not set. The ServerName stays empty, as another proxy of
// the host may set it.
func (s *Settings) setDefaults() {
	if s.MaxPending == 0 {
		s.MaxPending = defaultMaxPending
	}
	if s.NegotiateTimeout == 0 {
		s.NegotiateTimeout = limits.SMBNegotiateTimeout().Value
	}
	if s.SessionTimeout == 0 {
		s.SessionTimeout = limits.SMBSessionTimeout().Value
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

// MarshalJSON writes the settings that are not zero, with times as text. OnSession and
// Logger are left out.
func (s Settings) MarshalJSON() ([]byte, error) { return json.Marshal(s.shadow()) }

// UnmarshalJSON reads what MarshalJSON writes. A setting that the JSON does not name
// keeps its value. A name that is no setting is an error.
func (s *Settings) UnmarshalJSON(b []byte) error {
	t := s.shadow()
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("smb: settings: %w", err)
	}
	s.NegotiateTimeout, s.SessionTimeout = time.Duration(t.NegotiateTimeout), time.Duration(t.SessionTimeout)
	return nil
}
