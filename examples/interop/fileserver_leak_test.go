package interop

import (
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	cloudsoda "github.com/cloudsoda/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// inFixture logs on at a fixture in memory.
func inFixture(t *testing.T, files *simtest.FileServer, password string) (*cloudsoda.Session, net.Conn, error) {
	conn, err := files.Dial(t.Context(), "", "")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	d := &cloudsoda.Dialer{Initiator: &cloudsoda.NTLMInitiator{User: "alice", Password: password}}
	s, err := d.DialConn(t.Context(), conn, "server")
	return s, conn, err
}

// TestFixtureWrongPasswords: a password that is wrong twenty times takes no slot.
func TestFixtureWrongPasswords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
		for range 20 {
			_, conn, err := inFixture(t, files, "wrong")
			var response *cloudsoda.ResponseError
			require.ErrorAs(t, err, &response)
			require.EqualValues(t, fileserver.StatusLogonFailure, response.Code)
			conn.Close()
		}
		assert.Zero(t, files.Gate.Stats().Held)
		assert.Zero(t, files.Gate.Stats().Refused)
		s, _, err := inFixture(t, files, "secret")
		require.NoError(t, err)
		simtest.WaitHeld(t, files.Gate, 1)
		require.NoError(t, s.Logoff())
		simtest.WaitHeld(t, files.Gate, 0)
	})
}

// TestFixtureWrongShares: the program logs on, does not find the share, reports
// that, and forgets the session. The twenty-first log-on is refused.
func TestFixtureWrongShares(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := newFixture(t, win11, &fileserver.Settings{Accounts: map[string]string{"alice": "secret"}})
		var forgotten []net.Conn
		leaky := func() error {
			s, conn, err := inFixture(t, files, "secret")
			if err != nil {
				return err
			}
			forgotten = append(forgotten, conn)
			if _, err := s.Mount("nosuch"); err != nil {
				return fmt.Errorf("no share: %w", err) // and s is not logged off
			}
			return nil
		}
		for range 20 {
			var response *cloudsoda.ResponseError
			require.True(t, errors.As(leaky(), &response))
			require.EqualValues(t, fileserver.StatusBadNetworkName, response.Code)
		}
		assert.EqualValues(t, 20, files.Gate.Stats().Held)
		assert.ErrorIs(t, leaky(), cloudsoda.ErrRequestNotAccepted)
		assert.EqualValues(t, 1, files.Gate.Stats().Refused)
		for _, conn := range forgotten {
			conn.Close()
		}
		simtest.WaitHeld(t, files.Gate, 0)
	})
}
