package simulate_test

import (
	"fmt"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Patch programs wrote another limit. XP takes any; Vista has one byte for it.
func ExampleHalfOpenSettings() {
	xp := limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}
	vista := limits.Windows{Edition: limits.VistaUltimate, ServicePack: 1}
	for _, w := range []limits.Windows{xp, vista} {
		for _, n := range []int{50, 1000} {
			host, err := simulate.New(w, &simulate.Settings{
				HalfOpen: simulate.HalfOpenSettings{Patched: limits.Number(n)},
			})
			if err != nil {
				fmt.Println(err)
				continue
			}
			gate, err := host.Gate(limits.TCPHalfOpen)
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(w, gate.Limit())
		}
	}
	// Output:
	// Windows XP Professional SP2 50
	// Windows XP Professional SP2 1000
	// Windows Vista Ultimate SP1 50
	// simulate: Windows Vista Ultimate SP1: HalfOpen.Patched 1000: the limit has 8 bits in the tcpip.sys of this edition; want 1 to 255, or unlimited
}

func ExamplePolicy() {
	for _, e := range []limits.Edition{limits.NT40Workstation, limits.XPProfessional, limits.Windows8Pro} {
		host, err := simulate.New(limits.Windows{Edition: e, ServicePack: limits.AsReleased}, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		policy, err := host.Policy(limits.TCPHalfOpen)
		if err != nil {
			fmt.Println(err)
			return
		}
		s := policy.SYN
		fmt.Printf("%v: SYN at", e)
		for i := 0; i <= s.Retransmissions; i++ {
			fmt.Printf(" %v", s.Sent(i))
		}
		fmt.Printf(", given up at %v (%v)\n", s.GiveUp(), e.SYNSchedule().Grade)
	}
	// Output:
	// Windows NT 4.0 Workstation: SYN at 0s 3s 9s 21s, given up at 45s (documented)
	// Windows XP Professional: SYN at 0s 3s 9s, given up at 21s (documented)
	// Windows 8 Pro: SYN at 0s 3s 9s, given up at 21s (unknown)
}

func ExampleLogEntry() {
	entry := simulate.LogEntry{
		ID: limits.Event4226, Log: "System", Source: "Tcpip", Level: "Warning", Category: "None",
		Text: limits.TextEvent4226, Time: time.Date(2004, 8, 10, 19, 36, 52, 0, time.UTC),
	}
	fmt.Print(entry)
	// Output:
	// Event Type:	Warning
	// Event Source:	Tcpip
	// Event Category:	None
	// Event ID:	4226
	// Date:		8/10/2004
	// Time:		7:36:52 PM
	// User:		N/A
	// Computer:	N/A
	// Description:
	// TCP/IP has reached the security limit imposed on the number of concurrent TCP connect attempts.
}
