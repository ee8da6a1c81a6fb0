// Package simtest has fixtures for tests of programs that meet the connection
// limits of Windows: a web server, a file server, a dialer and a listening socket
// that have the limit of the edition that the test names. They are made in the
// manner of net/http/httptest.
//
// A test makes a host, which is the machine, and the fixtures that it needs on it:
//
//   - [NewHost] makes the machine: an edition, and its settings if it has any.
//   - [NewServer] is its web server, with a handler of the test. [NewTLSServer] is
//     the same over TLS.
//   - [NewFileServer] is its file server, in memory, for SMB clients. [NewSamba] is
//     a real smbd with the same limit.
//   - [NewDialer] is a program on it that connects to other machines.
//   - [NewListener] is a listening socket on it, for a server of the test's own.
//
// All of them take a testing.TB and end with the test: there is nothing to close. If
// one cannot be made, the test fails and says why. They may be used in parallel
// tests.
//
// # How a test goes
//
// The gate of a fixture counts the slots of its limit: sessions, connections,
// requests or attempts. A test fills the limit with [Hold], has the program under
// test run into it, and waits until the gate tells that it has: with [WaitRefused]
// on an edition that refuses, with [WaitQueued] on one that queues. Then it gives
// the slots back and checks what the program has done. The package example is such a
// test.
//
// [Each] runs a test as one subtest for each edition of interest. Server.Clients
// returns HTTP clients on as many computers, and DialFrom connects from the computer
// of a number, for limits that count computers.
//
// The fixtures work in memory, and so also in a testing/synctest bubble. There a
// client that waits a minute and a half for a slot takes no time: see the example
// "Synctest" of NewServer. Loopback makes a server listen on the loopback interface
// as well, for clients that take an address or are other programs. That and NewSamba
// need the world outside, and fail a test that is in a bubble.
//
// # What a test leaves behind
//
// A test fails if it leaves something behind: a session, a connection, a request
// that the handler has not finished, the body of an answer that is not closed, or a
// slot. The clean-up of the fixture waits five seconds for it, and then says what it
// is, which client has it, and for how long. A wait that fails, such as WaitHeld,
// tells in the same way what holds the slots.
//
// The leak that fills a file server in practice is the session. It ends when the
// client logs off or its connection ends, and to disconnect the share is not enough.
// A program that forgets to log off passes every test on a server without a limit.
// Here its test fails: see the example "Leak" of NewFileServer.
//
// A session does not end either when its client connects to a share that does not
// exist. The server answers STATUS_BAD_NETWORK_NAME, and a program that returns at that
// error keeps its slot. Windows 11 has 20 slots, so that the session after twenty such
// errors is refused: see the example "WrongShares". A wrong password takes no slot; a
// server with accounts answers it with STATUS_LOGON_FAILURE.
//
// # Accounts and signing
//
// Unless its settings have accounts, the file server logs every client on as a guest,
// with any name and any password. A guest's session has no key, and nothing in it is
// signed. Some clients take such a session although they are told to require
// signing, among them github.com/cloudsoda/go-smb2 and
// github.com/hirochachacha/go-smb2. So a test that a client signs, or that it copes
// with a wrong password, gives the server an account.
//
// With an account and fileserver.SigningRequired the server answers an unsigned
// request with STATUS_ACCESS_DENIED: what succeeds is signed. With an account and
// fileserver.SigningOff a client that insists on signing fails. See the example
// "Signing" of NewFileServer.
//
// # Three tests that fail now and then
//
// A client sees its own close before the server has freed the slot. How long before
// is up to the scheduler, so a test that guesses passes on one machine and fails on a
// busy one. Three guesses are common, and each has a better form here.
//
// A sleep until the slot is free (kubernetes-sigs/apiserver-network-proxy#426 sleeps
// 250 ms) is too short on a busy machine and too long on every other. Wait for the
// slot with WaitHeld: see the example "SleepUntilFree".
//
// A retry loop around a dial that may be refused (hashicorp/nomad#7403 came to one)
// hides a refusal that is a fault, and each round adds one to the refusals that the
// gate counts. Say with Hold when the limit is reached and when it is not, and dial
// once: see the example "RetryLoop".
//
// A counter that is polled until a timeout (gravitational/teleport#14102) may be right
// between two polls only, and a check behind it can come before its own count is
// right. WaitHeld and its like look at each change of the gate: see the example
// "PollingACounter".
//
// The module examples/interop of this repository has tests with real SMB clients,
// one of which shows that a pool of sessions copes with a full Windows 11.
package simtest
