package simtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/simulate"
	"github.com/winlimits/winlimits/simulate/internal/smbwire"
	"github.com/winlimits/winlimits/simulate/simtest"
	"github.com/winlimits/winlimits/simulate/smb/samba"
)

func TestSamba(t *testing.T) {
	t.Parallel()
	settings := &simtest.SambaSettings{Server: samba.Settings{Share: "docs", Users: []string{"bob", "eve"}, Password: "secret"}}
	settings.Proxy.RefuseFirst = true
	host := simtest.NewHost(t, xpHome, &simulate.Settings{Limits: map[limits.Service]int{limits.SMB: 1}})
	files := simtest.NewSamba(t, host, settings)
	assert.DirExists(t, files.Dir())
	assert.Equal(t, []string{"docs", "bob", "secret"}, []string{files.Share(), files.User(), files.Password()})
	assert.NotEqual(t, files.Loopback(), files.Direct())

	// In the first leg smbd does not ask yet for what these clients do not know.
	c, late := dialSMB(t, files.FileServer), dialSMB(t, files.FileServer)
	for _, c := range []*smbConn{c, late} {
		status, dialect := c.negotiate(smbwire.Dialect21, smbwire.Dialect30)
		assert.Equal(t, smbwire.StatusSuccess, status)
		assert.Equal(t, smbwire.Dialect30, dialect)
	}
	hello := []byte("NTLMSSP\x00\x01\x00\x00\x00\x00\x00\x00\x00")
	assert.Equal(t, smbwire.StatusMoreProcessingRequired, c.setUp(hello).Status)
	assert.Equal(t, smbwire.StatusRequestNotAccepted, late.setUp(hello).Status)
	require.NoError(t, c.Close())
	simtest.WaitHeld(t, files.Gate, 0)
}

func TestSambaIsMissing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is always")
	}
	t.Setenv("PATH", t.TempDir())
	for ci, want := range map[string]string{"": "skipped: ", "false": "skipped: ", "true": ""} {
		t.Setenv("CI", ci)
		failures := try(func(t testing.TB) { simtest.NewSamba(t, simtest.NewHost(t, xpHome, nil), nil) })
		require.Len(t, failures, 1)
		assert.True(t, strings.HasPrefix(failures[0], want+"simtest: samba: smbd is not installed: install the package samba"), failures[0])
	}
}

func TestSambaSettingsRejected(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is missing before")
	}
	failures := try(func(t testing.TB) {
		simtest.NewSamba(t, simtest.NewHost(t, xpHome, nil), &simtest.SambaSettings{Server: samba.Settings{Share: "global"}})
	})
	assert.Equal(t, []string{`simtest: samba: share "global": the name has a meaning of its own for smbd; want another`}, failures)
}

// smbclient fetches a real file from a real file server behind the limit of XP Home.
// The test is skipped where smbd is not installed.
func ExampleNewSamba() {
	test(func(t testing.TB) {
		host := simtest.NewHost(t, limits.Windows{Edition: limits.XPHome}, nil)
		files := simtest.NewSamba(t, host, nil)
		if err := os.WriteFile(filepath.Join(files.Dir(), "hello.txt"), []byte("hello"), 0o644); err != nil {
			t.Fatalf("%v", err)
		}
		address, port, _ := strings.Cut(files.Loopback(), ":")
		client := exec.Command("smbclient", "//"+address+"/"+files.Share(), "--port="+port,
			"--user="+files.User(), "--password="+files.Password(), "--command=get hello.txt -")
		client.Stdout = os.Stdout
		if err := client.Run(); err != nil {
			t.Errorf("%v", err)
		}
	})
}

// TestExamplesWithSmbclient runs the examples that need smbclient or smbd.
func TestExamplesWithSmbclient(t *testing.T) {
	if _, err := exec.LookPath("smbclient"); err != nil {
		t.Skip(err)
	}
	assert.Equal(t, "Dear all", printed(t, ExampleNewFileServer_signing))
	hello := printed(t, ExampleNewSamba)
	if strings.HasPrefix(hello, "skipped: ") {
		t.Skip(hello)
	}
	assert.Equal(t, "hello", hello)
}

// printed returns what an example prints.
func printed(t *testing.T, example func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	defer file.Close()
	stdout := os.Stdout
	defer func() { os.Stdout = stdout }()
	os.Stdout = file
	example()
	text, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return string(text)
}
