package simulate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
)

var xpPro = limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleNew() {
	host, err := simulate.New(xpPro, &simulate.Settings{MaxConnections: 40})
	fmt.Println(host.Windows(), err)
	_, err = simulate.New(xpPro, &simulate.Settings{MaxConnections: 41})
	fmt.Println(err)
	// Output:
	// Windows XP Professional SP3 <nil>
	// simulate: Windows XP Professional SP3: MaxConnections 41: want 1 to 40, or 0 for the default; Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40.
}

func ExampleHost_Gate() {
	host := must(simulate.New(limits.Windows{Edition: limits.XPHome}, nil))
	gate := must(host.Gate(limits.SMB))
	slots := make([]simulate.Slot, 6)
	for i := range slots {
		fmt.Print(gate.TryAcquire(&slots[i]), " ")
	}
	slots[0].Release()
	fmt.Println(gate.TryAcquire(&slots[5]))
	fmt.Printf("%+v\n", gate.Stats())

	_, err := host.Gate(limits.IIS)
	fmt.Println(errors.Is(err, simulate.ErrAbsent), err)
	// Output:
	// true true true true true false true
	// {Held:5 Peak:5 Waiting:0 Admitted:6 Waited:0 Refused:1 TimedOut:0 Abandoned:0}
	// true simulate: no such service in this edition: Windows XP Home has no web server of its own (IIS).
}

func ExampleGate_Acquire() {
	host := must(simulate.New(limits.Windows{Edition: limits.Windows7Starter}, nil))
	gate := must(host.Gate(limits.IIS)) // one request at a time; the others wait
	var first, second simulate.Slot
	fmt.Println(gate.Acquire(context.Background(), &first))

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := gate.Acquire(ctx, &second)
	fmt.Println(errors.Is(err, simulate.ErrLimit), errors.Is(err, context.DeadlineExceeded))
	var limit *simulate.LimitError
	fmt.Println(errors.As(err, &limit), limit.Outcome, limit.Held, "of", limit.Limit)
	// Output:
	// <nil>
	// true true
	// true timed-out 1 of 1
}

func ExampleGate_TryAcquire() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.RDP))
	serve := func() bool {
		var slot simulate.Slot
		if !gate.TryAcquire(&slot) {
			return false
		}
		defer slot.Release()
		return true
	}
	fmt.Println(serve(), serve())
	// Output: true true
}

func ExampleGate_SetLimit() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.IIS))
	fmt.Println(gate.Limit(), gate.Ceiling())
	fmt.Println(gate.SetLimit(40), gate.Limit())
	fmt.Println(gate.SetLimit(41) != nil, gate.Limit())
	// Output:
	// 10 40
	// <nil> 40
	// true 40
}

func ExampleGate_Wait() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	go func() {
		var slot simulate.Slot
		gate.TryAcquire(&slot)
	}()
	err := gate.Wait(context.Background(), func(s simulate.Stats) bool { return s.Admitted == 1 })
	fmt.Println(err, gate.Stats().Held)
	// Output: <nil> 1
}

func ExampleGate_WaitHeld() {
	host := must(simulate.New(xpPro, nil))
	gate := must(host.Gate(limits.SMB))
	var slot simulate.Slot
	gate.TryAcquire(&slot)
	go slot.Release()
	fmt.Println(gate.WaitHeld(context.Background(), 0))
	// Output: <nil>
}

func ExampleHost_Observe() {
	host := must(simulate.New(limits.Windows{Edition: limits.VistaStarter}, nil))
	stop := host.Observe(func(e simulate.Event) {
		fmt.Println(e.Windows, e.Service, e.Kind, e.Outcome, "limit", e.Limit)
	})
	defer stop()
	gate := must(host.Gate(limits.SMB))
	gate.TryAcquire(new(simulate.Slot))
	// Output: Windows Vista Starter smb decided refused limit 0
}

// Any http.Server becomes the web server of a Windows.
func ExampleHost_WrapServer() {
	host := must(simulate.New(xpPro, nil))
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "It works.")
	})}
	ln := must(host.WrapServer(srv, must(net.Listen("tcp", "127.0.0.1:0"))))
	go srv.Serve(ln)
	defer srv.Close()

	for range 10 { // ten visitors who ask for nothing
		defer must(net.Dial("tcp", ln.Addr().String())).Close()
	}
	gate := must(host.Gate(limits.IIS))
	if err := gate.WaitHeld(context.Background(), 10); err != nil {
		fmt.Println(err)
	}
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 403 Access Forbidden
}

func ExampleHost_Handler() {
	host := must(simulate.New(limits.Windows{Edition: limits.Windows11Pro}, nil))
	handler := must(host.Handler(http.NotFoundHandler()))
	srv := &http.Server{Handler: handler}
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	go srv.Serve(ln)
	defer srv.Close()
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status, must(host.Gate(limits.IIS)).Stats().Admitted)
	// Output: 404 Not Found 1
}

// The FTP service of XP Professional greets its eleventh client with a refusal.
func ExampleHost_Listener() {
	host := must(simulate.New(xpPro, nil))
	ln := must(host.Listener(must(net.Listen("tcp", "127.0.0.1:0")), limits.FTP))
	defer ln.Close()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(conn, "220 ready\r\n") // and keep it open
		}
	}()
	var last string
	for range 11 {
		conn := must(net.Dial("tcp", ln.Addr().String()))
		defer conn.Close()
		line := make([]byte, 100)
		last = string(line[:must(conn.Read(line))])
	}
	fmt.Print(last)
	// Output: 421 Maximum clients reached, service unavailable.
}

func ExampleHost_Adsutil() {
	host := must(simulate.New(xpPro, nil))
	for _, line := range []string{"adsutil get w3svc/MaxConnections", "adsutil set w3svc/MaxConnections 40"} {
		fmt.Println(strings.TrimSpace(must(host.Adsutil(line)))) // without the CR LF
	}
	_, err := host.Adsutil("adsutil set w3svc/MaxConnections 41")
	fmt.Println(err)
	// Output:
	// MaxConnections                  : (INTEGER) 10
	// MaxConnections : (INTEGER) 40
	// simulate: MaxConnections 41: Windows XP Professional SP3 accepts 1 to 40: Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40.
}

func ExampleConn() {
	host := must(simulate.New(xpPro, nil))
	ln := must(host.Listener(must(net.Listen("tcp", "127.0.0.1:0")), limits.TCPOther))
	defer ln.Close()
	client := must(net.Dial("tcp", ln.Addr().String()))
	defer client.Close()
	conn := must(ln.Accept()).(simulate.Conn)
	_, isTCP := conn.NetConn().(*net.TCPConn)
	fmt.Println(isTCP)
	conn.Close()
	_, err := client.Read(make([]byte, 1))
	fmt.Println(err == io.EOF)
	// Output:
	// true
	// true
}
