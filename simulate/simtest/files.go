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

// FileServer is the file server of a Windows, in memory.
type FileServer struct {
	// Gate is that of limits.SMB.
	Gate *simulate.Gate
	// Proxy is what counts the sessions; its Sessions lists them.
	Proxy *smb.Proxy

	t        testing.TB
	listener *memnet.Listener
}

// FileServerSettings say what stands behind the limit. The zero value is a file
// server in memory, on which everybody is a guest, behind a proxy without
// settings.
type FileServerSettings struct {
	// Server has the settings of the file server in memory: its accounts, its
	// shares, how it signs.
	Server fileserver.Settings
	// Backend is another file server, such as smb.Backend("192.0.2.1:445"). It and
	// Server are not both set.
	Backend smb.Dial
	// Proxy has the settings of the host's SMB proxy.
	Proxy smb.Settings
}

// NewFileServer starts the file server of the host. It works in memory: Dial
// reaches it, also in a testing/synctest bubble, and nobody else, until Loopback
// is called.
//
// Behind the host's SMB proxy stands a small file server of package fileserver.
// It speaks SMB 2.0.2 to 3.1.1 whatever the host is: the limit of XP, the
// protocol of later. Unless settings say otherwise every account with every
// password is a guest on it, and it has one share, called "share", with nothing in
// it yet. A guest's session has no key, so that nothing in it is signed: a test
// whose client insists on signing, or that has to show a wrong password, gives the
// server accounts. settings may be nil.
//
// When the test ends the server stops, and fails the test if a session has
// neither been logged off nor lost its connection by then. Connections without
// a session are simply closed.
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
		t.Fatalf("simtest: FileServerSettings: Server and Backend are both set; want one of them")
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

// Dial connects to the server in memory, whatever the address is.
func (f *FileServer) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	return f.listener.Dial(ctx)
}

// DialFrom returns a Dial from a computer with an address of its own, which is the
// same for the same number, from 1 to 65534. Other numbers fail the test.
func (f *FileServer) DialFrom(number int) func(ctx context.Context, network, address string) (net.Conn, error) {
	f.t.Helper()
	return dialFrom(f.listener, computer(f.t, number))
}

// Loopback makes the server listen on loopback as well, for clients that want an
// address or are other programs, and returns host and port. In a
// testing/synctest bubble it fails the test: the clock of the bubble stands still
// while something waits for the network.
func (f *FileServer) Loopback() string {
	f.t.Helper()
	return loopback(f.t, f.listener)
}

// tell says what the sessions of a peer are about.
func (f *FileServer) tell(peer string) string {
	var list []string
	for _, s := range f.Proxy.Sessions() {
		if strings.TrimSpace(`\\`+s.Computer+" "+s.User) == peer {
			list = append(list, fmt.Sprintf("idle for %v, %d files open", s.Idle.Round(time.Millisecond), s.Opens))
		}
	}
	return strings.Join(list, "; ")
}

// close ends the server and accounts for the sessions that are left.
func (f *FileServer) close() {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	// The gate, which others share, tells when to look again.
	err := f.Gate.Wait(ctx, func(simulate.Stats) bool { return len(f.Proxy.Sessions()) == 0 })
	if err != nil {
		var b strings.Builder
		left := f.Proxy.Sessions()
		for _, s := range left {
			fmt.Fprintf(&b, "\n\t%q on %s, idle for %v", s.User, s.Computer, s.Idle.Round(time.Millisecond))
		}
		f.t.Errorf("simtest: %d sessions that are neither logged off nor disconnected %v after the test:%s", len(left), grace, b.String())
	}
	f.Proxy.Close()
	f.listener.Drain(ctx)
}
