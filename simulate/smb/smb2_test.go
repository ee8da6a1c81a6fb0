package smb_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

// TestCompound: a compound passes as a whole. On a dead session it ends the connection.
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

// compressed returns a compressed message whose header is in the clear.
func compressed(h smbwire.Header2) []byte {
	b := []byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x40\x00\x00\x00")
	return frame(append(h.Append(b), "compressed"...))
}

// encrypted returns a message in the encryption of a session.
func encrypted(id uint64, hidden string) []byte {
	b := append([]byte("\xfdSMB"), make([]byte, smbwire.TransformHeaderSize-4)...)
	binary.LittleEndian.PutUint32(b[36:], uint32(len(hidden)))
	binary.LittleEndian.PutUint64(b[44:], id)
	return frame(append(b, hidden...))
}

// TestCompressed: a compressed message passes if its header is in the clear, names a session
// in force, and has no further message behind it.
func TestCompressed(t *testing.T) {
	opaque := frame([]byte("\xfcSMB\x00\x10\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00compressed"))
	chained := frame([]byte("\xfcSMB\x00\x10\x00\x00\x02\x00\x01\x00\x40\x00\x00\x00" + string(make([]byte, 64))))
	for _, tt := range []struct {
		name   string
		bytes  func(id, dead uint64) []byte
		passes bool
	}{
		{"write", func(id, _ uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: id})
		}, true},
		{"no header in sight", func(_, _ uint64) []byte { return opaque }, false},
		{"header in the compressed part of a chain", func(_, _ uint64) []byte { return chained }, false},
		{"session setup", func(_, _ uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2SessionSetup})
		}, false},
		{"compound", func(id, _ uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: id, NextCommand: 80})
		}, false},
		{"dead session", func(_, dead uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: dead})
		}, false},
		{"session that no setup has made", func(_, _ uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: 77})
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, nil)
				c := lab.session("c1", "alice")
				id := c.id
				dead := c.logon("bob").SessionID
				b := tt.bytes(id, dead)
				_, err := c.Write(b)
				require.NoError(t, err)
				if !tt.passes {
					assert.True(t, c.isClosed())
					assert.False(t, lab.server.saw([]byte("\xfcSMB")))
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

// TestUnknownSession: nothing passes on a session that the proxy has not admitted on this
// connection, although the file server has it. It may have been set up under the encryption
// of another session, where the proxy cannot see it.
func TestUnknownSession(t *testing.T) {
	const hidden = 77
	for name, tt := range map[string]struct {
		bytes  func(message uint64) []byte
		status smbwire.Status // 0: the connection ends
	}{
		"in the clear": {func(message uint64) []byte {
			h := smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: hidden, MessageID: message}
			return frame(append(h.Append(nil), make([]byte, 8)...))
		}, smbwire.StatusUserSessionDeleted},
		"encrypted": {func(uint64) []byte { return encrypted(hidden, "tree connect, say") }, 0},
		"compressed": {func(message uint64) []byte {
			return compressed(smbwire.Header2{Command: smbwire.Command2Write, SessionID: hidden, MessageID: message})
		}, 0},
		"second of a compound": {func(message uint64) []byte {
			first := smbwire.Header2{Command: smbwire.Command2Echo, NextCommand: 72, MessageID: message}
			second := smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: hidden, MessageID: message + 1}
			return frame(append(second.Append(append(first.Append(nil), make([]byte, 8)...)), make([]byte, 8)...))
		}, 0},
		"first of a compound": {func(message uint64) []byte {
			first := smbwire.Header2{Command: smbwire.Command2TreeConnect, SessionID: hidden, NextCommand: 72, MessageID: message}
			second := smbwire.Header2{Command: smbwire.Command2Create, Flags: smbwire.Flags2Related, MessageID: message + 1}
			return frame(append(second.Append(append(first.Append(nil), make([]byte, 8)...)), make([]byte, 8)...))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, nil)
				c := lab.session("c1", "alice")
				// An encrypted message of alice's session sets up another one.
				_, err := c.Write(encrypted(c.id, "session setup"))
				require.NoError(t, err)
				_, err = readFrame(c)
				require.NoError(t, err)
				lab.server.mu.Lock()
				lab.server.sessions[hidden] = true
				lab.server.mu.Unlock()

				_, err = c.Write(tt.bytes(c.message))
				require.NoError(t, err)
				if tt.status == 0 {
					assert.True(t, c.isClosed())
				} else {
					h, _ := c.receive()
					assert.Equal(t, tt.status, h.Status)
					assert.EqualValues(t, hidden, h.SessionID)
				}
				assert.False(t, lab.server.sawSession(hidden))
				assert.False(t, lab.server.saw([]byte("tree connect, say")))
				c.Close()
			})
		})
	}
}

// TestHiddenLeg: a session whose first leg was encrypted is decided at its last leg, whichever
// leg refuses sessions.
func TestHiddenLeg(t *testing.T) {
	for _, first := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, 1, &smb.Settings{RefuseFirst: first})
			c := lab.session("c1", "alice")
			h := c.setup(77, setupBody("bob", false, 0))
			assert.Equal(t, smbwire.StatusRequestNotAccepted, h.Status)
			c.id = 77
			assert.Equal(t, smbwire.StatusUserSessionDeleted, c.command(smbwire.Command2TreeConnect).Status)
			assert.False(t, lab.server.sawSession(77))
			c.Close()
		})
	}
}

// TestInterimReply: a setup with an interim reply is decided once, at its end, and a CREATE
// with one counts once.
func TestInterimReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		lab.server.answering(func(msg []byte) [][]byte {
			h, err := smbwire.ParseHeader2(msg)
			if err != nil || h.Command != smbwire.Command2SessionSetup && h.Command != smbwire.Command2Create {
				return nil
			}
			final := lab.server.answer2Locked(h, msg)
			h.Flags = smbwire.Flags2Reply | smbwire.Flags2Async
			h.Status = smbwire.StatusPending
			return [][]byte{append(h.Append(nil), make([]byte, 9)...), final}
		})
		setup := func(c *fakeClient, id uint64, user string) smbwire.Header2 {
			c.send(smbwire.Header2{Command: smbwire.Command2SessionSetup, SessionID: id}, setupBody(user, false, 0))
			pending, _ := c.receive()
			require.Equal(t, smbwire.StatusPending, pending.Status)
			h, _ := c.receive()
			return h
		}
		a := lab.client("c1")
		h := setup(a, setup(a, 0, "").SessionID, "alice")
		require.Equal(t, smbwire.StatusSuccess, h.Status)
		a.id = h.SessionID
		assert.EqualValues(t, 1, lab.gate.Stats().Admitted)
		a.send(smbwire.Header2{Command: smbwire.Command2Create, SessionID: a.id, TreeID: 1}, make([]byte, 8))
		a.receive()
		a.receive()
		assert.Equal(t, 1, lab.proxy.Sessions()[0].Opens)

		b := lab.client("c2")
		h = setup(b, setup(b, 0, "").SessionID, "bob")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, h.Status)
		assert.EqualValues(t, 1, lab.gate.Stats().Refused)
		a.Close()
		b.Close()
	})
}

// TestSetupInCompound: a session setup at any position of a compound ends the connection.
// Neither it nor what follows passes.
func TestSetupInCompound(t *testing.T) {
	for name, commands := range map[string][2]smbwire.Command2{
		"first":  {smbwire.Command2SessionSetup, smbwire.Command2TreeConnect},
		"second": {smbwire.Command2Echo, smbwire.Command2SessionSetup},
	} {
		for _, flags := range []uint32{0, smbwire.Flags2Related} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					lab := newLab(t, xpPro, 0, nil)
					c := lab.client("c1")
					body := setupBody("alice", false, 0)
					body = append(body, make([]byte, -len(body)&7)...)
					first := smbwire.Header2{Command: commands[0], NextCommand: uint32(smbwire.Header2Size + len(body)), MessageID: 1}
					second := smbwire.Header2{Command: commands[1], Flags: flags, MessageID: 2}
					b := append(first.Append(nil), body...)
					go c.Write(frame(append(second.Append(b), body...)))
					assert.True(t, c.isClosed())
					assert.False(t, lab.server.saw([]byte("NTLMSSP")))
				})
			})
		}
	}
}

// TestStoppedSignature: the answer to a signed request that is stopped repeats its
// signature, as a server's would.
func TestStoppedSignature(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.session("c1", "alice")
		signature := [16]byte{1, 2, 3}
		h, _ := c.do(smbwire.Header2{
			Command: smbwire.Command2Create, Flags: smbwire.Flags2Sign, SessionID: 77, TreeID: 3, Signature: signature,
		}, make([]byte, 8))
		assert.Equal(t, smbwire.Header2{
			Command: smbwire.Command2Create, Flags: smbwire.Flags2Sign | smbwire.Flags2Reply, Status: smbwire.StatusUserSessionDeleted,
			SessionID: 77, TreeID: 3, Signature: signature, MessageID: h.MessageID, CreditCharge: 1, Credits: 7,
		}, h)
		c.Close()
	})
}

// TestRefusedStaysDead: a message on a refused session never reaches the file server. It is
// answered all the same, and leaves no hole in the message numbers, which the fake server
// checks.
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

		// It cannot be bound to another connection either.
		c := lab.client("c2")
		h := c.setup(refused.SessionID, setupBody("bob", true, 0))
		assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
		c.Close()

		// An encrypted message ends the connection, as its number cannot be seen.
		b := append([]byte("\xfdSMB"), make([]byte, 60)...)
		b[36] = 12
		b[44] = byte(refused.SessionID)
		_, err := first.Write(frame(b))
		require.NoError(t, err)
		assert.True(t, first.isClosed())
	})
}

// TestDeadElsewhere: a refused session is dead on another connection too.
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

// TestTransformTail: nothing passes behind an encrypted message, where the file server would
// look for another message.
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
