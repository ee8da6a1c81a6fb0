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
package tcp
