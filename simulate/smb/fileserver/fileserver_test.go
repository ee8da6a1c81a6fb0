package fileserver_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// dialects are those that the server speaks.
var dialects = []smbwire.Dialect{
	smbwire.Dialect202, smbwire.Dialect21, smbwire.Dialect30, smbwire.Dialect302, smbwire.Dialect311,
}

func TestNewMakesNoSense(t *testing.T) {
	for name, tt := range map[string]struct {
		settings fileserver.Settings
		want     string
	}{
		"long name":        {fileserver.Settings{Name: "WINLIMITS-SERVER"}, `Settings.Name: "WINLIMITS-SERVER": want a NetBIOS name of at most 15 characters`},
		"line break":       {fileserver.Settings{Name: "A\nB"}, `"A\nB"`},
		"only SMB1":        {fileserver.Settings{Windows: limits.MustParseWindows("XP Home SP3")}, `Windows XP Home SP3 speaks SMB1 only, and this server does not; leave the setting empty for all later dialects, or use a real file server, as simtest.NewSamba does`},
		"which Vista":      {fileserver.Settings{Windows: limits.MustParseWindows("Vista Ultimate")}, `Settings.Windows: limits: no such service pack: that of Windows Vista Ultimate is not known`},
		"no Windows":       {fileserver.Settings{Windows: limits.Windows{ServicePack: 1}}, `Settings.Windows: limits: unknown edition`},
		"signing":          {fileserver.Settings{Signing: 3}, `Settings.Signing: 3: want one of ["offered" "required" "off"]`},
		"nameless account": {fileserver.Settings{Accounts: map[string]string{"": "x"}}, `Settings.Accounts: "": want a name of 1 to 256`},
		"account twice":    {fileserver.Settings{Accounts: map[string]string{"bob": "x", "BOB": "y"}}, `another account has the same name but for the case`},
		"share path":       {fileserver.Settings{Shares: map[string]fs.FS{`a\b`: new(fileserver.Memory)}}, `Settings.Shares: "a\\b": want a name of 1 to 80 bytes`},
		"nameless share":   {fileserver.Settings{Shares: map[string]fs.FS{"": new(fileserver.Memory)}}, `Settings.Shares: ""`},
		"pipes":            {fileserver.Settings{Shares: map[string]fs.FS{"ipc$": new(fileserver.Memory)}}, `"ipc$": another share, or IPC$, has the same name but for the case`},
		"no files":         {fileserver.Settings{Shares: map[string]fs.FS{"a": nil}}, `Settings.Shares: "a": nil; want a file system, such as new(fileserver.Memory)`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := fileserver.New(&tt.settings)
			assert.ErrorContains(t, err, tt.want)
		})
	}
	long := strings.Repeat("x", 1e6)
	_, err := fileserver.New(&fileserver.Settings{Name: long})
	assert.Less(t, len(err.Error()), 300)
}

func TestSettingsJSON(t *testing.T) {
	settings := fileserver.Settings{
		Name: "BOX", Windows: limits.MustParseWindows("Windows 7 Pro SP1"), Accounts: map[string]string{"alice": "secret"},
		Guest: true, NTLMv1: true, Signing: fileserver.SigningRequired,
	}
	b, err := json.Marshal(settings)
	require.NoError(t, err)
	assert.JSONEq(t, `{"name": "BOX", "windows": "Windows 7 Professional SP1", "accounts": {"alice": "secret"}, "guest": true, "ntlmv1": true, "signing": "required"}`, string(b))
	var again fileserver.Settings
	require.NoError(t, json.Unmarshal(b, &again))
	assert.Equal(t, settings, again)

	// An empty Accounts is not the same as a nil one.
	b, err = json.Marshal(fileserver.Settings{Accounts: map[string]string{}})
	require.NoError(t, err)
	again = fileserver.Settings{}
	require.NoError(t, json.Unmarshal(b, &again))
	assert.NotNil(t, again.Accounts)
	b, err = json.Marshal(fileserver.Settings{})
	require.NoError(t, err)
	assert.Equal(t, "{}", string(b))
}

// TestServe: listeners and connections end with the server, and leave nothing.
func TestServe(t *testing.T) {
	s, err := fileserver.New(nil)
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error)
	go func() { served <- s.Serve(l) }()
	nc, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	c := &client{t: t, nc: nc}
	assert.Equal(t, smbwire.StatusSuccess, c.negotiate(dialects...))
	assert.Equal(t, smbwire.StatusSuccess, c.logOn("alice", "whatever"))

	require.NoError(t, s.Close())
	assert.ErrorIs(t, <-served, net.ErrClosed)
	_, err = c.receive()
	assert.Error(t, err)
	nc.Close()
	waitGoroutines(t, before)

	require.NoError(t, s.Close())
	_, err = s.Dial(context.Background())
	assert.ErrorIs(t, err, net.ErrClosed)
	assert.ErrorIs(t, s.Serve(l), net.ErrClosed)
	here, there := net.Pipe()
	s.ServeConn(there)
	_, err = here.Read(make([]byte, 1))
	assert.Error(t, err)
}

// waitGoroutines waits until there are no more than n goroutines.
func waitGoroutines(t testing.TB, n int) {
	t.Helper()
	for runtime.NumGoroutine() > n {
		require.NoError(t, t.Context().Err())
		runtime.Gosched()
	}
}

// TestBubble: a server works in a bubble, where a connection in memory and a hook
// that waits for the end of the server block durably.
func TestBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := fileserver.New(&fileserver.Settings{
			Accounts: map[string]string{"alice": "secret"},
			LogOn:    func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() },
		})
		require.NoError(t, err)
		c := newClient(t, s)
		require.Equal(t, smbwire.StatusSuccess, c.negotiate(dialects...))
		authenticate, _ := c.authenticate(ntlmNegotiate(), c.challenge(), "alice", "secret")
		var wg sync.WaitGroup
		wg.Go(func() {
			msg := c.request(smbwire.Header2{Command: smbwire.Command2SessionSetup}, setupBody(next(authenticate, nil)))
			_, _ = c.nc.Write(frame(msg))
		})
		synctest.Wait()
		require.NoError(t, s.Close())
		wg.Wait()
	})
}

// TestServersShareMemory: a client of one server reads what a client of another has written.
func TestServersShareMemory(t *testing.T) {
	files := new(fileserver.Memory)
	settings := &fileserver.Settings{Shares: map[string]fs.FS{"a": files}}
	c := connect(t, newServer(t, settings), smbwire.Dialect21, "alice", "")
	require.Equal(t, smbwire.StatusSuccess, c.connectTree("a"))
	require.Equal(t, smbwire.StatusSuccess, c.put(`x`, []byte("hello")))
	c = connect(t, newServer(t, settings), smbwire.Dialect30, "bob", "")
	require.Equal(t, smbwire.StatusSuccess, c.connectTree("A"))
	status, data := c.get(`X`)
	assert.Equal(t, smbwire.StatusSuccess, status)
	assert.Equal(t, "hello", string(data))
	data, err := fs.ReadFile(files, "x")
	require.NoError(t, err)
	assert.Equal(t, "hello", string(data))
}

// TestWindows: a server with Settings.Windows speaks the dialects of that release.
func TestWindows(t *testing.T) {
	for text, want := range map[string]int{
		"Vista Ultimate SP1": 1, "Windows Server 2008 Standard": 1, "Windows 7 Pro": 2, "Windows 8": 3, "Windows 8.1": 4, "Windows 11 Pro": 5,
	} {
		s := newServer(t, &fileserver.Settings{Windows: limits.MustParseWindows(text)})
		for i, dialect := range dialects {
			status := notSupported
			if i < want {
				status = success
			}
			assert.Equal(t, status, newClient(t, s).negotiate(dialect), "%s: %#x", text, dialect)
		}
		c := newClient(t, s)
		require.Equal(t, success, c.negotiate(dialects...))
		assert.Equal(t, dialects[want-1], c.dialect)
		if want == 1 { // SMB 2.0.2 alone, which SMB1 offers by the first name (MS-SMB2 2.2.4)
			c := newClient(t, s)
			_, err := c.nc.Write(frame(negotiate1("SMB 2.002", "SMB 2.???")))
			require.NoError(t, err)
			reply, err := c.receive()
			require.NoError(t, err)
			assert.Equal(t, smbwire.Dialect202, smbwire.Dialect(le.Uint16(reply[smbwire.Header2Size+4:])))
		}
	}
}
