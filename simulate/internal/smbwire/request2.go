package smbwire

import (
	"encoding/binary"
	"unicode/utf16"
)

// body2 returns the body of an SMB2 request whose fixed part has size bytes.
func body2(msg []byte, what string, size int) ([]byte, error) {
	if len(msg) < Header2Size+size {
		return nil, malformed("SMB2 %s of %d bytes", what, len(msg))
	}
	b := msg[Header2Size:]
	// The size in the request is odd if a part of variable length follows.
	if n := int(binary.LittleEndian.Uint16(b)); n != size && n != size|1 {
		return nil, malformed("SMB2 %s of size %d", what, n)
	}
	return b, nil
}

// buffer2 returns the n bytes at offset of a message whose fixed part has size
// bytes.
func buffer2(msg []byte, what string, size int, offset, n uint32) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if int64(offset) < int64(Header2Size+size) || int64(offset)+int64(n) > int64(len(msg)) {
		return nil, malformed("SMB2 %s: %d bytes at %d of %d", what, n, offset, len(msg))
	}
	return msg[offset:][:n], nil
}

// text returns UTF-16LE as a string.
func text(b []byte) (string, error) {
	if len(b)%2 != 0 {
		return "", malformed("UTF-16 of %d bytes", len(b))
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units)), nil
}

// appendText appends s as UTF-16LE.
func appendText(b []byte, s string) []byte {
	for _, unit := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return b
}

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

// TreePath2 returns the path of a TREE_CONNECT request, such as \\server\share
// (MS-SMB2 2.2.9).
func TreePath2(msg []byte) (string, error) {
	b, err := body2(msg, "TREE_CONNECT", 8)
	if err != nil {
		return "", err
	}
	le := binary.LittleEndian
	path, err := buffer2(msg, "TREE_CONNECT", 8, uint32(le.Uint16(b[4:])), uint32(le.Uint16(b[6:])))
	if err != nil {
		return "", err
	}
	return text(path)
}

// FileID names an open file.
type FileID [16]byte

// Access rights of a file or directory (MS-SMB2 2.2.13.1).
const (
	AccessRead            uint32 = 0x00000001 // to read a file, or to list a directory
	AccessWrite           uint32 = 0x00000002
	AccessAppend          uint32 = 0x00000004
	AccessReadAttributes  uint32 = 0x00000080
	AccessWriteAttributes uint32 = 0x00000100
	AccessDelete          uint32 = 0x00010000
	AccessMaximum         uint32 = 0x02000000 // all rights that the client may have
	AccessGenericAll      uint32 = 0x10000000
	AccessGenericExecute  uint32 = 0x20000000
	AccessGenericWrite    uint32 = 0x40000000
	AccessGenericRead     uint32 = 0x80000000

	AccessAll      uint32 = 0x001f01ff
	AccessReadOnly uint32 = 0x001200a9 // read and execute
)

// Dispositions of a CREATE request (MS-SMB2 2.2.13).
const (
	DispositionSupersede   uint32 = 0 // replace the file, or make it
	DispositionOpen        uint32 = 1 // open the file, or fail
	DispositionCreate      uint32 = 2 // make the file, or fail if it exists
	DispositionOpenIf      uint32 = 3 // open the file, or make it
	DispositionOverwrite   uint32 = 4 // empty the file, or fail
	DispositionOverwriteIf uint32 = 5 // empty the file, or make it
)

// Options of a CREATE request.
const (
	OptionDirectory     uint32 = 0x00000001 // fail if it is a file
	OptionNoDirectory   uint32 = 0x00000040 // fail if it is a directory
	OptionDeleteOnClose uint32 = 0x00001000
)

// Create2 is a CREATE request (MS-SMB2 2.2.13).
type Create2 struct {
	Access      uint32
	Disposition uint32
	Options     uint32
	Name        string // with backslashes, relative to the share
}

// ParseCreate2 reads a CREATE request.
func ParseCreate2(msg []byte) (Create2, error) {
	b, err := body2(msg, "CREATE", 56)
	if err != nil {
		return Create2{}, err
	}
	le := binary.LittleEndian
	c := Create2{Access: le.Uint32(b[24:]), Disposition: le.Uint32(b[36:]), Options: le.Uint32(b[40:])}
	name, err := buffer2(msg, "CREATE", 56, uint32(le.Uint16(b[44:])), uint32(le.Uint16(b[46:])))
	if err != nil {
		return c, err
	}
	c.Name, err = text(name)
	return c, err
}

// Close2 is a CLOSE request (MS-SMB2 2.2.15).
type Close2 struct {
	File FileID
	Stat bool // the reply has to describe the file
}

// ParseClose2 reads a CLOSE request.
func ParseClose2(msg []byte) (Close2, error) {
	b, err := body2(msg, "CLOSE", 24)
	if err != nil {
		return Close2{}, err
	}
	return Close2{File: FileID(b[8:24]), Stat: b[2]&1 != 0}, nil
}

// ParseFlush2 returns the file of a FLUSH request (MS-SMB2 2.2.17).
func ParseFlush2(msg []byte) (FileID, error) {
	b, err := body2(msg, "FLUSH", 24)
	if err != nil {
		return FileID{}, err
	}
	return FileID(b[8:24]), nil
}

// Read2 is a READ request (MS-SMB2 2.2.19).
type Read2 struct {
	File    FileID
	Offset  uint64
	Length  uint32
	Minimum uint32
}

// ParseRead2 reads a READ request.
func ParseRead2(msg []byte) (Read2, error) {
	b, err := body2(msg, "READ", 48)
	if err != nil {
		return Read2{}, err
	}
	le := binary.LittleEndian
	return Read2{
		Length: le.Uint32(b[4:]), Offset: le.Uint64(b[8:]), File: FileID(b[16:32]), Minimum: le.Uint32(b[32:]),
	}, nil
}

// Write2 is a WRITE request (MS-SMB2 2.2.21). Its Data is part of the message.
type Write2 struct {
	File   FileID
	Offset uint64
	Data   []byte
}

// ParseWrite2 reads a WRITE request.
func ParseWrite2(msg []byte) (Write2, error) {
	b, err := body2(msg, "WRITE", 48)
	if err != nil {
		return Write2{}, err
	}
	le := binary.LittleEndian
	w := Write2{Offset: le.Uint64(b[8:]), File: FileID(b[16:32])}
	w.Data, err = buffer2(msg, "WRITE", 48, uint32(le.Uint16(b[2:])), le.Uint32(b[4:]))
	return w, err
}

// ControlValidateNegotiate is the control code FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2
// 2.2.31).
const ControlValidateNegotiate uint32 = 0x00140204

// Ioctl2 is an IOCTL request (MS-SMB2 2.2.31). Its Input is part of the message.
type Ioctl2 struct {
	Control   uint32
	File      FileID
	Input     []byte
	MaxOutput uint32
}

// ParseIoctl2 reads an IOCTL request.
func ParseIoctl2(msg []byte) (Ioctl2, error) {
	b, err := body2(msg, "IOCTL", 56)
	if err != nil {
		return Ioctl2{}, err
	}
	le := binary.LittleEndian
	i := Ioctl2{Control: le.Uint32(b[4:]), File: FileID(b[8:24]), MaxOutput: le.Uint32(b[44:])}
	i.Input, err = buffer2(msg, "IOCTL", 56, le.Uint32(b[24:]), le.Uint32(b[28:]))
	return i, err
}

// Flags of a QUERY_DIRECTORY request.
const (
	DirectoryRestart uint8 = 0x01
	DirectorySingle  uint8 = 0x02
	DirectoryReopen  uint8 = 0x10
)

// QueryDirectory2 is a QUERY_DIRECTORY request (MS-SMB2 2.2.33).
type QueryDirectory2 struct {
	Class     uint8
	Flags     uint8
	File      FileID
	Pattern   string
	MaxOutput uint32
}

// ParseQueryDirectory2 reads a QUERY_DIRECTORY request.
func ParseQueryDirectory2(msg []byte) (QueryDirectory2, error) {
	b, err := body2(msg, "QUERY_DIRECTORY", 32)
	if err != nil {
		return QueryDirectory2{}, err
	}
	le := binary.LittleEndian
	q := QueryDirectory2{Class: b[2], Flags: b[3], File: FileID(b[8:24]), MaxOutput: le.Uint32(b[28:])}
	pattern, err := buffer2(msg, "QUERY_DIRECTORY", 32, uint32(le.Uint16(b[24:])), uint32(le.Uint16(b[26:])))
	if err != nil {
		return q, err
	}
	q.Pattern, err = text(pattern)
	return q, err
}

// Types of information of a QUERY_INFO or SET_INFO (MS-SMB2 2.2.37).
const (
	InfoFile       uint8 = 1
	InfoFilesystem uint8 = 2
)

// QueryInfo2 is a QUERY_INFO request (MS-SMB2 2.2.37).
type QueryInfo2 struct {
	Type, Class uint8
	File        FileID
	MaxOutput   uint32
}

// ParseQueryInfo2 reads a QUERY_INFO request.
func ParseQueryInfo2(msg []byte) (QueryInfo2, error) {
	b, err := body2(msg, "QUERY_INFO", 40)
	if err != nil {
		return QueryInfo2{}, err
	}
	return QueryInfo2{
		Type: b[2], Class: b[3], MaxOutput: binary.LittleEndian.Uint32(b[4:]), File: FileID(b[24:40]),
	}, nil
}

// SetInfo2 is a SET_INFO request (MS-SMB2 2.2.39). Its Data is part of the
// message.
type SetInfo2 struct {
	Type, Class uint8
	File        FileID
	Data        []byte
}

// ParseSetInfo2 reads a SET_INFO request.
func ParseSetInfo2(msg []byte) (SetInfo2, error) {
	b, err := body2(msg, "SET_INFO", 32)
	if err != nil {
		return SetInfo2{}, err
	}
	le := binary.LittleEndian
	s := SetInfo2{Type: b[2], Class: b[3], File: FileID(b[16:32])}
	s.Data, err = buffer2(msg, "SET_INFO", 32, uint32(le.Uint16(b[8:])), le.Uint32(b[4:]))
	return s, err
}
