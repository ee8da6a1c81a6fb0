package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
)

// The bounds on what clients can make a lab keep.
const (
	maxBody           = 1 << 20
	maxHosts          = 100
	maxFronts         = 16   // of a machine
	maxConnections    = 4096 // of a front; it accepts no more until one ends
	maxAPIConnections = 2048
	maxStreams        = 100 // of events
	maxWaits          = 500 // requests that wait for a state
	maxEvents         = 1000
	maxBacklog        = 65535
	maxTimeout        = 10 * time.Minute
)

// hostConfig is a machine in JSON.
type hostConfig struct {
	Name     string            `json:"name"`
	Windows  limits.Windows    `json:"windows"`
	Settings simulate.Settings `json:"settings,omitzero"`
	Fronts   []frontConfig     `json:"fronts"`
}

// frontConfig is a front in JSON.
type frontConfig struct {
	Kind     string `json:"kind"`
	Listen   string `json:"listen"`
	Upstream string `json:"upstream,omitzero"`

	TLS bool `json:"tls,omitzero"` // iis

	Dir      string            `json:"dir,omitzero"` // smb
	Count    smb.Count         `json:"count,omitzero"`
	Refuse   string            `json:"refuse,omitzero"`
	Accounts map[string]string `json:"accounts,omitempty"`

	Service     limits.Service `json:"service,omitzero"` // tcp
	Backlog     *int           `json:"backlog,omitempty"`
	AcceptEvery duration       `json:"acceptEvery,omitzero"`

	Process       string   `json:"process,omitzero"` // socks5 and connect
	Timeout       duration `json:"timeout,omitzero"`
	OutboundPorts bool     `json:"outboundPorts,omitzero"`
}

// kinds has the fields that each kind of front takes besides kind and listen.
var kinds = map[string][]string{
	"iis":     {"upstream", "tls"},
	"smb":     {"upstream", "dir", "count", "refuse", "accounts"},
	"tcp":     {"upstream", "service", "backlog", "acceptEvery"},
	"socks5":  {"process", "timeout", "outboundPorts"},
	"connect": {"process", "timeout", "outboundPorts"},
}

// readConfig reads a list of machines.
func readConfig(data []byte) ([]hostConfig, error) {
	var list struct {
		Hosts []json.RawMessage `json:"hosts"`
	}
	if err := decode(data, &list); err != nil {
		return nil, err
	}
	if list.Hosts == nil {
		return nil, fmt.Errorf(`no "hosts": want {"hosts":[...]}, with a list that may be empty`)
	}
	if len(list.Hosts) > maxHosts {
		return nil, fmt.Errorf("%d hosts: want at most %d", len(list.Hosts), maxHosts)
	}
	hosts := make([]hostConfig, len(list.Hosts))
	for i, raw := range list.Hosts {
		h, err := readHost(raw)
		if err != nil {
			return nil, fmt.Errorf("hosts[%d]: %w", i, err)
		}
		if j := slices.IndexFunc(hosts[:i], func(o hostConfig) bool { return o.Name == h.Name }); j >= 0 {
			return nil, fmt.Errorf("hosts[%d]: hosts[%[3]d] has the name %[2]q too: want each name once", i, h.Name, j)
		}
		hosts[i] = h
	}
	return hosts, nil
}

var isName = regexp.MustCompile(`^[a-z0-9-]{1,63}$`).MatchString

// readHost reads one machine and checks all that it can without making it.
func readHost(data []byte) (hostConfig, error) {
	var raw struct {
		Name     string            `json:"name"`
		Windows  limits.Windows    `json:"windows"`
		Settings simulate.Settings `json:"settings"`
		Fronts   []json.RawMessage `json:"fronts"`
	}
	if err := decode(data, &raw); err != nil {
		return hostConfig{}, err
	}
	h := hostConfig{Name: raw.Name, Windows: raw.Windows, Settings: raw.Settings, Fronts: []frontConfig{}}
	switch {
	case !isName(h.Name):
		return h, fmt.Errorf("name %.100q: want 1 to 63 of a-z, 0-9 and hyphen", h.Name)
	case h.Windows == limits.Windows{}:
		return h, fmt.Errorf(`%s: no "windows": want a name such as "XP Pro SP3"`, h.Name)
	case len(raw.Fronts) > maxFronts:
		return h, fmt.Errorf("%s: %d fronts: want at most %d", h.Name, len(raw.Fronts), maxFronts)
	}
	for i, raw := range raw.Fronts {
		f, err := readFront(raw)
		if err != nil {
			return h, fmt.Errorf("%s: fronts[%d]: %w", h.Name, i, err)
		}
		h.Fronts = append(h.Fronts, f)
	}
	return h, nil
}

func readFront(data []byte) (frontConfig, error) {
	var f frontConfig
	if err := decode(data, &f); err != nil {
		return f, err
	}
	takes, ok := kinds[f.Kind]
	if !ok {
		return f, fmt.Errorf("kind %.100q: want one of %s", f.Kind, strings.Join(slices.Sorted(maps.Keys(kinds)), ", "))
	}
	// Whether a field is given is asked of the JSON, where it may have an empty value.
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return f, err
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if name != "kind" && name != "listen" && !slices.ContainsFunc(takes, func(t string) bool { return strings.EqualFold(t, name) }) {
			return f, fmt.Errorf("field %q: a front of kind %s takes kind, listen, %s", name, f.Kind, strings.Join(takes, ", "))
		}
	}
	if f.Listen == "" {
		f.Listen = "127.0.0.1:0"
	}
	return f, f.check()
}

// check looks at the fields that the kind of the front has.
func (f *frontConfig) check() error {
	switch f.Kind {
	case "iis":
		if f.Upstream != "" {
			u, err := url.Parse(f.Upstream)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
				return fmt.Errorf("upstream %.200q: want a URL such as http://127.0.0.1:8080", f.Upstream)
			}
		}
	case "smb":
		return f.checkSMB()
	case "tcp":
		if err := checkAddress("upstream", f.Upstream); err != nil {
			return err
		}
		if f.Service == limits.UnknownService {
			f.Service = limits.TCPOther
		}
		switch f.Service {
		case limits.FTP, limits.SMTP, limits.TCPOther:
		default:
			return fmt.Errorf("service %v: want ftp, smtp or tcp-other", f.Service)
		}
		if f.Backlog != nil && (*f.Backlog < -maxBacklog || *f.Backlog > maxBacklog) {
			return fmt.Errorf("backlog %d: want the number that the program passes to listen, from -%d to %[2]d", *f.Backlog, maxBacklog)
		}
		return checkTime("acceptEvery", f.AcceptEvery)
	case "socks5", "connect":
		if len(f.Process) > 100 {
			return fmt.Errorf("process %.100q...: want at most 100 bytes", f.Process)
		}
		return checkTime("timeout", f.Timeout)
	}
	return nil
}

func (f *frontConfig) checkSMB() error {
	if f.Upstream != "" {
		if err := checkAddress("upstream", f.Upstream); err != nil {
			return err
		}
	}
	switch {
	case f.Upstream != "" && f.Dir != "":
		return fmt.Errorf("upstream %.100q and dir %.100q: want at most one of them", f.Upstream, f.Dir)
	case f.Upstream != "" && f.Accounts != nil:
		return fmt.Errorf("accounts with upstream %.100q: want none, since that server has its own", f.Upstream)
	case f.Accounts != nil && len(f.Accounts) == 0:
		return fmt.Errorf("accounts {}: want at least one, or no field accounts, which makes every client a guest")
	case len(f.Accounts) > 100:
		return fmt.Errorf("%d accounts: want at most 100", len(f.Accounts))
	case f.Refuse != "" && f.Refuse != "final" && f.Refuse != "first":
		return fmt.Errorf("refuse %.100q: want final or first", f.Refuse)
	case f.Refuse == "first" && f.Count == smb.CountComputerUsers:
		return fmt.Errorf(`refuse "first" with count "computer-user": want "final", since the first message of a log-on does not name the user`)
	}
	return nil
}

func checkAddress(field, address string) error {
	host, port, err := net.SplitHostPort(address)
	if n, portErr := net.LookupPort("tcp", port); err != nil || portErr != nil || n == 0 || host == "" {
		return fmt.Errorf("%s %.200q: want host:port, such as 127.0.0.1:21", field, address)
	}
	return nil
}

func checkTime(field string, d duration) error {
	if time.Duration(d) > maxTimeout {
		return fmt.Errorf("%s %v: want 0s to %v", field, time.Duration(d), maxTimeout)
	}
	return nil
}

// same reports whether the machine is already as h wants it. A front may have the
// address that was asked for or the one that it has got.
func (h hostConfig) same(m *machine) bool {
	if len(h.Fronts) != len(m.fronts) {
		return false
	}
	for i, f := range m.fronts {
		if !f.listensOn(h.Fronts[i].Listen) {
			return false
		}
	}
	return bytes.Equal(h.without(), m.config.without())
}

// without returns the JSON of h without the addresses of its fronts.
func (h hostConfig) without() []byte {
	h.Fronts = slices.Clone(h.Fronts)
	for i := range h.Fronts {
		h.Fronts[i].Listen = ""
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic(err) // it has been read from JSON
	}
	return text
}
