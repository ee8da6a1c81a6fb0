package smb_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

func TestCount(t *testing.T) {
	type logon struct{ computer, user string }
	for _, tt := range []struct {
		count  smb.Count
		fit    []logon
		refuse logon
	}{
		{smb.CountSessions, []logon{{"c1", "alice"}, {"c1", "alice"}}, logon{"c1", "alice"}},
		{smb.CountComputerUsers, []logon{{"c1", "alice"}, {"c1", "ALICE"}, {"c1", "bob"}, {"c1", "alice"}}, logon{"c2", "alice"}},
		{smb.CountComputerUsers, []logon{{"c1", ""}, {"c1", ""}}, logon{"c1", ""}},
		{smb.CountComputers, []logon{{"c1", "alice"}, {"c1", "bob"}, {"c2", "carol"}, {"c1", ""}}, logon{"c3", "alice"}},
	} {
		t.Run(tt.count.String()+" "+tt.refuse.computer+tt.refuse.user, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 2, &smb.Settings{Count: tt.count})
				var holders []*fakeClient
				for _, l := range tt.fit {
					holders = append(holders, lab.session(l.computer, l.user))
				}
				assert.Equal(t, 2, lab.held())
				late := lab.client(tt.refuse.computer)
				assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logon(tt.refuse.user).Status)
				for _, c := range holders {
					assert.Positive(t, lab.held())
					c.Close()
				}
				assert.Equal(t, 0, lab.held())
				assert.Equal(t, smbwire.StatusSuccess, late.logon(tt.refuse.user).Status)
				late.Close()
			})
		})
	}
}

// TestDecoyUser: a client cannot have a session taken for another user's by an
// NTLMSSP message that no server looks at.
func TestDecoyUser(t *testing.T) {
	ntlm := func(user string) []byte { return setupBody(user, false, 0)[24:] }
	token := func(b ...[]byte) []byte {
		body := append(setupBody("", false, 0)[:24], bytes.Join(b, nil)...)
		binary.LittleEndian.PutUint16(body[14:], uint16(len(body)-24))
		return body
	}
	behind := func(b, decoy []byte) []byte { return append(bytes.Clone(b), decoy...) }
	for name, body := range map[string][]byte{
		"in front of another": token([]byte("\xa1\x82"), ntlm("alice"), ntlm("bob")),
		"behind the token":    behind(token(ntlm("bob")), ntlm("alice")),
		"beside a ticket":     behind(token([]byte("\x60\x82ticket")), ntlm("alice")),
		"within a ticket":     token([]byte("\x60\x82ticket"), ntlm("alice")),
		"outside its bounds":  append(setupBody("", false, 0)[:24:24], ntlm("alice")...),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				if name == "outside its bounds" {
					binary.LittleEndian.PutUint16(body[14:], 60000)
				}
				lab := newLab(t, xpPro, 2, &smb.Settings{Count: smb.CountComputerUsers})
				a := lab.session("c1", "alice")
				b := lab.client("c1")
				h := b.setup(0, setupBody("", false, 0))
				assert.Equal(t, smbwire.StatusSuccess, b.setup(h.SessionID, body).Status)
				assert.Equal(t, 2, lab.held())
				a.Close()
				b.Close()
			})
		})
	}
	t.Run("SMB1 without extended security", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, 2, &smb.Settings{Count: smb.CountComputerUsers})
			a := lab.session("c1", "alice")
			b := lab.client1("c1")
			h := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus, PID: 77, MID: 9}
			msg := append(h.Append(nil), 13, 0xff, 0, 0, 0)
			msg = append(append(msg, make([]byte, 24)...), ntlm("alice")...)
			assert.Equal(t, smbwire.StatusSuccess, b.exchange(frame(msg)).Status)
			assert.Equal(t, 2, lab.held())
			a.Close()
			b.Close()
		})
	})
}
