package smbwire

import (
	"encoding/binary"
	"time"
)

// FileTime returns t in units of 100 ns since 1601. The zero Time is 0, which means no
// time.
func FileTime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	const to1970 = 11644473600
	return uint64(t.Unix()+to1970)*1e7 + uint64(t.Nanosecond()/100)
}

// TimeOf is the reverse of FileTime. ok is false for values that are not a time, by which
// a client leaves one unchanged, and for times after the year 9999.
func TimeOf(fileTime uint64) (t time.Time, ok bool) {
	const to1970 = 11644473600
	const year9999 = 2650467744000000000
	if fileTime == 0 || fileTime >= year9999 {
		return time.Time{}, false
	}
	return time.Unix(int64(fileTime/1e7)-to1970, int64(fileTime%1e7)*100).UTC(), true
}

// SessionFlags2 says which kind of session a SESSION_SETUP has set up.
type SessionFlags2 uint16

// The kinds of session that have no key, and so neither signatures nor encryption (MS-SMB2
// 2.2.6).
const (
	SessionGuest     SessionFlags2 = 1
	SessionAnonymous SessionFlags2 = 2
)

// AppendSessionSetupReply2 appends the body of a SESSION_SETUP reply (MS-SMB2
// 2.2.6).
func AppendSessionSetupReply2(b []byte, flags SessionFlags2, token []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 9)
	b = le.AppendUint16(b, uint16(flags))
	b = le.AppendUint16(b, Header2Size+8)
	b = le.AppendUint16(b, uint16(len(token)))
	return append(b, token...)
}

// AppendTreeConnectReply2 appends the body of a TREE_CONNECT reply (MS-SMB2
// 2.2.10).
func AppendTreeConnectReply2(b []byte, pipe bool, maximalAccess uint32) []byte {
	const disk, pipes = 1, 2
	kind := byte(disk)
	if pipe {
		kind = pipes
	}
	b = append(b, 16, 0, kind, 0)
	b = append(b, make([]byte, 8)...)
	return binary.LittleEndian.AppendUint32(b, maximalAccess)
}

// What a CREATE has done (MS-SMB2 2.2.14).
const (
	ActionSuperseded  uint32 = 0
	ActionOpened      uint32 = 1
	ActionCreated     uint32 = 2
	ActionOverwritten uint32 = 3
)

// File attributes (MS-FSCC 2.6).
const (
	AttributeReadOnly  uint32 = 0x01
	AttributeDirectory uint32 = 0x10
	AttributeArchive   uint32 = 0x20
)

// FileInfo describes a file or directory.
type FileInfo struct {
	Modified   time.Time // used for every time that a file has
	Allocation uint64    // bytes of space taken
	Size       uint64
	Attributes uint32
}

// appendTimes appends the times of creation, access, write and change.
func (f FileInfo) appendTimes(b []byte) []byte {
	for range 4 {
		b = binary.LittleEndian.AppendUint64(b, FileTime(f.Modified))
	}
	return b
}

// AppendCreateReply2 appends the body of a CREATE reply without an oplock and
// without contexts (MS-SMB2 2.2.14).
func AppendCreateReply2(b []byte, action uint32, f FileInfo, id FileID) []byte {
	le := binary.LittleEndian
	b = append(b, 89, 0, 0, 0)
	b = le.AppendUint32(b, action)
	b = f.appendTimes(b)
	b = le.AppendUint64(b, f.Allocation)
	b = le.AppendUint64(b, f.Size)
	b = le.AppendUint32(b, f.Attributes)
	b = append(b, 0, 0, 0, 0)
	b = append(b, id[:]...)
	return append(b, make([]byte, 8)...)
}

// AppendCloseReply2 appends the body of a CLOSE reply (MS-SMB2 2.2.16). It describes the
// file if f is not nil.
func AppendCloseReply2(b []byte, f *FileInfo) []byte {
	le := binary.LittleEndian
	if f == nil {
		return append(append(b, 60, 0), make([]byte, 58)...)
	}
	b = append(b, 60, 0, 1, 0, 0, 0, 0, 0)
	b = f.appendTimes(b)
	b = le.AppendUint64(b, f.Allocation)
	b = le.AppendUint64(b, f.Size)
	return le.AppendUint32(b, f.Attributes)
}

// ReadReplySize is the size of what AppendReadReply2 appends.
const ReadReplySize = 16

// AppendReadReply2 appends the body of a READ reply without its data, of which n bytes
// have to follow (MS-SMB2 2.2.20).
func AppendReadReply2(b []byte, n int) []byte {
	b = append(b, 17, 0, Header2Size+16, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	return append(b, make([]byte, 8)...)
}

// AppendWriteReply2 appends the body of a WRITE reply, which says that n bytes are written
// (MS-SMB2 2.2.22).
func AppendWriteReply2(b []byte, n int) []byte {
	b = append(b, 17, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	return append(b, make([]byte, 8)...)
}

// AppendIoctlReply2 appends the body of an IOCTL reply (MS-SMB2 2.2.32).
func AppendIoctlReply2(b []byte, control uint32, file FileID, output []byte) []byte {
	le := binary.LittleEndian
	b = append(b, 49, 0, 0, 0)
	b = le.AppendUint32(b, control)
	b = append(b, file[:]...)
	b = le.AppendUint32(b, Header2Size+48)
	b = le.AppendUint32(b, 0)
	b = le.AppendUint32(b, Header2Size+48)
	b = le.AppendUint32(b, uint32(len(output)))
	b = append(b, make([]byte, 8)...)
	return append(b, output...)
}

// AppendQueryReply2 appends the body of a QUERY_INFO or QUERY_DIRECTORY reply
// (MS-SMB2 2.2.34, 2.2.38).
func AppendQueryReply2(b, output []byte) []byte {
	b = append(b, 9, 0, Header2Size+8, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(output)))
	return append(b, output...)
}

// AppendEmptyReply2 appends the body of a reply that has nothing in it: that of LOGOFF,
// TREE_DISCONNECT, FLUSH and ECHO.
func AppendEmptyReply2(b []byte) []byte { return append(b, 4, 0, 0, 0) }

// AppendSetInfoReply2 appends the body of a SET_INFO reply (MS-SMB2 2.2.40).
func AppendSetInfoReply2(b []byte) []byte { return append(b, 2, 0) }

// AppendErrorReply2 appends the body of an error reply without data (MS-SMB2
// 2.2.2).
func AppendErrorReply2(b []byte) []byte { return append(b, 9, 0, 0, 0, 0, 0, 0, 0, 0) }
