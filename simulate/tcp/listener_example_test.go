package tcp_test

import (
	"fmt"
	"io"
	"net"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/tcp"
)

// must keeps the examples short; a program handles its errors.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// The FTP service of XP Professional greets its eleventh client with a refusal.
func ExampleNewListener() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), nil))
	defer host.Close()
	ln := must(tcp.NewListener(host, limits.FTP, must(net.Listen("tcp", "127.0.0.1:0")), nil))
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

// A server that speaks a protocol of its own answers the connection over the
// limit itself.
func ExampleRefusalOf() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), nil))
	defer host.Close()
	gate := must(host.Gate(limits.FTP))
	release := must(gate.Hold(10))
	defer release()
	ln := must(tcp.NewListener(host, limits.FTP, must(net.Listen("tcp", "127.0.0.1:0")), &tcp.ListenerSettings{HandOn: true}))
	go func() {
		conn := must(ln.Accept())
		defer conn.Close()
		if over := tcp.RefusalOf(conn); over != nil {
			over.Answer(conn, conn, []byte("421 Come back later.\r\n"))
		}
	}()
	conn := must(net.Dial("tcp", ln.Addr().String()))
	defer conn.Close()
	fmt.Print(string(must(io.ReadAll(conn))))
	// Output: 421 Come back later.
}

func ExampleConn() {
	host := must(simulate.New(limits.MustParseWindows("XP Professional SP3"), nil))
	ln := must(tcp.NewListener(host, limits.TCPOther, must(net.Listen("tcp", "127.0.0.1:0")), nil))
	defer ln.Close()
	client := must(net.Dial("tcp", ln.Addr().String()))
	defer client.Close()
	conn := must(ln.Accept()).(tcp.Conn)
	_, isTCP := conn.NetConn().(*net.TCPConn)
	fmt.Println(isTCP)
	conn.Close()
	_, err := client.Read(make([]byte, 1))
	fmt.Println(err == io.EOF)
	// Output:
	// true
	// true
}
