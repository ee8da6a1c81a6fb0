// Package simtest has fixtures for the tests of programs that may meet the
// connection limits of a Windows: a web server, a file server, a dialer and a
// listening socket that are a given Windows.
//
// They are made in the manner of net/http/httptest. Each belongs to a host,
// which is the machine and has the limits:
//
//	host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
//	files := simtest.NewFileServer(t, host, nil)
//	srv := simtest.NewServer(t, host, handler)
//	dialer := simtest.NewDialer(t, host, simtest.Network{}, nil)
//	ln := simtest.NewListener(t, host, nil)
//
// All of them take a testing.TB, may be used in parallel tests, and end with the
// test. They work in memory, and so also in a testing/synctest bubble, where a
// test of timeouts and queues takes no time. The servers listen on loopback as
// well once their Loopback is called. What a test leaves behind, be it a session,
// a connection, a request that is still being handled, an answer whose body is not
// closed or a slot, fails the test with an account of it: by whom a slot is held,
// since when, and what for.
//
// NewSamba is the exception: a real smbd with real files, outside of any bubble.
// NewTLSServer is NewServer over TLS, also in HTTP/2. The clients of Server.Clients
// and the connections of DialFrom come from computers of their own, so that forty
// machines are one line:
//
//	for _, client := range srv.Clients(40) {
//		resp, err := client.Get(srv.URL)
//		...
//	}
//
// # What fills a file server, and the tests that find it
//
// A session ends when the client logs off or its connection ends, and holds its
// slot until then. To disconnect the share is not enough. A program that forgets
// the rest passes every test on a server without a limit; here the clean-up fails
// it and names the session. In a bubble that takes no time:
//
//	func TestBackupLogsOff(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			host := simtest.NewHost(t, limits.Windows{Edition: limits.Windows11Pro}, nil)
//			files := simtest.NewFileServer(t, host, nil)
//			require.NoError(t, backup(t.Context(), files.Dial))
//		})
//	}
//
// Nor does a share that is missing end the session that has asked for it. The
// server answers STATUS_BAD_NETWORK_NAME to every name that its settings lack, and
// a program that returns at that error keeps its slot: the 21st session is refused
// after 20 wrong shares. A wrong password, which a server with accounts answers with
// STATUS_LOGON_FAILURE, takes no slot. See the example "WrongShares".
//
// # Which test proves that a client signs
//
// One with an account. A guest's session has no key and nothing in it is signed,
// and there are clients, github.com/cloudsoda/go-smb2 and
// github.com/hirochachacha/go-smb2 among them, that take it although they are told to
// require signing. With an account and fileserver.SigningRequired the server answers
// an unsigned request with STATUS_ACCESS_DENIED, so that what succeeds is signed.
// With an account and fileserver.SigningOff a client that insists on signing has to
// fail. See the example "Signing" of NewFileServer.
//
// # Three tests that fail now and then, and what to write instead
//
// A client sees its own close before the server has freed the slot. How long
// before is up to the scheduler, so that a test which guesses is right on one
// machine and wrong on a busy one.
//
// The sleep until the slot is free (kubernetes-sigs/apiserver-network-proxy#426
// has one of 250 ms). Too short on a busy machine, and too long on every other:
//
//	first.Close()
//	time.Sleep(100 * time.Millisecond)
//	second, err := dial()
//	require.NoError(t, err)
//
// Wait for the slot instead. See the example "SleepUntilFree":
//
//	first.Close()
//	simtest.WaitHeld(t, srv.Gate, 0)
//	second, err := dial()
//
// The retry loop around the dial that may be refused (hashicorp/nomad#7403 came
// to one). It hides a refusal that is a fault, and leaves one more in the
// counters each time round:
//
//	for range 10 {
//		if conn, err = dial(); err == nil {
//			break
//		}
//		time.Sleep(10 * time.Millisecond)
//	}
//
// Say when the place is taken and when it is free, and dial once. See the
// example "RetryLoop":
//
//	release := simtest.Hold(t, files.Gate, 20)
//	_, err := dial() // is refused
//	release()
//	conn, err := dial() // is not
//
// The counter that is polled until a timeout (gravitational/teleport#14102). It
// passes by the moment at which the count was right, or asserts before the count
// is:
//
//	require.Eventually(t, func() bool { return active.Load() == 10 }, time.Second, 10*time.Millisecond)
//	assert.Zero(t, waiting.Load())
//
// The gate wakes whoever waits, at each change. See the example
// "PollingACounter":
//
//	simtest.WaitHeld(t, srv.Gate, 10)
//	simtest.WaitQueued(t, srv.Gate, 15)
package simtest
