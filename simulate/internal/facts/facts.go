// Package facts has the facts about Windows that still have to move to limits.
package facts

import (
	"math"
	"time"

	"github.com/winlimits/winlimits/limits"
)

// IISVersion returns the version of the web server that comes with an edition:
// 3.0 for the Peer Web Services of NT Workstation 4.0, 4.0 for Personal Web
// Server, 0 where there is none.
func IISVersion(e limits.Edition) float64 {
	switch e.Product() {
	case "Windows NT 4.0":
		return 3.0
	case "Windows 95", "Windows 98":
		return 4.0
	case "Windows 2000":
		return 5.0
	case "Windows XP":
		if e == limits.XPProfessionalX64 {
			return 6.0
		}
		return 5.1
	case "Windows Server 2003", "Windows Small Business Server 2003", "Windows Home Server":
		return 6.0
	case "Windows Vista", "Windows Server 2008":
		return 7.0
	case "Windows 7", "Windows Server 2008 R2":
		return 7.5
	case "Windows 8", "Windows Server 2012":
		return 8.0
	case "Windows 8.1", "Windows Server 2012 R2":
		return 8.5
	case "Windows NT 3.1", "Windows NT 3.5", "Windows NT 3.51", "Windows Me":
		return 0
	}
	return 10.0
}

// IISIdleTimeout returns the time after which the web server closes an idle
// connection.
func IISIdleTimeout(e limits.Edition) time.Duration {
	switch version := IISVersion(e); {
	case version >= 6:
		return 120 * time.Second
	case version == 5.1:
		return 300 * time.Second
	}
	return 900 * time.Second
}

// HasRateLimitingSwitch reports whether w reads EnableConnectionRateLimiting.
func HasRateLimitingSwitch(w limits.Windows) bool {
	switch w.Edition.Product() {
	case "Windows Vista", "Windows Server 2008":
		return w.ServicePack == 2 // the last of both
	case "Windows 7":
		return true
	}
	return false
}

// HalfOpenDefault is the limit where there is one (ntl-evid4226, kb969710).
const HalfOpenDefault = 10

// SYNSchedule is when an edition sends the SYNs of an attempt that nothing
// answers, and when it gives the attempt up.
type SYNSchedule struct {
	// Initial is the time between the first SYN and the second; from there on it
	// doubles.
	Initial time.Duration `json:"initial"`
	// Retransmissions is how many SYNs follow the first.
	Retransmissions int `json:"retransmissions"`
	// Grade is how good the evidence is. UnknownGrade says that there is none for
	// this version, and the schedule of its neighbours is used.
	Grade limits.Grade `json:"grade"`
}

// SYNScheduleOf returns the schedule of an edition: SYNs at 0, 3 and 9 s, given up
// at 21 s, from Windows 2000 to 7 (ms-cc938207, ms-cc758896, kb2786464; XP, Vista
// and Server 2008 are taken alike), and one SYN more and 45 s on Windows NT 3.5
// to 4.0 (kb140552). For Windows 8 and later, NT 3.1, 95, 98 and Me none is
// known.
func SYNScheduleOf(e limits.Edition) SYNSchedule {
	schedule := SYNSchedule{Initial: 3 * time.Second, Retransmissions: 2}
	switch e.Product() {
	case "Windows NT 3.5", "Windows NT 3.51", "Windows NT 4.0":
		schedule.Retransmissions, schedule.Grade = 3, limits.Documented
	case "Windows 2000", "Windows Server 2003", "Windows Small Business Server 2003", "Windows 7", "Windows Server 2008 R2":
		schedule.Grade = limits.Documented
	case "Windows XP", "Windows Home Server", "Windows Vista", "Windows Server 2008":
		schedule.Grade = limits.Inferred
	}
	return schedule
}

// Sent returns when the i-th SYN is sent, counted from 0, after the first. A
// time beyond what a Duration holds is the largest Duration.
func (s SYNSchedule) Sent(i int) time.Duration {
	return time.Duration(min(float64(s.Initial)*(math.Pow(2, float64(i))-1), math.MaxInt64>>1))
}

// GiveUp returns how long after the first SYN the attempt is given up: twice
// the last interval after the last SYN.
func (s SYNSchedule) GiveUp() time.Duration { return s.Sent(s.Retransmissions + 1) }

// TextEvent4226NT52 is the text of event 4226 in the systems that call
// themselves version 5.2, of which XP Professional x64 alone has the limit
// (ms-event-4226-52).
const TextEvent4226NT52 = "TCP/IP has reached the security limit imposed on the number of concurrent (incomplete) TCP connect attempts."

// HasWevtutil reports whether an edition has wevtutil, which came with Vista, in
// place of eventquery.
func HasWevtutil(e limits.Edition) bool {
	switch e.Product() {
	case "Windows NT 3.1", "Windows NT 3.5", "Windows NT 3.51", "Windows NT 4.0", "Windows 95", "Windows 98", "Windows Me",
		"Windows 2000", "Windows XP", "Windows Server 2003", "Windows Small Business Server 2003", "Windows Home Server":
		return false
	}
	return true
}
