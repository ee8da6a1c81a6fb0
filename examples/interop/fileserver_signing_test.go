//go:build linux

package interop

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// TestWhatProvesSigning: a test of signing needs an account.
//
// A guest's session has no key, and so no signatures. Both Go clients look for
// the mark of a guest in the first answer to a log-on, and it comes with the last:
// they take the session although they are told to insist on signing. With an
// account, a server that demands signatures proves that a client makes them, and
// one that has none proves that it insists on them.
func TestWhatProvesSigning(t *testing.T) {
	accounts := map[string]string{"alice": "secret"}
	guest := fileserver.Settings{}
	required := fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningRequired}
	off := fileserver.Settings{Accounts: accounts, Signing: fileserver.SigningOff}
	const refuses = "signing required|failed signature verification"
	for _, name := range []string{"cloudsoda", "hirochachacha"} {
		for _, tt := range []struct {
			what   string
			server fileserver.Settings
			sign   bool
			want   string
			signed bool // both sides sign
		}{
			{"a guest proves nothing", guest, true, "^ok$", false},
			{"a client that signs", required, true, "^ok$", true},
			{"a client that signs where it must", required, false, "^ok$", true},
			{"a client that insists", off, true, refuses, false},
			{"a client that does not insist", off, false, "^ok$", false},
		} {
			t.Run(name+" "+tt.what, func(t *testing.T) {
				addr, recorded := record(t, newFixture(t, win11, &tt.server).Loopback())
				assert.Regexp(t, tt.want, goClient{name, 0x210, tt.sign}.work(t, addr, "secret"))
				signed := func(fromServer bool) (n int) {
					for _, msg := range recorded.messages(t, fromServer) {
						if binary.LittleEndian.Uint32(msg[16:])&8 != 0 {
							n++
						}
					}
					return n
				}
				assert.Equal(t, tt.signed, signed(true) > 0)
				if tt.signed {
					assert.Greater(t, signed(false), 10)
				}
				if tt.server.Accounts == nil {
					assert.Zero(t, signed(false))
				}
			})
		}
	}
}
