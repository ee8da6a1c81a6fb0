// Package winlimits is a plugin for the web server Caddy. With it the servers of a
// Caddy have the connection limits of a machine that runs Windows.
//
// This is a complete Caddyfile for such a machine in front of a program:
//
//	{
//		servers {
//			listener_wrappers {
//				windows "XP Pro SP3"
//				tls
//			}
//		}
//	}
//	:8080
//	reverse_proxy 127.0.0.1:9000
//
// Of 40 clients at the same time, 10 get a page and 30 get HTTP 403.9. With "Windows 7
// Pro" as the edition all get a page, 10 at a time. The command cmd/caddy is a Caddy
// with the plugin:
//
//	go run ./cmd/caddy run
//	curl localhost:2019/windows        # how many are held, queued and refused
//
// Any other Caddy gets the plugin by an import of this package. Until the modules are
// published, its go.mod points to a checkout:
//
//	go mod edit -require github.com/winlimits/winlimits@v0.0.0 -replace github.com/winlimits/winlimits=../winlimits
//	go mod edit -require github.com/winlimits/winlimits/examples/caddy@v0.0.0 -replace github.com/winlimits/winlimits/examples/caddy=../winlimits/examples/caddy
//	go mod tidy
//
// # The listener wrapper
//
// The module caddy.listeners.windows makes a server the web server of the machine.
// It counts connections where the edition does (IIS up to 6.0). It also puts the
// module http.handlers.windows_requests in front of all routes. That one counts
// requests where the edition does (IIS 7.0 and later), and answers refused clients
// over TLS and HTTP/2. After the name of the edition a block can have settings:
//
//	windows "XP Pro SP3" {
//		max_connections   20    # IIS 4.0 to 6.0
//		keep_alive        off   # IIS 4.0 to 6.0
//		queue_timeout     30s   # IIS 7.0 and later
//		worker_processes  2     # IIS 7.0 and later
//	}
//
// If the machine counts connections and the server speaks TLS, two more things are
// needed. "tls" must follow in the list, because the connections are counted before
// the handshake. The server must have "protocols h1 h2", because HTTP/3 has no TCP
// connections to count. The "timeouts" of the server say how long an idle connection
// holds its slot.
//
// # The handler
//
// The module http.handlers.windows_requests is enough for IIS 7.0 and later. It can
// also count the requests of some routes only. The directive takes the same words,
// and comes before all others unless "order" or "route" says otherwise:
//
//	:8080
//	windows_requests "Windows 7 Pro"
//	reverse_proxy 127.0.0.1:9000
//
// # Machines and reloads
//
// All servers and handlers with the same edition and service pack are one machine,
// and must have the same settings. A reload of the configuration keeps the machine,
// its counters and its open connections. A new max_connections is then in force, and
// ends no connection. A change of any other setting makes a new machine. If a
// configuration is not right, the reload fails with the reason, and the old
// configuration goes on.
package winlimits
