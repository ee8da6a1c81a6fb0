package smb_test

import (
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
