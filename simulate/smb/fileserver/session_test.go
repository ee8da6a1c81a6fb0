package fileserver_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

const (
	logonFailure  = smbwire.Status(fileserver.StatusLogonFailure)
	accessDenied  = smbwire.Status(fileserver.StatusAccessDenied)
	badNetwork    = smbwire.Status(fileserver.StatusBadNetworkName)
	notSupported  = smbwire.StatusNotSupported
	sessionGone   = smbwire.StatusUserSessionDeleted
	badParameter  = smbwire.StatusInvalidParameter
	treeGone      = smbwire.StatusNetworkNameDeleted
	noResources   = smbwire.StatusInsufficientResources
	success       = smbwire.StatusSuccess
	unsupportedUp = smbwire.Status(0x80090302)
)

// TestLogOn: which accounts log on, and as what, in every dialect.
func TestLogOn(t *testing.T) {
	accounts := map[string]string{"alice": "secret", "Bob": "Pässwörd"}
	for _, tt := range []struct {
		name           string
		settings       fileserver.Settings
		user, password string
		status         smbwire.Status
		flags          smbwire.SessionFlags2
		share          smbwire.Status // of a tree connect
	}{
		{"account", fileserver.Settings{Accounts: accounts}, "alice", "secret", success, 0, success},
		{"case of the name", fileserver.Settings{Accounts: accounts}, "aLICE", "secret", success, 0, success},
		{"umlauts", fileserver.Settings{Accounts: accounts}, "bob", "Pässwörd", success, 0, success},
		{"wrong password", fileserver.Settings{Accounts: accounts}, "alice", "Secret", logonFailure, 0, 0},
		{"unknown account", fileserver.Settings{Accounts: accounts}, "carol", "secret", logonFailure, 0, 0},
		{"no accounts", fileserver.Settings{Accounts: map[string]string{}}, "alice", "secret", logonFailure, 0, 0},
		{"nobody", fileserver.Settings{Accounts: accounts}, "", "", success, smbwire.SessionAnonymous, accessDenied},
		{"everybody a guest", fileserver.Settings{}, "carol", "whatever", success, smbwire.SessionGuest, success},
		{"nobody among guests", fileserver.Settings{}, "", "", success, smbwire.SessionAnonymous, success},
		{"guest", fileserver.Settings{Accounts: accounts, Guest: true}, "carol", "whatever", success, smbwire.SessionGuest, success},
		{"account beside guests", fileserver.Settings{Accounts: accounts, Guest: true}, "alice", "secret", success, 0, success},
		{"wrong password beside guests", fileserver.Settings{Accounts: accounts, Guest: true}, "alice", "wrong", logonFailure, 0, 0},
		{"signing required", fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningRequired}, "alice", "secret", success, 0, success},
		{"guest where signing is required", fileserver.Settings{Signing: fileserver.SigningRequired}, "carol", "x", success, smbwire.SessionGuest, success},
		{"signing off", fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningOff}, "alice", "secret", success, 0, success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t, &tt.settings)
			for _, dialect := range dialects {
				for _, raw := range []bool{false, true} {
					c := newClient(t, s)
					c.raw = raw
					require.Equal(t, success, c.negotiate(dialect))
					assert.Equal(t, tt.status, c.logOn(tt.user, tt.password), "%#x", dialect)
					if tt.status != success {
						h, _ := c.do(smbwire.Command2Echo, []byte{4, 0, 0, 0})
						assert.Equal(t, success, h.Status, "the connection goes on")
						continue
					}
					assert.Equal(t, tt.flags, c.flags)
					assert.Equal(t, tt.share, c.connectTree("share"), "%#x", dialect)
					assert.Equal(t, success, c.connectTree("IPC$"))
				}
			}
		})
	}
}

// TestLogOnBroken: a log-on with a wrong integrity code fails, as does one by NTLMv1.
func TestLogOnBroken(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	for name, lie := range map[string]func(*client){
		"integrity code":               func(c *client) { c.badMIC = true },
		"integrity code of mechanisms": func(c *client) { c.badListMIC = true },
		"NTLMv1":                       func(c *client) { c.version1 = true },
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, s)
			lie(c)
			require.Equal(t, success, c.negotiate(dialects...))
			assert.Equal(t, logonFailure, c.logOn("alice", "secret"))
		})
	}
}

func TestNTLMv1(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}, NTLMv1: true})
	for _, dialect := range dialects {
		c := newClient(t, s)
		c.version1 = true
		require.Equal(t, success, c.negotiate(dialect))
		assert.Equal(t, logonFailure, c.logOn("alice", "wrong"))
		assert.Equal(t, success, c.logOn("alice", "secret"))
		assert.Equal(t, success, c.connectTree("share"))
		assert.Equal(t, success, connect(t, s, dialect, "alice", "secret").connectTree("share"), "version 2 stays")
	}
}

// TestMechanisms: a client that prefers another mechanism is led to NTLMSSP. One without
// NTLMSSP cannot log on.
func TestMechanisms(t *testing.T) {
	s := newServer(t, nil)
	kerberos := []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02}
	c := newClient(t, s)
	require.Equal(t, success, c.negotiate(dialects...))
	h, reply := c.leg(first(der(0x30, kerberos, oidNTLM), []byte("a ticket")))
	require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
	assert.Contains(t, string(reply), string(oidNTLM))
	c.session = h.SessionID
	h, reply = c.leg(next(ntlmNegotiate(), nil))
	assert.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
	assert.Contains(t, string(reply), "NTLMSSP\x00\x02")

	c = newClient(t, s)
	require.Equal(t, success, c.negotiate(dialects...))
	h, _ = c.leg(first(der(0x30, kerberos), []byte("a ticket")))
	assert.Equal(t, notSupported, h.Status)
}

func TestLogOnHook(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want smbwire.Status
	}{
		{"lets in", nil, success},
		{"status", fileserver.StatusAccountLockedOut, 0xC0000234},
		{"wrapped status", fmt.Errorf("said so: %w", fileserver.StatusPasswordExpired), 0xC0000071},
		{"error", errors.New("no"), logonFailure},
		{"status that is no error", fileserver.Status(0xC0000016 &^ 0xC0000000), logonFailure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var asked []string
			s := newServer(t, &fileserver.Settings{
				Accounts: map[string]string{"alice": "secret"},
				LogOn:    func(_ context.Context, user string) error { asked = append(asked, user); return tt.err },
			})
			c := newClient(t, s)
			require.Equal(t, success, c.negotiate(dialects...))
			assert.Equal(t, logonFailure, c.logOn("alice", "wrong"))
			assert.Empty(t, asked, "not before the password is right")
			assert.Equal(t, tt.want, c.logOn("alice", "secret"))
			assert.Equal(t, []string{"alice"}, asked)
		})
	}
}

func TestTreeConnectHook(t *testing.T) {
	type call struct{ user, share string }
	var asked []call
	s := newServer(t, &fileserver.Settings{TreeConnect: func(_ context.Context, user, share string) error {
		asked = append(asked, call{user, share})
		switch user {
		case "busy":
			return fileserver.StatusRequestNotAccepted
		case "error":
			return errors.New("no")
		}
		return nil
	}})
	for user, want := range map[string]smbwire.Status{
		"alice": success, "busy": smbwire.StatusRequestNotAccepted, "error": accessDenied,
	} {
		asked = nil
		c := connect(t, s, smbwire.Dialect311, user, "")
		assert.Equal(t, want, c.connectTree("SHARE"))
		assert.Equal(t, badNetwork, c.connectTree("nosuch"))
		assert.Equal(t, []call{{user, "share"}}, asked, "a share that is missing is not asked for")
	}
}

// TestReauthenticate: a session may be logged on again, and keeps its key.
func TestReauthenticate(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
	for _, dialect := range dialects {
		c := connect(t, s, dialect, "alice", "secret")
		require.Equal(t, success, c.connectTree("share"))
		again := func(password string) smbwire.Header2 {
			h, reply := c.leg(first(mechanisms(), ntlmNegotiate()))
			require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
			require.Equal(t, c.session, h.SessionID)
			challenge := reply[len(reply)-len(reply[find(reply, "NTLMSSP\x00"):]):]
			authenticate, key := c.authenticate(ntlmNegotiate(), challenge, "alice", password)
			h, _ = c.leg(next(authenticate, clientMIC(key, mechanisms())))
			return h
		}
		require.Equal(t, success, again("secret").Status)
		status, _ := c.get("nosuch")
		assert.Equal(t, smbwire.Status(0xC0000034), status, "the old key signs, and the tree is there")

		require.Equal(t, logonFailure, again("wrong").Status)
		c.sign = false
		h, _ := c.do(smbwire.Command2Logoff, []byte{4, 0, 0, 0})
		assert.Equal(t, sessionGone, h.Status)
	}
}

func find(b []byte, s string) int {
	for i := range b {
		if string(b[i:min(i+len(s), len(b))]) == s {
			return i
		}
	}
	panic("not found")
}

// TestPreviousSession: a client that comes back ends the session that it has left behind, and
// no session of another user.
func TestPreviousSession(t *testing.T) {
	s := newServer(t, &fileserver.Settings{Accounts: map[string]string{"alice": "secret", "bob": "secret"}})
	back := func(user string, previous uint64) {
		c := newClient(t, s)
		require.Equal(t, success, c.negotiate(smbwire.Dialect21))
		authenticate, _ := c.authenticate(ntlmNegotiate(), c.challenge(), user, "secret")
		body := setupBody(next(authenticate, nil))
		le.PutUint64(body[16:], previous)
		h, _ := c.exchange(c.request(smbwire.Header2{Command: smbwire.Command2SessionSetup}, body))
		require.Equal(t, success, h.Status)
	}
	old := connect(t, s, smbwire.Dialect30, "alice", "secret")
	echo := func() smbwire.Status {
		h, _ := old.do(smbwire.Command2TreeConnect, append([]byte{9, 0, 0, 0, 72, 0, 16, 0}, utf16le(`\\x\IPC$`)...))
		return h.Status
	}
	require.Equal(t, success, echo())
	back("bob", old.session)
	require.Equal(t, success, echo())
	back("ALICE", old.session)
	old.sign = false
	require.Equal(t, sessionGone, echo())
}
