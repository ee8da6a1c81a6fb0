// Package fileserver is a small SMB file server in memory, for tests of programs
// that speak SMB. It has no limit of its own, neither of sessions nor of time:
// stand it behind the SMB proxy of a host, which has.
//
// It speaks SMB 2.0.2, 2.1, 3.0, 3.0.2 and 3.1.1, and takes an SMB1 client that
// offers them into them. It logs accounts on by NTLM, signs, and has shares whose
// files are an fs.FS or a Memory. It does not speak SMB1 itself, Kerberos,
// encryption, compression, multichannel, leases, oplocks, durable handles, locks,
// change notification, streams, links, security descriptors, DFS or RPC: what it
// does not serve it answers with STATUS_NOT_SUPPORTED.
//
// What it remembers for a client is bounded, and nothing of it touches a disk,
// the network or the clock unless a share or a listener that it is given does. It
// works in a testing/synctest bubble.
package fileserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/internal/memnet"
	"github.com/winlimits/winlimits/simulate/internal/ntlm"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// DefaultShare is the name of the share that a Server has if Settings.Shares is
// nil: an empty Memory.
const DefaultShare = "share"

// defaultName is the name that a Server gives itself.
const defaultName = "WINLIMITS"

// Settings are the settings of a Server. The zero value is a server on which
// everybody is a guest, with one empty share.
type Settings struct {
	// Name is the NetBIOS name of the server, at most 15 characters. The default
	// is WINLIMITS.
	Name string `json:"name,omitzero"`

	// Windows, if it is set, keeps the server to the dialects that the release
	// spoke, up to Windows.SMBDialect of package limits. The default is all of
	// them whatever machine the server is part of: the limit of XP, the protocol
	// of later. A release that spoke SMB1 alone is an error.
	Windows limits.Windows `json:"windows,omitzero"`

	// Accounts is the password of each account, by its name, whose case does not
	// matter. A wrong password and an unknown account are both answered with
	// STATUS_LOGON_FAILURE. If it is nil, every account is logged on as a guest,
	// with any password.
	//
	// A guest's session has no key: nothing in it is signed, and many clients
	// refuse it, each in its own words.
	Accounts map[string]string `json:"accounts,omitzero"`
	// Guest logs an account that is not in Accounts on as a guest, as Windows does
	// while its guest account is enabled.
	Guest bool `json:"guest,omitzero"`
	// NTLMv1 accepts the answers of NTLM version 1, plain or with a challenge of
	// the client, beside those of version 2.
	NTLMv1 bool `json:"ntlmv1,omitzero"`
	// Signing is how the server signs; the default is SigningOffered.
	Signing Signing `json:"signing,omitzero"`

	// Shares are the files of each share, by its name, whose case does not matter.
	// A *Memory can be written, any other file system is read only. Another name
	// is answered with STATUS_BAD_NETWORK_NAME, but for IPC$, which is always
	// there and has nothing in it. If it is nil, there is DefaultShare.
	//
	// A client that does not say who it is can connect to other shares than IPC$
	// only where everybody may be a guest.
	Shares map[string]fs.FS `json:"-"`

	// LogOn, if set, decides a log-on once its password is right, or the account
	// is a guest; user is empty for a client that does not say who it is. An error
	// refuses the log-on: a Status is the answer, and any other error
	// STATUS_LOGON_FAILURE. The context ends when the server is closed.
	LogOn func(ctx context.Context, user string) error `json:"-"`
	// TreeConnect, if set, decides a tree connect to a share that is there. An
	// error refuses it: a Status is the answer, and any other error
	// STATUS_ACCESS_DENIED. The context ends when the server is closed.
	TreeConnect func(ctx context.Context, user, share string) error `json:"-"`

	// Logger, if set, is told at debug level why connections end.
	Logger *slog.Logger `json:"-"`
}

// Server is a file server. It comes from New and may be used by many goroutines.
type Server struct {
	settings Settings
	accounts map[string][16]byte // what is left of the password, by folded name
	shares   map[string]*share   // by folded name
	dialects []smbwire.Dialect   // those it speaks
	guid     [16]byte
	ctx      context.Context // ends with the server
	cancel   context.CancelFunc

	lastSession atomic.Uint64

	mu        sync.Mutex
	closed    bool
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{}
	sessions  map[uint64]*session // those that are logged on

	serving sync.WaitGroup
}

// share is a share of a Server.
type share struct {
	name  string
	files volume // nil for IPC$
}

// pipeShare is the share of pipes, which every server has.
const pipeShare = "IPC$"

// New returns a server with the settings, or with the default ones if settings
// is nil. It serves nobody until it is given connections. It fails if a setting
// makes no sense; the error names the value and what is accepted.
func New(settings *Settings) (*Server, error) {
	s := &Server{
		shares:    make(map[string]*share),
		listeners: make(map[net.Listener]struct{}),
		conns:     make(map[net.Conn]struct{}),
		sessions:  make(map[uint64]*session),
	}
	if settings != nil {
		s.settings = *settings
	}
	if s.settings.Name == "" {
		s.settings.Name = defaultName
	}
	if s.settings.Logger == nil {
		s.settings.Logger = slog.New(slog.DiscardHandler)
	}
	err := errors.Join(s.checkName(), s.setDialects(), s.settings.Signing.check(), s.setAccounts(), s.setShares())
	if err != nil {
		return nil, err
	}
	_, _ = rand.Read(s.guid[:])
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

func (s *Server) checkName() error {
	const longest = 15
	name := s.settings.Name
	if len(name) > longest || !isShareName(name) {
		return fmt.Errorf("fileserver: Settings.Name: %.100q: want a NetBIOS name of at most %d characters", name, longest)
	}
	return nil
}

// dialects are those that there are, and what package limits calls them.
var dialects = [...]struct {
	dialect smbwire.Dialect
	name    limits.SMBDialect
}{
	{smbwire.Dialect202, limits.SMB202},
	{smbwire.Dialect21, limits.SMB210},
	{smbwire.Dialect30, limits.SMB300},
	{smbwire.Dialect302, limits.SMB302},
	{smbwire.Dialect311, limits.SMB311},
}

func (s *Server) setDialects() error {
	highest := limits.SMB311
	if w := s.settings.Windows; w != (limits.Windows{}) {
		fact, err := w.SMBDialect()
		if err != nil {
			return fmt.Errorf("fileserver: Settings.Windows: %w", err)
		}
		highest = fact.Value
	}
	for _, d := range dialects {
		if d.name <= highest {
			s.dialects = append(s.dialects, d.dialect)
		}
	}
	if s.dialects == nil {
		return fmt.Errorf("fileserver: Settings.Windows: %v spoke SMB1 only, which this server does not; leave it unset for the limit of %v with a later protocol, or put the proxy of package smb in front of a real server, as simtest.NewSamba does", s.settings.Windows, s.settings.Windows)
	}
	return nil
}

func (s *Server) setAccounts() error {
	if s.settings.Accounts == nil {
		return nil
	}
	const longest = 256
	s.accounts = make(map[string][16]byte)
	for name, password := range s.settings.Accounts {
		key := fold(name)
		if _, twice := s.accounts[key]; name == "" || len(name) > longest || twice {
			return fmt.Errorf("fileserver: Settings.Accounts: %.100q: want a name of 1 to %d characters that differs from the others in more than case", name, longest)
		}
		s.accounts[key] = ntlm.Hash(password)
	}
	return nil
}

func (s *Server) setShares() error {
	shares := s.settings.Shares
	if shares == nil {
		shares = map[string]fs.FS{DefaultShare: new(Memory)}
	}
	s.shares[fold(pipeShare)] = &share{name: pipeShare}
	for name, files := range shares {
		key := fold(name)
		switch _, twice := s.shares[key]; {
		case !isShareName(name):
			return fmt.Errorf("fileserver: Settings.Shares: %.100q: want a name of 1 to 80 characters without any of %s", name, badShareName)
		case twice:
			return fmt.Errorf("fileserver: Settings.Shares: %q: want a name that differs from the others and %s in more than case", name, pipeShare)
		case files == nil:
			return fmt.Errorf("fileserver: Settings.Shares: %q: nil: want files", name)
		}
		v, ok := files.(volume)
		if !ok {
			v = readOnly{files}
		}
		s.shares[key] = &share{name: name, files: v}
	}
	return nil
}

// badShareName is what a share's name may not have in it (MS-SRVS 2.2.4).
const badShareName = `"/\[]:|<>+=;,*?`

func isShareName(name string) bool {
	if name == "" || len(name) > 80 || strings.ContainsAny(name, badShareName) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) < 0
}

// fold returns name as two names that differ in case only have it in common.
func fold(name string) string { return strings.ToUpper(name) }

// Serve accepts connections from l until l or s is closed, and closes l. The
// error is never nil; it matches net.ErrClosed after Close.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	var pause time.Duration
	for {
		nc, err := l.Accept()
		if err != nil {
			// As net/http does: running out of descriptors is not the end.
			if t, ok := err.(interface{ Temporary() bool }); ok && t.Temporary() {
				pause = min(max(2*pause, 5*time.Millisecond), time.Second)
				s.settings.Logger.Debug("SMB accept", "error", err, "retry", pause)
				time.Sleep(pause)
				continue
			}
			return err
		}
		pause = 0
		if !s.begin(nc) {
			return net.ErrClosed
		}
		go s.serve(nc)
	}
}

// ServeConn serves one connection until it ends, and closes it.
func (s *Server) ServeConn(nc net.Conn) {
	if s.begin(nc) {
		s.serve(nc)
	}
}

// Dial returns a connection in memory that the server serves. It is the dial
// function of a proxy whose file server this is.
func (s *Server) Dial(context.Context) (net.Conn, error) {
	machine := memnet.MachineIP()
	client, server := memnet.Pipe(&net.TCPAddr{IP: machine}, &net.TCPAddr{IP: machine, Port: 445})
	if !s.begin(server) {
		return nil, net.ErrClosed
	}
	go s.serve(server)
	return client, nil
}

// begin takes a connection on, or closes it if s is closed.
func (s *Server) begin(nc net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		nc.Close()
		return false
	}
	s.conns[nc] = struct{}{}
	s.serving.Add(1)
	return true
}

// serve serves a connection that has begun.
func (s *Server) serve(nc net.Conn) {
	defer s.serving.Done()
	err := newConn(s, nc).serve()
	nc.Close()
	s.mu.Lock()
	delete(s.conns, nc)
	s.mu.Unlock()
	s.settings.Logger.Debug("SMB connection ended", "reason", err)
}

// Close closes the listeners and connections, and returns when nothing of s runs
// any more. Files that were put into a Memory stay there.
func (s *Server) Close() error {
	s.cancel()
	s.mu.Lock()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	for nc := range s.conns {
		nc.Close()
	}
	s.mu.Unlock()
	s.serving.Wait()
	return nil
}
