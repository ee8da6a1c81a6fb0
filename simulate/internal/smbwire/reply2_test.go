package smbwire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAppendSessionSetupReply2(t *testing.T) {
	assert.Equal(t, []byte("\x09\x00\x01\x00\x48\x00\x05\x00token"), AppendSessionSetupReply2(nil, SessionGuest, []byte("token")))
}

func TestAppendTreeConnectReply2(t *testing.T) {
	for pipe, kind := range map[bool]byte{false: 1, true: 2} {
		body := AppendTreeConnectReply2(nil, pipe, AccessReadOnly)
		require.Len(t, body, 16)
		assert.Equal(t, []byte{16, 0, kind, 0}, body[:4])
		assert.Equal(t, []byte{0xa9, 0, 0x12, 0}, body[12:])
	}
}

// TestReplySizes: a reply has the size that it gives, one byte less where
// something of variable length follows.
func TestReplySizes(t *testing.T) {
	for name, body := range map[string][]byte{
		"create": AppendCreateReply2(nil, 0, FileInfo{}, FileID{}), "close": AppendCloseReply2(nil, nil), "close with times": AppendCloseReply2(nil, &FileInfo{}),
		"read": AppendReadReply2(nil, 0), "write": AppendWriteReply2(nil, 0), "ioctl": AppendIoctlReply2(nil, 0, FileID{}, nil),
		"query": AppendQueryReply2(nil, nil), "empty": AppendEmptyReply2(nil), "set": AppendSetInfoReply2(nil),
	} {
		assert.Equal(t, int(body[0])&^1, len(body), name)
	}
	assert.Len(t, AppendReadReply2(nil, 0), ReadReplySize)
	assert.Len(t, AppendErrorReply2(nil), 9)
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
