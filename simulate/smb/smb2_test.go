package smb_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// TestCompound: a compound passes whole, on a dead session it ends the
// connection.
func TestCompound(t *testing.T) {
	compound := func(id uint64, message uint64) []byte {
		first := smbwire.Header2{Command: smbwire.Command2Create, NextCommand: 72, MessageID: message, SessionID: id, TreeID: 3}
		second := smbwire.Header2{
			Command: smbwire.Command2Close, Flags: smbwire.Flags2Related, MessageID: message + 1,
			SessionID: 0xffffffffffffffff, TreeID: 0xffffffff,
		}
		b := append(first.Append(nil), make([]byte, 8)...)
		return frame(append(second.Append(b), make([]byte, 8)...))
	}
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.session("c1", "alice")
		sent := compound(c.id, c.message)
		c.message += 2
		_, err := c.Write(sent)
		require.NoError(t, err)
		got := make([]byte, len(sent))
		_, err = io.ReadFull(c, got)
		require.NoError(t, err)
		assert.Equal(t, smbwire.Flags2Reply, uint32(got[4+16]))
		got[4+16], got[4+14] = sent[4+16], sent[4+14] // flag and credits of the reply
		assert.Equal(t, sent, got)

		h := c.setup(0, setupBody("", false, 0))
		require.Equal(t, smbwire.StatusMoreProcessingRequired, h.Status)
		refused := c.setup(h.SessionID, setupBody("bob", false, 0))
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		go c.Write(compound(refused.SessionID, c.message))
		assert.True(t, c.isClosed())
		assert.False(t, lab.server.sawSession(refused.SessionID))
	})
}

// TestCompressed: compressed messages pass, unless they may belong to a
// dead session.
func TestCompressed(t *testing.T) {
	clear := func(id uint64) []byte {
		b := []byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x40\x00\x00\x00")
		return frame(append(smbwire.Header2{Command: smbwire.Command2Write, SessionID: id}.Append(b), "compressed"...))
	}
	opaque := frame([]byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00compressed"))
	for _, tt := range []struct {
		name   string
		dead   bool
		bytes  func(id, dead uint64) []byte
		passes bool
	}{
		{"opaque", false, func(_, _ uint64) []byte { return opaque }, true},
		{"clear", false, func(id, _ uint64) []byte { return clear(id) }, true},
		{"opaque beside a dead session", true, func(_, _ uint64) []byte { return opaque }, false},
		{"clear beside a dead session", true, func(id, _ uint64) []byte { return clear(id) }, true},
		{"clear on a dead session", true, func(_, dead uint64) []byte { return clear(dead) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, nil)
				c := lab.session("c1", "alice")
				var dead uint64
				if tt.dead {
					id := c.id
					dead = c.logon("bob").SessionID
					c.id = id
				}
				b := tt.bytes(c.id, dead)
				_, err := c.Write(b)
				require.NoError(t, err)
				if !tt.passes {
					assert.True(t, c.isClosed())
					return
				}
				got, err := readFrame(c)
				require.NoError(t, err)
				assert.Equal(t, b[4:], got)
				c.Close()
			})
		})
	}
}

// TestRefusedStaysDead: what a client sends on a session it was refused
// never reaches the file server, is answered all the same, and leaves no hole
// in the message numbers (the fake server checks them).
func TestRefusedStaysDead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		first := lab.session("c1", "alice")
		refused := first.setup(0, setupBody("", false, 0))
		refused = first.setup(refused.SessionID, setupBody("bob", false, 0))
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)

		second := &fakeClient{t: t, Conn: first.Conn, message: first.message, id: refused.SessionID}
		for _, command := range []smbwire.Command2{
			smbwire.Command2TreeConnect, smbwire.Command2Create, smbwire.Command2Logoff, smbwire.Command2SessionSetup,
		} {
			h := second.command(command)
			assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
			assert.Equal(t, command, h.Command)
			assert.Equal(t, refused.SessionID, h.SessionID)
			assert.Equal(t, uint32(1), h.TreeID)
			assert.Equal(t, uint16(7), h.Credits)
		}
		second.send(smbwire.Header2{Command: smbwire.Command2Cancel, SessionID: second.id}, nil)
		second.message--

		first.message = second.message
		for range 10_000 {
			require.Equal(t, smbwire.StatusSuccess, first.command(smbwire.Command2Read).Status)
		}
		assert.False(t, lab.server.sawSession(refused.SessionID))

		// Nor does it join another connection.
		c := lab.client("c2")
		h := c.setup(refused.SessionID, setupBody("bob", true, 0))
		assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
		c.Close()

		// Encrypted, it ends the connection: no message number is to be seen.
		b := append([]byte("\xfdSMB"), make([]byte, 60)...)
		b[36] = 12
		b[44] = byte(refused.SessionID)
		_, err := first.Write(frame(b))
		require.NoError(t, err)
		assert.True(t, first.isClosed())
	})
}

// TestDeadElsewhere: a refused session does not come alive on another
// connection.
func TestDeadElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 0, nil)
		a := lab.client("c1")
		refused := a.logon("bob")
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		b := lab.client("c1")
		b.id = refused.SessionID
		got := b.command(smbwire.Command2TreeConnect)
		assert.NotEqual(t, smbwire.StatusSuccess, got.Status)
		assert.False(t, lab.server.sawSession(refused.SessionID))
		a.Close()
		b.Close()
	})
}

// TestTransformTail: nothing passes behind an encrypted message, where the
// file server would look for a further one.
func TestTransformTail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.session("c1", "alice")
		live := c.id
		refused := c.logon("bob")
		require.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		fd := append([]byte("\xfdSMB"), make([]byte, 48+66)...)
		fd[36] = 66
		fd[44] = byte(live)
		tail := append(smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: refused.SessionID, MessageID: c.message}.Append(nil), make([]byte, 8)...)
		msg := append(fd, tail...)
		_, err := c.Write(frame(msg))
		require.NoError(t, err)
		got, err := readFrame(c) // the fake returns what it was sent
		assert.Error(t, err)
		assert.False(t, bytes.Contains(got, tail))
		c.Close()
	})
}
