// Package samba runs a real SMB file server for a test or a demonstration: the smbd of
// Samba, as a child process, with a configuration, accounts and a port of its own. It
// neither uses nor changes what the machine has of Samba otherwise, such as smb.conf.
// It needs Linux, and smbd installed, but not root.
//
// [Start] starts a server that shares a directory. Its methods tell what a client
// needs: the address, the share, a user and the password. smbd has no limit on
// sessions; a proxy of package smb in front of it has that of an edition, with
// Server.Dial as its backend. For tests, simtest.NewSamba makes both.
//
// The child process runs as the user that runs the program, and every account of the
// server acts as that user. So a client can read and write in the shared directory what
// the program can, and the files that it makes belong to that user. If the program runs
// as root, the clients act as root too, as another user could not reach a directory
// that only root can.
//
// The child listens on 127.0.0.1 only. When Close returns, its processes, its port and
// its temporary directory are gone. They are gone too when the program ends without
// Close, even by SIGKILL.
package samba

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode"
)

// ErrNotInstalled is what the error of Start matches (errors.Is) on a machine without
// smbd. Debian, Ubuntu and Fedora have smbd in the package samba.
var ErrNotInstalled = errors.New("smbd is not installed: install the package samba")

// Defaults of Settings.
const (
	defaultShare = "share"
	defaultUser  = "alice"
)

// Settings are the settings of a Server. The zero value is a server that shares a new
// temporary directory as "share" with the account "alice".
type Settings struct {
	// Dir is the directory to share. It has to exist, and stays when the server ends.
	// Its absolute path must not contain a percent sign, a double quote or a control
	// character, nor end in a backslash or a space: smb.conf cannot hold such a path.
	// The default is a new temporary directory, which is removed with the server.
	Dir string
	// Share is the name of the share: at most 80 letters, digits, spaces and
	// characters of "$-._", without a space at either end. The default is "share".
	// The names global, homes, printers and IPC$ have a meaning for smbd and are not
	// accepted.
	Share string
	// Users are the names of the accounts, each of the same characters as a Share. The
	// default is one account, "alice". All of them have the same Password.
	Users []string
	// Password is the password of all accounts: at most 127 bytes without control
	// characters. The default is a random one, as every program on the machine can
	// connect to the server.
	Password string
	// Config is text that is appended to smb.conf. Up to its first section header it
	// is part of the global section. So it can override what the server has set there,
	// and add shares. A section with the name of Share adds to that share:
	//
	//	Config: "server signing = mandatory\n[share]\nguest ok = yes\n"
	//
	// Without it, clients can speak every dialect from SMB1 to SMB 3.1.1 and log on by
	// NTLMv1 or NTLMv2, a guest cannot connect to the share, and signing is offered
	// and not required. A guest, too, acts as the user that runs the program.
	Config string
}

// A Server is a running smbd. It comes from Start; the zero Server is not usable. Its
// methods may be called from several goroutines.
type Server struct {
	addr     string
	settings Settings // complete
	process  *process
}

// Start starts a server, and returns when it answers SMB on its port. settings may be
// nil. Start takes some tenths of a second and gives up after a minute, or when ctx
// ends. A server that Start has returned goes on until Close, whatever becomes of ctx.
//
// The error matches ErrNotInstalled if smbd is not installed, and
// errors.ErrUnsupported on systems other than Linux. It names a setting that is not
// accepted. If smbd does not start, it has the end of smbd's log.
func Start(ctx context.Context, settings *Settings) (*Server, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("samba: smbd can be started on linux only, not on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	s := &Server{}
	if settings != nil {
		s.settings = *settings
	}
	if err := s.settings.complete(); err != nil {
		return nil, fmt.Errorf("samba: %w", err)
	}
	if err := s.start(ctx); err != nil {
		return nil, fmt.Errorf("samba: %w", err)
	}
	return s, nil
}

// Addr returns the TCP address of the server, such as "127.0.0.1:41234".
func (s *Server) Addr() string { return s.addr }

// Dial connects to the server. It is an smb.Dial, the backend of a proxy.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", s.addr)
}

// Dir returns the absolute path of the shared directory.
func (s *Server) Dir() string { return s.settings.Dir }

// Share returns the name of the share.
func (s *Server) Share() string { return s.settings.Share }

// User returns the name of the first account.
func (s *Server) User() string { return s.settings.Users[0] }

// Password returns the password, which is the same for all accounts.
func (s *Server) Password() string { return s.settings.Password }

// Done returns a channel that is closed when smbd has ended, by Close or by itself. If
// it has ended by itself, the error of Close tells how.
func (s *Server) Done() <-chan struct{} { return s.process.ended }

// Close ends the server with all connections, and returns when its processes are gone
// and its temporary directory is removed. It returns an error if that fails, or if smbd
// has ended by itself before. Further calls return the same.
func (s *Server) Close() error {
	if err := s.process.close(); err != nil {
		return fmt.Errorf("samba: %w", err)
	}
	return nil
}

// complete fills in the defaults and checks the rest. An empty Dir stays empty.
func (s *Settings) complete() error {
	if s.Share == "" {
		s.Share = defaultShare
	}
	if err := checkName("share", s.Share); err != nil {
		return err
	}
	if slices.Contains([]string{"global", "homes", "printers", "ipc$"}, strings.ToLower(s.Share)) {
		return fmt.Errorf("share %q: the name has a meaning of its own for smbd; want another", s.Share)
	}
	s.Users = slices.Clone(s.Users)
	if len(s.Users) == 0 {
		s.Users = []string{defaultUser}
	}
	for _, user := range s.Users {
		if err := checkName("user", user); err != nil {
			return err
		}
	}
	if s.Password == "" {
		s.Password = rand.Text()
	}
	// Windows accepts at most 127 characters.
	if len(s.Password) > 127 || strings.ContainsFunc(s.Password, unicode.IsControl) {
		return fmt.Errorf("password of %d bytes: want at most 127, without control characters", len(s.Password))
	}
	if strings.ContainsRune(s.Config, 0) {
		return errors.New("config: contains a zero byte; want text of smb.conf")
	}
	if s.Dir == "" {
		return nil
	}
	dir, err := filepath.Abs(s.Dir)
	if err != nil {
		return fmt.Errorf("directory %q: %w", s.Dir, err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("directory to share: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("directory to share: %s is not a directory", dir)
	}
	if err := checkPath(dir); err != nil {
		return fmt.Errorf("directory to share: %w", err)
	}
	s.Dir = dir
	return nil
}

// checkName accepts a name that means itself in smb.conf and in a username map.
func checkName(what, name string) error {
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" $-._", r)
	}
	if name == "" || len(name) > 80 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, bad) {
		return fmt.Errorf(`%s %q: want at most 80 letters, digits, spaces and "$-._", without a space at either end`, what, name)
	}
	return nil
}

// checkPath accepts a path that means itself as a value in smb.conf.
func checkPath(path string) error {
	bad := func(r rune) bool { return r == '%' || r == '"' || unicode.IsControl(r) }
	if strings.ContainsFunc(path, bad) || strings.HasSuffix(path, `\`) || strings.TrimSpace(path) != path {
		return fmt.Errorf("path %q: smb.conf cannot hold a path with a percent sign, a double quote or a control character,"+
			" with a space at either end, or with a backslash at its end", path)
	}
	return nil
}

// folders are the temporary directories of smbd, by the parameter that names
// them.
var folders = [...][2]string{
	{"state directory", "state"},
	{"lock directory", "lock"},
	{"cache directory", "cache"},
	{"pid directory", "pid"},
	{"private dir", "private"},
	{"ncalrpc dir", "ncalrpc"},
}

// config returns smb.conf for a server that keeps its own files in run and acts
// as the user account.
func (s *Settings) config(run, account string, port int) string {
	var b strings.Builder
	b.WriteString("[global]\n")
	for _, f := range folders {
		fmt.Fprintf(&b, "%s = %s\n", f[0], filepath.Join(run, f[1]))
	}
	// Usershares are off, as they would be those of the machine's own Samba. SMB1 and
	// NTLMv1 are on for old clients, which speak nothing else.
	fmt.Fprintf(&b, `log file = %s
max log size = 0
server role = standalone server
netbios name = SERVER
disable netbios = yes
interfaces = 127.0.0.1
bind interfaces only = yes
smb ports = %d
server min protocol = NT1
ntlm auth = ntlmv1-permitted
username map = %s
guest account = %s
load printers = no
disable spoolss = yes
usershare max shares = 0
[%s]
path = %s
read only = no
[global]
`, filepath.Join(run, logName), port, filepath.Join(run, usersName), account, s.Share, s.Dir)
	b.WriteString(s.Config)
	b.WriteString("\n")
	return b.String()
}

// userMap returns the username map by which every user acts as the account.
func (s *Settings) userMap(account string) string {
	return fmt.Sprintf("%s = \"%s\"\n", account, strings.Join(s.Users, `" "`))
}

// The names of files in the temporary directory.
const (
	configName = "smb.conf"
	usersName  = "users"
	logName    = "log.smbd"
	shareName  = "share"
)
