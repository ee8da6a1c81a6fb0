package simulate

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/jsontime"
)

// OutboundSettings are the settings about the local ports that Windows chooses for
// outbound connections. The zero value is Windows out of the box.
type OutboundSettings struct {
	// MaxUserPort is the registry value of that name up to Server 2003: the highest
	// port that Windows chooses, 5000 to 65534 (kb149532, kb196271). 0 is the
	// default of the edition.
	MaxUserPort int `json:"maxUserPort,omitzero"`
	// DynamicPorts is how many ports Windows chooses from. From Vista and Server
	// 2008 on netsh sets it, 255 to 64511 (kb929851). 0 is the default of the
	// edition.
	DynamicPorts int `json:"dynamicPorts,omitzero"`
	// TimedWaitDelay is the registry value TcpTimedWaitDelay: how long a connection
	// that the machine closed first keeps its port, 30 to 300 s (kb149532,
	// kb196271). 0 is the default of the edition.
	TimedWaitDelay time.Duration `json:"timedWaitDelay,omitzero"`
	// PerDestination counts the ports of each destination apart, since connections
	// to different destinations can share a port. It is accepted from Windows 10
	// and Server 2016 on, which do so for sockets that the program does not bind
	// (SO_REUSE_UNICASTPORT, ms-reuse-unicastport); when exactly is unknown.
	PerDestination bool `json:"perDestination,omitzero"`
}

func (s *Settings) checkOutbound(w limits.Windows) error {
	o := &s.Outbound
	if *o == (OutboundSettings{}) {
		return nil
	}
	bad := func(name string, value any, want string) error {
		return fmt.Errorf("simulate: %v: Outbound.%s %v: %s", w, name, value, want)
	}
	_, limited := s.Limits[limits.TCPOutbound]
	e := w.Edition
	vista := e >= limits.VistaStarter
	switch {
	case o.MaxUserPort != 0 && (vista || e.PoolsSockets()):
		return bad("MaxUserPort", o.MaxUserPort, "want 0; the value belongs to Windows NT up to Server 2003")
	case o.MaxUserPort != 0 && (o.MaxUserPort < limits.MaxUserPortMin || o.MaxUserPort > limits.MaxUserPortMax):
		return bad("MaxUserPort", o.MaxUserPort, fmt.Sprintf("want %d to %d, or 0 for the default", limits.MaxUserPortMin, limits.MaxUserPortMax))
	case o.DynamicPorts != 0 && !vista:
		return bad("DynamicPorts", o.DynamicPorts, "want 0; netsh sets the number from Vista and Server 2008 on")
	case o.DynamicPorts != 0 && (o.DynamicPorts < limits.DynamicPortCountMin || o.DynamicPorts > limits.DynamicPortCountMax):
		return bad("DynamicPorts", o.DynamicPorts, fmt.Sprintf("want %d to %d, or 0 for the default", limits.DynamicPortCountMin, limits.DynamicPortCountMax))
	case limited && o.MaxUserPort != 0:
		return bad("MaxUserPort", o.MaxUserPort, "want either MaxUserPort or Limits[tcp-outbound], not both")
	case limited && o.DynamicPorts != 0:
		return bad("DynamicPorts", o.DynamicPorts, "want either DynamicPorts or Limits[tcp-outbound], not both")
	case o.TimedWaitDelay != 0 && e.PoolsSockets():
		return bad("TimedWaitDelay", o.TimedWaitDelay, "want 0; the value belongs to Windows NT")
	case o.TimedWaitDelay != 0 && (o.TimedWaitDelay < limits.TimedWaitDelayMin || o.TimedWaitDelay > limits.TimedWaitDelayMax):
		return bad("TimedWaitDelay", o.TimedWaitDelay, fmt.Sprintf("want %v to %v, or 0 for the default", limits.TimedWaitDelayMin, limits.TimedWaitDelayMax))
	case o.PerDestination && !e.ReusesPorts().Value:
		return bad("PerDestination", true, "want false; ports are used again for other destinations from Windows 10 and Server 2016 on")
	}
	return nil
}

func (p *Policy) initOutbound(s *Settings, isSet bool) {
	o := &s.Outbound
	ports := p.Rule.Edition.DynamicPorts().Value
	switch {
	case isSet:
	case o.MaxUserPort > 0:
		p.Limit = limits.Number(o.MaxUserPort - int(ports.First) + 1)
	case o.DynamicPorts > 0:
		p.Limit = limits.Number(o.DynamicPorts)
	}
	p.initSYN(&s.HalfOpen)
	p.TimeWait = p.Rule.Edition.TimeWait().Value
	if o.TimedWaitDelay > 0 {
		p.TimeWait = limits.TimeWait{IPv4: o.TimedWaitDelay, IPv6: o.TimedWaitDelay}
	}
	p.PerDestination = o.PerDestination
	id := limits.Event4231
	if p.PerDestination {
		id = limits.Event4227
	}
	if _, logs := p.Rule.Edition.Event(id); logs {
		p.RefusalEvent = id
	}
}

// outboundJSON is OutboundSettings with its time as text.
type outboundJSON struct {
	*outboundFields
	TimedWaitDelay jsontime.Duration `json:"timedWaitDelay,omitzero"`
}

type outboundFields OutboundSettings

// MarshalJSON writes the settings that are set, with times as text.
func (o OutboundSettings) MarshalJSON() ([]byte, error) {
	return json.Marshal(outboundJSON{(*outboundFields)(&o), jsontime.Duration(o.TimedWaitDelay)})
}

// UnmarshalJSON reads what MarshalJSON writes. A name that is no setting is an
// error. A setting that is missing keeps its value.
func (o *OutboundSettings) UnmarshalJSON(b []byte) error {
	t := outboundJSON{(*outboundFields)(o), jsontime.Duration(o.TimedWaitDelay)}
	if err := jsontime.Decode(b, &t); err != nil {
		return fmt.Errorf("simulate: outbound settings: %w", err)
	}
	o.TimedWaitDelay = time.Duration(t.TimedWaitDelay)
	return nil
}
