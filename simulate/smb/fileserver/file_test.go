package fileserver_test

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

// Statuses of files.
const (
	notFound     smbwire.Status = 0xC0000034
	pathNotFound smbwire.Status = 0xC000003A
	collision    smbwire.Status = 0xC0000035
	nameInvalid  smbwire.Status = 0xC0000033
	isDirectory  smbwire.Status = 0xC00000BA
	notDirectory smbwire.Status = 0xC0000103
	notEmpty     smbwire.Status = 0xC0000101
	endOfFile    smbwire.Status = 0xC0000011
	fileClosed   smbwire.Status = 0xC0000128
	deletePended smbwire.Status = 0xC0000056
	diskFull                    = smbwire.Status(fileserver.StatusDiskFull)
)

// Access and options that the tests ask for.
const (
	reading   = 0x00120089
	changing  = 0x001f01ff
	directory = 1
	noDir     = 0x40
	deleteEnd = 0x1000

	open, create, openIf, overwrite, overwriteIf, supersede = 1, 2, 3, 4, 5, 0
)

func createBody(name string, access, disposition, options uint32) []byte {
	b := make([]byte, 56)
	b[0] = 57
	le.PutUint32(b[24:], access)
	le.PutUint32(b[36:], disposition)
	le.PutUint32(b[40:], options)
	text := utf16le(name)
	le.PutUint16(b[44:], smbwire.Header2Size+56)
	le.PutUint16(b[46:], uint16(len(text)))
	if len(text) == 0 { // the buffer must not be empty
		text = make([]byte, 8)
	}
	return append(b, text...)
}

func writeBody(id smbwire.FileID, offset uint64, data []byte) []byte {
	b := make([]byte, 48)
	b[0], b[2] = 49, smbwire.Header2Size+48
	le.PutUint32(b[4:], uint32(len(data)))
	le.PutUint64(b[8:], offset)
	copy(b[16:], id[:])
	return append(b, data...)
}

// create opens a file and returns its id and what was done to it.
func (c *client) create(name string, access, disposition, options uint32) (smbwire.Status, smbwire.FileID, uint32) {
	c.t.Helper()
	h, body := c.do(smbwire.Command2Create, createBody(name, access, disposition, options))
	if h.Status != success {
		return h.Status, smbwire.FileID{}, 0
	}
	require.Len(c.t, body, 88)
	return h.Status, smbwire.FileID(body[64:80]), le.Uint32(body[4:])
}

func (c *client) close(id smbwire.FileID) smbwire.Status {
	c.t.Helper()
	h, _ := c.do(smbwire.Command2Close, append([]byte{24, 0, 0, 0, 0, 0, 0, 0}, id[:]...))
	return h.Status
}

func (c *client) read(id smbwire.FileID, offset uint64, n uint32) (smbwire.Status, []byte) {
	c.t.Helper()
	b := make([]byte, 49)
	b[0] = 49
	le.PutUint32(b[4:], n)
	le.PutUint64(b[8:], offset)
	copy(b[16:], id[:])
	h, body := c.do(smbwire.Command2Read, b)
	if h.Status != success {
		return h.Status, nil
	}
	require.EqualValues(c.t, smbwire.Header2Size+16, body[2])
	require.Len(c.t, body, 16+int(le.Uint32(body[4:])))
	return h.Status, body[16:]
}

func (c *client) write(id smbwire.FileID, offset uint64, data []byte) smbwire.Status {
	c.t.Helper()
	h, body := c.do(smbwire.Command2Write, writeBody(id, offset, data))
	if h.Status == success {
		require.EqualValues(c.t, len(data), le.Uint32(body[4:]))
	}
	return h.Status
}

func (c *client) setInfo(id smbwire.FileID, class uint8, data []byte) smbwire.Status {
	c.t.Helper()
	b := make([]byte, 32)
	b[0], b[2], b[3] = 33, 1, class
	le.PutUint32(b[4:], uint32(len(data)))
	le.PutUint16(b[8:], smbwire.Header2Size+32)
	copy(b[16:], id[:])
	h, _ := c.do(smbwire.Command2SetInfo, append(b, data...))
	return h.Status
}

func (c *client) queryInfo(id smbwire.FileID, kind, class uint8, size uint32) (smbwire.Status, []byte) {
	c.t.Helper()
	b := make([]byte, 41)
	b[0], b[2], b[3] = 41, kind, class
	le.PutUint32(b[4:], size)
	copy(b[24:], id[:])
	h, body := c.do(smbwire.Command2QueryInfo, b)
	if h.Status != success && h.Status != 0x80000005 {
		return h.Status, nil
	}
	require.EqualValues(c.t, smbwire.Header2Size+8, le.Uint16(body[2:]))
	require.Len(c.t, body, 8+int(le.Uint32(body[4:])))
	return h.Status, body[8:]
}

func (c *client) rename(id smbwire.FileID, name string, replace byte) smbwire.Status {
	c.t.Helper()
	data := make([]byte, 20)
	data[0] = replace
	text := utf16le(name)
	le.PutUint32(data[16:], uint32(len(text)))
	return c.setInfo(id, smbwire.FileRename, append(data, text...))
}

// put writes a file as a whole, and get reads one.
func (c *client) put(name string, data []byte) smbwire.Status {
	c.t.Helper()
	status, id, _ := c.create(name, changing, overwriteIf, noDir)
	if status != success {
		return status
	}
	defer c.close(id)
	for offset := 0; offset < len(data); offset += 64 << 10 {
		end := min(offset+64<<10, len(data))
		if status := c.write(id, uint64(offset), data[offset:end]); status != success {
			return status
		}
	}
	return success
}

func (c *client) get(name string) (smbwire.Status, []byte) {
	c.t.Helper()
	status, id, _ := c.create(name, reading, open, noDir)
	if status != success {
		return status, nil
	}
	defer c.close(id)
	var all []byte
	for {
		status, data := c.read(id, uint64(len(all)), 64<<10)
		if status == endOfFile {
			return success, all
		}
		if status != success {
			return status, nil
		}
		all = append(all, data...)
	}
}

func (c *client) delete(name string, options uint32) smbwire.Status {
	c.t.Helper()
	status, id, _ := c.create(name, smbwire.AccessDelete, open, options)
	if status != success {
		return status
	}
	defer c.close(id)
	return c.setInfo(id, smbwire.FileDisposition, []byte{1})
}

// inShare returns a client that is connected to a share with the files.
func inShare(t testing.TB, files fs.FS) *client {
	t.Helper()
	s := newServer(t, &fileserver.Settings{
		Accounts: map[string]string{"alice": "secret"}, Shares: map[string]fs.FS{"share": files},
	})
	c := connect(t, s, smbwire.Dialect311, "alice", "secret")
	require.Equal(t, success, c.connectTree("share"))
	return c
}

func TestPutAndGet(t *testing.T) {
	files := new(fileserver.Memory)
	c := inShare(t, files)
	for name, size := range map[string]int{"empty": 0, "small": 5, "large": 300_000, `dir\below`: 70_000} {
		data := make([]byte, size)
		rand.Read(data)
		if name == `dir\below` {
			status, id, action := c.create("dir", reading, create, directory)
			require.Equal(t, success, status)
			require.Equal(t, smbwire.ActionCreated, action)
			require.Equal(t, success, c.close(id))
		}
		require.Equal(t, success, c.put(name, data))
		status, got := c.get(name)
		require.Equal(t, success, status)
		require.True(t, bytes.Equal(data, got), name)
	}
	require.NoError(t, fstest.TestFS(files, "empty", "small", "large", "dir", "dir/below"))
}

// TestCreate: dispositions and options, for files that exist and files that do not.
func TestCreate(t *testing.T) {
	files := new(fileserver.Memory)
	require.NoError(t, files.WriteFile("file", []byte("hello")))
	require.NoError(t, files.WriteFile("dir/below", nil))
	c := inShare(t, files)
	for _, tt := range []struct {
		name                 string
		disposition, options uint32
		want                 smbwire.Status
		action               uint32
	}{
		{"file", open, 0, success, smbwire.ActionOpened},
		{"FILE", open, noDir, success, smbwire.ActionOpened},
		{"file", openIf, 0, success, smbwire.ActionOpened},
		{"file", create, 0, collision, 0},
		{"file", open, directory, notDirectory, 0},
		{"file", overwrite, 0, success, smbwire.ActionOverwritten},
		{"file", overwriteIf, 0, success, smbwire.ActionOverwritten},
		{"file", supersede, 0, success, smbwire.ActionSuperseded},
		{"new1", open, 0, notFound, 0},
		{"new1", overwrite, 0, notFound, 0},
		{"new1", create, 0, success, smbwire.ActionCreated},
		{"new2", openIf, 0, success, smbwire.ActionCreated},
		{"new3", overwriteIf, 0, success, smbwire.ActionCreated},
		{"new4", supersede, 0, success, smbwire.ActionCreated},
		{"new5", create, directory, success, smbwire.ActionCreated},
		{"new6", overwriteIf, directory, badParameter, 0},
		{"new7", create, directory | noDir, badParameter, 0},
		{"new8", 6, 0, badParameter, 0},
		{"dir", open, 0, success, smbwire.ActionOpened},
		{"dir", open, directory, success, smbwire.ActionOpened},
		{"dir", open, noDir, isDirectory, 0},
		{"dir", create, directory, collision, 0},
		{"dir", overwrite, 0, badParameter, 0},
		{"", open, directory, success, smbwire.ActionOpened},
		{`nosuch\file`, create, 0, pathNotFound, 0},
		{`file\file`, open, 0, pathNotFound, 0},
		{`dir\below`, open, 0, success, smbwire.ActionOpened},
		{`dir\\below`, open, 0, nameInvalid, 0},
		{`dir\..\file`, open, 0, nameInvalid, 0},
		{`\file`, open, 0, nameInvalid, 0},
		{`dir/below`, open, 0, nameInvalid, 0},
		{"file:stream", create, 0, nameInvalid, 0},
		{"a*", create, 0, nameInvalid, 0},
		{"a\x01", create, 0, nameInvalid, 0},
		{string(bytes.Repeat([]byte("x"), 256)), create, 0, nameInvalid, 0},
		{string(bytes.Repeat([]byte(`x\`), 3000)), create, 0, nameInvalid, 0},
	} {
		status, id, action := c.create(tt.name, changing, tt.disposition, tt.options)
		assert.Equal(t, tt.want, status, "%.20q %d %#x", tt.name, tt.disposition, tt.options)
		assert.Equal(t, tt.action, action, "%.20q %d %#x", tt.name, tt.disposition, tt.options)
		if status == success {
			assert.Equal(t, success, c.close(id))
			assert.Equal(t, fileClosed, c.close(id))
		}
	}
	odd := createBody("xx", changing, create, 0)
	odd[46]--
	h, _ := c.do(smbwire.Command2Create, odd)
	assert.Equal(t, badParameter, h.Status, "half a character")
}

// TestAccess: a client can do what it has asked for.
func TestAccess(t *testing.T) {
	files := new(fileserver.Memory)
	require.NoError(t, files.WriteFile("file", []byte("hello")))
	c := inShare(t, files)
	for access, want := range map[uint32]struct{ read, write, remove smbwire.Status }{
		0x02000000:                     {success, success, success}, // all rights that the client may have
		0x10000000:                     {success, success, success},
		0x80000000:                     {success, accessDenied, accessDenied},
		0x40000000:                     {accessDenied, success, accessDenied},
		0x20000000:                     {accessDenied, accessDenied, accessDenied},
		smbwire.AccessReadAttributes:   {accessDenied, accessDenied, accessDenied},
		smbwire.AccessDelete:           {accessDenied, accessDenied, success},
		smbwire.AccessRead | 0x0100000: {success, accessDenied, accessDenied},
	} {
		status, id, _ := c.create("file", access, open, 0)
		require.Equal(t, success, status)
		status, _ = c.read(id, 0, 5)
		assert.Equal(t, want.read, status, "%#x", access)
		assert.Equal(t, want.write, c.write(id, 0, []byte("hello")), "%#x", access)
		assert.Equal(t, want.write, c.setInfo(id, smbwire.FileEndOfFile, []byte{5, 7: 0}), "%#x", access)
		assert.Equal(t, want.remove, c.setInfo(id, smbwire.FileDisposition, []byte{0}), "%#x", access)
		assert.Equal(t, want.remove, c.rename(id, "file", 0), "%#x", access)
		require.Equal(t, success, c.close(id))
	}
	status, _, _ := c.create("file", 0x80000000, open, deleteEnd)
	assert.Equal(t, accessDenied, status)
}

func TestReadAndWrite(t *testing.T) {
	files := new(fileserver.Memory)
	require.NoError(t, files.WriteFile("dir/file", []byte("0123456789")))
	c := inShare(t, files)
	_, id, _ := c.create(`dir\file`, changing, open, 0)
	status, data := c.read(id, 3, 4)
	assert.Equal(t, success, status)
	assert.Equal(t, "3456", string(data))
	_, data = c.read(id, 8, 100)
	assert.Equal(t, "89", string(data))
	_, data = c.read(id, 8, 0)
	assert.Empty(t, data)
	for offset, want := range map[uint64]smbwire.Status{10: endOfFile, 1 << 40: endOfFile, 1 << 63: badParameter, ^uint64(0): badParameter} {
		status, _ = c.read(id, offset, 1)
		assert.Equal(t, want, status, "%d", offset)
	}
	status, _ = c.read(id, 0, 64<<10+1)
	assert.Equal(t, badParameter, status)
	minimum := make([]byte, 49)
	minimum[0], minimum[4], minimum[32] = 49, 100, 11
	copy(minimum[16:], id[:])
	h, _ := c.do(smbwire.Command2Read, minimum)
	assert.Equal(t, endOfFile, h.Status, "less than the client wants at least")

	assert.Equal(t, success, c.write(id, 12, []byte("ab")), "behind the end")
	assert.Equal(t, success, c.write(id, ^uint64(0), []byte("c")), "to the end")
	assert.Equal(t, success, c.write(id, 1, []byte("X")))
	assert.Equal(t, success, c.write(id, 1<<40, nil), "nothing")
	assert.Equal(t, badParameter, c.write(id, 1<<63, []byte("x")))
	data, err := files.ReadFile("dir/file")
	require.NoError(t, err)
	assert.Equal(t, "0X23456789\x00\x00abc", string(data))
	outside := writeBody(id, 0, []byte("abc"))
	outside[4]++
	h, _ = c.do(smbwire.Command2Write, outside)
	assert.Equal(t, badParameter, h.Status)
	h, _ = c.do(smbwire.Command2Flush, append([]byte{24, 0, 0, 0, 0, 0, 0, 0}, id[:]...))
	assert.Equal(t, success, h.Status)

	_, appending, _ := c.create(`dir\file`, smbwire.AccessAppend, open, 0)
	assert.Equal(t, success, c.write(appending, 0, []byte("!")), "can do no more than append")
	assert.Equal(t, success, c.setInfo(id, smbwire.FileEndOfFile, []byte{3, 7: 0}))
	data, _ = files.ReadFile("dir/file")
	assert.Equal(t, "0X2", string(data))
	assert.Equal(t, success, c.setInfo(id, smbwire.FileEndOfFile, []byte{5, 7: 0}))
	data, _ = files.ReadFile("dir/file")
	assert.Equal(t, "0X2\x00\x00", string(data))
	assert.Equal(t, badParameter, c.setInfo(id, smbwire.FileEndOfFile, bytes.Repeat([]byte{0xff}, 8)))

	_, dir, _ := c.create("dir", changing, open, 0)
	status, _ = c.read(dir, 0, 1)
	assert.Equal(t, isDirectory, status)
	assert.Equal(t, isDirectory, c.write(dir, 0, []byte("x")))
	assert.Equal(t, badParameter, c.setInfo(dir, smbwire.FileEndOfFile, make([]byte, 8)))
}

// TestOthersFiles: the number of a file is not valid in another tree or session.
func TestOthersFiles(t *testing.T) {
	files := new(fileserver.Memory)
	require.NoError(t, files.WriteFile("file", []byte("hello")))
	c := inShare(t, files)
	_, id, _ := c.create("file", changing, open, 0)
	tree := c.tree
	require.Equal(t, success, c.connectTree("share"))
	status, _ := c.read(id, 0, 5)
	assert.Equal(t, fileClosed, status)
	other := c.tree
	c.tree = tree
	h, _ := c.do(smbwire.Command2TreeDisconnect, []byte{4, 0, 0, 0})
	require.Equal(t, success, h.Status)
	c.tree = other
	status, _ = c.read(id, 0, 5)
	assert.Equal(t, fileClosed, status)
}

func TestRenameAndDelete(t *testing.T) {
	files := new(fileserver.Memory)
	for _, name := range []string{"a", "b", "dir/c", "dir/sub/d", "empty/x"} {
		require.NoError(t, files.WriteFile(name, []byte(name)))
	}
	c := inShare(t, files)
	require.Equal(t, success, c.delete(`empty\x`, 0))
	names := func() (all []string) {
		require.NoError(t, fs.WalkDir(files, ".", func(name string, _ fs.DirEntry, err error) error {
			all = append(all, name)
			return err
		}))
		return all
	}
	move := func(from, to string, replace byte) smbwire.Status {
		status, id, _ := c.create(from, changing, open, 0)
		require.Equal(t, success, status, from)
		defer c.close(id)
		return c.rename(id, to, replace)
	}
	assert.Equal(t, collision, move("a", "b", 0))
	assert.Equal(t, success, move("a", "A", 0), "another case")
	assert.Equal(t, success, move("a", "b", 1))
	assert.Equal(t, success, move("B", `dir\sub\e`, 0))
	assert.Equal(t, success, move("dir", "folder", 0))
	assert.Equal(t, accessDenied, move("folder", `folder\sub\dir`, 0), "into itself")
	assert.Equal(t, pathNotFound, move("folder", `nosuch\dir`, 0))
	assert.Equal(t, collision, move("folder", `empty`, 0))
	assert.Equal(t, accessDenied, move("folder", `empty`, 1), "a directory is not replaced")
	assert.Equal(t, collision, move("folder", ``, 1))
	assert.Equal(t, nameInvalid, move("folder", `a?`, 1))
	assert.Equal(t, accessDenied, move("", "root", 0))
	assert.Equal(t, []string{".", "empty", "folder", "folder/c", "folder/sub", "folder/sub/d", "folder/sub/e"}, names())
	data, err := files.ReadFile("folder/sub/e")
	require.NoError(t, err)
	assert.Equal(t, "a", string(data))

	status, id, _ := c.create("folder", changing, open, 0)
	require.Equal(t, success, status)
	assert.Equal(t, smbwire.Status(0xC0000004), c.setInfo(id, smbwire.FileDisposition, nil))
	for _, short := range [][]byte{nil, make([]byte, 19), append(make([]byte, 16), 2, 0, 0, 0), append(make([]byte, 16), 1, 0, 0, 0, 'x')} {
		assert.Equal(t, badParameter, c.setInfo(id, smbwire.FileRename, short))
	}
	require.Equal(t, success, c.close(id))

	assert.Equal(t, notEmpty, c.delete("folder", directory))
	assert.Equal(t, success, c.delete("empty", directory))
	assert.Equal(t, accessDenied, c.delete("", directory))

	// A deleted file is gone once it is closed everywhere.
	_, one, _ := c.create(`folder\c`, changing, open, 0)
	_, two, _ := c.create(`folder\c`, changing, open, deleteEnd)
	require.Equal(t, success, c.close(two))
	status, _, _ = c.create(`folder\c`, changing, open, 0)
	assert.Equal(t, deletePended, status)
	status, _, _ = c.create(`folder\c`, changing, create, 0)
	assert.Equal(t, deletePended, status)
	assert.Equal(t, success, c.write(one, 0, []byte("still there")))
	require.Equal(t, success, c.close(one))
	status, _, _ = c.create(`folder\c`, changing, open, 0)
	assert.Equal(t, notFound, status)

	// An open file is not replaced.
	_, one, _ = c.create(`folder\sub\d`, changing, open, 0)
	assert.Equal(t, accessDenied, move(`folder\sub\e`, `folder\sub\d`, 1))
	// No file can be made in a directory that is about to be deleted.
	require.Equal(t, success, c.setInfo(one, smbwire.FileDisposition, []byte{1}))
	require.Equal(t, success, c.setInfo(one, smbwire.FileDisposition, []byte{0}), "thought better of")
	require.Equal(t, success, c.close(one))
	_, one, _ = c.create("pit", changing, create, directory)
	require.Equal(t, success, c.setInfo(one, smbwire.FileDisposition, []byte{1}))
	status, _, _ = c.create(`pit\x`, changing, create, 0)
	assert.Equal(t, deletePended, status)
	assert.Equal(t, deletePended, move(`folder\sub\e`, `pit\e`, 1))
	require.Equal(t, success, c.close(one))

	// The end of a connection closes its files.
	_, _, _ = c.create(`folder\sub\e`, changing, open, deleteEnd)
	h, _ := c.do(smbwire.Command2Logoff, []byte{4, 0, 0, 0})
	require.Equal(t, success, h.Status)
	assert.Equal(t, []string{".", "folder", "folder/sub", "folder/sub/d"}, names())
}

// TestDiskFull: a write without space writes nothing, and a deleted file frees its space.
func TestDiskFull(t *testing.T) {
	const cluster = 4 << 10
	files := &fileserver.Memory{Max: 10 * cluster}
	c := inShare(t, files)
	free := func() uint64 {
		_, root, _ := c.create("", reading, open, 0)
		defer c.close(root)
		status, b := c.queryInfo(root, smbwire.InfoFilesystem, smbwire.FsSize, 100)
		require.Equal(t, success, status)
		assert.EqualValues(t, 10, le.Uint64(b))
		return le.Uint64(b[8:])
	}
	require.EqualValues(t, 10, free())
	require.Equal(t, success, c.put("a", make([]byte, 5*cluster)))
	require.EqualValues(t, 4, free())
	require.Equal(t, diskFull, c.put("b", make([]byte, 4*cluster)))
	info, err := files.Stat("b")
	require.NoError(t, err)
	assert.Zero(t, info.Size(), "one write of 16 KiB, which did not fit")
	require.EqualValues(t, 3, free())

	_, id, _ := c.create("b", changing, open, 0)
	require.Equal(t, success, c.write(id, 3*cluster-1, []byte{1}))
	require.EqualValues(t, 0, free())
	for _, offset := range []uint64{3 * cluster, 1 << 40, 1<<63 - 1} {
		assert.Equal(t, diskFull, c.write(id, offset, []byte{1}), "%d", offset)
		assert.Equal(t, diskFull, c.setInfo(id, smbwire.FileEndOfFile, le.AppendUint64(nil, min(offset+1, 1<<63-1))))
	}
	assert.Equal(t, diskFull, c.setInfo(id, smbwire.FileAllocation, le.AppendUint64(nil, 4*cluster)))
	status, _, _ := c.create("c", changing, create, 0)
	assert.Equal(t, diskFull, status, "not even its entry")
	status, _, _ = c.create("c", changing, create, directory)
	assert.Equal(t, diskFull, status)
	assert.ErrorIs(t, files.WriteFile("c", nil), fileserver.StatusDiskFull)
	assert.ErrorIs(t, files.WriteFile("a", make([]byte, 9*cluster)), fileserver.StatusDiskFull)

	assert.Equal(t, success, c.setInfo(id, smbwire.FileAllocation, le.AppendUint64(nil, cluster)), "shorter")
	assert.EqualValues(t, 2, free())
	assert.Equal(t, success, c.setInfo(id, smbwire.FileAllocation, le.AppendUint64(nil, 3*cluster)))
	require.Equal(t, success, c.close(id))
	require.Equal(t, success, c.delete("a", 0))
	assert.EqualValues(t, 8, free())
	require.Equal(t, success, c.put("a", nil))
	_, id, _ = c.create("b", changing, open, 0)
	require.Equal(t, success, c.rename(id, "a", 1))
	require.Equal(t, success, c.close(id))
	require.Equal(t, success, c.delete("a", 0))
	assert.EqualValues(t, 10, free())
}

func TestInfo(t *testing.T) {
	now := time.Date(2004, 8, 4, 12, 0, 0, 0, time.UTC)
	for name, files := range map[string]fs.FS{
		"read only": fstest.MapFS{"dir/file.txt": {Data: make([]byte, 5000), ModTime: now}},
		"memory":    new(fileserver.Memory),
	} {
		t.Run(name, func(t *testing.T) {
			if m, ok := files.(*fileserver.Memory); ok {
				require.NoError(t, m.WriteFile("dir/file.txt", make([]byte, 5000)))
			}
			c := inShare(t, files)
			status, id, _ := c.create(`dir\file.txt`, reading|smbwire.AccessReadAttributes, open, 0)
			require.Equal(t, success, status)
			if name == "memory" {
				status, change, _ := c.create(`dir\file.txt`, smbwire.AccessWriteAttributes, open, 0)
				require.Equal(t, success, status)
				times := make([]byte, 40)
				le.PutUint64(times[16:], smbwire.FileTime(now))
				require.Equal(t, success, c.setInfo(change, smbwire.FileBasic, times))
				le.PutUint64(times[16:], ^uint64(0))
				require.Equal(t, success, c.setInfo(change, smbwire.FileBasic, times), "as it is")
				require.Equal(t, success, c.setInfo(change, smbwire.FilePosition, times))
				require.Equal(t, notSupported, c.setInfo(change, 64, times))
				require.Equal(t, success, c.close(change))
			}
			query := func(kind, class uint8) []byte {
				t.Helper()
				status, b := c.queryInfo(id, kind, class, 1000)
				require.Equal(t, success, status)
				return b
			}
			all := query(smbwire.InfoFile, smbwire.FileAll)
			require.Len(t, all, 100+2*len(`\dir\file.txt`))
			assert.Equal(t, smbwire.FileTime(now), le.Uint64(all[16:]))
			assert.EqualValues(t, smbwire.AttributeArchive, le.Uint32(all[32:]))
			assert.EqualValues(t, 8192, le.Uint64(all[40:]), "space taken")
			assert.EqualValues(t, 5000, le.Uint64(all[48:]))
			assert.Equal(t, utf16le(`\dir\file.txt`), all[100:])
			for class, size := range map[uint8]int{
				smbwire.FileBasic: 40, smbwire.FileStandard: 24, smbwire.FileInternal: 8, smbwire.FileEA: 4, smbwire.FileAccess: 4,
				smbwire.FilePosition: 8, smbwire.FileMode: 4, smbwire.FileAlignment: 4, smbwire.FileStream: 24 + 14,
				smbwire.FileNetworkOpen: 56, smbwire.FileAttributeTag: 8,
			} {
				assert.Len(t, query(smbwire.InfoFile, class), size, "%d", class)
			}
			for class, size := range map[uint8]int{
				smbwire.FsSize: 24, smbwire.FsDevice: 8, smbwire.FsAttribute: 12 + 8, smbwire.FsFullSize: 32,
			} {
				assert.Len(t, query(smbwire.InfoFilesystem, class), size, "%d", class)
			}
			assert.Greater(t, len(query(smbwire.InfoFilesystem, smbwire.FsVolume)), 18)
			status, b := c.queryInfo(id, smbwire.InfoFile, smbwire.FileAll, 101)
			assert.Equal(t, smbwire.Status(0x80000005), status, "not all of it")
			assert.Equal(t, all[:101], b)
			status, _ = c.queryInfo(id, smbwire.InfoFile, smbwire.FileAll, 7)
			assert.Equal(t, smbwire.Status(0xC0000004), status)
			status, _ = c.queryInfo(id, smbwire.InfoFile, smbwire.FileAll, 64<<10+1)
			assert.Equal(t, badParameter, status)
			status, _ = c.queryInfo(id, smbwire.InfoFile, 99, 100)
			assert.Equal(t, notSupported, status)
			status, _ = c.queryInfo(id, 3, 0, 100)
			assert.Equal(t, notSupported, status, "security")

			h, body := c.do(smbwire.Command2Close, append([]byte{24, 0, 1, 0, 0, 0, 0, 0}, id[:]...))
			require.Equal(t, success, h.Status)
			require.Len(t, body, 60)
			assert.EqualValues(t, 5000, le.Uint64(body[48:]))
			status, id, _ = c.create("dir", reading, open, 0)
			require.Equal(t, success, status)
			assert.Empty(t, query(smbwire.InfoFile, smbwire.FileStream), "of a directory")
			assert.EqualValues(t, 1, query(smbwire.InfoFile, smbwire.FileStandard)[21])
		})
	}
}
