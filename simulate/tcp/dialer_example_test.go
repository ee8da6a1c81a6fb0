package tcp_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// Eleven attempts on Windows XP SP2, none of which is ever answered: ten are in
// progress when the program loses patience, and one has not begun.
func ExampleNewDialer() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	stop := host.Observe(func(e simulate.Event) {
		if e.Kind == simulate.Logged {
			fmt.Println("event", e.Log.ID, e.Log.Level, "of", e.Log.Source)
		}
	})
	defer stop()
	dialer, err := tcp.NewDialer(host, &tcp.DialerSettings{
		// Nothing answers here. Without Connect, the dialer uses the network.
		Connect: func(ctx context.Context, network, address string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := host.Gate(limits.TCPHalfOpen)
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, cancel := context.WithCancel(context.Background())
	errs := make(chan error)
	for range 11 {
		go func() {
			_, err := dialer.DialContext(ctx, "tcp", "192.0.2.1:6881")
			errs <- err
		}()
	}
	_ = gate.Wait(ctx, func(s simulate.Stats) bool { return s.Held == 10 && s.Queued == 1 })
	cancel()
	queued, connecting := 0, 0
	for range 11 {
		switch err := <-errs; {
		case errors.Is(err, simulate.ErrLimit):
			queued++
		case errors.Is(err, tcp.ErrConnecting):
			connecting++
		}
	}
	fmt.Println(connecting, "were connecting,", queued, "was queued")
	// Output:
	// event 4226 Warning of Tcpip
	// 10 were connecting, 1 was queued
}

// A load test on Windows XP ends after a few thousand connections: each keeps its
// port for two minutes after it is closed.
func ExampleDialerSettings() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, &tcp.DialerSettings{CountPorts: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	ports, err := host.Gate(limits.TCPOutbound)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ports.Limit(), "ports,", ports.Policy().TimeWait.IPv4, "in TIME_WAIT")
	for range 50 {
		conn, err := dialer.Dial("tcp", server.Addr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		conn.Close()
	}
	fmt.Println(ports.Stats().Held, "held")
	// Output:
	// 3976 ports, 2m0s in TIME_WAIT
	// 50 held
}

func ExampleDialer_DialContext() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, &tcp.DialerSettings{Net: net.Dialer{Timeout: 15 * time.Second}})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := dialer.DialContext(context.Background(), "tcp", server.Listener.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println("connected by", conn.LocalAddr().Network())
	// Output: connected by tcp
}

func ExampleDialer_Dial() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dialer.Dial("tcp", "no port")
	fmt.Println(err)
	// Output: dial tcp: address no port: missing port in address
}

// A client that dials for requests, and lets the dials go on without them.
func ExampleWithQueueContext() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	gate, err := host.Gate(limits.TCPHalfOpen)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := gate.SetLimit(limits.Number(0)); err != nil { // so that the dial waits
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}

	request, cancel := context.WithCancel(context.Background())
	detached := context.WithoutCancel(tcp.WithQueueContext(request, request))
	done := make(chan error)
	go func() {
		_, err := dialer.DialContext(detached, "tcp", "192.0.2.1:80")
		done <- err
	}()
	_ = gate.Wait(request, func(s simulate.Stats) bool { return s.Queued == 1 })
	cancel()
	fmt.Println(errors.Is(<-done, simulate.ErrLimit), gate.Stats().Queued)
	// Output: true 0
}

func ExampleDialer_DialTCP() {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	to := server.Addr().(*net.TCPAddr).AddrPort()
	conn, err := dialer.DialTCP(context.Background(), "tcp", netip.AddrPort{}, to)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.SetNoDelay(false))
	// Output: <nil>
}

// What is not TCP meets no limit on attempts.
func ExampleDialer_DialUDP() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, err := dialer.DialUDP(context.Background(), "udp4", netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:53"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	fmt.Println(conn.RemoteAddr())
	// Output: 127.0.0.1:53
}

func ExampleDialer_DialUnix() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dialer.DialUnix(context.Background(), "tcp", nil, &net.UnixAddr{Name: "/no/such/socket"})
	fmt.Println(err)
	// Output: dial tcp: unknown network tcp
}

func ExampleDialer_DialIP() {
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := tcp.NewDialer(host, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dialer.DialIP(context.Background(), "udp", netip.Addr{}, netip.MustParseAddr("127.0.0.1"))
	fmt.Println(err)
	// Output: dial udp: unknown network udp
}
