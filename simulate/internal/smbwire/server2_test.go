package smbwire

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// reply2 returns the header and the body of a frame with one SMB2 message.
func reply2(t *testing.T, frame []byte) (Header2, []byte) {
	f, err := ParseFrameHeader(frame)
	require.NoError(t, err)
	require.Len(t, frame, FrameHeaderSize+f.Length)
	h, err := ParseHeader2(frame[FrameHeaderSize:])
	require.NoError(t, err)
	assert.True(t, h.IsReply())
	return h, frame[FrameHeaderSize+Header2Size:]
}

func TestAppendNegotiate2(t *testing.T) {
	now := time.Date(2004, 8, 4, 0, 0, 0, 100, time.UTC)
	h, body := reply2(t, AppendNegotiate2(nil, Header2{MessageID: 7, Credits: 3}, Negotiate2{
		Dialect: Dialect30, GUID: [16]byte{1, 15: 2}, MaxSize: 65536, Time: now,
	}))
	assert.Equal(t, Header2{MessageID: 7, Credits: 3, Flags: Flags2Reply}, h)
	le := binary.LittleEndian
	assert.EqualValues(t, 65, le.Uint16(body), "size, one byte more than the fixed part")
	assert.EqualValues(t, Dialect30, le.Uint16(body[4:]))
	assert.Equal(t, []byte{1, 15: 2}, body[8:24])
	assert.EqualValues(t, 65536, le.Uint32(body[28:]))
	assert.EqualValues(t, 127360512000000001, le.Uint64(body[40:]), "100 ns since 1601")
	offset, n := le.Uint16(body[56:]), le.Uint16(body[58:])
	assert.Equal(t, spnegoInit(), body[offset-Header2Size:][:n])
	assert.Len(t, body, 64+int(n))
}

func TestAppendSessionSetup2(t *testing.T) {
	h, body := reply2(t, AppendSessionSetup2(nil, Header2{SessionID: 5, Command: Command2SessionSetup}, StatusMoreProcessingRequired, SessionGuest, []byte("token")))
	assert.Equal(t, StatusMoreProcessingRequired, h.Status)
	assert.EqualValues(t, 5, h.SessionID)
	assert.Equal(t, []byte("\x09\x00\x01\x00\x48\x00\x05\x00token"), body)
}

func TestAppendTreeConnect2(t *testing.T) {
	for pipe, kind := range map[bool]byte{false: 1, true: 2} {
		_, body := reply2(t, AppendTreeConnect2(nil, Header2{}, pipe))
		require.Len(t, body, 16)
		assert.Equal(t, []byte{16, 0, kind, 0}, body[:4])
	}
}

func TestIsPipeTree2(t *testing.T) {
	for path, want := range map[string]bool{
		`\\server\IPC$`: true, `\\192.0.2.1:445\ipc$`: true, `\Ipc$`: true,
		`\\server\share`: false, `IPC$`: false, `\IPC$x`: false, ``: false, `$`: false,
	} {
		var utf16 []byte
		for _, c := range []byte(path) {
			utf16 = append(utf16, c, 0)
		}
		msg := append(Header2{Command: Command2TreeConnect}.Append(nil), 9, 0, 0, 0, 72, 0, byte(len(utf16)), 0)
		got, err := IsPipeTree2(append(msg, utf16...))
		require.NoError(t, err)
		assert.Equal(t, want, got, path)
	}
}

func TestAppendNoDialect1(t *testing.T) {
	frame := AppendNoDialect1(nil, Header1{Command: Command1Negotiate, MID: 3})
	h, err := ParseHeader1(frame[FrameHeaderSize:])
	require.NoError(t, err)
	assert.Equal(t, Header1{Command: Command1Negotiate, Flags: Flags1Reply, MID: 3}, h)
	assert.Equal(t, []byte{1, 0xff, 0xff, 0, 0}, frame[FrameHeaderSize+Header1Size:])
}

// FuzzServer2: what a client sends does not lead outside of the message.
func FuzzServer2(f *testing.F) {
	f.Add(append(Header2{}.Append(nil), append([]byte{36, 0, 1, 0, 32: 0, 35: 0}, 0x10, 2)...))
	f.Add(append(Header2{}.Append(nil), append([]byte{25, 12: SessionSetup2Size, 14: 5, 23: 0}, "token"...)...))
	f.Add(append(Header2{}.Append(nil), []byte("\x09\x00\x00\x00\x48\x00\x0c\x00\\\x00I\x00P\x00C\x00$\x00")...))
	f.Add(append(Header1{}.Append(nil), "\x00\x0b\x00\x02SMB 2.???\x00"...))
	f.Fuzz(func(t *testing.T, msg []byte) {
		if d, err := ParseNegotiate2(msg, Dialect21, Dialect30); err == nil {
			require.Contains(t, []Dialect{0, Dialect21, Dialect30}, d)
		}
		if token, err := SetupToken2(msg); err == nil {
			require.True(t, bytes.Contains(msg[SessionSetup2Size:], token))
			found, _, ok := NTLMFind(token)
			require.True(t, !ok || len(found) <= len(token))
		}
		if pipe, err := IsPipeTree2(msg); err != nil {
			require.False(t, pipe)
		}
		if offered, err := ParseNegotiate1(msg, Dialect1SMB2); offered {
			require.NoError(t, err)
			require.Contains(t, string(msg), Dialect1SMB2)
		}
	})
}
