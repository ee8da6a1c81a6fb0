package limits

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// RateLimitingValue is the DWORD in RateLimitingKey that brings the half-open
// limit back where it is off by default (kb969710).
const (
	RateLimitingValue = "EnableConnectionRateLimiting"
	RateLimitingKey   = `HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters`
)

// RateLimited returns the rule that holds instead of r if the registry value
// EnableConnectionRateLimiting is 1. It reports false if the edition of r does not
// read the value. The value came with Vista SP2 and Server 2008 SP2, and is not
// known after Windows 7.
func (r Rule) RateLimited() (limited Rule, ok bool) {
	if r.Service != TCPHalfOpen || !r.Default.IsUnlimited() {
		return Rule{}, false
	}
	limited = r
	limited.Default, limited.Ceiling, limited.Discipline = Number(10), Number(10), Queue
	switch {
	case VistaStarter <= r.Edition && r.Edition <= Server2008Datacenter:
		limited.Grade, limited.evidence = Documented, &evidence{sources: cite("kb969710", "ms-vista-sp2-notes")}
		limited.Note = "Off by default; the value turns ten on, and its number cannot be set."
	case Windows7Starter <= r.Edition && r.Edition <= Windows7Ultimate:
		limited.Grade, limited.evidence = Reported, &evidence{sources: cite("qbittorrent-13278", "mydigitallife-2009")}
		limited.Note = "Off by default; the value is said to turn ten on, without a word from the vendor."
	default:
		return Rule{}, false
	}
	return limited, true
}

// PatchRange is the range of half-open limits that a patch can write into
// tcpip.sys, the TCP/IP driver.
type PatchRange struct {
	Bytes     int  // the width of the number in the file
	Max       int  // the highest number; the lowest is 1
	Unlimited bool // it can turn the limit off, too
}

// Holds reports whether a patch can write the limit.
func (p PatchRange) Holds(l Limit) bool {
	n, ok := l.Number()
	return ok && 1 <= n && n <= p.Max || p.Unlimited && l.IsUnlimited()
}

// String returns the range, such as "1 to 255, or unlimited".
func (p PatchRange) String() string {
	if p.Unlimited {
		return fmt.Sprintf("1 to %d, or unlimited", p.Max)
	}
	return fmt.Sprintf("1 to %d", p.Max)
}

// PatchRange returns the limits that a patch of tcpip.sys can put in place of that
// of r. It reports false if r has no half-open limit to patch. If
// EnableConnectionRateLimiting turns one on, ask the rule of RateLimited.
func (r Rule) PatchRange() (fact Fact[PatchRange], ok bool) {
	switch {
	case r.Service != TCPHalfOpen || r.Discipline != Queue:
		return Fact[PatchRange]{}, false
	case r.Edition >= VistaStarter:
		return Fact[PatchRange]{PatchRange{1, math.MaxUint8, true}, Measured, "", cite("half-open-com")}, true
	}
	return Fact[PatchRange]{PatchRange{4, math.MaxInt32, false}, Measured,
		"A DWORD; the best known patch proposed 50, a driver for it took 10 to 65535.",
		cite("jsi-tip-10301", "ntl-evid4226", "lvllord-faq")}, true
}

// SYNSchedule says when an edition sends the SYNs of a connection attempt that
// nothing answers, and when it gives the attempt up.
type SYNSchedule struct {
	// Initial is the time between the first SYN and the second. Each further time is
	// twice the one before.
	Initial time.Duration
	// Retransmissions is how many SYNs follow the first.
	Retransmissions int
}

// Sent returns how long after the first SYN the i-th is sent, counted from 0. A
// time too long for a Duration is half the longest Duration.
func (s SYNSchedule) Sent(i int) time.Duration {
	return time.Duration(min(float64(s.Initial)*(math.Pow(2, float64(i))-1), math.MaxInt64>>1))
}

// GiveUp returns how long after the first SYN the attempt is given up: twice
// the last interval after the last SYN.
func (s SYNSchedule) GiveUp() time.Duration { return s.Sent(s.Retransmissions + 1) }

type synScheduleJSON struct {
	Initial         string `json:"initial"`
	Retransmissions int    `json:"retransmissions"`
}

// MarshalJSON writes {"initial": "3s", "retransmissions": 2}.
func (s SYNSchedule) MarshalJSON() ([]byte, error) {
	return json.Marshal(synScheduleJSON{s.Initial.String(), s.Retransmissions})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *SYNSchedule) UnmarshalJSON(data []byte) error {
	var in synScheduleJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	initial, err := time.ParseDuration(in.Initial)
	if err != nil || initial < 0 {
		return fmt.Errorf(`limits: initial %.40q: want a time such as "3s"`, in.Initial)
	}
	if in.Retransmissions < 0 {
		return fmt.Errorf("limits: retransmissions %d: want 0 or more", in.Retransmissions)
	}
	*s = SYNSchedule{initial, in.Retransmissions}
	return nil
}

// fromThreeSeconds is the schedule of so many retransmissions, the first after 3 s: two
// are SYNs at 0, 3 and 9 s, given up at 21 s; three are one more, and 45 s.
func fromThreeSeconds(retransmissions int) SYNSchedule {
	return SYNSchedule{3 * time.Second, retransmissions}
}

var synSchedules = [...]span[SYNSchedule]{
	{NT35Workstation, NT40Server, Fact[SYNSchedule]{fromThreeSeconds(3), Documented, "The times are derived from the number of retransmissions.", cite("kb140552")}},
	{Windows2000Professional, Windows2000DatacenterServer, Fact[SYNSchedule]{fromThreeSeconds(2), Documented, "", cite("ms-cc938207")}},
	{XPStarter, XPTabletPC, Fact[SYNSchedule]{fromThreeSeconds(2), Documented, "", cite("kb314053")}},
	{Server2003Web, SmallBusinessServer2003Premium, Fact[SYNSchedule]{fromThreeSeconds(2), Documented, "", cite("ms-cc758896")}},
	{HomeServer, HomeServer, Fact[SYNSchedule]{fromThreeSeconds(2), Inferred, "Built from Server 2003.", cite("ms-cc758896")}},
	{VistaStarter, Server2008Datacenter, Fact[SYNSchedule]{fromThreeSeconds(2), Inferred, "The releases before and after it agree.", cite("kb314053", "kb2786464")}},
	{Windows7Starter, Server2008R2Datacenter, Fact[SYNSchedule]{fromThreeSeconds(2), Documented, "", cite("kb2786464")}},
}

// SYNSchedule returns the schedule of the edition: SYNs at 0, 3 and 9 s, given up
// at 21 s, from Windows 2000 to 7; one SYN more, given up at 45 s, on Windows NT
// 3.5 to 4.0. For Windows 8 and later, NT 3.1, 95, 98 and Me none is known; the
// value is then that of Windows 2000 to 7.
func (e Edition) SYNSchedule() Fact[SYNSchedule] {
	return factOf(e, synSchedules[:], Fact[SYNSchedule]{Value: fromThreeSeconds(2), Note: "Nothing is known; taken from the releases up to Windows 7."})
}

// ConnectRetries says how a machine that runs Windows repeats a SYN that is
// answered with a reset.
type ConnectRetries struct {
	Count    int           // how many SYNs follow the first, before connect fails
	Interval time.Duration // the time between them
}

// RefusedConnectRetries returns how a machine that runs Windows repeats a SYN that
// is answered with a reset, before connect fails with WSAECONNREFUSED. Other
// systems fail at the first reset.
func RefusedConnectRetries() Fact[ConnectRetries] {
	return Fact[ConnectRetries]{ConnectRetries{3, 500 * time.Millisecond}, Reported,
		"Three retries are documented; that they are about 500 ms apart is not.", cite("kb175523")}
}

// The highest values of TcpMaxConnectRetransmissions and of TcpInitialRTT in the
// registry, in the key RateLimitingKey (ms-cc758896, ms-cc938207).
const (
	MaxConnectRetransmissions = 255
	MaxInitialRTT             = 65535 * time.Second
)

// PortRange is a range of local ports, from First to Last, both included.
type PortRange struct{ First, Last uint16 }

// Count returns how many ports there are in the range.
func (p PortRange) Count() int { return int(p.Last) - int(p.First) + 1 }

// String returns the range, such as "1025-5000".
func (p PortRange) String() string { return fmt.Sprintf("%d-%d", p.First, p.Last) }

var dynamicPorts = [...]span[PortRange]{
	{NT31, NT35Server, Fact[PortRange]{PortRange{1025, 5000}, Inferred, "The articles begin with 3.51.", cite("kb149532")}},
	{NT351Workstation, NT40Server, Fact[PortRange]{PortRange{1025, 5000}, Documented, "", cite("kb149532", "kb196271")}},
	{Windows95, WindowsMe, Fact[PortRange]{PortRange{1025, 5000}, Documented, "The 100 sockets run out first.", cite("kb170791")}},
	{Windows2000Professional, Server2003Datacenter, Fact[PortRange]{PortRange{1025, 5000}, Documented, "", cite("kb196271", "ms-cc938196")}},
	{SmallBusinessServer2003Standard, HomeServer, Fact[PortRange]{PortRange{1025, 5000}, Inferred, "Built from Server 2003.", cite("kb196271")}},
	{VistaStarter, Server2025DatacenterAzureEdition, Fact[PortRange]{PortRange{49152, 65535}, Documented, "", cite("kb929851")}},
}

// DynamicPorts returns the default range from which the system chooses the local
// port of an outbound connection. The rule for TCPOutbound says how many
// connections that allows.
func (e Edition) DynamicPorts() Fact[PortRange] {
	return factOf(e, dynamicPorts[:], Fact[PortRange]{Note: "There is no such edition."})
}

// The bounds of the settings for the ports of outbound connections: the registry
// value MaxUserPort, the highest port, up to Server 2003 (kb149532, kb196271); and
// the number of ports that netsh accepts, from Vista on (kb929851).
const (
	MaxUserPortMin      = 5000
	MaxUserPortMax      = 65534
	DynamicPortCountMin = 255
	DynamicPortCountMax = 64511
)

// TimeWait is how long a closed connection stays in TIME_WAIT and keeps its pair of
// ports, by the version of IP.
type TimeWait struct{ IPv4, IPv6 time.Duration }

const (
	twoMinutes  = 120 * time.Second
	fourMinutes = 240 * time.Second
)

var timeWaits = [...]span[TimeWait]{
	{NT31, NT35Server, Fact[TimeWait]{TimeWait{fourMinutes, fourMinutes}, Inferred, "The articles begin with 3.51.", cite("kb149532")}},
	{NT351Workstation, NT40Server, Fact[TimeWait]{TimeWait{fourMinutes, fourMinutes}, Documented, "", cite("kb149532", "kb196271")}},
	{Windows95, WindowsMe, Fact[TimeWait]{TimeWait{fourMinutes, fourMinutes}, Documented, "", cite("kb170791")}},
	{Windows2000Professional, Windows2000DatacenterServer, Fact[TimeWait]{TimeWait{fourMinutes, fourMinutes}, Documented, "", cite("kb196271", "ms-cc938196")}},
	{XPStarter, Server2003Datacenter, Fact[TimeWait]{TimeWait{twoMinutes, fourMinutes}, Documented, "", cite("kb314053", "kb196271")}},
	{SmallBusinessServer2003Standard, HomeServer, Fact[TimeWait]{TimeWait{twoMinutes, fourMinutes}, Inferred, "Built from Server 2003.", cite("kb196271")}},
	{VistaStarter, Server2025DatacenterAzureEdition, Fact[TimeWait]{Value: TimeWait{twoMinutes, twoMinutes}, Note: "Disputed: 120 or 240 s. The shorter is taken."}},
}

// TimeWait returns how long a closed connection stays in TIME_WAIT by default.
func (e Edition) TimeWait() Fact[TimeWait] {
	return factOf(e, timeWaits[:], Fact[TimeWait]{Note: "There is no such edition."})
}

// ReusesPorts reports whether the system can use one local port for connections to
// several destinations, so that the number of ports limits the connections to each
// destination, and not all of them together. Windows 10, Server 2016 and later can,
// if the program does not bind its socket.
func (e Edition) ReusesPorts() Fact[bool] {
	return Fact[bool]{Value: e >= Windows10Home && e.valid(), Grade: Documented,
		Note: "When it does is not known.", sources: cite("ms-reuse-unicastport")}
}

// The bounds of the registry value TcpTimedWaitDelay, the time in TIME_WAIT
// (kb149532, kb196271).
const (
	TimedWaitDelayMin = 30 * time.Second
	TimedWaitDelayMax = 300 * time.Second
)

// TCPNumConnections returns the default of the registry value of that name, which
// bounds the connections of a machine that runs XP.
func TCPNumConnections() Fact[int] {
	return Fact[int]{16_777_214, Documented, "", cite("kb314053")}
}
