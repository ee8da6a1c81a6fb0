package fileserver

import (
	"cmp"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// clusterSize is the unit in which files take space, in bytes.
const clusterSize = 4 << 10

// allocated returns the space that size bytes take.
func allocated(size int64) int64 { return (size + clusterSize - 1) / clusterSize * clusterSize }

// volume has the files of a share. Paths are those of package fs.
type volume interface {
	// openFile opens a file, or makes it, and says which (smbwire.ActionOpened and so
	// on).
	openFile(name string, c smbwire.Create2) (f file, action uint32, err error)
	info() smbwire.FilesystemInfo
}

// file is an open file or directory of a volume. The same file may be open several
// times.
type file interface {
	stat() (smbwire.FileInfo, error)
	readAt(b []byte, offset int64) (int, error)
	// list calls yield for the entries of a directory in the order of their names,
	// from the first behind the name after, until yield returns false.
	list(after string, yield func(name string, info smbwire.FileInfo) bool) error

	writeAt(b []byte, offset int64) (int, error)
	truncate(size int64) error
	setModified(t time.Time) error
	rename(name string, replace bool) error
	// setDelete says whether the file is deleted when it is closed for the last time.
	setDelete(on bool) error
	deletePending() bool

	close() error
}

// writing has the access rights that a read-only volume does not give.
const writing = smbwire.AccessWrite | smbwire.AccessAppend | smbwire.AccessWriteAttributes | smbwire.AccessDelete |
	smbwire.AccessGenericAll | smbwire.AccessGenericWrite

// maxPath bounds a path, and maxName each name in it, in bytes of UTF-8.
const (
	maxPath = 4096
	maxName = 255
)

// toPath turns a path of SMB into one of package fs. It fails for a path that Windows
// would not accept.
func toPath(smb string) (string, error) {
	smb = strings.TrimSuffix(smb, `\`)
	if smb == "" {
		return ".", nil
	}
	if len(smb) > maxPath {
		return "", statusObjectNameInvalid
	}
	for name := range strings.SplitSeq(smb, `\`) {
		if !isFileName(name) {
			return "", statusObjectNameInvalid
		}
	}
	return strings.ReplaceAll(smb, `\`, "/"), nil
}

// fromPath turns a path of package fs into one of SMB, with a backslash in front.
func fromPath(name string) string {
	if name == "." {
		return `\`
	}
	return `\` + strings.ReplaceAll(name, "/", `\`)
}

// isFileName reports whether Windows accepts a name as that of a file. The name of a
// stream, with a colon, is not accepted.
func isFileName(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > maxName || !utf8.ValidString(name) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool { return r < ' ' || strings.ContainsRune(`"*/:<>?\|`, r) }) < 0
}

// readOnly is a volume that clients cannot write to.
type readOnly struct{ fsys fs.FS }

func (v readOnly) info() smbwire.FilesystemInfo {
	// The size of a file system is not known. No space is free.
	return smbwire.FilesystemInfo{Label: "files", ClusterSize: clusterSize, Total: 1, ReadOnly: true}
}

func (v readOnly) openFile(name string, c smbwire.Create2) (file, uint32, error) {
	found, info, err := v.find(name)
	switch {
	case err != nil:
		if c.Disposition != smbwire.DispositionOpen && c.Disposition != smbwire.DispositionOverwrite && statusOf(err) == statusObjectNameNotFound {
			return nil, 0, StatusAccessDenied
		}
		return nil, 0, err
	case c.Disposition == smbwire.DispositionCreate:
		return nil, 0, statusObjectNameCollision
	case c.Access&writing != 0, c.Options&smbwire.OptionDeleteOnClose != 0,
		c.Disposition != smbwire.DispositionOpen && c.Disposition != smbwire.DispositionOpenIf:
		return nil, 0, StatusAccessDenied
	case info.IsDir():
		return &readOnlyFile{v: v, name: found, dir: true}, smbwire.ActionOpened, nil
	case !info.Mode().IsRegular(): // to open a named pipe, say, could block
		return nil, 0, StatusAccessDenied
	}
	f, err := v.fsys.Open(found)
	if err != nil {
		return nil, 0, err
	}
	return &readOnlyFile{v: v, name: found, f: f}, smbwire.ActionOpened, nil
}

// find returns the path of a file with the case that the file system has.
func (v readOnly) find(name string) (string, fs.FileInfo, error) {
	info, err := fs.Stat(v.fsys, name)
	if err == nil || name == "." {
		return name, info, err
	}
	if status := statusOf(err); status != statusObjectNameNotFound && status != statusUnexpectedIOError {
		return "", nil, err
	}
	parent, base := path.Split(name)
	dir, info, err := v.find(path.Clean(parent))
	if status := statusOf(err); status == statusObjectNameNotFound || err == nil && !info.IsDir() {
		return "", nil, statusObjectPathNotFound
	} else if err != nil {
		return "", nil, err
	}
	entries, err := fs.ReadDir(v.fsys, dir)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if fold(e.Name()) == fold(base) && isFileName(e.Name()) {
			found := path.Join(dir, e.Name())
			info, err := fs.Stat(v.fsys, found)
			return found, info, err
		}
	}
	return "", nil, statusObjectNameNotFound
}

// readOnlyFile is a file of a readOnly volume.
type readOnlyFile struct {
	v    readOnly
	name string
	dir  bool
	f    fs.File // nil for a directory
	pos  int64
}

func (f *readOnlyFile) stat() (smbwire.FileInfo, error) {
	info, err := fs.Stat(f.v.fsys, f.name)
	if err != nil {
		return smbwire.FileInfo{}, err
	}
	return infoOf(info), nil
}

func infoOf(info fs.FileInfo) smbwire.FileInfo {
	i := smbwire.FileInfo{Modified: info.ModTime(), Attributes: smbwire.AttributeArchive}
	if info.IsDir() {
		i.Attributes = smbwire.AttributeDirectory
		return i
	}
	i.Size = uint64(max(info.Size(), 0))
	i.Allocation = uint64(allocated(int64(i.Size)))
	return i
}

func (f *readOnlyFile) readAt(b []byte, offset int64) (int, error) {
	if f.dir {
		return 0, statusFileIsADirectory
	}
	if r, ok := f.f.(io.ReaderAt); ok {
		return r.ReadAt(b, offset)
	}
	if info, err := f.f.Stat(); err != nil || offset >= info.Size() {
		return 0, cmp.Or(err, io.EOF)
	}
	if err := f.seek(offset); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f.f, b)
	f.pos += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

// seek moves to the offset. If the file cannot seek, it is read up to there, from the
// beginning if the offset lies behind.
func (f *readOnlyFile) seek(offset int64) error {
	if offset == f.pos {
		return nil
	}
	if s, ok := f.f.(io.Seeker); ok {
		if _, err := s.Seek(offset, io.SeekStart); err != nil {
			return err
		}
		f.pos = offset
		return nil
	}
	if offset < f.pos {
		again, err := f.v.fsys.Open(f.name)
		if err != nil {
			return err
		}
		f.f.Close()
		f.f, f.pos = again, 0
	}
	n, err := io.CopyN(io.Discard, f.f, offset-f.pos)
	f.pos += n
	return err
}

func (f *readOnlyFile) list(after string, yield func(string, smbwire.FileInfo) bool) error {
	entries, err := fs.ReadDir(f.v.fsys, f.name)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() <= after || !isFileName(e.Name()) {
			continue
		}
		// Stat follows a link, which the entry's own Info does not.
		info, err := fs.Stat(f.v.fsys, path.Join(f.name, e.Name()))
		if err != nil {
			continue // the file is gone, or is a link to nothing
		}
		if !yield(e.Name(), infoOf(info)) {
			break
		}
	}
	return nil
}

func (f *readOnlyFile) writeAt([]byte, int64) (int, error) { return 0, StatusAccessDenied }
func (f *readOnlyFile) truncate(int64) error               { return StatusAccessDenied }
func (f *readOnlyFile) setModified(time.Time) error        { return StatusAccessDenied }
func (f *readOnlyFile) rename(string, bool) error          { return StatusAccessDenied }
func (f *readOnlyFile) setDelete(bool) error               { return StatusAccessDenied }
func (f *readOnlyFile) deletePending() bool                { return false }

func (f *readOnlyFile) close() error {
	if f.f == nil {
		return nil
	}
	return f.f.Close()
}
