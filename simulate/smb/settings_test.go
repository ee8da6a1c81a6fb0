package smb_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
)

func TestSettings(t *testing.T) {
	h, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	for want, bad := range map[string]smb.Settings{
		`Settings.Count: Count(9): want one of ["session" `:         {Count: 9},
		"cannot be combined with CountComputerUsers":                {Count: smb.CountComputerUsers, RefuseFirst: true},
		"Settings.MaxPending: -1: want 0, which is 1024, or more":   {MaxPending: -1},
		"Settings.NegotiateTimeout: -1ns: want 0, which is 30s, or": {NegotiateTimeout: -1},
		"Settings.SessionTimeout: -1ns: want 0, which is 2m0s, or":  {SessionTimeout: -1},
		`Settings.ServerName: "A\r\nIdle session time`:              {ServerName: "A\r\nIdle session time (min)  99"},
		`Settings.ServerName: "\x1b[2J": want at most 255 bytes of`: {ServerName: "\x1b[2J"},
		`Settings.ServerName: "\\\\OFFICE": want`:                   {ServerName: `\\OFFICE`},
		`Settings.ServerName: "\xff": want`:                         {ServerName: "\xff"},
		`Settings.ServerName: "xxxxxxxx`:                            {ServerName: strings.Repeat("x", 1e6)},
	} {
		_, err := smb.NewProxy(h, smb.Backend("x"), &bad)
		require.ErrorContains(t, err, want)
		assert.True(t, strings.HasPrefix(err.Error(), "smb: "), "%v", err)
		assert.Less(t, len(err.Error()), 300)
	}
	_, err = smb.NewProxy(h, nil, nil)
	assert.ErrorContains(t, err, `smb: backend is nil; want smb.Backend("host:445")`)
	_, err = smb.NewProxy(h, smb.Backend("x"), nil)
	assert.NoError(t, err)
	require.NoError(t, h.Close())
}

func TestSettingsJSON(t *testing.T) {
	s := smb.Settings{
		Count: smb.CountComputers, RefuseFirst: true, AutoDisconnect: true, ServerName: "OFFICE", MaxPending: 7,
		NegotiateTimeout: 5 * time.Second, SessionTimeout: time.Minute, Logger: slog.Default(),
	}
	b, err := json.Marshal(s)
	require.NoError(t, err)
	assert.JSONEq(t, `{"count":"computer","refuseFirst":true,"autoDisconnect":true,"serverName":"OFFICE","maxPending":7,
		"negotiateTimeout":"5s","sessionTimeout":"1m0s"}`, string(b))
	var got smb.Settings
	require.NoError(t, json.Unmarshal(b, &got))
	s.Logger = nil
	assert.Equal(t, s, got)
	b, err = json.Marshal(smb.Settings{})
	require.NoError(t, err)
	assert.JSONEq(t, `{}`, string(b))
	for bad, want := range map[string]string{
		`{"limit": 3}`:                 `smb: settings: limit: no such field; want one of `,
		`{"sessionTimeout": 3}`:        "smb: settings: ",
		`{"sessionTimeout": "3"}`:      `time "3": want a number and a unit`,
		`{"count": "share"}`:           `cannot count by "share"; want one of ["session"`,
		`{"backend": "192.0.2.1:445"}`: `smb: settings: backend: no such field`,
	} {
		assert.ErrorContains(t, json.Unmarshal([]byte(bad), &got), want)
	}
}

func TestCountText(t *testing.T) {
	for c, name := range map[smb.Count]string{
		smb.CountSessions: "session", smb.CountComputerUsers: "computer-user", smb.CountComputers: "computer",
	} {
		var got smb.Count
		require.NoError(t, got.UnmarshalText([]byte(name)))
		assert.Equal(t, c, got)
		text, err := got.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, name, string(text))
		assert.Equal(t, name, got.String())
	}
	var c smb.Count
	assert.Error(t, c.UnmarshalText([]byte("share")))
	_, err := smb.Count(9).MarshalText()
	assert.Error(t, err)
	assert.Equal(t, "Count(9)", smb.Count(9).String())
}
