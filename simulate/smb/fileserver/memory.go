package fileserver

import (
	"cmp"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// DefaultMemoryMax is the space of a Memory with a Max of 0, in bytes: 64 MiB.
const DefaultMemoryMax = 64 << 20

// Memory is the files of a share, in memory. Clients can read, write, list, rename and
// delete them. The zero value is an empty Memory, ready for use. A test puts files there
// by WriteFile, and reads what a client has written by ReadFile. As a Memory is an
// fs.FS, fs.WalkDir and fs.Glob work on it as well.
//
// The case of a name does not matter, and is kept. A write for which there is no space
// writes nothing, and is answered with STATUS_DISK_FULL. A client cannot lock a file
// against others, as share modes have no effect. A file that is open cannot be
// replaced, and one that is deleted is gone once every client has closed it.
//
// A Memory may be a share of several servers and may be used by many goroutines.
type Memory struct {
	// Max is the space in bytes; 0 is DefaultMemoryMax. As on a disk, a file takes
	// whole clusters of 4 KiB, and each file and directory takes one more for its
	// entry. Max must not be changed once the Memory is in use.
	Max int64

	mu   sync.RWMutex
	root node
	used int64
}

// node is a file or directory of a Memory, guarded by the lock of the Memory.
type node struct {
	name     string
	key      string // the folded name
	file     bool   // false for a directory, such as the zero node
	data     []byte
	modified time.Time
	parent   *node
	children []*node // sorted by key
	opens    int     // how often it is open
	doomed   bool    // to be deleted when the last client closes it
}

// info is part of volume.
func (m *Memory) info() smbwire.FilesystemInfo {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return smbwire.FilesystemInfo{
		Label: "memory", ClusterSize: clusterSize,
		Total: uint64(m.max() / clusterSize), Free: uint64(max(m.max()-m.used, 0) / clusterSize),
	}
}

func (m *Memory) max() int64 {
	if m.Max == 0 {
		return DefaultMemoryMax
	}
	return m.Max
}

// take takes n bytes of space, or fails and takes none. The Memory is locked.
func (m *Memory) take(n int64) error {
	if n > m.max()-m.used {
		return StatusDiskFull
	}
	m.used += n
	return nil
}

// find returns the node of a path and its directory. The node is nil if only the
// directory exists; the directory is nil for the root. The Memory is locked.
func (m *Memory) find(name string) (n, dir *node, err error) {
	n = &m.root
	if name == "." {
		return n, nil, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if n == nil || n.file {
			return nil, nil, statusObjectPathNotFound
		}
		if n.doomed {
			return nil, nil, statusDeletePending
		}
		dir = n
		n, _ = dir.child(fold(part))
	}
	return n, dir, nil
}

// child returns the child with the key, or nil, and its index among the children, or
// the index where it would be.
func (n *node) child(key string) (*node, int) {
	i, ok := slices.BinarySearchFunc(n.children, key, func(c *node, key string) int { return cmp.Compare(c.key, key) })
	if !ok {
		return nil, i
	}
	return n.children[i], i
}

func (n *node) setName(name string) { n.name, n.key = name, fold(name) }

// add makes n a child of dir. n must not have a parent.
func (dir *node) add(n *node) {
	_, i := dir.child(n.key)
	dir.children = slices.Insert(dir.children, i, n)
	dir.modified = time.Now()
	n.parent = dir
}

// remove takes n from the children of dir.
func (dir *node) remove(n *node) {
	if c, i := dir.child(n.key); c == n {
		dir.children = slices.Delete(dir.children, i, i+1)
		dir.modified = time.Now()
	}
	n.parent = nil
}

// make makes a file or directory in dir, which has none of that name. The Memory is
// locked.
func (m *Memory) make(dir *node, name string, file bool) (*node, error) {
	if err := m.take(clusterSize); err != nil {
		return nil, err
	}
	n := &node{file: file, modified: time.Now()}
	n.setName(name)
	dir.add(n)
	return n, nil
}

// drop removes a node that is not open, and gives its space back. The Memory is locked.
func (m *Memory) drop(n *node) {
	n.parent.remove(n)
	m.used -= clusterSize + allocated(int64(len(n.data)))
	n.data = nil
}

// resize makes a file longer or shorter. The Memory is locked.
func (m *Memory) resize(n *node, size int64) error {
	old := int64(len(n.data))
	if err := m.take(allocated(size) - allocated(old)); err != nil {
		return err
	}
	switch {
	case size > old:
		n.data = slices.Grow(n.data, int(size-old))[:size]
		clear(n.data[old:])
	case size < int64(cap(n.data))/2:
		n.data = append([]byte(nil), n.data[:size]...)
	default:
		n.data = n.data[:size]
	}
	n.modified = time.Now()
	return nil
}

func (n *node) wireInfo() smbwire.FileInfo {
	i := smbwire.FileInfo{Modified: n.modified, Attributes: smbwire.AttributeArchive}
	if !n.file {
		i.Attributes = smbwire.AttributeDirectory
		return i
	}
	i.Size, i.Allocation = uint64(len(n.data)), uint64(allocated(int64(len(n.data))))
	return i
}

// openFile is part of volume.
func (m *Memory) openFile(name string, c smbwire.Create2) (file, uint32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, dir, err := m.find(name)
	if err != nil {
		return nil, 0, err
	}
	action := smbwire.ActionOpened
	switch {
	case n == nil:
		if c.Disposition == smbwire.DispositionOpen || c.Disposition == smbwire.DispositionOverwrite {
			return nil, 0, statusObjectNameNotFound
		}
		if n, err = m.make(dir, path.Base(name), c.Options&smbwire.OptionDirectory == 0); err != nil {
			return nil, 0, err
		}
		action = smbwire.ActionCreated
	case n.doomed:
		return nil, 0, statusDeletePending
	case c.Disposition == smbwire.DispositionCreate:
		return nil, 0, statusObjectNameCollision
	case !n.file && c.Options&smbwire.OptionNoDirectory != 0:
		return nil, 0, statusFileIsADirectory
	case n.file && c.Options&smbwire.OptionDirectory != 0:
		return nil, 0, statusNotADirectory
	case c.Disposition != smbwire.DispositionOpen && c.Disposition != smbwire.DispositionOpenIf:
		if !n.file {
			return nil, 0, statusInvalidParameter
		}
		if err := m.resize(n, 0); err != nil {
			return nil, 0, err
		}
		action = smbwire.ActionOverwritten
		if c.Disposition == smbwire.DispositionSupersede {
			action = smbwire.ActionSuperseded
		}
	}
	n.opens++
	return &memoryFile{m: m, n: n}, action, nil
}

// memoryFile is a file of a Memory that a client has open.
type memoryFile struct {
	m *Memory
	n *node
}

func (f *memoryFile) stat() (smbwire.FileInfo, error) {
	f.m.mu.RLock()
	defer f.m.mu.RUnlock()
	return f.n.wireInfo(), nil
}

func (f *memoryFile) readAt(b []byte, offset int64) (int, error) {
	f.m.mu.RLock()
	defer f.m.mu.RUnlock()
	if !f.n.file {
		return 0, statusFileIsADirectory
	}
	if offset >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.data[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memoryFile) writeAt(b []byte, offset int64) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	switch {
	case !f.n.file:
		return 0, statusFileIsADirectory
	case len(b) == 0:
		return 0, nil
	case offset > f.m.max(): // so that the sum below does not overflow
		return 0, StatusDiskFull
	}
	if end := offset + int64(len(b)); end > int64(len(f.n.data)) {
		if err := f.m.resize(f.n, end); err != nil {
			return 0, err
		}
	}
	f.n.modified = time.Now()
	return copy(f.n.data[offset:], b), nil
}

func (f *memoryFile) truncate(size int64) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	switch {
	case !f.n.file:
		return statusInvalidParameter
	case size > f.m.max():
		return StatusDiskFull
	}
	return f.m.resize(f.n, size)
}

func (f *memoryFile) setModified(t time.Time) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.modified = t
	return nil
}

func (f *memoryFile) list(after string, yield func(string, smbwire.FileInfo) bool) error {
	f.m.mu.RLock()
	defer f.m.mu.RUnlock()
	c, i := f.n.child(fold(after))
	if c != nil {
		i++
	}
	for _, n := range f.n.children[i:] {
		if !yield(n.name, n.wireInfo()) {
			break
		}
	}
	return nil
}

func (f *memoryFile) rename(name string, replace bool) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	if f.n == &f.m.root || f.n.parent == nil {
		return StatusAccessDenied
	}
	there, dir, err := f.m.find(name)
	if err != nil {
		return err
	}
	for up := dir; up != nil; up = up.parent {
		if up == f.n { // a directory into itself
			return StatusAccessDenied
		}
	}
	switch {
	case dir == nil: // the new name is the root
		return statusObjectNameCollision
	case there == nil || there == f.n:
	case !replace:
		return statusObjectNameCollision
	case !there.file || there.opens > 0:
		return StatusAccessDenied
	default:
		f.m.drop(there)
	}
	f.n.parent.remove(f.n)
	f.n.setName(path.Base(name))
	dir.add(f.n)
	return nil
}

func (f *memoryFile) setDelete(on bool) error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	switch {
	case f.n == &f.m.root:
		return StatusAccessDenied
	case on && len(f.n.children) > 0:
		return statusDirectoryNotEmpty
	}
	f.n.doomed = on
	return nil
}

func (f *memoryFile) deletePending() bool {
	f.m.mu.RLock()
	defer f.m.mu.RUnlock()
	return f.n.doomed
}

func (f *memoryFile) close() error {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.n.opens--
	if f.n.doomed && f.n.opens == 0 && f.n.parent != nil {
		f.m.drop(f.n)
	}
	return nil
}
