package smbwire

import (
	"encoding/binary"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ntlmAuthenticate returns a type 3 message for user, with n bytes of
// something else between its header and the name.
func ntlmAuthenticate(user string, unicode bool, n int) []byte {
	le := binary.LittleEndian
	name := []byte(user)
	if unicode {
		name = nil
		for _, u := range utf16.Encode([]rune(user)) {
			name = le.AppendUint16(name, u)
		}
	}
	b := make([]byte, 64+n)
	copy(b, "NTLMSSP\x00\x03")
	le.PutUint16(b[36:], uint16(len(name)))
	le.PutUint16(b[38:], uint16(len(name)))
	le.PutUint32(b[40:], uint32(len(b)))
	if unicode {
		b[60] = 1
	}
	return append(b, name...)
}

func TestNTLMUser(t *testing.T) {
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"unicode", ntlmAuthenticate("Müller", true, 0), "Müller"},
		{"oem", ntlmAuthenticate("bob", false, 0), "bob"},
		{"responses first", ntlmAuthenticate("alice", true, 300), "alice"},
		{"inside SPNEGO", append([]byte("\xa1\x82\x01\x00\x30"), ntlmAuthenticate("alice", true, 8)...), "alice"},
		{"anonymous", ntlmAuthenticate("", true, 0), ""},
		{"beyond the plane", ntlmAuthenticate("a\U0001F512", true, 0), "a\U0001F512"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := NTLMUser(tt.b)
			require.True(t, ok)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestNTLMUserAbsent(t *testing.T) {
	whole := ntlmAuthenticate("alice", true, 0)
	outside := append([]byte(nil), whole...)
	binary.LittleEndian.PutUint32(outside[40:], 0xffffffff)
	odd := append([]byte(nil), whole...)
	binary.LittleEndian.PutUint16(odd[36:], 9)
	long := append(append([]byte(nil), whole...), make([]byte, 1000)...)
	binary.LittleEndian.PutUint16(long[36:], maxNTLMUser+2)
	for name, b := range map[string][]byte{
		"empty": nil, "negotiate": []byte("NTLMSSP\x00\x01\x00\x00\x00"), "kerberos": []byte("`\x82\x01\x00"),
		"header cut": whole[:63], "name cut": whole[:len(whole)-1], "name outside": outside,
		"odd length": odd, "too long": long,
	} {
		_, ok := NTLMUser(b)
		assert.False(t, ok, name)
	}
}

func FuzzNTLMUser(f *testing.F) {
	f.Add(ntlmAuthenticate("alice", true, 10))
	f.Add(ntlmAuthenticate("bob", false, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		user, ok := NTLMUser(b)
		if !ok {
			require.Empty(t, user)
		}
		require.LessOrEqual(t, len(user), maxNTLMUser/2*3)
	})
}
