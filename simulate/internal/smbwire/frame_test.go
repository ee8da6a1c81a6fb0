package smbwire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFrameHeader(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bytes []byte
		want  FrameHeader
	}{
		{"refusal of SMB2", []byte{0, 0, 0, 0x49}, FrameHeader{FrameMessage, 73}},
		{"refusal of SMB1", []byte{0, 0, 0, 0x23}, FrameHeader{FrameMessage, 35}},
		{"largest", []byte{0, 0xff, 0xff, 0xff}, FrameHeader{FrameMessage, MaxFrameLength}},
		{"session request", []byte{0x81, 0, 0, 0x44}, FrameHeader{FrameSessionRequest, 68}},
		{"keep-alive", []byte{0x85, 0, 0, 0}, FrameHeader{FrameKeepAlive, 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseFrameHeader(tt.bytes)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.bytes, got.Append(nil))
		})
	}
}

func TestFrameHeaderMalformed(t *testing.T) {
	for _, b := range []string{"", "\x00\x00\x00", "GET / HTTP/1.1\r\n", "\x16\x03\x01\x02", "\x01\x00\x00\x00"} {
		_, err := ParseFrameHeader([]byte(b))
		assert.ErrorIs(t, err, ErrMalformed, "%q", b)
	}
}

func TestFrameHeaderAppendOutOfRange(t *testing.T) {
	assert.Panics(t, func() { FrameHeader{Length: MaxFrameLength + 1}.Append(nil) })
	assert.Panics(t, func() { FrameHeader{Length: -1}.Append(nil) })
}

func TestProtocolOf(t *testing.T) {
	for b, want := range map[string]Protocol{
		"\xffSMB": ProtocolSMB1, "\xfeSMB": ProtocolSMB2, "\xfdSMBx": ProtocolTransform,
		"\xfcSMB": ProtocolCompressed, "\xfbSMB": ProtocolUnknown, "\xfeSM": ProtocolUnknown,
		"": ProtocolUnknown, "GET ": ProtocolUnknown,
	} {
		assert.Equal(t, want, ProtocolOf([]byte(b)), "%q", b)
	}
}

func FuzzParseFrameHeader(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0x49})
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseFrameHeader(b)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Equal(t, b[:FrameHeaderSize], h.Append(nil))
	})
}
