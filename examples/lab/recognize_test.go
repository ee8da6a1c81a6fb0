package main

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestRecognize: the answer is that of examples/identify.
func TestRecognize(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{
		"Microsoft Windows XP Professional Service Pack 3",
		"cpe:2.3:o:microsoft:windows_xp:-:sp2:*:*:*:*:*:*",
		"Microsoft Windows [Version 6.1.7601]",
		"Windows 7 Professional",
	} {
		cmd := exec.CommandContext(t.Context(), "go", "run", "./examples/identify", "-json", text)
		cmd.Dir = "../.."
		want, err := cmd.Output()
		require.NoError(t, err)
		body, err := json.Marshal(map[string]string{"text": text})
		require.NoError(t, err)
		assert.JSONEq(t, string(want), b.ok("POST", "/api/recognize", string(body)))
	}
	for _, text := range []string{"Debian GNU/Linux 12", "hello"} {
		b.refuses(422, "POST", "/api/recognize", `{"text":"`+text+`"}`)
	}
	b.refuses(400, "POST", "/api/recognize", `{}`, "text")
	b.refuses(400, "POST", "/api/recognize", `{"text":" "}`, "text")
}
