package simtest

import (
	"errors"
	"os"
	"strconv"
	"testing"

	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// Samba is the file server of a Windows with real files: a smbd of the test's
// own behind the limit of the host. Dial and Loopback connect to it through the
// limit.
type Samba struct {
	*FileServer
	smbd *samba.Server
}

// SambaSettings are the settings of a Samba. Every field has a useful zero
// value.
type SambaSettings struct {
	// Server has the settings of smbd: the directory to share, the accounts,
	// lines of smb.conf.
	Server samba.Settings
	// Proxy has the settings of the host's SMB proxy.
	Proxy smb.Settings
}

// NewSamba starts smbd, which takes some tenths of a second, and the host's SMB
// proxy in front of it. settings may be nil.
//
// Where smbd is not installed the test is skipped, with the name of the package
// to install; if the environment variable CI is true, it fails. Where smbd
// cannot run, as on systems other than Linux, it is skipped. As smbd is a
// process, NewSamba fails the test in a testing/synctest bubble.
//
// When the test ends, also by a panic, both end, as they do if the test's
// process is killed. The test fails if a session has been neither logged off nor
// lost its connection by then, or if smbd has ended by itself.
func NewSamba(t testing.TB, host *simulate.Host, settings *SambaSettings) *Samba {
	t.Helper()
	notInBubble(t, "NewSamba runs a process")
	var s SambaSettings
	if settings != nil {
		s = *settings
	}
	smbd, err := samba.Start(t.Context(), &s.Server)
	ci, _ := strconv.ParseBool(os.Getenv("CI"))
	switch {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, samba.ErrNotInstalled) && !ci:
		t.Skipf("simtest: %v", err)
	case err != nil:
		t.Fatalf("simtest: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := smbd.Close(); err != nil {
			t.Errorf("simtest: %v", err)
		}
	})
	files := NewFileServer(t, host, &FileServerSettings{Backend: smbd.Dial, Proxy: s.Proxy})
	return &Samba{FileServer: files, smbd: smbd}
}

// Dir returns the absolute path of the shared directory. Every account can read
// and write in it what the test can.
func (s *Samba) Dir() string { return s.smbd.Dir() }

// Share returns the name of the share.
func (s *Samba) Share() string { return s.smbd.Share() }

// User returns the name of the first account.
func (s *Samba) User() string { return s.smbd.User() }

// Password returns the password of all accounts.
func (s *Samba) Password() string { return s.smbd.Password() }

// Direct returns the address of smbd itself, without the limit.
func (s *Samba) Direct() string { return s.smbd.Addr() }
