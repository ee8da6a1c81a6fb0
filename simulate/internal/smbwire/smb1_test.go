package smbwire

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenRefusal1 is a refusal that tshark decodes without complaint.
const goldenRefusal1 = "ff534d4273d00000c09843c80000000000000000000000000000944d00000100000000"

func TestAppendError1(t *testing.T) {
	request := Header1{Command: Command1SessionSetup, Flags: 0x18, Flags2: 0xc843, PID: 0x4d94, MID: 1}

	frame := AppendError1(nil, request, StatusRequestNotAccepted)
	assert.Equal(t, "00000023"+goldenRefusal1, hex.EncodeToString(frame))

	t.Run("signed success turned into an error", func(t *testing.T) {
		reply := request
		reply.Flags |= Flags1Reply
		reply.Flags2 |= Flags2Signed
		reply.Signature = [8]byte{1, 2, 3, 4, 5, 6, 7, 8}
		assert.Equal(t, frame, AppendError1(nil, reply, StatusRequestNotAccepted))
	})

	t.Run("DOS form", func(t *testing.T) {
		dos := request
		dos.Flags2 &^= Flags2NTStatus
		frame := AppendError1(nil, dos, StatusRequestNotAccepted)
		assert.Equal(t, []byte{1, 0, 71, 0}, frame[4+5:4+9])
		frame = AppendError1(nil, dos, StatusUserSessionDeleted)
		assert.Equal(t, []byte{2, 0, 91, 0}, frame[4+5:4+9])
	})
}

func TestAppendEcho1(t *testing.T) {
	request := Header1{Command: Command1TreeConnect, Flags2: Flags2NTStatus, PID: 7, MID: 9, TID: 3, UID: 100}
	frame := AppendEcho1(nil, request)
	h, err := ParseHeader1(frame[FrameHeaderSize:])
	require.NoError(t, err)
	assert.Equal(t, Header1{Command: Command1Echo, Flags2: Flags2NTStatus, PID: 7, MID: 9}, h)
	assert.Equal(t, []byte{0, 0, 0, 38}, frame[:4])
	assert.Equal(t, []byte{1, 1, 0, 1, 0, 0}, frame[4+Header1Size:])
}

func TestParseHeader1(t *testing.T) {
	golden, err := hex.DecodeString(goldenRefusal1)
	require.NoError(t, err)
	h, err := ParseHeader1(golden)
	require.NoError(t, err)
	assert.Equal(t, Header1{
		Command: Command1SessionSetup, Status: StatusRequestNotAccepted,
		Flags: 0x98, Flags2: 0xc843, PID: 0x4d94, MID: 1,
	}, h)
	assert.True(t, h.IsReply())

	for _, short := range [][]byte{nil, golden[:4], golden[:Header1Size-1], append([]byte{0xfe}, golden[1:]...)} {
		_, err := ParseHeader1(short)
		assert.ErrorIs(t, err, ErrMalformed)
	}
}

func TestIsMoreProcessing(t *testing.T) {
	for _, tt := range []struct {
		flags  uint16
		status Status
		want   bool
	}{
		{Flags2NTStatus, StatusMoreProcessingRequired, true},
		{0, StatusMoreProcessingRequired, true},
		{0, 0x00EA0001, true},
		{Flags2NTStatus, 0x00EA0001, false},
		{0, StatusSuccess, false},
		{Flags2NTStatus, StatusRequestNotAccepted, false},
	} {
		h := Header1{Flags2: tt.flags, Status: tt.status}
		assert.Equal(t, tt.want, h.IsMoreProcessing(), "%x %x", tt.flags, tt.status)
	}
}

func TestParseAndX(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command Command1
		block   []byte
		want    AndXBlock
	}{
		{"followed by a tree connect", Command1SessionSetup, []byte{13, 0x75, 0, 0x8c, 0}, AndXBlock{Command1TreeConnect, 0x8c}},
		{"last", Command1SessionSetup, []byte{13, 0xff, 0, 0xde, 0xde}, AndXBlock{Next: Command1None}},
		{"no words", Command1SessionSetup, []byte{0, 0x75, 0, 0x8c, 0}, AndXBlock{Next: Command1None}},
		{"cannot be chained", Command1Echo, []byte{1, 0x73, 0, 0x8c, 0}, AndXBlock{Next: Command1None}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseAndX(tt.command, tt.block)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	for _, short := range [][]byte{nil, {13}, {13, 0x75, 0, 0x8c}} {
		_, err := ParseAndX(Command1Logoff, short)
		assert.ErrorIs(t, err, ErrMalformed)
	}
}

func TestNeedsSession1(t *testing.T) {
	for c, want := range map[Command1]bool{
		Command1Negotiate: false, Command1SessionSetup: false, Command1Echo: false, Command1TreeDisconnect: false, Command1NTCancel: false,
		Command1TreeConnect: true, Command1Logoff: true, Command1NTCreate: true, Command1WriteRaw: true, 0x70: true, 0x1a: true, 0xff: true,
	} {
		assert.Equal(t, want, c.NeedsSession(), "%#x", byte(c))
	}
}

func TestSetupToken1(t *testing.T) {
	msg := append(Header1{Command: Command1SessionSetup}.Append(nil), make([]byte, 1+2*12+2)...)
	msg[Header1Size] = 12
	msg[Header1Size+15] = 5
	msg = append(msg, "token and names"...)
	token, err := SetupToken1(msg)
	require.NoError(t, err)
	assert.Equal(t, "token", string(token))
	for name, change := range map[string]func([]byte) []byte{
		"13 words":         func(b []byte) []byte { b[Header1Size] = 13; return b },
		"no words":         func(b []byte) []byte { b[Header1Size] = 0; return b },
		"cut in the words": func(b []byte) []byte { return b[:Header1Size+20] },
		"cut in the token": func(b []byte) []byte { return b[:Header1Size+30] },
		"long token":       func(b []byte) []byte { b[Header1Size+16] = 1; return b },
	} {
		_, err := SetupToken1(change(append([]byte(nil), msg...)))
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
}

func FuzzHeader1(f *testing.F) {
	golden, _ := hex.DecodeString(goldenRefusal1)
	f.Add(golden)
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader1(b)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Equal(t, b[:Header1Size], h.Append(nil))

		frame := AppendError1(nil, h, StatusRequestNotAccepted)
		fh, err := ParseFrameHeader(frame)
		require.NoError(t, err)
		require.Equal(t, len(frame), FrameHeaderSize+fh.Length)
		e, err := ParseHeader1(frame[FrameHeaderSize:])
		require.NoError(t, err)
		require.True(t, e.IsReply())
		require.Equal(t, h.UID, e.UID)
		require.Zero(t, e.Signature)

		if token, err := SetupToken1(b); err == nil {
			require.LessOrEqual(t, len(token), len(b)-Header1Size)
		}
		if a, err := ParseAndX(h.Command, b[Header1Size:]); err == nil && a.Next != Command1None {
			require.True(t, h.Command.AndX())
		}
	})
}
