package interop

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

// Wine takes its release from its settings, and says PRODUCT_ULTIMATE_N for every
// client since Vista. So the product and the service pack are known, and the edition
// only if the product had an Ultimate.
func TestDetectUnderWine(t *testing.T) {
	wine := startWine(t)
	program := filepath.Join(t.TempDir(), "identify.exe")
	build := exec.Command("go", "build", "-o", program, "github.com/winlimits/winlimits/examples/identify")
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)

	for _, c := range []struct {
		version  string // in the words of winecfg
		product  string
		pack     limits.ServicePack
		editions []limits.Edition // where Wine tells them
	}{
		{"winxp64", "Windows XP", 2, []limits.Edition{limits.XPProfessionalX64}},
		{"vista", "Windows Vista", 2, []limits.Edition{limits.VistaUltimate}},
		{"win7", "Windows 7", 1, []limits.Edition{limits.Windows7Ultimate}},
		{"win8", "Windows 8", 0, nil},
		{"win81", "Windows 8.1", 0, nil},
		{"win10", "Windows 10", 0, nil},
		{"win2008r2", "Windows Server 2008 R2", 1, []limits.Edition{limits.Server2008R2Standard}},
	} {
		wine.run(t, "winecfg", "-v", c.version)
		var found struct {
			identify.Identification
			Input string `json:"input"`
		}
		out := wine.run(t, program, "-as", "detect", "-json")
		require.NoError(t, json.Unmarshal(out, &found), "%s: %s", c.version, out)
		t.Log(c.version, "is", found.Input+":", found.Identification)

		require.NotEmpty(t, found.Candidates, c.version)
		for _, w := range found.Candidates {
			assert.Equal(t, c.product, w.Edition.Product(), c.version)
			assert.Equal(t, c.pack, w.ServicePack, c.version)
			assert.Equal(t, c.version == "win2008r2", w.Edition.Server(), c.version)
		}
		if c.editions != nil {
			assert.Equal(t, c.editions, found.Editions(), c.version)
		}
	}
}

// wine is a Wine with a configuration of its own.
type wine struct {
	path string
	env  []string
}

// startWine makes a configuration that can run Go programs.
func startWine(t *testing.T) *wine {
	w := &wine{path: peer(t, "wine", "wine wine64")}
	gcc := peer(t, "x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64")
	home := t.TempDir()
	prefix := filepath.Join(home, "prefix")
	w.env = append(os.Environ(), "HOME="+home, "WINEPREFIX="+prefix, "WINEDEBUG=-all", "DISPLAY=",
		"WINEDLLOVERRIDES=mscoree,mshtml=") // would offer to download Mono and Gecko
	t.Cleanup(func() { // before the directory is removed
		w.server("--kill")
		w.server("--wait")
	})
	w.run(t, "wineboot", "--init")

	// Go loads the library from the system directory only.
	library := filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
	if _, err := os.Stat(library); err != nil {
		out, err := exec.Command(gcc, "-shared", "-o", library, "testdata/processprng.c", "-ladvapi32").CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	return w
}

// server runs the command that ends the server of a configuration or waits for its
// end. An error only says that there is no server any more.
func (w *wine) server(option string) {
	cmd := exec.Command(w.path+"server", option)
	cmd.Env = w.env
	_ = cmd.Run()
}

// run runs a Windows program and returns what it prints.
func (w *wine) run(t *testing.T, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	// Wine's services live on and keep what they inherit. That must be files, since
	// a pipe would not end.
	output, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	defer output.Close()
	cmd := exec.CommandContext(ctx, w.path, args...)
	cmd.Env, cmd.Stdout = w.env, output
	err = cmd.Run()
	text, readErr := os.ReadFile(output.Name())
	require.NoError(t, err, "wine %v: %s", args, text)
	require.NoError(t, readErr)
	return text
}
