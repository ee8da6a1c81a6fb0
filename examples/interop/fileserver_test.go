package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	cloudsoda "github.com/cloudsoda/go-smb2"
	hirochachacha "github.com/hirochachacha/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// The dialects that the clients are told to speak.
var (
	smbDialects       = []uint16{0x202, 0x210, 0x300, 0x302, 0x311}
	smbclientDialects = []string{"SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"}
)

// goShare is what the shares of both Go clients have in common.
type goShare interface {
	WriteFile(name string, data []byte, perm os.FileMode) error
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]os.FileInfo, error)
	Rename(from, to string) error
	Remove(name string) error
	Mkdir(name string, perm os.FileMode) error
	Truncate(name string, size int64) error
	Umount() error
}

// goClient is a Go client with its settings.
type goClient struct {
	name    string
	dialect uint16 // 0: all
	sign    bool   // insists on signing
}

// logOn opens a session on conn. mount and logoff are its.
func (c goClient) logOn(ctx context.Context, conn net.Conn, user, password string) (mount func(share string) (goShare, error), logoff func() error, err error) {
	if c.name == "cloudsoda" {
		d := &cloudsoda.Dialer{
			Negotiator: cloudsoda.Negotiator{SpecifiedDialect: c.dialect, RequireMessageSigning: c.sign},
			Initiator:  &cloudsoda.NTLMInitiator{User: user, Password: password},
		}
		s, err := d.DialConn(ctx, conn, "server")
		if err != nil {
			return nil, nil, err
		}
		return func(share string) (goShare, error) { return s.Mount(share) }, s.Logoff, nil
	}
	d := &hirochachacha.Dialer{
		Negotiator: hirochachacha.Negotiator{SpecifiedDialect: c.dialect, RequireMessageSigning: c.sign},
		Initiator:  &hirochachacha.NTLMInitiator{User: user, Password: password},
	}
	s, err := d.DialContext(ctx, conn)
	if err != nil {
		return nil, nil, err
	}
	return func(share string) (goShare, error) { return s.Mount(share) }, s.Logoff, nil
}

// work logs alice on, works in the share and logs off. It returns "ok" or the error of
// the client.
func (c goClient) work(t *testing.T, addr, password string) string {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	mount, logoff, err := c.logOn(t.Context(), conn, "alice", password)
	if err != nil {
		return err.Error()
	}
	share, err := mount("share")
	if err != nil {
		return err.Error()
	}
	if err := workIn(share); err != nil {
		return err.Error()
	}
	if err := errors.Join(share.Umount(), logoff()); err != nil {
		return err.Error()
	}
	return "ok"
}

// workIn puts, gets, renames, lists and deletes.
func workIn(share goShare) error {
	data := make([]byte, 150_000)
	rand.Read(data)
	if err := errors.Join(share.Mkdir("dir", 0), share.WriteFile(`dir\a`, data, 0), share.Rename(`dir\a`, `dir\b`)); err != nil {
		return err
	}
	got, err := share.ReadFile(`dir\b`)
	if err != nil {
		return err
	}
	if !bytes.Equal(data, got) {
		return errors.New("what was got differs")
	}
	list, err := share.ReadDir("dir")
	if err != nil {
		return err
	}
	if len(list) != 1 || list[0].Name() != "b" || list[0].Size() != int64(len(data)) {
		return fmt.Errorf("listed %v", list)
	}
	if err := share.Truncate(`dir\b`, 7); err != nil {
		return err
	}
	if got, err := share.ReadFile(`dir\b`); err != nil || !bytes.Equal(got, data[:7]) {
		return fmt.Errorf("truncated to %q: %w", got, err)
	}
	if err := share.Remove("dir"); err == nil {
		return errors.New("a directory with a file in it was removed")
	}
	return errors.Join(share.Remove(`dir\b`), share.Remove("dir"))
}

// smbclientAt runs commands of smbclient in a share of a server that is not
// Samba, and returns what it prints.
func smbclientAt(t testing.TB, addr, share, password, commands string, args ...string) (string, error) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	args = append([]string{"//" + host + "/" + share, "-p", port, "-U", "alice%" + password, "-c", commands}, args...)
	out, err := exec.CommandContext(t.Context(), peer(t, "smbclient", "smbclient"), args...).CombinedOutput()
	return string(out), err
}

// smbclientWork works in the share like a goClient.
func smbclientWork(t *testing.T, addr, password string, args ...string) string {
	dir := t.TempDir()
	data := make([]byte, 150_000)
	rand.Read(data)
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(in, data, 0o600))
	text, err := smbclientAt(t, addr, "share", password,
		"mkdir dir; cd dir; put "+in+" a; rename a b; ls; get b "+out+"; rm b; cd ..; rmdir dir; ls dir; logoff", args...)
	if _, missing := os.Stat(out); missing != nil {
		for line := range strings.Lines(text) { // the first one that tells what is wrong
			if strings.Contains(line, "NT_STATUS") {
				return strings.TrimSpace(line)
			}
		}
		return fmt.Sprint(err, text)
	}
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	switch {
	case !bytes.Equal(data, got):
		return "what was got differs"
	case !strings.Contains(text, "b                                   A   150000"):
		return "not listed: " + text
	case !strings.Contains(text, `NT_STATUS_NO_SUCH_FILE listing \dir`):
		return "still there: " + text
	}
	return "ok"
}

// impacketWork works in the share with impacket.
func impacketWork(t *testing.T, addr, password, dialect string) string {
	out := impacketAs(t, addr, password, `
import io
try:
    c = connect(`+dialect+`)
    c.login("alice", password)
    data = bytes(range(256)) * 600
    c.createDirectory("share", "dir")
    c.putFile("share", "dir\\a", io.BytesIO(data).read)
    c.rename("share", "dir\\a", "dir\\b")
    out = io.BytesIO()
    c.getFile("share", "dir\\b", out.write)
    names = [f.get_longname() for f in c.listPath("share", "dir\\*")]
    c.deleteFile("share", "dir\\b")
    c.deleteDirectory("share", "dir")
    c.logoff()
    print("ok" if out.getvalue() == data and names == [".", "..", "b"] else names)
except SessionError as e:
    print(hex(e.getErrorCode()))
`)
	return strings.TrimSpace(out)
}

// npm runs a script of testdata/npm.
func npm(t *testing.T, script, addr, password string) string {
	t.Helper()
	dir := filepath.Join("testdata", "npm")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		missing(t, "the clients from npm are not installed: npm ci --ignore-scripts --prefix examples/interop/testdata/npm")
	}
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	// v9u-smb2 wants MD4, which OpenSSL 3 has put away.
	out, err := exec.CommandContext(t.Context(), peer(t, "node", "nodejs"),
		"--openssl-legacy-provider", filepath.Join(dir, script), port, password).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// TestFixtureClients: how every client gets on with the in-memory server, by its user,
// by how the server signs, and below the limit and over it.
//
// Both Go clients take a guest's session, in which nothing is signed, although
// they are told to insist on signing: only a test with an account proves it.
func TestFixtureClients(t *testing.T) {
	accounts := map[string]string{"alice": "secret"}
	const accessDenied = `(?i)access.?denied|0xc0000022`
	type column struct {
		name     string
		server   fileserver.Settings
		password string
		full     bool
		want     string // a regular expression that every client's word matches, unless told otherwise
	}
	columns := []column{
		{"guest", fileserver.Settings{}, "whatever", false, "^ok$"},
		{"account", fileserver.Settings{Accounts: accounts}, "secret", false, "^ok$"},
		{"NTLMv1 too", fileserver.Settings{Accounts: accounts, NTLMv1: true}, "secret", false, "^ok$"},
		{"signing required", fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningRequired}, "secret", false, "^ok$"},
		{"signing off", fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningOff}, "secret", false, "^ok$"},
		{"wrong password", fileserver.Settings{Accounts: accounts, NTLMv1: true}, "wrong", false, `LOGON_FAILURE|0xc000006d|attempted logon is invalid`},
		{"the 21st", fileserver.Settings{Accounts: accounts, NTLMv1: true}, "secret", true, `REQUEST_NOT_ACCEPTED|0xc00000d0|No more connections can be made`},
	}
	type client struct {
		name  string
		work  func(t *testing.T, addr, password string) string
		wants map[string]string
	}
	var clients []client
	for _, dialect := range smbclientDialects {
		clients = append(clients, client{
			"smbclient " + dialect,
			func(t *testing.T, addr, password string) string {
				return smbclientWork(t, addr, password, "-m", dialect)
			},
			// It signs the tree connect in any case, and wants a signed answer.
			map[string]string{"signing off": accessDenied},
		}, client{
			"smbclient " + dialect + " signing",
			func(t *testing.T, addr, password string) string {
				return smbclientWork(t, addr, password, "-m", dialect, "--client-protection=sign")
			},
			map[string]string{"signing off": accessDenied, "guest": accessDenied},
		})
	}
	for _, name := range []string{"cloudsoda", "hirochachacha"} {
		for _, dialect := range smbDialects {
			clients = append(clients, client{fmt.Sprintf("%s %#x", name, dialect), goClient{name, dialect, false}.work, nil},
				client{fmt.Sprintf("%s %#x signing", name, dialect), goClient{name, dialect, true}.work, map[string]string{
					"signing off": "signing required|failed signature verification",
				}})
		}
	}
	for _, dialect := range []string{"SMB2_DIALECT_002", "SMB2_DIALECT_21", "SMB2_DIALECT_30"} {
		clients = append(clients, client{
			"impacket " + dialect,
			func(t *testing.T, addr, password string) string { return impacketWork(t, addr, password, dialect) },
			nil,
		})
	}
	clients = append(clients, client{
		// impacket 0.10 hashes the beginning of an SMB 3.1.1 conversation for
		// Kerberos only, and meets with the same at smbd.
		"impacket SMB2_DIALECT_311",
		func(t *testing.T, addr, password string) string {
			return impacketWork(t, addr, password, "SMB2_DIALECT_311")
		},
		map[string]string{
			"guest": "0xc00000bb", "account": accessDenied, "NTLMv1 too": accessDenied, "signing required": accessDenied, "signing off": "^ok$",
		},
	}, client{
		"@awo00/smb2", // knows NTLMv1 and no signing
		func(t *testing.T, addr, password string) string { return npm(t, "awo00.js", addr, password) },
		map[string]string{"account": "0xc000006d", "signing required": "0xc000006d", "signing off": "0xc000006d"},
	}, client{
		"v9u-smb2", // knows no signing
		func(t *testing.T, addr, password string) string { return npm(t, "v9u.js", addr, password) },
		map[string]string{"signing required": accessDenied},
	})

	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprint(w, "client")
	for _, c := range columns {
		fmt.Fprint(w, "\t", c.name)
	}
	for _, client := range clients {
		fmt.Fprint(w, "\n", client.name)
		for _, column := range columns {
			t.Run(client.name+"/"+column.name, func(t *testing.T) {
				files := newFixture(t, win11, &column.server)
				addr := files.Loopback()
				if column.full {
					release := simtest.Hold(t, files.Gate, 20)
					defer release()
				}
				want := column.want
				if w, ok := client.wants[column.name]; ok {
					want = w
				}
				got := client.work(t, addr, column.password)
				assert.Regexp(t, want, got)
				fmt.Fprintf(w, "\t%.40s", got)
				held := 0
				if column.full {
					held = 20
				}
				simtest.WaitHeld(t, files.Gate, held)
			})
		}
	}
	w.Flush()
	t.Log("\n" + table.String())
}

// TestFixtureRelease: the dialects of all releases on Windows 11, and those of
// Windows 7 alone where that is asked for.
func TestFixtureRelease(t *testing.T) {
	windows7 := limits.Windows{Edition: limits.Windows7Professional, ServicePack: 1}
	for _, tt := range []struct {
		windows limits.Windows
		pinned  bool
		highest uint16
	}{{win11, false, 0x311}, {win11, true, 0x311}, {windows7, false, 0x311}, {windows7, true, 0x210}} {
		settings := fileserver.Settings{Accounts: map[string]string{"alice": "secret"}}
		if tt.pinned {
			settings.Windows = tt.windows
		}
		files := newFixture(t, tt.windows, &settings)
		for _, name := range []string{"cloudsoda", "hirochachacha"} {
			for _, dialect := range smbDialects {
				got := goClient{name, dialect, false}.work(t, files.Loopback(), "secret")
				if dialect <= tt.highest {
					assert.Equal(t, "ok", got, "%v pinned=%v %#x", tt.windows, tt.pinned, dialect)
				} else {
					assert.Contains(t, got, "The request is not supported", "%v pinned=%v %#x", tt.windows, tt.pinned, dialect)
				}
			}
		}
	}
	_, err := fileserver.New(&fileserver.Settings{Windows: limits.Windows{Edition: limits.XPProfessional, ServicePack: 3}})
	assert.ErrorContains(t, err, "simtest.NewSamba")
}

// TestFixtureFiles: a put over the bound of the share, and a share that cannot be
// written.
func TestFixtureFiles(t *testing.T) {
	dir := t.TempDir()
	small, big := filepath.Join(dir, "small"), filepath.Join(dir, "big")
	data := make([]byte, 100_000)
	rand.Read(data)
	require.NoError(t, os.WriteFile(small, data, 0o600))
	require.NoError(t, os.WriteFile(big, make([]byte, 2<<20), 0o600))
	memory := &fileserver.Memory{Max: 1 << 20}
	files := newFixture(t, win11, &fileserver.Settings{
		Accounts: map[string]string{"alice": "secret"},
		Shares:   map[string]fs.FS{"share": memory, "static": os.DirFS(dir)},
	})
	for _, dialect := range smbclientDialects {
		out, err := smbclientAt(t, files.Loopback(), "share", "secret", "put "+small+" small; put "+big+" big", "-m", dialect)
		assert.Error(t, err)
		assert.Contains(t, out, "NT_STATUS_DISK_FULL", dialect)
		got, err := memory.ReadFile("small")
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got))

		out, _ = smbclientAt(t, files.Loopback(), "static", "secret", "get SMALL "+small+"2; put "+small+" new; rm small; ls", "-m", dialect)
		assert.Contains(t, out, "NT_STATUS_ACCESS_DENIED opening remote file \\new")
		assert.Contains(t, out, "NT_STATUS_ACCESS_DENIED deleting remote file \\small")
		got, err = os.ReadFile(small + "2")
		require.NoError(t, err)
		assert.True(t, bytes.Equal(data, got))
		out, err = smbclientAt(t, files.Loopback(), "nosuch", "secret", "ls", "-m", dialect)
		assert.Error(t, err)
		assert.Contains(t, out, "tree connect failed: NT_STATUS_BAD_NETWORK_NAME")
	}
	for _, name := range []string{"cloudsoda", "hirochachacha"} {
		for _, dialect := range smbDialects {
			conn, err := net.Dial("tcp", files.Loopback())
			require.NoError(t, err)
			mount, logoff, err := goClient{name, dialect, true}.logOn(t.Context(), conn, "alice", "secret")
			require.NoError(t, err)
			share, err := mount("share")
			require.NoError(t, err)
			err = share.WriteFile("big", make([]byte, 2<<20), 0)
			assert.ErrorContains(t, err, "disk", "STATUS_DISK_FULL")
			require.NoError(t, share.Remove("big"))
			_, err = mount("nosuch")
			assert.ErrorContains(t, err, "share name cannot be found")
			require.NoError(t, logoff())
			conn.Close()
		}
	}
}
