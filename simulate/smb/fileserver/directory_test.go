package fileserver_test

import (
	"fmt"
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

const (
	noMoreFiles smbwire.Status = 0x80000006
	noSuchFile  smbwire.Status = 0xC000000F
)

// query asks for the next entries of a directory.
func (c *client) query(id smbwire.FileID, class, flags uint8, pattern string, size uint32) (smbwire.Status, []byte) {
	c.t.Helper()
	b := make([]byte, 32)
	b[0], b[2], b[3] = 33, class, flags
	copy(b[8:], id[:])
	text := utf16le(pattern)
	b[24] = smbwire.Header2Size + 32
	le.PutUint16(b[26:], uint16(len(text)))
	le.PutUint32(b[28:], size)
	h, body := c.do(smbwire.Command2QueryDirectory, append(b, text...))
	if h.Status != success {
		return h.Status, nil
	}
	require.Len(c.t, body, 8+int(le.Uint32(body[4:])))
	require.LessOrEqual(c.t, len(body)-8, int(size))
	return h.Status, body[8:]
}

// names returns the names in a listing.
func names(t testing.TB, class uint8, b []byte) (all []string) {
	length := map[uint8]int{1: 60, 2: 60, 3: 60, 12: 8, 37: 60, 38: 60}[class]
	at := map[uint8]int{1: 64, 2: 68, 3: 94, 12: 12, 37: 104, 38: 80}[class]
	for {
		text := b[at:][:le.Uint32(b[length:])]
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = le.Uint16(text[2*i:])
		}
		all = append(all, string(utf16.Decode(units)))
		next := le.Uint32(b)
		if next == 0 {
			require.Len(t, b, at+len(text))
			return all
		}
		require.Zero(t, next%8)
		b = b[next:]
	}
}

// list lists a directory to its end.
func (c *client) list(name string, class uint8, pattern string, size uint32) []string {
	c.t.Helper()
	status, id, _ := c.create(name, reading, open, directory)
	require.Equal(c.t, success, status)
	defer c.close(id)
	var all []string
	for {
		status, b := c.query(id, class, 0, pattern, size)
		switch status {
		case noMoreFiles:
			return all
		case noSuchFile:
			require.Empty(c.t, all)
			return nil
		}
		require.Equal(c.t, success, status)
		all = append(all, names(c.t, class, b)...)
	}
}

func volumes(t testing.TB, files map[string]string) map[string]fs.FS {
	readOnly, memory := make(fstest.MapFS), new(fileserver.Memory)
	for name, data := range files {
		readOnly[name] = &fstest.MapFile{Data: []byte(data)}
		require.NoError(t, memory.WriteFile(name, []byte(data)))
	}
	return map[string]fs.FS{"read only": readOnly, "memory": memory}
}

func TestList(t *testing.T) {
	files := make(map[string]string)
	want := []string{".", ".."}
	for i := range 200 {
		name := fmt.Sprintf("file %03d.txt", i)
		files["dir/"+name] = "x"
		want = append(want, name)
	}
	for name, fsys := range volumes(t, files) {
		t.Run(name, func(t *testing.T) {
			c := inShare(t, fsys)
			for _, class := range []uint8{1, 2, 3, 12, 37, 38} {
				for _, size := range []uint32{64 << 10, 1000, 140} {
					assert.Equal(t, want, c.list("dir", class, "*", size), "class %d, %d bytes", class, size)
				}
			}
			assert.Equal(t, []string{".", "..", "dir"}, c.list("", 37, "", 1000))
			assert.Equal(t, []string{"file 007.txt"}, c.list("dir", 37, "FILE 007.TXT", 1000))
			assert.Equal(t, want[2:12], c.list("dir", 37, "*00?.*", 1000))
			assert.Empty(t, c.list("dir", 37, "*.doc", 1000))

			status, id, _ := c.create("dir", reading, open, 0)
			require.Equal(t, success, status)
			next := func(flags uint8, size uint32) (smbwire.Status, []string) {
				status, b := c.query(id, 1, flags, "*", size)
				if status != success {
					return status, nil
				}
				return status, names(t, 1, b)
			}
			_, got := next(smbwire.DirectorySingle, 1000)
			assert.Equal(t, want[:1], got)
			_, got = next(smbwire.DirectorySingle, 1000)
			assert.Equal(t, want[1:2], got)
			_, got = next(smbwire.DirectorySingle, 1000)
			assert.Equal(t, want[2:3], got)
			status, _ = next(0, 80)
			assert.Equal(t, smbwire.Status(0xC0000004), status, "not even one fits")
			_, got = next(smbwire.DirectorySingle, 1000)
			assert.Equal(t, want[3:4], got, "which is not forgotten")
			_, got = next(smbwire.DirectoryRestart, 64<<10)
			assert.Equal(t, want, got)
			status, _ = next(0, 64<<10)
			assert.Equal(t, noMoreFiles, status)
			status, _ = c.query(id, 99, 0, "*", 1000)
			assert.Equal(t, smbwire.Status(0xC0000003), status)
			status, _ = c.query(id, 1, 0, "*", 64<<10+1)
			assert.Equal(t, badParameter, status)
			status, _ = c.query(id, 1, smbwire.DirectoryRestart, string(make([]byte, 300)), 1000)
			assert.Equal(t, nameInvalid, status)
			require.Equal(t, success, c.close(id))

			_, id, _ = c.create("dir", smbwire.AccessReadAttributes, open, 0)
			status, _ = next(0, 1000)
			assert.Equal(t, accessDenied, status)
			_, id, _ = c.create(`dir\file 000.txt`, reading, open, 0)
			status, _ = next(0, 1000)
			assert.Equal(t, badParameter, status, "no directory")
		})
	}
}

// TestListChanging: a listing goes on behind the last name returned, whatever files come and
// go meanwhile.
func TestListChanging(t *testing.T) {
	files := new(fileserver.Memory)
	for _, name := range []string{"a", "B", "c", "D", "e"} {
		require.NoError(t, files.WriteFile(name, nil))
	}
	c := inShare(t, files)
	_, id, _ := c.create("", reading, open, 0)
	var got []string
	for {
		status, b := c.query(id, 12, smbwire.DirectorySingle, "*", 1000)
		if status == noMoreFiles {
			break
		}
		name := names(t, 12, b)[0]
		got = append(got, name)
		if name != "." && name != ".." { // as a client that empties a directory
			require.Equal(t, success, c.delete(name, 0))
		}
		if name == "c" {
			require.NoError(t, files.WriteFile("bb", nil))
			require.NoError(t, files.WriteFile("d1", nil))
		}
	}
	assert.Equal(t, []string{".", "..", "a", "B", "c", "D", "d1", "e"}, got)
}

// TestPatterns: the patterns of MS-FSA 2.1.4.4. The last two columns are what DOS programs
// mean by "*." and "*.*".
func TestPatterns(t *testing.T) {
	all := []string{"a", "a.b", "a.b.c", "ab", "abc.txt", "readme.txt"}
	files := make(map[string]string)
	for _, name := range all {
		files[name] = ""
	}
	for name, fsys := range volumes(t, files) {
		c := inShare(t, fsys)
		for pattern, want := range map[string][]string{
			"*":           all,
			"**":          all,
			"*.*":         {"a.b", "a.b.c", "abc.txt", "readme.txt"},
			"?":           {"a"},
			"??":          {"ab"},
			"a*":          {"a", "a.b", "a.b.c", "ab", "abc.txt"},
			"*b*c*":       {"a.b.c", "abc.txt"},
			"*.TXT":       {"abc.txt", "readme.txt"},
			"<":           {"a", "ab"},
			"<.txt":       {"abc.txt", "readme.txt"},
			"<.c":         {"a.b.c"},
			`<"*`:         all,
			">>>":         {"a", "ab"},
			">>>.>>>":     {"a.b", "abc.txt"},
			`>>>">>>`:     {"a", "a.b", "ab", "abc.txt"},
			`ab"`:         {"ab"},
			`readme">>>>`: {"readme.txt"},
			"nosuch":      nil,
		} {
			got := slices.DeleteFunc(c.list("", 12, pattern, 1000), func(s string) bool { return s == "." || s == ".." })
			if len(got) == 0 {
				got = nil
			}
			assert.Equal(t, want, got, "%s: %s", name, pattern)
		}
	}
}
