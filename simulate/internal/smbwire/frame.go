// Package smbwire reads and writes the few bytes of SMB that a program needs
// which stands between a client and a file server, or which answers in the
// place of one: the NetBIOS session service framing around every message, the
// headers of SMB1 and SMB2/3, the outer headers of encrypted and compressed
// messages, error replies, the account name in an NTLM logon, and the requests
// and replies of a small file server.
//
// Nothing here does I/O, allocates by a length that a peer has sent, or looks
// at file data. Layouts are those of MS-CIFS, MS-SMB, MS-SMB2, MS-NLMP and
// RFC 1002; integers are little-endian except the framing length.
package smbwire

import "errors"

// ErrMalformed is wrapped by every parsing error of this package.
var ErrMalformed = errors.New("malformed SMB")

// FrameHeaderSize is the size of the header in front of every message.
const FrameHeaderSize = 4

// MaxFrameLength is the largest length a FrameHeader can express.
const MaxFrameLength = 1<<24 - 1

// FrameType is the first byte of a frame (RFC 1002 section 4.3.1).
type FrameType byte

// The frame types of the NetBIOS session service. Over port 445 only
// FrameMessage is used, and FrameKeepAlive tolerated.
const (
	FrameMessage          FrameType = 0x00
	FrameSessionRequest   FrameType = 0x81
	FramePositiveResponse FrameType = 0x82
	FrameNegativeResponse FrameType = 0x83
	FrameRetarget         FrameType = 0x84
	FrameKeepAlive        FrameType = 0x85
)

// FrameHeader is the header in front of every message: a type and the number
// of bytes that follow.
type FrameHeader struct {
	Type   FrameType
	Length int
}

// ParseFrameHeader reads a FrameHeader from the first four bytes of b. A type
// that the session service does not know is malformed: the peer speaks
// something else.
func ParseFrameHeader(b []byte) (FrameHeader, error) {
	if len(b) < FrameHeaderSize {
		return FrameHeader{}, malformed("frame header of %d bytes", len(b))
	}
	h := FrameHeader{
		Type:   FrameType(b[0]),
		Length: int(b[1])<<16 | int(b[2])<<8 | int(b[3]),
	}
	switch h.Type {
	case FrameMessage, FrameSessionRequest, FramePositiveResponse,
		FrameNegativeResponse, FrameRetarget, FrameKeepAlive:
		return h, nil
	}
	return FrameHeader{}, malformed("frame type 0x%02x", b[0])
}

// Append appends the four bytes of h to b. A Length beyond MaxFrameLength
// panics: only the caller's own arithmetic can produce one.
func (h FrameHeader) Append(b []byte) []byte {
	if h.Length < 0 || h.Length > MaxFrameLength {
		panic("smbwire: frame length out of range")
	}
	return append(b, byte(h.Type), byte(h.Length>>16), byte(h.Length>>8), byte(h.Length))
}

// Protocol says which header a message begins with.
type Protocol uint8

// The protocols, by the first four bytes of a message. ProtocolUnknown is
// anything else, fewer than four bytes among it.
const (
	ProtocolUnknown    Protocol = iota
	ProtocolSMB1                // FF 'S' 'M' 'B'
	ProtocolSMB2                // FE 'S' 'M' 'B', also SMB 3
	ProtocolTransform           // FD 'S' 'M' 'B', an encrypted message
	ProtocolCompressed          // FC 'S' 'M' 'B', a compressed message
)

// ProtocolOf returns the protocol of the message that starts with b.
func ProtocolOf(b []byte) Protocol {
	if len(b) < 4 || b[1] != 'S' || b[2] != 'M' || b[3] != 'B' {
		return ProtocolUnknown
	}
	switch b[0] {
	case 0xff:
		return ProtocolSMB1
	case 0xfe:
		return ProtocolSMB2
	case 0xfd:
		return ProtocolTransform
	case 0xfc:
		return ProtocolCompressed
	}
	return ProtocolUnknown
}

// Status is an NTSTATUS code as SMB carries it.
type Status uint32

// The statuses that decide what becomes of a session, and what a server
// answers to what it cannot serve (MS-ERREF 2.3.1).
const (
	StatusSuccess                Status = 0x00000000
	StatusPending                Status = 0x00000103
	StatusInvalidParameter       Status = 0xC000000D
	StatusMoreProcessingRequired Status = 0xC0000016
	StatusInsufficientResources  Status = 0xC000009A
	StatusNotSupported           Status = 0xC00000BB
	StatusNetworkNameDeleted     Status = 0xC00000C9
	StatusRequestNotAccepted     Status = 0xC00000D0
	StatusUserSessionDeleted     Status = 0xC0000203
)
