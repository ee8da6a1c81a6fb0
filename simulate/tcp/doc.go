// Package tcp does what the TCP/IP of an edition does, on real sockets or in memory:
//
//   - Dialer connects with no more attempts in progress than the edition allows,
//     and lets the others wait
//   - Backlog holds as many connections for a program that has not accepted them
//     as the edition does, and refuses the next
//   - Listener counts the connections of a service, and refuses the one over the
//     limit as the service does
//
// Each takes a simulate.Host, and Host.Close ends it. Package tcphttp makes a
// Dialer the dialer of an http.Client.
//
// # Addresses that do not answer
//
// The limit on attempts shows where attempts last, and those last that get no
// answer. Ways to such an address, the surest first:
//
//   - in a test, a Connect function in DialerSettings that waits for its context,
//     or a destination that simtest.Network does not list
//   - on Linux, a listening socket of one's own with a backlog of 0 that one
//     connection has filled; the kernel drops further SYNs (examples/crawler)
//   - a firewall that drops: "nft add rule inet filter input tcp dport 46881 drop"
//   - on a network, 192.0.2.1, 198.51.100.1 or 203.0.113.1, which RFC 5737 keeps
//     for documentation; a router on the way may answer for them that the network is
//     unreachable, which ends the attempt at once
//
// # What to count
//
// Stats and events of a gate count attempts. A name with two addresses is two of
// them, and clients such as http.Transport make attempts that nothing waits for in
// the end. Such a one counts as simulate.Superseded where it left the queue. What a
// program loses is in the errors of its own calls: ErrLimit, ErrConnecting, or
// neither.
package tcp
