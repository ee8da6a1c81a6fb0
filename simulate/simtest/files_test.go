package simtest_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// smbConn is a client that knows the headers of SMB2 and little else.
type smbConn struct {
	net.Conn
	t       testing.TB
	message uint64
	id      uint64
}

// ask sends a request and returns the reply.
func (c *smbConn) ask(h smbwire.Header2, body []byte) (smbwire.Header2, []byte) {
	h.MessageID, h.SessionID, h.Credits = c.message, c.id, 1
	c.message++
	return c.exchange(append(h.Append(nil), body...))
}

func (c *smbConn) exchange(msg []byte) (smbwire.Header2, []byte) {
	frame := smbwire.FrameHeader{Length: len(msg)}.Append(nil)
	_, err := c.Write(append(frame, msg...))
	require.NoError(c.t, err)
	head := make([]byte, 4)
	_, err = io.ReadFull(c, head)
	require.NoError(c.t, err)
	got, err := smbwire.ParseFrameHeader(head)
	require.NoError(c.t, err)
	reply := make([]byte, got.Length)
	_, err = io.ReadFull(c, reply)
	require.NoError(c.t, err)
	h, err := smbwire.ParseHeader2(reply)
	require.NoError(c.t, err)
	return h, reply[smbwire.Header2Size:]
}

// negotiate agrees on the highest of the dialects.
func (c *smbConn) negotiate(dialects ...smbwire.Dialect) (smbwire.Status, smbwire.Dialect) {
	le := binary.LittleEndian
	body := le.AppendUint16([]byte{36, 0}, uint16(len(dialects)))
	body = append(body, make([]byte, 32)...)
	for _, d := range dialects {
		body = le.AppendUint16(body, uint16(d))
	}
	h, reply := c.ask(smbwire.Header2{Command: smbwire.Command2Negotiate}, body)
	return h.Status, smbwire.Dialect(le.Uint16(reply[4:]))
}

// setUp sends one leg of a session setup with the token.
func (c *smbConn) setUp(token []byte) smbwire.Header2 {
	le := binary.LittleEndian
	body := make([]byte, 24)
	body[0] = 25
	le.PutUint16(body[12:], smbwire.SessionSetup2Size)
	le.PutUint16(body[14:], uint16(len(token)))
	h, _ := c.ask(smbwire.Header2{Command: smbwire.Command2SessionSetup}, append(body, token...))
	if h.Status == smbwire.StatusMoreProcessingRequired || h.Status == smbwire.StatusSuccess {
		c.id = h.SessionID
	}
	return h
}

// logOn sets a session up, as a guest.
func (c *smbConn) logOn() smbwire.Status {
	h := c.setUp([]byte("NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
	require.Equal(c.t, smbwire.StatusMoreProcessingRequired, h.Status)
	return c.setUp(append([]byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 52)...)).Status
}

// connect connects a share.
func (c *smbConn) connect(path string) (smbwire.Header2, []byte) {
	body := binary.LittleEndian.AppendUint16([]byte{9, 0, 0, 0, 72, 0}, uint16(2*len(path)))
	for _, c := range []byte(path) {
		body = append(body, c, 0)
	}
	return c.ask(smbwire.Header2{Command: smbwire.Command2TreeConnect}, body)
}

// openShare is a program that logs on, connects to a share, and returns without a logoff.
func openShare(t testing.TB, files *simtest.FileServer, share string) error {
	c := dialSMB(t, files)
	c.negotiate(smbwire.Dialect21)
	if status := c.logOn(); status != smbwire.StatusSuccess {
		return fileserver.Status(status)
	}
	if h, _ := c.connect(`\\windows.test\` + share); h.Status != smbwire.StatusSuccess {
		return fileserver.Status(h.Status)
	}
	return nil
}

func dialSMB(t testing.TB, files *simtest.FileServer) *smbConn {
	conn, err := files.Dial(t.Context(), "tcp", "windows.test:445")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return &smbConn{Conn: conn, t: t}
}

// TestFileServer goes through a session of an old client on Windows XP, whose
// other four sessions stay.
func TestFileServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, xpHome, nil), nil)
		release := simtest.Hold(t, files.Gate, 4)
		c := dialSMB(t, files)
		status, dialect := c.negotiate(0x0202, 0x0300, smbwire.Dialect21, 0x0302)
		require.Equal(t, smbwire.StatusSuccess, status)
		assert.Equal(t, smbwire.Dialect302, dialect)
		require.Equal(t, smbwire.StatusSuccess, c.logOn())
		simtest.WaitHeld(t, files.Gate, 5)

		late := dialSMB(t, files)
		late.negotiate(smbwire.Dialect21)
		assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logOn())
		simtest.WaitRefused(t, files.Gate, 1)

		pipes, body := c.connect(`\\xp\iPc$`)
		assert.Equal(t, smbwire.StatusSuccess, pipes.Status)
		assert.EqualValues(t, 2, body[2], "pipes")
		disk, body := c.connect(`\\xp\share`)
		assert.Equal(t, smbwire.StatusSuccess, disk.Status)
		assert.EqualValues(t, 1, body[2], "disk")
		assert.NotEqual(t, pipes.TreeID, disk.TreeID)
		missing, _ := c.connect(`\\xp\nosuch`)
		assert.EqualValues(t, fileserver.StatusBadNetworkName, missing.Status)

		for _, step := range []struct {
			command smbwire.Command2
			tree    uint32
			want    smbwire.Status
		}{
			{smbwire.Command2Echo, 0, smbwire.StatusSuccess},
			{smbwire.Command2Lock, disk.TreeID, smbwire.StatusNotSupported},
			{smbwire.Command2TreeDisconnect, disk.TreeID, smbwire.StatusSuccess},
			{smbwire.Command2TreeDisconnect, disk.TreeID, smbwire.StatusNetworkNameDeleted},
			{smbwire.Command2Logoff, 0, smbwire.StatusSuccess},
			{smbwire.Command2Logoff, 0, smbwire.StatusUserSessionDeleted},
		} {
			h, _ := c.ask(smbwire.Header2{Command: step.command, TreeID: step.tree}, []byte{4, 0, 0, 0})
			assert.Equal(t, step.want, h.Status, step)
		}
		simtest.WaitHeld(t, files.Gate, 4)
		release()
	})
}

// TestSessionsLeft: a test that leaves a session fails.
func TestSessionsLeft(t *testing.T) {
	text := failure(t, func(t testing.TB) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), nil)
		conn, err := files.Dial(t.Context(), "", "")
		if err != nil {
			return
		}
		c := &smbConn{Conn: conn, t: t}
		c.negotiate(smbwire.Dialect21)
		c.logOn()
		time.Sleep(time.Minute)
	})
	assert.Equal(t, "simtest: 1 session neither logged off nor disconnected 5s after the test:\n\t\"\" on 192.0.2.2, idle for 1m5s", text)
}

// TestRealBackend has the fixture stand in front of another file server.
func TestRealBackend(t *testing.T) {
	t.Parallel()
	inner := simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), nil)
	files := simtest.NewFileServer(t, simtest.NewHost(t, xpHome, &simulate.Settings{Limits: map[limits.Service]int{limits.SMB: 1}}),
		&simtest.FileServerSettings{Backend: smb.Backend(inner.Loopback())})
	c, late := dialSMB(t, files), dialSMB(t, files)
	c.negotiate(smbwire.Dialect30)
	late.negotiate(smbwire.Dialect30)
	assert.Equal(t, smbwire.StatusSuccess, c.logOn())
	assert.Equal(t, smbwire.StatusRequestNotAccepted, late.logOn())
	simtest.WaitHeld(t, inner.Gate, 2)
}

// TestFileServerSettings: what the fixture's own server is told, and what makes no
// sense.
func TestFileServerSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		files := simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), &simtest.FileServerSettings{
			Server: fileserver.Settings{Accounts: map[string]string{"alice": "secret"}},
		})
		for range 21 {
			c := dialSMB(t, files)
			c.negotiate(smbwire.Dialect21)
			h := c.setUp([]byte("NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x00"))
			require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
			bob := append([]byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 52)...)
			copy(bob[36:], []byte{3, 0, 3, 0, 64})
			assert.EqualValues(t, fileserver.StatusLogonFailure, c.setUp(append(bob, "bob"...)).Status)
			c.Close()
		}
		assert.Zero(t, files.Gate.Stats().Admitted)
		assert.Zero(t, files.Gate.Stats().Refused)
	})
	both := &simtest.FileServerSettings{Server: fileserver.Settings{Guest: true}, Backend: smb.Backend("192.0.2.1:445")}
	assert.Contains(t, failure(t, func(t testing.TB) { simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), both) }),
		"Server and Backend are both set")
	wrong := &simtest.FileServerSettings{Server: fileserver.Settings{Name: "much too long a name"}}
	assert.Contains(t, failure(t, func(t testing.TB) { simtest.NewFileServer(t, simtest.NewHost(t, win11, nil), wrong) }),
		"at most 15 characters")
}

// TestSessionService: what a client says first on port 139 has an answer, before
// SMB begins.
func TestSessionService(t *testing.T) {
	c := dialSMB(t, simtest.NewFileServer(t, simtest.NewHost(t, xpPro, nil), nil))
	name := append(append([]byte{32}, bytes.Repeat([]byte("CA"), 16)...), 0)
	_, err := c.Write(append([]byte{0x81, 0, 0, 0x44}, append(name, name...)...))
	require.NoError(t, err)
	reply := make([]byte, 4)
	_, err = io.ReadFull(c, reply)
	require.NoError(t, err)
	assert.Equal(t, []byte{0x82, 0, 0, 0}, reply)
	status, _ := c.negotiate(smbwire.Dialect21)
	assert.Equal(t, smbwire.StatusSuccess, status)
}
