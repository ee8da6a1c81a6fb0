//go:build linux

package interop

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestSMBOverTheLimit: smbclients on computers of their own, one more than the limit,
// in every dialect and with every protection.
func TestSMBOverTheLimit(t *testing.T) {
	t.Parallel()
	server := startSMBD(t, 1)
	network := newSMBNetwork(t, 21)
	protected := func(how string) []string { return []string{"--client-protection=" + how} }
	type kind struct {
		name, dialect, user string
		args                []string
	}
	var all []kind
	for _, dialect := range []string{"NT1", "SMB2_02", "SMB2_10", "SMB3_00", "SMB3_02", "SMB3_11"} {
		all = append(all, kind{dialect, dialect, "alice", nil})
		if dialect >= "SMB3" {
			all = append(all, kind{dialect + " encrypted", dialect, "alice", protected("encrypt")})
		}
	}
	for _, dialect := range []string{"NT1", "SMB2_10", "SMB3_11"} {
		all = append(all,
			kind{dialect + " signed", dialect, "alice", protected("sign")},
			kind{dialect + " anonymous", dialect, "", nil})
	}
	some := slices.DeleteFunc(slices.Clone(all), func(k kind) bool {
		return k.name != "NT1" && k.name != "SMB2_10 signed" && k.name != "SMB3_11 encrypted"
	})
	for i, tt := range []struct {
		windows limits.Windows
		limit   int
		kinds   []kind
	}{
		{limits.Windows{Edition: limits.XPHome}, 5, all},
		{xpPro, 10, some},
		{limits.Windows{Edition: limits.Windows10Pro}, 20, some[1:]},
	} {
		front := server.front(t, tt.windows, -1, nil, network.listen(t, 445+i))
		for _, k := range tt.kinds {
			t.Run(fmt.Sprintf("%v/%s", tt.windows, k.name), func(t *testing.T) {
				client := func(i int) smbclient {
					return smbclient{
						namespace: network.clients[i], conf: server.conf, addr: front.addr,
						dialect: k.dialect, user: k.user, args: k.args,
					}
				}
				var holders []*holder
				for i := range tt.limit {
					holders = append(holders, client(i).hold(t))
				}
				front.waitHeld(t, tt.limit)
				late := client(tt.limit)
				late.refused(t)
				if k.user != "" {
					wrong := late
					wrong.password = "wrong"
					out, _ := wrong.run(t, "ls")
					assert.Contains(t, out, "NT_STATUS_LOGON_FAILURE")
				}
				holders[0].kill()
				front.waitHeld(t, tt.limit-1)
				late.admitted(t)
				front.waitHeld(t, tt.limit-1)
				again := late.hold(t)
				front.waitHeld(t, tt.limit)
				client(0).refused(t)
				holders[1].leave()
				front.waitHeld(t, tt.limit-1)
				client(0).admitted(t)

				out, err := front.host.Console("net session")
				require.NoError(t, err)
				assert.Contains(t, out, `\\10.99.1.3 `)
				for _, h := range append(holders, again) {
					h.leave()
				}
				front.waitHeld(t, 0)
			})
		}
	}
}

// TestSMBCountPolicies: one computer's sessions, users, and the computer itself.
func TestSMBCountPolicies(t *testing.T) {
	server := startSMBD(t, 1)
	network := newSMBNetwork(t, 3)
	for i, tt := range []struct {
		count smb.Count
		// At limit 2 the clients in fit get in, and those in refuse do not.
		fit    []string
		refuse string
	}{
		{smb.CountSessions, []string{"1 alice", "1 alice"}, "1 alice"},
		{smb.CountComputerUsers, []string{"1 alice", "1 bob", "1 alice", "1 bob"}, "2 alice"},
		{smb.CountComputers, []string{"1 alice", "1 bob", "2 alice", "2 "}, "3 alice"},
	} {
		t.Run(tt.count.String(), func(t *testing.T) {
			front := server.front(t, xpPro, 2, &smb.Settings{Count: tt.count}, network.listen(t, 445+i))
			client := func(who string) smbclient {
				var n int
				var user string
				fmt.Sscan(who, &n, &user)
				return smbclient{namespace: network.clients[n-1], conf: server.conf, addr: front.addr, user: user}
			}
			for _, who := range tt.fit {
				client(who).hold(t).connected()
			}
			assert.Len(t, front.Sessions(), len(tt.fit))
			client(tt.refuse).refused(t)
		})
	}
}

// TestSMBTransfers: a large file comes and goes unharmed while twenty clients
// are refused.
func TestSMBTransfers(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 1, nil, nil)
	data := make([]byte, 200<<20)
	rand.Read(data)
	// The client reads and writes pipes, so that the transfers cannot be over
	// before the refusals are.
	in, out := filepath.Join(t.TempDir(), "in"), filepath.Join(t.TempDir(), "out")
	require.NoError(t, unix.Mkfifo(in, 0o600))
	require.NoError(t, unix.Mkfifo(out, 0o600))
	client := smbclient{conf: server.conf, addr: front.addr, user: "alice"}
	other := client
	other.user = "bob"
	refusals := func() {
		for range 10 {
			other.refused(t)
		}
	}
	cmd := client.command(t, "-c", "put "+in+" file; get file "+out)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill() })

	w, err := os.OpenFile(in, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = w.Write(data[:len(data)/2])
	require.NoError(t, err)
	refusals()
	_, err = w.Write(data[len(data)/2:])
	require.NoError(t, err)
	require.NoError(t, w.Close())

	r, err := os.Open(out)
	require.NoError(t, err)
	defer r.Close()
	got := make([]byte, len(data))
	_, err = io.ReadFull(r, got[:len(got)/2])
	require.NoError(t, err)
	refusals()
	_, err = io.ReadFull(r, got[len(got)/2:])
	require.NoError(t, err)
	require.NoError(t, cmd.Wait())
	front.waitHeld(t, 0)

	assert.True(t, bytes.Equal(data, got), "what was got differs")
	stored, err := os.ReadFile(filepath.Join(server.share(1), "file"))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, stored), "what was put differs")
}

// TestSMBAdministratorDeletesSession: the session ends, and another one gets in.
func TestSMBAdministratorDeletesSession(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 1, nil, nil)
	client := smbclient{conf: server.conf, addr: front.addr, user: "alice"}
	client.hold(t)
	front.waitHeld(t, 1)
	client.refused(t)
	out, err := front.host.Console(`net session \\127.0.0.1 /delete`)
	require.NoError(t, err)
	assert.Equal(t, "The command completed successfully.\n", out)
	front.waitHeld(t, 0)
	client.admitted(t)
}

// TestSMBRefusedInTheFirstLeg: smbclient prints the same.
func TestSMBRefusedInTheFirstLeg(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, limits.Windows{Edition: limits.VistaStarter}, -1, &smb.Settings{RefuseFirst: true}, nil)
	for _, dialect := range []string{"NT1", "SMB2_02", "SMB3_11"} {
		client := smbclient{conf: server.conf, addr: front.addr, user: "alice", dialect: dialect}
		client.refused(t)
		client.password = "wrong"
		client.refused(t)
	}
}
