package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mentions returns the processes whose command line has the words.
func mentions(t *testing.T, words string) (pids []string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, f := range files {
		if text, err := os.ReadFile(f); err == nil && strings.Contains(string(text), words) {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

// TestNoProcessIsLeft ends the lab in each way while it has a smbd.
func TestNoProcessIsLeft(t *testing.T) {
	needs(t, "smbd", "samba")
	for name, end := range map[string]func(*program){
		"SIGTERM": func(p *program) {
			p.cmd.Process.Signal(syscall.SIGTERM)
			p.ends()
		},
		"SIGKILL": func(p *program) {
			p.cmd.Process.Kill()
			p.cmd.Wait()
		},
		"stdin": func(p *program) {
			p.in.Close()
			p.ends()
		},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir() // for the lab: what it leaves there would be seen
			t.Setenv("TMPDIR", tmp)
			dir := t.TempDir()
			p := startLab(t, "-exit-with-stdin")
			p.post("/api/hosts", fmt.Sprintf(`{"name":"box","windows":"XP Pro SP3","fronts":[{"kind":"smb","dir":%q}]}`, dir))
			require.NotEmpty(t, mentions(t, tmp), "smbd is told where its configuration is")
			end(p)
			assert.Eventually(t, func() bool { return len(mentions(t, tmp)) == 0 }, 20*time.Second, 10*time.Millisecond, "processes are left")
			if name != "SIGKILL" {
				left, err := os.ReadDir(tmp)
				require.NoError(t, err)
				assert.Empty(t, left, "temporary folders go")
			}
		})
	}
}
