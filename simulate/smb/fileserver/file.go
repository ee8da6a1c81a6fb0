package fileserver

import (
	"encoding/binary"
	"errors"
	"io"
	"math"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// openFile is a file or directory that a client has open.
type openFile struct {
	file
	tree      *tree
	path      string // a path of package fs
	access    uint32 // the access rights of the client
	dir       bool
	deleteEnd bool // the file is to be deleted when this is closed

	listing listing
}

// create answers a CREATE (MS-SMB2 3.3.5.9).
func (c *conn) create(r *request) ([]byte, error) {
	r.hasFile = true
	req, err := smbwire.ParseCreate2(r.msg)
	if err != nil {
		return nil, err
	}
	v := r.tree.share.files
	if v == nil { // a pipe
		return nil, StatusNotSupported
	}
	const both = smbwire.OptionDirectory | smbwire.OptionNoDirectory
	isFile := req.Options&smbwire.OptionDirectory == 0
	switch {
	case req.Disposition > smbwire.DispositionOverwriteIf, req.Options&both == both,
		!isFile && req.Disposition != smbwire.DispositionOpen && req.Disposition != smbwire.DispositionCreate && req.Disposition != smbwire.DispositionOpenIf:
		return nil, statusInvalidParameter
	case len(c.files) >= maxFiles:
		return nil, statusTooManyOpenedFiles
	}
	path, err := toPath(req.Name)
	if err != nil {
		return nil, err
	}
	access := granted(req.Access, v.info().ReadOnly)
	if req.Options&smbwire.OptionDeleteOnClose != 0 && access&smbwire.AccessDelete == 0 {
		return nil, StatusAccessDenied
	}
	f, action, err := v.openFile(path, req)
	if err != nil {
		return nil, err
	}
	info, err := f.stat()
	dir := info.Attributes&smbwire.AttributeDirectory != 0
	switch {
	case err != nil:
	case dir && req.Options&smbwire.OptionNoDirectory != 0:
		err = statusFileIsADirectory
	case !dir && !isFile:
		err = statusNotADirectory
	}
	if err != nil {
		f.close()
		return nil, err
	}
	c.lastFile++
	binary.LittleEndian.PutUint64(r.file[:], c.lastFile)
	binary.LittleEndian.PutUint64(r.file[8:], c.lastFile)
	c.files[r.file] = &openFile{
		file: f, tree: r.tree, path: path, access: access, dir: dir,
		deleteEnd: req.Options&smbwire.OptionDeleteOnClose != 0,
	}
	return smbwire.AppendCreateReply2(nil, action, info, r.file), nil
}

// granted returns the access rights that a client gets when it asks for these (MS-SMB2
// 2.2.13.1).
func granted(asked uint32, readOnly bool) uint32 {
	all := smbwire.AccessAll
	if readOnly {
		all = smbwire.AccessReadOnly
	}
	// The rights that a generic right stands for (MS-DTYP 2.4.3).
	const genericRead, genericWrite, genericExecute = 0x00120089, 0x00120116, 0x001200a0
	for _, g := range [...]struct{ generic, access uint32 }{
		{smbwire.AccessMaximum, all},
		{smbwire.AccessGenericAll, smbwire.AccessAll},
		{smbwire.AccessGenericRead, genericRead},
		{smbwire.AccessGenericWrite, genericWrite},
		{smbwire.AccessGenericExecute, genericExecute},
	} {
		if asked&g.generic != 0 {
			asked |= g.access
		}
	}
	return asked & smbwire.AccessAll
}

// openFile returns the file that a request names. For a related request that is the
// file of the request before it (MS-SMB2 3.3.5.2.7.2).
func (c *conn) openFile(r *request, id smbwire.FileID) (*openFile, error) {
	r.hasFile = true
	if p := r.previous; p != nil {
		switch {
		case !p.hasFile:
			return nil, statusInvalidHandle
		case p.status&0xC0000000 == 0xC0000000: // an error, not a warning
			return nil, p.status
		}
		id = p.file
	}
	r.file = id
	f := c.files[id]
	if f == nil || f.tree != r.tree {
		return nil, statusFileClosed
	}
	return f, nil
}

// close answers a CLOSE.
func (c *conn) close(r *request) ([]byte, error) {
	req, err := smbwire.ParseClose2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	if err != nil {
		return nil, err
	}
	var info *smbwire.FileInfo
	if req.Stat {
		if i, err := f.stat(); err == nil {
			info = &i
		}
	}
	if err := c.closeFile(r.file, f); err != nil {
		return nil, err
	}
	return smbwire.AppendCloseReply2(nil, info), nil
}

// closeFile closes a file of the connection.
func (c *conn) closeFile(id smbwire.FileID, f *openFile) error {
	delete(c.files, id)
	if f.deleteEnd {
		f.setDelete(true) // fails for a directory that is not empty, which stays
	}
	return f.file.close()
}

// flush answers a FLUSH. Writes have no delay, so there is nothing to flush.
func (c *conn) flush(r *request) ([]byte, error) {
	id, err := smbwire.ParseFlush2(r.msg)
	if err != nil {
		return nil, err
	}
	if _, err := c.openFile(r, id); err != nil {
		return nil, err
	}
	return smbwire.AppendEmptyReply2(nil), nil
}

// readFile answers a READ (MS-SMB2 3.3.5.12).
func (c *conn) readFile(r *request) ([]byte, error) {
	req, err := smbwire.ParseRead2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	switch {
	case err != nil:
		return nil, err
	case f.access&smbwire.AccessRead == 0:
		return nil, StatusAccessDenied
	case req.Length > maxSize, req.Offset > math.MaxInt64:
		return nil, statusInvalidParameter
	}
	body := smbwire.AppendReadReply2(make([]byte, 0, smbwire.ReadReplySize+int(req.Length)), 0)
	n, err := f.readAt(body[len(body):cap(body)], int64(req.Offset))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n == 0 && req.Length > 0 || n < int(req.Minimum) {
		return nil, statusEndOfFile
	}
	return smbwire.AppendReadReply2(body[:0], n)[:len(body)+n], nil
}

// writeFile answers a WRITE (MS-SMB2 3.3.5.13).
func (c *conn) writeFile(r *request) ([]byte, error) {
	req, err := smbwire.ParseWrite2(r.msg)
	if err != nil {
		return nil, err
	}
	f, err := c.openFile(r, req.File)
	switch {
	case err != nil:
		return nil, err
	case f.access&(smbwire.AccessWrite|smbwire.AccessAppend) == 0:
		return nil, StatusAccessDenied
	case len(req.Data) > maxSize:
		return nil, statusInvalidParameter
	}
	offset := int64(req.Offset)
	if req.Offset == math.MaxUint64 || f.access&smbwire.AccessWrite == 0 { // append
		info, err := f.stat()
		if err != nil {
			return nil, err
		}
		offset = int64(info.Size)
	}
	if offset < 0 {
		return nil, statusInvalidParameter
	}
	n, err := f.writeAt(req.Data, offset)
	if err != nil {
		return nil, err
	}
	return smbwire.AppendWriteReply2(nil, n), nil
}
