package fileserver_test

import (
	"fmt"
	"io"
	"io/fs"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb/fileserver"
)

func TestMemoryFS(t *testing.T) {
	m := new(fileserver.Memory)
	require.NoError(t, fstest.TestFS(m))
	for _, name := range []string{"a", "B", "dir/c", "dir/sub/d e.txt", "ü"} {
		require.NoError(t, m.WriteFile(name, []byte(name)))
	}
	require.NoError(t, fstest.TestFS(m, "a", "B", "dir/c", "dir/sub/d e.txt", "ü"))
	data, err := fs.ReadFile(m, "DIR/C")
	require.NoError(t, err)
	assert.Equal(t, "dir/c", string(data))

	require.NoError(t, m.WriteFile("DIR/C", []byte("other")))
	entries, err := fs.ReadDir(m, "dir")
	require.NoError(t, err)
	assert.Equal(t, "c", entries[0].Name(), "the name stays")
	data, _ = m.ReadFile("dir/c")
	assert.Equal(t, "other", string(data))

	f, err := m.Open("a")
	require.NoError(t, err)
	require.NoError(t, m.WriteFile("a", []byte("changed")))
	data, err = io.ReadAll(f)
	require.NoError(t, err)
	assert.Equal(t, "a", string(data), "as it was when it was opened")
}

func TestMemoryErrors(t *testing.T) {
	m := new(fileserver.Memory)
	require.NoError(t, m.WriteFile("dir/file", nil))
	for name, want := range map[string]error{
		"": fs.ErrInvalid, ".": fs.ErrInvalid, "/a": fs.ErrInvalid, "a/../b": fs.ErrInvalid, "a:b": fs.ErrInvalid, `a\b`: fs.ErrInvalid,
		"dir": fs.ErrExist, "dir/file/x": fs.ErrExist,
	} {
		assert.ErrorIs(t, m.WriteFile(name, nil), want, "%q", name)
	}
	for _, name := range []string{"nosuch", "dir/nosuch", "dir/file/x"} {
		_, err := m.Open(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = m.Stat(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
		_, err = m.ReadFile(name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	_, err := m.ReadFile("dir")
	assert.Error(t, err)
	_, err = m.Open("../x")
	assert.ErrorIs(t, err, fs.ErrInvalid)
}

// TestMemoryConcurrent: clients and the test use one Memory at the same time.
func TestMemoryConcurrent(t *testing.T) {
	m := new(fileserver.Memory)
	s := newServer(t, &fileserver.Settings{Shares: map[string]fs.FS{"share": m}})
	var wg sync.WaitGroup
	for i := range 4 {
		c := connect(t, s, dialects[i], "alice", "")
		require.Equal(t, success, c.connectTree("share"))
		wg.Go(func() {
			for n := range 50 {
				name := fmt.Sprintf("file%d", n%7)
				c.put(name, []byte(name))
				c.get(name)
				c.delete(name, 0)
				c.list("", 37, "*", 1000)
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			_ = m.WriteFile("file3", []byte("x"))
			_ = fs.WalkDir(m, ".", func(name string, d fs.DirEntry, err error) error {
				_, _ = m.ReadFile(name)
				return nil
			})
		}
	})
	wg.Wait()
}
