//go:build linux

package samba_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/simulate/smb/samba"
)

// TestSettingsRejected: a value that smb.conf would take for something else is an error that
// names it, before anything starts.
func TestSettingsRejected(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	percent := filepath.Join(t.TempDir(), "100%")
	require.NoError(t, os.Mkdir(percent, 0o700))
	for _, tt := range []struct {
		name     string
		settings samba.Settings
		want     string
	}{
		{"share", samba.Settings{Share: "a]b"}, `share "a]b": want at most 80 letters`},
		{"share with a line", samba.Settings{Share: "a\nb"}, `share "a\nb": want`},
		{"share with a space", samba.Settings{Share: " a"}, `share " a": want`},
		{"long share", samba.Settings{Share: strings.Repeat("a", 81)}, `want at most 80`},
		{"global", samba.Settings{Share: "Global"}, `share "Global": the name has a meaning`},
		{"IPC$", samba.Settings{Share: "IPC$"}, `share "IPC$": the name has a meaning`},
		{"user", samba.Settings{Users: []string{"bob", `a"b`}}, `user "a\"b": want at most 80 letters`},
		{"wildcard", samba.Settings{Users: []string{"*"}}, `user "*": want`},
		{"group", samba.Settings{Users: []string{"@users"}}, `user "@users": want`},
		{"no user", samba.Settings{Users: []string{""}}, `user "": want`},
		{"password", samba.Settings{Password: "a\nb"}, `password of 3 bytes: want at most 127, without control`},
		{"long password", samba.Settings{Password: strings.Repeat("a", 128)}, `password of 128 bytes`},
		{"config", samba.Settings{Config: "a\x00"}, `config: contains a zero byte`},
		{"missing directory", samba.Settings{Dir: filepath.Join(file, "none")}, `directory to share: stat `},
		{"file", samba.Settings{Dir: file}, `is not a directory`},
		{"percent", samba.Settings{Dir: percent}, `a path with a percent sign`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, err := samba.Start(t.Context(), &tt.settings)
			assert.Nil(t, server)
			require.Error(t, err)
			assert.Contains(t, err.Error(), "samba: ")
			assert.Contains(t, err.Error(), tt.want)
		})
	}
}
