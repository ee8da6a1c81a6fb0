package smbwire

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"
)

// Dialect is an SMB2 or SMB3 dialect.
type Dialect uint16

// The dialects, and the one that answers an SMB1 NEGOTIATE and asks for an SMB2
// one (MS-SMB2 2.2.4).
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

// ParseNegotiate1 reports whether an SMB1 NEGOTIATE request offers a dialect.
func ParseNegotiate1(msg []byte, dialect string) (offered bool, err error) {
	list, err := Dialects1(msg)
	return slices.Contains(list, dialect), err
}

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

// AppendNoDialect1 appends a whole frame to b: the reply to the SMB1 NEGOTIATE
// request h that takes none of its dialects (MS-CIFS 2.2.4.52.2).
func AppendNoDialect1(b []byte, h Header1) []byte {
	b = FrameHeader{Type: FrameMessage, Length: MinMessage1Size + 2}.Append(b)
	b = h.Reply(StatusSuccess).Append(b)
	return append(b, 1, 0xff, 0xff, 0, 0)
}

// negotiate2Size is the size of the fixed part of a NEGOTIATE request.
const negotiate2Size = Header2Size + 36

// ParseNegotiate2 returns the highest of the wanted dialects that an SMB2
// NEGOTIATE request offers, or 0.
func ParseNegotiate2(msg []byte, wanted ...Dialect) (Dialect, error) {
	if len(msg) < negotiate2Size {
		return 0, malformed("SMB2 NEGOTIATE of %d bytes", len(msg))
	}
	le := binary.LittleEndian
	n := int(le.Uint16(msg[Header2Size+2:]))
	list := msg[negotiate2Size:]
	if n == 0 || 2*n > len(list) {
		return 0, malformed("SMB2 NEGOTIATE: %d dialects in %d bytes", n, len(list))
	}
	var best Dialect
	for i := range n {
		offered := Dialect(le.Uint16(list[2*i:]))
		for _, d := range wanted {
			if d == offered {
				best = max(best, d)
			}
		}
	}
	return best, nil
}

// Negotiate2 is what a server says of itself in a NEGOTIATE reply.
type Negotiate2 struct {
	Dialect Dialect
	GUID    [16]byte
	MaxSize uint32 // of a read, a write and a transaction
	Time    time.Time
}

// AppendNegotiate2 appends a whole frame to b: the reply to the NEGOTIATE
// request h of a server that can sign but does not ask for it, and knows
// NTLMSSP (MS-SMB2 2.2.4).
func AppendNegotiate2(b []byte, h Header2, n Negotiate2) []byte {
	le := binary.LittleEndian
	token := spnegoInit()
	body := make([]byte, 0, 64+len(token))
	body = le.AppendUint16(body, 65)
	body = le.AppendUint16(body, 1)
	body = le.AppendUint16(body, uint16(n.Dialect))
	body = append(body, 0, 0)
	body = append(body, n.GUID[:]...)
	body = le.AppendUint32(body, 0)
	for range 3 {
		body = le.AppendUint32(body, n.MaxSize)
	}
	body = le.AppendUint64(body, fileTime(n.Time))
	body = le.AppendUint64(body, 0)
	body = le.AppendUint16(body, Header2Size+64)
	body = le.AppendUint16(body, uint16(len(token)))
	body = append(body, 0, 0, 0, 0)
	return AppendReply2(b, h, StatusSuccess, append(body, token...))
}

// fileTime returns t in units of 100 ns since 1601.
func fileTime(t time.Time) uint64 {
	const to1970 = 11644473600
	return uint64(t.Unix()+to1970)*1e7 + uint64(t.Nanosecond()/100)
}

// SessionFlags2 says what kind of session a SESSION_SETUP has made.
type SessionFlags2 uint16

// The kinds that have no key, and so neither signatures nor encryption
// (MS-SMB2 2.2.6).
const (
	SessionGuest     SessionFlags2 = 1
	SessionAnonymous SessionFlags2 = 2
)

// SetupToken2 returns the security token of a SESSION_SETUP request.
func SetupToken2(msg []byte) ([]byte, error) {
	if len(msg) < SessionSetup2Size {
		return nil, malformed("SMB2 SESSION_SETUP of %d bytes", len(msg))
	}
	le := binary.LittleEndian
	offset, n := int(le.Uint16(msg[Header2Size+12:])), int(le.Uint16(msg[Header2Size+14:]))
	if offset < SessionSetup2Size || offset+n > len(msg) {
		return nil, malformed("SMB2 SESSION_SETUP: token of %d bytes at %d of %d", n, offset, len(msg))
	}
	return msg[offset:][:n], nil
}

// AppendSessionSetup2 appends a whole frame to b: a reply to the SESSION_SETUP
// request h.
func AppendSessionSetup2(b []byte, h Header2, status Status, flags SessionFlags2, token []byte) []byte {
	le := binary.LittleEndian
	body := make([]byte, 0, 8+len(token))
	body = le.AppendUint16(body, 9)
	body = le.AppendUint16(body, uint16(flags))
	body = le.AppendUint16(body, Header2Size+8)
	body = le.AppendUint16(body, uint16(len(token)))
	return AppendReply2(b, h, status, append(body, token...))
}

// treeConnect2Size is the size of the fixed part of a TREE_CONNECT request.
const treeConnect2Size = Header2Size + 8

// IsPipeTree2 reports whether a TREE_CONNECT request is for IPC$, the share
// that has pipes and no files.
func IsPipeTree2(msg []byte) (bool, error) {
	if len(msg) < treeConnect2Size {
		return false, malformed("SMB2 TREE_CONNECT of %d bytes", len(msg))
	}
	le := binary.LittleEndian
	offset, n := int(le.Uint16(msg[Header2Size+4:])), int(le.Uint16(msg[Header2Size+6:]))
	if offset < treeConnect2Size || offset+n > len(msg) {
		return false, malformed("SMB2 TREE_CONNECT: path of %d bytes at %d of %d", n, offset, len(msg))
	}
	const name = `\IPC$`
	path := msg[offset:][:n]
	if n < 2*len(name) {
		return false, nil
	}
	path = path[n-2*len(name):]
	for i := range len(name) {
		if c := path[2*i]; path[2*i+1] != 0 || c != name[i] && c != name[i]|0x20 {
			return false, nil
		}
	}
	return true, nil
}

// AppendTreeConnect2 appends a whole frame to b: the consent to the
// TREE_CONNECT request h, whose TreeID is that of the new tree.
func AppendTreeConnect2(b []byte, h Header2, pipe bool) []byte {
	const disk, pipes = 1, 2
	const readOnly = 0x001200a9 // MaximalAccess: read and execute
	kind := byte(disk)
	if pipe {
		kind = pipes
	}
	body := append(make([]byte, 0, 16), 16, 0, kind, 0)
	body = append(body, make([]byte, 8)...)
	return AppendReply2(b, h, StatusSuccess, binary.LittleEndian.AppendUint32(body, readOnly))
}

// AppendDone2 appends a whole frame to b: the consent to a request whose reply
// says no more than that, which LOGOFF, TREE_DISCONNECT and ECHO are.
func AppendDone2(b []byte, h Header2) []byte {
	return AppendReply2(b, h, StatusSuccess, []byte{4, 0, 0, 0})
}
