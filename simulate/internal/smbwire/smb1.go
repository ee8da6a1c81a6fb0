package smbwire

import "encoding/binary"

// Header1Size is the size of an SMB1 header.
const Header1Size = 32

// MinMessage1Size is the size of the smallest SMB1 message: the header, a
// WordCount of 0 and a ByteCount of 0.
const MinMessage1Size = Header1Size + 3

// Command1 is an SMB1 command.
type Command1 byte

// The SMB1 commands that begin or end a session or open or close a file, and all that can
// be chained (AndX, MS-CIFS 2.2.3.4).
const (
	Command1Open           Command1 = 0x02
	Command1Create         Command1 = 0x03
	Command1WriteRaw       Command1 = 0x1d // the next frame is data without a header
	Command1Close          Command1 = 0x04
	Command1CreateNew      Command1 = 0x0f
	Command1LockingAndX    Command1 = 0x24
	Command1Echo           Command1 = 0x2b
	Command1OpenAndX       Command1 = 0x2d
	Command1ReadAndX       Command1 = 0x2e
	Command1WriteAndX      Command1 = 0x2f
	Command1TreeDisconnect Command1 = 0x71
	Command1Negotiate      Command1 = 0x72
	Command1SessionSetup   Command1 = 0x73
	Command1Logoff         Command1 = 0x74
	Command1TreeConnect    Command1 = 0x75
	Command1NTCreate       Command1 = 0xa2
	Command1NTCancel       Command1 = 0xa4
	Command1None           Command1 = 0xff // ends an AndX chain
)

// AndX reports whether another command can follow c in the same message.
func (c Command1) AndX() bool {
	switch c {
	case Command1LockingAndX, Command1OpenAndX, Command1ReadAndX, Command1WriteAndX,
		Command1SessionSetup, Command1Logoff, Command1TreeConnect, Command1NTCreate:
		return true
	}
	return false
}

// NeedsSession reports whether a server serves c on a session only. TREE_DISCONNECT needs
// none: it names the tree, and some clients send it after the logoff.
func (c Command1) NeedsSession() bool {
	switch c {
	case Command1Negotiate, Command1SessionSetup, Command1Echo, Command1TreeDisconnect, Command1NTCancel:
		return false
	}
	return true
}

// Flags of an SMB1 header.
const (
	Flags1Reply    uint8  = 0x80
	Flags2Signed   uint16 = 0x0004
	Flags2NTStatus uint16 = 0x4000
	Flags2Unicode  uint16 = 0x8000
	Flags2Extended uint16 = 0x0800 // extended security
)

// The DOS forms of statuses: the class in the low byte, the code in the high half.
const (
	statusDOSNoMore   Status = 0x00470001
	statusDOSBadUID   Status = 0x005B0002
	statusDOSMoreData Status = 0x00EA0001
)

// Header1 is the header of an SMB1 message. Status has the four status bytes as they are
// on the wire: an NTSTATUS if Flags2NTStatus is set, otherwise the DOS class in the low
// byte and the DOS code in the high half.
type Header1 struct {
	Command   Command1
	Status    Status
	Flags     uint8
	Flags2    uint16
	PIDHigh   uint16
	Signature [8]byte
	Reserved  uint16
	TID       uint16
	PID       uint16
	UID       uint16
	MID       uint16
}

// ParseHeader1 reads the SMB1 header at the start of b.
func ParseHeader1(b []byte) (Header1, error) {
	if ProtocolOf(b) != ProtocolSMB1 || len(b) < Header1Size {
		return Header1{}, malformed("SMB1 header in %d bytes", len(b))
	}
	le := binary.LittleEndian
	return Header1{
		Command:   Command1(b[4]),
		Status:    Status(le.Uint32(b[5:])),
		Flags:     b[9],
		Flags2:    le.Uint16(b[10:]),
		PIDHigh:   le.Uint16(b[12:]),
		Signature: [8]byte(b[14:22]),
		Reserved:  le.Uint16(b[22:]),
		TID:       le.Uint16(b[24:]),
		PID:       le.Uint16(b[26:]),
		UID:       le.Uint16(b[28:]),
		MID:       le.Uint16(b[30:]),
	}, nil
}

// Append appends the 32 bytes of h to b.
func (h Header1) Append(b []byte) []byte {
	le := binary.LittleEndian
	b = append(b, 0xff, 'S', 'M', 'B', byte(h.Command))
	b = le.AppendUint32(b, uint32(h.Status))
	b = append(b, h.Flags)
	b = le.AppendUint16(b, h.Flags2)
	b = le.AppendUint16(b, h.PIDHigh)
	b = append(b, h.Signature[:]...)
	b = le.AppendUint16(b, h.Reserved)
	b = le.AppendUint16(b, h.TID)
	b = le.AppendUint16(b, h.PID)
	b = le.AppendUint16(b, h.UID)
	return le.AppendUint16(b, h.MID)
}

// IsReply reports whether h belongs to a reply.
func (h Header1) IsReply() bool { return h.Flags&Flags1Reply != 0 }

// IsMoreProcessing reports whether the status of a reply is
// StatusMoreProcessingRequired, or the DOS form of it, which is class 1 code 234
// (MS-CIFS 2.2.2.4).
func (h Header1) IsMoreProcessing() bool {
	if h.Flags2&Flags2NTStatus == 0 && h.Status == statusDOSMoreData {
		return true
	}
	return h.Status == StatusMoreProcessingRequired
}

// Reply returns the header of an unsigned reply with the status. h is the header of the
// request, or of a reply that the new one replaces. If h does not ask for NT statuses, two
// of them get their DOS form: class 1 code 71 for StatusRequestNotAccepted, and class 2
// code 91 for StatusUserSessionDeleted.
func (h Header1) Reply(status Status) Header1 {
	h.Status = status
	if h.Flags2&Flags2NTStatus == 0 {
		switch status {
		case StatusRequestNotAccepted:
			h.Status = statusDOSNoMore
		case StatusUserSessionDeleted:
			h.Status = statusDOSBadUID
		}
	}
	h.Flags |= Flags1Reply
	h.Flags2 &^= Flags2Signed
	h.Signature = [8]byte{}
	return h
}

// AppendError1 appends a whole frame to b: an error reply without words and bytes. h is as
// for [Header1.Reply].
func AppendError1(b []byte, h Header1, status Status) []byte {
	b = FrameHeader{Type: FrameMessage, Length: MinMessage1Size}.Append(b)
	b = h.Reply(status).Append(b)
	return append(b, 0, 0, 0)
}

// AppendEcho1 appends a whole frame to b: an ECHO request in the place of the request h.
// It has the same multiplex id (MID), but names neither session nor tree.
func AppendEcho1(b []byte, h Header1) []byte {
	h.Command = Command1Echo
	h.Status = 0
	h.TID, h.UID = 0, 0
	h.Signature = [8]byte{}
	b = FrameHeader{Type: FrameMessage, Length: MinMessage1Size + 3}.Append(b)
	b = h.Append(b)
	return append(b, 1, 1, 0, 1, 0, 0) // one word: echo once; one byte of data
}

// SetupToken1 returns the security token of a SESSION_SETUP request with extended security
// (MS-SMB 2.2.4.6.1). A request without extended security has no token: it is an error.
func SetupToken1(msg []byte) ([]byte, error) {
	const words, fixed = 12, Header1Size + 1 + 2*12 + 2
	if len(msg) < fixed || msg[Header1Size] != words {
		return nil, malformed("SMB1 SESSION_SETUP of %d bytes has no security token", len(msg))
	}
	n := int(binary.LittleEndian.Uint16(msg[Header1Size+15:]))
	if fixed+n > len(msg) {
		return nil, malformed("SMB1 SESSION_SETUP: token of %d bytes at %d of %d", n, fixed, len(msg))
	}
	return msg[fixed:][:n], nil
}

// AndXBlock is the part of a chained SMB1 command that says which command follows.
type AndXBlock struct {
	Next   Command1 // Command1None if none follows
	Offset int      // where its WordCount is, from the start of the message
}

// AndXBlockSize is how many bytes ParseAndX needs.
const AndXBlockSize = 5

// ParseAndX reads the block of the command c, whose WordCount is b[0]. A command that
// cannot be chained, or has too few words for the block, ends the chain.
func ParseAndX(c Command1, b []byte) (AndXBlock, error) {
	end := AndXBlock{Next: Command1None}
	if !c.AndX() {
		return end, nil
	}
	if len(b) < 1 {
		return end, malformed("SMB1 command 0x%02x without a WordCount", byte(c))
	}
	if b[0] < 2 {
		return end, nil
	}
	if len(b) < AndXBlockSize {
		return end, malformed("SMB1 command 0x%02x cut short", byte(c))
	}
	if Command1(b[1]) == Command1None {
		return end, nil
	}
	return AndXBlock{Next: Command1(b[1]), Offset: int(binary.LittleEndian.Uint16(b[3:]))}, nil
}
