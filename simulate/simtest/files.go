package simtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// FileServer is the file server of the machine, in memory. It comes from
// NewFileServer. Clients connect by Dial or DialFrom, and by Loopback if they take an
// address.
type FileServer struct {
	// Gate counts the sessions (limits.SMB).
	Gate *simulate.Gate
	// Proxy has the limit and stands between the clients and the file server. Its
	// Sessions method lists the sessions in force.
	Proxy *smb.Proxy

	t        testing.TB
	listener *memnet.Listener
}

// FileServerSettings are the settings of a FileServer. The zero value is a file server
// in memory that logs every account on as a guest and has one empty share, behind a
// proxy with the default settings.
type FileServerSettings struct {
	// Server has the settings of the file server in memory: its accounts, its
	// shares, how it signs.
	Server fileserver.Settings
	// Backend, if set, connects to another file server in place of the one in
	// memory, such as smb.Backend("192.0.2.1:445"). Server is then not set.
	Backend smb.Dial
	// Proxy has the settings of the proxy: what it counts, and when it refuses.
	Proxy smb.Settings
}

// NewFileServer starts the file server of the host. settings may be nil. Clients reach
// it in memory by Dial and DialFrom; other programs reach it after Loopback.
//
// It is a small file server of package fileserver behind a proxy of package smb, which
// has the session limit of the host. It speaks SMB 2.0.2 to 3.1.1 whatever the host
// runs, so that a client that has no SMB1 can meet the limit of Windows XP. Unless
// settings say otherwise, every account is a guest with any password, and there is one
// share, called "share", which is empty. A test of signing or of a wrong password
// gives the server accounts; the package comment says why.
//
// When the test ends, the server stops. The test fails if a session has been neither
// logged off nor disconnected by then. A connection without a session is no fault.
func NewFileServer(t testing.TB, host *simulate.Host, settings *FileServerSettings) *FileServer {
	t.Helper()
	var s FileServerSettings
	if settings != nil {
		s = *settings
	}
	switch {
	case s.Backend == nil:
		server, err := fileserver.New(&s.Server)
		if err != nil {
			t.Fatalf("simtest: %v", err)
		}
		t.Cleanup(func() { server.Close() })
		s.Backend = server.Dial
	case !reflect.ValueOf(s.Server).IsZero():
		t.Fatalf("simtest: FileServerSettings: Server and Backend are both set; want at most one of them")
	}
	proxy, err := smb.NewProxy(host, s.Backend, &s.Proxy)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	f := &FileServer{Gate: gateOf(t, host, limits.SMB), Proxy: proxy, t: t, listener: memnet.NewListener(445)}
	w, err := watchOf(host)
	if err != nil {
		t.Fatalf("simtest: %v", err)
	}
	w.tellOf(f.tell)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := proxy.Serve(f.listener); !errors.Is(err, net.ErrClosed) {
			t.Errorf("simtest: %v", err)
		}
	}()
	t.Cleanup(func() {
		t.Helper()
		f.close()
		<-served
	})
	return f
}

// Dial connects to the server in memory. It ignores the network and the address.
func (f *FileServer) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return f.listener.Dial(ctx)
}

// DialFrom returns a function like Dial that connects from the client computer with the
// number. Each number has an IP address of its own, the same each time. number is 1 to
// 65534; any other fails the test.
func (f *FileServer) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	f.t.Helper()
	return dialFrom(f.listener, computer(f.t, number))
}

// Loopback makes the server listen on loopback as well, for clients that take an
// address or are other programs, and returns the address, such as
// "127.0.0.1:49152". Each call adds a port. In a testing/synctest bubble Loopback fails
// the test: the clock of a bubble stands still while something waits for the network.
func (f *FileServer) Loopback() string {
	f.t.Helper()
	return loopback(f.t, f.listener)
}

// tell says how long the sessions of a peer have been idle, and what they have open.
func (f *FileServer) tell(peer string) string {
	var list []string
	for _, s := range f.Proxy.Sessions() {
		if strings.TrimSpace(`\\`+s.Computer+" "+s.User) == peer {
			list = append(list, fmt.Sprintf("idle for %v, %d files open", s.Idle.Round(time.Millisecond), s.Opens))
		}
	}
	return strings.Join(list, "; ")
}

// close ends the server and fails the test for the sessions that are left.
func (f *FileServer) close() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	// Each end of a session changes the gate.
	err := f.Gate.Wait(ctx, func(simulate.Stats) bool { return len(f.Proxy.Sessions()) == 0 })
	if err != nil {
		var b strings.Builder
		left := f.Proxy.Sessions()
		for _, s := range left {
			fmt.Fprintf(&b, "\n\t%q on %s, idle for %v", s.User, s.Computer, s.Idle.Round(time.Millisecond))
		}
		f.t.Errorf("simtest: %s neither logged off nor disconnected %v after the test:%s", counted(len(left), "session"), grace, b.String())
	}
	f.Proxy.Close()
	f.listener.Drain(ctx)
}
