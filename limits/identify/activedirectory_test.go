package identify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/winlimits/winlimits/limits"
	"github.com/winlimits/winlimits/limits/identify"
)

func TestActiveDirectory(t *testing.T) {
	for _, c := range []struct{ name, version, pack, want string }{
		{"Windows 11 Enterprise", "10.0 (26100)", "", "Windows 11 Enterprise"},
		{"Windows 10 Enterprise", "10.0 (22631)", "", "Windows 11 Enterprise"},
		{"Windows XP Professional", "5.1 (2600)", "Service Pack 3", "Windows XP Professional SP3"},
		{"Windows XP Professional", "5.1 (2600)", "", "Windows XP Professional"},
		{"Windows Server 2003", "5.2 (3790)", "Service Pack 2", at("SP2", any2003)},
		{"Windows Server 2012 R2 Standard", "6.3 (9600)", "", "Windows Server 2012 R2 Standard"},
		{"Windows 7 Professional", "6.1 (7601)", "Service Pack 1", "Windows 7 Professional SP1"},
		{"", "10.0 (22631)", "", any11},
		{"", "6.1", "", any7 + " or " + any2008R2},
		{"Windows 8.1 Pro", "", "", "Windows 8.1 Pro"},
	} {
		got, err := identify.ActiveDirectory(c.name, c.version, c.pack)
		if assert.NoError(t, err, c) {
			assert.Equal(t, c.want, got.String(), c)
			assert.Equal(t, identify.FormActiveDirectory, got.Form)
		}
	}
	for _, c := range [][3]string{{"", "", ""}, {"", "x", ""}, {"Mac OS X", "10.6.8", ""}, {"Samba", "4.9.5", ""}, {"", "99.1 (1)", ""}, {strings.Repeat("x", 300), "", ""}} {
		_, err := identify.ActiveDirectory(c[0], c[1], c[2])
		require.ErrorIs(t, err, limits.ErrUnknownEdition, c)
	}
	_, err := identify.ActiveDirectory("Windows Storage Server 2012", "6.2 (9200)", "")
	assert.ErrorIs(t, err, identify.ErrUnlisted)
}

func FuzzActiveDirectory(f *testing.F) {
	f.Add("Windows 10 Pro", "10.0 (22631)", "")
	f.Add("Windows XP Professional", "5.1 (2600)", "Service Pack 3")
	f.Fuzz(func(t *testing.T, name, version, pack string) {
		id, err := identify.ActiveDirectory(name, version, pack)
		checkAnswer(t, id, err)
	})
}

func ExampleActiveDirectory() {
	found, err := identify.ActiveDirectory("Windows 10 Pro", "10.0 (22631)", "")
	fmt.Println(found, found.Conflicts, err)
	// Output: Windows 11 Pro [the name says Windows 10, version 10.0.22631 is Windows 11] <nil>
}
