package smbwire

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNegotiateReply2: the contexts of SMB 3.1.1 stand where the reply says, on
// multiples of eight bytes.
func TestNegotiateReply2(t *testing.T) {
	le := binary.LittleEndian
	signing := uint16(2)
	r := NegotiateReply2{
		SecurityMode: SigningEnabled | SigningRequired, Dialect: Dialect311, GUID: [16]byte{1, 15: 2}, MaxSize: 65536,
		Time: time.Date(2004, 8, 4, 0, 0, 0, 100, time.UTC), Salt: [32]byte{31: 9}, Signing: &signing,
	}
	msg := r.Append(Header2{Command: Command2Negotiate}.Append(nil))
	body := msg[Header2Size:]
	assert.EqualValues(t, 65, le.Uint16(body))
	assert.EqualValues(t, 3, le.Uint16(body[2:]))
	assert.EqualValues(t, Dialect311, le.Uint16(body[4:]))
	assert.Equal(t, r.GUID[:], body[8:24])
	assert.EqualValues(t, 127360512000000001, le.Uint64(body[40:]), "100 ns since 1601")
	assert.Equal(t, spnegoInit(), msg[le.Uint16(body[56:]):][:le.Uint16(body[58:])])
	require.EqualValues(t, 2, le.Uint16(body[6:]))
	at := le.Uint32(body[60:])
	require.Zero(t, at%8)
	contexts := msg[at:]
	assert.EqualValues(t, 1, le.Uint16(contexts))
	assert.EqualValues(t, 38, le.Uint16(contexts[2:]))
	assert.Equal(t, []byte{1, 0, 32, 0, 1, 0}, contexts[8:14])
	assert.Equal(t, r.Salt[:], contexts[14:46])
	assert.Equal(t, []byte{8, 0, 4, 0, 0, 0, 0, 0, 1, 0, 2, 0}, contexts[48:])

	r.Signing = nil
	assert.EqualValues(t, 1, le.Uint16(r.Append(nil)[6:]))
	r.Dialect = Dialect302
	body = r.Append(nil)
	assert.Zero(t, le.Uint16(body[6:]))
	assert.Len(t, body, 64+len(spnegoInit()))
}

// FuzzServerRequests: what a client asks for does not lead outside of its
// message.
func FuzzServerRequests(f *testing.F) {
	header := Header2{}.Append(nil)
	add := func(size byte, body ...byte) { f.Add(append(append(header[:Header2Size:Header2Size], size), body...)) }
	add(36, append([]byte{0, 1, 0}, make([]byte, 40)...)...)
	add(57, make([]byte, 70)...)
	add(49, make([]byte, 60)...)
	add(33, make([]byte, 50)...)
	f.Fuzz(func(t *testing.T, msg []byte) {
		var err error
		check := func(part []byte, e error) {
			require.LessOrEqual(t, len(part), len(msg))
			if e != nil {
				require.ErrorIs(t, e, ErrMalformed)
			}
			err = e
		}
		n, e := ParseNegotiateRequest2(msg)
		check(nil, e)
		if err == nil {
			_, e = n.Contexts()
			check(nil, e)
		}
		_, e = TreePath2(msg)
		check(nil, e)
		_, e = ParseCreate2(msg)
		check(nil, e)
		_, e = ParseClose2(msg)
		check(nil, e)
		_, e = ParseFlush2(msg)
		check(nil, e)
		_, e = ParseRead2(msg)
		check(nil, e)
		w, e := ParseWrite2(msg)
		check(w.Data, e)
		i, e := ParseIoctl2(msg)
		check(i.Input, e)
		_, e = ParseQueryDirectory2(msg)
		check(nil, e)
		_, e = ParseQueryInfo2(msg)
		check(nil, e)
		s, e := ParseSetInfo2(msg)
		check(s.Data, e)
		_, e = ParseRename2(msg)
		check(nil, e)
		_, e = ParseValidateNegotiate2(msg)
		check(nil, e)
	})
}

func TestFileTime(t *testing.T) {
	for _, want := range []time.Time{
		time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999900, time.UTC),
		time.Date(2004, 8, 4, 1, 2, 3, 400, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC),
	} {
		got, ok := TimeOf(FileTime(want))
		require.True(t, ok)
		assert.Equal(t, want, got)
	}
	assert.Zero(t, FileTime(time.Time{}))
	for _, none := range []uint64{0, ^uint64(0), ^uint64(0) - 1, 1 << 63} {
		_, ok := TimeOf(none)
		assert.False(t, ok, "%#x", none)
	}
}
