// Package smbwire reads and writes the parts of SMB that a proxy and a small file server
// need: the frame around every message (NetBIOS session service), the headers of SMB1 and
// SMB2/3, the outer headers of encrypted and compressed messages, error replies, the
// account name in an NTLM log-on, and the requests and replies of a file server.
//
// A name that ends in 1 belongs to SMB1, and one that ends in 2 to SMB2 and SMB3.
// Functions called Parse read a message from its header on, and fail with an error that
// wraps ErrMalformed. Functions called Append write, as append does.
//
// The package does no I/O, allocates nothing by a length that a peer has sent, and does
// not look at file data. Layouts are those of MS-CIFS, MS-SMB, MS-SMB2, MS-FSCC, MS-NLMP
// and RFC 1002. Integers are little-endian, except the length of a frame.
package smbwire

import "errors"

// ErrMalformed is wrapped by every error of this package.
var ErrMalformed = errors.New("malformed SMB")

// FrameHeaderSize is the size of a FrameHeader, in bytes.
const FrameHeaderSize = 4

// MaxFrameLength is the largest Length of a FrameHeader.
const MaxFrameLength = 1<<24 - 1

// FrameType is the first byte of a frame (RFC 1002 section 4.3.1).
type FrameType byte

// The frame types of the NetBIOS session service, which port 139 has. On port 445 only
// FrameMessage is in use, and FrameKeepAlive is tolerated.
const (
	FrameMessage          FrameType = 0x00
	FrameSessionRequest   FrameType = 0x81
	FramePositiveResponse FrameType = 0x82
	FrameNegativeResponse FrameType = 0x83
	FrameRetarget         FrameType = 0x84
	FrameKeepAlive        FrameType = 0x85
)

// FrameHeader is the header in front of every message: a type, and the number of bytes
// that follow.
type FrameHeader struct {
	Type   FrameType
	Length int
}

// ParseFrameHeader reads a FrameHeader from the first four bytes of b. An unknown type is
// an error: the peer speaks another protocol.
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

// Append appends the four bytes of h to b. It panics for a Length that is negative or
// above MaxFrameLength, which is a mistake of the caller.
func (h FrameHeader) Append(b []byte) []byte {
	if h.Length < 0 || h.Length > MaxFrameLength {
		panic("smbwire: frame length out of range")
	}
	return append(b, byte(h.Type), byte(h.Length>>16), byte(h.Length>>8), byte(h.Length))
}

// Protocol says which header a message begins with.
type Protocol uint8

// The protocols, by the first four bytes of a message. ProtocolUnknown is anything else,
// and fewer than four bytes.
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

// Status is an NTSTATUS code in the header of a message.
type Status uint32

// The statuses that a proxy has to know (MS-ERREF 2.3.1).
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
