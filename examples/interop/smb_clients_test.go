//go:build linux

package interop

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	cloudsoda "github.com/cloudsoda/go-smb2"
	hirochachacha "github.com/hirochachacha/go-smb2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
)

// TestSMBGoClients: both Go clients report the refusal as their own typed
// error, and get in when a session has ended.
func TestSMBGoClients(t *testing.T) {
	server := startSMBD(t, 1)
	require.NoError(t, os.WriteFile(filepath.Join(server.share(1), "file"), []byte("hello"), 0o644))
	const statusRequestNotAccepted = 0xC00000D0

	type session interface {
		Logoff() error
	}
	for _, tt := range []struct {
		name  string
		logon func(ctx context.Context, conn net.Conn) (session, error)
		read  func(session) ([]byte, error)
		check func(t *testing.T, err error)
	}{
		{
			name: "cloudsoda",
			logon: func(ctx context.Context, conn net.Conn) (session, error) {
				d := &cloudsoda.Dialer{Initiator: &cloudsoda.NTLMInitiator{User: "alice", Password: smbPassword}}
				return d.DialConn(ctx, conn, "server")
			},
			read: func(s session) ([]byte, error) {
				share, err := s.(*cloudsoda.Session).Mount("share1")
				if err != nil {
					return nil, err
				}
				return share.ReadFile("file")
			},
			check: func(t *testing.T, err error) { assert.ErrorIs(t, err, cloudsoda.ErrRequestNotAccepted) },
		},
		{
			name: "hirochachacha",
			logon: func(ctx context.Context, conn net.Conn) (session, error) {
				d := &hirochachacha.Dialer{Initiator: &hirochachacha.NTLMInitiator{User: "alice", Password: smbPassword}}
				return d.DialContext(ctx, conn)
			},
			read: func(s session) ([]byte, error) {
				share, err := s.(*hirochachacha.Session).Mount("share1")
				if err != nil {
					return nil, err
				}
				return share.ReadFile("file")
			},
			check: func(t *testing.T, err error) {
				var response *hirochachacha.ResponseError
				require.ErrorAs(t, err, &response)
				assert.EqualValues(t, statusRequestNotAccepted, response.Code)
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			front := server.front(t, limits.Windows{Edition: limits.Windows10Pro}, -1, nil, nil)
			dial := func() (session, error) {
				conn, err := net.Dial("tcp", front.addr)
				require.NoError(t, err)
				t.Cleanup(func() { conn.Close() })
				return tt.logon(t.Context(), conn)
			}
			var sessions []session
			for range 20 {
				s, err := dial()
				require.NoError(t, err)
				sessions = append(sessions, s)
			}
			for range 3 {
				_, err := dial()
				tt.check(t, err)
			}
			for _, s := range sessions[:3] {
				b, err := tt.read(s)
				require.NoError(t, err)
				assert.Equal(t, "hello", string(b))
			}
			require.NoError(t, sessions[0].Logoff())
			front.waitHeld(t, 19)
			again, err := dial()
			require.NoError(t, err)
			front.waitHeld(t, 20)
			for _, s := range append(sessions[1:], again) {
				s.Logoff()
			}
			front.waitHeld(t, 0)
		})
	}
}

const impacketHead = `
import sys, copy
from impacket.smbconnection import SMBConnection, SessionError
from impacket.smb import SMB_DIALECT
from impacket.smb3structs import *
port, password = int(sys.argv[1]), sys.argv[2]
def connect(dialect):
    return SMBConnection("127.0.0.1", "127.0.0.1", sess_port=port, preferredDialect=dialect)
`

// impacket runs a script with Debian's Python, to which its package belongs.
func impacket(t *testing.T, addr, script string) string {
	t.Helper()
	return impacketAs(t, addr, smbPassword, script)
}

func impacketAs(t *testing.T, addr, password, script string) string {
	t.Helper()
	const python = "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import impacket").Run(); err != nil {
		missing(t, "impacket is not installed: apt-get install python3-impacket")
	}
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	out, err := exec.Command(python, "-W", "ignore", "-c", impacketHead+script, port, password).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// TestSMBImpacket: the code of its SessionError is the status, in every
// dialect.
func TestSMBImpacket(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 0, nil, nil)
	out := impacket(t, front.addr, `
for dialect in (SMB_DIALECT, SMB2_DIALECT_002, SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_311):
    try:
        connect(dialect).login("alice", password)
        print("admitted")
    except SessionError as e:
        print(hex(e.getErrorCode()))
`)
	assert.Equal(t, strings.Repeat("0xc00000d0\n", 5), out)
}

// TestSMBSecondUser: the session of a second user is refused on a connection. The
// session of the first one works for ten thousand further messages. The second one
// gets nothing from the file server, even if its client goes on.
func TestSMBSecondUser(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 1, nil, nil)
	out := impacket(t, front.addr, `
c = connect(SMB2_DIALECT_21)
c.login("alice", password)
s = c.getSMBServer()
first = copy.copy(s._Session)
s._Session["SessionID"] = 0
s._Session["SigningActivated"] = False
receive, seen = s.recvSMB, []
def note(id = None):
    packet = receive(id)
    seen.append(packet["SessionID"])
    return packet
s.recvSMB = note
try:
    c.login("bob", password)
    print("admitted")
except SessionError as e:
    print(hex(e.getErrorCode()))
s.recvSMB = receive
s._Session["SessionID"] = seen[-1]
print("another session" if seen[-1] not in (0, first["SessionID"]) else "no session")
try:
    c.connectTree("share1")
    print("served")
except SessionError as e:
    print(hex(e.getErrorCode()))
s._Session.update(first)
s._Session["TreeConnectTable"] = {}
for i in range(2500): # of four messages each
    tree = c.connectTree("IPC$")
    c.disconnectTree(tree)
    tree = c.connectTree("share1")
    c.disconnectTree(tree)
print(len(c.listPath("share1", "*")) >= 2)
`)
	assert.Equal(t, "0xc00000d0\nanother session\n0xc0000203\nTrue\n", out)
	front.waitHeld(t, 0)
}

// TestSMBWriteRaw: what an SMB1 raw write sends without a header arrives
// through the proxy as it does directly.
func TestSMBWriteRaw(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 5, nil, nil)
	for name, addr := range map[string]string{"direct": server.addr, "proxy": front.addr} {
		t.Run(name, func(t *testing.T) {
			out := impacket(t, addr, `
from impacket import smb
c = connect(SMB_DIALECT)
c.login("alice", password)
s = c.getSMBServer()
tid = s.tree_connect_andx("\\\\127.0.0.1\\share1")
fid = s.nt_create_andx(tid, "`+name+`", disposition = smb.FILE_OVERWRITE_IF)
s.write_raw(tid, fid, b"x" * 1000, wait_answer = 0)
print(hex(s.recvSMB()["Command"]))
s.close(tid, fid)
`)
			assert.Equal(t, "0x1d\n", strings.TrimLeft(out, "\n"))
			b, err := os.ReadFile(filepath.Join(server.share(1), name))
			require.NoError(t, err)
			assert.Equal(t, strings.Repeat("x", 1000), string(b))
		})
	}
}

// TestSMBHiddenSetup: a session setup in the encryption of another session cannot
// be seen. smbd answers it, in the clear, and that ends the connection.
func TestSMBHiddenSetup(t *testing.T) {
	server := startSMBD(t, 1)
	front := server.front(t, xpPro, 1, nil, nil)
	for addr, want := range map[string]string{server.addr: "0xc0000016\n", front.addr: "the connection ended\n"} {
		out := impacket(t, addr, `
import random, string
from Cryptodome.Cipher import AES
from impacket import nmb, ntlm
from impacket.spnego import SPNEGO_NegTokenInit, TypesMech
c = connect(SMB2_DIALECT_30)
c.login("alice", password)
s = c.getSMBServer()
init = SPNEGO_NegTokenInit()
init["MechTypes"] = [TypesMech["NTLMSSP - Microsoft NTLM Security Support Provider"]]
init["MechToken"] = ntlm.getNTLMSSPType1("", "", False).getData()
setup = SMB2SessionSetup()
setup["SecurityMode"], setup["Flags"] = SMB2_NEGOTIATE_SIGNING_ENABLED, 0
setup["SecurityBufferLength"], setup["Buffer"] = len(init.getData()), init.getData()
p = s.SMB_PACKET()
p["Command"], p["SessionID"], p["Data"] = SMB2_SESSION_SETUP, 0, setup
p["MessageID"] = s._Connection["SequenceWindow"]
p["CreditCharge"], p["CreditRequestResponse"] = 1, 127
message = p.getData()
h = SMB2_TRANSFORM_HEADER()
h["Nonce"] = "".join(random.choice(string.ascii_letters) for _ in range(11))
h["OriginalMessageSize"], h["SessionID"] = len(message), s._Session["SessionID"]
h["EncryptionAlgorithm"] = SMB2_ENCRYPTION_AES128_CCM
cipher = AES.new(s._Session["EncryptionKey"], AES.MODE_CCM, h["Nonce"].encode())
cipher.update(h.getData()[20:])
message = cipher.encrypt(message)
h["Signature"] = cipher.digest()
s._NetBIOSSession.send_packet(h.getData() + message)
try:
    print(hex(s.recvSMB(p["MessageID"])["Status"]))
except nmb.NetBIOSError:
    print("the connection ended")
`)
		assert.Equal(t, want, out)
	}
	assert.EqualValues(t, 1, front.gate.Stats().Admitted)
	front.waitHeld(t, 0)
}
