package smbwire

// The object identifiers of SPNEGO (RFC 4178) and NTLMSSP, as DER has them.
var (
	oidSPNEGO  = [...]byte{0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02}
	oidNTLMSSP = [...]byte{0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a}
)

// der returns a DER value whose contents are shorter than 64 KiB.
func der(tag byte, contents ...[]byte) []byte {
	n := 0
	for _, c := range contents {
		n += len(c)
	}
	b := append(make([]byte, 0, 4+n), tag)
	switch {
	case n < 0x80:
		b = append(b, byte(n))
	case n < 0x100:
		b = append(b, 0x81, byte(n))
	default:
		b = append(b, 0x82, byte(n>>8), byte(n))
	}
	for _, c := range contents {
		b = append(b, c...)
	}
	return b
}

// The tags in use: SEQUENCE, OCTET STRING, ENUMERATED, and [n] in front of a
// field.
const (
	derSequence   = 0x30
	derOctets     = 0x04
	derEnumerated = 0x0a
	derField      = 0xa0
)

// spnegoInit returns the token by which a server offers NTLMSSP and nothing
// else.
func spnegoInit() []byte {
	mechanisms := der(derSequence, oidNTLMSSP[:])
	return der(0x60, oidSPNEGO[:], der(derField, der(derSequence, der(derField, mechanisms))))
}

// SPNEGOChallenge returns the token that carries the challenge and asks for
// more.
func SPNEGOChallenge(challenge []byte) []byte {
	return der(derField+1, der(derSequence,
		der(derField, der(derEnumerated, []byte{1})),
		der(derField+1, oidNTLMSSP[:]),
		der(derField+2, der(derOctets, challenge))))
}

// SPNEGODone returns the token that says that the client is accepted.
func SPNEGODone() []byte {
	return der(derField+1, der(derSequence, der(derField, der(derEnumerated, []byte{0}))))
}
