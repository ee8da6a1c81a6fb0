package iis_test

import (
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

func TestAdsutil(t *testing.T) {
	h := hostOf(t, xpPro, nil)
	for _, step := range []struct{ line, want string }{
		{"adsutil get w3svc/MaxConnections", "MaxConnections                  : (INTEGER) 10\r\n"},
		{"adsutil set w3svc/MaxConnections 40", "MaxConnections : (INTEGER) 40\r\n"},
		{"adsutil.vbs get W3SVC/1/maxconnections", "maxconnections                  : (INTEGER) 40\r\n"},
		{"ADSUTIL set w3svc/AllowKeepAlive false", "AllowKeepAlive : (BOOLEAN) False\r\n"},
		{"adsutil set w3svc/ConnectionTimeout 60", "ConnectionTimeout : (INTEGER) 60\r\n"},
		{"adsutil get w3svc/ServerListenBacklog", "ServerListenBacklog             : (INTEGER) 40\r\n"},
		{"adsutil enum w3svc", "KeyType                         : (STRING) \"IIsWebService\"\r\n" +
			"MaxConnections                  : (INTEGER) 40\r\n" +
			"AllowKeepAlive                  : (BOOLEAN) False\r\n" +
			"ConnectionTimeout               : (INTEGER) 60\r\n" +
			"ServerListenBacklog             : (INTEGER) 40\r\n"},
		{`cscript //nologo C:\Inetpub\AdminScripts\adsutil.vbs get w3svc/MaxConnections`, "MaxConnections                  : (INTEGER) 40\r\n"},
		{`cscript.exe adsutil.vbs get w3svc/MaxConnections`, "Microsoft (R) Windows Script Host Version 5.1 for Windows\r\n" +
			"Copyright (C) Microsoft Corporation 1996-1999. All rights reserved.\r\n\r\n" +
			"MaxConnections                  : (INTEGER) 40\r\n"},
	} {
		got, err := h.Console(step.line)
		require.NoError(t, err, step.line)
		assert.Equal(t, step.want, got, step.line)
	}
	g, err := h.Gate(limits.IIS)
	require.NoError(t, err)
	assert.Equal(t, limits.Number(40), g.Limit())
}

func TestAdsutilErrors(t *testing.T) {
	h := hostOf(t, xpPro, nil)
	for line, want := range map[string]string{
		"format c:":                               "not a command of this machine",
		"cscript":                                 "not a command of this machine",
		"adsutil":                                 "want get w3svc/PROPERTY",
		"adsutil get":                             "want w3svc/PROPERTY",
		"adsutil delete w3svc/1":                  "want get w3svc/PROPERTY",
		"adsutil get w3svc/1/2/MaxConnections":    "want w3svc/PROPERTY or w3svc/1/PROPERTY",
		"adsutil get w3svc/Nonsense":              "want one of MaxConnections",
		"adsutil set w3svc/MaxConnections 41":     "accepts 1 to 40",
		"adsutil set w3svc/MaxConnections 0":      "accepts 1 to 40",
		"adsutil set w3svc/MaxConnections forty":  "want a whole number",
		"adsutil set w3svc/AllowKeepAlive often":  "want true or false",
		"adsutil set w3svc/ConnectionTimeout -1":  "want 1 to 2147483647",
		"adsutil set w3svc/ServerListenBacklog 5": "cannot be set",
	} {
		out, err := h.Console(line)
		assert.ErrorContains(t, err, want, line)
		assert.Empty(t, out, line)
	}
	_, err := hostOf(t, win7, nil).Console("adsutil get w3svc/MaxConnections")
	assert.ErrorContains(t, err, "IIS 7.5, which has no metabase")
	nt4 := limits.Windows{Edition: limits.NT40Workstation, ServicePack: 6}
	_, err = hostOf(t, nt4, nil).Console("adsutil set w3svc/MaxConnections 40")
	assert.ErrorContains(t, err, "IIS 3.0, which has no metabase")
	assert.ErrorContains(t, err, "the setting MaxConnections of the service; the highest that it takes is 40")
	_, err = hostOf(t, nt4, &simulate.Settings{MaxConnections: 40}).Gate(limits.IIS)
	assert.NoError(t, err, "the setting itself is older than the metabase")
	bare, err := simulate.New(xpPro, nil)
	require.NoError(t, err)
	_, err = bare.Console("adsutil get w3svc/MaxConnections")
	assert.ErrorIs(t, err, simulate.ErrCommand, "no web server was made")
}

// What adsutil sets holds for all servers of the machine.
func TestAdsutilSetsTheMachine(t *testing.T) {
	s := startWeb(t, "http", xpPro, nil, http.NotFoundHandler())
	assert.False(t, ask(t, s.dial(t)).Close)
	second := &http.Server{Handler: http.NotFoundHandler()}
	_, err := s.host.Console("adsutil set w3svc/AllowKeepAlive false")
	require.NoError(t, err)
	_, err = s.host.Console("adsutil set w3svc/ConnectionTimeout 7")
	require.NoError(t, err)
	addr, _, _ := serveKind(t, s.web, second, "http")
	for _, c := range []net.Conn{s.dial(t), dial(t, addr)} {
		assert.True(t, ask(t, c).Close)
	}
	assert.Equal(t, 300*time.Second, s.srv.IdleTimeout, "it served before")
	assert.Equal(t, 7*time.Second, second.IdleTimeout)
}

func TestAdsutilOnServers(t *testing.T) {
	h := hostOf(t, limits.Windows{Edition: limits.Server2003Standard}, nil)
	for _, step := range []struct{ line, want string }{
		{"adsutil get w3svc/MaxConnections", "MaxConnections                  : (INTEGER) 4294967295\r\n"},
		{"adsutil set w3svc/MaxConnections 100", "MaxConnections : (INTEGER) 100\r\n"},
		{"adsutil set w3svc/MaxConnections 4294967295", "MaxConnections : (INTEGER) 4294967295\r\n"},
	} {
		got, err := h.Console(step.line)
		require.NoError(t, err, step.line)
		assert.Equal(t, step.want, got)
	}
}

func FuzzAdsutil(f *testing.F) {
	f.Add("adsutil set w3svc/MaxConnections 40")
	f.Add(`cscript //nologo x\adsutil.vbs enum w3svc/1`)
	h := hostOf(f, xpPro, nil)
	f.Fuzz(func(t *testing.T, line string) {
		out, err := h.Console(line)
		if strings.TrimSpace(line) != "" {
			assert.Equal(t, err == nil, out != "", "either an answer or an error")
		}
	})
}
