package smb_test

import (
	"fmt"
	"net"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A file server behind the limit of XP Home: the sixth session is refused with
// STATUS_REQUEST_NOT_ACCEPTED.
func ExampleNewProxy() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPHome}, nil))
	defer host.Close()
	proxy := must(smb.NewProxy(host, smb.Backend("127.0.0.1:445"), nil))
	go proxy.Serve(must(net.Listen("tcp", "127.0.0.1:0")))

	// SMB clients connect to the listener's address.
	gate := must(host.Gate(limits.SMB))
	fmt.Println("limit", gate.Limit(), "held", gate.Stats().Held)
	// Output: limit 5 held 0
}

// The file server may be one in memory: its Dial method is the backend.
func ExampleDial() {
	host := must(simulate.New(limits.Windows{Edition: limits.Windows11Pro}, nil))
	defer host.Close()
	files := must(fileserver.New(nil))
	defer files.Close()
	proxy := must(smb.NewProxy(host, files.Dial, nil))
	go proxy.Serve(must(net.Listen("tcp", "127.0.0.1:0")))

	fmt.Println("sessions:", len(proxy.Sessions()))
	// Output: sessions: 0
}

// Settings are plain values that survive JSON. Every field may be left out.
func ExampleSettings() {
	var settings smb.Settings
	err := settings.UnmarshalJSON([]byte(`{"count": "computer-user", "autoDisconnect": true, "sessionTimeout": "45s"}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(settings.Count, settings.AutoDisconnect, settings.SessionTimeout)

	host := must(simulate.New(limits.Windows{Edition: limits.XPProfessional}, nil))
	defer host.Close()
	proxy := must(smb.NewProxy(host, smb.Backend("127.0.0.1:445"), &settings))
	fmt.Println(len(proxy.Sessions()), "sessions")
	// Output:
	// computer-user true 45s
	// 0 sessions
}

// The console of the host takes what the machine's administrator would type.
func ExampleProxy_console() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPHome}, nil))
	defer host.Close()
	must(smb.NewProxy(host, smb.Backend("127.0.0.1:445"), &smb.Settings{ServerName: "OFFICE"}))

	fmt.Println(must(host.Console("net config server /autodisconnect:30")))
	fmt.Print(must(host.Console("net config server")))
	// Output:
	// The command completed successfully.
	//
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

// The sessions in force, as a list and as "net session" prints them.
func ExampleProxy_Sessions() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPProfessional}, nil))
	defer host.Close()
	proxy := must(smb.NewProxy(host, smb.Backend("127.0.0.1:445"), nil))
	for _, s := range proxy.Sessions() {
		fmt.Println(s.Computer, s.User, s.Opens, s.Idle)
	}
	out := must(host.Console("net session"))
	fmt.Println(strings.TrimSpace(out))
	// Output: There are no entries in the list.
}
