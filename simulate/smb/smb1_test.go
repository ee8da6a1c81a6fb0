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

		// A signature cannot be made up for an answer.
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

// TestChainedFailureHidesNoSession: the status of a reply is that of the chain's
// last command. A session setup before it is a session all the same, which holds
// a slot, shows itself to the administrator and lifts the connection's time
// limit, or is refused and stays dead.
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

// TestChainedFailureHidesNoResult: what comes before the command that fails has
// happened, whatever it is.
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

// TestSMB1DOSLegs: a client without NT statuses that is asked for more has no
// session yet.
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
