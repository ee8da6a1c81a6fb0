package smbwire

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// maxNTLMUser bounds the account name that NTLMUser returns, in bytes of
// UTF-16: Windows account names have at most 20 characters, and the longest
// name a directory allows has 256.
const maxNTLMUser = 512

// The NTLMSSP messages (MS-NLMP 2.2.1).
const (
	NTLMNegotiate    = 1
	NTLMChallenge    = 2
	NTLMAuthenticate = 3
)

// NTLMFind returns the NTLMSSP message in b, wherever in b it stands, and its
// type. ok is false if there is none.
func NTLMFind(b []byte) (msg []byte, kind uint32, ok bool) {
	i := bytes.Index(b, []byte("NTLMSSP\x00"))
	if i < 0 || len(b)-i < 16 {
		return nil, 0, false
	}
	return b[i:], binary.LittleEndian.Uint32(b[i+8:]), true
}

// Flags of NTLMSSP messages (MS-NLMP 2.2.2.5): what a server agrees to if the
// client asks for it, and what it says on its own.
const (
	ntlmAgreed = 0x60088215 // key exchange, 128 bit, extended security, signing, NTLM, target, Unicode
	ntlmServer = 0x00820001 // target info, target is a server, Unicode
)

// AppendNTLMChallenge appends the CHALLENGE message of the server called name
// to b. negotiate is the client's message that it answers.
func AppendNTLMChallenge(b, negotiate []byte, challenge [8]byte, name string) []byte {
	le := binary.LittleEndian
	var asked uint32
	if len(negotiate) >= 16 {
		asked = le.Uint32(negotiate[12:])
	}
	var target []byte
	for _, unit := range utf16.Encode([]rune(name)) {
		target = le.AppendUint16(target, unit)
	}
	var info []byte
	for _, id := range []uint16{2, 1, 4, 3} { // domain and computer, NetBIOS and DNS
		info = le.AppendUint16(info, id)
		info = le.AppendUint16(info, uint16(len(target)))
		info = append(info, target...)
	}
	info = append(info, 0, 0, 0, 0)

	const size = 56
	field := func(n, offset int) {
		b = le.AppendUint16(b, uint16(n))
		b = le.AppendUint16(b, uint16(n))
		b = le.AppendUint32(b, uint32(offset))
	}
	b = append(b, "NTLMSSP\x00"...)
	b = le.AppendUint32(b, NTLMChallenge)
	field(len(target), size)
	b = le.AppendUint32(b, asked&ntlmAgreed|ntlmServer)
	b = append(b, challenge[:]...)
	b = append(b, make([]byte, 8)...)
	field(len(info), size+len(target))
	b = append(b, make([]byte, 8)...) // version, which the flags do not announce
	b = append(b, target...)
	return append(b, info...)
}

// NTLMUser returns the account name of the NTLMSSP AUTHENTICATE message
// (type 3) in b, wherever in b it stands: SMB wraps it in SPNEGO. ok is false
// if there is none or if the name lies outside b. An empty name with ok true
// is an anonymous logon (MS-NLMP 2.2.1.3).
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
