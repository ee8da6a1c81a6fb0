package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Ten dead addresses hold the ten slots of XP SP2, and a host that is up times out. Its
// error says so: the program tries that host again, and gives the dead ones up.
func Example_crawler() {
	const up = "192.0.2.100:6881"
	host := must(simulate.New(limits.MustParseWindows("XP Pro SP2"), nil))
	defer host.Close()
	dialer := must(tcp.NewDialer(host, &tcp.DialerSettings{
		// Without Connect, the dialer uses the network.
		Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == up {
				conn, _ := net.Pipe()
				return conn, nil
			}
			<-ctx.Done() // nothing answers
			return nil, ctx.Err()
		},
	}))
	dial := func(ctx context.Context, address string) string {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		switch {
		case errors.Is(err, simulate.ErrLimit):
			return "timed out in the queue: try again"
		case errors.Is(err, tcp.ErrConnecting):
			return "no answer: give up"
		case err != nil:
			return err.Error()
		}
		conn.Close()
		return "connected"
	}

	patience, giveUp := context.WithCancel(context.Background())
	dead := make(chan string)
	for i := range 10 {
		go func() { dead <- dial(patience, fmt.Sprintf("192.0.2.%d:6881", i+1)) }()
	}
	gate := must(host.Gate(limits.TCPHalfOpen))
	_ = gate.WaitHeld(context.Background(), 10)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	fmt.Println("up:", dial(ctx, up))
	giveUp()
	for range 9 {
		<-dead
	}
	fmt.Println("dead:", <-dead)
	fmt.Println("up:", dial(context.Background(), up))
	// Output:
	// up: timed out in the queue: try again
	// dead: no answer: give up
	// up: connected
}
