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

// Samba is a file server of the machine with real files: an smbd of the test's own
// behind the session limit of the host. It comes from NewSamba. Dial, DialFrom and
// Loopback reach it through the limit, and Direct without.
type Samba struct {
	*FileServer
	smbd *samba.Server
}

// SambaSettings are the settings of a Samba. The zero value is an smbd that shares a
// new temporary directory with one account, behind a proxy with the default settings.
type SambaSettings struct {
	// Server has the settings of smbd: the directory to share, the accounts,
	// lines of smb.conf.
	Server samba.Settings
	// Proxy has the settings of the proxy: what it counts, and when it refuses.
	Proxy smb.Settings
}

// NewSamba starts smbd, which takes some tenths of a second, and a proxy of package
// smb in front of it, which has the session limit of the host. It needs neither a
// configuration of Samba nor root. settings may be nil.
//
// If smbd is not installed, the test is skipped and names the package to install; it
// fails if the environment variable CI is true. On systems other than Linux it is
// skipped. In a testing/synctest bubble it fails, as smbd is a process.
//
// When the test ends, proxy and smbd end, also if it ends by a panic or its process is
// killed. The test fails if a session has been neither logged off nor disconnected by
// then, or if smbd has ended by itself.
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

// Dir returns the absolute path of the shared directory. Every account can read and
// write in it what the test itself can.
func (s *Samba) Dir() string { return s.smbd.Dir() }

// Share returns the name of the share: "share" unless the settings say otherwise.
func (s *Samba) Share() string { return s.smbd.Share() }

// User returns the name of the first account: "alice" unless the settings say
// otherwise.
func (s *Samba) User() string { return s.smbd.User() }

// Password returns the password, which is the same for all accounts.
func (s *Samba) Password() string { return s.smbd.Password() }

// Direct returns the address of smbd itself, such as "127.0.0.1:49152". A client that
// connects there does not meet the limit.
func (s *Samba) Direct() string { return s.smbd.Addr() }
