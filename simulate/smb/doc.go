// Package smb puts the session limit of an edition in front of a real file server, so
// that an SMB client meets it.
//
// No setting of Samba makes it answer STATUS_REQUEST_NOT_ACCEPTED, with which Windows
// refuses the session over the limit. A [Proxy] in front of Samba, or of any other
// file server, does. It passes every message on and counts the sessions. When the
// limit is reached, it changes one answer: the file server's consent to the next
// session reaches the client as that refusal, in the last reply of the session setup.
// The connection stays open, as on Windows.
//
// A program makes a host, which is the machine, and on it a proxy with a file server
// behind it: [Backend] names one by its address, and the packages fileserver (in
// memory) and samba (an smbd as a child process) have others. Proxy.Serve then serves
// the clients of a listener. See the example of [NewProxy]. All proxies of a host
// share the gate of limits.SMB: they are one machine. For tests, package simtest makes
// file server, proxy and listener in one call. From the command line, the program
// examples/fileshare serves a directory, or another file server, in this way.
//
// What takes a slot is a setting, [Count]: each session, each user of a computer, or
// each computer. Proxy.Sessions lists the sessions in force, Settings.OnSession hears
// of each, and the gate has the counters.
//
// # Words of SMB
//
// A dialect is a version of the protocol, such as SMB 3.1.1. A client first negotiates
// one. Then it sets up a session, which is the log-on of one user. The setup has one or
// more legs, each a request and its reply; with NTLM it has two. On a session the client
// connects to shares, which is a tree connect each, and opens files. A connection can
// carry several sessions, and from SMB 3 on a session several connections. A null session
// is an anonymous log-on.
//
// # What the client sees
//
// TCP connects and the negotiation of a dialect succeeds; the session setup ends with
// STATUS_REQUEST_NOT_ACCEPTED (0xC00000D0). A client that knows no NT statuses gets
// the error class 1, code 71: net use prints system error 71. The client is not
// queued, so it decides itself whether it tries again. A wrong password is reported as
// such, since the file server has judged it before.
//
// # The administrator's commands
//
// Host.Console answers what the net program of the machine would:
//
//	net config server
//	net config server /autodisconnect:N
//	net session
//	net session \\COMPUTER /delete
//
// The output is laid out as on Windows 10 from Windows 8 on, and as on Server 2008 R2
// before that (win10-net-config, ws2008r2-net-config, net-session-output). What older
// releases printed is not known. The transport names contain a made-up GUID. Another
// command of net, and a value that Windows would not take, is an error that says what
// is accepted.
//
// N is the idle time in minutes after which a session ends, which Windows calls
// AutoDisconnect: from 0 to 65535, or -1 for never. 0 does not mean never: sessions end
// within seconds (kb138365), here after five. A session is idle since its last request,
// and ends only if it has no file open. The open files of an encrypted session cannot be
// seen, so that it ends for being idle alone. A session that ends takes its connection
// with it, unless the connection carries another session.
//
// "net session \\COMPUTER /delete" asks for confirmation if files are open. The answer,
// "Y" or "N", is the next command. With /y it does not ask.
//
// # Sources
//
// A name in parentheses, such as kb138365, is the key of a source: limits.LookupSource
// returns its title and address.
package smb
