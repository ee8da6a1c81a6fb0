package ntlm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	require.NoError(t, err)
	return b
}

// The examples of MS-NLMP 4.2 have these in common.
const (
	exampleNonce    = "0123456789abcdef"
	exampleUser     = "User"
	examplePassword = "Password"
	exampleDomain   = "Domain"
)

// The AUTHENTICATE messages of MS-NLMP 4.2.2, 4.2.3 and 4.2.4, and the session
// keys of the calculations there.
const (
	example1 = `
4e544c4d53535000 03000000 18001800 6c000000 18001800 84000000 0c000c00 48000000 08000800 54000000 10001000
5c000000 10001000 9c000000 358280e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200
43004f004d0050005500540045005200 98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13
67c43011f30298a2ad35ece64f16331c44bdbed927841f94 518822b1b3f350c8958682ecbb3e3cb7`
	example1Extended = `
4e544c4d53535000 03000000 18001800 6c000000 18001800 84000000 0c000c00 48000000 08000800 54000000 10001000
5c000000 00000000 9c000000 35820882 0501280a0000000f 44006f006d00610069006e00 5500730065007200
43004f004d0050005500540045005200 aaaaaaaaaaaaaaaa00000000000000000000000000000000
7537f803ae367128ca458204bde7caf81e97ed2683267232`
	example2 = `
4e544c4d53535000 03000000 18001800 6c000000 54005400 84000000 0c000c00 48000000 08000800 54000000 10001000
5c000000 10001000 d8000000 358288e2 0501280a0000000f 44006f006d00610069006e00 5500730065007200
43004f004d0050005500540045005200 86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa
68cd0ab851e51c96aabc927bebef6a1c 0101000000000000 0000000000000000 aaaaaaaaaaaaaaaa 00000000
02000c0044006f006d00610069006e00 01000c00530065007200760065007200 00000000 00000000
c5dad2544fc9799094ce1ce90bc9d03e`
)

// negotiate is a NEGOTIATE message with the flags.
func negotiate(flags uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("NTLMSSP\x00\x01\x00\x00\x00"), flags)
	return append(b, make([]byte, 16)...)
}

// exampleAnswer is the answer of the documented client.
func exampleAnswer(t testing.TB, message string) *Answer {
	x, _, err := NewExchange(negotiate(agreed), [8]byte(unhex(t, exampleNonce)), "Server", time.Time{})
	require.NoError(t, err)
	a, err := x.Answer(unhex(t, message))
	require.NoError(t, err)
	return a
}

func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		name, message, key string
		version1           bool
	}{
		{"NTLMv1", example1, "55555555555555555555555555555555", true},
		{"NTLMv1 with a client challenge", example1Extended, "eb93429a8bd952f8b89c55b87f475edc", true},
		{"NTLMv2", example2, "55555555555555555555555555555555", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := exampleAnswer(t, tt.message)
			assert.Equal(t, exampleUser, a.User)
			assert.Equal(t, exampleDomain, a.Domain)
			assert.False(t, a.Anonymous)
			keys, ok := a.Verify(Hash(examplePassword), true)
			require.True(t, ok)
			assert.Equal(t, tt.key, hex.EncodeToString(keys.Session[:]))
			_, ok = a.Verify(Hash(examplePassword), false)
			assert.Equal(t, !tt.version1, ok, "without NTLMv1")
			for _, wrong := range []string{"", "password", "Password "} {
				_, ok = a.Verify(Hash(wrong), true)
				assert.False(t, ok, "%q", wrong)
			}
		})
	}
}

// TestVerifyChanged: no bit of the response, of the names or of the session key
// can be another.
func TestVerifyChanged(t *testing.T) {
	x := exampleAnswer(t, example2).exchange
	msg := unhex(t, example2)
	for _, at := range []int{0x54, 0x84, 0x94, 0xa4, 0xd7} {
		other := bytes.Clone(msg)
		other[at] ^= 2
		a, err := x.Answer(other)
		require.NoError(t, err)
		_, ok := a.Verify(Hash(examplePassword), true)
		assert.False(t, ok, "byte %#x", at)
	}
	short := bytes.Clone(msg)
	short[52]-- // length of the session key
	a, err := x.Answer(short)
	require.NoError(t, err)
	_, ok := a.Verify(Hash(examplePassword), true)
	assert.False(t, ok)
}

// TestHash: MS-NLMP 4.2.2.1.2.
func TestHash(t *testing.T) {
	hash := Hash(examplePassword)
	assert.Equal(t, "a4f49c406510bdcab6824ee7c30fd852", hex.EncodeToString(hash[:]))
}

// TestMIC: the signature of GSS_WrapEx in MS-NLMP 4.2.4.4 and 4.2.3.4, whose
// plain text is signed before it is sealed. The key stream of the first has
// gone on behind the text there, so only the second can be compared as it is.
func TestMIC(t *testing.T) {
	keys, ok := exampleAnswer(t, example1Extended).Verify(Hash(examplePassword), true)
	require.True(t, ok)
	require.True(t, keys.HasMIC())
	text := utf16le("Plaintext")
	mic := unhex(t, "01000000 ff2aeb52f681793a 00000000")
	assert.True(t, keys.CheckMIC(text, mic))
	assert.False(t, keys.CheckMIC(text[1:], mic))
	assert.NotEqual(t, mic, keys.MIC(text), "the server has keys of its own")
}

func TestChallenge(t *testing.T) {
	now := time.Date(2004, 8, 4, 0, 0, 0, 100, time.UTC)
	x, b, err := NewExchange(negotiate(0xffffffff), [8]byte{1, 2, 3, 4, 5, 6, 7, 8}, "HOST", now)
	require.NoError(t, err)
	assert.Equal(t, b, x.challenge)
	kind, ok := TypeOf(b)
	require.True(t, ok)
	assert.Equal(t, Challenge, kind)
	le := binary.LittleEndian
	field := func(at int) []byte { return b[le.Uint32(b[at+4:]):][:le.Uint16(b[at:])] }
	assert.Equal(t, "H\x00O\x00S\x00T\x00", string(field(12)))
	assert.Equal(t, []byte{1, 2, 3, 4, 5, 6, 7, 8}, b[24:32])
	info := field(40)
	for _, id := range []uint16{2, 1, 4, 3, 7, 0} {
		assert.Equal(t, id, le.Uint16(info))
		if id == 7 {
			assert.EqualValues(t, uint64(127360512000000001), le.Uint64(info[4:]), "100 ns since 1601")
		}
		info = info[4+le.Uint16(info[2:]):]
	}
	assert.Empty(t, info)

	_, bare, err := NewExchange(negotiate(0), [8]byte{}, "HOST", now)
	require.NoError(t, err)
	assert.EqualValues(t, own, le.Uint32(bare[20:]), "nothing that the client has not asked for")
}

func TestMalformed(t *testing.T) {
	for name, msg := range map[string][]byte{
		"empty": nil, "challenge": append([]byte("NTLMSSP\x00\x02"), make([]byte, 60)...),
		"Kerberos": []byte("`\x82\x01\x00"), "long": append(negotiate(0), make([]byte, maxNegotiate)...),
	} {
		_, _, err := NewExchange(msg, [8]byte{}, "HOST", time.Time{})
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
	x := exampleAnswer(t, example2).exchange
	change := func(at int, values ...byte) []byte {
		msg := unhex(t, example2)
		copy(msg[at:], values)
		return msg
	}
	for name, msg := range map[string][]byte{
		"empty": nil, "negotiate": negotiate(0), "cut": unhex(t, example2)[:63],
		"response outside": change(24, 0xff, 0xff, 0xff, 0xff), "odd name": change(36, 7),
		"long name": append(change(36, 2, 2), make([]byte, 1000)...),
	} {
		_, err := x.Answer(msg)
		assert.ErrorIs(t, err, ErrMalformed, name)
	}
}

func TestAnonymous(t *testing.T) {
	x := exampleAnswer(t, example2).exchange
	msg := append([]byte("NTLMSSP\x00\x03\x00\x00\x00"), make([]byte, 52)...)
	a, err := x.Answer(msg)
	require.NoError(t, err)
	assert.True(t, a.Anonymous)
	_, ok := a.Verify(Hash(""), true)
	assert.False(t, ok)

	le := binary.LittleEndian
	le.PutUint16(msg[12:], 1) // an LM response of one zero byte
	le.PutUint32(msg[16:], 64)
	a, err = x.Answer(append(msg, 0))
	require.NoError(t, err)
	assert.True(t, a.Anonymous)
}

// FuzzExchange: no message makes the reader look outside of it, and none is accepted without
// the password.
func FuzzExchange(f *testing.F) {
	for _, example := range []string{example1, example1Extended, example2} {
		f.Add(negotiate(agreed), unhex(f, example))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		x, challenge, err := NewExchange(first, [8]byte{1}, "HOST", time.Time{})
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.Less(t, len(challenge), 256)
		a, err := x.Answer(second)
		if err != nil {
			require.ErrorIs(t, err, ErrMalformed)
			return
		}
		require.LessOrEqual(t, len(a.User), maxName/2*3)
		_, ok := a.Verify([16]byte{1, 2, 3}, true)
		require.False(t, ok)
	})
}
