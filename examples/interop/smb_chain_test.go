//go:build linux

package interop

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Clients of the nineties log on and connect a share in one message, an AndX
// chain. If the share is not there, the reply has the status of that; the session
// before it stands, and counts.

// The statuses of the tests, and their DOS forms.
const (
	notAcceptedNT, notAcceptedDOS = 0xC00000D0, 0x00470001
	badNameNT, badNameDOS         = 0xC00000CC, 0x00430001
	noSessionNT, noSessionDOS     = 0xC0000203, 0x005B0002
)

// rawSMB1 speaks SMB1 by hand.
type rawSMB1 struct {
	t     *testing.T
	conn  net.Conn
	flags uint16 // Flags2
}

// exchange sends a command with its words and bytes, and returns the reply.
func (c rawSMB1) exchange(command byte, uid uint16, rest string) []byte {
	le := binary.LittleEndian
	b := append([]byte{0, 0, 0, 0}, "\xffSMB"...)
	b = append(b, command, 0, 0, 0, 0, 8)
	b = le.AppendUint16(b, c.flags)
	b = append(b, make([]byte, 14)...)
	b = le.AppendUint16(b, 77)
	b = le.AppendUint16(b, uid)
	b = le.AppendUint16(b, 1)
	b = append(b, rest...)
	binary.BigEndian.PutUint32(b, uint32(len(b)-4))
	_, err := c.conn.Write(b)
	require.NoError(c.t, err)
	var header [4]byte
	_, err = io.ReadFull(c.conn, header[:])
	require.NoError(c.t, err)
	reply := make([]byte, binary.BigEndian.Uint32(header[:]))
	_, err = io.ReadFull(c.conn, reply)
	require.NoError(c.t, err)
	require.Greater(c.t, len(reply), 32)
	return reply
}

// tree is a tree connect to a share of the server, with nothing chained to it.
func tree(share string) string {
	data := "\x00\\\\X\\" + share + "\x00?????\x00"
	return "\x04\xff\x00\x00\x00\x00\x00\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(data)))) + data
}

// logon negotiates, and sets up the session of a guest with a tree connect to a
// share in one message.
func (c rawSMB1) logon(share string) (status uint32, words byte, uid uint16) {
	c.exchange(0x72, 0, "\x00\x0c\x00\x02NT LM 0.12\x00")
	le := binary.LittleEndian
	data := string(make([]byte, 24)) + "nosuchuser\x00WG\x00os\x00lm\x00"
	words13 := []byte{13, 0x75, 0}
	words13 = le.AppendUint16(words13, uint16(61+len(data)))
	words13 = append(words13, "\xff\xff\x02\x00\x01\x00\x00\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00"...)
	words13 = le.AppendUint32(words13, 0x14|uint32(c.flags)>>8) // capabilities, 0x40 being NT statuses
	words13 = le.AppendUint16(words13, uint16(len(data)))
	reply := c.exchange(0x73, 0, string(words13)+data+tree(share))
	return le.Uint32(reply[5:]), reply[32], le.Uint16(reply[28:])
}

// TestSMBChain: a log-on comes together with a tree connect to a share that is not
// there. Below the limit the session counts. At the limit it is refused, and serves
// nothing.
func TestSMBChain(t *testing.T) {
	server := startSMBD(t, 1, "map to guest = Bad User")
	for name, tt := range map[string]struct {
		flags                           uint16
		notAccepted, badName, noSession uint32
	}{
		"NT":  {0x4001, notAcceptedNT, badNameNT, noSessionNT},
		"DOS": {0x0001, notAcceptedDOS, badNameDOS, noSessionDOS},
	} {
		t.Run(name, func(t *testing.T) {
			front := server.front(t, xpPro, 1, nil, nil)
			connect := func() rawSMB1 {
				conn, err := net.Dial("tcp", front.addr)
				require.NoError(t, err)
				t.Cleanup(func() { conn.Close() })
				return rawSMB1{t, conn, tt.flags}
			}
			status := func(reply []byte) uint32 { return binary.LittleEndian.Uint32(reply[5:]) }

			in := connect()
			s, words, uid := in.logon("NOSUCH")
			assert.Equal(t, tt.badName, s, "%#x", s)
			assert.EqualValues(t, 3, words)
			assert.Zero(t, status(in.exchange(0x75, uid, tree("SHARE1"))), "the session stands")
			front.waitHeld(t, 1)
			assert.Len(t, front.Sessions(), 1)

			out := connect()
			s, words, uid = out.logon("NOSUCH")
			assert.Equal(t, tt.notAccepted, s, "%#x", s)
			assert.Zero(t, words)
			s = status(out.exchange(0x75, uid, tree("SHARE1")))
			assert.Equal(t, tt.noSession, s, "%#x", s)
			in.conn.Close()
			front.waitHeld(t, 0)
		})
	}
}

// TestSMBMedusa: Medusa chains to its log-on a tree connect to ADMIN$, which no
// share of the server is. Where the server speaks no NT statuses it gets the DOS
// form, which it does not understand but prints.
func TestSMBMedusa(t *testing.T) {
	medusa := peer(t, "medusa", "medusa")
	for name, tt := range map[string]struct{ support, refused, admitted string }{
		"NT":  {"yes", "[ERROR (0x0000D0:UNKNOWN_ERROR_CODE)]", "[SUCCESS (ADMIN$ - Share Unavailable)]"},
		"DOS": {"no", "[ERROR (0x470001:UNKNOWN_ERROR_CODE)]", "[ERROR (0x430001:UNKNOWN_ERROR_CODE)]"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startSMBD(t, 1, "nt status support = "+tt.support)
			run := func(front *smbFront) string {
				host, port, err := net.SplitHostPort(front.addr)
				require.NoError(t, err)
				out, err := exec.Command(medusa, "-h", host, "-n", port, "-u", "alice", "-p", smbPassword, "-M", "smbnt").CombinedOutput()
				require.NoError(t, err, "%s", out)
				return string(out)
			}
			front := server.front(t, xpPro, 0, nil, nil)
			assert.Contains(t, run(front), tt.refused)
			assert.EqualValues(t, 1, front.gate.Stats().Refused)

			front = server.front(t, xpPro, 1, nil, nil)
			assert.Contains(t, run(front), tt.admitted)
			assert.EqualValues(t, 1, front.gate.Stats().Admitted)
			front.waitHeld(t, 0)
		})
	}
}

const jcifsScript = `
import jcifs.smb.*;
for (share : new String[] {"nosuch/", "share1/"}) {
	try {
		new SmbFile(bsh.args[0] + share).list();
		print(share + " listed");
	} catch (SmbException e) {
		print(share + " " + Integer.toHexString(e.getNtStatus()));
	}
}
`

// TestSMBJCIFS: jcifs 1.3 chains too, if it does without extended security, and
// leaves the session of a share that is not there as it is. Its next attempt
// takes another, and so at a limit of 1 its own first session is in its way.
func TestSMBJCIFS(t *testing.T) {
	java := peer(t, "java", "default-jre-headless")
	const jcifs, bsh = "/usr/share/java/jcifs.jar", "/usr/share/java/bsh.jar"
	for jar, debianPackage := range map[string]string{jcifs: "libjcifs-java", bsh: "libbsh-java"} {
		if _, err := os.Stat(jar); err != nil {
			missing(t, jar+" is not there: apt-get install "+debianPackage)
		}
	}
	script := filepath.Join(t.TempDir(), "list.bsh")
	require.NoError(t, os.WriteFile(script, []byte(jcifsScript), 0o644))
	server := startSMBD(t, 1)
	for name, nt := range map[string]string{"NT": "true", "DOS": "false"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(limit int, extended string) (*smbFront, string) {
				front := server.front(t, xpPro, limit, nil, nil)
				out, err := exec.Command(java, "-cp", jcifs+":"+bsh,
					"-Djcifs.smb.client.useExtendedSecurity="+extended, "-Djcifs.smb.client.useNtStatus="+nt,
					"bsh.Interpreter", script, "smb://alice:"+smbPassword+"@"+front.addr+"/").CombinedOutput()
				require.NoError(t, err, "%s", out)
				return front, string(out)
			}
			for _, extended := range []string{"true", "false"} {
				front, out := run(0, extended)
				assert.Equal(t, "nosuch/ c00000d0\nshare1/ c00000d0\n", out)
				assert.EqualValues(t, 2, front.gate.Stats().Refused)
				assert.Zero(t, front.gate.Stats().Admitted)
			}
			front, out := run(1, "false")
			assert.Equal(t, "nosuch/ c00000cc\nshare1/ c00000d0\n", out)
			front.waitHeld(t, 0)
			front, out = run(2, "false")
			assert.Equal(t, "nosuch/ c00000cc\nshare1/ listed\n", out)
			assert.EqualValues(t, 2, front.gate.Stats().Admitted)
			front.waitHeld(t, 0)
		})
	}
}
