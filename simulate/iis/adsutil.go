package simulate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// adsutilBanner is what the script host of Windows 2000 prints before the
// script does (kb246068). Version and years differ by release; those of other
// releases are not recorded.
const adsutilBanner = "Microsoft (R) Windows Script Host Version 5.1 for Windows\r\n" +
	"Copyright (C) Microsoft Corporation 1996-1999. All rights reserved.\r\n\r\n"

// Adsutil runs a command line of adsutil.vbs, the script that administers IIS
// 4.0 to 6.0, on the host's web server, and returns what it prints. The line is
// what an administrator would type:
//
//	adsutil get w3svc/MaxConnections
//	adsutil set w3svc/MaxConnections 40
//	adsutil enum w3svc
//	cscript C:\Inetpub\AdminScripts\adsutil.vbs get w3svc/1/MaxConnections
//
// With cscript in front, and without its //nologo, the output begins with the
// banner of the script host, as on Windows 2000. The properties are
// MaxConnections, AllowKeepAlive, ConnectionTimeout (in seconds) and
// ServerListenBacklog, which can be read. A client edition has one web site, so
// w3svc and w3svc/1 are the same. The layout of the output is that of kb290391
// and kb238131.
//
// MaxConnections is in force at once and throws nobody out, AllowKeepAlive from
// the next request on, ConnectionTimeout for servers wrapped later. What
// Windows would not accept is an error that says why, and changes nothing.
func (h *Host) Adsutil(line string) (string, error) {
	args := strings.Fields(line)
	banner := ""
	if len(args) > 0 && isCommand(args[0], "cscript") {
		banner, args = adsutilBanner, args[1:]
		if len(args) > 0 && strings.EqualFold(args[0], "//nologo") {
			banner, args = "", args[1:]
		}
	}
	if len(args) < 2 || !isCommand(args[0], "adsutil") {
		return "", fmt.Errorf("simulate: %.200q is no adsutil command; want adsutil get|set|enum PATH [VALUE]", line)
	}
	g, err := h.metabase()
	if err != nil {
		return "", err
	}
	verb, path, values := strings.ToLower(args[1]), "", []string(nil)
	if len(args) > 2 {
		path, values = args[2], args[3:]
	}
	switch {
	case verb == "enum" && len(values) == 0 && isSite(path):
		return banner + h.enumMetabase(g), nil
	case verb == "get" && len(values) == 0:
		p, name, err := property(path)
		if err != nil {
			return "", err
		}
		return banner + fmt.Sprintf("%-32s: %s\r\n", name, p.get(h, g)), nil
	case verb == "set" && len(values) == 1:
		p, name, err := property(path)
		if err != nil {
			return "", err
		}
		if err := p.set(h, g, values[0]); err != nil {
			return "", err
		}
		return banner + fmt.Sprintf("%s : %s\r\n", name, p.get(h, g)), nil
	}
	return "", fmt.Errorf("simulate: %.200q: want get w3svc/PROPERTY, set w3svc/PROPERTY VALUE or enum w3svc", line)
}

// metabase returns the gate of the web server if that has a metabase.
func (h *Host) metabase() (*Gate, error) {
	g, err := h.Gate(limits.IIS)
	if err != nil {
		return nil, err
	}
	if v := iisVersion(h.windows.Edition); v >= 7 {
		return nil, fmt.Errorf("simulate: %v has IIS %.1f, which has no metabase for adsutil, and no setting that moves its limit: %v",
			h.windows, v, g.rule)
	}
	return g, nil
}

// isCommand reports whether arg, which may have a path and an extension, is the
// command.
func isCommand(arg, command string) bool {
	arg = arg[strings.LastIndexAny(arg, `\/`)+1:]
	arg, _, _ = strings.Cut(strings.ToLower(arg), ".")
	return arg == command
}

func isSite(path string) bool {
	return strings.EqualFold(path, "w3svc") || strings.EqualFold(path, "w3svc/1")
}

// A metabaseProperty can be read and, unless set says otherwise, written.
type metabaseProperty struct {
	name string
	get  func(*Host, *Gate) string
	set  func(*Host, *Gate, string) error
}

var metabaseProperties = [...]metabaseProperty{
	{"MaxConnections", getMaxConnections, setMaxConnections},
	{"AllowKeepAlive", getAllowKeepAlive, setAllowKeepAlive},
	{"ConnectionTimeout", getConnectionTimeout, setConnectionTimeout},
	{"ServerListenBacklog", getServerListenBacklog, setServerListenBacklog},
}

// property returns the property at the end of a path, and its name as typed.
func property(path string) (metabaseProperty, string, error) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 || !isSite(path[:i]) {
		return metabaseProperty{}, "", fmt.Errorf("simulate: path %.100q: want w3svc/PROPERTY or w3svc/1/PROPERTY", path)
	}
	name := path[i+1:]
	names := make([]string, 0, len(metabaseProperties))
	for _, p := range metabaseProperties {
		if strings.EqualFold(p.name, name) {
			return p, name, nil
		}
		names = append(names, p.name)
	}
	return metabaseProperty{}, "", fmt.Errorf("simulate: unknown property %.100q; want one of %s", name, strings.Join(names, ", "))
}

func (h *Host) enumMetabase(g *Gate) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s: (STRING) %q\r\n", "KeyType", "IIsWebService")
	for _, p := range metabaseProperties {
		fmt.Fprintf(&b, "%-32s: %s\r\n", p.name, p.get(h, g))
	}
	return b.String()
}

func integer(n int64) string { return fmt.Sprintf("(INTEGER) %d", n) }

func getMaxConnections(_ *Host, g *Gate) string {
	if n, ok := g.Limit().Number(); ok {
		return integer(int64(n))
	}
	return integer(math.MaxUint32) // how servers spell unlimited (iisref-2000)
}

func setMaxConnections(h *Host, g *Gate, value string) error {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return fmt.Errorf("simulate: MaxConnections %.50q: want a whole number", value)
	}
	switch {
	case n == math.MaxUint32 && g.ceiling == unlimited:
		g.admission.move(unlimited)
		g.changed(Event{Kind: LimitChanged})
		return nil
	case n < 1 || n > math.MaxInt32 || !g.Ceiling().Holds(int(n)):
		return fmt.Errorf("simulate: MaxConnections %d: %v accepts 1 to %v: %v", n, h.windows, g.Ceiling(), g.rule)
	}
	return g.SetLimit(int(n))
}

func getAllowKeepAlive(h *Host, _ *Gate) string {
	if h.noKeepAlive.Load() {
		return "(BOOLEAN) False"
	}
	return "(BOOLEAN) True"
}

func setAllowKeepAlive(h *Host, _ *Gate, value string) error {
	allow, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return fmt.Errorf("simulate: AllowKeepAlive %.50q: want true or false", value)
	}
	h.noKeepAlive.Store(!allow)
	return nil
}

func getConnectionTimeout(h *Host, _ *Gate) string {
	return integer(int64(h.connectionTimeout() / time.Second))
}

func setConnectionTimeout(h *Host, _ *Gate, value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("simulate: ConnectionTimeout %.50q: want 1 to 2147483647 seconds", value)
	}
	h.idleTimeout.Store(int64(time.Duration(n) * time.Second))
	return nil
}

// The default is that of ms-cc739048; kb229814 and kb235461 give 200.
func getServerListenBacklog(*Host, *Gate) string { return integer(40) }

func setServerListenBacklog(*Host, *Gate, string) error {
	return fmt.Errorf("simulate: ServerListenBacklog cannot be set here: the backlog is the listener's own, and does not soften the limit (kb229814)")
}
