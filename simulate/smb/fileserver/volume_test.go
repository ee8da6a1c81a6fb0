package fileserver_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
)

// TestReadOnly: every change to a file system that is not a Memory is refused.
func TestReadOnly(t *testing.T) {
	c := inShare(t, fstest.MapFS{"Dir/File": {Data: []byte("hello")}, "dev": {Mode: fs.ModeDevice}})
	for _, tt := range []struct {
		name                         string
		access, disposition, options uint32
		want                         smbwire.Status
	}{
		{`Dir\File`, reading, open, 0, success},
		{`DIR\file`, reading, open, noDir, success},
		{`dir\FILE`, reading, openIf, 0, success},
		{`dir`, reading, open, directory, success},
		{`dir`, reading, open, noDir, isDirectory},
		{`dir\file`, reading, open, directory, notDirectory},
		{`dir\file`, 0x02000000, open, 0, success},
		{`dir\file`, 0x40000000, open, 0, accessDenied},
		{`dir\file`, 0x10000000, open, 0, accessDenied},
		{`dir\file`, smbwire.AccessDelete, open, 0, accessDenied},
		{`dir\file`, smbwire.AccessDelete, open, deleteEnd, accessDenied},
		{`dir\file`, reading, create, 0, collision},
		{`dir\file`, reading, overwrite, 0, accessDenied},
		{`dir\file`, reading, supersede, 0, accessDenied},
		{`new`, reading, open, 0, notFound},
		{`new`, reading, overwrite, 0, notFound},
		{`new`, reading, create, 0, accessDenied},
		{`new`, reading, openIf, directory, accessDenied},
		{`nosuch\new`, reading, open, 0, pathNotFound},
		{`nosuch\new`, reading, create, 0, pathNotFound},
		{`dir\file\new`, reading, open, 0, pathNotFound},
		{`dev`, reading, open, 0, accessDenied},
	} {
		status, id, _ := c.create(tt.name, tt.access, tt.disposition, tt.options)
		assert.Equal(t, tt.want, status, "%s %#x %d %#x", tt.name, tt.access, tt.disposition, tt.options)
		if status == success {
			require.Equal(t, success, c.close(id))
		}
	}
	_, id, _ := c.create(`dir\file`, 0x02000000, open, 0)
	assert.Equal(t, accessDenied, c.write(id, 0, []byte("x")))
	for _, class := range []uint8{smbwire.FileBasic, smbwire.FileRename, smbwire.FileDisposition, smbwire.FileEndOfFile, smbwire.FileAllocation} {
		assert.Equal(t, accessDenied, c.setInfo(id, class, make([]byte, 40)), "%d", class)
	}
	status, b := c.queryInfo(id, smbwire.InfoFilesystem, smbwire.FsSize, 100)
	require.Equal(t, success, status)
	assert.Zero(t, le.Uint64(b[8:]), "nothing is free")
}

// TestReadOnlyKinds: files that are an io.ReaderAt, files that are an io.Seeker, and files
// that are neither.
func TestReadOnlyKinds(t *testing.T) {
	data := make([]byte, 200_000)
	rand.Read(data)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), data, 0o600))
	require.NoError(t, os.Symlink("file", filepath.Join(dir, "link")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("file")
	require.NoError(t, err)
	_, err = f.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	for name, fsys := range map[string]fs.FS{
		"directory": os.DirFS(dir), "archive": archive, "seeker": seekers{os.DirFS(dir)},
	} {
		t.Run(name, func(t *testing.T) {
			c := inShare(t, fsys)
			status, got := c.get("file")
			require.Equal(t, success, status)
			require.True(t, bytes.Equal(data, got))
			_, id, _ := c.create("FILE", reading, open, 0)
			for _, at := range []uint64{199_990, 5, 100_000, 99_000, 0, 199_999} { // back and forth
				status, got := c.read(id, at, 10)
				require.Equal(t, success, status)
				assert.True(t, bytes.HasPrefix(data[at:], got), "%d", at)
				assert.Len(t, got, min(10, 200_000-int(at)))
			}
			status, _ = c.read(id, 200_000, 1)
			assert.Equal(t, endOfFile, status)
			status, _ = c.read(id, 1<<62, 1)
			assert.Equal(t, endOfFile, status)
			require.Equal(t, success, c.close(id))
			status, _, _ = c.create("dangling", reading, open, 0)
			assert.Equal(t, notFound, status)
			want := []string{".", "..", "file"}
			if name != "archive" {
				want = append(want, "link")
				status, got := c.get("link")
				require.Equal(t, success, status)
				assert.Len(t, got, len(data))
			}
			assert.Equal(t, want, c.list("", 37, "*", 1000))
		})
	}
}

// seekers hides that the files of an FS are an io.ReaderAt.
type seekers struct{ fs.FS }

func (s seekers) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return f, err
	}
	return seeker{f, f.(interface {
		Seek(int64, int) (int64, error)
	})}, nil
}

type seeker struct {
	fs.File
	s interface {
		Seek(int64, int) (int64, error)
	}
}

func (s seeker) Seek(offset int64, whence int) (int64, error) { return s.s.Seek(offset, whence) }

// TestUnspeakableNames: a file with a name that Windows does not accept is not shown.
func TestUnspeakableNames(t *testing.T) {
	c := inShare(t, fstest.MapFS{"a:b": {}, `a\b`: {}, "a\xff": {}, "good": {}})
	assert.Equal(t, []string{".", "..", "good"}, c.list("", 12, "*", 1000))
}

// brokenFS is a file system that fails.
type brokenFS struct{ err error }

func (b brokenFS) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: b.err}
}

// TestBrokenFS: a failure of the file system is answered with a status.
func TestBrokenFS(t *testing.T) {
	for err, want := range map[error]smbwire.Status{
		fs.ErrPermission: accessDenied, fs.ErrInvalid: badParameter, os.ErrProcessDone: 0xC00000E9,
	} {
		c := inShare(t, brokenFS{err})
		status, _, _ := c.create("", reading, open, 0)
		assert.Equal(t, want, status, "%v", err)
		status, _, _ = c.create("file", reading, open, 0)
		assert.Equal(t, want, status, "%v", err)
	}
}
