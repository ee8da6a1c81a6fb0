package simulate_test

import (
	"fmt"
	"net"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// A Windows XP Home in front of a real file server: the sixth session is
// refused with STATUS_REQUEST_NOT_ACCEPTED.
func ExampleHost_SMBProxy() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome}, nil)
	if err != nil {
		panic(err)
	}
	proxy, err := host.SMBProxy(simulate.SMBSettings{Backend: "127.0.0.1:445"})
	if err != nil {
		panic(err)
	}
	defer proxy.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go proxy.Serve(l)

	// Point SMB clients at l.Addr().
	gate, err := host.Gate(limits.SMB)
	if err != nil {
		panic(err)
	}
	fmt.Println("limit", gate.Limit(), "held", gate.Stats().Held)
	// Output: limit 5 held 0
}

func ExampleSMBProxy_Net() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome}, nil)
	if err != nil {
		panic(err)
	}
	proxy, err := host.SMBProxy(simulate.SMBSettings{Backend: "127.0.0.1:445", ServerName: "OFFICE"})
	if err != nil {
		panic(err)
	}
	defer proxy.Close()
	if _, err := proxy.Net("net config server /autodisconnect:30"); err != nil {
		panic(err)
	}
	text, err := proxy.Net("net config server")
	if err != nil {
		panic(err)
	}
	fmt.Print(text)
	// Output:
	// Server Name                           \\OFFICE
	// Server Comment
	//
	// Software version                      Windows XP Home
	//
	// Server is active on
	// NetbiosSmb (OFFICE)
	// NetBT_Tcpip_{00000000-0000-0000-0000-000000000000} (OFFICE)
	//
	// Server hidden                         No
	// Maximum Logged On Users               5
	// Maximum open files per session        16384
	//
	// Idle session time (min)               30
	// The command completed successfully.
}

func ExampleSMBProxy_Sessions() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional}, nil)
	if err != nil {
		panic(err)
	}
	proxy, err := host.SMBProxy(simulate.SMBSettings{Backend: "127.0.0.1:445"})
	if err != nil {
		panic(err)
	}
	defer proxy.Close()
	for _, s := range proxy.Sessions() {
		fmt.Println(s.Computer, s.User, s.Opens, s.Idle)
	}
	fmt.Println(len(proxy.Sessions()), "sessions")
	// Output: 0 sessions
}
