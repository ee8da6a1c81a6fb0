package iis

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/text"
)

// adsutil runs a command line of adsutil.vbs, the script that administers IIS 4.0
// to 6.0. known is false if the line is another command.
func (s *Server) adsutil(line string) (output string, known bool, err error) {
	args := strings.Fields(line)
	banner := ""
	if len(args) > 0 && isCommand(args[0], "cscript") {
		banner, args = s.host.Windows().Edition.ScriptHostBanner().Value, args[1:]
		if len(args) > 0 && strings.EqualFold(args[0], "//nologo") {
			banner, args = "", args[1:]
		}
	}
	if len(args) == 0 || !isCommand(args[0], "adsutil") {
		return "", false, nil
	}
	output, err = s.metabase(args[1:])
	if err != nil {
		return "", true, err
	}
	return banner + output, true, nil
}

// metabase runs adsutil with arguments.
func (s *Server) metabase(args []string) (string, error) {
	if v := s.host.Windows().Edition.IISVersion().Value; !v.HasMetabase().Value {
		rule := s.gate.Policy().Rule
		return "", fmt.Errorf("iis: %v has IIS %v, which has no metabase for adsutil. What changes its limit: %s %v",
			s.host.Windows(), v, rule.Change(), rule)
	}
	verb, path, values := "", "", []string(nil)
	if len(args) > 0 {
		verb = strings.ToLower(args[0])
	}
	if len(args) > 1 {
		path, values = args[1], args[2:]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case verb == "enum" && len(values) == 0 && isSite(path):
		return s.enum(), nil
	case verb == "get" && len(values) == 0:
		p, name, err := propertyOf(path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%-32s: %s\r\n", name, p.get(s)), nil
	case verb == "set" && len(values) == 1:
		p, name, err := propertyOf(path)
		if err != nil {
			return "", err
		}
		if err := p.set(s, values[0]); err != nil {
			return "", err
		}
		return fmt.Sprintf("%s : %s\r\n", name, p.get(s)), nil
	}
	return "", fmt.Errorf("iis: adsutil %s: want get w3svc/PROPERTY, set w3svc/PROPERTY VALUE or enum w3svc", text.Quote(strings.Join(args, " "), 100))
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

// A property can be read and, unless set says otherwise, written. The server is
// locked while get and set run.
type property struct {
	name string
	get  func(*Server) string
	set  func(*Server, string) error
}

var properties = [...]property{
	{"MaxConnections", (*Server).maxConnections, (*Server).setMaxConnections},
	{"AllowKeepAlive", (*Server).allowKeepAlive, (*Server).setAllowKeepAlive},
	{"ConnectionTimeout", (*Server).connectionTimeout, (*Server).setConnectionTimeout},
	{"ServerListenBacklog", (*Server).serverListenBacklog, (*Server).setServerListenBacklog},
}

// propertyOf returns the property at the end of a path, and its name as typed.
func propertyOf(path string) (property, string, error) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 || !isSite(path[:i]) {
		return property{}, "", fmt.Errorf("iis: path %s: want w3svc/PROPERTY or w3svc/1/PROPERTY", text.Quote(path, 100))
	}
	name := path[i+1:]
	names := make([]string, 0, len(properties))
	for _, p := range properties {
		if strings.EqualFold(p.name, name) {
			return p, name, nil
		}
		names = append(names, p.name)
	}
	return property{}, "", fmt.Errorf("iis: unknown property %s; want one of %s", text.Quote(name, 100), strings.Join(names, ", "))
}

func (s *Server) enum() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-32s: (STRING) %q\r\n", "KeyType", "IIsWebService")
	for _, p := range properties {
		fmt.Fprintf(&b, "%-32s: %s\r\n", p.name, p.get(s))
	}
	return b.String()
}

func integer(n int64) string { return fmt.Sprintf("(INTEGER) %d", n) }

func (s *Server) maxConnections() string {
	if n, ok := s.gate.Limit().Number(); ok {
		return integer(int64(n))
	}
	return integer(math.MaxUint32) // how servers spell unlimited (iisref-2000)
}

func (s *Server) setMaxConnections(value string) error {
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		return fmt.Errorf("iis: MaxConnections %s: want a whole number", text.Quote(value, 100))
	}
	policy := s.gate.Policy()
	switch {
	case n == math.MaxUint32 && policy.Ceiling.IsUnlimited():
		return s.gate.SetLimit(limits.Unlimited())
	case n < 1 || n > math.MaxInt32 || !policy.Ceiling.Holds(int(n)):
		return fmt.Errorf("iis: MaxConnections %d: %v accepts 1 to %v: %v", n, s.host.Windows(), policy.Ceiling, policy.Rule)
	}
	return s.gate.SetLimit(limits.Number(int(n)))
}

// apply puts other settings of the machine in force.
func (s *Server) apply(settings simulate.Settings) error {
	host, err := simulate.New(s.host.Windows(), &settings)
	if err != nil {
		return err
	}
	policy, err := host.Policy(limits.IIS)
	if err != nil {
		return err
	}
	s.settings = settings
	s.policy.Store(&policy)
	return nil
}

func (s *Server) allowKeepAlive() string {
	if allow := s.settings.AllowKeepAlive; allow != nil && !*allow {
		return "(BOOLEAN) False"
	}
	return "(BOOLEAN) True"
}

func (s *Server) setAllowKeepAlive(value string) error {
	allow, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		return fmt.Errorf("iis: AllowKeepAlive %s: want true or false", text.Quote(value, 100))
	}
	settings := s.settings
	settings.AllowKeepAlive = &allow
	return s.apply(settings)
}

func (s *Server) connectionTimeout() string {
	return integer(int64(s.policy.Load().IdleTimeout / time.Second))
}

func (s *Server) setConnectionTimeout(value string) error {
	n, err := strconv.ParseUint(value, 10, 31)
	if err != nil || n == 0 {
		return fmt.Errorf("iis: ConnectionTimeout %s: want 1 to 2147483647 seconds", text.Quote(value, 100))
	}
	settings := s.settings
	settings.ConnectionTimeout = time.Duration(n) * time.Second
	return s.apply(settings)
}

func (s *Server) serverListenBacklog() string {
	return integer(int64(limits.ServerListenBacklog().Value))
}

func (s *Server) setServerListenBacklog(string) error {
	return errors.New("iis: ServerListenBacklog cannot be set: the listener has its own backlog, which does not move the limit (kb229814); see tcp.NewBacklog")
}
