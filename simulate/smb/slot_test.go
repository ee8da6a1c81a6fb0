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

// TestSharedUser: the user is that of the NTLMSSP message that a server reads, bare or
// wrapped, and not that of another message in the token.
func TestSharedUser(t *testing.T) {
	ntlm := func(user string) []byte { return setupBody(user, false, 0)[24:] }
	der := func(tag byte, contents ...[]byte) []byte {
		b := bytes.Join(contents, nil)
		return append([]byte{tag, 0x82, byte(len(b) >> 8), byte(len(b))}, b...)
	}
	resp := func(fields ...[]byte) []byte { return der(0xa1, der(0x30, fields...)) }
	carried := func(user string) []byte { return der(0xa2, der(0x04, ntlm(user))) }
	token := func(b ...[]byte) []byte {
		body := append(setupBody("", false, 0)[:24], bytes.Join(b, nil)...)
		binary.LittleEndian.PutUint16(body[14:], uint16(len(body)-24))
		return body
	}
	behind := func(b, decoy []byte) []byte { return append(bytes.Clone(b), decoy...) }
	const ticket = "a Kerberos ticket, say"
	for name, tt := range map[string]struct {
		body []byte
		held int // together with alice
	}{
		"bare":                    {token(ntlm("alice")), 1},
		"wrapped":                 {token(resp(carried("alice"))), 1},
		"wrapped with more":       {token(resp(der(0xa0, []byte{0x0a, 1, 1}), carried("Alice"), der(0xa3, der(0x04, make([]byte, 16))))), 1},
		"two":                     {token(ntlm("alice"), ntlm("bob")), 2},
		"two in one":              {token(resp(carried("bob"), carried("alice"))), 2},
		"behind the token":        {behind(token(ntlm("bob")), ntlm("alice")), 2},
		"beside a ticket":         {behind(token([]byte(ticket)), ntlm("alice")), 2},
		"in another field":        {token(resp(der(0xa2, der(0x04, []byte(ticket))), der(0xa3, der(0x04, ntlm("alice"))))), 2},
		"behind another message":  {token(resp(der(0xa2, der(0x04, []byte(ticket), ntlm("alice"))))), 2},
		"in a first token":        {token(der(0x60, []byte("\x06\x06\x2b\x06\x01\x05\x05\x02"), der(0xa0, der(0x30, carried("alice"))))), 2},
		"longer than the message": {append(append(setupBody("", false, 0)[:14:14], 0xff, 0xff), setupBody("alice", false, 0)[16:]...), 2},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 2, &smb.Settings{Count: smb.CountComputerUsers})
				a := lab.session("c1", "alice")
				b := lab.client("c1")
				h := b.setup(0, setupBody("", false, 0))
				assert.Equal(t, smbwire.StatusSuccess, b.setup(h.SessionID, tt.body).Status)
				assert.Equal(t, tt.held, lab.held())
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
