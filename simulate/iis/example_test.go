package iis_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/iis"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Any http.Server becomes the web server of a machine.
func ExampleServer_Serve() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), nil))
	defer host.Close()
	web := must(iis.NewServer(host))
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	go web.Serve(&http.Server{Handler: http.FileServer(http.Dir("."))}, ln)

	must(web.Gate().Hold(10)) // ten other clients keep their connections
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 403 Access Forbidden
}

// One http.Server on two listeners has the limit once.
func ExampleServer_ServeTLS() {
	host := must(simulate.New(limits.MustParseWindows("Windows 11 Pro"), nil))
	defer host.Close()
	web := must(iis.NewServer(host))
	srv := &http.Server{Handler: http.NotFoundHandler()}
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	defer ln.Close()
	go web.Serve(srv, ln)
	err := web.ServeTLS(srv, must(net.Listen("tcp", "127.0.0.1:0")), "no-such-certificate.pem", "key.pem")
	fmt.Println(err)
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output:
	// open no-such-certificate.pem: no such file or directory
	// 404 Not Found
}

// From IIS 7.0 on the handler is all that the server of another program needs.
func ExampleServer_Handler() {
	host := must(simulate.New(limits.MustParseWindows("Windows 11 Pro"), nil))
	web := must(iis.NewServer(host))
	srv := &http.Server{Handler: web.Handler(http.NotFoundHandler())}
	ln := must(net.Listen("tcp", "127.0.0.1:0"))
	go srv.Serve(ln)
	defer srv.Close()
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status, web.Gate().Stats().Admitted)
	// Output: 404 Not Found 1
}

// Up to IIS 6.0 the server needs the listener, too, and if wrappers change addresses
// ConnContext.
func ExampleServer_Listener() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), &simulate.Settings{
		Limits: map[limits.Service]int{limits.IIS: 0},
	}))
	defer host.Close()
	web := must(iis.NewServer(host))
	srv := &http.Server{Handler: web.Handler(http.NotFoundHandler()), ConnContext: web.ConnContext}
	ln := must(web.Listener(must(net.Listen("tcp", "127.0.0.1:0"))))
	go srv.Serve(ln) // or with other listeners around it
	defer srv.Close()
	resp := must(http.Get("http://" + ln.Addr().String()))
	defer resp.Body.Close()
	fmt.Println(resp.Status)
	// Output: 403 Access Forbidden
}

// An administrator raises the limit as far as it goes.
func ExampleNewServer() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), nil))
	must(iis.NewServer(host))
	for _, line := range []string{"adsutil get w3svc/MaxConnections", "adsutil set w3svc/MaxConnections 40"} {
		fmt.Println(strings.TrimSpace(must(host.Console(line)))) // without the CR LF
	}
	_, err := host.Console("adsutil set w3svc/MaxConnections 41")
	fmt.Println(err)
	// Output:
	// MaxConnections                  : (INTEGER) 10
	// MaxConnections : (INTEGER) 40
	// iis: MaxConnections 41: Windows XP Professional SP3 accepts 1 to 40: Windows XP Professional takes 10 connections to its web server (IIS) at the same time and refuses the next one; the number can be raised to 40.
}
