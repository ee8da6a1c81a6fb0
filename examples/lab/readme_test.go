package main

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReadme types the lines of the README, with ports that are free here.
func TestReadme(t *testing.T) {
	needs(t, "curl", "curl")
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "## Any language\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n#")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	free := ln.Addr().String()
	ln.Close()
	p := startLab(t)
	var outputs []string
	for line := range strings.Lines(section) {
		command, ok := strings.CutPrefix(line, "    curl ")
		if !ok {
			continue
		}
		command = strings.NewReplacer("http://127.0.0.1:4226", p.url, "127.0.0.1:8080", free).Replace(command)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "curl -sS "+command).CombinedOutput()
		require.NoError(t, err, "%s\n%s", command, out)
		assert.NotContains(t, string(out), `"error"`, command)
		outputs = append(outputs, string(out))
	}
	require.Len(t, outputs, 4)
	for i, want := range []string{
		`"listen":"` + free + `"`, `"held":10`, "HTTP 403.9 - Access Forbidden: Too many users are connected", `"refused":1`,
	} {
		assert.Contains(t, outputs[i], want)
	}
}
