// Package samba runs a real SMB file server for a test or a demonstration: the
// smbd of Samba, as a child process of this one, with a configuration, accounts
// and a port of its own. Nothing of a Samba that the machine has otherwise is
// used or changed.
//
//	server, err := samba.Start(ctx, nil)
//	if err != nil {
//		return err
//	}
//	defer server.Close()
//	// server.Addr() shares server.Dir() as server.Share()
//	// with server.User() and server.Password().
//
// smbd has no limit on sessions. What gives it that of an edition is the SMB
// proxy of a simulate.Host in front of it.
//
// The child runs as the user that runs the program, root or not, and every
// account of the server acts as that user. So what the program can read and
// write in the shared directory its clients can, and files that they put there
// belong to that user. Under root this is root as well: a less privileged user
// could not reach a directory that is root's own.
//
// The child listens on 127.0.0.1 only, and is gone with its helpers, its port
// and its temporary directory when Close returns, and also when the program
// ends without Close, be it by SIGKILL.
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

// ErrNotInstalled is the error of Start on a machine that lacks smbd. Debian,
// Ubuntu and Fedora have it in the package samba.
var ErrNotInstalled = errors.New("smbd is not installed: install the package samba")

// Defaults of Settings.
const (
	defaultShare = "share"
	defaultUser  = "alice"
)

// Settings are the settings of a Server. Every field has a useful zero value.
type Settings struct {
	// Dir is the directory to share. It has to exist, and stays when the server
	// ends. Its absolute path must not contain a percent sign, which smb.conf
	// expands. The default is a new temporary directory that ends with the
	// server.
	Dir string
	// Share is the name of the share, of at most 80 letters, digits, spaces and
	// the characters "$-._". The default is "share".
	Share string
	// Users are the names of the accounts, of the same characters. The default
	// is one, "alice". All of them have the one Password.
	Users []string
	// Password is that of all accounts. The default is a random one, as every
	// program on the machine can reach the server's port.
	Password string
	// Config is more text of smb.conf, behind that of the server: parameters of
	// the global section up to the first section header, then sections. So it
	// adds further shares and changes what the server has set. By default
	// clients speak any dialect from SMB1 to SMB 3.1.1 and authenticate by
	// NTLMv1 or NTLMv2, no guest connects the share, and signing is offered and
	// not demanded. To name the share's own section adds to it:
	//
	//	Config: "server signing = mandatory\n[share]\nguest ok = yes\n"
	//
	// A guest acts as the user that runs the program, too.
	Config string
}

// A Server is a running smbd. Its methods may be called from several
// goroutines.
type Server struct {
	addr     string
	settings Settings // complete
	process  *process
}

// Start starts a server and returns when it answers SMB on its port. settings
// may be nil.
//
// The end of ctx ends the start, not a server that Start has returned. Without
// smbd the error is ErrNotInstalled. Systems other than Linux are not supported
// (errors.ErrUnsupported).
func Start(ctx context.Context, settings *Settings) (*Server, error) {
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("samba: starting smbd is supported on linux, not on %s: %w", runtime.GOOS, errors.ErrUnsupported)
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

// Addr returns the address of the server, 127.0.0.1 with a port.
func (s *Server) Addr() string { return s.addr }

// Dial connects to the server.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", s.addr)
}

// Dir returns the absolute path of the shared directory.
func (s *Server) Dir() string { return s.settings.Dir }

// Share returns the name of the share.
func (s *Server) Share() string { return s.settings.Share }

// User returns the name of the first account.
func (s *Server) User() string { return s.settings.Users[0] }

// Password returns the password of all accounts.
func (s *Server) Password() string { return s.settings.Password }

// Done returns a channel that is closed when smbd has ended, be it due to Close
// or by itself. In the latter case Close tells how.
func (s *Server) Done() <-chan struct{} { return s.process.ended }

// Close ends the server, with all connections, and returns when its processes
// are gone and its temporary directory is removed. The error says if that
// failed, or if smbd had ended by itself before. Further calls return the same.
func (s *Server) Close() error {
	if err := s.process.close(); err != nil {
		return fmt.Errorf("samba: %w", err)
	}
	return nil
}

// complete puts in the defaults and checks the rest. A Dir that is empty
// remains so.
func (s *Settings) complete() error {
	if s.Share == "" {
		s.Share = defaultShare
	}
	if err := checkName("share", s.Share); err != nil {
		return err
	}
	if slices.Contains([]string{"global", "homes", "printers", "ipc$"}, strings.ToLower(s.Share)) {
		return fmt.Errorf("share %q: the name has a meaning of its own for smbd", s.Share)
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
	// 127 characters are the most that Windows takes.
	if len(s.Password) > 127 || strings.ContainsFunc(s.Password, unicode.IsControl) {
		return fmt.Errorf("password of %d bytes: want at most 127, without control characters", len(s.Password))
	}
	if strings.ContainsRune(s.Config, 0) {
		return errors.New("config: contains a zero byte")
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
		return fmt.Errorf("directory to share: %s is no directory", dir)
	}
	if err := checkPath(dir); err != nil {
		return fmt.Errorf("directory to share: %w", err)
	}
	s.Dir = dir
	return nil
}

// checkName accepts what is a plain name in smb.conf and in a username map.
func checkName(what, name string) error {
	bad := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" $-._", r)
	}
	if name == "" || len(name) > 80 || strings.TrimSpace(name) != name || strings.ContainsFunc(name, bad) {
		return fmt.Errorf(`%s %q: want at most 80 letters, digits, spaces and "$-._", without a space at either end`, what, name)
	}
	return nil
}

// checkPath accepts a path that stands for itself as a value in smb.conf.
func checkPath(path string) error {
	bad := func(r rune) bool { return r == '%' || r == '"' || unicode.IsControl(r) }
	if strings.ContainsFunc(path, bad) || strings.HasSuffix(path, `\`) || strings.TrimSpace(path) != path {
		return fmt.Errorf("path %q: smb.conf cannot hold one with a percent sign, a double quote or a control character,"+
			" or with a backslash or space at its end", path)
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
	// Usershares would be those of the machine's own Samba. The oldest clients
	// whose limits are of interest speak SMB1 and NTLMv1 only.
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

// userMap returns the file that makes every user the account.
func (s *Settings) userMap(account string) string {
	return fmt.Sprintf("%s = \"%s\"\n", account, strings.Join(s.Users, `" "`))
}

// The files in the temporary directory.
const (
	configName = "smb.conf"
	usersName  = "users"
	logName    = "log.smbd"
	shareName  = "share"
)
