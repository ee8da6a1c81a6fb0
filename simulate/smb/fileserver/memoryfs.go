package fileserver

import (
	"bytes"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// memoryInfo is a file or directory of a Memory as package fs has it.
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

// memorySnapshot is a file of a Memory that a test has open.
type memorySnapshot struct {
	*bytes.Reader
	info memoryInfo
}

func (f *memorySnapshot) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *memorySnapshot) Close() error               { return nil }

// memoryDir is a directory of a Memory that a test has open.
type memoryDir struct {
	info    memoryInfo
	entries []fs.DirEntry // that have not been read
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
