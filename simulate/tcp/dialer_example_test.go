package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

// Eleven attempts on Windows XP SP2, none of which is ever answered: ten are in
// progress when the program loses patience, and one has not begun.
func ExampleHost_Dialer() {
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
	dialer, err := host.Dialer(&simulate.DialerSettings{
		// Nobody answers here. Without Connect, the dialer uses the network.
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
	_ = gate.Wait(ctx, func(s simulate.Stats) bool { return s.Held == 10 && s.Waiting == 1 })
	cancel()
	queued, connecting := 0, 0
	for range 11 {
		switch err := <-errs; {
		case errors.Is(err, simulate.ErrLimit):
			queued++
		case errors.Is(err, simulate.ErrConnecting):
			connecting++
		}
	}
	fmt.Println(connecting, "were connecting,", queued, "waited for a slot")
	// Output:
	// event 4226 Warning of Tcpip
	// 10 were connecting, 1 waited for a slot
}

func ExampleDialer_DialContext() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := host.Dialer(&simulate.DialerSettings{Net: net.Dialer{Timeout: 15 * time.Second}})
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
	dialer, err := host.Dialer(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = dialer.Dial("tcp", "no port")
	fmt.Println(err)
	// Output: dial tcp: address no port: missing port in address
}

func ExampleDialer_RoundTripper() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "It works.")
	}))
	defer server.Close()
	host, err := simulate.New(limits.Windows{Edition: limits.XPHome, ServicePack: 3}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	dialer, err := host.Dialer(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &http.Client{Transport: dialer.RoundTripper(nil)}
	defer client.CloseIdleConnections()
	response, err := client.Get(server.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	fmt.Println(string(page), err)
	// Output: It works. <nil>
}

// What the 4226 patch programs did, and what a system could not have held.
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
	// simulate: Windows Vista Ultimate SP1: HalfOpen.Patched 1000: the limit is one byte in the tcpip.sys of this Windows; want 1 to 255, or unlimited
}

func ExampleHost_SYNSchedule() {
	for _, e := range []limits.Edition{limits.NT40Workstation, limits.XPProfessional, limits.Windows8Pro} {
		host, err := simulate.New(limits.Windows{Edition: e}, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		s := host.SYNSchedule()
		fmt.Printf("%v: SYN at", e)
		for i := 0; i <= s.Retransmissions; i++ {
			fmt.Printf(" %v", s.Sent(i))
		}
		fmt.Printf(", given up at %v (%v)\n", s.GiveUp(), s.Grade)
	}
	// Output:
	// Windows NT 4.0 Workstation: SYN at 0s 3s 9s 21s, given up at 45s (documented)
	// Windows XP Professional: SYN at 0s 3s 9s, given up at 21s (inferred)
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
