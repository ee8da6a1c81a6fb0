package fileserver

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// WriteFile writes data to the named file, and replaces what it held. It makes the file
// and its directories if they do not exist. The name is a path of package fs, such as
// "dir/file", of which each part is a file name that Windows accepts. The error is an
// *fs.PathError. It matches fs.ErrInvalid for a name that is not accepted, fs.ErrExist
// for a directory in place of the file or a file in place of a directory, and
// StatusDiskFull if there is no space. A file that was new is then empty.
func (m *Memory) WriteFile(name string, data []byte) error {
	fail := func(err error) error { return &fs.PathError{Op: "write", Path: name, Err: err} }
	if !fs.ValidPath(name) || name == "." || len(name) > maxPath {
		return fail(fs.ErrInvalid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	dir := &m.root
	parts := strings.Split(name, "/")
	for i, part := range parts {
		last := i == len(parts)-1
		n, _ := dir.child(fold(part))
		switch {
		case !isFileName(part):
			return fail(fs.ErrInvalid)
		case n == nil:
			var err error
			if n, err = m.make(dir, part, last); err != nil {
				return fail(err)
			}
		case n.file != last:
			return fail(fs.ErrExist)
		case n.doomed:
			return fail(statusDeletePending)
		}
		dir = n
	}
	if err := m.resize(dir, int64(len(data))); err != nil {
		return fail(err)
	}
	copy(dir.data, data)
	return nil
}

// Open opens a file or directory for reading, as an fs.FS does. It shows a snapshot:
// later changes are not seen.
func (m *Memory) Open(name string) (fs.File, error) {
	n, err := m.lookUp("open", name)
	if err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	info := n.fileInfo()
	if !n.file {
		return &memoryDir{info: info, entries: n.entries()}, nil
	}
	return &memorySnapshot{Reader: bytes.NewReader(slices.Clone(n.data)), info: info}, nil
}

// Stat describes a file or directory, as an fs.StatFS does.
func (m *Memory) Stat(name string) (fs.FileInfo, error) {
	n, err := m.lookUp("stat", name)
	if err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	return n.fileInfo(), nil
}

// ReadFile returns the content of a file, as an fs.ReadFileFS does. The caller may
// change the returned bytes.
func (m *Memory) ReadFile(name string) ([]byte, error) {
	n, err := m.lookUp("read", name)
	if err != nil {
		return nil, err
	}
	defer m.mu.RUnlock()
	if !n.file {
		return nil, &fs.PathError{Op: "read", Path: name, Err: statusFileIsADirectory}
	}
	return slices.Clone(n.data), nil
}

// lookUp returns a node and leaves the Memory locked for reading, unless it fails.
func (m *Memory) lookUp(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	m.mu.RLock()
	n := &m.root
	if name != "." {
		for part := range strings.SplitSeq(name, "/") {
			if n, _ = n.child(fold(part)); n == nil {
				m.mu.RUnlock()
				return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
			}
		}
	}
	return n, nil
}

// memoryInfo describes a file or directory of a Memory. It is an fs.FileInfo and an
// fs.DirEntry.
type memoryInfo struct {
	name     string
	size     int64
	modified time.Time
	dir      bool
}

// fileInfo returns what n is like. The Memory is locked.
func (n *node) fileInfo() memoryInfo {
	name := n.name
	if name == "" { // the root
		name = "."
	}
	return memoryInfo{name: name, size: int64(len(n.data)), modified: n.modified, dir: !n.file}
}

// entries returns what is in a directory. The Memory is locked.
func (n *node) entries() []fs.DirEntry {
	entries := make([]fs.DirEntry, len(n.children))
	for i, c := range n.children {
		entries[i] = fs.FileInfoToDirEntry(c.fileInfo())
	}
	// Package fs orders by the name as it is.
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries
}

func (i memoryInfo) Name() string       { return i.name }
func (i memoryInfo) Size() int64        { return i.size }
func (i memoryInfo) ModTime() time.Time { return i.modified }
func (i memoryInfo) IsDir() bool        { return i.dir }
func (i memoryInfo) Sys() any           { return nil }

func (i memoryInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o777
	}
	return 0o666
}

// memorySnapshot is a file that Open has opened.
type memorySnapshot struct {
	*bytes.Reader
	info memoryInfo
}

func (f *memorySnapshot) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memorySnapshot) Close() error               { return nil }

// memoryDir is a directory that Open has opened.
type memoryDir struct {
	info    memoryInfo
	entries []fs.DirEntry // those that ReadDir has not returned yet
}

func (d *memoryDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *memoryDir) Close() error               { return nil }

func (d *memoryDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: statusFileIsADirectory}
}

func (d *memoryDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(d.entries) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(d.entries) {
		n = len(d.entries)
	}
	entries := d.entries[:n:n]
	d.entries = d.entries[n:]
	return entries, nil
}
