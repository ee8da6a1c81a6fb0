package fileserver

import (
	"encoding/binary"
	"math"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// queryInfo answers a QUERY_INFO (MS-SMB2 3.3.5.20).
func (c *conn) queryInfo(r *request) ([]byte, error) {
	req, err := smbwire.ParseQueryInfo2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	switch {
	case err != nil:
		return nil, err
	case req.MaxOutput > maxSize:
		return nil, statusInvalidParameter
	}
	var out []byte
	var ok bool
	switch req.Type {
	case smbwire.InfoFile:
		info, err := f.stat()
		if err != nil {
			return nil, err
		}
		out, ok = smbwire.AppendFileInfo2(nil, req.Class, smbwire.OpenInfo{
			FileInfo: info, Name: fromPath(f.path), Access: f.access, DeletePending: f.deleteEnd || f.deletePending(),
		})
	case smbwire.InfoFilesystem:
		out, ok = smbwire.AppendFilesystemInfo2(nil, req.Class, r.tree.share.files.info())
	}
	if !ok {
		return nil, StatusNotSupported
	}
	if len(out) > int(req.MaxOutput) {
		if req.MaxOutput < 8 {
			return nil, statusInfoLengthMismatch
		}
		// The client gets as much as fits, and a warning that it is not all.
		out = out[:req.MaxOutput]
		r.status = statusBufferOverflow
	}
	return smbwire.AppendQueryReply2(nil, out), nil
}

// setInfo answers a SET_INFO (MS-SMB2 3.3.5.21).
func (c *conn) setInfo(r *request) ([]byte, error) {
	req, err := smbwire.ParseSetInfo2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	switch {
	case err != nil:
		return nil, err
	case req.Type != smbwire.InfoFile:
		return nil, StatusNotSupported
	}
	need, size := uint32(0), 0
	switch req.Class {
	case smbwire.FileBasic:
		need, size = smbwire.AccessWriteAttributes, 40
	case smbwire.FileRename:
		need = smbwire.AccessDelete
	case smbwire.FileDisposition:
		need, size = smbwire.AccessDelete, 1
	case smbwire.FileAllocation, smbwire.FileEndOfFile:
		need, size = smbwire.AccessWrite, 8
	case smbwire.FilePosition:
		size = 8
	default:
		return nil, StatusNotSupported
	}
	switch {
	case f.access&need != need:
		return nil, StatusAccessDenied
	case len(req.Data) < size:
		return nil, statusInfoLengthMismatch
	}
	if err := f.set(req.Class, req.Data); err != nil {
		return nil, err
	}
	return smbwire.AppendSetInfoReply2(nil), nil
}

// set sets information of a class. data is as long as the class needs.
func (f *openFile) set(class uint8, data []byte) error {
	le := binary.LittleEndian
	switch class {
	case smbwire.FileBasic:
		// Only the time of the last write is kept: no other time, and no attribute.
		if t, ok := smbwire.TimeOf(le.Uint64(data[16:])); ok {
			return f.setModified(t)
		}
	case smbwire.FileRename:
		req, err := smbwire.ParseRename2(data)
		if err != nil {
			return err
		}
		path, err := toPath(req.Name)
		if err != nil {
			return err
		}
		if err := f.rename(path, req.Replace); err != nil {
			return err
		}
		f.path = path
	case smbwire.FileDisposition:
		return f.setDelete(data[0] != 0)
	case smbwire.FileEndOfFile:
		size := le.Uint64(data)
		if size > math.MaxInt64 {
			return statusInvalidParameter
		}
		return f.truncate(int64(size))
	case smbwire.FileAllocation:
		return f.allocate(le.Uint64(data))
	}
	return nil
}

// allocate sets the space of a file. A size below the length of the file shortens it,
// as on Windows. A larger one takes no space yet, but fails if there is not so much.
func (f *openFile) allocate(size uint64) error {
	info, err := f.stat()
	switch {
	case err != nil:
		return err
	case size > math.MaxInt64:
		return statusInvalidParameter
	case size < info.Size:
		return f.truncate(int64(size))
	}
	more := (size - min(info.Allocation, size) + clusterSize - 1) / clusterSize
	if more > f.tree.share.files.info().Free {
		return StatusDiskFull
	}
	return nil
}
