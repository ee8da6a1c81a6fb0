package smbwire

import "encoding/binary"

// Classes of information about a file (MS-FSCC 2.4).
const (
	FileBasic        uint8 = 4
	FileStandard     uint8 = 5
	FileInternal     uint8 = 6
	FileEA           uint8 = 7
	FileAccess       uint8 = 8
	FileRename       uint8 = 10
	FileDisposition  uint8 = 13
	FilePosition     uint8 = 14
	FileMode         uint8 = 16
	FileAlignment    uint8 = 17
	FileAll          uint8 = 18
	FileAllocation   uint8 = 19
	FileEndOfFile    uint8 = 20
	FileStream       uint8 = 22
	FileNetworkOpen  uint8 = 34
	FileAttributeTag uint8 = 35
)

// OpenInfo describes an open file.
type OpenInfo struct {
	FileInfo
	Name          string // with backslashes, from the root of the share
	Access        uint32
	DeletePending bool
}

// AppendFileInfo2 appends information of a class about an open file. ok is false for an
// unknown class.
func AppendFileInfo2(b []byte, class uint8, f OpenInfo) (_ []byte, ok bool) {
	le := binary.LittleEndian
	switch class {
	case FileBasic:
		b = f.appendTimes(b)
		b = le.AppendUint32(b, f.Attributes)
		return append(b, 0, 0, 0, 0), true
	case FileStandard:
		b = le.AppendUint64(b, f.Allocation)
		b = le.AppendUint64(b, f.Size)
		b = le.AppendUint32(b, 1) // links
		return append(b, flag(f.DeletePending), flag(f.Attributes&AttributeDirectory != 0), 0, 0), true
	case FileInternal, FilePosition:
		return le.AppendUint64(b, 0), true
	case FileEA, FileMode, FileAlignment:
		return le.AppendUint32(b, 0), true
	case FileAccess:
		return le.AppendUint32(b, f.Access), true
	case FileAll:
		for _, part := range []uint8{FileBasic, FileStandard, FileInternal, FileEA, FileAccess, FilePosition, FileMode, FileAlignment} {
			b, _ = AppendFileInfo2(b, part, f)
		}
		at := len(b)
		b = appendText(append(b, 0, 0, 0, 0), f.Name)
		le.PutUint32(b[at:], uint32(len(b)-at-4))
		return b, true
	case FileStream:
		if f.Attributes&AttributeDirectory != 0 {
			return b, true
		}
		const name = "::$DATA"
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, 2*uint32(len(name)))
		b = le.AppendUint64(b, f.Size)
		b = le.AppendUint64(b, f.Allocation)
		return appendText(b, name), true
	case FileNetworkOpen:
		b = f.appendTimes(b)
		b = le.AppendUint64(b, f.Allocation)
		b = le.AppendUint64(b, f.Size)
		b = le.AppendUint32(b, f.Attributes)
		return append(b, 0, 0, 0, 0), true
	case FileAttributeTag:
		return le.AppendUint64(b, uint64(f.Attributes)), true
	}
	return b, false
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// Classes of information about a file system (MS-FSCC 2.5).
const (
	FsVolume    uint8 = 1
	FsSize      uint8 = 3
	FsDevice    uint8 = 4
	FsAttribute uint8 = 5
	FsFullSize  uint8 = 7
)

// FilesystemInfo describes the file system of a share.
type FilesystemInfo struct {
	Label       string
	ClusterSize uint32 // in bytes; a multiple of 512
	Total, Free uint64 // in clusters
	ReadOnly    bool
}

// AppendFilesystemInfo2 appends information of a class about a file system. ok is false
// for an unknown class.
func AppendFilesystemInfo2(b []byte, class uint8, f FilesystemInfo) (_ []byte, ok bool) {
	const sector = 512
	le := binary.LittleEndian
	switch class {
	case FsVolume:
		b = append(b, make([]byte, 12)...) // created, serial number
		label := appendText(nil, f.Label)
		b = le.AppendUint32(b, uint32(len(label)))
		return append(append(b, 0, 0), label...), true
	case FsSize:
		b = le.AppendUint64(b, f.Total)
		b = le.AppendUint64(b, f.Free)
		b = le.AppendUint32(b, f.ClusterSize/sector)
		return le.AppendUint32(b, sector), true
	case FsDevice:
		const disk, readOnly = 7, 2
		b = le.AppendUint32(b, disk)
		return append(b, readOnly*flag(f.ReadOnly), 0, 0, 0), true
	case FsAttribute:
		const casePreserved, unicode, readOnly = 0x02, 0x04, 0x00080000
		attributes := uint32(casePreserved | unicode)
		if f.ReadOnly {
			attributes |= readOnly
		}
		b = le.AppendUint32(b, attributes)
		b = le.AppendUint32(b, 255) // longest name
		name := appendText(nil, "NTFS")
		b = le.AppendUint32(b, uint32(len(name)))
		return append(b, name...), true
	case FsFullSize:
		b = le.AppendUint64(b, f.Total)
		b = le.AppendUint64(b, f.Free)
		b = le.AppendUint64(b, f.Free)
		b = le.AppendUint32(b, f.ClusterSize/sector)
		return le.AppendUint32(b, sector), true
	}
	return b, false
}

// Classes of information about the files of a directory (MS-FSCC 2.4).
const (
	DirectoryPlain  uint8 = 1
	DirectoryFull   uint8 = 2
	DirectoryBoth   uint8 = 3
	DirectoryNames  uint8 = 12
	DirectoryIDBoth uint8 = 37
	DirectoryIDFull uint8 = 38
)

// IsDirectoryClass reports whether AppendDirectoryEntry2 knows the class.
func IsDirectoryClass(class uint8) bool {
	switch class {
	case DirectoryPlain, DirectoryFull, DirectoryBoth, DirectoryNames, DirectoryIDBoth, DirectoryIDFull:
		return true
	}
	return false
}

// AppendDirectoryEntry2 appends an entry of a directory to b, which is the output of a
// QUERY_DIRECTORY so far. last is the offset of the entry before it, and at that of the
// new one. If b would become longer than limit, ok is false and b is unchanged.
func AppendDirectoryEntry2(b []byte, last int, class uint8, name string, f FileInfo, limit int) (_ []byte, at int, ok bool) {
	le := binary.LittleEndian
	before := len(b)
	b = append(b, make([]byte, -len(b)&7)...)
	at = len(b)
	b = append(b, make([]byte, 8)...) // next, index
	text := appendText(nil, name)
	if class != DirectoryNames {
		b = f.appendTimes(b)
		b = le.AppendUint64(b, f.Size)
		b = le.AppendUint64(b, f.Allocation)
		b = le.AppendUint32(b, f.Attributes)
	}
	b = le.AppendUint32(b, uint32(len(text)))
	// The extended attributes, the short name and the number of the file are zero.
	zeros := map[uint8]int{DirectoryFull: 4, DirectoryBoth: 30, DirectoryIDBoth: 40, DirectoryIDFull: 16}[class]
	b = append(b, make([]byte, zeros)...)
	b = append(b, text...)
	if len(b) > limit {
		return b[:before], 0, false
	}
	if before > 0 {
		le.PutUint32(b[last:], uint32(at-last))
	}
	return b, at, true
}

// Rename2 is the data of a SET_INFO of class FileRename (MS-FSCC 2.4.42.2).
type Rename2 struct {
	Replace bool   // a file with the new name is replaced
	Name    string // with backslashes, from the root of the share
}

// ParseRename2 reads the data of a SET_INFO of class FileRename.
func ParseRename2(b []byte) (Rename2, error) {
	if len(b) < 20 {
		return Rename2{}, malformed("rename of %d bytes", len(b))
	}
	n := binary.LittleEndian.Uint32(b[16:])
	if int64(n) > int64(len(b)-20) {
		return Rename2{}, malformed("rename: name of %d bytes in %d", n, len(b)-20)
	}
	name, err := text(b[20:][:n])
	return Rename2{Replace: b[0] != 0, Name: name}, err
}
