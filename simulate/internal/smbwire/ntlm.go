package smbwire

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// maxNTLMUser bounds the account name that NTLMUser returns, in bytes of UTF-16. An
// account name of Windows has at most 20 characters, and the longest name of a directory
// 256.
const maxNTLMUser = 512

// NTLMUser returns the account name in the first NTLMSSP AUTHENTICATE message in b
// (MS-NLMP 2.2.1.3). The message may be anywhere in b, as in a token of SPNEGO. ok is
// false if there is none, or if the name is not inside b. An empty name with ok true is
// that of an anonymous log-on.
func NTLMUser(b []byte) (user string, ok bool) {
	i := bytes.Index(b, []byte("NTLMSSP\x00\x03\x00\x00\x00"))
	if i < 0 {
		return "", false
	}
	b = b[i:]
	if len(b) < 64 {
		return "", false
	}
	le := binary.LittleEndian
	length, offset := int(le.Uint16(b[36:])), uint64(le.Uint32(b[40:]))
	if length > maxNTLMUser || offset+uint64(length) > uint64(len(b)) {
		return "", false
	}
	name := b[offset:][:length]
	if unicode := le.Uint32(b[60:])&1 != 0; !unicode {
		return string(name), true
	}
	if length%2 != 0 {
		return "", false
	}
	units := make([]uint16, length/2)
	for i := range units {
		units[i] = le.Uint16(name[2*i:])
	}
	return string(utf16.Decode(units)), true
}
