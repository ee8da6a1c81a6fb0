package interop

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fleetProgram builds the filter and returns its path.
func fleetProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fleet")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/winlimits/winlimits/examples/fleet").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func fleetInput(n int) string {
	var b strings.Builder
	texts := []string{"Microsoft Windows 10 Pro", "Windows XP Professional SP3", "Windows 7 Professional SP1", "Windows Server 2022 Standard"}
	for i := range n {
		if i%50 == 49 {
			fmt.Fprintf(&b, "{\"id\":\"bad %d\",\"text\":\"Plan 9\"}\n", i)
			continue
		}
		fmt.Fprintf(&b, "{\"id\":\"m%d\",\"text\":%q,\"clients\":%d,\"visits\":0,\"until\":\"%dm\"}\n", i, texts[i%len(texts)], 5+i%40, 60+i)
	}
	return b.String()
}

// Over two jobs of GNU parallel the lines and the summary are those of one
// process.
func TestFleetUnderParallel(t *testing.T) {
	peer(t, "parallel", "parallel")
	fleet, input := fleetProgram(t), fleetInput(400)
	run := func(stdin string, name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Stdin = strings.NewReader(stdin)
		var out, errs bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &errs
		require.NoError(t, cmd.Run(), "%s", errs.String())
		return out.String()
	}
	whole := run(input, fleet, "-runs", "1")
	assert.Equal(t, 400, strings.Count(whole, "\n"))
	split := run(input, "parallel", "--will-cite", "--pipe", "--keep-order", "-j2", "--block", "8k", fleet, "-runs", "1")
	assert.Equal(t, whole, split)
	assert.Equal(t, run(whole, fleet, "-merge", "-summary", "-"), run(split, fleet, "-merge", "-summary", "-"))
}

// A run that is killed anywhere and goes on has the bytes of one that was not.
func TestFleetKilled(t *testing.T) {
	fleet, input := fleetProgram(t), fleetInput(3000)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	require.NoError(t, os.WriteFile(in, []byte(input), 0o600))
	judge := func(file string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), fleet, "-runs", "1", "-resume", file)
		stdin, err := os.Open(in)
		require.NoError(t, err)
		t.Cleanup(func() { stdin.Close() })
		cmd.Stdin = stdin
		return cmd
	}
	whole := filepath.Join(dir, "whole")
	require.NoError(t, judge(whole).Run())
	for kills := 0; kills < 20; kills++ {
		before := size(out)
		cmd := judge(out)
		require.NoError(t, cmd.Start())
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		// It is killed once it has written something, or it ends.
		finished := false
		for !finished && size(out) <= before {
			select {
			case err := <-done:
				require.NoError(t, err)
				finished = true
			default:
			}
		}
		if finished {
			break
		}
		_ = cmd.Process.Kill()
		<-done
	}
	require.NoError(t, judge(out).Run())
	want, err := os.ReadFile(whole)
	require.NoError(t, err)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got), "%d and %d bytes", len(want), len(got))
}

func size(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
