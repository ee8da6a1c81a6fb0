package smbwire

import "bytes"

// The object identifiers of SPNEGO (RFC 4178) and NTLMSSP, in DER.
var (
	oidSPNEGO  = [...]byte{0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02}
	oidNTLMSSP = [...]byte{0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a}
)

// der returns a value in DER. Its contents must be shorter than 64 KiB.
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

// The tags of DER that SPNEGO uses: SEQUENCE, OCTET STRING, ENUMERATED, and that of the
// first field of a sequence.
const (
	derSequence   = 0x30
	derOctets     = 0x04
	derEnumerated = 0x0a
	derField      = 0xa0
)

// spnegoInit returns the token by which a server offers NTLMSSP and no other mechanism.
func spnegoInit() []byte {
	mechanisms := der(derSequence, oidNTLMSSP[:])
	return der(0x60, oidSPNEGO[:], der(derField, der(derSequence, der(derField, mechanisms))))
}

// SPNEGO is a client's token (RFC 4178 4.2).
type SPNEGO struct {
	Init       bool   // it is the first token, which lists mechanisms
	Mechanisms []byte // the list in DER, for integrity codes
	NTLM       bool   // the list has NTLMSSP
	NTLMFirst  bool   // the list begins with NTLMSSP, so that Token is for it
	Token      []byte // the token of the mechanism; may be empty
	MIC        []byte // the integrity code of the list; may be empty
}

// ParseSPNEGO reads a client's token.
func ParseSPNEGO(b []byte) (SPNEGO, error) {
	var s SPNEGO
	tag, body, _, err := derNext(b)
	if err != nil {
		return s, err
	}
	switch tag {
	case 0x60:
		s.Init = true
		rest, ok := bytes.CutPrefix(body, oidSPNEGO[:])
		if !ok {
			return s, malformed("GSS token that is not SPNEGO")
		}
		if tag, body, _, err = derNext(rest); err != nil || tag != derField {
			return s, malformed("SPNEGO token without its first field")
		}
	case derField + 1:
	default:
		return s, malformed("SPNEGO token of tag 0x%02x", tag)
	}
	if tag, body, _, err = derNext(body); err != nil || tag != derSequence {
		return s, malformed("SPNEGO token that is no sequence")
	}
	for len(body) > 0 {
		var field []byte
		if tag, field, body, err = derNext(body); err != nil {
			return s, err
		}
		switch {
		case tag == derField && s.Init:
			if err := s.mechanisms(field); err != nil {
				return s, err
			}
		case tag == derField+2:
			_, s.Token, _, err = derNext(field)
		case tag == derField+3:
			_, s.MIC, _, err = derNext(field)
		}
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

func (s *SPNEGO) mechanisms(field []byte) error {
	tag, list, _, err := derNext(field)
	if err != nil || tag != derSequence {
		return malformed("SPNEGO mechanisms that are no sequence")
	}
	s.Mechanisms = field
	for first := true; len(list) > 0; first = false {
		whole := list
		if _, _, list, err = derNext(list); err != nil {
			return err
		}
		if bytes.Equal(whole[:len(whole)-len(list)], oidNTLMSSP[:]) {
			s.NTLM = true
			s.NTLMFirst = s.NTLMFirst || first
		}
	}
	return nil
}

// derNext returns the value at the start of b, and the bytes behind it.
func derNext(b []byte) (tag byte, contents, rest []byte, err error) {
	if len(b) < 2 {
		return 0, nil, nil, malformed("DER of %d bytes", len(b))
	}
	tag = b[0]
	n, b := int(b[1]), b[2:]
	if n >= 0x80 {
		size := n - 0x80
		if size == 0 || size > 3 || size > len(b) {
			return 0, nil, nil, malformed("DER length of %d bytes", size)
		}
		n = 0
		for _, c := range b[:size] {
			n = n<<8 | int(c)
		}
		b = b[size:]
	}
	if n > len(b) {
		return 0, nil, nil, malformed("DER value of %d bytes in %d", n, len(b))
	}
	return tag, b[:n], b[n:], nil
}

// States of a server's SPNEGO token.
const (
	SPNEGOCompleted  byte = 0
	SPNEGOIncomplete byte = 1
	SPNEGORequestMIC byte = 3
)

// SPNEGOReply returns a server's token. It has the state, NTLMSSP as the mechanism if
// tellMechanism is set, a token of NTLMSSP, and an integrity code of the client's list of
// mechanisms. token and mic may be empty.
func SPNEGOReply(state byte, tellMechanism bool, token, mic []byte) []byte {
	fields := [][]byte{der(derField, der(derEnumerated, []byte{state}))}
	if tellMechanism {
		fields = append(fields, der(derField+1, oidNTLMSSP[:]))
	}
	if len(token) > 0 {
		fields = append(fields, der(derField+2, der(derOctets, token)))
	}
	if len(mic) > 0 {
		fields = append(fields, der(derField+3, der(derOctets, mic)))
	}
	return der(derField+1, der(derSequence, fields...))
}
