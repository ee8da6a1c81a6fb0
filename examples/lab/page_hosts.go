package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/winlimits/winlimits/examples/lab/page"
	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// gateView is a limit of a machine as a page shows it.
type gateView struct {
	ID      string // below /api/hosts/NAME/
	Service limits.Service
	Where   string // the address of the socket, if it is a backlog
	counters
	Unit          limits.Unit
	Moved         bool // the limit is not that of the settings
	Full          bool
	Peers, Queues counts
}

// Max is the limit if it is a number that a bar can show, and else 0.
func (g gateView) Max() int {
	if n, ok := g.Limit.Number(); ok && n <= 10_000 {
		return n
	}
	return 0
}

// Key is the id of the part of the page.
func (g gateView) Key() string { return strings.ReplaceAll(g.ID, "/", "-") }

// used reports whether anything has happened at the limit.
func (g gateView) used() bool {
	return g.Held+g.Queued > 0 || g.Admitted+g.Refused+g.TimedOut+g.Abandoned > 0 || g.Moved
}

func (m *machine) gateView(id string, s limits.Service, where string, g *simulate.Gate) gateView {
	v := gateView{ID: id, Service: s, Where: where, counters: countersOf(g), Unit: g.Policy().Rule.Unit, Moved: g.Limit() != g.Policy().Limit}
	v.Full = v.Limit.IsKnown() && !v.Limit.Holds(v.Held+1)
	v.Peers, v.Queues = m.peers.of(s)
	return v
}

// frontView is a front as a page shows it.
type frontView struct {
	Kind, Address, Link, About string
	Connections                int
}

func (f *front) view() frontView {
	v := frontView{Kind: f.config.Kind, Address: f.address, Connections: f.connections()}
	to := func(text string) string {
		if f.config.Upstream != "" {
			return text + " in front of " + f.config.Upstream
		}
		return text
	}
	switch f.config.Kind {
	case "iis":
		v.About, v.Link = to("web server"), "http://"+f.address+"/"
		if f.config.TLS {
			v.About, v.Link = to("web server with TLS"), "https://"+f.address+"/"
		}
	case "smb":
		v.About = to("file server")
		if f.config.Dir != "" {
			v.About += ", which shares " + f.config.Dir
		}
	case "tcp":
		v.About = to(map[limits.Service]string{limits.FTP: "FTP server", limits.SMTP: "SMTP server", limits.TCPOther: "TCP server"}[f.config.Service])
	case "socks5":
		v.About = "SOCKS5 proxy, which dials as the machine"
	default:
		v.About = "HTTP proxy, which dials as the machine"
	}
	return v
}

// gateViews returns the limits of a machine: those that its fronts use or that were
// used in another way, and the others.
func (m *machine) gateViews() (used, others []gateView) {
	var asked []limits.Service
	for _, f := range m.fronts {
		switch f.config.Kind {
		case "iis":
			asked = append(asked, limits.IIS)
		case "smb":
			asked = append(asked, limits.SMB)
		case "tcp":
			asked = append(asked, f.config.Service)
		default:
			asked = append(asked, limits.TCPHalfOpen)
			if f.config.OutboundPorts {
				asked = append(asked, limits.TCPOutbound)
			}
		}
	}
	for _, s := range limits.Services() {
		g, err := m.gate(s)
		if err != nil {
			continue
		}
		v := m.gateView("services/"+s.String(), s, "", g)
		if slices.Contains(asked, s) || v.used() {
			used = append(used, v)
		} else {
			others = append(others, v)
		}
	}
	for i, f := range m.fronts {
		if g := f.gate(); g != nil {
			used = append(used, m.gateView(fmt.Sprintf("fronts/%d", i), limits.TCPBacklog, f.address, g))
		}
	}
	return used, others
}

// gateOf returns the gate with the ID of a gateView.
func (m *machine) gateOf(id string) (*simulate.Gate, error) {
	if text, ok := strings.CutPrefix(id, "services/"); ok {
		s, err := limits.ParseService(text)
		if err != nil {
			return nil, &problem{http.StatusBadRequest, err}
		}
		return m.theGate(s)
	}
	text, _ := strings.CutPrefix(id, "fronts/")
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n >= len(m.fronts) {
		return nil, bad("gate %.40q: want services/SERVICE or fronts/N", id)
	}
	return m.fronts[n].theGate()
}

// hostView is a machine as a page shows it.
type hostView struct {
	Name     string
	Windows  limits.Windows
	Settings string
	Fronts   []frontView
	Used     []gateView
	Others   []gateView
	Events   []eventView
	JSON     string

	Problem         string
	Command, Output string
	Asked           bool // whether Output is the answer to Command
}

// eventView is an event as a page shows it.
type eventView struct {
	Time, What, Peer, State string
	Outcome                 string
}

func (m *machine) view() hostView {
	v := hostView{Name: m.config.Name, Windows: m.host.Windows()}
	if text, err := json.Marshal(m.config.Settings); err == nil && string(text) != "{}" {
		v.Settings = string(text)
	}
	if text, err := json.MarshalIndent(m.current(), "", "  "); err == nil {
		v.JSON = string(text)
	}
	for _, f := range m.fronts {
		v.Fronts = append(v.Fronts, f.view())
	}
	v.Used, v.Others = m.gateViews()
	for _, e := range m.lab.events.recent(m.events, 20) {
		v.Events = append(v.Events, e.view())
	}
	return v
}

func (e entry) view() eventView {
	v := eventView{Time: e.Time.Format("15:04:05.000"), Peer: e.Peer, What: e.Service.String() + " " + e.Kind.String()}
	if e.Outcome != simulate.UnknownOutcome {
		v.What = e.Service.String() + " " + e.Outcome.String()
		v.Outcome = e.Outcome.String()
	}
	if e.Waited > 0 {
		v.What += " after " + e.Waited.Round(time.Millisecond).String()
	}
	if e.Log != nil {
		v.What = fmt.Sprintf("%v: event %d of %s", e.Service, e.Log.ID, e.Log.Source)
	}
	v.State = fmt.Sprintf("%d held, %d queued, limit %v", e.Held, e.Queued, e.Limit)
	return v
}

// recent returns the last events of a history, the newest first.
func (f *feed) recent(h *history, n int) []entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []entry
	for i := len(h.ring) - 1; i >= 0 && len(list) < n; i-- {
		list = append(list, h.ring[(h.first+i)%len(h.ring)])
	}
	return list
}

// form has the values of the form for a new machine.
type form struct {
	Name, Windows, Upstream, JSON string
	Kinds                         map[string]bool
}

// offered has the fronts that the form offers.
var offered = [...]string{"iis", "iis-tls", "smb", "socks5", "connect"}

// hostsView is the page of all machines.
type hostsView struct {
	Hosts    []hostView
	Form     form
	Problem  string
	Editions []limits.Edition
}

func (s *site) hostsView(f form, err error) page.View {
	v := hostsView{Form: f, Editions: slices.Collect(limits.Editions())}
	for _, m := range s.list() {
		v.Hosts = append(v.Hosts, m.view())
	}
	if err != nil {
		v.Problem = err.Error()
	}
	return page.View{Name: "hosts", Title: "Machines – winlimits", Data: v, Scripts: []string{"live.js"}}
}

func (s *site) hosts(r *http.Request) (int, page.View, error) {
	if err := noQuery(r); err != nil {
		return 0, page.View{}, err
	}
	return http.StatusOK, s.hostsView(form{Name: s.freeName(), Windows: "XP Professional SP3", Kinds: map[string]bool{"iis": true, "smb": true}}, nil), nil
}

// freeName returns a name that no machine has.
func (s *site) freeName() string {
	for i := 1; ; i++ {
		if name := fmt.Sprintf("box%d", i); s.find(name) == nil {
			return name
		}
	}
}

// posted returns the values of a form.
func posted(r *http.Request) (url.Values, error) {
	if err := noQuery(r); err != nil {
		return nil, err
	}
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, &problem{http.StatusRequestEntityTooLarge, fmt.Errorf("the form has more than %d bytes: want at most that", large.Limit)}
		}
		return nil, bad("the form: %v", err)
	}
	return r.PostForm, nil
}

// createHost makes a machine from a form and redirects to its page.
func (s *site) createHost(w http.ResponseWriter, r *http.Request) error {
	values, err := posted(r)
	if err != nil {
		return err
	}
	f := form{
		Name: values.Get("name"), Windows: values.Get("windows"), Upstream: values.Get("upstream"), JSON: values.Get("json"),
		Kinds: map[string]bool{},
	}
	for _, kind := range values["front"] {
		f.Kinds[kind] = true
	}
	h, err := f.read()
	if err == nil {
		ctx, cancel := context.WithTimeout(s.ctx, startTimeout)
		defer cancel()
		_, err = s.add(ctx, h)
	}
	if err != nil {
		s.write(w, httpStatus(refused(err)), s.hostsView(f, err))
		return nil
	}
	http.Redirect(w, r, "/hosts/"+h.Name, http.StatusSeeOther)
	return nil
}

// read returns the machine that the form describes.
func (f form) read() (hostConfig, error) {
	if strings.TrimSpace(f.JSON) != "" {
		return readHost([]byte(f.JSON))
	}
	fronts := []map[string]any{}
	for _, kind := range offered {
		if !f.Kinds[kind] {
			continue
		}
		front := map[string]any{"kind": kind}
		if kind == "iis-tls" {
			front = map[string]any{"kind": "iis", "tls": true}
		}
		fronts = append(fronts, front)
	}
	if f.Upstream != "" {
		fronts = append(fronts, map[string]any{"kind": "tcp", "upstream": f.Upstream})
	}
	text, err := json.Marshal(map[string]any{"name": f.Name, "windows": f.Windows, "fronts": fronts})
	if err != nil {
		return hostConfig{}, err
	}
	return readHost(text)
}

func hostPage(v hostView) page.View {
	return page.View{Name: "host", Title: v.Name + " – winlimits", Data: v, Scripts: []string{"live.js"}}
}

func (s *site) host(r *http.Request) (int, page.View, error) {
	if err := noQuery(r); err != nil {
		return 0, page.View{}, err
	}
	m, err := s.named(r)
	if err != nil {
		return 0, page.View{}, err
	}
	return http.StatusOK, hostPage(m.view()), nil
}

// changeHost does what a form on the page of a machine asks for.
func (s *site) changeHost(w http.ResponseWriter, r *http.Request) error {
	m, err := s.named(r)
	if err != nil {
		return err
	}
	values, err := posted(r)
	if err != nil {
		return err
	}
	target := "/hosts/" + m.config.Name
	switch do := values.Get("do"); do {
	case "limit", "hold":
		err = m.changeGate(values.Get("gate"), do, strings.TrimSpace(values.Get(do)))
		target += "#" + strings.ReplaceAll(values.Get("gate"), "/", "-")
	case "console":
		command := values.Get("command")
		output, failed := m.command(r.Context(), command)
		if err = failed; err == nil {
			v := m.view()
			v.Command, v.Output, v.Asked = command, output, true
			s.write(w, http.StatusOK, hostPage(v))
			return nil
		}
	case "reset":
		err = m.reset(r.Context(), values.Get("disconnect") != "")
	case "delete":
		target = "/hosts"
		s.remove(m.config.Name)
	default:
		err = bad("do %.40q: want limit, hold, console, reset or delete", do)
	}
	if err != nil {
		v := m.view()
		v.Problem = err.Error()
		s.write(w, httpStatus(err), hostPage(v))
		return nil
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
	return nil
}

// changeGate moves a limit, or holds slots. An empty text means the limit of the
// settings, and no slots.
func (m *machine) changeGate(id, do, text string) error {
	g, err := m.gateOf(id)
	if err != nil {
		return err
	}
	value := json.RawMessage(text)
	switch _, err := strconv.Atoi(text); {
	case do == "hold" && err != nil && text != "":
		return bad("hold %.40q: want a whole number, 0 or more", text)
	case do == "hold":
		value = json.RawMessage(cmp.Or(text, "0"))
	case text == "":
		value = json.RawMessage("null")
	case err != nil:
		value, _ = json.Marshal(text)
	}
	body, err := json.Marshal(map[string]json.RawMessage{do: value})
	if err != nil {
		return bad("%s %.40q: want a whole number", do, text)
	}
	return patch(g, body)
}
