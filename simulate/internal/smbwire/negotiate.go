package smbwire

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Dialect is an SMB2 or SMB3 dialect.
type Dialect uint16

// The dialects (MS-SMB2 2.2.4). DialectWildcard answers an SMB1 NEGOTIATE, after which
// the client sends one of SMB2.
const (
	Dialect202      Dialect = 0x0202
	Dialect21       Dialect = 0x0210
	Dialect30       Dialect = 0x0300
	Dialect302      Dialect = 0x0302
	Dialect311      Dialect = 0x0311
	DialectWildcard Dialect = 0x02ff
)

// The dialects by which an SMB1 NEGOTIATE offers SMB 2.0.2, and SMB 2.1 and
// later.
const (
	Dialect1SMB202 = "SMB 2.002"
	Dialect1SMB2   = "SMB 2.???"
)

// Dialects1 returns the dialects that an SMB1 NEGOTIATE request offers (MS-CIFS
// 2.2.4.52.1).
func Dialects1(msg []byte) ([]string, error) {
	if len(msg) < MinMessage1Size || msg[Header1Size] != 0 {
		return nil, malformed("SMB1 NEGOTIATE of %d bytes", len(msg))
	}
	list := msg[MinMessage1Size:]
	if n := int(binary.LittleEndian.Uint16(msg[Header1Size+1:])); n <= len(list) {
		list = list[:n]
	} else {
		return nil, malformed("SMB1 NEGOTIATE: %d bytes of %d", len(list), n)
	}
	var dialects []string
	for len(list) > 0 {
		name, rest, ended := bytes.Cut(list[1:], []byte{0})
		if list[0] != 2 || !ended {
			return nil, malformed("SMB1 NEGOTIATE: list of dialects")
		}
		dialects = append(dialects, string(name))
		list = rest
	}
	return dialects, nil
}

// AppendNoDialect1 appends a whole frame to b: the reply to the SMB1 NEGOTIATE request h
// that accepts none of its dialects (MS-CIFS 2.2.4.52.2).
func AppendNoDialect1(b []byte, h Header1) []byte {
	b = FrameHeader{Type: FrameMessage, Length: MinMessage1Size + 2}.Append(b)
	b = h.Reply(StatusSuccess).Append(b)
	return append(b, 1, 0xff, 0xff, 0, 0)
}

// Security modes of a NEGOTIATE or SESSION_SETUP (MS-SMB2 2.2.3).
const (
	SigningEnabled  uint16 = 1
	SigningRequired uint16 = 2
)

// maxDialects2 bounds the list of dialects of a request, as Windows does (MS-SMB2 2.2.3).
const maxDialects2 = 64

// NegotiateRequest2 is an SMB2 NEGOTIATE request (MS-SMB2 2.2.3).
type NegotiateRequest2 struct {
	SecurityMode uint16
	Capabilities uint32
	GUID         [16]byte
	Dialects     []Dialect // in the order of the message

	contexts []byte
	count    int
}

// ParseNegotiateRequest2 reads an SMB2 NEGOTIATE request.
func ParseNegotiateRequest2(msg []byte) (NegotiateRequest2, error) {
	b, err := body2(msg, "NEGOTIATE", 36)
	if err != nil {
		return NegotiateRequest2{}, err
	}
	le := binary.LittleEndian
	r := NegotiateRequest2{
		SecurityMode: le.Uint16(b[4:]),
		Capabilities: le.Uint32(b[8:]),
		GUID:         [16]byte(b[12:28]),
	}
	n := int(le.Uint16(b[2:]))
	if n == 0 || n > maxDialects2 || 36+2*n > len(b) {
		return r, malformed("SMB2 NEGOTIATE: %d dialects in %d bytes", n, len(b))
	}
	for i := range n {
		r.Dialects = append(r.Dialects, Dialect(le.Uint16(b[36+2*i:])))
	}
	// Without SMB 3.1.1 the field of the contexts is a time.
	for _, d := range r.Dialects {
		if d != Dialect311 {
			continue
		}
		offset := le.Uint32(b[28:])
		r.count = int(le.Uint16(b[32:]))
		if r.count > 0 {
			if offset < Header2Size+36 || int64(offset) > int64(len(msg)) {
				return r, malformed("SMB2 NEGOTIATE: contexts at %d of %d", offset, len(msg))
			}
			r.contexts = msg[offset:]
		}
	}
	return r, nil
}

// The negotiate contexts that Contexts reads (MS-SMB2 2.2.3.1), and the only hash
// algorithm that the protocol has.
const (
	contextPreauth = 1
	contextSigning = 8
	hashSHA512     = 1
)

// Contexts2 is what the contexts of a NEGOTIATE request offer.
type Contexts2 struct {
	SHA512  bool     // SHA-512 for pre-authentication integrity
	Signing []uint16 // the signing algorithms, nil if the client has not sent any
}

// Contexts reads the negotiate contexts of SMB 3.1.1. It fails without one for
// pre-authentication integrity, and if one occurs twice.
func (r *NegotiateRequest2) Contexts() (Contexts2, error) {
	le := binary.LittleEndian
	var c Contexts2
	var preauth bool
	rest := r.contexts
	for i := range r.count {
		if len(rest) < 8 {
			return c, malformed("SMB2 NEGOTIATE: context of %d bytes", len(rest))
		}
		kind, n := le.Uint16(rest), int(le.Uint16(rest[2:]))
		if 8+n > len(rest) {
			return c, malformed("SMB2 NEGOTIATE: context of %d bytes in %d", n, len(rest)-8)
		}
		data := rest[8:][:n]
		switch kind {
		case contextPreauth:
			list, err := numbers(data, 4)
			if err != nil || preauth {
				return c, malformed("SMB2 NEGOTIATE: pre-authentication context")
			}
			preauth = true
			for _, id := range list {
				c.SHA512 = c.SHA512 || id == hashSHA512
			}
		case contextSigning:
			list, err := numbers(data, 2)
			if err != nil || c.Signing != nil {
				return c, malformed("SMB2 NEGOTIATE: signing context")
			}
			c.Signing = list
		}
		if i == r.count-1 {
			break
		}
		n = (8 + n + 7) &^ 7
		if n > len(rest) {
			return c, malformed("SMB2 NEGOTIATE: contexts end early")
		}
		rest = rest[n:]
	}
	if !preauth {
		return c, malformed("SMB2 NEGOTIATE: no pre-authentication context")
	}
	return c, nil
}

// numbers reads a list of 16-bit numbers. Their count is at the beginning of data, and
// they begin at the offset.
func numbers(data []byte, offset int) ([]uint16, error) {
	if len(data) < offset {
		return nil, ErrMalformed
	}
	n := int(binary.LittleEndian.Uint16(data))
	if n == 0 || offset+2*n > len(data) {
		return nil, ErrMalformed
	}
	list := make([]uint16, n)
	for i := range list {
		list[i] = binary.LittleEndian.Uint16(data[offset+2*i:])
	}
	return list, nil
}

// NegotiateReply2 is an SMB2 NEGOTIATE reply. Append adds the contexts if the dialect is
// SMB 3.1.1.
type NegotiateReply2 struct {
	SecurityMode uint16
	Dialect      Dialect
	GUID         [16]byte
	MaxSize      uint32 // bytes of a read, a write or a transaction, at most
	Time         time.Time
	Salt         [32]byte
	Signing      *uint16 // the signing algorithm chosen, nil if the client has offered none
}

// Append appends the body of the reply, which offers NTLMSSP for the log-on (MS-SMB2
// 2.2.4).
func (r NegotiateReply2) Append(b []byte) []byte {
	le := binary.LittleEndian
	token := spnegoInit()
	contexts, count := r.contexts()
	b = le.AppendUint16(b, 65)
	b = le.AppendUint16(b, r.SecurityMode)
	b = le.AppendUint16(b, uint16(r.Dialect))
	b = le.AppendUint16(b, count)
	b = append(b, r.GUID[:]...)
	b = le.AppendUint32(b, 0)
	for range 3 {
		b = le.AppendUint32(b, r.MaxSize)
	}
	b = le.AppendUint64(b, FileTime(r.Time))
	b = le.AppendUint64(b, 0)
	b = le.AppendUint16(b, Header2Size+64)
	b = le.AppendUint16(b, uint16(len(token)))
	if count == 0 {
		return append(append(b, 0, 0, 0, 0), token...)
	}
	padding := -len(token) & 7
	b = le.AppendUint32(b, uint32(Header2Size+64+len(token)+padding))
	b = append(append(b, token...), make([]byte, padding)...)
	return append(b, contexts...)
}

func (r NegotiateReply2) contexts() (b []byte, count uint16) {
	if r.Dialect != Dialect311 {
		return nil, 0
	}
	le := binary.LittleEndian
	add := func(kind uint16, data []byte) {
		b = append(b, make([]byte, -len(b)&7)...)
		b = le.AppendUint16(b, kind)
		b = le.AppendUint16(b, uint16(len(data)))
		b = append(b, 0, 0, 0, 0)
		b = append(b, data...)
		count++
	}
	add(contextPreauth, append([]byte{1, 0, byte(len(r.Salt)), 0, hashSHA512, 0}, r.Salt[:]...))
	if r.Signing != nil {
		add(contextSigning, le.AppendUint16([]byte{1, 0}, *r.Signing))
	}
	return b, count
}

// ValidateNegotiate2 is what a client repeats of its NEGOTIATE request in a signed message
// (MS-SMB2 2.2.31.4), so that a change on the way is noticed.
type ValidateNegotiate2 struct {
	Capabilities uint32
	GUID         [16]byte
	SecurityMode uint16
	Dialects     []Dialect
}

// ParseValidateNegotiate2 reads the input of FSCTL_VALIDATE_NEGOTIATE_INFO.
func ParseValidateNegotiate2(b []byte) (ValidateNegotiate2, error) {
	le := binary.LittleEndian
	if len(b) < 24 {
		return ValidateNegotiate2{}, malformed("VALIDATE_NEGOTIATE_INFO of %d bytes", len(b))
	}
	v := ValidateNegotiate2{
		Capabilities: le.Uint32(b), GUID: [16]byte(b[4:20]), SecurityMode: le.Uint16(b[20:]),
	}
	n := int(le.Uint16(b[22:]))
	if n > maxDialects2 || 24+2*n > len(b) {
		return v, malformed("VALIDATE_NEGOTIATE_INFO: %d dialects in %d bytes", n, len(b))
	}
	for i := range n {
		v.Dialects = append(v.Dialects, Dialect(le.Uint16(b[24+2*i:])))
	}
	return v, nil
}

// ValidateNegotiateReplySize is the size of what AppendValidateNegotiate2
// appends.
const ValidateNegotiateReplySize = 24

// AppendValidateNegotiate2 appends the output of FSCTL_VALIDATE_NEGOTIATE_INFO, which
// repeats r (MS-SMB2 2.2.32.6).
func AppendValidateNegotiate2(b []byte, r NegotiateReply2) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, 0)
	b = append(b, r.GUID[:]...)
	b = le.AppendUint16(b, r.SecurityMode)
	return le.AppendUint16(b, uint16(r.Dialect))
}
