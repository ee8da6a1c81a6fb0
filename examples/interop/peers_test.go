package interop

import (
	"os"
	"os/exec"
	"testing"
)

// peer returns the path of a program that a test needs, and skips the test if
// it is not installed. In CI it fails the test.
func peer(t testing.TB, program, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program+" is not installed: apt-get install "+debianPackage)
	}
	return path
}

// missing skips the test, or fails it in CI.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
