package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// script runs an example of the directory clients against the lab.
func script(t *testing.T, env []string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = "clients"
	cmd.Env = append(append(os.Environ(), "WINLIMITS_LAB=1", "LAB="+os.Args[0]), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestShellExample(t *testing.T) {
	needs(t, "curl", "curl")
	script(t, nil, "sh", "web.sh")
}

func TestPythonExample(t *testing.T) {
	// Debian's packages are those of Debian's Python.
	const python = "/usr/bin/python3"
	needs(t, python, "python3")
	if exec.Command(python, "-c", "import pytest, impacket").Run() != nil {
		lacks(t, "pytest and impacket are missing: install the packages python3-pytest and python3-impacket")
	}
	script(t, []string{"PYTHONDONTWRITEBYTECODE=1"}, python, "-m", "pytest", "-q", "-p", "no:cacheprovider")
}

func TestNodeExample(t *testing.T) {
	needs(t, "node", "nodejs")
	modules, err := filepath.Abs("../interop/testdata/npm/node_modules")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(modules, "@awo00")); err != nil {
		lacks(t, "@awo00/smb2 is missing: npm ci --ignore-scripts --prefix examples/interop/testdata/npm")
	}
	script(t, []string{"NODE_PATH=" + modules}, "node", "--openssl-legacy-provider", "--test", "smb.test.js")
}
