// Package fileserver is a small SMB file server in memory, for tests of programs that
// speak SMB. It limits neither the number of sessions nor their time. A proxy of
// package smb in front of it has the session limit of an edition; for tests,
// simtest.NewFileServer makes both.
//
// A [Server] speaks SMB 2.0.2, 2.1, 3.0, 3.0.2 and 3.1.1, also with a client that
// begins in SMB1 and offers one of these. It logs accounts on by NTLM and signs. The
// files of a share are an fs.FS, which is read-only, or a [Memory], which clients can
// write.
//
// It does not speak SMB1 itself, and has no Kerberos, encryption, compression,
// multichannel, leases, oplocks, durable handles, locks, change notification, streams,
// links, security descriptors, DFS or RPC. It answers such a request with
// STATUS_NOT_SUPPORTED.
//
// The memory that a client can make it use is bounded. By itself it uses no disk and no
// network, so that it works in a testing/synctest bubble; a share or a listener that it
// is given may use them.
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

// DefaultShare is the name of the share that a Server has if Settings.Shares is nil.
// Its files are an empty Memory.
const DefaultShare = "share"

// defaultName is the name of a Server that Settings.Name does not name.
const defaultName = "WINLIMITS"

// Settings are the settings of a Server. The zero value is a server that logs every
// account on as a guest and has one empty share.
type Settings struct {
	// Name is the NetBIOS name of the server, at most 15 characters. The default is
	// WINLIMITS.
	Name string `json:"name,omitzero"`

	// Windows, if set, limits the server to the dialects that this release speaks: those
	// up to Windows.SMBDialect of package limits. A release that speaks SMB1 only is an
	// error. The default is all dialects, whatever the machine with the limit runs, so
	// that a client without SMB1 can meet the limit of Windows XP.
	Windows limits.Windows `json:"windows,omitzero"`

	// Accounts has the password of each account by its name, whose case does not
	// matter. The server answers a wrong password and an unknown account with
	// STATUS_LOGON_FAILURE. If Accounts is nil, it logs every account on as a guest,
	// with any password.
	//
	// A guest's session has no key, so that nothing in it is signed. Many clients
	// refuse such a session, each with an error of its own.
	Accounts map[string]string `json:"accounts,omitzero"`
	// Guest logs an account that is not in Accounts on as a guest, as Windows does
	// while its guest account is enabled.
	Guest bool `json:"guest,omitzero"`
	// NTLMv1 accepts log-ons by NTLM version 1, with and without a challenge of the
	// client, besides those by version 2.
	NTLMv1 bool `json:"ntlmv1,omitzero"`
	// Signing says what the server signs. The default is SigningOffered.
	Signing Signing `json:"signing,omitzero"`

	// Shares has the files of each share by its name, whose case does not matter.
	// Clients can write to a *Memory; any other file system is read-only. If Shares is
	// nil, there is one share, DefaultShare. The share IPC$ is always there, and is
	// empty. The server answers another name with STATUS_BAD_NETWORK_NAME.
	//
	// An anonymous client can connect to a share other than IPC$ only if every
	// account may be a guest: Accounts is nil, or Guest is set.
	Shares map[string]fs.FS `json:"-"`

	// LogOn, if set, decides whether an account may log on, after its password was
	// found right or for a guest. user is empty for an anonymous client. An error
	// refuses the log-on. If the error is a Status, that is the answer; any other is
	// answered with STATUS_LOGON_FAILURE. ctx ends when the server is closed.
	LogOn func(ctx context.Context, user string) error `json:"-"`
	// TreeConnect, if set, decides whether a user may connect to a share that exists.
	// An error refuses it. If the error is a Status, that is the answer; any other is
	// answered with STATUS_ACCESS_DENIED. ctx ends when the server is closed.
	TreeConnect func(ctx context.Context, user, share string) error `json:"-"`

	// Logger, if set, gets debug messages that say why connections end.
	Logger *slog.Logger `json:"-"`
}

// Server is a file server. It comes from New; the zero Server is not usable. Dial is
// what most callers want: it connects in memory, and is the backend of a proxy. Serve
// and ServeConn serve connections that come from elsewhere. A Server may be used by
// many goroutines.
type Server struct {
	settings Settings
	accounts map[string][16]byte // the hash of the password, by folded name
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
	sessions  map[uint64]*session // those that have logged on

	serving sync.WaitGroup
}

// share is a share of a Server.
type share struct {
	name  string
	files volume // nil for IPC$
}

// pipeShare is the name of the share of named pipes, which every server has.
const pipeShare = "IPC$"

// New returns a server with the settings, or with the default ones if settings is nil.
// It serves no client until it gets connections, by Dial, Serve or ServeConn. New fails
// if a setting makes no sense. The error names the value and says what is accepted.
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

// dialects are all dialects of SMB2 and SMB3, with their names in package limits.
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
		return fmt.Errorf("fileserver: Settings.Windows: %v speaks SMB1 only, and this server does not; leave the setting empty for all later dialects, or use a real file server, as simtest.NewSamba does", s.settings.Windows)
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
		if name == "" || len(name) > longest {
			return fmt.Errorf("fileserver: Settings.Accounts: %.100q: want a name of 1 to %d bytes", name, longest)
		}
		if _, twice := s.accounts[key]; twice {
			return fmt.Errorf("fileserver: Settings.Accounts: %.100q: another account has the same name but for the case", name)
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
			return fmt.Errorf("fileserver: Settings.Shares: %.100q: want a name of 1 to 80 bytes without any of %s", name, badShareName)
		case twice:
			return fmt.Errorf("fileserver: Settings.Shares: %q: another share, or %s, has the same name but for the case", name, pipeShare)
		case files == nil:
			return fmt.Errorf("fileserver: Settings.Shares: %q: nil; want a file system, such as new(fileserver.Memory)", name)
		}
		v, ok := files.(volume)
		if !ok {
			v = readOnly{files}
		}
		s.shares[key] = &share{name: name, files: v}
	}
	return nil
}

// badShareName has the characters that the name of a share must not contain (MS-SRVS
// 2.2.4).
const badShareName = `"/\[]:|<>+=;,*?`

func isShareName(name string) bool {
	if name == "" || len(name) > 80 || strings.ContainsAny(name, badShareName) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return r < ' ' }) < 0
}

// fold returns the form of a name that is the same for names that differ in case only.
func fold(name string) string { return strings.ToUpper(name) }

// Serve accepts connections from l and serves them until l or s is closed, and closes
// l. The error is never nil. After Close it matches net.ErrClosed.
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
			// A temporary error, such as too many open files, does not end the
			// server, as in net/http.
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

// ServeConn serves one connection and returns when it has ended and is closed.
func (s *Server) ServeConn(nc net.Conn) {
	if s.begin(nc) {
		s.serve(nc)
	}
}

// Dial returns a connection in memory that the server serves. It is an smb.Dial, the
// backend of a proxy. After Close the error is net.ErrClosed.
func (s *Server) Dial(context.Context) (net.Conn, error) {
	machine := memnet.MachineIP()
	client, server := memnet.Pipe(&net.TCPAddr{IP: machine}, &net.TCPAddr{IP: machine, Port: 445})
	if !s.begin(server) {
		return nil, net.ErrClosed
	}
	go s.serve(server)
	return client, nil
}

// begin adds a connection to those of s and reports true. If s is closed, it closes the
// connection and reports false.
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

// Close closes the listeners and connections, and returns when nothing of s runs any
// more. The files in a Memory stay. Close may be called more than once, and the error
// is always nil.
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
