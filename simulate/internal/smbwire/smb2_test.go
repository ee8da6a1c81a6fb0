package smbwire

import (
	"encoding/binary"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goldenRefusal2 is a refusal that tshark decodes without complaint.
const goldenRefusal2 = "fe534d4240000100d00000c0010001001100000000000000" +
	"0100000000000000000000000000000000000000000000000000000000000000" +
	"0000000000000000" + "090000000000000000"

func TestAppendError2(t *testing.T) {
	request := Header2{CreditCharge: 1, Command: Command2SessionSetup, Credits: 1, Flags: 0x10, MessageID: 1}

	frame := AppendError2(nil, request, StatusRequestNotAccepted)
	assert.Equal(t, "00000049"+goldenRefusal2, hex.EncodeToString(frame))

	t.Run("signed success turned into an error", func(t *testing.T) {
		reply := request
		reply.Flags |= Flags2Reply | Flags2Sign | Flags2Async | Flags2Related
		reply.NextCommand = 88
		reply.ProcessID, reply.TreeID = 7, 9 // an AsyncId
		reply.Signature = [16]byte{1, 2, 3}
		assert.Equal(t, frame, AppendError2(nil, reply, StatusRequestNotAccepted))
	})

	t.Run("session, tree and credits stay", func(t *testing.T) {
		reply := request
		reply.SessionID, reply.TreeID, reply.Credits = 0x1122334455667788, 5, 33
		h := reply.Reply(StatusUserSessionDeleted)
		assert.Equal(t, reply.SessionID, h.SessionID)
		assert.Equal(t, uint32(5), h.TreeID)
		assert.Equal(t, uint16(33), h.Credits)
	})

	t.Run("never without a credit", func(t *testing.T) {
		assert.Equal(t, uint16(1), Header2{}.Reply(StatusRequestNotAccepted).Credits)
	})
}

func TestAppendEcho2(t *testing.T) {
	request := Header2{
		CreditCharge: 3, Command: Command2TreeConnect, Credits: 31, Flags: Flags2Sign, MessageID: 12,
		ProcessID: 0xfeff, TreeID: 4, SessionID: 77, Signature: [16]byte{1},
	}
	frame := AppendEcho2(nil, request)
	h, err := ParseHeader2(frame[FrameHeaderSize:])
	require.NoError(t, err)
	assert.Equal(t, Header2{CreditCharge: 3, Command: Command2Echo, Credits: 31, MessageID: 12}, h)
	assert.Equal(t, []byte{0, 0, 0, 68}, frame[:4])
	assert.Equal(t, []byte{4, 0, 0, 0}, frame[4+Header2Size:])
}

func TestParseHeader2(t *testing.T) {
	golden, err := hex.DecodeString(goldenRefusal2)
	require.NoError(t, err)
	h, err := ParseHeader2(golden)
	require.NoError(t, err)
	assert.Equal(t, Header2{
		CreditCharge: 1, Status: StatusRequestNotAccepted, Command: Command2SessionSetup,
		Credits: 1, Flags: 0x11, MessageID: 1,
	}, h)
	assert.True(t, h.IsReply())
	assert.False(t, h.IsAsync())
	assert.False(t, h.IsRelated())

	oddSize := append([]byte(nil), golden...)
	oddSize[4] = 63
	for _, bad := range [][]byte{nil, golden[:4], golden[:Header2Size-1], oddSize} {
		_, err := ParseHeader2(bad)
		assert.ErrorIs(t, err, ErrMalformed)
	}
}

func TestNextOffset(t *testing.T) {
	for _, tt := range []struct {
		next uint32
		left int
		want int // 0: malformed
	}{
		{0, 68, 68},
		{72, 136, 72},
		{72, 135, 0}, // the next header does not fit
		{56, 200, 0}, // inside this header
		{70, 200, 0}, // not aligned
		{0xfffffff8, 200, 0},
	} {
		got, err := Header2{NextCommand: tt.next}.NextOffset(tt.left)
		if tt.want == 0 {
			assert.ErrorIs(t, err, ErrMalformed, "%+v", tt)
			continue
		}
		require.NoError(t, err, "%+v", tt)
		assert.Equal(t, tt.want, got)
	}
}

func TestParseSessionSetup2(t *testing.T) {
	msg := make([]byte, SessionSetup2Size)
	msg[Header2Size+2] = 1
	binary.LittleEndian.PutUint64(msg[Header2Size+16:], 99)
	s, err := ParseSessionSetup2(msg)
	require.NoError(t, err)
	assert.Equal(t, SessionSetup2{Binding: true, PreviousSession: 99}, s)

	_, err = ParseSessionSetup2(msg[:SessionSetup2Size-1])
	assert.ErrorIs(t, err, ErrMalformed)
}

func TestParseTransform(t *testing.T) {
	b := make([]byte, TransformHeaderSize)
	copy(b, "\xfdSMB")
	b[44] = 0x2a
	id, err := ParseTransform(b, len(b))
	require.NoError(t, err)
	assert.Equal(t, uint64(0x2a), id)

	_, err = ParseTransform(b[:TransformHeaderSize-1], len(b))
	assert.ErrorIs(t, err, ErrMalformed)
	_, err = ParseTransform(b, len(b)+1)
	assert.ErrorIs(t, err, ErrMalformed)
}

func TestParseCompression(t *testing.T) {
	header := func(algorithm, flags uint16, n uint32) []byte {
		b := append([]byte("\xfcSMB"), 0, 1, 0, 0)
		b = binary.LittleEndian.AppendUint16(b, algorithm)
		b = binary.LittleEndian.AppendUint16(b, flags)
		return binary.LittleEndian.AppendUint32(b, n)
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want bool
	}{
		{"unchained behind the header", header(1, 0, 64), true},
		{"unchained from the start", header(1, 0, 0), false},
		{"chained, stored", header(0, 1, 64), true},
		{"chained, compressed", header(2, 1, 640), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCompression(tt.b)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	_, err := ParseCompression(header(1, 0, 64)[:15])
	assert.ErrorIs(t, err, ErrMalformed)
}

func TestNeedsSession2(t *testing.T) {
	for c := range Command2OplockBreak + 2 {
		want := c != Command2Negotiate && c != Command2SessionSetup && c != Command2Echo
		assert.Equal(t, want, c.NeedsSession(), "%v", c)
	}
}

func TestAppendSessionDeleted2(t *testing.T) {
	request := Header2{
		Command: Command2Create, CreditCharge: 2, Credits: 100, Flags: Flags2Sign | 0x10, MessageID: 9, ProcessID: 0xfeff,
		TreeID: 3, SessionID: 77, Signature: [16]byte{1, 2},
	}
	reply := Header2{Command: Command2Echo, Credits: 7, Flags: Flags2Reply, MessageID: 9}
	frame := AppendSessionDeleted2(nil, request, reply)
	assert.Equal(t, AppendError2(nil, request, StatusUserSessionDeleted)[FrameHeaderSize+Header2Size:], frame[FrameHeaderSize+Header2Size:])
	got, err := ParseHeader2(frame[FrameHeaderSize:])
	require.NoError(t, err)
	want := request
	want.Status, want.Credits, want.Flags = StatusUserSessionDeleted, 7, request.Flags|Flags2Reply
	assert.Equal(t, want, got)

	request.Flags &^= Flags2Sign
	got, err = ParseHeader2(AppendSessionDeleted2(nil, request, reply)[FrameHeaderSize:])
	require.NoError(t, err)
	assert.Zero(t, got.Signature)
}

func FuzzHeader2(f *testing.F) {
	golden, _ := hex.DecodeString(goldenRefusal2)
	f.Add(golden)
	f.Add(append([]byte("\xfdSMB"), make([]byte, 60)...))
	f.Add(append([]byte("\xfcSMB"), make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, err := range []error{
			second(ParseTransform(b, len(b))), second(ParseCompression(b)), second(ParseSessionSetup2(b)),
		} {
			if err != nil {
				require.ErrorIs(t, err, ErrMalformed)
			}
		}
		h, err := ParseHeader2(b)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Equal(t, b[:4], h.Append(nil)[:4])
		require.Equal(t, b[:Header2Size], h.Append(nil))

		for _, frame := range [][]byte{
			AppendError2(nil, h, StatusRequestNotAccepted), AppendEcho2(nil, h),
		} {
			fh, err := ParseFrameHeader(frame)
			require.NoError(t, err)
			require.Equal(t, len(frame), FrameHeaderSize+fh.Length)
			e, err := ParseHeader2(frame[FrameHeaderSize:])
			require.NoError(t, err)
			require.Equal(t, h.MessageID, e.MessageID)
			require.Zero(t, e.NextCommand)
			require.Zero(t, e.Signature)
		}
		if n, err := h.NextOffset(len(b)); err == nil {
			require.GreaterOrEqual(t, n, Header2Size)
			require.LessOrEqual(t, n, len(b))
		}
	})
}

func second[T any](_ T, err error) error { return err }
