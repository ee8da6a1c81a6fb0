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
	assert.EqualValues(t, uint64(127360512000000001), le.Uint64(body[40:]), "100 ns since 1601")
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

func TestAppendNoDialect1(t *testing.T) {
	frame := AppendNoDialect1(nil, Header1{Command: Command1Negotiate, MID: 3})
	h, err := ParseHeader1(frame[FrameHeaderSize:])
	require.NoError(t, err)
	assert.Equal(t, Header1{Command: Command1Negotiate, Flags: Flags1Reply, MID: 3}, h)
	assert.Equal(t, []byte{1, 0xff, 0xff, 0, 0}, frame[FrameHeaderSize+Header1Size:])
}
