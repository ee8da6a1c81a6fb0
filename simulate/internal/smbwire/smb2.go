package smbwire

import (
	"encoding/binary"
	"fmt"
)

// Sizes of the headers of SMB2 and SMB3, in bytes.
const (
	Header2Size           = 64
	TransformHeaderSize   = 52
	CompressionHeaderSize = 16
)

// Command2 is an SMB2 command.
type Command2 uint16

// The SMB2 commands (MS-SMB2 2.2.1).
const (
	Command2Negotiate      Command2 = 0x0000
	Command2SessionSetup   Command2 = 0x0001
	Command2Logoff         Command2 = 0x0002
	Command2TreeConnect    Command2 = 0x0003
	Command2TreeDisconnect Command2 = 0x0004
	Command2Create         Command2 = 0x0005
	Command2Close          Command2 = 0x0006
	Command2Flush          Command2 = 0x0007
	Command2Read           Command2 = 0x0008
	Command2Write          Command2 = 0x0009
	Command2Lock           Command2 = 0x000a
	Command2Ioctl          Command2 = 0x000b
	Command2Cancel         Command2 = 0x000c
	Command2Echo           Command2 = 0x000d
	Command2QueryDirectory Command2 = 0x000e
	Command2ChangeNotify   Command2 = 0x000f
	Command2QueryInfo      Command2 = 0x0010
	Command2SetInfo        Command2 = 0x0011
	Command2OplockBreak    Command2 = 0x0012
)

// NeedsSession reports whether a server serves c on a session only.
func (c Command2) NeedsSession() bool {
	switch c {
	case Command2Negotiate, Command2SessionSetup, Command2Echo:
		return false
	}
	return true
}

// Flags of an SMB2 header.
const (
	Flags2Reply   uint32 = 0x00000001
	Flags2Async   uint32 = 0x00000002
	Flags2Related uint32 = 0x00000004
	Flags2Sign    uint32 = 0x00000008
)

// Header2 is the header of an SMB2 or SMB3 message. In a request the field Status is the
// channel sequence. With Flags2Async, ProcessID and TreeID are the two halves of the
// AsyncId.
type Header2 struct {
	CreditCharge uint16
	Status       Status
	Command      Command2
	Credits      uint16
	Flags        uint32
	NextCommand  uint32
	MessageID    uint64
	ProcessID    uint32
	TreeID       uint32
	SessionID    uint64
	Signature    [16]byte
}

// ParseHeader2 reads the SMB2 header at the start of b.
func ParseHeader2(b []byte) (Header2, error) {
	if ProtocolOf(b) != ProtocolSMB2 || len(b) < Header2Size {
		return Header2{}, malformed("SMB2 header in %d bytes", len(b))
	}
	le := binary.LittleEndian
	if n := le.Uint16(b[4:]); n != Header2Size {
		return Header2{}, malformed("SMB2 header of size %d", n)
	}
	return Header2{
		CreditCharge: le.Uint16(b[6:]),
		Status:       Status(le.Uint32(b[8:])),
		Command:      Command2(le.Uint16(b[12:])),
		Credits:      le.Uint16(b[14:]),
		Flags:        le.Uint32(b[16:]),
		NextCommand:  le.Uint32(b[20:]),
		MessageID:    le.Uint64(b[24:]),
		ProcessID:    le.Uint32(b[32:]),
		TreeID:       le.Uint32(b[36:]),
		SessionID:    le.Uint64(b[40:]),
		Signature:    [16]byte(b[48:64]),
	}, nil
}

// Append appends the 64 bytes of h to b.
func (h Header2) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, 0xfe, 'S', 'M', 'B')
	b = le.AppendUint16(b, Header2Size)
	b = le.AppendUint16(b, h.CreditCharge)
	b = le.AppendUint32(b, uint32(h.Status))
	b = le.AppendUint16(b, uint16(h.Command))
	b = le.AppendUint16(b, h.Credits)
	b = le.AppendUint32(b, h.Flags)
	b = le.AppendUint32(b, h.NextCommand)
	b = le.AppendUint64(b, h.MessageID)
	b = le.AppendUint32(b, h.ProcessID)
	b = le.AppendUint32(b, h.TreeID)
	b = le.AppendUint64(b, h.SessionID)
	return append(b, h.Signature[:]...)
}

// IsReply reports whether h belongs to a reply.
func (h Header2) IsReply() bool { return h.Flags&Flags2Reply != 0 }

// IsAsync reports whether h carries an AsyncId in the place of the tree.
func (h Header2) IsAsync() bool { return h.Flags&Flags2Async != 0 }

// IsRelated reports whether h is related to the message before it in a compound, and so is
// on the session and tree of that.
func (h Header2) IsRelated() bool { return h.Flags&Flags2Related != 0 }

// Reply returns the header of a single, unsigned, synchronous reply with the status. h is
// the header of the request, or of a reply that the new one replaces. The numbers of
// message and session stay, and so do the credits. The reply grants at least one credit,
// as a client without credits can send nothing more.
func (h Header2) Reply(status Status) Header2 {
	h.Status = status
	if h.IsAsync() {
		h.ProcessID, h.TreeID = 0, 0
	}
	h.Flags = h.Flags&^(Flags2Async|Flags2Related|Flags2Sign) | Flags2Reply
	h.NextCommand = 0
	h.Credits = max(h.Credits, 1)
	h.Signature = [16]byte{}
	return h
}

// AppendReply2 appends a whole frame to b: a reply with the status and the body. h is as
// for [Header2.Reply].
func AppendReply2(b []byte, h Header2, status Status, body []byte) []byte {
	b = FrameHeader{Type: FrameMessage, Length: Header2Size + len(body)}.Append(b)
	b = h.Reply(status).Append(b)
	return append(b, body...)
}

// AppendError2 appends a whole frame to b: an error reply without data (MS-SMB2 2.2.2). h
// is as for [Header2.Reply].
func AppendError2(b []byte, h Header2, status Status) []byte {
	return AppendReply2(b, h, status, []byte(emptyError2))
}

// emptyError2 is the body of an error reply without data.
const emptyError2 = "\x09\x00\x00\x00\x00\x00\x00\x00\x00"

// AppendSessionDeleted2 appends a whole frame to b: the answer to a request on a session
// that does not exist. reply is the header of the file server's answer to the ECHO that
// AppendEcho2 has put in the place of the request; the credits come from there. The answer
// repeats the request's signature, as servers do and some clients expect.
func AppendSessionDeleted2(b []byte, request, reply Header2) []byte {
	request.Credits = reply.Credits
	h := request.Reply(StatusUserSessionDeleted)
	h.ProcessID, h.TreeID = request.ProcessID, request.TreeID
	if request.Flags&Flags2Sign != 0 {
		h.Flags |= Flags2Sign
		h.Signature = request.Signature
	}
	b = FrameHeader{Type: FrameMessage, Length: Header2Size + len(emptyError2)}.Append(b)
	return append(h.Append(b), emptyError2...)
}

// AppendEcho2 appends a whole frame to b: an ECHO request in the place of the request h.
// It has the same message numbers and asks for the same credits, but names neither session
// nor tree.
func AppendEcho2(b []byte, h Header2) []byte {
	h.Command = Command2Echo
	h.Status = 0
	h.Flags = 0
	h.NextCommand = 0
	h.ProcessID, h.TreeID, h.SessionID = 0, 0, 0
	h.Signature = [16]byte{}
	b = FrameHeader{Type: FrameMessage, Length: Header2Size + 4}.Append(b)
	b = h.Append(b)
	return append(b, 4, 0, 0, 0)
}

// NextOffset returns the offset of the next header in a compound, from the start of this
// one. left is the number of bytes from the start of this header to the end of the frame,
// and is returned if there is no next header.
func (h Header2) NextOffset(left int) (int, error) {
	if h.NextCommand == 0 {
		return left, nil
	}
	if h.NextCommand < Header2Size || h.NextCommand%8 != 0 || int64(h.NextCommand)+Header2Size > int64(left) {
		return 0, malformed("SMB2 NextCommand %d of %d bytes", h.NextCommand, left)
	}
	return int(h.NextCommand), nil
}

// SessionSetup2 is the fixed part of an SMB2 SESSION_SETUP request, as far as a session
// depends on it.
type SessionSetup2 struct {
	Binding         bool   // the request binds a session of another connection to this one
	SecurityMode    uint8  // the client's, as in a NEGOTIATE
	PreviousSession uint64 // the client's earlier session that this one replaces, or 0
}

// SessionSetup2Size is how many bytes of a message ParseSessionSetup2 needs.
const SessionSetup2Size = Header2Size + 24

// ParseSessionSetup2 reads the fixed part of a SESSION_SETUP request.
func ParseSessionSetup2(msg []byte) (SessionSetup2, error) {
	if len(msg) < SessionSetup2Size {
		return SessionSetup2{}, malformed("SMB2 SESSION_SETUP of %d bytes", len(msg))
	}
	return SessionSetup2{
		Binding:         msg[Header2Size+2]&1 != 0,
		SecurityMode:    msg[Header2Size+3],
		PreviousSession: binary.LittleEndian.Uint64(msg[Header2Size+16:]),
	}, nil
}

// ParseTransform returns the session of an encrypted message, which must fill its frame of
// that length. A server would take bytes behind the message for another one, on a session
// that the caller has not seen.
func ParseTransform(b []byte, length int) (sessionID uint64, err error) {
	if ProtocolOf(b) != ProtocolTransform || len(b) < TransformHeaderSize {
		return 0, malformed("SMB2 transform header in %d bytes", len(b))
	}
	if n := binary.LittleEndian.Uint32(b[36:]); int64(n)+TransformHeaderSize != int64(length) {
		return 0, malformed("encrypted message of %d bytes in a frame of %d", n, length)
	}
	return binary.LittleEndian.Uint64(b[44:]), nil
}

// ParseCompression reports whether the SMB2 header of the compressed message b is not
// compressed. It then begins at CompressionHeaderSize. That is so if the compressed part of
// an unchained message begins behind the header, or if the first part of a chained one is
// not compressed (MS-SMB2 2.2.42).
func ParseCompression(b []byte) (headerInClear bool, err error) {
	if ProtocolOf(b) != ProtocolCompressed || len(b) < CompressionHeaderSize {
		return false, malformed("SMB2 compression header in %d bytes", len(b))
	}
	le := binary.LittleEndian
	algorithm, chained, n := le.Uint16(b[8:]), le.Uint16(b[10:])&1 != 0, le.Uint32(b[12:])
	return n >= Header2Size && (!chained || algorithm == 0), nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
