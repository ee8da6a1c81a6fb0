package smb_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb"
)

func TestSMB1(t *testing.T) {
	const nt = smbwire.Flags2NTStatus
	setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: nt}
	chained := []byte{13, 0x75, 0, 60, 0} // followed by a tree connect
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client1("c1")

		// Two legs with extended security.
		extended := setup
		extended.Flags2 |= smbwire.Flags2Extended
		leg := c.do(extended, 12, 0xff, 0, 0, 0)
		require.Equal(t, smbwire.StatusMoreProcessingRequired, leg.Status)
		assert.Equal(t, 0, lab.held())
		extended.UID = leg.UID
		first := c.do(extended, 12, 0xff, 0, 0, 0)
		require.Equal(t, smbwire.StatusSuccess, first.Status)
		assert.Equal(t, 1, lab.held())
		assert.Equal(t, smbwire.StatusSuccess, c.do(extended, 12, 0xff, 0, 0, 0).Status, "again, on its own UID")

		// One leg, chained, refused with one short answer, in both forms.
		refused := c.do(setup, chained...)
		assert.Equal(t, smbwire.StatusRequestNotAccepted, refused.Status)
		dos := setup
		dos.Flags2 = 0
		assert.Equal(t, smbwire.Status(0x00470001), c.do(dos, chained...).Status)

		// The refused UID is dead, the first one is not.
		dead := smbwire.Header1{Command: smbwire.Command1TreeConnect, Flags2: nt, UID: refused.UID}
		stopped := c.do(dead, 4, 0xff, 0, 0, 0)
		assert.Equal(t, smbwire.StatusUserSessionDeleted, stopped.Status)
		assert.Equal(t, smbwire.Command1TreeConnect, stopped.Command)
		assert.Equal(t, refused.UID, stopped.UID)
		dead.Command = smbwire.Command1NTCancel
		_, err := c.Write(message1(dead, 0))
		require.NoError(t, err)
		live := smbwire.Header1{Command: smbwire.Command1NTCreate, Flags2: nt, UID: first.UID, TID: 5}
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 24, 0xff, 0, 0, 0).Status)
		assert.Equal(t, 1, lab.proxy.Sessions()[0].Opens)
		live.Command = smbwire.Command1Close
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 3).Status)
		assert.Equal(t, 0, lab.proxy.Sessions()[0].Opens)
		for _, h := range lab.server.seen1 {
			assert.True(t, h.UID != refused.UID || h.Command == smbwire.Command1SessionSetup, "%+v", h)
		}

		// The same UID on another connection is another session.
		other := lab.client1("c2")
		assert.Equal(t, smbwire.StatusRequestNotAccepted, other.do(setup, 13, 0xff, 0, 0, 0).Status)
		live.Command = smbwire.Command1Logoff
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 2, 0xff, 0, 0, 0).Status)
		assert.Equal(t, 0, lab.held())
		assert.Equal(t, smbwire.StatusSuccess, other.do(setup, 13, 0xff, 0, 0, 0).Status)

		// The proxy cannot sign an answer.
		dead.Command, dead.Flags2 = smbwire.Command1TreeConnect, nt|smbwire.Flags2Signed
		go c.Write(message1(dead, 4, 0xff, 0, 0, 0))
		_, err = c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF)
		other.Close()
	})
}

// TestWriteRaw: the data of an SMB1 raw write, which have no header, pass.
func TestWriteRaw(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 5, nil)
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
		a := lab.client1("10.0.0.1")
		s := a.do(setup, 13, 0xff, 0, 0, 0)
		a.do(smbwire.Header1{Command: 0x1d, Flags2: smbwire.Flags2NTStatus, UID: s.UID}, 12)
		_, err := a.Write(frame([]byte("raw data of a file")))
		require.NoError(t, err)
		got, err := readFrame(a)
		assert.NoError(t, err)
		assert.Equal(t, "raw data of a file", string(got))

		_, err = a.Write(frame([]byte("more of it")))
		require.NoError(t, err)
		_, err = readFrame(a)
		assert.ErrorIs(t, err, io.EOF, "one frame passes")
	})
}

// chain1 returns a message of a command with a number of words, to which a second
// one is chained that the fake server lets fail.
func chain1(first smbwire.Header1, words byte, second smbwire.Command1) []byte {
	b := append(first.Append(nil), make([]byte, 1+2*int(words)+2)...)
	b[smbwire.Header1Size] = words
	b[smbwire.Header1Size+1] = byte(second)
	binary.LittleEndian.PutUint16(b[smbwire.Header1Size+3:], uint16(len(b)))
	return frame(append(b, "\x04\xff\x00\x00\x00\x00\x00\x01\x00\x0e\x00\x00\\\\X\\nosuch\x00?????\x00"...))
}

// TestChainedFailureHidesNoSession: the status of a reply is that of the last command in the
// chain. If that fails, a session setup before it has set up a session all the same. It
// holds a slot, is in the administrator's list and lifts the time limit of the connection,
// or is refused and stays dead.
func TestChainedFailureHidesNoSession(t *testing.T) {
	for name, flags := range map[string]uint16{"NT": smbwire.Flags2NTStatus, "DOS": 0} {
		refusal, failure, deleted := smbwire.StatusRequestNotAccepted, smbwire.Status(0xC00000CC), smbwire.StatusUserSessionDeleted
		if flags == 0 {
			refusal, failure, deleted = 0x00470001, 0x00430001, 0x005B0002
		}
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: flags, PID: 77, MID: 9}
		tree := smbwire.Header1{Command: smbwire.Command1TreeConnect, Flags2: flags}
		t.Run(name+" at limit 0", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 0, nil)
				c := lab.client1("c1")
				reply := c.exchange(chain1(setup, 13, smbwire.Command1TreeConnect))
				assert.Equal(t, refusal, reply.Status)
				assert.EqualValues(t, 1, lab.gate.Stats().Refused)
				tree.UID = reply.UID
				assert.Equal(t, deleted, c.do(tree, 4, 0xff, 0, 0, 0).Status)
				for _, h := range lab.server.seen1 {
					assert.NotEqual(t, smbwire.Command1TreeConnect, h.Command)
				}
				c.Close()
			})
		})
		t.Run(name+" at limit 1", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, &smb.Settings{AutoDisconnect: true})
				c := lab.client1("10.0.0.1")
				reply := c.exchange(chain1(setup, 13, smbwire.Command1TreeConnect))
				assert.Equal(t, failure, reply.Status)
				require.Equal(t, 1, lab.held())
				assert.Contains(t, lab.console("net session"), `\\10.0.0.1 `)
				other := lab.client1("c2")
				assert.Equal(t, refusal, other.exchange(chain1(setup, 13, smbwire.Command1TreeConnect)).Status)
				other.Close()

				time.Sleep(10 * time.Minute) // beyond the time without a session
				tree.UID = reply.UID
				assert.Equal(t, smbwire.StatusSuccess, c.do(tree, 4, 0xff, 0, 0, 0).Status)
				time.Sleep(16 * time.Minute)
				assert.Equal(t, 0, lab.held(), "it was idle")
				_, err := c.Read(make([]byte, 1))
				assert.ErrorIs(t, err, io.EOF)
			})
		})
	}
}

// TestChainedFailureHidesNoResult: every command before the one that fails has succeeded.
func TestChainedFailureHidesNoResult(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client1("c1")
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
		h := smbwire.Header1{Flags2: smbwire.Flags2NTStatus, UID: c.do(setup, 13, 0xff, 0, 0, 0).UID, TID: 5, PID: 77, MID: 9}
		for n, command := range []smbwire.Command1{smbwire.Command1OpenAndX, smbwire.Command1NTCreate} {
			h.Command = command
			assert.Equal(t, smbwire.Status(0xC00000CC), c.exchange(chain1(h, 15, smbwire.Command1ReadAndX)).Status)
			assert.Equal(t, n+1, lab.proxy.Sessions()[0].Opens)
		}
		h.Command = smbwire.Command1ReadAndX // and the close behind it fails
		c.exchange(chain1(h, 12, smbwire.Command1Close))
		assert.Equal(t, 2, lab.proxy.Sessions()[0].Opens)
		h.Command = smbwire.Command1Logoff
		c.exchange(chain1(h, 2, smbwire.Command1TreeConnect))
		assert.Equal(t, 0, lab.held())
		c.Close()
	})
}

// TestSMB1DOSLegs: a client without NT statuses whose setup needs another leg has no session
// yet.
func TestSMB1DOSLegs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client1("c1")
		h := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2Extended}
		h.UID = c.do(h, 12, 0xff, 0, 0, 0).UID
		assert.Equal(t, 0, lab.held())
		assert.Equal(t, smbwire.StatusSuccess, c.do(h, 12, 0xff, 0, 0, 0).Status)
		assert.Equal(t, 1, lab.held())
		c.Close()
	})
}

// logon1 sets up a session in one leg and returns the header for commands on it.
func (c *client1) logon1() smbwire.Header1 {
	h := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
	reply := c.do(h, 13, 0xff, 0, 0, 0)
	require.Equal(c.t, smbwire.StatusSuccess, reply.Status)
	return smbwire.Header1{Flags2: smbwire.Flags2NTStatus, UID: reply.UID, TID: 5}
}

// TestChainedSetup: a session setup behind another command does not pass and ends the
// connection, whatever the chain before it.
func TestChainedSetup(t *testing.T) {
	for name, blocks := range map[string][]byte{
		"behind a logoff":         {2, 0x73, 0, 40, 0},
		"behind a tree connect":   {4, 0x73, 0, 50, 0, 0, 0, 0, 0},
		"behind a session setup":  {13, 0x73, 0, 60, 0},
		"at the end of a longer":  {2, 0x75, 0, 37, 0, 4, 0x73, 0, 60, 0},
		"chain running backwards": {2, 0x75, 0, 31, 0},
		"chain in a circle":       {2, 0x75, 0, 32, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 1, nil)
				c := lab.client1("c1")
				h := c.logon1()
				h.Command = smbwire.Command1Logoff
				switch blocks[0] {
				case 4:
					h.Command = smbwire.Command1TreeConnect
				case 13:
					h.Command = smbwire.Command1SessionSetup
				}
				seen := len(lab.server.seen1)
				go c.Write(message1(h, append(blocks, "setup"...)...))
				_, err := c.Read(make([]byte, 1))
				assert.ErrorIs(t, err, io.EOF)
				assert.Len(t, lab.server.seen1, seen, "the server saw it")
				assert.Equal(t, 0, lab.held())
			})
		})
	}
}

// TestUnknownUID: a command that needs a session does not pass without one.
func TestUnknownUID(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client1("c1")
		live := c.logon1()
		for _, uid := range []uint16{0, 77} {
			for _, command := range []smbwire.Command1{0x70, smbwire.Command1TreeConnect, smbwire.Command1NTCreate, smbwire.Command1Logoff} {
				h := c.do(smbwire.Header1{Command: command, Flags2: smbwire.Flags2NTStatus, UID: uid}, 4, 0xff, 0, 0, 0)
				assert.Equal(t, smbwire.StatusUserSessionDeleted, h.Status)
				h = c.do(smbwire.Header1{Command: command, UID: uid}, 4, 0xff, 0, 0, 0)
				assert.Equal(t, smbwire.Status(0x005B0002), h.Status)
			}
		}
		live.Command = smbwire.Command1Logoff
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 2, 0xff, 0, 0, 0).Status)
		live.Command = smbwire.Command1NTCreate
		assert.Equal(t, smbwire.StatusUserSessionDeleted, c.do(live, 24, 0xff, 0, 0, 0).Status)
		live.Command = smbwire.Command1TreeDisconnect // as some clients do
		assert.Equal(t, smbwire.StatusSuccess, c.do(live, 0).Status)
		var passed []smbwire.Command1
		for _, h := range lab.server.seen1 {
			if h.Command != smbwire.Command1Echo {
				passed = append(passed, h.Command)
			}
		}
		assert.Equal(t, []smbwire.Command1{0x72, 0x73, 0x74, 0x71}, passed)
		c.Close()
	})
}

// TestForgedReply: a client chooses the data that a READ_RAW reads, which may look like a
// reply. So it can make its own session look ended, after which nothing passes on it. It
// cannot touch the session of another client.
func TestForgedReply(t *testing.T) {
	const readRaw = 0x1a
	forge := func(lab *lab, content []byte) {
		lab.server.answering(func(msg []byte) [][]byte {
			if h, err := smbwire.ParseHeader1(msg); err == nil && h.Command == readRaw {
				return [][]byte{content}
			}
			return nil
		})
	}
	t.Run("logoff", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, 1, nil)
			c := lab.client1("c1")
			h := c.logon1()
			logoff := h
			logoff.Command, logoff.Flags = smbwire.Command1Logoff, smbwire.Flags1Reply
			forge(lab, append(logoff.Append(nil), 2, 0xff, 0, 0, 0, 0, 0))
			h.Command = readRaw
			_, err := c.Write(message1(h, 8))
			require.NoError(t, err)
			_, err = readFrame(c)
			require.NoError(t, err)
			assert.Equal(t, 0, lab.held())
			for _, command := range []smbwire.Command1{readRaw, smbwire.Command1ReadAndX, smbwire.Command1TreeConnect} {
				h.Command = command
				assert.Equal(t, smbwire.StatusUserSessionDeleted, c.do(h, 8, 0xff, 0, 0, 0).Status)
			}
			other := lab.client1("c2")
			other.logon1()
			other.Close()
			c.Close()
		})
	})
	setup1 := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus, PID: 77, MID: 9}
	setup2 := smbwire.Header2{Command: smbwire.Command2SessionSetup, MessageID: 9}
	for name, setup := range map[string][]byte{
		"answer to a setup":                       message1(setup1, 13, 0xff, 0, 0, 0),
		"answer to a setup of the other protocol": frame(append(setup2.Append(nil), setupBody("bob", false, 0)...)),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				lab := newLab(t, xpPro, 2, nil)
				victim := lab.session("c2", "alice")
				c := lab.client1("c1")
				h := c.logon1()
				// It would answer the setup with the victim's session.
				answer := smbwire.Header2{Command: smbwire.Command2SessionSetup, Flags: smbwire.Flags2Reply, MessageID: 9, SessionID: victim.id}
				said := append(answer.Append(nil), make([]byte, 8)...)
				lab.server.answering(func(msg []byte) [][]byte {
					if h, err := smbwire.ParseHeader1(msg); err == nil && h.Command == readRaw {
						return [][]byte{}
					}
					if h, err := smbwire.ParseHeader2(msg); err == nil && h.MessageID == 9 {
						return [][]byte{said}
					}
					if h, err := smbwire.ParseHeader1(msg); err == nil && h.MID == 9 {
						return [][]byte{said}
					}
					return nil
				})
				h.Command = readRaw
				go c.Write(append(message1(h, 8), setup...))
				for {
					if _, err := readFrame(c); err != nil {
						break
					}
				}
				assert.Equal(t, smbwire.StatusSuccess, victim.command(smbwire.Command2Read).Status)
				assert.Equal(t, 1, lab.held())
				victim.Close()
			})
		})
	}
}

// TestSetupAndLogoff: a session that is set up and logged off in one message is admitted, and
// has ended.
func TestSetupAndLogoff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		lab := newLab(t, xpPro, 1, nil)
		c := lab.client1("c1")
		lab.server.answering(func(msg []byte) [][]byte {
			h, err := smbwire.ParseHeader1(msg)
			if err != nil || h.Command != smbwire.Command1SessionSetup {
				return nil
			}
			h.Flags, h.UID = smbwire.Flags1Reply, 5
			return [][]byte{append(h.Append(nil), 3, 0x74, 0, 41, 0, 0, 0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0)}
		})
		setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus, PID: 77, MID: 9}
		for range 3 {
			assert.Equal(t, smbwire.StatusSuccess, c.exchange(chain1(setup, 13, smbwire.Command1Logoff)).Status)
		}
		assert.EqualValues(t, 3, lab.gate.Stats().Admitted)
		assert.Equal(t, 0, lab.held())
		c.Close()
	})
}

// TestUIDGivenAgain: if the file server gives a UID to another session of the connection,
// that is a new session, and the old one has ended, whether it was in force or not.
func TestUIDGivenAgain(t *testing.T) {
	for _, limit := range []int{0, 1} {
		bubble(t, func(t *testing.T) {
			lab := newLab(t, xpPro, 1, nil)
			c := lab.client1("c1")
			release, err := lab.gate.Hold(1 - limit)
			require.NoError(t, err)
			setup := smbwire.Header1{Command: smbwire.Command1SessionSetup, Flags2: smbwire.Flags2NTStatus}
			first := c.do(setup, 13, 0xff, 0, 0, 0)
			require.Equal(t, limit == 1, first.Status == smbwire.StatusSuccess)
			release()
			lab.server.mu.Lock()
			lab.server.next--
			lab.server.mu.Unlock()
			again := c.do(setup, 13, 0xff, 0, 0, 0)
			assert.Equal(t, smbwire.StatusSuccess, again.Status)
			assert.Equal(t, first.UID, again.UID)
			assert.Equal(t, 1, lab.held())
			assert.Len(t, lab.proxy.Sessions(), 1)
			c.Close()
		})
	}
}
