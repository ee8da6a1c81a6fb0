// Package tcp acts out the TCP stack of an edition, on real sockets or in memory:
//
//   - [Dialer] is a net.Dialer with no more attempts in progress than the edition
//     allows. The others wait in a queue.
//   - [Backlog] holds as many connections that a program has not accepted as the
//     edition does, and refuses the next.
//   - [Listener] counts the connections to a service, such as FTP, and refuses the
//     one over the limit as the service does.
//
// Each is made from a simulate.Host, and Host.Close ends it. Package tcphttp gives
// a Dialer to an http.Client.
//
// # Crawlers, scanners, torrent clients
//
// From XP SP2 to Vista SP1 a machine has at most ten outbound attempts in progress.
// A dead address holds its slot for 21 seconds, while the other dials wait and
// their timeouts run. So hosts that are up time out. Two errors tell the cases
// apart, and the example "Crawler" shows them:
//
//   - simulate.ErrLimit: the dial ended in the queue. Nothing was sent, and the
//     host may be up.
//   - ErrConnecting: the attempt was in progress and had no answer.
//
// The program examples/crawler tries one list of addresses on three editions.
//
// Gate.Stats and events count attempts, not dials. A name with two addresses can
// take two attempts, and a client such as http.Transport gives attempts up that it
// no longer needs (simulate.Superseded). So count what a program loses by the
// errors of its calls.
//
// # Addresses that do not answer
//
// To meet the limit, a program needs addresses that do not answer. The surest way
// comes first:
//
//   - in a test, a Connect function in DialerSettings that waits for its context,
//     or an address that simtest.Network does not list
//   - on Linux, a listening socket with a backlog of 0 that one connection has
//     filled; the kernel then drops SYNs (examples/crawler does so)
//   - a firewall that drops: "nft add rule inet filter input tcp dport 46881 drop"
//   - on a network, 192.0.2.1, 198.51.100.1 or 203.0.113.1, which RFC 5737 keeps
//     for documentation; a router may answer for them, which ends the attempt at
//     once
package tcp
