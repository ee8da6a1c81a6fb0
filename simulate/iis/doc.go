// Package iis acts out the web servers of Windows (IIS) on net/http.
//
// A program that has the http.Server calls [NewServer], and then [Server.Serve] or
// [Server.ServeTLS] in place of the methods of the http.Server:
//
//	web, err := iis.NewServer(host)
//	...
//	err = web.Serve(srv, listener)
//
// If the http.Server belongs to another program, such as Caddy or Traefik, that
// program takes the limit in pieces:
//
//   - [Server.Handler] around its handler. From IIS 7.0 on that is all.
//   - [Server.Listener] around its listener, up to IIS 6.0 or for Host.Disconnect.
//   - [Server.ConnContext] in the http.Server, if a wrapper changes the addresses
//     of connections, as for the PROXY protocol.
//
// Up to IIS 6.0 (XP and Server 2003) the server counts connections from accept to
// close, idle or not, and answers the one over the limit with an error page. From
// IIS 7.0 on (Vista) it counts requests while they execute, and queues the others.
// All http.Servers and listeners of a host share one gate.
//
// A request fails with status 500 if code between the pieces hides its connection
// from the limit. The page says what to do.
package iis
