// Package winlimits is a plugin for Caddy, a web server that is not ours: with it,
// the servers of a Caddy have the connection limit of a Windows machine.
//
// This is a whole Caddyfile, for the machine and the program behind it:
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
// Of 40 clients at once, 10 get a page and 30 read HTTP 403.9. With "Windows 7 Pro"
// in its place all get a page, 10 at a time. The command cmd/caddy is a Caddy with
// the plugin:
//
//	go run ./cmd/caddy run
//	curl localhost:2019/windows        # what is held, queued and refused
//
// Any other Caddy gets it by an import of this package. Until the modules are
// published, its go.mod points to a checkout:
//
//	go mod edit -require github.com/winlimits/winlimits@v0.0.0 -replace github.com/winlimits/winlimits=../winlimits
//	go mod edit -require github.com/winlimits/winlimits/examples/caddy@v0.0.0 -replace github.com/winlimits/winlimits/examples/caddy=../winlimits/examples/caddy
//	go mod tidy
//
// # The listener wrapper
//
// The module caddy.listeners.windows makes a server the web server of the machine.
// It counts connections where the edition does (IIS up to 6.0), and puts
// http.handlers.windows_requests in front of all routes, which counts requests where
// the edition does that, and refuses over TLS and HTTP/2. After the name of the
// edition it takes a block of settings:
//
//	windows "XP Pro SP3" {
//		max_connections   20    # IIS 4.0 to 6.0
//		keep_alive        off   # IIS 4.0 to 6.0
//		queue_timeout     30s   # IIS 7.0 and later
//		worker_processes  2     # IIS 7.0 and later
//	}
//
// Where connections are counted and the server speaks TLS, "tls" must follow in the
// list, since the connections are counted before the handshake, and the server needs
// "protocols h1 h2", since HTTP/3 has none of these connections. How long an idle
// connection holds its slot is a matter of Caddy ("timeouts" of the server).
//
// # The handler
//
// The module http.handlers.windows_requests is all that IIS 7.0 and later needs,
// and can count the requests of some routes only. The directive takes the same
// words, and comes before all others unless "order" or "route" says otherwise:
//
//	:8080
//	windows_requests "Windows 7 Pro"
//	reverse_proxy 127.0.0.1:9000
//
// # Machines and reloads
//
// All servers and handlers of one edition and service pack are one machine, which
// has its settings once. It goes on when the configuration is reloaded, with what
// it has counted and the connections that are open; another max_connections is in
// force from then on and throws nothing out. Any other setting that changes makes
// it a new machine. A configuration that the machine would not accept fails with
// the reason, and the old one goes on.
package winlimits
