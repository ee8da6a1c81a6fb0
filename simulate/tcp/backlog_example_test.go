package tcp_test

import (
	"context"
	"fmt"
	"net"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Windows XP Professional holds ten connections for a program that does not accept
// them. What meets the eleventh depends on the system below.
func ExampleNewBacklog() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	backlog, err := tcp.NewBacklog(host, ln, &tcp.BacklogSettings{Listen: 50}) // as Java asks for
	if err != nil {
		fmt.Println(err)
		return
	}
	defer backlog.Close()

	refused := 0
	for i := range 11 {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err == nil && i == 10 {
			_, err = conn.Read(make([]byte, 1)) // where it is reset after the dial
		}
		if err != nil {
			refused++
			continue
		}
		defer conn.Close()
		if err := backlog.Gate().WaitHeld(context.Background(), i+1); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(backlog.Gate().Stats().Held, "held,", refused, "refused")

	accepted, err := backlog.Accept()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer accepted.Close()
	fmt.Println(backlog.Gate().Stats().Held, "held")
	// Output:
	// 10 held, 1 refused
	// 9 held
}
