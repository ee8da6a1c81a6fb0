//go:build linux

package interop

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb"
)

// TestSMBDecoded: tshark takes the refusal for a session setup response with
// its status, and finds nothing wrong with the conversation.
func TestSMBDecoded(t *testing.T) {
	tshark := peer(t, "tshark", "tshark")
	server := startSMBD(t, 1)
	const fields1, fields2 = "smb.cmd smb.nt_status smb.flags.response", "smb2.cmd smb2.nt_status smb2.flags.response"
	for _, tt := range []struct {
		dialect, fields, want string
		first                 bool
	}{
		{"NT1", fields1, "0x73 0xc00000d0 True", false},
		{"SMB2_02", fields2, "1 0xc00000d0 True", false},
		{"SMB3_11", fields2, "1 0xc00000d0 True", false},
		{"SMB3_11", fields2, "1 0xc00000d0 True", true},
	} {
		t.Run(fmt.Sprintf("%s first=%v", tt.dialect, tt.first), func(t *testing.T) {
			front := server.front(t, xpPro, 0, &smb.Settings{RefuseFirst: tt.first}, nil)
			addr, recorded := record(t, front.addr)
			smbclient{conf: server.conf, addr: addr, user: "alice", dialect: tt.dialect}.refused(t)
			path := filepath.Join(t.TempDir(), "refusal.pcap")
			recorded.pcap(t, path)
			read := func(args ...string) string {
				var stderr strings.Builder
				cmd := exec.Command(tshark, append([]string{"-r", path}, args...)...)
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				require.NoError(t, err, "%s", &stderr)
				return strings.TrimSpace(string(out))
			}
			fields := strings.Fields(tt.fields)
			args := []string{"-Y", fields[1] + " == 0xc00000d0", "-T", "fields", "-E", "separator= "}
			for _, f := range fields {
				args = append(args, "-e", f)
			}
			got := read(args...)
			// tshark prints booleans as 1 or as True, by version.
			assert.Contains(t, []string{tt.want, strings.Replace(tt.want, "True", "1", 1)}, got)
			assert.Empty(t, read("-Y", "_ws.malformed || _ws.unreassembled"))
		})
	}
}

// TestSMBRecord records the conversations of real clients as seeds for the
// fuzzing of the connection in package smb. It does so only if SEEDS names
// a directory, such as ../../simulate/smb/testdata/fuzz/FuzzConnection.
func TestSMBRecord(t *testing.T) {
	dir := os.Getenv("SEEDS")
	if dir == "" {
		dir = t.TempDir()
	}
	server := startSMBD(t, 1)
	for _, tt := range []struct {
		name, dialect, user, commands string
		limit                         int
		args                          []string
	}{
		{"nt1", "NT1", "alice", "ls; mkdir d; rmdir d", 1, nil},
		{"nt1-relogon", "NT1", "alice", "logon bob " + smbPassword + "; ls", 1, nil},
		{"nt1-refused", "NT1", "alice", "ls", 0, nil},
		{"smb202", "SMB2_02", "alice", "ls", 1, nil},
		{"smb210", "SMB2_10", "", "ls", 1, nil},
		{"smb300", "SMB3_00", "alice", "ls", 1, []string{"--client-protection=encrypt"}},
		{"smb311", "SMB3_11", "alice", "ls; put file; get file /dev/null; rm file", 1, nil},
		{"smb311-encrypted", "SMB3_11", "alice", "ls", 1, []string{"--client-protection=encrypt"}},
		{"smb311-refused", "SMB3_11", "alice", "ls", 0, nil},
		{"smb311-anonymous-refused", "SMB3_11", "", "ls", 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// What is recorded is what the proxy gets from both sides.
			addr, recorded := record(t, server.addr)
			cmd := smbclient{
				conf: server.conf, addr: addr, user: tt.user, dialect: tt.dialect, args: tt.args,
			}.command(t, "-c", tt.commands)
			cmd.Dir = t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(cmd.Dir, "file"), make([]byte, 5000), 0o644))
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			recorded.mu.Lock()
			defer recorded.mu.Unlock()
			require.NotEmpty(t, recorded.chunks)
			script := []byte{byte(tt.limit)}
			for _, c := range recorded.chunks {
				step := byte(0)
				if c.fromServer {
					step = 1
				}
				script = append(script, step)
				script = binary.LittleEndian.AppendUint16(script, uint16(len(c.data)))
				script = append(script, c.data...)
			}
			text := fmt.Sprintf("go test fuzz v1\n[]byte(%q)\n", script)
			require.NoError(t, os.WriteFile(filepath.Join(dir, tt.name), []byte(text), 0o644))
		})
	}
}
