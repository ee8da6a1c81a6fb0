package simtest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// test runs the body of a test for an example, and prints how it fails. In a test of
// yours the t is there already.
func test(body func(t testing.TB)) {
	for _, failure := range try(body) {
		fmt.Println(failure)
	}
}

// page is the handler of the examples.
func page(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }

// get fetches a page and returns the status.
func get(t testing.TB, client *http.Client, url string) string {
	resp, err := client.Get(url)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer resp.Body.Close()
	return resp.Status
}

// A test fills the limit, lets the program under test meet it, and waits for the gate
// to tell that it has. Then it gives the slots back.
func Example() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows7Professional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		release := simtest.Hold(t, srv.Gate, 10) // the machine is full

		status := make(chan string)
		go func() { status <- get(t, srv.Client(), srv.URL) }() // the program under test

		simtest.WaitQueued(t, srv.Gate, 1) // IIS 7.5 queues the request over the limit
		release()
		fmt.Println(<-status)
	})
	// Output: 200 OK
}

// An administrator has raised the limit of IIS 5.1 from 10 to 40.
func ExampleNewHost() {
	test(func(t testing.TB) {
		xp := limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}
		host := simtest.NewHost(t, xp, &simulate.Settings{MaxConnections: 40})
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		fmt.Println(srv.Gate.Limit())
	})
	// Output: 40
}

// The eleventh connection to IIS 5.1 is refused. When the ten have ended, the next one
// is served.
func ExampleNewServer() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		release := simtest.Hold(t, srv.Gate, 10)
		fmt.Println(get(t, srv.Client(), srv.URL))
		release()
		fmt.Println(get(t, srv.Client(), srv.URL))
	})
	// Output:
	// 403 Access Forbidden
	// 200 OK
}

// Any HTTP client reaches the server at the URL that Loopback returns.
func ExampleServer_Loopback() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		fmt.Println(get(t, http.DefaultClient, srv.Loopback()))
	})
	// Output: 200 OK
}

// The server speaks HTTPS and HTTP/2.
func ExampleNewTLSServer() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		srv := simtest.NewTLSServer(t, host, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Println(r.Proto, r.TLS.ServerName)
		}))
		fmt.Println(get(t, srv.Client(), srv.URL))
	})
	// Output:
	// HTTP/2.0 windows.test
	// 200 OK
}

// A client of the test's own trusts the server's certificate, and connects on loopback.
func ExampleServer_Certificate() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		srv := simtest.NewTLSServer(t, host, http.HandlerFunc(page))
		roots := x509.NewCertPool()
		roots.AddCert(srv.Certificate())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
		fmt.Println(get(t, &http.Client{Transport: transport}, srv.Loopback()))
	})
	// Output: 200 OK
}

// Forty machines fetch the page and keep their connections open. IIS 5.1 serves ten of
// them.
func ExampleServer_Clients() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		for _, client := range srv.Clients(40) {
			resp, err := client.Get(srv.URL)
			if err != nil {
				t.Fatalf("%v", err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		stats := srv.Gate.Stats()
		fmt.Println(stats.Admitted, "served,", stats.Refused, "refused")
	})
	// Output: 10 served, 30 refused
}

// The server sees the address of the client computer number 7.
func ExampleServer_DialFrom() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			fmt.Println(r.RemoteAddr)
		}))
		transport := &http.Transport{DialContext: srv.DialFrom(7), DisableKeepAlives: true}
		get(t, &http.Client{Transport: transport}, srv.URL)
	})
	// Output: 10.0.0.7:49152
}

// With CountComputers the sessions of one computer share a slot. DialFrom chooses the
// computer.
func ExampleFileServer_DialFrom() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPHome}, nil)
		settings := &simtest.FileServerSettings{Proxy: smb.Settings{Count: smb.CountComputers}}
		files := simtest.NewFileServer(t, host, settings)
		for _, number := range []int{1, 1, 2} {
			conn, err := files.DialFrom(number)(t.Context(), "tcp", "windows.test:445")
			if err != nil {
				t.Fatalf("%v", err)
			}
			defer conn.Close() // hand it to a client that takes a net.Conn
			fmt.Println(conn.LocalAddr())
		}
	})
	// Output:
	// 10.0.0.1:49152
	// 10.0.0.1:49153
	// 10.0.0.2:49154
}

// Dial is the DialContext of a transport.
func ExampleServer_Dial() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows7Starter}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		transport := &http.Transport{DialContext: srv.Dial, DisableKeepAlives: true}
		fmt.Println(get(t, &http.Client{Transport: transport}, "http://intranet/"))
	})
	// Output: 200 OK
}

// The address that Loopback returns is for a client that takes one. A client that takes
// a net.Conn can use Dial instead. A connection without a session holds no slot.
func ExampleNewFileServer() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		files := simtest.NewFileServer(t, host, nil)
		fmt.Println(files.Gate.Limit(), "sessions")
		conn, err := net.Dial("tcp", files.Loopback())
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer conn.Close()
		fmt.Println(len(files.Proxy.Sessions()), "in use")
	})
	// Output:
	// 20 sessions
	// 0 in use
}

// The clean-up finds a session that the program under test has not ended. In a bubble
// its five seconds pass at once. The failure is:
//
//	simtest: 1 session neither logged off nor disconnected 5s after the test:
//		"alice" on 192.0.2.2, idle for 5s
func ExampleNewFileServer_leak() {
	// backup stands for the program under test. It logs on as alice, stores a file
	// and returns without a logoff.
	var backup func(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error)) error

	_ = func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
			files := simtest.NewFileServer(t, host, nil)
			if err := backup(t.Context(), files.Dial); err != nil {
				t.Error(err)
			}
		})
	}
}

// The client smbclient signs in the session of an account, and the server takes
// nothing that is not signed. In a guest's session nothing would be signed.
func ExampleNewFileServer_signing() {
	test(func(t testing.TB) {
		inbox := new(fileserver.Memory)
		if err := inbox.WriteFile("letter.txt", []byte("Dear all")); err != nil {
			t.Fatalf("%v", err)
		}
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		files := simtest.NewFileServer(t, host, &simtest.FileServerSettings{Server: fileserver.Settings{
			Accounts: map[string]string{"alice": "secret"},
			Signing:  fileserver.SigningRequired,
			Shares:   map[string]fs.FS{"inbox": inbox},
		}})
		address, port, _ := strings.Cut(files.Loopback(), ":")
		client := exec.Command("smbclient", "//"+address+"/inbox", "--port="+port, "--user=alice%secret",
			"--client-protection=sign", "--command=get letter.txt -")
		client.Stdout = os.Stdout
		if err := client.Run(); err != nil {
			t.Errorf("%v", err)
		}
	})
}

// openShare stands for a program that logs on, does not find the share, and returns
// without a logoff. Each run keeps a slot. When they are used up, the program cannot
// open a share that is there either.
func Example_wrongShares() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		files := simtest.NewFileServer(t, host, nil)
		for range 19 {
			openShare(t, files, "nosuch")
		}
		fmt.Println(openShare(t, files, "nosuch"))
		fmt.Println(files.Gate.Stats().Held, "sessions")
		fmt.Println(openShare(t, files, "share")) // which is there
	})
	// Output:
	// STATUS_BAD_NETWORK_NAME (0xC00000CC)
	// 20 sessions
	// STATUS_REQUEST_NOT_ACCEPTED (0xC00000D0)
}

// One destination accepts and one refuses. Ten attempts that no destination answers
// fill the limit of XP SP2, and the next attempt is queued.
func ExampleNewDialer() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional, ServicePack: 2}, nil)
		d := simtest.NewDialer(t, host, simtest.Network{
			Answer: map[string]func(net.Conn){"up.test:80": nil},
			Refuse: []string{"down.test:80"},
		}, nil)
		conn, err := d.Dial("tcp", "up.test:80")
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer conn.Close()
		_, err = d.Dial("tcp", "down.test:80")
		fmt.Println(err)

		defer simtest.Hold(t, d.Gate, 10)()
		go func() {
			if conn, err := d.DialContext(t.Context(), "tcp", "up.test:80"); err == nil {
				conn.Close()
			}
		}()
		simtest.WaitQueued(t, d.Gate, 1)
		fmt.Println(d.Gate.Stats().Queued, "queued")
	})
	// Output:
	// dial tcp 198.18.0.2:80: connect: connection refused
	// 1 queued
}

// XP Professional holds ten connections that the program has not accepted, and refuses
// the next one.
func ExampleNewListener() {
	test(func(t testing.TB) {
		ln := simtest.NewListener(t, simtest.NewHost(t, xpPro, nil), nil)
		for range 10 {
			if _, err := ln.Dial(t.Context(), "tcp", ""); err != nil {
				t.Errorf("%v", err)
			}
		}
		_, err := ln.Dial(t.Context(), "tcp", "")
		fmt.Println(errors.Is(err, syscall.ECONNREFUSED), ln.Gate().Stats().Held)
	})
	// Output: true 10
}

// Hold fills the five sessions of XP Home without a client.
func ExampleHold() {
	test(func(t testing.TB) {
		gate, err := simtest.NewHost(t, limits.Windows{Edition: limits.XPHome}, nil).Gate(limits.SMB)
		if err != nil {
			t.Fatalf("%v", err)
		}
		release := simtest.Hold(t, gate, 5)
		fmt.Println(gate.Stats().Held)
		release()
		fmt.Println(gate.Stats().Held)
	})
	// Output:
	// 5
	// 0
}

// The same test runs for each edition that has IIS, as a subtest.
func ExampleEach() {
	_ = func(t *testing.T) {
		simtest.Each(t, limits.IIS, nil, func(t *testing.T, c simtest.Case) {
			t.Parallel()
			srv := simtest.NewServer(t, simtest.NewHost(t, c.Windows, nil), http.HandlerFunc(page))
			if n, ok := c.Limit.Number(); ok {
				simtest.Hold(t, srv.Gate, n) // c.Rule.Discipline says what the next client meets
			}
		})
	}
}

// The test waits for the slot in place of a sleep until it may be free.
func Example_sleepUntilFree() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		simtest.Hold(t, srv.Gate, 9)

		first, err := srv.Dial(t.Context(), "tcp", "windows.test:80")
		if err != nil {
			t.Fatalf("%v", err)
		}
		simtest.WaitHeld(t, srv.Gate, 10)
		first.Close()
		simtest.WaitHeld(t, srv.Gate, 9) // not: time.Sleep(100 * time.Millisecond)
		fmt.Println(get(t, srv.Client(), srv.URL))
	})
	// Output: 200 OK
}

// The test says when the slots are held and when they are free, in place of a retry
// loop around a dial that may be refused.
func Example_retryLoop() {
	test(func(t testing.TB) {
		gate, err := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil).Gate(limits.SMB)
		if err != nil {
			t.Fatalf("%v", err)
		}
		connect := func() error { // the program under test
			var session simulate.Slot
			defer session.Release()
			return gate.Acquire(t.Context(), &session)
		}
		release := simtest.Hold(t, gate, 20)
		fmt.Println(errors.Is(connect(), simulate.ErrLimit))
		release()
		fmt.Println(connect()) // not: a loop until it succeeds
		fmt.Println(gate.Stats().Refused)
	})
	// Output:
	// true
	// <nil>
	// 1
}

// The test waits for the state of the gate in place of polling a counter.
func Example_pollingACounter() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows7Professional}, nil)
		leave := make(chan struct{})
		srv := simtest.NewServer(t, host, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-leave }))
		done := make(chan string)
		for range 25 {
			go func() { done <- get(t, srv.Client(), srv.URL) }()
		}
		simtest.WaitHeld(t, srv.Gate, 10) // not: require.Eventually
		simtest.WaitQueued(t, srv.Gate, 15)
		fmt.Println(srv.Gate.Stats().Refused, "refused")
		close(leave)
		for range 25 {
			<-done
		}
		simtest.WaitHeld(t, srv.Gate, 0)
		fmt.Println(srv.Gate.Stats().Admitted, "admitted")
	})
	// Output:
	// 0 refused
	// 25 admitted
}

// A client waits a minute and a half for a page of Windows 7 Starter, whose IIS takes
// one request at a time. In a bubble the test takes no time.
func ExampleNewServer_synctest() {
	_ = func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows7Starter}, nil)
			srv := simtest.NewServer(t, host, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
				time.Sleep(30 * time.Second)
			}))
			release := simtest.Hold(t, srv.Gate, 1)
			time.AfterFunc(time.Minute, release)
			start := time.Now()
			if get(t, srv.Client(), srv.URL); time.Since(start) != 90*time.Second {
				t.Error("the request has not waited for the only slot")
			}
		})
	}
}

// The client's requests go to the server whatever host they name.
func ExampleServer_Client() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Home}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		fmt.Println(get(t, srv.Client(), srv.URL), get(t, srv.Client(), "http://any.test/"))
	})
	// Output: 200 OK 200 OK
}

// smbclient and other programs reach the server at the address of Loopback.
func ExampleFileServer_Loopback() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPHome}, nil)
		address, _, err := net.SplitHostPort(simtest.NewFileServer(t, host, nil).Loopback())
		fmt.Println(address, err)
	})
	// Output: 127.0.0.1 <nil>
}

// A client that takes a net.Conn gets it from Dial.
func ExampleFileServer_Dial() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPHome}, nil)
		files := simtest.NewFileServer(t, host, nil)
		conn, err := files.Dial(t.Context(), "tcp", "windows.test:445")
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer conn.Close()
		fmt.Println(conn.RemoteAddr())
	})
	// Output: 192.0.2.1:445
}

// IIS 5.1 counts connections, also those without a request.
func ExampleWaitHeld() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		conn, err := srv.Dial(t.Context(), "tcp", "windows.test:80")
		if err != nil {
			t.Fatalf("%v", err)
		}
		simtest.WaitHeld(t, srv.Gate, 1)
		conn.Close()
		simtest.WaitHeld(t, srv.Gate, 0)
		fmt.Println(srv.Gate.Stats().Peak)
	})
	// Output: 1
}

// The test goes on when the eleventh connection has been refused.
func ExampleWaitRefused() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPProfessional}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		simtest.Hold(t, srv.Gate, 10)
		status := make(chan string)
		go func() { status <- get(t, srv.Client(), srv.URL) }()
		simtest.WaitRefused(t, srv.Gate, 1)
		fmt.Println(<-status)
	})
	// Output: 403 Access Forbidden
}

// The test frees the slots when the eleventh request is in the queue.
func ExampleWaitQueued() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
		srv := simtest.NewServer(t, host, http.HandlerFunc(page))
		release := simtest.Hold(t, srv.Gate, 10)
		status := make(chan string)
		go func() { status <- get(t, srv.Client(), srv.URL) }()
		simtest.WaitQueued(t, srv.Gate, 1)
		release()
		fmt.Println(<-status)
	})
	// Output: 200 OK
}
